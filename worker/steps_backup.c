/*
 * The steps of a backup, whose id is the task's.  So far only the null engine
 * takes any: it has no data, so there is nothing to ask its guest for, and what
 * it does can be chosen by the backup's name, for tests.
 */
#include "worker/flow.h"
#include "lib/store/backups.h"

#include <string.h>

#define STORE		"http://127.0.0.1:8080/v1/AUTH_fake"	/* nothing is there */
#define SIZE		"0.14"		/* GB */
#define BEGIN_MS	150		/* long enough to be seen as it waits */
#define STORE_MS	400		/* ... and as it is taken */

static enum verdict
not_before(struct work *w, int ms)
{
	int64_t left = ms - work_elapsed(w);

	if (left <= 0)
		return DONE;
	w->wait_ms = (int)left;
	return WAIT;
}

enum verdict
backup_begin(struct work *w)
{
	if (not_before(w, BEGIN_MS) == WAIT)
		return WAIT;
	work_record(w, backup_begun(w->lease.id));
	return DONE;
}

static bool
ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && strcmp(s + n - m, with) == 0;
}

static enum err
args_read(struct work *w, const char **name, const char **container)
{
	const struct json *j;
	const char *args;

	TRY(lease_args(w->op, &w->lease, &args));
	if (args == NULL)
		return op_fail(w->op, ERR_INTERNAL, "no args of a backup");
	TRY(json_parse(w->op, args, strlen(args), &j));
	*name = json_str(json_get(j, "name"));
	*container = json_str(json_get(j, "container"));
	return *name != NULL && *container != NULL ? OK :
	    op_fail(w->op, ERR_INTERNAL, "args of a backup: %s", args);
}

enum verdict
backup_store(struct work *w)
{
	const char *name = NULL, *container = NULL;

	if (work_verdict(w, args_read(w, &name, &container)) != DONE)
		return FAIL;
	if (ends(name, "STUCK"))
		return WAIT;
	if (ends(name, "FAIL"))
		return work_fail(w, ERR_GUEST, "The backup was to fail.");
	if (not_before(w, STORE_MS) == WAIT)
		return WAIT;
	work_record(w, backup_stored(w->lease.id, op_printf(w->op,
	    "%s/%s/%s.xbstream.gz", STORE, container, w->lease.id), SIZE));
	return DONE;
}

int
backup_done(struct work *w, bool good, struct call *call)
{
	call[0] = backup_ended(w->lease.id, w->lease.instance,
	    good ? "COMPLETED" : "FAILED");
	return 1;
}
