/*
 * A tenant's superuser can rename the agent's account, take its rights or close
 * its database.  The next start gives all back, in a server without clients
 * that asks nobody who he is.
 */
#include "agent/postgresql_old.h"
#include "agent/file.h"
#include "lib/base/engines.h"
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define LOST	"agent/postgresql/admin.lost"
#define SCRIPT	"agent/postgresql/admin.sql"
#define REPAIR_MS 60000

/* A statement a line.  The account is the first of the cluster, whatever its name. */
static const char script[] =
	"UPDATE pg_authid SET rolname = 'lost_' || oid, "
	"rolcanlogin = false WHERE rolname = '" POSTGRESQL_ADMIN "' AND oid <> 10\n"
	"UPDATE pg_authid SET rolname = '" POSTGRESQL_ADMIN "', "
	"rolsuper = true, rolinherit = true, rolcreaterole = true, "
	"rolcreatedb = true, rolcanlogin = true, rolreplication = true, "
	"rolbypassrls = true, rolconnlimit = -1, rolpassword = NULL, "
	"rolvaliduntil = NULL WHERE oid = 10\n"
	"UPDATE pg_database SET datallowconn = true, datconnlimit = -1 "
	"WHERE datname = 'postgres'\n";

void
postgresql_admin_lost(struct op *op)
{
	const char *mark = file_data(op, LOST);

	if (access(mark, F_OK) == 0)
		return;
	log_error(op, "the server turns the agent away; its next start brings "
	    "the account back");
	if (file_put(op, mark, "", 0) != OK)
		log_error(op, "%s", op->why);
}

/* Another's root is none here; to the databases of every server nobody comes. */
static const char foreign[] =
	"UPDATE pg_authid SET rolcanlogin = false, rolpassword = NULL "
	"WHERE rolname = '" POSTGRESQL_ROOT "'\n"
	"REVOKE ALL ON DATABASE postgres FROM PUBLIC\n"
	"REVOKE ALL ON DATABASE template1 FROM PUBLIC\n";

static const char *const *
single(struct op *op, const struct host_command *server)
{
	const char *const argv[] = { server->argv[0], "--single",
	    server->argv[1], "-c", op_printf(op, "config_file=%s",
	    file_data(op, POSTGRESQL_CONF)), "-c",
	    "allow_system_table_mods=on", "-c",
	    "dynamic_shared_memory_type=mmap", "template1", NULL };
	const char **list = op_alloc(op, sizeof(argv));

	memcpy(list, argv, sizeof(argv));
	return list;
}

enum err
postgresql_admin_ensure(struct op *op)
{
	struct host_command c = server_command(op, &postgresql_ways);

	if (access(file_data(op, LOST), F_OK) == -1)
		return OK;
	c.argv = single(op, &c);
	c.input = file_data(op, SCRIPT);
	c.pid_file = file_data(op, "agent/single.pid");
	TRY(file_put_anew(op, c.input, script, strlen(script)));
	TRY(host_run(op, &c, REPAIR_MS));
	unlink(c.input);
	unlink(file_data(op, LOST));
	return OK;
}

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

enum err
postgresql_admin_adopt(struct op *op)
{
	const struct host_command c = server_command(op, &postgresql_ways);
	const char *text = op_printf(op, "%s%s", script, foreign);
	const char *path = file_data(op, SCRIPT), *said;
	struct host_tool t = { .argv = single(op, &c), .out = -1,
	    .reads = c.reads, .writes = c.writes };
	enum err e;

	TRY(postgresql_conf_start(op));
	TRY(file_put_anew(op, path, text, strlen(text)));
	t.in = open(path, O_RDONLY | O_CLOEXEC);
	if (t.in == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	op_defer(op, close_fd, (void *)(intptr_t)t.in);
	e = host_tool_run(op, &t, &said);
	unlink(path);
	return e;
}
