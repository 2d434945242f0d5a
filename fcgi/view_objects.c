#include "fcgi/view_objects.h"

#include "lib/base/clock.h"

#include <time.h>

#define PLAIN "text/plain; charset=utf-8"

static void
number(struct request *r, const char *name, int64_t n)
{
	reply_header(r, name, op_printf(&r->op, "%lld", (long long)n));
}

void
view_account_head(struct request *r, int containers,
    const struct container_is *sum)
{
	number(r, "X-Account-Container-Count", containers);
	number(r, "X-Account-Object-Count", sum->objects);
	number(r, "X-Account-Bytes-Used", sum->bytes);
	reply_header(r, "X-Trans-Id", r->op.id);
}

void
view_container_head(struct request *r, const struct container_is *is)
{
	number(r, "X-Container-Object-Count", is->objects);
	number(r, "X-Container-Bytes-Used", is->bytes);
	reply_header(r, "X-Trans-Id", r->op.id);
}

/* "Thu, 26 Nov 2026 18:23:08 GMT" */
static const char *
http_time(struct op *op, int64_t us)
{
	time_t t = us / 1000000;
	char *s = op_alloc(op, 40);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(s, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return s;
}

/* Of a manifest in quotes, as Swift has it. */
static void
etag(struct request *r, const struct object_is *is)
{
	reply_header(r, "ETag", is->segments > 0 ?
	    op_printf(&r->op, "\"%s\"", is->md5) : is->md5);
	reply_header(r, "Last-Modified", http_time(&r->op, is->stored_us));
	reply_header(r, "X-Trans-Id", r->op.id);
}

void
view_object_head(struct request *r, const struct object_is *is)
{
	const char *const *m = is->meta;

	etag(r, is);
	reply_header(r, "Accept-Ranges", "bytes");
	reply_header(r, "X-Timestamp", op_printf(&r->op, "%lld.%05d",
	    (long long)(is->stored_us / 1000000),
	    (int)(is->stored_us % 1000000 / 10)));
	if (is->segments > 0)
		reply_header(r, "X-Static-Large-Object", "True");
	for (; m != NULL && *m != NULL; m += 2)
		reply_header(r, op_printf(&r->op, "X-Object-Meta-%s", m[0]),
		    m[1]);
}

void
view_object_made(struct request *r, const struct object_is *is)
{
	r->type = PLAIN;
	etag(r, is);
}

/* Not the zone's letter, but fractions: that is how listings have it. */
static const char *
listed_time(struct op *op, int64_t us)
{
	char s[CLOCK_TEXT];

	clock_text(s, us / 1000000);
	return op_printf(op, "%s.%06d", s, (int)(us % 1000000));
}

static void
row_json(struct jsonw *w, const struct object_row *row)
{
	const struct object_is *is = &row->is;
	struct op *op = w->out.op;

	jsonw_map(w);
	if (is->md5 == NULL) {
		jsonw_kstr(w, "subdir", row->name);
		jsonw_map_end(w);
		return;
	}
	jsonw_kint(w, "bytes", is->bytes);
	jsonw_kstr(w, "content_type", is->type != NULL ? is->type :
	    OBJECT_TYPE);
	jsonw_kstr(w, "hash", is->md5);
	jsonw_kstr(w, "last_modified", listed_time(op, is->stored_us));
	jsonw_kstr(w, "name", row->name);
	if (is->segments > 0)
		jsonw_kstr(w, "slo_etag", op_printf(op, "\"%s\"", is->md5));
	jsonw_map_end(w);
}

void
view_objects(struct request *r, const struct object_row *rows, int n,
    bool json)
{
	struct jsonw *w;

	if (!json && n == 0) {
		reply_empty(r, 204);
		return;
	}
	w = reply_json(r, 200);
	if (!json)
		r->type = PLAIN;
	else
		jsonw_list(w);
	for (int i = 0; i < n; i++)
		if (json)
			row_json(w, &rows[i]);
		else
			text_printf(&w->out, "%s\n", rows[i].name);
	if (json)
		jsonw_list_end(w);
}

void
view_containers(struct request *r, const struct container_is *all, int n,
    bool json)
{
	struct jsonw *w;

	if (!json && n == 0) {
		reply_empty(r, 204);
		return;
	}
	w = reply_json(r, 200);
	if (!json)
		r->type = PLAIN;
	else
		jsonw_list(w);
	for (int i = 0; i < n; i++) {
		if (!json) {
			text_printf(&w->out, "%s\n", all[i].name);
			continue;
		}
		jsonw_map(w);
		jsonw_kint(w, "bytes", all[i].bytes);
		jsonw_kint(w, "count", all[i].objects);
		jsonw_kstr(w, "name", all[i].name);
		jsonw_map_end(w);
	}
	if (json)
		jsonw_list_end(w);
}

void
view_object_removed(struct request *r, int n)
{
	struct jsonw *w = reply_json(r, 200);

	jsonw_map(w);
	jsonw_key(w, "Errors");
	jsonw_list(w);
	jsonw_list_end(w);
	jsonw_kint(w, "Number Deleted", n);
	jsonw_kint(w, "Number Not Found", 0);
	jsonw_kstr(w, "Response Body", "");
	jsonw_kstr(w, "Response Status", "200 OK");
	jsonw_map_end(w);
}
