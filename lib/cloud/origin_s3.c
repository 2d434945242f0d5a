/*
 * Backups of elsewhere in the bucket of the driver "s3", below the tenant's
 * part of it.
 */
#include "lib/cloud/origin_drivers.h"
#include "lib/cloud/storage_s3.h"
#include "lib/base/text.h"

#include <string.h>

#define META "x-amz-meta-"

static enum err
s3_account(struct op *op, const char *tenant, const char **path)
{
	const char *all;

	if (!s3_is_open())
		return op_fail(op, ERR_NOT_BUILT, "Storage 's3' has no "
		    "backups of elsewhere: s3.reader_key_id is not set.");
	all = s3_path(op, s3_key(op, tenant, "", ""));
	*path = op_strndup(op, all, strlen(all) - 2);	/* no container, no name */
	return OK;
}

/*
 * What was uploaded in parts has no MD5 that anybody could compare: S3 keeps
 * neither theirs nor how long they were.
 */
static enum err
s3_look(struct op *op, const char *tenant, const char *token,
    struct origin *o)
{
	const struct s3_ask ask = { .method = "HEAD",
	    .key = s3_key(op, tenant, o->container, o->name) };
	const char *length, *etag;
	struct http_answer a;

	(void)token;			/* projects are no accounts of S3's */
	TRY(s3_send(op, &ask, &a));
	length = http_header(op, &a, "Content-Length");
	etag = http_header(op, &a, "ETag");
	if (length == NULL || !text_number(length, 1, INT64_MAX, &o->bytes))
		return op_fail(op, ERR_CLOUD, "Object %s is empty.", o->name);
	o->etag = s3_etag(op, etag != NULL ? etag : "");
	o->parent_location = http_header(op, &a, META ORIGIN_PARENT_LOCATION);
	o->parent_checksum = http_header(op, &a, META ORIGIN_PARENT_CHECKSUM);
	o->in_parts = strchr(o->etag, '-') != NULL;
	origin_whole(op, o, o->in_parts ? NULL : o->etag);
	return OK;
}

static enum err
s3_begin(struct op *op, const char *tenant, const struct origin *o,
    unsigned char *buf, size_t n)
{
	const char *const headers[] = { "range", op_printf(op, "bytes=0-%zu",
		n - 1), NULL };
	const struct s3_ask ask = { .method = "GET", .headers = headers,
	    .key = s3_key(op, tenant, o->container, o->name) };
	struct http_answer a;

	TRY(s3_send(op, &ask, &a));
	return origin_bytes(op, o, &a, buf, n);
}

const struct origin_driver origin_s3 = { "s3", s3_reader_open, s3_account,
    s3_look, s3_begin };
