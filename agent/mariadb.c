#include "agent/mariadb.h"
#include "agent/db_logs.h"
#include "agent/mariadb_dialect.h"
#include "agent/file.h"
#include "agent/memory.h"
#include "agent/server.h"
#include "agent/settings.h"
#include "agent/tls.h"
#include "agent/transfer.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <unistd.h>

#define GROW_MS	5000			/* after a start: whoever waited for it has it */

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
static const char *const *
argv(struct op *op)
{
	const char **a = op_alloc(op, 4 * sizeof(*a));

	a[0] = program();
	a[1] = op_printf(op, "--defaults-file=%s", file_data(op, "my.cnf"));
	a[2] = op_printf(op, "--init-file=%s", file_data(op, "agent/init.sql"));
	return a;
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
greet(struct op *op)
{
	mariadb_conf_started(op);
	grow_at = clock_ms() + GROW_MS;
	return OK;
}

static enum err
look(struct op *op, bool let_in)
{
	if (let_in)
		grow(op);
	return mariadb_conf_known(op, let_in);
}

static const struct server_ways ways = {
	MARIADB_WAYS,
	.argv = argv,
	.reads = (const char *const[]){ "my.cnf", "agent/init.sql",
	    TLS_DIRECTORY, NULL },
	.greet = greet,
	.look = look,
};

static enum err
start(struct op *op)
{
	mariadb_speak(&mariadb_dialect);
	return server_start(op, &ways);
}

const struct datastore datastore_mariadb = {
	MARIADB_ENGINE,
	.name = "mariadb",
	.start = start,
	.backup = mariadb_backup,
	.restore = mariadb_restore,
	.look = mariadb_look,
	.verify = mariadb_verify,
	.tls = &mariadb_tls_ways,
};
