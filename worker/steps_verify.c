/*
 * A backup is tried: restored into an instance that nobody sees, whose engine
 * checks it and compares it with what was known when it was taken.  What is
 * found is written with the task's end, and with it the task that removes the
 * instance; so whoever dies, neither gets lost.  Where the fault may be ours
 * it is tried again, and never called the backup's.
 */
#include "worker/backup.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/store/verify.h"

#include <string.h>

#define CERTAIN		3		/* so often a guest that fails is not believed */
#define TRIES		5
#define AGAIN_S		60		/* until it is tried again; four times as long each time */

int
verify_of(void)
{
	const char *policy = conf_str("backup.verify");
	int sample = conf_int("backup.verify_sample");

	if (verify_slots() == 0)
		return 0;
	if (strcmp(policy, "always") == 0)
		return 1;
	if (strcmp(policy, "sampled") == 0)
		return sample < 1 ? 1 : sample;
	return 0;
}

/* --- steps ------------------------------------------------------------------------ */

/* A guest that is silent, or that cannot reach storage, says nothing about the backup. */
static enum verdict
of_the_backup(struct work *w, enum verdict v)
{
	const struct guest_said *g = &w->lease.guest;
	const char *id = op_printf(w->op, "%s:%s", w->lease.id,
	    w->step->name);

	if (v == FAIL && w->err == ERR_GUEST && (g->order == NULL ||
	    strcmp(g->order, id) != 0 || g->err == NULL ||
	    strcmp(g->err, err_name(ERR_UNAVAILABLE)) == 0))
		w->err = ERR_CLOUD;
	return v;
}

enum verdict
verify_restore(struct work *w)
{
	return of_the_backup(w, guest_restore(w));
}

static enum err
check_goes_on(struct work *w, const char **body)
{
	struct verify_work v;

	TRY(backup_heard(w));
	TRY(verify_read(w->op, w->lease.home.verifies, &v));
	*body = op_printf(w->op, "{\"digest\": %s}",
	    v.digest != NULL ? v.digest : "null");
	return OK;
}

enum verdict
verify_check(struct work *w)
{
	const char *body = NULL;
	enum verdict v;
	enum err e;

	if (cloud_compute()->guestless)
		return DONE;
	v = work_order(w, ORDER_VERIFY, NULL);
	if (v == WAIT) {
		e = check_goes_on(w, &body);
		v = backup_goes_on(w, e, body);
		w->more_ms = w->wait_ms;
	}
	return of_the_backup(w, v);
}

/* --- what came of it ----------------------------------------------------------------- */

/* Whose fault was it?  Whatever happened before the backup was touched is ours. */
static bool
is_the_backups(const struct work *w, enum err e, int tries)
{
	static const char *const its[] = { "restore", "prepare", "check", NULL };
	const char *const *step = its;

	while (*step != NULL && (w->lease.failed_step == NULL ||
	    strcmp(*step, w->lease.failed_step) != 0))
		step++;
	if (*step == NULL)
		return false;
	switch (e) {
	case ERR_UNPROCESSABLE:
	case ERR_CONFLICT:
	case ERR_FORGED:
	case ERR_NOT_FOUND:
		return true;
	case ERR_GUEST:
	case ERR_BAD_REQUEST:
		return tries >= CERTAIN;
	default:
		return false;
	}
}

static struct call
found(struct work *w, bool good)
{
	const char *backup = w->lease.home.verifies, *why = NULL;
	struct verify_work v = { .tries = 1 };
	enum err e;
	int again = AGAIN_S;

	if (good)
		return verify_good(backup);
	e = task_error_read(w->op, w->lease.error, &why);
	if (verify_read(w->op, backup, &v) != OK)
		log_warn(w->op, "%s", w->op->why);
	if (is_the_backups(w, e, v.tries))
		return verify_bad(backup, why);
	for (int i = 1; i < v.tries; i++)
		again *= 4;
	return verify_unknown(w->op, backup, why,
	    v.tries < TRIES ? again : -1);
}

int
verify_ended(struct work *w, bool good, struct call *call)
{
	if (w->lease.home.verifies == NULL)
		return 0;
	call[0] = found(w, good);
	call[1] = verify_remove(w->op, w->lease.instance, &w->rings);
	return 2;
}
