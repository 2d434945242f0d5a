/*
 * The storage driver "file": objects are files of this host, and the API's
 * pool "storage" serves them at the addresses that are lent.
 */
#include "lib/cloud/objects.h"
#include "lib/cloud/temp_url.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"

#include <string.h>

/* Directories are made when the first object comes. */
static enum err
file_open(struct op *op)
{
	const char *root = objects_root(op);

	return *root == '/' ? OK : op_fail(op, ERR_BAD_REQUEST,
	    "storage.root: %s is no absolute path", root);
}

static const char *
account(struct op *op, const char *tenant)
{
	return op_printf(op, "AUTH_%s", tenant);
}

static const char *
public_url(struct op *op)
{
	const char *url = conf_str("storage.url");
	size_t n;

	if (*url == '\0')
		url = conf_str("api.public_url");
	n = strlen(url);
	while (n > 0 && url[n - 1] == '/')
		n--;
	return n > 0 ? op_strndup(op, url, n) : "http://localhost";
}

static enum err
file_lend(struct op *op, const struct lend *ask, struct leave *leave)
{
	const struct object_key k = { ask->tenant, ask->container,
		ask->prefix };
	const struct temp_url t = {
		.key = temp_url_key(op, ask->tenant),
		.account = account(op, ask->tenant),
		.method = ask->write ? "PUT" : "GET",
		.container = ask->container, .object = ask->prefix,
		.expires = clock_wall_us() / 1000000 + ask->seconds,
	};

	TRY(object_check(op, &k));
	if (ask->write)
		TRY(container_make(op, &k));
	*leave = (struct leave){ .socket = storage_socket(op) };
	leave->before = op_printf(op, "%s%s", leave->socket != NULL ?
	    "http://localhost" : public_url(op),
	    temp_url_path(op, t.account, t.container, t.object));
	leave->after = op_printf(op, "?%s", temp_url_query(op, &t));
	return OK;
}

static enum err
file_list(struct op *op, const char *tenant, const char *container,
    const char *prefix, struct object **list, int *n)
{
	const struct object_key k = { tenant, container, NULL };
	const struct objects_ask ask = { prefix, NULL, -1 };
	struct object_row *rows = NULL;
	enum err e;

	*n = 0;
	*list = NULL;
	e = objects_list(op, &k, &ask, &rows, n);
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	*list = op_alloc(op, (size_t)(*n + 1) * sizeof(**list));
	for (int i = 0; i < *n; i++)
		(*list)[i] = (struct object){ rows[i].name, rows[i].is.bytes,
			rows[i].is.md5 };
	return OK;
}

static enum err
file_read(struct op *op, const char *tenant, const char *container,
    const char *name, size_t most, const char **bytes, size_t *len)
{
	const struct object_key k = { tenant, container, name };
	struct object_is is;
	struct reading *r;
	size_t have = 0, n;
	char *buf;

	TRY(object_open(op, &k, &r, &is));
	if (is.bytes > (int64_t)most)
		return op_fail(op, ERR_CLOUD, "%s has %lld bytes: too many",
		    name, (long long)is.bytes);
	buf = op_alloc(op, (size_t)is.bytes + 1);
	while (have < (size_t)is.bytes) {
		TRY(reading_get(r, (int64_t)have, buf + have,
		    (size_t)is.bytes - have, &n));
		have += n;
	}
	*bytes = buf;
	*len = have;
	return OK;
}

/* What was opened on the way is closed with an op of its own. */
static enum err
pass(struct op *op, struct op *own, enum err e)
{
	if (e != OK)
		op_fail(op, e, "%s", own->why);
	op_end(own);
	return e;
}

static enum err
file_join(struct op *op, const char *tenant, const char *container,
    const char *name, const struct object *segment, int n,
    const char *const *meta, const char **checksum)
{
	const struct object_key k = { tenant, container, name };
	struct object_is is = { .meta = meta };
	struct op own;
	enum err e;

	op_begin(&own, op->id);
	e = object_join(&own, &k, segment, n, &is);
	if (e == OK)
		*checksum = op_strdup(op, is.md5);
	return pass(op, &own, e);
}

static enum err
file_remove(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	const struct object_key k = { tenant, container, name };
	struct op own;
	enum err e;

	op_begin(&own, op->id);
	e = object_remove(&own, &k, true, NULL);
	return pass(op, &own, e == ERR_NOT_FOUND ? OK : e);
}

static const char *
file_location(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	return op_printf(op, "%s%s", public_url(op), temp_url_path(op,
	    account(op, tenant), container, name));
}

const struct storage_driver storage_file = {
	.name = "file", .open = file_open, .lend = file_lend,
	.list = file_list, .read = file_read, .join = file_join,
	.remove = file_remove, .location = file_location,
};
