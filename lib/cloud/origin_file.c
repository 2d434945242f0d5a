/* Backups of elsewhere in the files of the driver "file". */
#include "lib/cloud/objects_file.h"
#include "lib/cloud/origin_drivers.h"

#include <strings.h>

static enum err
file_account(struct op *op, const char *tenant, const char **path)
{
	*path = op_printf(op, "/v1/AUTH_%s", tenant);
	return OK;
}

static const char *
meta(const struct object_is *is, const char *name)
{
	for (const char *const *m = is->meta; m != NULL && *m != NULL; m += 2)
		if (strcasecmp(m[0], name) == 0)
			return m[1];
	return NULL;
}

static enum err
file_look(struct op *op, const char *tenant, const char *token,
    struct origin *o)
{
	const struct object_key k = { tenant, o->container, o->name };
	struct object_is is;
	int dir, fd;

	(void)token;			/* who may come here may read them */
	TRY(object_check(op, &k));
	TRY(object_dir(op, &k, false, &dir));
	TRY(object_file_open(op, dir, object_file(op, o->name), &fd));
	TRY(object_head_read(op, fd, &is));
	o->etag = is.md5;
	o->bytes = is.bytes;
	o->parent_location = meta(&is, ORIGIN_PARENT_LOCATION);
	o->parent_checksum = meta(&is, ORIGIN_PARENT_CHECKSUM);
	o->n = is.segments;
	if (o->n > 0)
		return object_segments(op, fd, o->n, &o->part);
	origin_whole(op, o, o->etag);
	return OK;
}

static enum err
file_begin(struct op *op, const char *tenant, const struct origin *o,
    unsigned char *buf, size_t n)
{
	const struct object_key k = { tenant, o->container, o->name };
	struct object_is is;
	struct reading *r;
	size_t got;

	TRY(object_open(op, &k, &r, &is));
	for (size_t at = 0; at < n; at += got) {
		TRY(reading_get(r, (int64_t)at, buf + at, n - at, &got));
		if (got == 0)
			return op_fail(op, ERR_CLOUD, "Object %s has grown "
			    "shorter.", o->name);
	}
	return OK;
}

const struct origin_driver origin_file = { "file", NULL, file_account, file_look,
    file_begin };
