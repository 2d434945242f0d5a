/*
 * The last steps of a backup: what the guest says that it stored is compared
 * with what lies there, and becomes one object that clients can read.
 */
#include "worker/backup.h"
#include "lib/base/clock.h"
#include "lib/base/engines.h"
#include "lib/base/log.h"

#include <string.h>

#define REHEARSED_AT	"http://127.0.0.1:8080/v1/AUTH_fake"	/* nothing is there */
#define REHEARSED_GB	"0.14"
#define RESULT_MOST	((size_t)7 << 20)
#define REMOVE_MS	2500
#define GB		((double)(1 << 30))

struct taken {				/* one backup, as it is collected */
	struct backup_work	 b;
	struct backup_result	 r;
	const char		*object;	/* name of the whole */
	const char		*checksum;
};

static const char *
suffix(const struct backup_work *b)
{
	const struct engine *e = b->engine == NULL ? NULL :
	    engine_find(b->engine);

	return e != NULL && e->suffix != NULL ? e->suffix : "data";
}

static const char *
result_name(struct work *w)
{
	return op_printf(w->op, "%s_result", w->lease.id);
}

/* --- the whole -------------------------------------------------------------------- */

static enum err
join(struct work *w, struct taken *t)
{
	const struct backup_work *b = &t->b;
	const char *meta[11] = {
		"datastore", b->datastore != NULL ? b->datastore : "",
		"datastore-version", b->version != NULL ? b->version : "",
	};
	int m = 4;

	if (t->r.mark != NULL) {
		meta[m++] = "lsn";
		meta[m++] = t->r.mark;
	}
	if (b->parent != NULL && b->parent_location != NULL) {
		meta[m++] = "parent-location";
		meta[m++] = b->parent_location;
		meta[m++] = "parent-checksum";
		meta[m++] = b->parent_checksum;
	}
	TRY(lease_check(w->op, &w->lease));
	return cloud_storage()->join(w->op, w->lease.tenant, b->container,
	    t->object, t->r.segment, t->r.n, meta, &t->checksum);
}

/* Segments that are to be none any more; a single one always is. */
static bool
are_absorbed(const struct taken *t)
{
	return t->r.n == 1 || cloud_storage()->absorbs;
}

/* They became the whole, and are no more: by an attempt before this one, too. */
static bool
became_whole(struct work *w, struct taken *t, const struct object *there,
    int n)
{
	int at = 0;

	while (at < n && strcmp(there[at].name, t->object) != 0)
		at++;
	if (!are_absorbed(t) || at == n || there[at].md5 == NULL)
		return false;
	t->checksum = there[at].md5;
	return backup_object_is(w->op, &there[at], t->r.segment, t->r.n,
	    t->r.n > STORAGE_PARTS ? t->checksum : NULL);
}

/*
 * Whatever is in the whole, now or since an attempt that did not get as far;
 * some at a time.  Storage may have made groups of them on the way.
 */
static enum err
rest_remove(struct work *w, const struct taken *t)
{
	int64_t until = clock_ms() + REMOVE_MS;
	struct object *there;
	int n;

	TRY(cloud_storage()->list(w->op, w->lease.tenant, t->b.container,
	    op_printf(w->op, "%s_0", w->lease.id), &there, &n));
	for (int i = 0; i < n; i++) {
		if (clock_ms() > until)
			return op_fail(w->op, ERR_CLOUD, "%d of %d segments "
			    "that were joined are removed so far.", i, n);
		TRY(cloud_storage()->remove(w->op, w->lease.tenant,
		    t->b.container, there[i].name));
	}
	return OK;
}

static enum err
make_whole(struct work *w, struct taken *t)
{
	struct object *there;
	bool before;
	int n;

	TRY(cloud_storage()->list(w->op, w->lease.tenant, t->b.container,
	    w->lease.id, &there, &n));
	before = became_whole(w, t, there, n);
	if (!before) {
		TRY(backup_result_check(w->op, &t->r, there, n));
		TRY(join(w, t));
	}
	if (before || cloud_storage()->absorbs)
		TRY(rest_remove(w, t));
	for (int i = 0; are_absorbed(t) && i < t->r.n; i++)
		t->r.segment[i].name = t->object;
	return OK;
}

/* An order that restores it has to hold what to do with each it stands upon, too. */
static enum err
chain_check(struct work *w)
{
	struct backup_link *link;
	int links;

	TRY(backup_chain(w->op, w->lease.id, &link, &links));
	for (int i = 0; i < links - 1; i++)
		if (link[i].segments == NULL)
			return op_fail(w->op, ERR_CONFLICT, "Backup %s, upon "
			    "which this one stands, is gone.", link[i].id);
	return links <= BACKUP_LINKS ? OK : op_fail(w->op, ERR_CONFLICT,
	    "The backup stands upon %d others, and one that stood upon more "
	    "than %d could not be restored: take a full one.", links - 1,
	    BACKUP_LINKS - 1);
}

/* --- steps ------------------------------------------------------------------------ */

/* GB, of what the volume holds; two places, and never nothing. */
static const char *
size(struct work *w, const struct taken *t)
{
	int64_t used = w->lease.guest.used_bytes;
	double gb = (double)(used > 0 ? used : t->r.plain) / GB;

	return op_printf(w->op, "%.2f", gb < 0.01 ? 0.01 : gb);
}

static void
record(struct work *w, const struct taken *t)
{
	const struct backup_stored s = {
		.location = cloud_storage()->location(w->op, w->lease.tenant,
		    t->b.container, t->object),
		.gb = size(w, t), .checksum = t->checksum,
		.mark = t->r.mark,
		.segments = backup_segments_text(w->op, t->r.segment, t->r.n),
		.stored = t->r.bytes, .plain = t->r.plain,
		.digest = t->r.digest,
	};

	work_record(w, backup_stored(w->op, w->lease.id, &s));
	work_record(w, task_moved(w->op, w->lease.id, t->r.bytes,
	    w->lease.guest.used_bytes, w->lease.instance));
}

static void
record_rehearsed(struct work *w, const struct backup_work *b)
{
	const struct backup_stored s = {
		.location = op_printf(w->op, "%s/%s/%s.xbstream.gz",
		    REHEARSED_AT, b->container, w->lease.id),
		.gb = REHEARSED_GB, .stored = -1, .plain = -1,
	};

	work_record(w, backup_stored(w->op, w->lease.id, &s));
}

static enum err
collect(struct work *w)
{
	struct taken t = { 0 };
	const char *text;
	size_t len;
	enum err e;

	TRY(backup_work_read(w->op, w->lease.id, &t.b));
	if (backup_rehearsed(w)) {
		record_rehearsed(w, &t.b);
		return OK;
	}
	t.object = op_printf(w->op, "%s.%s", w->lease.id, suffix(&t.b));
	e = cloud_storage()->read(w->op, w->lease.tenant, t.b.container,
	    result_name(w), RESULT_MOST, &text, &len);
	if (e == ERR_NOT_FOUND)
		return op_fail(w->op, ERR_GUEST,
		    "The guest left no list of what it stored.");
	TRY(e);
	TRY(backup_result_read(w->op, w->lease.id, text, len, &t.r));
	TRY(work_guest(w));
	TRY(chain_check(w));
	TRY(make_whole(w, &t));
	record(w, &t);
	return OK;
}

/* Storage may be away for a moment. */
enum verdict
backup_collect(struct work *w)
{
	enum err e = collect(w);

	if (e != ERR_CLOUD)
		return work_verdict(w, e);
	w->err = e;
	return WAIT;
}

/* Of a backup that is complete: what it leaves goes with it, one day. */
enum verdict
backup_tidy(struct work *w)
{
	const struct storage_driver *s = cloud_storage();
	const char *tenant = w->lease.tenant;
	struct backup_work b;
	enum err e;

	if (backup_rehearsed(w))
		return DONE;
	if (work_verdict(w, backup_work_read(w->op, w->lease.id, &b)) != DONE)
		return FAIL;
	e = s->remove(w->op, tenant, b.container, result_name(w));
	if (e == OK && s->signs_names)
		e = s->remove(w->op, tenant, b.container, op_printf(w->op,
		    "%s_" STORAGE_BOOK, w->lease.id));
	if (e != OK)
		log_warn(w->op, "%s", w->op->why);
	w->op->why = NULL;
	return DONE;
}
