/* What lies in object storage: accounts and containers, listed as Swift does. */
#include "fcgi/handlers_objects.h"

#include "fcgi/view_objects.h"
#include "lib/cloud/objects.h"

#include <string.h>

#define LISTED_MOST 10000

static bool
wants_json(const struct request *r)
{
	const char *format = query(r, "format");

	if (format != NULL)
		return strcmp(format, "json") == 0;
	return r->accept != NULL &&
	    strncmp(r->accept, "application/json", 16) == 0;
}

static enum err
limit_of(struct request *r, int *limit)
{
	const char *s = query(r, "limit");
	int64_t n = LISTED_MOST;

	if (s != NULL && *s != '\0' && !text_number(s, 0, LISTED_MOST, &n))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "limit is a number up to %d.", LISTED_MOST);
	*limit = (int)n;
	return OK;
}

static enum err
reply_head(struct request *r)
{
	r->type = "text/plain; charset=utf-8";
	return reply_empty(r, 204);
}

enum err
account_show(struct request *r)
{
	const char *marker = query(r, "marker"), *prefix = query(r, "prefix");
	struct container_is *all, sum = { 0 };
	int n, limit, kept = 0;

	TRY(limit_of(r, &limit));
	TRY(containers_list(&r->op, r->tenant, &all, &n));
	for (int i = 0; i < n; i++) {
		sum.objects += all[i].objects;
		sum.bytes += all[i].bytes;
	}
	view_account_head(r, n, &sum);
	for (int i = 0; i < n && kept < limit; i++)
		if ((marker == NULL || strcmp(all[i].name, marker) > 0) &&
		    (prefix == NULL || strncmp(all[i].name, prefix,
		    strlen(prefix)) == 0))
			all[kept++] = all[i];
	if (r->method == HEAD)
		return reply_head(r);
	view_containers(r, all, kept, wants_json(r));
	return OK;
}

/*
 * With a delimiter, what goes on behind it is one row for all: its name ends
 * there, and it has no digest.
 */
static int
fold(struct request *r, struct object_row *rows, int n, int limit)
{
	const char *prefix = query(r, "prefix"), *by = query(r, "delimiter");
	const char *marker = query(r, "marker");
	size_t skip = prefix != NULL ? strlen(prefix) : 0;
	int kept = 0;

	for (int i = 0; i < n && kept < limit; i++) {
		const char *at = strstr(rows[i].name + skip, by);
		struct object_row row = rows[i];

		if (at != NULL) {
			row.name = op_strndup(&r->op, row.name, (size_t)(at -
			    row.name) + strlen(by));
			row.is.md5 = NULL;
			if ((kept > 0 && strcmp(rows[kept - 1].name,
			    row.name) == 0) || (marker != NULL &&
			    strcmp(row.name, marker) <= 0))
				continue;
		}
		rows[kept++] = row;
	}
	return kept;
}

enum err
container_show(struct request *r)
{
	const struct object_key k = { r->tenant, r->arg[1], NULL };
	struct objects_ask ask = { query(r, "prefix"), query(r, "marker"), 0 };
	const char *by = query(r, "delimiter");
	bool folded = by != NULL && *by != '\0';
	struct object_row *rows;
	struct container_is is;
	int n, limit;

	TRY(limit_of(r, &limit));
	TRY(container_stat(&r->op, &k, &is));
	view_container_head(r, &is);
	if (r->method == HEAD)
		return reply_head(r);
	ask.limit = folded ? -1 : limit;
	TRY(objects_list(&r->op, &k, &ask, &rows, &n));
	if (folded)
		n = fold(r, rows, n, limit);
	view_objects(r, rows, n, wants_json(r));
	return OK;
}
