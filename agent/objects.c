#include "agent/objects.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/msg/segments.h"
#include "lib/wire/http.h"

#include <string.h>
#include <strings.h>

#define CONNECT_MS	5000
#define SILENT_S	30
#define ANSWER_MOST	65536
#define TRIES		6
#define PAUSE_MS	1100		/* twice as long each time; http itself needs a second */
#define PAUSE_MOST_MS	16000

struct objects {
	struct op	*op;
	struct http	*http;
	struct leave	 leave;
	const unsigned char *book;	/* signatures, once it was read */
	size_t		 signatures;	/* in it */
};

static void
close_http(void *http)
{
	http_free(http);
}

struct objects *
objects_new(struct op *op, const struct leave *l)
{
	struct objects *o = op_alloc(op, sizeof(*o));
	const struct http_how how = { .connect_ms = CONNECT_MS,
	    .most = ANSWER_MOST, .socket = l->socket, .silent_s = SILENT_S };

	*o = (struct objects){ .op = op, .http = http_new(&how),
	    .leave = *l };
	op_defer(op, close_http, o->http);
	return o;
}

/* Not here, and not now: worth another attempt. */
static bool
passes(enum err e)
{
	return e == ERR_UNAVAILABLE;
}

/* "result", then "00000000" and so on. */
static const char *
in_book(struct op *op, const struct objects *o, const char *name)
{
	char *hex = op_alloc(op, 2 * SEAL_HASH + 1);
	int64_t n = 0;

	if (strcmp(name, "result") != 0 &&
	    (!text_number(name, 0, SEGMENTS_MOST, &n) || ++n == 0))
		return NULL;
	if ((size_t)n >= o->signatures)
		return NULL;
	text_hex(hex, o->book + (size_t)n * SEAL_HASH, SEAL_HASH);
	return hex;
}

static enum err
url_of(struct op *op, const struct objects *o, const char *name,
    const char **url)
{
	const struct leave *l = &o->leave;
	const char *signature = "";

	if (o->book != NULL)
		signature = in_book(op, o, name);
	else if (l->signatures != NULL)
		signature = json_str(json_member(l->signatures, name));
	if (signature == NULL)
		return op_fail(op, ERR_CLOUD, "This guest was given no leave "
		    "for object %s: there are too many.", name);
	*url = op_printf(op, "%s%s%s%s", l->before, name, l->after,
	    signature);
	return OK;
}

static enum err
send(struct op *op, struct objects *o, const char *name,
    struct http_request *q, struct http_answer *a)
{
	TRY(url_of(op, o, name, &q->url));
	TRY(http_send(op, o->http, q, a));
	if (a->status / 100 == 2)
		return OK;
	if (a->status == 404)
		return op_fail(op, ERR_NOT_FOUND,
		    "Object %s is not in storage.", name);
	return op_fail(op, a->status / 100 == 5 || a->status == 408 ||
	    a->status == 429 ? ERR_UNAVAILABLE : ERR_CLOUD,
	    "Storage answers %d to a %s of object %s.", a->status, q->method,
	    name);
}

typedef enum err (*attempt)(struct op *, struct objects *, const char *name,
    void *arg);

/*
 * Each attempt has memory of its own: there may be thousands of objects.  One that
 * got further does not count against the others.
 */
static enum err
try(struct op *op, struct objects *o, const char *name, attempt once,
    void *arg, const int64_t *moved)
{
	int64_t pause = PAUSE_MS, before = 0;
	enum err e = ERR_INTERNAL;
	struct op inner;

	for (int n = 1; n <= TRIES; n++) {
		if (moved != NULL && *moved > before) {
			before = *moved;
			pause = PAUSE_MS;
			n = 1;
		}
		op_begin(&inner, op->id);
		inner.instance = op->instance;
		e = once(&inner, o, name, arg);
		if (e != OK && passes(e) && n < TRIES)
			log_warn(&inner, "%s: %s", name, inner.why);
		else if (e != OK)
			(void)op_fail(op, e, "%s", inner.why);
		op_end(&inner);
		if (!passes(e) || n == TRIES)
			break;
		clock_sleep_ms(pause);
		pause = pause * 2 < PAUSE_MOST_MS ? pause * 2 : PAUSE_MOST_MS;
	}
	return e;
}

struct putting {
	const char	*const *headers;
	const void	*bytes;
	size_t		 n;
	const char	*md5;
};

/* As "...", or as it is; not all storage has MD5 there. */
static bool
etag_is(const char *etag, const char *md5)
{
	if (*etag == '"')
		etag++;
	return strncasecmp(etag, md5, MD5_HEX) == 0;
}

static enum err
put_once(struct op *op, struct objects *o, const char *name, void *arg)
{
	const struct putting *p = arg;
	struct http_request q = { .method = "PUT", .bytes = p->bytes,
	    .len = p->n, .headers = p->headers };
	struct http_answer a;
	const char *etag;

	TRY(send(op, o, name, &q, &a));
	etag = http_header(op, &a, "ETag");
	if (etag != NULL && !etag_is(etag, p->md5))
		return op_fail(op, ERR_UNAVAILABLE, "Storage took object %s "
		    "as something else: %s", name, etag);
	return OK;
}

struct page { unsigned char *bytes; size_t n; };

static bool
page_take(void *arg, const char *bytes, size_t n)
{
	struct page *p = arg;

	memcpy(p->bytes + p->n, bytes, n);	/* no more than were asked for */
	p->n += n;
	return true;
}

static enum err
book_open(struct op *op, struct objects *o, const struct page *sealed)
{
	const struct leave *l = &o->leave;
	size_t n = sealed->n, head;
	unsigned char *plain = op_alloc(o->op, n);
	const unsigned char *end;

	if (n <= SEAL_MORE || !seal_open(plain, &l->book_key, LEAVE_BOOK,
	    strlen(LEAVE_BOOK), sealed->bytes, n))
		return op_fail(op, ERR_FORGED, "The book of leaves in storage "
		    "is damaged.");
	n -= SEAL_MORE;
	end = memchr(plain, '\n', n);
	if (end == NULL)
		return op_fail(op, ERR_FORGED, "The book of leaves is empty.");
	head = (size_t)(end - plain);
	o->leave.after = op_strndup(o->op, (const char *)plain, head);
	o->book = end + 1;
	o->signatures = (n - head - 1) / SEAL_HASH;
	return OK;
}

/* Once, and before anything is written. */
static enum err
book_read(struct op *op, struct objects *o)
{
	const struct leave *l = &o->leave;
	struct objects look = { .op = op, .http = o->http,
	    .leave = { .before = l->before, .after = l->book } };
	const struct segment s = { .name = LEAVE_BOOK,
	    .bytes = l->book_bytes };
	struct page sealed = { .n = 0 };
	struct op inner;
	enum err e;

	if (l->book == NULL || o->book != NULL)
		return OK;
	op_begin(&inner, op->id);
	inner.instance = op->instance;
	sealed.bytes = op_alloc(&inner, (size_t)s.bytes);
	e = object_get(&inner, &look, &s, page_take, &sealed);
	if (e == OK)
		e = book_open(&inner, o, &sealed);
	if (e != OK)
		(void)op_fail(op, e, "%s", inner.why);
	op_end(&inner);
	return e;
}

enum err
object_put(struct op *op, struct objects *o, const char *name,
    const void *bytes, size_t n, char md5[MD5_HEX + 1])
{
	return object_put_with(op, o, name, NULL, bytes, n, md5);
}

enum err
object_put_with(struct op *op, struct objects *o, const char *name,
    const char *const *headers, const void *bytes, size_t n,
    char md5[MD5_HEX + 1])
{
	struct putting p = { headers, bytes, n, md5 };

	TRY(book_read(op, o));
	md5_hex(md5, bytes, n);
	return try(op, o, name, put_once, &p, NULL);
}

struct getting {
	const struct segment *s;
	object_sink	 sink;
	void		*arg;
	int64_t		 got;		/* by all attempts */
	struct md5	 sum;
	bool		 longer;
};

static bool
get_some(void *arg, const char *bytes, size_t n)
{
	struct getting *g = arg;

	g->longer = (int64_t)n > g->s->bytes - g->got;
	if (g->longer)
		return false;
	md5_add(&g->sum, bytes, n);
	g->got += (int64_t)n;
	return g->sink(g->arg, bytes, n);
}

static enum err
get_once(struct op *op, struct objects *o, const char *name, void *arg)
{
	struct getting *g = arg;
	const struct segment *s = g->s;
	const char *const range[] = { "Range", op_printf(op, "bytes=%lld-%lld",
		(long long)(s->from + g->got),
		(long long)(s->from + s->bytes - 1)), NULL };
	struct http_request q = { .method = "GET", .sink = get_some,
	    .arg = g, .headers = s->part || g->got > 0 ? range : NULL };
	struct http_answer a;
	enum err e;

	if (g->got == s->bytes)
		return OK;
	e = send(op, o, name, &q, &a);
	return g->longer ? op_fail(op, ERR_FORGED, "Object %s is longer than "
	    "it was.", name) : e;
}

enum err
object_get(struct op *op, struct objects *o, const struct segment *s,
    object_sink sink, void *arg)
{
	struct getting g = { .s = s, .sink = sink, .arg = arg };
	char md5[MD5_HEX + 1];

	md5_begin(&g.sum);
	TRY(try(op, o, s->name, get_once, &g, &g.got));
	md5_end(&g.sum, md5);
	if (g.got == s->bytes && (s->md5 == NULL ||
	    strcasecmp(md5, s->md5) == 0))
		return OK;
	return op_fail(op, ERR_FORGED, "The backup in storage is damaged: the "
	    "MD5 of %lld bytes from %lld on, of %lld, is %s%s%s.",
	    (long long)g.got, (long long)s->from, (long long)s->bytes, md5,
	    *s->name != '\0' ? ", object " : "", s->name);
}
