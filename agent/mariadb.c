#include "agent/mariadb.h"
#include "agent/file.h"
#include "agent/host.h"
#include "agent/memory.h"
#include "agent/settings.h"
#include "agent/transfer.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <unistd.h>

#define STOP_MS	20000			/* then it is killed; InnoDB recovers */
#define GROW_MS	5000			/* after a start: whoever waited for it has it */

static struct host_process server = { .watch = -1 };
static bool known;			/* it let the agent in since it was begun */
static int64_t grow_at;			/* 0: its redo log has its size */

static const char *
program(void)
{
	static const char *const places[] = { "/usr/sbin/mariadbd",
	    "/usr/libexec/mariadbd", "/usr/sbin/mysqld", NULL };

	for (const char *const *p = places; *p != NULL; p++)
		if (access(*p, X_OK) == 0)
			return *p;
	return places[0];
}

/* Nothing secret stands on the command line: everybody may read it. */
static struct host_command
command(struct op *op)
{
	const char **argv = op_alloc(op, 4 * sizeof(*argv));
	const char **reads = op_alloc(op, 3 * sizeof(*reads));
	const char **writes = op_alloc(op, 5 * sizeof(*writes));

	argv[0] = program();
	argv[1] = op_printf(op, "--defaults-file=%s",
	    file_data(op, "my.cnf"));
	argv[2] = op_printf(op, "--init-file=%s",
	    file_data(op, "agent/init.sql"));
	reads[0] = file_data(op, "my.cnf");
	reads[1] = file_data(op, "agent/init.sql");
	writes[0] = file_data(op, "mysql");
	writes[1] = file_data(op, "run");
	writes[2] = file_data(op, "tmp");
	writes[3] = file_data(op, "log");
	return (struct host_command){
		.argv = argv, .reads = reads, .writes = writes,
		.log = file_data(op, "log/mariadb.err"),
		.pid_file = file_data(op, "agent/server.pid"),
	};
}

static enum err
start(struct op *op)
{
	struct host_command c = command(op);
	enum err e;

	host_forget(&server);
	mariadb_hang_up();
	known = false;
	if (host_adopt(op, &c, &server)) {
		log_info(op, "adopted mariadbd, process %d", server.pid);
		return OK;
	}
	TRY(mariadb_conf_write(op));
	TRY(host_start(op, &c, &server));
	if ((e = mariadb_conf_keep(op)) != OK)
		host_end(op, &server, STOP_MS);
	return e;
}

static enum err
stop(struct op *op)
{
	mariadb_hang_up();
	host_end(op, &server, STOP_MS);
	return OK;
}

/*
 * Once after each start; a first start in a hurry left it for later.  Not
 * under a backup, which reads that log and fails when it becomes another.
 */
static void
grow(struct op *op)
{
	if (grow_at == 0 || clock_ms() < grow_at || transfer_watch() != -1)
		return;
	grow_at = 0;
	if (mariadb_conf_grow(op) != OK)
		log_warn(op, "the redo log stays small: %s", op->why);
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
	TRY(mariadb_probe(op, &let_in));
	if (let_in && !known) {
		mariadb_conf_started(op);
		known = true;
		grow_at = clock_ms() + GROW_MS;
	}
	if (let_in)
		grow(op);
	/* Before the first login it may be anybody's: that is not healthy. */
	if (!let_in && !mariadb_conf_secured(op))
		return op_fail(op, ERR_GUEST, "the server does not know the "
		    "agent");
	*out = DB_HEALTHY;
	return OK;
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

const struct datastore datastore_mariadb = {
	.name = "mariadb",
	.start = start,
	.stop = stop,
	.retune = memory_retune,
	.status = status,
	.pid = pid,
	.watch = watch,
	.database_create = mariadb_database_create,
	.database_delete = mariadb_database_delete,
	.database_show = mariadb_database_show,
	.database_list = mariadb_database_list,
	.user_create = mariadb_user_create,
	.user_delete = mariadb_user_delete,
	.user_list = mariadb_user_list,
	.user_show = mariadb_user_show,
	.user_update = mariadb_user_update,
	.grant = mariadb_grant,
	.revoke = mariadb_revoke,
	.configure = mariadb_configure,
	.complaint = settings_complaint,
	.root_enable = mariadb_root_enable,
	.root_disable = mariadb_root_disable,
	.backup = mariadb_backup,
	.restore = mariadb_restore,
	.restored = mariadb_restored,
	.log_list = mariadb_log_list,
	.log_set = mariadb_log_set,
};
