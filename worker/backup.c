#include "worker/backup.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"
#include "lib/msg/digest.h"
#include "lib/msg/segments.h"

#include <string.h>

#define LOOK_MS		2000		/* between two looks at how far it is */
#define NAME_DIGITS	8
#define MD5_DIGITS	32
#define MARK_MOST	1024
#define SEGMENT_MOST	((int64_t)2 << 30)	/* bytes; the contract's */

bool
backup_rehearsed(const struct work *w)
{
	return cloud_compute()->guestless ||
	    strcmp(cloud_compute()->name, "fake") == 0 ||
	    strcmp(w->lease.home.engine, "null") == 0;
}

/* --- keys ----------------------------------------------------------------------- */

static const char *
key_about(struct op *op, const char *id)
{
	return op_printf(op, "backup key %s", id);
}

const char *
backup_key_new(struct op *op, const char *id)
{
	unsigned char key[SEAL_KEY];
	char hex[2 * SEAL_KEY + 1];
	const char *sealed;

	seal_random(key, sizeof(key));
	text_hex(hex, key, sizeof(key));
	sealed = seal_text(op, seal_master(), key_about(op, id), hex);
	seal_wipe(key, sizeof(key));
	seal_wipe(hex, sizeof(hex));
	return sealed;
}

enum err
backup_key_open(struct op *op, const char *id, const char *sealed,
    const char **hex)
{
	return seal_untext(op, seal_master(), key_about(op, id), sealed, hex);
}

/* --- what the guest says --------------------------------------------------------- */

static enum err
odd(struct op *op, const char *what)
{
	return op_fail(op, ERR_GUEST,
	    "The guest's list of what it stored is wrong: %s.", what);
}

static bool
is_md5(const char *s)
{
	return s != NULL && strlen(s) == MD5_DIGITS &&
	    strspn(s, "0123456789abcdef") == MD5_DIGITS;
}

/* Its name may be whole, or only what stands behind the backup's id. */
static enum err
segment_read(struct op *op, const char *id, int nth, const struct json *j,
    struct object *o)
{
	const char *said = json_str(json_get(j, "name"));
	const char *name = op_printf(op, "%s_%0*d", id, NAME_DIGITS, nth);

	*o = (struct object){ .name = name,
	    .bytes = json_int(json_get(j, "bytes")),
	    .md5 = json_str(json_get(j, "md5")) };
	if (said == NULL || (strcmp(said, name) != 0 &&
	    strcmp(said, name + UUID_LEN + 1) != 0))
		return odd(op, op_printf(op, "segment %d is called otherwise",
		    nth));
	if (o->bytes <= 0 || o->bytes > SEGMENT_MOST || !is_md5(o->md5))
		return odd(op, op_printf(op, "size or checksum of %s", name));
	return OK;
}

/* Many, all but the last of one size: lib/msg/segments.h. */
static enum err
unpack(struct op *op, const struct json *j, int64_t bytes,
    struct object **out, int *n)
{
	const char *md5 = json_str(json_get(j, "md5"));
	int64_t each = json_int(json_get(j, "each"));
	size_t len = md5 != NULL ? strlen(md5) : 0;
	struct object *o;

	*n = (int)(len / MD5_DIGITS);
	if (*n < 1 || *n > SEGMENTS_MOST || len % MD5_DIGITS != 0 ||
	    strspn(md5, "0123456789abcdef") != len || each < 1 ||
	    each > SEGMENT_MOST || (bytes + each - 1) / each != *n)
		return ERR_GUEST;
	*out = o = op_alloc(op, (size_t)*n * sizeof(*o));
	for (int i = 0; i < *n; i++)
		o[i] = (struct object){ .bytes = i < *n - 1 ? each :
		    bytes - i * each, .md5 = op_strndup(op, md5 +
		    i * MD5_DIGITS, MD5_DIGITS) };
	return OK;
}

static enum err
segments_unpack(struct op *op, const char *id, const struct json *j,
    struct backup_result *r)
{
	if (unpack(op, j, r->bytes, &r->segment, &r->n) != OK)
		return odd(op, "sizes or checksums of the segments");
	for (int i = 0; i < r->n; i++)
		r->segment[i].name = op_printf(op, "%s_%0*d", id, NAME_DIGITS,
		    i);
	return OK;
}

static enum err
segments_read(struct op *op, const char *id, const struct json *list,
    struct backup_result *r)
{
	size_t n = json_count(list);
	int64_t sum = 0;

	if (json_kind(list) == JSON_MAP)
		return segments_unpack(op, id, list, r);
	if (json_kind(list) != JSON_LIST || n == 0)
		return odd(op, "no segments");
	r->n = (int)n;
	r->segment = op_alloc(op, n * sizeof(*r->segment));
	for (int i = 0; i < r->n; i++) {
		TRY(segment_read(op, id, i, json_at(list, (size_t)i),
		    &r->segment[i]));
		sum += r->segment[i].bytes;
	}
	return sum == r->bytes ? OK : odd(op, "the sum of bytes");
}

static bool
is_mark(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > MARK_MOST)
		return false;
	while (*s >= ' ' && *s <= '~')
		s++;
	return *s == '\0';
}

/* What is not stored as it came: written anew from what was understood. */
static enum err
known_read(struct op *op, const struct json *j, struct backup_result *r)
{
	struct digest d;

	if (json_kind(j) == JSON_NULL)
		return OK;
	TRY(digest_read(op, j, &d));
	r->digest = digest_write(op, &d);
	return OK;
}

enum err
backup_result_read(struct op *op, const char *id, const char *text, size_t len,
    struct backup_result *r)
{
	const struct json *j, *mark;

	*r = (struct backup_result){ 0 };
	if (json_parse(op, text, len, &j) != OK)
		return odd(op, "no JSON");
	mark = json_get(j, "mark");
	r->mark = json_str(mark);
	r->bytes = json_int(json_get(j, "bytes"));
	r->plain = json_int(json_get(j, "plain_bytes"));
	if (json_kind(mark) != JSON_NULL &&
	    (r->mark == NULL || !is_mark(r->mark)))
		return odd(op, "the mark");
	if (r->plain < 0 || r->plain > BACKUP_MOST)
		return odd(op, "the bytes of data");
	if (r->bytes > BACKUP_MOST)
		return odd(op, "the sum of bytes");
	TRY(known_read(op, json_get(j, "digest"), r));
	return segments_read(op, id, json_get(j, "segments"), r);
}

/* Of those from here on, how many lie in one object? */
static int
absorbed(const struct object *s, int n)
{
	int k = 1;

	while (k < n && strcmp(s[k].name, s->name) == 0)
		k++;
	return k;
}

bool
backup_object_is(struct op *op, const struct object *there,
    const struct object *s, int n, const char *checksum)
{
	const char *md5 = n == 1 ? s->md5 : checksum != NULL ? checksum :
	    object_parts_checksum(op, s, n);
	int64_t bytes = 0;

	for (int i = 0; i < n; i++)
		bytes += s[i].bytes;
	return there->bytes == bytes &&
	    (there->md5 == NULL || strcmp(there->md5, md5) == 0);
}

/* The list is in order of name, as the segments are. */
enum err
backup_result_check(struct op *op, const struct backup_result *r,
    const struct object *there, int n)
{
	int at = 0, k;

	for (int i = 0; i < r->n; i += k) {
		const struct object *s = &r->segment[i];

		k = absorbed(s, r->n - i);
		while (at < n && strcmp(there[at].name, s->name) < 0)
			at++;
		if (at == n || strcmp(there[at].name, s->name) != 0)
			return op_fail(op, ERR_GUEST,
			    "Segment %s of the backup is missing.", s->name);
		if (!backup_object_is(op, &there[at], s, k, r->checksum))
			return op_fail(op, ERR_GUEST, "Segment %s of the "
			    "backup is not as it was written.", s->name);
	}
	return OK;
}

/* --- as a row keeps it -------------------------------------------------------------- */

int64_t
backup_segments_each(const struct object *o, int n)
{
	int i = 1;

	while (i < n - 1 && o[i].bytes == o->bytes)
		i++;
	return i >= n - 1 && o[n - 1].bytes <= o->bytes ? o->bytes : 0;
}

/* Either all of them lie in one object, or each in its own: the first one's name says it. */
static const char *
packed(struct op *op, const struct object *o, int n)
{
	struct text md5s;
	int64_t bytes = 0;
	struct jsonw w;

	text_begin(&md5s, op, (size_t)n * MD5_DIGITS + 1);
	for (int i = 0; i < n; i++) {
		text_addn(&md5s, o[i].md5, MD5_DIGITS);
		bytes += o[i].bytes;
	}
	jsonw_begin(&w, op, md5s.len + 256);
	jsonw_map(&w);
	jsonw_kstr(&w, "name", o->name);
	jsonw_kbool(&w, "whole", strcmp(o[0].name, o[n - 1].name) == 0);
	jsonw_kint(&w, "bytes", bytes);
	jsonw_kint(&w, "each", o->bytes);
	jsonw_kstr(&w, "md5", md5s.s);
	jsonw_map_end(&w);
	return w.out.s;
}

const char *
backup_segments_text(struct op *op, const struct object *o, int n)
{
	struct jsonw w;

	if (n > SEGMENTS_LISTED && backup_segments_each(o, n) > 0)
		return packed(op, o, n);
	jsonw_begin(&w, op, 128 * (size_t)n);
	jsonw_list(&w);
	for (int i = 0; i < n; i++) {
		jsonw_map(&w);
		jsonw_kstr(&w, "name", o[i].name);
		jsonw_kint(&w, "bytes", o[i].bytes);
		jsonw_kstr(&w, "md5", o[i].md5);
		jsonw_map_end(&w);
	}
	jsonw_list_end(&w);
	return w.out.s;
}

static enum err
unpacked(struct op *op, const struct json *j, struct object **out, int *n)
{
	const char *name = json_str(json_get(j, "name"));
	size_t len = name != NULL ? strlen(name) : 0;

	if (len <= UUID_LEN + 1 || unpack(op, j,
	    json_int(json_get(j, "bytes")), out, n) != OK)
		return op_fail(op, ERR_INTERNAL,
		    "The backup's list of segments is damaged.");
	for (int i = 0; i < *n; i++)
		(*out)[i].name = json_true(json_get(j, "whole")) ? name :
		    op_printf(op, "%.*s%0*d", UUID_LEN + 1, name, NAME_DIGITS,
		    i);
	return OK;
}

enum err
backup_segments_read(struct op *op, const char *text, struct object **out,
    int *n)
{
	const struct json *list = NULL;

	*n = 0;
	if (text == NULL || json_parse(op, text, strlen(text), &list) != OK)
		return op_fail(op, ERR_INTERNAL,
		    "The backup's list of segments cannot be read.");
	if (json_kind(list) == JSON_MAP)
		return unpacked(op, list, out, n);
	*n = (int)json_count(list);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++) {
		const struct json *j = json_at(list, (size_t)i);

		(*out)[i] = (struct object){
			.name = json_str(json_get(j, "name")),
			.bytes = json_int(json_get(j, "bytes")),
			.md5 = json_str(json_get(j, "md5")),
		};
		if ((*out)[i].name == NULL ||
		    strlen((*out)[i].name) <= UUID_LEN + 1)
			return op_fail(op, ERR_INTERNAL,
			    "The backup's list of segments is damaged.");
	}
	return OK;
}

/* --- progress ------------------------------------------------------------------------- */

enum err
backup_moved(struct work *w, int64_t bytes, int64_t of)
{
	const struct call call = task_moved(w->op, w->lease.id, bytes, of,
	    w->lease.instance);
	int64_t stall = (int64_t)conf_int("backup.stall") * 1000;
	int64_t expiry = (int64_t)conf_int("guest.expiry") * 1000;
	int64_t still, silent;
	struct rows row;

	TRY(lease_write(w->op, &w->lease, &row, 1, &call));
	task_moved_read(&row, &still, &silent);
	if (still > expiry && (silent < 0 || silent > expiry))
		return op_fail(w->op, ERR_GUEST,
		    "Timeout trying to connect to the Guest Agent.");
	if (still > stall)
		return op_fail(w->op, ERR_GUEST,
		    "No data were moved for %d seconds.",
		    conf_int("backup.stall"));
	return OK;
}

enum err
backup_heard(struct work *w)
{
	const struct call call = task_moved(w->op, w->lease.id, -1, 0,
	    w->lease.instance);
	int64_t expiry = (int64_t)conf_int("guest.expiry") * 1000;
	int64_t still, silent;
	struct rows row;

	TRY(lease_write(w->op, &w->lease, &row, 1, &call));
	task_moved_read(&row, &still, &silent);
	if (still > expiry && (silent < 0 || silent > expiry))
		return op_fail(w->op, ERR_GUEST,
		    "Timeout trying to connect to the Guest Agent.");
	return OK;
}

enum verdict
backup_goes_on(struct work *w, enum err e, const char *body)
{
	w->wait_ms = LOOK_MS;
	w->tell.body = body;
	if (e == OK)
		return WAIT;
	w->tell.kind = ORDER_NONE;
	w->err = e;
	return e == ERR_CLOUD ? WAIT : FAIL;
}

/* --- storage ---------------------------------------------------------------------------- */

enum err
backup_remove(struct op *op, const char *tenant, const char *container,
    const char *id, int *found, int *left)
{
	const struct storage_driver *s = cloud_storage();
	int64_t until = clock_ms() + STORAGE_BURST_MS;
	struct object *o;
	int i = 0;

	*left = 0;
	TRY(s->list(op, tenant, container, id, &o, found));
	for (; i < *found && i < BACKUP_REMOVE_MOST &&
	    (i == 0 || clock_ms() < until); i++)
		TRY(s->remove(op, tenant, container, o[i].name));
	*left = *found - i;
	if (*left == 0 && s->abandon != NULL)
		TRY(s->abandon(op, tenant, container, id));
	return OK;
}
