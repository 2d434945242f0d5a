/*
 * The steps of a backup, whose id is the task's.  The guest writes segments
 * and, at the end, a list of them (see steps_collect.c); how much lies in
 * storage so far is how far it has come.  Whatever goes wrong, nothing of it
 * stays there.  Where no guest moves data, what happens is chosen by the
 * backup's name, for tests.
 */
#include "worker/backup.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/jsonw.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/msg/segments.h"

#include <string.h>

#define BEGIN_MS	150		/* of a rehearsal: long enough to be seen as it waits */
#define STORE_MS	400		/* ... and as it is taken */
#define CANCEL_MS	20000		/* a guest that does not hear is left alone */
#define RETRY_MS	2000
#define MORE_MS		10		/* there is more to remove */
#define SEGMENT		(32 << 20)	/* bytes; an agent with less room takes less */
#define BLOCK		100		/* segments whose names begin alike */
#define SEGMENT_SMALL	(8 << 20)	/* ... and the least that one takes */

/* --- rehearsals ----------------------------------------------------------------- */

static enum verdict
not_before(struct work *w, int ms)
{
	int64_t left = ms - work_elapsed(w);

	if (left <= 0)
		return DONE;
	w->wait_ms = (int)left;
	return WAIT;
}

static bool
ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && strcmp(s + n - m, with) == 0;
}

static enum verdict
rehearsed_order(struct work *w)
{
	struct backup_work b;

	if (work_verdict(w, backup_work_read(w->op, w->lease.id, &b)) != DONE)
		return FAIL;
	if (ends(b.name, "STUCK"))
		return WAIT;
	if (ends(b.name, "FAIL"))
		return work_fail(w, ERR_GUEST, "The backup was to fail.");
	return not_before(w, STORE_MS);
}

/* --- begin ---------------------------------------------------------------------- */

/* Who deleted one as it began, with its parent, has not seen its task to cancel it. */
static enum err
wanted_check(struct op *op, const struct backup_work *b)
{
	return !b->deleted ? OK : op_fail(op, ERR_CONFLICT,
	    "The backup was deleted.");
}

static enum err
parent_check(struct op *op, const struct backup_work *b)
{
	TRY(wanted_check(op, b));
	if (b->parent == NULL)
		return OK;
	if (!b->parent_good)
		return op_fail(op, ERR_CONFLICT, "Backup %s is not one to "
		    "stand upon: it is gone, not complete, or not of this "
		    "instance.", b->parent);
	if (b->mark == NULL)
		return op_fail(op, ERR_CONFLICT, "Backup %s does not say "
		    "where to go on: take a full one.", b->parent);
	return OK;
}

/* A storage that will never have it is known before the guest works for nothing. */
static enum err
storage_check(struct work *w, const struct backup_work *b)
{
	struct object *o;
	int n;

	return cloud_storage()->list(w->op, w->lease.tenant, b->container,
	    w->lease.id, &o, &n) == ERR_FORBIDDEN ? ERR_FORBIDDEN : OK;
}

enum verdict
backup_begin(struct work *w)
{
	struct backup_work b;
	const char *key = NULL;
	enum err e;

	if (backup_rehearsed(w)) {
		if (not_before(w, BEGIN_MS) == WAIT)
			return WAIT;
	} else {
		e = backup_work_read(w->op, w->lease.id, &b);
		if (e == OK)
			e = parent_check(w->op, &b);
		if (e == OK)
			e = storage_check(w, &b);
		if (e != OK)
			return work_verdict(w, e);
		key = b.key != NULL ? b.key :
		    backup_key_new(w->op, w->lease.id);
	}
	work_record(w, backup_begun(w->lease.id, key));
	return DONE;
}

/* All of it, from under every name; what comes later the sweep finds. */
enum verdict
backup_clear(struct work *w)
{
	struct backup_work b;
	int found, left = 0;
	enum err e;

	e = backup_work_read(w->op, w->lease.id, &b);
	if (e == OK && b.key == NULL)
		return DONE;
	if (e == OK)
		e = lease_check(w->op, &w->lease);
	if (e == OK)
		e = backup_remove(w->op, w->lease.tenant, b.container,
		    w->lease.id, &found, &left);
	w->wait_ms = left > 0 ? MORE_MS : RETRY_MS;
	w->err = e;
	if (e == ERR_FENCED || e == ERR_UNAVAILABLE)
		return FAIL;
	return e == OK && left == 0 ? DONE : WAIT;
}

/* --- order ------------------------------------------------------------------------ */

/* Until the task would have to end, at the most. */
static int
leave_seconds(const struct work *w)
{
	int64_t left = (w->lease.deadline - clock_ms()) / 1000;

	return left > BACKUP_LEAVE ? BACKUP_LEAVE : left < 60 ? 60 : (int)left;
}

/*
 * As many segments as a full volume could take, and the list of them.  Most
 * storage lets one write whatever begins so.
 */
static void
names_give(struct work *w, struct lend *ask)
{
	int64_t most = ((int64_t)w->lease.home.volume_gb << 30) /
	    SEGMENT_SMALL;
	const char **names;

	if (!cloud_storage()->signs_names)
		return;
	most += most / 4 + 8;
	ask->n = 1 + (most > SEGMENTS_MOST ? SEGMENTS_MOST : (int)most);
	ask->names = names = op_alloc(w->op, (size_t)ask->n * sizeof(*names));
	names[0] = "result";
	for (int i = 1; i < ask->n; i++)
		names[i] = op_printf(w->op, "%08d", i - 1);
}

/* Whoever has the backup's key has it. */
static const struct key *
book_key(const char *id, const char *hex, struct key *out)
{
	struct key key;

	if (!text_unhex(key.b, hex, SEAL_KEY))
		return NULL;
	seal_derive(out, &key, STORAGE_BOOK, id, 0);
	seal_wipe(&key, sizeof(key));
	return out;
}

static enum err
order_body(struct work *w, const struct backup_work *b, const char **body)
{
	const char *key, *id = w->lease.id;
	struct lend ask = { w->lease.tenant, b->container,
		op_printf(w->op, "%s_", id), .write = true,
		.seconds = leave_seconds(w) };
	struct leave leave;
	struct jsonw out;
	struct key seal;

	if (b->key == NULL)
		return op_fail(w->op, ERR_INTERNAL, "no key of a backup");
	TRY(backup_key_open(w->op, id, b->key, &key));
	TRY(lease_check(w->op, &w->lease));
	names_give(w, &ask);
	ask.seal = book_key(id, key, &seal);
	TRY(cloud_storage()->lend(w->op, &ask, &leave));
	jsonw_begin(&out, w->op, 1024);
	jsonw_map(&out);
	jsonw_kstr(&out, "backup", id);
	jsonw_kstr(&out, "key", key);
	jsonw_kint(&out, "segment_bytes", SEGMENT);
	jsonw_kstr(&out, "since", b->parent != NULL ? b->mark : NULL);
	if (verify_of() > 0)
		jsonw_kint(&out, "digest_ms",
		    (int64_t)conf_int("backup.digest") * 1000);
	jsonw_key(&out, "put");
	leave_write(&out, &ask, &leave);
	jsonw_map_end(&out);
	*body = out.out.s;
	return OK;
}

/*
 * A hundred of them at a time, from about where it was when it was looked at
 * last: all that come before are there.  Storage that does not answer says
 * nothing about the guest.
 */
static int64_t
bytes_there(struct work *w, const struct backup_work *b)
{
	int64_t each = 0, bytes, block = 0;
	struct object *o;
	int n;

	for (;;) {
		if (cloud_storage()->list(w->op, w->lease.tenant,
		    b->container, op_printf(w->op, "%s_%06lld", w->lease.id,
		    (long long)block), &o, &n) != OK) {
			log_warn(w->op, "%s", w->op->why);
			return -1;
		}
		bytes = block * BLOCK * each;
		for (int i = 0; i < n; i++)
			bytes += o[i].bytes;
		if (n < BLOCK)
			return bytes;
		if (each == 0) {
			each = o->bytes > 0 ? o->bytes : 1;
			block = b->moved / (each * BLOCK);
			block -= block > 0;
		}
		block++;
	}
}

static enum err
order_goes_on(struct work *w, const char **body)
{
	struct backup_work b;

	TRY(backup_work_read(w->op, w->lease.id, &b));
	TRY(wanted_check(w->op, &b));
	TRY(backup_moved(w, bytes_there(w, &b),
	    w->lease.guest.used_bytes));
	return order_body(w, &b, body);
}

enum verdict
backup_order(struct work *w)
{
	const char *body = NULL;
	enum verdict v;
	enum err e;

	if (backup_rehearsed(w))
		return rehearsed_order(w);
	v = work_order(w, ORDER_BACKUP, NULL);
	if (v != WAIT)
		return v;
	e = order_goes_on(w, &body);
	return backup_goes_on(w, e, body);
}

/* One that said how its order ended has nothing to be stopped. */
enum verdict
backup_cancel(struct work *w)
{
	const char *id = op_printf(w->op, "%s:order", w->lease.id);
	enum verdict v;

	if (backup_rehearsed(w))
		return DONE;
	if (work_verdict(w, work_guest(w)) != DONE)
		return FAIL;
	if (w->lease.guest.order != NULL &&
	    strcmp(w->lease.guest.order, id) == 0)
		return DONE;
	if (work_elapsed(w) >= CANCEL_MS)
		return DONE;
	v = work_order(w, ORDER_CANCEL, "{}");
	return v == FAIL && w->err != ERR_UNAVAILABLE && w->err != ERR_FENCED ?
	    DONE : v;
}

int
backup_done(struct work *w, bool good, struct call *call)
{
	call[0] = backup_ended(w->op, w->lease.id, w->lease.instance,
	    good ? "COMPLETED" : "FAILED", verify_of());
	return 1;
}
