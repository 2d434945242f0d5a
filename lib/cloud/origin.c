#include "lib/cloud/origin_drivers.h"
#include "lib/base/conf.h"
#include "lib/base/md5.h"
#include "lib/base/text.h"

#include <string.h>
#include <strings.h>

static const struct origin_driver *const drivers[] = { &origin_file,
    &origin_swift, &origin_s3, NULL };

void
origin_whole(struct op *op, struct origin *o, const char *md5)
{
	o->n = 1;
	o->part = op_alloc(op, sizeof(*o->part));
	*o->part = (struct object){ .bytes = o->bytes, .md5 = md5 };
}

enum err
origin_bytes(struct op *op, const struct origin *o,
    const struct http_answer *a, unsigned char *buf, size_t n)
{
	if (a->len < n)
		return op_fail(op, ERR_CLOUD, "Object %s has grown shorter.",
		    o->name);
	memcpy(buf, a->body, n);
	return OK;
}

static enum err
driver(struct op *op, const struct origin_driver **out)
{
	const char *name = conf_str("storage.driver");

	if (strcmp(name, "failing") == 0)
		name = "file";
	for (int i = 0; drivers[i] != NULL; i++)
		if (strcmp(drivers[i]->name, name) == 0) {
			*out = drivers[i];
			return OK;
		}
	return op_fail(op, ERR_NOT_BUILT, "Storage '%s' has no backups of "
	    "elsewhere.", name);
}

enum err
origin_open(struct op *op)
{
	const struct origin_driver *d;

	if (driver(op, &d) == OK)
		return d->open != NULL ? d->open(op) : OK;
	op->why = NULL;			/* there is nothing to be opened */
	return OK;
}

/* What stands behind "http://host"; NULL: that is no such address. */
static const char *
path_of(const char *url)
{
	const char *rest = strncmp(url, "http://", 7) == 0 ? url + 7 :
	    strncmp(url, "https://", 8) == 0 ? url + 8 : NULL;
	size_t host = rest != NULL ? strcspn(rest, "/?#") : 0;

	return host > 0 && rest[host] == '/' ? rest + host : NULL;
}

/*
 * "a/../b" is a name to storage, but who sends it on its way, curl too, makes
 * "b" of it, which may be another project's.
 */
static bool
is_name(const char *s)
{
	if (s == NULL || *s == '\0')
		return false;
	for (size_t n;; s += n + 1) {
		n = strcspn(s, "/");
		if ((n == 1 && *s == '.') || (n == 2 && strncmp(s, "..", 2) == 0))
			return false;
		if (s[n] == '\0')
			return true;
	}
}

static enum err
place(struct op *op, const char *account, const char *url, struct origin *o)
{
	const char *path = path_of(url);
	size_t n = strlen(account), container;

	*o = (struct origin){ 0 };
	if (path == NULL || strpbrk(path, "?#") != NULL ||
	    strncmp(path, account, n) != 0 || path[n] != '/')
		return op_fail(op, ERR_NOT_FOUND,
		    "%s is no address of an object of this project.", url);
	path += n + 1;
	container = strcspn(path, "/");
	if (path[container] == '/') {
		o->container = text_unescape(op, path, container);
		o->name = text_unescape(op, path + container + 1,
		    strlen(path + container + 1));
	}
	if (is_name(o->container) && is_name(o->name) &&
	    strchr(o->container, '/') == NULL)
		return OK;
	return op_fail(op, ERR_NOT_FOUND, "%s is no address of an object.",
	    url);
}

enum err
origin_place(struct op *op, const char *tenant, const char *url,
    struct origin *o)
{
	const struct origin_driver *d;
	const char *account;

	TRY(driver(op, &d));
	TRY(d->account(op, tenant, &account));
	return place(op, account, url, o);
}

static bool
is_md5(const char *s)
{
	return s != NULL && strlen(s) == MD5_HEX &&
	    strspn(s, "0123456789abcdefABCDEF") == MD5_HEX;
}

/* "hex-n" */
static bool
is_of_parts(const char *etag)
{
	const char *n = strchr(etag, '-');

	return n != NULL && n == etag + MD5_HEX && n[1] != '\0' &&
	    strspn(n + 1, "0123456789") == strlen(n + 1) &&
	    strspn(etag, "0123456789abcdefABCDEF") == MD5_HEX;
}

/* All of it is under digests that fit one another. */
static enum err
sums_check(struct op *op, const struct origin *o)
{
	int64_t bytes = 0;

	if (o->in_parts)
		return is_of_parts(o->etag) ? OK : op_fail(op, ERR_CLOUD,
		    "Object %s has no checksum.", o->name);
	for (int i = 0; i < o->n; i++) {
		if (!is_md5(o->part[i].md5) || o->part[i].bytes <= 0)
			return op_fail(op, ERR_CLOUD, "Part %d of object %s "
			    "has no MD5.", i, o->name);
		bytes += o->part[i].bytes;
	}
	if (o->n == 0 || bytes != o->bytes || !is_md5(o->etag) ||
	    strcasecmp(object_checksum(op, o->part, o->n), o->etag) != 0)
		return op_fail(op, ERR_CLOUD, "Size or checksum of object %s "
		    "is not that of its parts.", o->name);
	return OK;
}

enum err
origin_look(struct op *op, const char *tenant, const char *token,
    struct origin *o)
{
	const struct origin_driver *d;

	TRY(driver(op, &d));
	TRY(d->look(op, tenant, token, o));
	return sums_check(op, o);
}

enum err
origin_begin(struct op *op, const char *tenant, const struct origin *o,
    unsigned char *buf, size_t n)
{
	const struct origin_driver *d;

	TRY(driver(op, &d));
	if (o->bytes < (int64_t)n)
		return op_fail(op, ERR_CLOUD, "Object %s has only %lld bytes.",
		    o->name, (long long)o->bytes);
	return d->begin(op, tenant, o, buf, n);
}
