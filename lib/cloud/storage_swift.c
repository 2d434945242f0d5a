/*
 * The storage driver "swift": containers of the tenant's own account, reached
 * with the service account, which has to be a reseller admin there.  Guests
 * get temp URLs: their key is the container's second, so that a key that the
 * tenant uses is left alone.
 */
#include "lib/cloud/keystone.h"
#include "lib/cloud/storage.h"
#include "lib/cloud/temp_url.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/jsonw.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER_MOST	(8 << 20)
#define PAGE		1000
#define SEGMENTS_MOST	1000		/* of one manifest, by Swift's preset */
#define CONNECT_MS	5000
#define KEY_HEADER	"X-Container-Meta-Temp-URL-Key-2"

static struct http *http, *looks;	/* looks: of what is there, and at containers */

static enum err
swift_open(struct op *op)
{
	struct http_how how = {
		.connect_ms = CONNECT_MS,
		.total_ms = conf_int("storage.timeout") * 1000,
		.most = ANSWER_MOST, .ca_file = conf_str("keystone.ca_file"),
	};

	TRY(keystone_open(op));
	http_free(http);
	http = http_new(&how);
	how.total_ms = storage_look_ms(how.total_ms);
	http_free(looks);
	looks = http_new(&how);
	return OK;
}

/* --- asking ------------------------------------------------------------------------ */

/* One thing of Swift's: a container, or with a name an object; query begins with "?". */
struct thing { const char *tenant, *container, *name, *query; };

static const char *
escaped(struct op *op, const char *container, const char *name)
{
	/* Without the version and the account in front. */
	return temp_url_path(op, "", container, name) + strlen("/v1/");
}

static enum err
url_of(struct op *op, const struct thing *t, const char *interface,
    const char **url)
{
	const char *account, *path = escaped(op, t->container,
	    t->name != NULL ? t->name : "");
	size_t n = strlen(path);

	TRY(keystone_endpoint(op, "object-store", interface, t->tenant,
	    &account));
	if (t->name == NULL)
		n--;			/* no slash behind a container */
	*url = op_printf(op, "%s%.*s%s", account, (int)n, path,
	    t->query != NULL ? t->query : "");
	return OK;
}

static enum err
send_to(struct op *op, const struct thing *t, struct http_request *q,
    struct http_answer *a)
{
	TRY(url_of(op, t, NULL, &q->url));
	TRY(keystone_send(op, t->name == NULL || *q->method == 'G' ||
	    *q->method == 'H' ? looks : http, q, a));
	if (a->status == 401 || a->status == 429 || a->status >= 500)
		return op_fail(op, a->status == 507 ? ERR_NO_SPACE :
		    ERR_UNAVAILABLE, "Swift answers %s %s/%s with %d",
		    q->method, t->container, t->name != NULL ? t->name : "",
		    a->status);
	return OK;
}

static enum err
refused(struct op *op, const char *what, const struct thing *t,
    const struct http_answer *a)
{
	return op_fail(op, a->status == 404 ? ERR_NOT_FOUND : a->status == 413 ?
	    ERR_OVER_LIMIT : ERR_CLOUD, "Swift answers %s %s/%s with %d%s",
	    what, t->container, t->name != NULL ? t->name : "", a->status,
	    a->status == 403 ? ": the service account is no reseller admin" :
	    "");
}

/* "abc", with its quotes or without. */
static bool
is_etag(struct op *op, const struct http_answer *a, const char *md5)
{
	const char *is = http_header(op, a, "ETag");
	size_t n = strlen(md5);

	if (is == NULL)
		return false;
	is += *is == '"';
	return strncasecmp(is, md5, n) == 0 && strchr("\"", is[n]) != NULL;
}

/* --- leaves ------------------------------------------------------------------------- */

/* A container is made for who writes; who reads needs one that is there. */
static enum err
key_set(struct op *op, const struct thing *t, const char *key, bool make)
{
	const char *const headers[] = { KEY_HEADER, key, "Content-Length",
		"0", NULL };
	struct http_request q = { .method = make ? "PUT" : "POST",
	    .headers = headers };
	struct http_answer a;

	TRY(send_to(op, t, &q, &a));
	return a.status / 100 == 2 ? OK : refused(op, q.method, t, &a);
}

static enum err
swift_lend(struct op *op, const struct lend *ask, struct leave *leave)
{
	const struct thing t = { ask->tenant, ask->container, NULL, NULL };
	struct temp_url u = {
		.key = temp_url_key(op, ask->tenant),
		.container = ask->container, .object = ask->prefix,
		.method = ask->write ? "PUT" : "GET",
		.expires = clock_wall_us() / 1000000 + ask->seconds,
	};
	const char *account;

	TRY(key_set(op, &t, u.key, ask->write));
	TRY(keystone_endpoint(op, "object-store", "public", ask->tenant,
	    &account));
	u.account = strstr(account, "/v1/");
	if (u.account == NULL || strchr(u.account + 4, '/') != NULL)
		return op_fail(op, ERR_CLOUD, "no address of an account: %s",
		    account);
	u.account += strlen("/v1/");
	*leave = (struct leave){ .socket = storage_socket(op) };
	leave->before = op_printf(op, "%s%s", account,
	    escaped(op, ask->container, ask->prefix));
	leave->after = op_printf(op, "?%s", temp_url_query(op, &u));
	return OK;
}

/* --- reading -------------------------------------------------------------------------- */

static enum err
page_read(struct op *op, const struct thing *t, const struct json **rows)
{
	struct http_request q = { .method = "GET" };
	struct http_answer a;

	*rows = NULL;
	TRY(send_to(op, t, &q, &a));
	if (a.status == 404 || a.status == 204)
		return OK;
	if (a.status != 200)
		return refused(op, "the list of", t, &a);
	if (json_parse(op, a.body, a.len, rows) != OK)
		return op_fail(op, ERR_CLOUD, "Swift's list is no JSON: %s",
		    op->why);
	return OK;
}

/* It grows by pages, in order of name. */
struct found { struct object *o; int n, room; };

static enum err
rows_keep(struct op *op, const struct json *rows, struct found *f)
{
	int more = (int)json_count(rows);

	if (f->n + more > f->room) {
		int room = 2 * f->room + more;
		struct object *o = op_alloc(op, (size_t)room * sizeof(*o));

		if (f->n > 0)
			memcpy(o, f->o, (size_t)f->n * sizeof(*o));
		f->o = o;
		f->room = room;
	}
	for (int i = 0; i < more; i++) {
		const struct json *row = json_at(rows, (size_t)i);
		struct object *o = &f->o[f->n++];

		*o = (struct object){ json_str(json_get(row, "name")),
			json_int(json_get(row, "bytes")),
			json_str(json_get(row, "hash")) };
		if (o->name == NULL || o->md5 == NULL || o->bytes < 0)
			return op_fail(op, ERR_CLOUD,
			    "Swift's list holds what is no object");
	}
	return OK;
}

static enum err
swift_list(struct op *op, const char *tenant, const char *container,
    const char *prefix, struct object **list, int *n)
{
	struct thing t = { tenant, container, NULL, NULL };
	struct found f = { NULL, 0, 0 };
	const struct json *rows;

	do {
		t.query = op_printf(op, "?format=json&limit=%d&prefix=%s"
		    "&marker=%s", PAGE, text_escape(op, prefix), f.n > 0 ?
		    text_escape(op, f.o[f.n - 1].name) : "");
		TRY(page_read(op, &t, &rows));
		TRY(rows_keep(op, rows, &f));
	} while (json_count(rows) == PAGE);
	*list = f.o;
	*n = f.n;
	return OK;
}

static enum err
swift_read(struct op *op, const char *tenant, const char *container,
    const char *name, size_t most, const char **bytes, size_t *len)
{
	const struct thing t = { tenant, container, name, NULL };
	struct http_request q = { .method = "GET" };
	struct http_answer a;

	TRY(send_to(op, &t, &q, &a));
	if (a.status != 200)
		return refused(op, q.method, &t, &a);
	if (a.len > most)
		return op_fail(op, ERR_CLOUD, "%s has %zu bytes: too many",
		    name, a.len);
	*bytes = a.body;
	*len = a.len;
	return OK;
}

/* --- removing --------------------------------------------------------------------------- */

/* The answer to this one is always 200; what it means stands inside. */
static enum err
manifest_remove(struct op *op, struct thing t)
{
	struct http_request q = { .method = "DELETE" };
	const struct json *said, *errors;
	const char *status;
	struct http_answer a;

	t.query = "?multipart-manifest=delete";
	TRY(send_to(op, &t, &q, &a));
	if (a.status != 200)
		return a.status == 404 ? OK : refused(op, "DELETE", &t, &a);
	if (json_parse(op, a.body, a.len, &said) != OK)
		return op_fail(op, ERR_CLOUD, "Swift's answer to a DELETE is "
		    "no JSON: %s", op->why);
	status = json_str(json_get(said, "Response Status"));
	errors = json_get(said, "Errors");
	if (status != NULL && *status == '2' && json_count(errors) == 0)
		return OK;
	return op_fail(op, ERR_CLOUD, "Swift has not removed all of %s: %s",
	    t.name, status != NULL ? status : "it does not say why");
}

static enum err
swift_remove(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	const struct thing t = { tenant, container, name, NULL };
	struct http_request head = { .method = "HEAD" };
	struct http_request gone = { .method = "DELETE" };
	struct http_answer a;
	const char *large;

	TRY(send_to(op, &t, &head, &a));
	if (a.status == 404)
		return OK;
	if (a.status != 200)
		return refused(op, "HEAD", &t, &a);
	large = http_header(op, &a, "X-Static-Large-Object");
	if (large != NULL && strcasecmp(large, "true") == 0)
		return manifest_remove(op, t);
	TRY(send_to(op, &t, &gone, &a));
	return a.status == 204 || a.status == 404 ? OK :
	    refused(op, "DELETE", &t, &a);
}

/* --- joining ---------------------------------------------------------------------------- */

/* "X-Object-Meta-<name>", value ... behind what is there already. */
static enum err
metas_add(struct op *op, const char **headers, int n, const char *const *meta)
{
	for (; meta != NULL && *meta != NULL; meta += 2) {
		if (n + 2 > KEYSTONE_HEADERS)
			return op_fail(op, ERR_BAD_REQUEST,
			    "too many metadata");
		headers[n++] = op_printf(op, "X-Object-Meta-%s", meta[0]);
		headers[n++] = meta[1];
	}
	headers[n] = NULL;
	return OK;
}

/* Made by an earlier attempt? */
static enum err
is_there(struct op *op, const struct thing *t, const char *md5, bool *there)
{
	struct http_request q = { .method = "HEAD" };
	struct http_answer a;

	TRY(send_to(op, t, &q, &a));
	*there = a.status == 200 && is_etag(op, &a, md5);
	return OK;
}

/* ... and its segment is gone. */
static enum err
copied_before(struct op *op, const struct thing *t, const struct object *s)
{
	bool there;

	TRY(is_there(op, t, s->md5, &there));
	return there ? OK : op_fail(op, ERR_CLOUD,
	    "segment %s is not in storage", s->name);
}

static enum err
copy(struct op *op, const struct thing *t, const struct object *s,
    const char *const *meta)
{
	const char *headers[KEYSTONE_HEADERS + 1] = { "Content-Length", "0",
		"X-Copy-From", escaped(op, t->container, s->name) };
	struct http_request q = { .method = "PUT", .headers = headers };
	struct http_answer a;

	TRY(metas_add(op, headers, 4, meta));
	TRY(send_to(op, t, &q, &a));
	if (a.status == 404)
		return copied_before(op, t, s);
	if (a.status != 201)
		return refused(op, "the copy to", t, &a);
	if (!is_etag(op, &a, s->md5))
		return op_fail(op, ERR_CLOUD, "segment %s was damaged in "
		    "storage", s->name);
	return swift_remove(op, t->tenant, t->container, s->name);
}

static const char *
manifest_of(struct op *op, const char *container, const struct object *s,
    int n)
{
	struct jsonw w;

	jsonw_begin(&w, op, 256);
	jsonw_list(&w);
	for (int i = 0; i < n; i++) {
		jsonw_map(&w);
		jsonw_kstr(&w, "path", op_printf(op, "/%s/%s", container,
		    s[i].name));
		jsonw_kstr(&w, "etag", s[i].md5);
		jsonw_kint(&w, "size_bytes", s[i].bytes);
		jsonw_map_end(&w);
	}
	jsonw_list_end(&w);
	return w.out.s;
}

/* Swift compares each segment's digest and size itself. */
static enum err
manifest_put(struct op *op, struct thing t, const struct object *s, int n,
    const char *const *meta)
{
	const char *headers[KEYSTONE_HEADERS + 1];
	const char *list = manifest_of(op, t.container, s, n);
	/* Not as JSON: that is what the object would be said to be. */
	struct http_request q = { .method = "PUT", .headers = headers,
	    .bytes = list, .len = strlen(list) };
	struct http_answer a;

	t.query = "?multipart-manifest=put";
	TRY(metas_add(op, headers, 0, meta));
	TRY(send_to(op, &t, &q, &a));
	if (a.status == 201)
		return OK;
	return op_fail(op, ERR_CLOUD, "Swift answers the manifest %s with %d: "
	    "%.300s", t.name, a.status, a.body);
}

/*
 * More segments than one manifest may have are put under manifests of their
 * own first, which are removed with it, as are their segments.
 */
static enum err
folded(struct op *op, const struct thing *t, const struct object *s, int n,
    struct object *part)
{
	struct thing sub = *t;
	bool there;

	*part = *s;
	if (n == 1)
		return OK;
	sub.name = part->name = op_printf(op, "%s-%d", s->name, n);
	part->md5 = object_checksum(op, s, n);
	for (int i = 1; i < n; i++)
		part->bytes += s[i].bytes;
	TRY(is_there(op, &sub, part->md5, &there));
	return there ? OK : manifest_put(op, sub, s, n, NULL);
}

static enum err
manifests_put(struct op *op, const struct thing *t, const struct object *s,
    int n, const char *const *meta, const char **checksum)
{
	int parts = (n + SEGMENTS_MOST - 1) / SEGMENTS_MOST;
	struct object *part = op_alloc(op, (size_t)parts * sizeof(*part));
	int64_t until = clock_ms() + STORAGE_BURST_MS;

	for (int i = 0; i < parts; i++) {
		int from = i * SEGMENTS_MOST, left = n - from;

		if (clock_ms() > until)
			return op_fail(op, ERR_CLOUD, "%d of %d segments are "
			    "joined so far", from, n);
		TRY(folded(op, t, s + from, left < SEGMENTS_MOST ? left :
		    SEGMENTS_MOST, &part[i]));
	}
	*checksum = object_checksum(op, part, parts);
	return manifest_put(op, *t, part, parts, meta);
}

static enum err
swift_join(struct op *op, const char *tenant, const char *container,
    const char *name, const struct object *segment, int n,
    const char *const *meta, const char **checksum)
{
	const struct thing t = { tenant, container, name, NULL };

	if (n < 1 || n > SEGMENTS_MOST * SEGMENTS_MOST)
		return op_fail(op, ERR_CLOUD, "%s: %d segments", name, n);
	*checksum = object_checksum(op, segment, n);
	if (n == 1)
		return copy(op, &t, segment, meta);
	if (n > SEGMENTS_MOST)
		return manifests_put(op, &t, segment, n, meta, checksum);
	return manifest_put(op, t, segment, n, meta);
}

static const char *
swift_location(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	const struct thing t = { tenant, container, name, NULL };
	const char *url;

	return url_of(op, &t, "public", &url) == OK ? url : "";
}

const struct storage_driver storage_swift = {
	.name = "swift", .open = swift_open, .lend = swift_lend,
	.list = swift_list, .read = swift_read, .join = swift_join,
	.remove = swift_remove, .location = swift_location,
};
