/*
 * Objects of the storage driver "file", as Swift serves them: read by their
 * project and by temp URL, written by temp URL only, removed by their project.
 */
#include "fcgi/handlers_objects.h"

#include "fcgi/object_admit.h"
#include "fcgi/stream.h"
#include "fcgi/view_objects.h"
#include "lib/cloud/objects.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define PIECE		65536
#define META		"HTTP_X_OBJECT_META_"
#define METAS_MOST	32

static struct object_key
key_of(const struct request *r)
{
	return (struct object_key){ r->tenant, r->arg[1], r->arg[2] };
}

/* --- reading -------------------------------------------------------------------------- */

struct span { int64_t from, to; };	/* to: one behind the last */

enum part { WHOLE, PART, NOTHING };

/* "2", "" or no number at all. */
static bool
bound(const char *s, size_t n, int64_t *to)
{
	char digits[20] = "";

	if (n >= sizeof(digits))
		return false;
	memcpy(digits, s, n);
	return n == 0 || text_number(digits, 0, INT64_MAX - 1, to);
}

/*
 * "bytes=2-5", "bytes=2-", "bytes=-5".  What is no such thing is as if it were
 * not there, as RFC 7233 has it.
 */
static enum part
span_of(const char *s, int64_t bytes, struct span *p)
{
	static const char unit[] = "bytes=";
	int64_t a = -1, b = -1;
	size_t n;

	*p = (struct span){ 0, bytes };
	if (s == NULL || strncmp(s, unit, sizeof(unit) - 1) != 0)
		return WHOLE;
	s += sizeof(unit) - 1;
	n = strcspn(s, "-");
	if (s[n] != '-' || !bound(s, n, &a) ||
	    !bound(s + n + 1, strlen(s + n + 1), &b) || (a < 0 && b < 0) ||
	    (a >= 0 && b >= 0 && b < a))
		return WHOLE;
	if (a < 0)			/* the last b bytes */
		p->from = b < bytes ? bytes - b : 0;
	else {
		p->from = a;
		p->to = b >= 0 && b < bytes ? b + 1 : bytes;
	}
	return p->from < p->to ? PART : NOTHING;
}

struct pouring { struct reading *reading; struct span span; };

static enum err
pour(struct request *r)
{
	struct pouring *p = r->stream->pouring;
	char *buf = op_alloc(&r->op, PIECE);
	size_t n;

	while (p->span.from < p->span.to) {
		size_t most = p->span.to - p->span.from < PIECE ?
		    (size_t)(p->span.to - p->span.from) : PIECE;

		TRY(reading_get(p->reading, p->span.from, buf, most, &n));
		TRY(r->stream->give(r, buf, n));
		p->span.from += (int64_t)n;
	}
	return OK;
}

enum err
object_show(struct request *r)
{
	const char *range = stream_param(r->stream, "HTTP_RANGE");
	const struct object_key k = key_of(r);
	struct pouring *p = op_alloc(&r->op, sizeof(*p));
	struct object_is is;
	enum part part;

	TRY(object_open(&r->op, &k, &p->reading, &is));
	part = span_of(range, is.bytes, &p->span);
	if (part == NOTHING) {
		reply_header(r, "Content-Range", op_printf(&r->op,
		    "bytes */%lld", (long long)is.bytes));
		return op_fail(&r->op, ERR_BAD_RANGE,
		    "There is nothing in this range.");
	}
	view_object_head(r, &is);
	if (part == PART)
		reply_header(r, "Content-Range", op_printf(&r->op,
		    "bytes %lld-%lld/%lld", (long long)p->span.from,
		    (long long)p->span.to - 1, (long long)is.bytes));
	r->stream->answer = p->span.to - p->span.from;
	r->stream->pour = pour;
	r->stream->pouring = p;
	r->type = is.type != NULL && *is.type != '\0' ? is.type : OBJECT_TYPE;
	return reply_empty(r, part == PART ? 206 : 200);
}

/* --- writing -------------------------------------------------------------------------- */

/* "HTTP_X_OBJECT_META_LOG_TYPE=x" is "Log-Type", "x". */
static const char *const *
meta_of(struct request *r)
{
	const char **meta = op_alloc(&r->op, (2 * METAS_MOST + 1) *
	    sizeof(*meta));
	int n = 0;

	for (const char *const *p = r->stream->params; p != NULL &&
	    *p != NULL && n < 2 * METAS_MOST; p++) {
		const char *value = strchr(*p, '=');
		char *name, *s;

		if (value == NULL ||
		    strncmp(*p, META, sizeof(META) - 1) != 0)
			continue;
		name = op_strndup(&r->op, *p + sizeof(META) - 1,
		    (size_t)(value - *p) - (sizeof(META) - 1));
		for (s = name; *s != '\0'; s++)
			*s = *s == '_' ? '-' : (char)(s == name ||
			    s[-1] == '-' ? *s : tolower((unsigned char)*s));
		meta[n++] = name;
		meta[n++] = value + 1;
	}
	return meta;
}

static enum err
put_check(struct request *r)
{
	if (!object_by_temp_url(r))
		return op_fail(&r->op, ERR_FORBIDDEN,
		    "Objects are written with a temp URL only.");
	if (query(r, "multipart-manifest") != NULL)
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Manifests are not made here.");
	if (r->stream->length > OBJECT_MOST)
		return op_fail(&r->op, ERR_OVER_LIMIT,
		    "An object may have 5 GiB.");
	return OK;
}

/* What the sender knows of it, in quotes or without. */
static enum err
etag_check(struct request *r, const char *md5)
{
	const char *wanted = stream_param(r->stream, "HTTP_ETAG");
	size_t n;

	if (wanted == NULL || *wanted == '\0')
		return OK;
	wanted += *wanted == '"';
	n = strcspn(wanted, "\"");
	if (n == strlen(md5) && strncasecmp(wanted, md5, n) == 0)
		return OK;
	return op_fail(&r->op, ERR_UNPROCESSABLE,
	    "What came is not what ETag says.");
}

static enum err
fill(struct request *r, struct draft *d)
{
	char *buf = op_alloc(&r->op, PIECE);
	int64_t have = 0;
	size_t n;

	for (;;) {
		TRY(r->stream->take(r, buf, PIECE, &n));
		if (n == 0)
			break;
		TRY(draft_add(d, buf, n));
		have += (int64_t)n;
	}
	if (r->stream->length >= 0 && have != r->stream->length)
		return op_fail(&r->op, ERR_TOO_SLOW, "The body broke off.");
	return OK;
}

enum err
object_put(struct request *r)
{
	const struct object_key k = key_of(r);
	struct object_is is = { .meta = meta_of(r),
	    .type = r->content_type != NULL && *r->content_type != '\0' ?
	    r->content_type : NULL };
	struct draft *d;

	TRY(put_check(r));
	TRY(object_draft(&r->op, &k, &d));
	TRY(fill(r, d));
	TRY(etag_check(r, draft_md5(d)));
	TRY(draft_keep(d, &is));
	view_object_made(r, &is);
	return reply_empty(r, 201);
}

/* --- removing -------------------------------------------------------------------------- */

enum err
object_delete(struct request *r)
{
	const char *how = query(r, "multipart-manifest");
	bool deep = how != NULL && strcmp(how, "delete") == 0;
	const struct object_key k = key_of(r);
	int removed = 0;

	TRY(object_remove(&r->op, &k, deep, &removed));
	if (!deep)
		return reply_empty(r, 204);
	view_object_removed(r, removed);
	return OK;
}
