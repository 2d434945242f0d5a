/*
 * What deleted and failed backups left in storage goes, whoever died on the
 * way: the rows say what is to be looked for, and until when.
 */
#include "worker/backup.h"
#include "worker/duties.h"
#include "lib/base/log.h"

#define AT_ONCE 8		/* each has a minute */

static enum err
sweep_one(struct op *op, const struct backup_trace *t)
{
	int found, left;

	TRY(backup_remove(op, t->tenant, t->container, t->id, &found, &left));
	if (found > 0)
		log_info(op, "backup %s: %d objects removed from storage, %d "
		    "are left", t->id, found - left, left);
	return backup_swept(op, t->id, found == 0, BACKUP_LEAVE);
}

enum err
duty_backups(struct op *op, const char *host)
{
	struct backup_trace *t;
	int n;

	(void)host;
	TRY(backups_sweep(op, AT_ONCE, &t, &n));
	for (int i = 0; i < n; i++)
		TRY(duty_one(op, sweep_one(op, &t[i]), t[i].id));
	return OK;
}
