/*
 * The storage driver "s3": all projects' objects in one bucket, which the
 * worker alone has a key for.  Guests get addresses that are signed for one
 * object and one method each.
 */
#include "lib/cloud/storage_s3.h"
#include "lib/cloud/aws4.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANSWER_MOST	(8 << 20)
#define CONNECT_MS	5000
#define LOOK_MS		15000		/* somebody waits for the answer */
#define OWN_SECS	900		/* our own addresses hold so long: clocks differ */
#define SECRET_MOST	256
#define PAGE		1000
#define TOLD_MOST	100		/* signatures in an order; others lie in a book */

static struct http *http, *looks;	/* looks: of what is there */
static struct {
	char		 secret[SECRET_MOST];
	const char	*key_id;	/* the setting's */
	char		*base;		/* "http://host:port", with the bucket */
	char		*host;		/* as the Host header says it */
	const char	*path;		/* of base: "/bucket" or "" */
} s3;

/* --- settings --------------------------------------------------------------------- */

bool
s3_is_open(void)
{
	return http != NULL;
}

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

static enum err
secret_load(struct op *op, const char *setting)
{
	const char *path = conf_str(setting);
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return op_fail(op, ERR_BAD_REQUEST, "%s %s: %s", setting,
		    path, strerror(errno));
	op_defer(op, close_fd, (void *)(intptr_t)fd);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return op_fail(op, ERR_BAD_REQUEST, "%s %s: no file that "
		    "others may not read (chmod 600 %s)", setting, path,
		    path);
	n = read(fd, s3.secret, sizeof(s3.secret) - 1);
	s3.secret[n > 0 ? n : 0] = '\0';
	s3.secret[strcspn(s3.secret, " \t\r\n")] = '\0';
	return s3.secret[0] != '\0' ? OK : op_fail(op, ERR_BAD_REQUEST,
	    "%s %s: no secret in it", setting, path);
}

static char *
copy(const char *s)
{
	char *mine = strdup(s);

	if (mine == NULL)
		abort();
	return mine;
}

/* What curl leaves out of the Host header is not signed, either. */
static const char *
host_of(struct op *op, const char *url, size_t scheme)
{
	const char *usual = scheme == strlen("https://") ? ":443" : ":80";
	char *host = op_strdup(op, url + scheme);
	size_t n, m = strlen(usual);

	host[strcspn(host, "/")] = '\0';
	n = strlen(host);
	if (n > m && strcmp(host + n - m, usual) == 0)
		host[n - m] = '\0';
	return host;
}

static enum err
address_make(struct op *op)
{
	const char *url = conf_str("s3.endpoint"), *host;
	const char *bucket = conf_str("s3.bucket");
	size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 :
	    strncmp(url, "http://", 7) == 0 ? 7 : 0;

	if (scheme == 0 || url[scheme] == '\0' ||
	    strchr("/?", url[scheme + strcspn(url + scheme, "/?")]) == NULL)
		return op_fail(op, ERR_BAD_REQUEST,
		    "s3.endpoint: %s is no http[s]://host[:port]", url);
	if (*bucket == '\0' || strchr(bucket, '/') != NULL)
		return op_fail(op, ERR_BAD_REQUEST, "s3.bucket: none is set");
	host = host_of(op, url, scheme);
	if (!conf_bool("s3.path_style"))
		host = op_printf(op, "%s.%s", bucket, host);
	free(s3.base);
	free(s3.host);
	s3.host = copy(host);
	s3.base = copy(op_printf(op, "%.*s%s%s%s", (int)scheme, url, host,
	    conf_bool("s3.path_style") ? "/" : "",
	    conf_bool("s3.path_style") ? text_escape(op, bucket) : ""));
	s3.path = s3.base + scheme + strlen(host);
	return OK;
}

static enum err
open_with(struct op *op, const char *key_id, const char *secret_file, int ms)
{
	struct http_how how = {
		.connect_ms = CONNECT_MS, .total_ms = ms,
		.most = ANSWER_MOST, .ca_file = conf_str("s3.ca_file"),
	};

	TRY(address_make(op));
	if (*conf_str(key_id) == '\0')
		return op_fail(op, ERR_BAD_REQUEST, "%s: none is set", key_id);
	TRY(secret_load(op, secret_file));
	s3.key_id = conf_str(key_id);
	http_free(http);
	http = http_new(&how);
	how.total_ms = storage_look_ms(how.total_ms);
	http_free(looks);
	looks = http_new(&how);
	return OK;
}

static enum err
s3_open(struct op *op)
{
	return open_with(op, "s3.key_id", "s3.secret_file",
	    conf_int("storage.timeout") * 1000);
}

enum err
s3_reader_open(struct op *op)
{
	if (*conf_str("s3.reader_key_id") == '\0')
		return OK;
	return open_with(op, "s3.reader_key_id", "s3.reader_secret_file",
	    LOOK_MS);
}

/* --- names -------------------------------------------------------------------------- */

const char *
s3_key(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	return op_printf(op, "%s%s/%s/%s", conf_str("s3.prefix"), tenant,
	    container, name);
}

const char *
s3_source(struct op *op, const char *key)
{
	return op_printf(op, "/%s/%s", text_escape(op,
	    conf_str("s3.bucket")), text_escape_path(op, key));
}

const char *
s3_path(struct op *op, const char *key)
{
	if (key == NULL)
		return *s3.path != '\0' ? s3.path : "/";
	return op_printf(op, "%s/%s", s3.path, text_escape_path(op, key));
}

/* --- XML ------------------------------------------------------------------------------- */

static const struct { const char *name; char is; } entities[] = {
	{ "&quot;", '"' }, { "&amp;", '&' }, { "&lt;", '<' },
	{ "&gt;", '>' }, { "&apos;", '\'' }, { "&#34;", '"' },
	{ "&#39;", '\'' }, { NULL, 0 }
};

static char *
plain(char *s)
{
	char *to = s;

	for (char *at = s; *at != '\0'; to++) {
		size_t i = 0;

		while (entities[i].name != NULL && strncmp(at,
		    entities[i].name, strlen(entities[i].name)) != 0)
			i++;
		if (entities[i].name == NULL) {
			*to = *at++;
			continue;
		}
		*to = entities[i].is;
		at += strlen(entities[i].name);
	}
	*to = '\0';
	return s;
}

const char *
s3_next(struct op *op, const char **at, const char *tag)
{
	const char *begin = strstr(*at, op_printf(op, "<%s>", tag)), *end;
	char *text;

	if (begin == NULL)
		return NULL;
	begin += strlen(tag) + 2;
	end = strstr(begin, op_printf(op, "</%s>", tag));
	if (end == NULL)
		return NULL;
	*at = end;
	text = op_strndup(op, begin, (size_t)(end - begin));
	return strchr(text, '<') != NULL ? text : plain(text);
}

const char *
s3_first(struct op *op, const char *in, const char *tag)
{
	const char *text = s3_next(op, &in, tag);

	return text != NULL ? text : "";
}

const char *
s3_etag(struct op *op, const char *s)
{
	s += *s == '"';
	return op_strndup(op, s, strcspn(s, "\""));
}

/* --- asking ------------------------------------------------------------------------------ */

static const struct { const char *code; enum err e; const char *advice; }
    causes[] = {
	{ "InvalidAccessKeyId", ERR_FORBIDDEN, ": see s3.key_id" },
	{ "SignatureDoesNotMatch", ERR_FORBIDDEN, ": see s3.secret_file and s3.key_id" },
	{ "AccessDenied", ERR_FORBIDDEN, ": the key s3.key_id is unknown or may not do that" },
	{ "RequestTimeTooSkewed", ERR_FORBIDDEN, ": the clocks of both sides differ" },
	{ "AuthorizationHeaderMalformed", ERR_FORBIDDEN, ": see s3.region" },
	{ "AuthorizationQueryParametersError", ERR_FORBIDDEN, ": see s3.region" },
	{ "PermanentRedirect", ERR_FORBIDDEN, ": see s3.endpoint" },
	{ "NoSuchBucket", ERR_FORBIDDEN, ": see s3.bucket" },
	{ "NoSuchUpload", ERR_NOT_FOUND, "" },
	{ "NoSuchKey", ERR_NOT_FOUND, "" },
	{ "InternalError", ERR_UNAVAILABLE, "" },
	{ "ServiceUnavailable", ERR_UNAVAILABLE, "" },
	{ "SlowDown", ERR_UNAVAILABLE, "" },
	{ "RequestTimeout", ERR_UNAVAILABLE, "" },
	{ NULL, ERR_CLOUD, "" }
};

static enum err
by_status(int status)
{
	if (status == 401 || status == 403)
		return ERR_FORBIDDEN;
	if (status == 404)
		return ERR_NOT_FOUND;
	if (status == 507)
		return ERR_NO_SPACE;
	return status == 408 || status == 429 || status >= 500 ?
	    ERR_UNAVAILABLE : ERR_CLOUD;
}

static enum err
refused(struct op *op, const struct s3_ask *ask, const struct http_answer *a)
{
	const char *code = s3_first(op, a->body, "Code");
	const char *says = s3_first(op, a->body, "Message");
	enum err e;
	size_t i = 0;

	while (causes[i].code != NULL && strcmp(causes[i].code, code) != 0)
		i++;
	e = causes[i].code != NULL ? causes[i].e : by_status(a->status);
	if (e == ERR_FORBIDDEN)
		says = "";
	return op_fail(op, e, "S3 answers %s %s/%s with %d%s%s%s%.200s%s",
	    ask->method, conf_str("s3.bucket"), ask->key != NULL ? ask->key :
	    "", a->status, *code != '\0' ? " " : "", code, *says != '\0' ?
	    ": " : "", says, causes[i].advice);
}

enum err
s3_send(struct op *op, const struct s3_ask *ask, struct http_answer *a)
{
	const struct aws4_key key = { s3.key_id, s3.secret,
		conf_str("s3.region") };
	const struct aws4 sign = { .method = ask->method, .host = s3.host,
		.path = s3_path(op, ask->key), .query = ask->query != NULL ?
		ask->query : "", .headers = ask->headers,
		.now = clock_wall_us() / 1000000, .seconds = OWN_SECS };
	const char *query = aws4_query(op, &key, &sign), *headers[64];
	struct http_request q = { .method = ask->method, .headers = headers,
		.bytes = ask->body, .len = ask->len };
	int n = 0;

	for (const char *const *h = ask->headers; h != NULL && *h != NULL; h++)
		if (n < 60)
			headers[n++] = *h;
	if (ask->body == NULL && *ask->method == 'P') {
		headers[n++] = "Content-Length";
		headers[n++] = "0";
	}
	headers[n] = NULL;
	q.url = op_printf(op, "%s%s?%s&X-Amz-Signature=%s", s3.base,
	    ask->key == NULL && *s3.path != '\0' ? "" : sign.path +
	    strlen(s3.path), query, aws4_sign(op, &key, &sign, query));
	TRY(http_send(op, *q.method == 'G' || *q.method == 'H' ? looks : http,
	    &q, a));
	if (a->status / 100 == 2 && (*ask->method == 'G' ||
	    strstr(a->body, "<Error>") == NULL))
		return OK;
	return refused(op, ask, a);
}

/* --- leaves ----------------------------------------------------------------------------- */

static const char *
signed_of(struct op *op, const struct lend *ask, struct aws4 *sign,
    const char *query, const char *name)
{
	const struct aws4_key key = { s3.key_id, s3.secret,
		conf_str("s3.region") };

	sign->path = s3_path(op, s3_key(op, ask->tenant, ask->container,
	    op_printf(op, "%s%s", ask->prefix, name)));
	return aws4_sign(op, &key, sign, query);
}

/* Memory of its own for some of them: there may be a hundred thousand. */
static void
book_fill(struct op *op, const struct lend *ask, struct aws4 *sign,
    const char *query, unsigned char *to)
{
	struct op some;

	for (int i = 0; i < ask->n; i += PAGE) {
		op_begin(&some, op->id);
		for (int k = i; k < ask->n && k < i + PAGE; k++)
			text_unhex(to + (size_t)k * SEAL_HASH, signed_of(&some,
			    ask, sign, query, ask->names[k]), SEAL_HASH);
		op_end(&some);
	}
}

static enum err
book_write(struct op *op, const struct lend *ask, struct aws4 *sign,
    const char *query, int64_t *bytes)
{
	const char *after = op_printf(op, "?%s&X-Amz-Signature=\n", query);
	size_t head = strlen(after), n = head + (size_t)ask->n * SEAL_HASH;
	unsigned char *plain = op_alloc(op, n);
	unsigned char *sealed = op_alloc(op, n + SEAL_MORE);
	const struct s3_ask put = { .method = "PUT", .key = s3_key(op,
	    ask->tenant, ask->container, op_printf(op, "%s" STORAGE_BOOK,
	    ask->prefix)), .body = (const char *)sealed,
	    .len = n + SEAL_MORE };
	struct http_answer a;

	memcpy(plain, after, head);
	book_fill(op, ask, sign, query, plain + head);
	seal_close(sealed, ask->seal, STORAGE_BOOK, strlen(STORAGE_BOOK),
	    plain, n);
	seal_wipe(plain, n);
	*bytes = (int64_t)put.len;
	return s3_send(op, &put, &a);
}

/* The first order of a backup wrote it; the others say the same. */
static enum err
book_lend(struct op *op, const struct lend *ask, struct aws4 *sign,
    const char *query, struct leave *leave)
{
	const struct s3_ask look = { .method = "HEAD", .key = s3_key(op,
	    ask->tenant, ask->container, op_printf(op, "%s" STORAGE_BOOK,
	    ask->prefix)) };
	const struct aws4_key key = { s3.key_id, s3.secret,
		conf_str("s3.region") };
	struct aws4 get = *sign;
	struct http_answer a;
	const char *length;
	enum err e = s3_send(op, &look, &a);

	if (e == ERR_NOT_FOUND)
		e = book_write(op, ask, sign, query, &leave->book_bytes);
	else if (e == OK && ((length = http_header(op, &a,
	    "Content-Length")) == NULL || !text_number(length, 1, INT64_MAX,
	    &leave->book_bytes)))
		e = op_fail(op, ERR_CLOUD, "%s is empty", look.key);
	TRY(e);
	get.method = "GET";
	query = aws4_query(op, &key, &get);
	leave->book = op_printf(op, "?%s&X-Amz-Signature=%s", query,
	    signed_of(op, ask, &get, query, STORAGE_BOOK));
	leave->after = "";
	return OK;
}

static enum err
s3_lend(struct op *op, const struct lend *ask, struct leave *leave)
{
	const struct aws4_key key = { s3.key_id, s3.secret,
		conf_str("s3.region") };
	struct aws4 sign = { .method = ask->write ? "PUT" : "GET",
		.host = s3.host, .query = "",
		.now = clock_wall_us() / 1000000, .seconds = ask->seconds };
	const char *query = aws4_query(op, &key, &sign), **signature;

	*leave = (struct leave){ .socket = storage_socket(op),
	    .before = op_printf(op, "%s/%s", s3.base, text_escape_path(op,
	    s3_key(op, ask->tenant, ask->container, ask->prefix))),
	    .after = op_printf(op, "?%s&X-Amz-Signature=", query) };
	if (ask->seal != NULL && ask->n > TOLD_MOST)
		return book_lend(op, ask, &sign, query, leave);
	leave->signature = signature = op_alloc(op,
	    (size_t)(ask->n + 1) * sizeof(*signature));
	for (int i = 0; i < ask->n; i++)
		signature[i] = signed_of(op, ask, &sign, query, ask->names[i]);
	return OK;
}

/* --- looking ----------------------------------------------------------------------------- */

struct found { struct object *o; int n, room; };

static enum err
rows_keep(struct op *op, const char *page, size_t skip, struct found *f)
{
	const char *row;

	while ((row = s3_next(op, &page, "Contents")) != NULL) {
		const char *key = s3_first(op, row, "Key");

		if (f->n == f->room) {
			struct object *more = op_alloc(op, (size_t)(2 *
			    f->room + PAGE) * sizeof(*more));

			if (f->n > 0)
				memcpy(more, f->o, (size_t)f->n * sizeof(*more));
			f->o = more;
			f->room = 2 * f->room + PAGE;
		}
		if (strlen(key) < skip)
			return op_fail(op, ERR_CLOUD,
			    "S3's list holds what is no object");
		f->o[f->n++] = (struct object){ key + skip,
		    atoll(s3_first(op, row, "Size")),
		    s3_etag(op, s3_first(op, row, "ETag")) };
	}
	return OK;
}

static enum err
s3_list(struct op *op, const char *tenant, const char *container,
    const char *prefix, struct object **list, int *n)
{
	const char *whole = s3_key(op, tenant, container, prefix != NULL ?
	    prefix : "");
	size_t skip = strlen(s3_key(op, tenant, container, ""));
	struct found f = { NULL, 0, 0 };
	const char *more = "";
	struct http_answer a;

	do {
		const struct s3_ask ask = { .method = "GET",
		    .query = op_printf(op, "%s%s%slist-type=2&max-keys=%d"
		    "&prefix=%s", *more != '\0' ? "continuation-token=" : "",
		    text_escape(op, more), *more != '\0' ? "&" : "", PAGE,
		    text_escape(op, whole)) };

		TRY(s3_send(op, &ask, &a));
		if (strstr(a.body, "ListBucketResult") == NULL)
			return op_fail(op, ERR_CLOUD, "S3's list is none");
		TRY(rows_keep(op, a.body, skip, &f));
		more = s3_first(op, a.body, "NextContinuationToken");
	} while (*more != '\0');
	*list = f.o;
	*n = f.n;
	return OK;
}

static enum err
s3_read(struct op *op, const char *tenant, const char *container,
    const char *name, size_t most, const char **bytes, size_t *len)
{
	const struct s3_ask ask = { .method = "GET",
	    .key = s3_key(op, tenant, container, name) };
	struct http_answer a;

	TRY(s3_send(op, &ask, &a));
	if (a.len > most)
		return op_fail(op, ERR_CLOUD, "%s has %zu bytes: too many",
		    name, a.len);
	*bytes = a.body;
	*len = a.len;
	return OK;
}

static enum err
s3_remove(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	const struct s3_ask ask = { .method = "DELETE",
	    .key = s3_key(op, tenant, container, name) };
	struct http_answer a;
	enum err e = s3_send(op, &ask, &a);

	return e == ERR_NOT_FOUND ? OK : e;
}

static const char *
s3_location(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	return op_printf(op, "%s/%s", s3.base, text_escape_path(op,
	    s3_key(op, tenant, container, name)));
}

const struct storage_driver storage_s3 = {
	.name = "s3", .open = s3_open, .lend = s3_lend, .list = s3_list,
	.read = s3_read, .join = s3_join, .remove = s3_remove,
	.location = s3_location, .signs_names = true, .absorbs = true, .abandon = s3_abandon,
};
