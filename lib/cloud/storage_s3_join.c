/*
 * Joining for the storage driver "s3": a multipart upload whose parts are
 * copies of the segments.  It goes on where an earlier attempt was broken off,
 * and does so much at a time as a worker may hold its task for.
 */
#include "lib/cloud/storage_s3.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADERS		40

/* Of one upload; of more segments groups of so many bytes are made first, and the whole is made of those. */
struct s3_limits s3_limits = { STORAGE_PARTS, (int64_t)512 << 20 };

struct joining {
	const char	*key, *upload;
	const char	*tenant, *container;
	struct object	*segment;
	int		 n;
	bool		*there;		/* parts that were copied */
};

/* "x-amz-meta-<name>", value ... by name, behind what is there already; empty ones say nothing. */
static enum err
metas_add(struct op *op, const char **headers, int n, const char *const *meta)
{
	int first = n;

	for (; meta != NULL && *meta != NULL; meta += 2) {
		const char *name = op_printf(op, "x-amz-meta-%s", meta[0]);
		int at = n;

		if (*meta[1] == '\0')
			continue;
		if (n + 2 > HEADERS)
			return op_fail(op, ERR_BAD_REQUEST,
			    "too many metadata");
		for (; at > first && strcmp(headers[at - 2], name) > 0; at -= 2) {
			headers[at] = headers[at - 2];
			headers[at + 1] = headers[at - 1];
		}
		headers[at] = name;
		headers[at + 1] = meta[1];
		n += 2;
	}
	headers[n] = NULL;
	return OK;
}

/* A group's digest is another one as a part than it was as an object; it is S3 that says it. */
static enum err
copied(struct op *op, const struct http_answer *a, const struct object *s)
{
	if (strcasecmp(s3_etag(op, s3_first(op, a->body, "ETag")), s->md5) == 0)
		return OK;
	return op_fail(op, ERR_CLOUD, "segment %s was damaged in storage",
	    s->name);
}

static enum err
copy(struct op *op, const char *key, const char *from, const struct object *s,
    const char *const *meta)
{
	const char *headers[HEADERS + 3] = { "x-amz-copy-source",
		s3_source(op, from) };
	const struct s3_ask ask = { .method = "PUT", .key = key,
	    .headers = headers };
	struct http_answer a;
	int n = 2;

	TRY(metas_add(op, headers, n, meta));
	while (headers[n] != NULL)
		n += 2;
	headers[n] = "x-amz-metadata-directive";	/* by name, the last */
	headers[n + 1] = "REPLACE";
	headers[n + 2] = NULL;
	TRY(s3_send(op, &ask, &a));
	return copied(op, &a, s);
}

/* --- uploads ------------------------------------------------------------------------ */

static enum err
upload_begin(struct op *op, struct joining *j, const char *const *meta)
{
	const char *headers[HEADERS + 1];
	const struct s3_ask ask = { .method = "POST", .key = j->key,
	    .query = "uploads=", .headers = headers };
	struct http_answer a;

	TRY(metas_add(op, headers, 0, meta));
	TRY(s3_send(op, &ask, &a));
	j->upload = s3_first(op, a.body, "UploadId");
	return *j->upload != '\0' ? OK : op_fail(op, ERR_CLOUD,
	    "S3 began an upload without an id");
}

/* One that was begun for this key; NULL: none. */
static enum err
upload_find(struct op *op, const char *key, const char **upload)
{
	const struct s3_ask ask = { .method = "GET",
	    .query = op_printf(op, "prefix=%s&uploads=", text_escape(op,
	    key)) };
	struct http_answer a;
	const char *at, *row;

	*upload = NULL;
	TRY(s3_send(op, &ask, &a));
	for (at = a.body; (row = s3_next(op, &at, "Upload")) != NULL;)
		if (strcmp(s3_first(op, row, "Key"), key) == 0)
			*upload = s3_first(op, row, "UploadId");
	return OK;
}

static void
part_seen(struct op *op, struct joining *j, int i, const char *row)
{
	const char *etag = s3_etag(op, s3_first(op, row, "ETag"));
	struct object *s = &j->segment[i];

	if (s->md5 != NULL) {
		j->there[i] = strcasecmp(etag, s->md5) == 0;
		return;
	}
	j->there[i] = atoll(s3_first(op, row, "Size")) == s->bytes;
	if (j->there[i])
		s->md5 = etag;
}

/* What an earlier attempt copied; another's part is copied again. */
static enum err
parts_look(struct op *op, struct joining *j)
{
	const char *at, *row, *marker = "0";
	struct http_answer a;

	do {
		const struct s3_ask ask = { .method = "GET", .key = j->key,
		    .query = op_printf(op, "part-number-marker=%s&uploadId=%s",
		    marker, text_escape(op, j->upload)) };

		TRY(s3_send(op, &ask, &a));
		for (at = a.body; (row = s3_next(op, &at, "Part")) != NULL;) {
			int i = atoi(s3_first(op, row, "PartNumber")) - 1;

			if (i >= 0 && i < j->n)
				part_seen(op, j, i, row);
		}
		marker = s3_first(op, a.body, "NextPartNumberMarker");
	} while (strcmp(s3_first(op, a.body, "IsTruncated"), "true") == 0);
	return OK;
}

static enum err
part_copy(struct op *op, struct joining *j, int i)
{
	const char *const headers[] = { "x-amz-copy-source", s3_source(op,
		s3_key(op, j->tenant, j->container, j->segment[i].name)),
		NULL };
	const struct s3_ask ask = { .method = "PUT", .key = j->key,
	    .query = op_printf(op, "partNumber=%d&uploadId=%s", i + 1,
	    text_escape(op, j->upload)), .headers = headers };
	struct http_answer a;
	enum err e = s3_send(op, &ask, &a);

	if (e == ERR_NOT_FOUND)
		return op_fail(op, ERR_CLOUD, "segment %s is not in storage",
		    j->segment[i].name);
	TRY(e);
	if (j->segment[i].md5 == NULL)
		j->segment[i].md5 = s3_etag(op, s3_first(op, a.body, "ETag"));
	return copied(op, &a, &j->segment[i]);
}

/* An attempt a call, which is longer the more was there before. */
static enum err
parts_copy(struct op *op, struct joining *j)
{
	int64_t until = clock_ms() + STORAGE_BURST_MS;

	for (int i = 0; i < j->n; i++) {
		if (j->there[i])
			continue;
		if (clock_ms() > until)
			return op_fail(op, ERR_CLOUD, "%d of %d segments are "
			    "joined so far", i, j->n);
		TRY(part_copy(op, j, i));
	}
	return OK;
}

static enum err
upload_end(struct op *op, const struct joining *j, const char **checksum)
{
	struct text body;
	struct s3_ask ask = { .method = "POST", .key = j->key,
	    .query = op_printf(op, "uploadId=%s", text_escape(op,
	    j->upload)) };
	struct http_answer a;
	const char *is;

	text_begin(&body, op, 4096);
	text_add(&body, "<CompleteMultipartUpload>");
	for (int i = 0; i < j->n; i++)
		text_printf(&body, "<Part><PartNumber>%d</PartNumber>"
		    "<ETag>\"%s\"</ETag></Part>", i + 1, j->segment[i].md5);
	text_add(&body, "</CompleteMultipartUpload>");
	ask.body = body.s;
	ask.len = body.len;
	TRY(s3_send(op, &ask, &a));
	is = s3_etag(op, s3_first(op, a.body, "ETag"));
	*checksum = object_parts_checksum(op, j->segment, j->n);
	return strcmp(is, *checksum) == 0 ? OK : op_fail(op, ERR_CLOUD,
	    "S3 joined something else: %s", is);
}

static enum err
join_parts(struct op *op, struct joining *j, const char *const *meta,
    const char **checksum)
{
	j->there = op_alloc(op, (size_t)j->n * sizeof(*j->there));
	TRY(upload_find(op, j->key, &j->upload));
	if (j->upload == NULL)
		TRY(upload_begin(op, j, meta));
	else
		TRY(parts_look(op, j));
	TRY(parts_copy(op, j));
	return upload_end(op, j, checksum);
}

/* --- more than one upload may have ------------------------------------------------ */

static enum err
group_is_there(struct op *op, const char *key, const char *checksum,
    bool *there)
{
	const struct s3_ask ask = { .method = "HEAD", .key = key };
	struct http_answer a;
	const char *etag;
	enum err e = s3_send(op, &ask, &a);

	*there = false;
	if (e == ERR_NOT_FOUND)
		return OK;
	TRY(e);
	etag = http_header(op, &a, "ETag");
	*there = etag != NULL && strcmp(s3_etag(op, etag), checksum) == 0;
	return OK;
}

static enum err
group_make(struct op *op, const struct joining *j, int from, int n,
    struct object *group)
{
	struct joining part = { .tenant = j->tenant,
	    .container = j->container, .segment = j->segment + from, .n = n };
	const char *checksum = object_parts_checksum(op, part.segment, n);
	bool there;

	*group = part.segment[0];
	group->md5 = NULL;
	if (n == 1)
		return OK;
	group->name = op_printf(op, "%s-%d", part.segment->name, n);
	for (int i = 1; i < n; i++)
		group->bytes += part.segment[i].bytes;
	part.key = s3_key(op, j->tenant, j->container, group->name);
	TRY(group_is_there(op, part.key, checksum, &there));
	return there ? OK : join_parts(op, &part, NULL, &checksum);
}

static enum err
join_groups(struct op *op, struct joining *j, const char *const *meta,
    const char **checksum)
{
	int64_t until = clock_ms() + STORAGE_BURST_MS;
	int64_t per = s3_limits.group / j->segment->bytes;
	int n = 0, all = per > 1 ? (int)((j->n + per - 1) / per) : 0;
	struct object *group = op_alloc(op, ((size_t)all + 1) * sizeof(*group));
	struct joining whole = { .key = j->key, .tenant = j->tenant,
	    .container = j->container, .segment = group, .n = all };

	if (all < 1 || all > s3_limits.parts)
		return op_fail(op, ERR_CLOUD, "%s: %d segments", j->key, j->n);
	for (int from = 0; n < all; from += (int)per, n++) {
		if (clock_ms() > until)
			return op_fail(op, ERR_CLOUD, "%d of %d segments are "
			    "joined so far", from, j->n);
		TRY(group_make(op, j, from, j->n - from < per ?
		    j->n - from : (int)per, &group[n]));
	}
	return join_parts(op, &whole, meta, checksum);
}

enum err
s3_join(struct op *op, const char *tenant, const char *container,
    const char *name, const struct object *segment, int n,
    const char *const *meta, const char **checksum)
{
	struct joining j = { .key = s3_key(op, tenant, container, name),
	    .tenant = tenant, .container = container, .n = n };

	if (n < 1)
		return op_fail(op, ERR_CLOUD, "%s: %d segments", name, n);
	if (n == 1) {
		*checksum = segment->md5;
		return copy(op, j.key, s3_key(op, tenant, container,
		    segment->name), segment, meta);
	}
	j.segment = op_alloc(op, (size_t)n * sizeof(*j.segment));
	memcpy(j.segment, segment, (size_t)n * sizeof(*j.segment));
	return n > s3_limits.parts ? join_groups(op, &j, meta, checksum) :
	    join_parts(op, &j, meta, checksum);
}

/* One page after the other: those that were removed are on none. */
enum err
s3_abandon(struct op *op, const char *tenant, const char *container,
    const char *prefix)
{
	const struct s3_ask look = { .method = "GET",
	    .query = op_printf(op, "prefix=%s&uploads=", text_escape(op,
	    s3_key(op, tenant, container, prefix))) };
	const char *at, *row;
	struct http_answer a, gone;
	bool more = true;
	enum err e;

	while (more) {
		more = false;
		TRY(s3_send(op, &look, &a));
		for (at = a.body; (row = s3_next(op, &at, "Upload")) != NULL;) {
			const struct s3_ask ask = { .method = "DELETE",
			    .key = s3_first(op, row, "Key"),
			    .query = op_printf(op, "uploadId=%s",
			    text_escape(op, s3_first(op, row, "UploadId"))) };

			e = s3_send(op, &ask, &gone);
			if (e != OK && e != ERR_NOT_FOUND)
				return e;
			more = true;
		}
	}
	return OK;
}
