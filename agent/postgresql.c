#include "agent/postgresql.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/postgresql_look.h"
#include "agent/postgresql_old.h"
#include "agent/memory.h"
#include "agent/postgresql_birth.h"
#include "agent/settings.h"
#include "agent/tls.h"

#include <signal.h>
#include <unistd.h>

static enum err
ready(struct op *op)
{
	TRY(postgresql_conf_start(op));
	return postgresql_admin_ensure(op);
}

/* Who knew the superuser's password elsewhere is not the superuser here. */
static enum err
root_forget(struct op *op)
{
	const char *mark = file_data(op, POSTGRESQL_RESTORED);

	if (access(mark, F_OK) == -1)
		return OK;
	TRY(postgresql_root_disable(op));
	unlink(mark);
	return OK;
}

/* Data that came from elsewhere bring their own users along. */
static enum err
greet(struct op *op)
{
	TRY(root_forget(op));
	return postgresql_hosts(op, NULL);
}

static enum err
look(struct op *op, bool let_in)
{
	if (!let_in)
		postgresql_admin_lost(op);
	return OK;
}

/* SIGINT ends sessions; SIGTERM would wait until clients have gone by themselves. */
const struct server_ways postgresql_ways = {
	.argv = postgresql_argv,
	.reads = (const char *const[]){ "agent/postgresql", TLS_DIRECTORY,
	    NULL },
	.writes = (const char *const[]){ POSTGRESQL_DATA,
	    POSTGRESQL_SPACES, "run", "log", NULL },
	.log = "log/postgresql.log",
	.ends_by = SIGINT,
	.ready = ready,
	.probe = postgresql_probe,
	.greet = greet,
	.look = look,
	.hang_up = postgresql_hang_up,
};

static enum err
start(struct op *op)
{
	return server_start(op, &postgresql_ways);
}

/* Nobody comes to the databases that every server has; templates stay as they are. */
static enum err
prepare(struct op *op)
{
	return postgresql_run(op, "REVOKE ALL ON DATABASE postgres FROM PUBLIC;"
	    "REVOKE ALL ON DATABASE template1 FROM PUBLIC");
}

const struct datastore datastore_postgresql = {
	.name = "postgresql",
	.prepare = prepare,
	.start = start,
	.stop = server_stop,
	.retune = memory_retune,
	.status = server_status,
	.pid = server_pid,
	.watch = server_watch,
	.room = postgresql_room,
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
	.look = postgresql_look,
	.verify = postgresql_verify,
	.restore_old = postgresql_restore_old,
	.restored_old = postgresql_restored_old,
	.log_list = postgresql_log_list,
	.log_set = postgresql_log_set,
	.log_files = postgresql_log_files,
	.log_reopen = postgresql_log_reopen,
	.tls = &postgresql_tls_ways,
};
