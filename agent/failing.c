/*
 * failing - the null engine, except for what the environment variable
 * COFFER_FAIL or the setting agent.fail asks: "database_create:1,grant:3" makes
 * the first creation of a database and the third grant of this process fail,
 * once each.  "restore_early:1": backups are large, and restores say that all is
 * well without having read them.
 */
#include "agent/datastore.h"
#include "agent/figures.h"

#include "lib/base/clock.h"
#include "lib/base/conf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum call { PREPARE, START, STOP, RETUNE, STATUS, DATABASE_CREATE,
	    DATABASE_DELETE,
	    DATABASE_SHOW, DATABASE_LIST, USER_CREATE, USER_DELETE, USER_LIST,
	    USER_SHOW, USER_UPDATE, GRANT, REVOKE, CONFIGURE, ROOT_ENABLE,
	    ROOT_DISABLE, LOG_LIST, LOG_SET, BACKUP, RESTORE, RESTORED,
	    CALL__MAX };

static const char *const calls[] = {
	[PREPARE] = "prepare", [START] = "start", [STOP] = "stop",
	[RETUNE] = "retune", [STATUS] = "status",
	[DATABASE_CREATE] = "database_create",
	[DATABASE_DELETE] = "database_delete",
	[DATABASE_SHOW] = "database_show", [DATABASE_LIST] = "database_list",
	[USER_CREATE] = "user_create", [USER_DELETE] = "user_delete",
	[USER_LIST] = "user_list", [USER_SHOW] = "user_show",
	[USER_UPDATE] = "user_update", [GRANT] = "grant",
	[REVOKE] = "revoke", [CONFIGURE] = "configure",
	[ROOT_ENABLE] = "root_enable",
	[ROOT_DISABLE] = "root_disable", [LOG_LIST] = "log_list",
	[LOG_SET] = "log_set", [BACKUP] = "backup", [RESTORE] = "restore",
	[RESTORED] = "restored",
};
_Static_assert(sizeof(calls) / sizeof(calls[0]) == CALL__MAX,
    "every call has a name");

static int made[CALL__MAX];

/* Which call of this name is to fail; 0: none. */
static int
asked(const char *name)
{
	const char *s = getenv("COFFER_FAIL");
	size_t len = strlen(name);

	if (s == NULL)
		s = conf_str("agent.fail");
	while (s != NULL && *s != '\0') {
		if (strncmp(s, name, len) == 0 && s[len] == ':')
			return atoi(s + len + 1);
		s += strcspn(s, ",");
		s += *s == ',';
	}
	return 0;
}

static enum err
fails(struct op *op, enum call call)
{
	if (++made[call] == asked(calls[call]))
		return op_fail(op, ERR_GUEST, "%s fails, as it was asked to",
		    calls[call]);
	return OK;
}

static enum err
failing_prepare(struct op *op)
{
	clock_sleep_ms(conf_int("agent.fail_slowly"));
	return fails(op, PREPARE);
}

static enum err
failing_start(struct op *op)
{
	TRY(fails(op, START));
	return datastore_null.start(op);
}

static enum err
failing_stop(struct op *op)
{
	TRY(fails(op, STOP));
	return datastore_null.stop(op);
}

static enum err
failing_retune(struct op *op, int memory_mb)
{
	TRY(fails(op, RETUNE));
	return datastore_null.retune(op, memory_mb);
}

static enum err
failing_status(struct op *op, enum db_status *status)
{
	TRY(fails(op, STATUS));
	return datastore_null.status(op, status);
}

static int
failing_pid(void)
{
	return datastore_null.pid();
}

static void
failing_usage(int64_t *used, int64_t *total)
{
	datastore_null.usage(used, total);
}

static int
failing_watch(void)
{
	return datastore_null.watch();
}

static enum err
failing_database_create(struct op *op, const struct db_database *d)
{
	TRY(fails(op, DATABASE_CREATE));
	return datastore_null.database_create(op, d);
}

static enum err
failing_database_delete(struct op *op, const char *name)
{
	TRY(fails(op, DATABASE_DELETE));
	return datastore_null.database_delete(op, name);
}

static enum err
failing_database_show(struct op *op, const char *name)
{
	TRY(fails(op, DATABASE_SHOW));
	return datastore_null.database_show(op, name);
}

static enum err
failing_database_list(struct op *op, const struct db_page *page,
    db_found found, void *arg)
{
	TRY(fails(op, DATABASE_LIST));
	return datastore_null.database_list(op, page, found, arg);
}

static enum err
failing_user_create(struct op *op, const struct db_user *u)
{
	TRY(fails(op, USER_CREATE));
	return datastore_null.user_create(op, u);
}

static enum err
failing_user_delete(struct op *op, const struct db_user *u)
{
	TRY(fails(op, USER_DELETE));
	return datastore_null.user_delete(op, u);
}

static enum err
failing_user_list(struct op *op, const struct db_page *page, db_found found,
    void *arg)
{
	TRY(fails(op, USER_LIST));
	return datastore_null.user_list(op, page, found, arg);
}

static enum err
failing_user_show(struct op *op, const struct db_user *u, db_found found,
    void *arg)
{
	TRY(fails(op, USER_SHOW));
	return datastore_null.user_show(op, u, found, arg);
}

static enum err
failing_user_update(struct op *op, const struct db_user *u,
    const struct db_user *to)
{
	TRY(fails(op, USER_UPDATE));
	return datastore_null.user_update(op, u, to);
}

static enum err
failing_grant(struct op *op, const struct db_user *u, const char *database)
{
	TRY(fails(op, GRANT));
	return datastore_null.grant(op, u, database);
}

static enum err
failing_revoke(struct op *op, const struct db_user *u, const char *database)
{
	TRY(fails(op, REVOKE));
	return datastore_null.revoke(op, u, database);
}

static enum err
failing_configure(struct op *op, const struct db_setting *s)
{
	TRY(fails(op, CONFIGURE));
	return datastore_null.configure(op, s);
}

static enum err
failing_root_enable(struct op *op, const char *password)
{
	TRY(fails(op, ROOT_ENABLE));
	return datastore_null.root_enable(op, password);
}

static enum err
failing_root_disable(struct op *op)
{
	TRY(fails(op, ROOT_DISABLE));
	return datastore_null.root_disable(op);
}

static enum err
failing_log_list(struct op *op, const struct db_log **out)
{
	TRY(fails(op, LOG_LIST));
	return datastore_null.log_list(op, out);
}

static enum err
failing_log_set(struct op *op, const char *name, bool on)
{
	TRY(fails(op, LOG_SET));
	return datastore_null.log_set(op, name, on);
}

static enum err
failing_backup(struct op *op, const char *since, int fd, const char **mark)
{
	static const char nothing[65536];

	TRY(datastore_null.backup(op, since, fd, mark));
	/* More than a pipe takes that nobody reads. */
	for (int i = 0; i < 64 && asked("restore_early") != 0; i++)
		if (write(fd, nothing, sizeof(nothing)) == -1)
			return op_fail(op, ERR_GUEST, "write fails");
	return fails(op, BACKUP);	/* at the end: all of it has been stored */
}

static enum err
failing_restore(struct op *op, int nth, int fd)
{
	TRY(fails(op, RESTORE));
	if (asked("restore_early") != 0)
		return OK;
	return datastore_null.restore(op, nth, fd);
}

static enum err
failing_restored(struct op *op)
{
	TRY(fails(op, RESTORED));
	return datastore_null.restored(op);
}

/* The same always, and those of any rehearsal. */
static const struct db_figures figures = {
	.version = "18.0.0", .mem_total = 524288, .num_cpus = 1, .threads = 2,
	.fdsize = 64, .vmsize = 29096, .vmpeak = 29160, .vmrss = 2872,
	.vmhwm = 2872,
};

const struct datastore datastore_failing = {
	.name = "failing",
	.prepare = failing_prepare,
	.start = failing_start,
	.stop = failing_stop,
	.retune = failing_retune,
	.status = failing_status,
	.pid = failing_pid,
	.watch = failing_watch,
	.usage = failing_usage,
	.database_create = failing_database_create,
	.database_delete = failing_database_delete,
	.database_show = failing_database_show,
	.database_list = failing_database_list,
	.user_create = failing_user_create,
	.user_delete = failing_user_delete,
	.user_list = failing_user_list,
	.user_show = failing_user_show,
	.user_update = failing_user_update,
	.grant = failing_grant,
	.revoke = failing_revoke,
	.configure = failing_configure,
	.root_enable = failing_root_enable,
	.root_disable = failing_root_disable,
	.figures = &figures,
	.backup = failing_backup,
	.restore = failing_restore,
	.restored = failing_restored,
	.log_list = failing_log_list,
	.log_set = failing_log_set,
};
