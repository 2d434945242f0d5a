#include "agent/postgresql.h"
#include "agent/memory.h"
#include "agent/settings.h"
#include "lib/base/log.h"

#define STOP_MS	20000			/* then it is killed, and recovers */

static struct host_process server = { .watch = -1 };
static bool known;			/* it let the agent in since it was begun */

static enum err
start(struct op *op)
{
	struct host_command c = postgresql_command(op);

	host_forget(&server);
	postgresql_hang_up();
	known = false;
	if (host_adopt(op, &c, &server)) {
		log_info(op, "adopted postgres, process %d", server.pid);
		return OK;
	}
	TRY(postgresql_conf_start(op));
	TRY(postgresql_admin_ensure(op));
	return host_start(op, &c, &server);
}

static enum err
stop(struct op *op)
{
	postgresql_hang_up();
	host_end(op, &server, STOP_MS);
	return OK;
}

/* Data that came from elsewhere bring their own users along. */
static enum err
greet(struct op *op)
{
	TRY(postgresql_hosts(op, NULL));
	settings_started(op);
	known = true;
	return OK;
}

static enum err
status(struct op *op, enum db_status *out)
{
	bool let_in;

	*out = DB_CRASHED;
	if (!host_running(&server)) {
		*out = DB_SHUTDOWN;
		return OK;
	}
	TRY(postgresql_probe(op, &let_in));
	if (!let_in)
		postgresql_admin_lost(op);
	else if (!known)
		TRY(greet(op));
	*out = DB_HEALTHY;
	return OK;
}

/* Nobody comes to the databases that every server has; templates stay as they are. */
static enum err
prepare(struct op *op)
{
	return postgresql_run(op, "REVOKE ALL ON DATABASE postgres FROM PUBLIC;"
	    "REVOKE ALL ON DATABASE template1 FROM PUBLIC");
}

static int
pid(void)
{
	return host_pid(&server);
}

static int
watch(void)
{
	return server.watch;
}

const struct datastore datastore_postgresql = {
	.name = "postgresql",
	.prepare = prepare,
	.start = start,
	.stop = stop,
	.retune = memory_retune,
	.status = status,
	.pid = pid,
	.watch = watch,
	.database_create = postgresql_database_create,
	.database_delete = postgresql_database_delete,
	.database_show = postgresql_database_show,
	.database_list = postgresql_database_list,
	.user_create = postgresql_user_create,
	.user_delete = postgresql_user_delete,
	.user_list = postgresql_user_list,
	.user_show = postgresql_user_show,
	.user_update = postgresql_user_update,
	.grant = postgresql_grant,
	.revoke = postgresql_revoke,
	.configure = postgresql_configure,
	.complaint = settings_complaint,
	.root_enable = postgresql_root_enable,
	.root_disable = postgresql_root_disable,
	.backup = postgresql_backup,
	.restore = postgresql_restore,
	.restored = postgresql_restored,
	.log_list = postgresql_log_list,
	.log_set = postgresql_log_set,
};
