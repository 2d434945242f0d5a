/* query - the parameters behind the '?', and what lists make of them. */
#include "fcgi/query.h"

#include "lib/base/conf.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PARAMS_MAX 64

static const char *
decode(struct op *op, const char *s, size_t n)
{
	char *copy = op_strndup(op, s, n);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '+')
			*p = ' ';
	return text_unescape(op, copy, n);
}

enum err
query_parse(struct request *r)
{
	struct op *op = &r->op;
	const char *s = r->query;

	if (*s == '\0')
		return OK;
	r->param = op_alloc(op, PARAMS_MAX * sizeof(*r->param));
	for (; *s != '\0'; s += *s == '&') {
		size_t n = strcspn(s, "&"), name = strcspn(s, "=&");
		struct param *p = &r->param[r->params];

		if (n == 0)
			continue;
		if (++r->params > PARAMS_MAX)
			return op_fail(op, ERR_BAD_REQUEST,
			    "The query has too many parameters.");
		p->name = decode(op, s, name);
		p->value = name == n ? "" :
		    decode(op, s + name + 1, n - name - 1);
		if (p->name == NULL || p->value == NULL)
			return op_fail(op, ERR_BAD_REQUEST,
			    "The query is not properly encoded.");
		s += n;
	}
	return OK;
}

const char *
query(const struct request *r, const char *name)
{
	for (int i = 0; i < r->params; i++)
		if (strcmp(r->param[i].name, name) == 0)
			return r->param[i].value;
	return NULL;
}

/*
 * Markers stand in links encoded twice, because python-troveclient decodes
 * once more than it encodes; others follow the link as it is.
 */
static const char *
marker_of(struct request *r)
{
	const char *m = query(r, "marker"), *again;

	if (m == NULL || *m == '\0')
		return NULL;
	again = text_unescape(&r->op, m, strlen(m));
	return again != NULL ? again : m;
}

enum err
page_of(struct request *r, struct page *page)
{
	const char *limit = query(r, "limit");
	int64_t n = conf_int("api.page_size");

	page->limit = (int)n;
	page->marker = marker_of(r);
	if (limit == NULL || *limit == '\0')
		return OK;
	if (!text_number(limit, 1, INT64_MAX, &n))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "The value of limit must be an integer greater than 0.");
	if (n < page->limit)
		page->limit = (int)n;
	return OK;
}

enum err
guest_page_of(struct request *r, struct page *page)
{
	const char *limit = query(r, "limit");

	if (limit == NULL || strcmp(limit, "0") != 0)
		return page_of(r, page);
	page->limit = conf_int("api.page_size");
	page->marker = marker_of(r);
	return OK;
}

enum err
row_page_of(struct request *r, struct row_page *page)
{
	const char *limit = query(r, "limit"), *marker = marker_of(r);
	int64_t n = conf_int("api.page_size");

	page->offset = 0;
	if (limit != NULL && *limit != '\0' &&
	    !text_number(limit, 0, INT64_MAX, &n))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "The value of limit must be an integer of at least 0.");
	if (marker != NULL && !text_number(marker, 0, INT32_MAX, &page->offset))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "The value of marker must be a number of rows.");
	page->limit = n < ROWS_MOST ? (int)n : ROWS_MOST;
	return OK;
}

bool
query_true(const struct request *r, const char *name)
{
	static const char *const words[] = { "1", "t", "true", "on", "y",
	    "yes" };
	const char *s = query(r, name);

	for (size_t i = 0; s != NULL && i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	return false;
}

/* pyrax starts with marker=0. */
enum err
page_by_id(struct request *r, struct page *page)
{
	TRY(page_of(r, page));
	if (page->marker != NULL && strcmp(page->marker, "0") == 0)
		page->marker = NULL;
	if (page->marker != NULL && !text_is_uuid(page->marker))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "The marker %s is not an id.", page->marker);
	return OK;
}

/* The request's own address with another marker. */
static const char *
next_href(struct request *r, const char *marker)
{
	struct op *op = &r->op;
	struct text t;

	text_begin(&t, op, 256);
	text_add(&t, r->base);
	text_add(&t, r->path);
	text_addc(&t, '?');
	for (int i = 0; i < r->params; i++) {
		if (strcmp(r->param[i].name, "marker") == 0)
			continue;
		text_printf(&t, "%s=%s&", text_escape(op, r->param[i].name),
		    text_escape(op, r->param[i].value));
	}
	text_printf(&t, "marker=%s", text_escape(op, text_escape(op, marker)));
	return t.s;
}

void
page_links(struct request *r, const char *coll, const char *next_marker)
{
	const char *href = next_href(r, next_marker);
	const char *key[] = { "links", op_printf(&r->op, "%s_links", coll) };

	for (int i = 0; i < (conf_bool("api.stock") ? 1 : 2); i++) {
		jsonw_key(&r->out, key[i]);
		jsonw_list(&r->out);
		jsonw_map(&r->out);
		jsonw_kstr(&r->out, "rel", "next");
		jsonw_kstr(&r->out, "href", href);
		jsonw_map_end(&r->out);
		jsonw_list_end(&r->out);
	}
}

void
row_page_links(struct request *r, const char *coll,
    const struct row_page *page, int n)
{
	if (n == page->limit)
		page_links(r, coll, op_printf(&r->op, "%lld",
		    (long long)page->offset + n));
}
