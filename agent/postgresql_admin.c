/*
 * A tenant's superuser can rename the agent's account, take its rights or close
 * its database.  The next start gives all back, in a server without clients
 * that asks nobody who he is.
 */
#include "agent/postgresql.h"
#include "agent/file.h"
#include "lib/base/engines.h"
#include "lib/base/log.h"

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

enum err
postgresql_admin_ensure(struct op *op)
{
	struct host_command c = server_command(op, &postgresql_ways);
	const char *argv[] = { c.argv[0], "--single", c.argv[1], "-c",
	    op_printf(op, "config_file=%s", file_data(op,
	    POSTGRESQL_CONF)), "-c", "allow_system_table_mods=on", "-c",
	    "dynamic_shared_memory_type=mmap", "template1", NULL };

	if (access(file_data(op, LOST), F_OK) == -1)
		return OK;
	c.argv = argv;
	c.input = file_data(op, SCRIPT);
	c.pid_file = file_data(op, "agent/single.pid");
	TRY(file_put_anew(op, c.input, script, strlen(script)));
	TRY(host_run(op, &c, REPAIR_MS));
	unlink(c.input);
	unlink(file_data(op, LOST));
	return OK;
}
