/* Backups of elsewhere in a cloud's Swift: one object, or one made of segments. */
#include "lib/cloud/keystone.h"
#include "lib/cloud/origin_drivers.h"
#include "lib/cloud/temp_url.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"

#include <string.h>
#include <strings.h>

#define CONNECT_MS	5000
#define LOOK_MS		15000		/* somebody waits for the answer */
#define ANSWER_MOST	(8 << 20)
#define PARTS_MOST	10000
#define NAMES "/v1/"			/* what temp_url_path() puts in front */

static struct http *
connection(void)
{
	static struct http *http;
	const struct http_how how = {
		.connect_ms = CONNECT_MS,
		.total_ms = LOOK_MS,
		.most = ANSWER_MOST, .ca_file = conf_str("keystone.ca_file"),
	};

	if (http == NULL)
		http = http_new(&how);
	return http;
}

static enum err
swift_account(struct op *op, const char *tenant, const char **path)
{
	static bool opened;
	const char *url, *host;

	if (!opened)			/* where tokens are not Keystone's, nobody has */
		TRY(keystone_open(op));
	opened = true;
	TRY(keystone_endpoint(op, "object-store", "public", tenant, &url));
	host = strstr(url, "://");
	*path = host != NULL ? strchr(host + 3, '/') : NULL;
	return *path != NULL ? OK : op_fail(op, ERR_CLOUD,
	    "no address of an account: %s", url);
}

struct question {
	const char	*tenant, *token;	/* token NULL: ours */
	const char	*method, *container, *name, *query, *range;
};

/* The catalog's address, whatever the one was that named the object. */
static enum err
ask(struct op *op, const struct question *q, struct http_answer *a)
{
	const char *headers[5] = { NULL };
	struct http_request r = { .method = q->method, .headers = headers };
	const char *account;
	int n = 0;

	TRY(keystone_endpoint(op, "object-store", NULL, q->tenant, &account));
	r.url = op_printf(op, "%s%s%s", account, temp_url_path(op, "",
	    q->container, q->name) + strlen(NAMES), q->query);
	if (*q->name == '\0')
		r.url = op_printf(op, "%s/%s%s", account,
		    text_escape(op, q->container), q->query);
	if (q->range != NULL) {
		headers[n++] = "Range";
		headers[n++] = q->range;
	}
	if (q->token == NULL)
		return keystone_send(op, connection(), &r, a);
	headers[n++] = "X-Auth-Token";
	headers[n++] = q->token;
	return http_send(op, connection(), &r, a);
}

static enum err
asked(struct op *op, const struct question *q, struct http_answer *a)
{
	TRY(ask(op, q, a));
	if (a->status / 100 == 2)
		return OK;
	return op_fail(op, a->status == 404 ? ERR_NOT_FOUND :
	    a->status == 401 || a->status == 403 ? ERR_FORBIDDEN :
	    a->status / 100 == 5 ? ERR_UNAVAILABLE : ERR_CLOUD,
	    "Swift answers %s %s/%s with %d", q->method, q->container,
	    q->name, a->status);
}

static const char *
etag(struct op *op, const struct http_answer *a)
{
	const char *s = http_header(op, a, "ETag");

	if (s == NULL)
		return "";
	s += *s == '"';
	return op_strndup(op, s, strcspn(s, "\""));
}

/*
 * A leave is for one container: parts that lie in another would not be sent
 * to who has it.
 */
static enum err
part_read(struct op *op, const struct json *j, const char *dir,
    struct object *part)
{
	const char *name = json_str(json_get(j, "name"));

	*part = (struct object){ .bytes = json_int(json_get(j, "bytes")),
	    .md5 = json_str(json_get(j, "hash")) };
	if (json_true(json_get(j, "sub_slo")) || json_has(j, "range"))
		return op_fail(op, ERR_CLOUD, "A manifest of manifests, or "
		    "of ranges, cannot be read back.");
	if (dir != NULL && (name == NULL ||
	    strncmp(name, dir, strlen(dir)) != 0))
		return op_fail(op, ERR_CLOUD, "A part of the object lies in "
		    "another container.");
	return OK;
}

static enum err
parts_read(struct op *op, const struct http_answer *a, const char *dir,
    struct origin *o)
{
	const struct json *list;

	if (json_parse(op, a->body, a->len, &list) != OK)
		return op_fail(op, ERR_CLOUD, "Swift's list of parts is no "
		    "JSON: %s", op->why);
	if (json_count(list) > PARTS_MOST)
		return op_fail(op, ERR_CLOUD, "too many parts");
	o->n = (int)json_count(list);
	o->part = op_alloc(op, ((size_t)o->n + 1) * sizeof(*o->part));
	for (int i = 0; i < o->n; i++)
		TRY(part_read(op, json_at(list, (size_t)i), dir,
		    &o->part[i]));
	return OK;
}

/* "container/prefix", escaped: all that begin so, as Trove had it until 2014. */
static enum err
dynamic_parts(struct op *op, struct question q, const char *manifest,
    struct origin *o)
{
	const char *s = text_unescape(op, manifest, strlen(manifest));
	size_t n = strlen(o->container);
	struct http_answer a;

	if (s == NULL || strncmp(s, o->container, n) != 0 || s[n] != '/')
		return op_fail(op, ERR_CLOUD, "The object's parts lie in "
		    "another container.");
	q.method = "GET";
	q.name = "";
	q.query = op_printf(op, "?format=json&limit=%d&prefix=%s", PARTS_MOST,
	    text_escape(op, s + n + 1));
	TRY(asked(op, &q, &a));
	return parts_read(op, &a, NULL, o);
}

static enum err
static_parts(struct op *op, struct question q, struct origin *o)
{
	struct http_answer a;

	q.method = "GET";
	q.query = "?multipart-manifest=get";
	TRY(asked(op, &q, &a));
	return parts_read(op, &a, op_printf(op, "/%s/", o->container), o);
}

static enum err
swift_look(struct op *op, const char *tenant, const char *token,
    struct origin *o)
{
	const struct question q = { .tenant = tenant, .token = token,
	    .method = "HEAD", .container = o->container, .name = o->name,
	    .query = "" };
	const char *large, *many, *length;
	struct http_answer a;

	TRY(asked(op, &q, &a));
	length = http_header(op, &a, "Content-Length");
	if (length == NULL || !text_number(length, 1, INT64_MAX, &o->bytes))
		return op_fail(op, ERR_CLOUD, "Object %s is empty.", o->name);
	o->etag = etag(op, &a);
	o->parent_location = http_header(op, &a,
	    "X-Object-Meta-" ORIGIN_PARENT_LOCATION);
	o->parent_checksum = http_header(op, &a,
	    "X-Object-Meta-" ORIGIN_PARENT_CHECKSUM);
	large = http_header(op, &a, "X-Static-Large-Object");
	many = http_header(op, &a, "X-Object-Manifest");
	if (large != NULL && strcasecmp(large, "true") == 0)
		return static_parts(op, q, o);
	if (many != NULL)
		return dynamic_parts(op, q, many, o);
	origin_whole(op, o, o->etag);
	return OK;
}

static enum err
swift_begin(struct op *op, const char *tenant, const struct origin *o,
    unsigned char *buf, size_t n)
{
	const struct question q = { .tenant = tenant, .method = "GET",
	    .container = o->container, .name = o->name, .query = "",
	    .range = op_printf(op, "bytes=0-%zu", n - 1) };
	struct http_answer a;

	TRY(asked(op, &q, &a));
	return origin_bytes(op, o, &a, buf, n);
}

const struct origin_driver origin_swift = { "swift", NULL, swift_account,
    swift_look, swift_begin };
