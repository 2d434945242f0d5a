#include "agent/mariadb.h"
#include "agent/db_logs.h"
#include "agent/mariadb_dialect.h"
#include "agent/file.h"
#include "agent/memory.h"
#include "agent/settings.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPLATE_MB 8			/* redo log of the template */
#define PASSWORD 32			/* letters and digits */
#define SOCKET_MAX 107			/* bytes of a unix socket's path */

const char *
mariadb_socket(struct op *op)
{
	return file_data(op, "run/mariadb.sock");
}

/* Measured with sysbench under memory limits: more is killed, less is slow. */
static int
pool_mb(int memory_mb)
{
	int share = memory_mb < 256 ? 25 : memory_mb < 2048 ? 40 : 60;
	int mb = memory_mb * share / 100;

	return mb < 8 ? 8 : mb;
}

static int
clamp(int n, int lo, int hi)
{
	return n < lo ? lo : n > hi ? hi : n;
}

static int
redo_mb(int memory_mb)
{
	return clamp(pool_mb(memory_mb) / 4, 48, 512);
}

/*
 * The first start keeps the template's small redo log: making it anew takes
 * as long as half of all the rest.  It grows online when nobody waits any more.
 */
static const char *
defaults(struct op *op, bool first)
{
	const struct mariadb_dialect *spoken = mariadb_spoken();
	int mb = memory_mb(op), pool = pool_mb(mb);
	struct text t;

	text_begin(&t, op, 2048);
	text_add(&t, "# Written by coffer-agent at every start.\n");
	text_add(&t, spoken->section);
	text_printf(&t, "datadir = %s\n", file_data(op, "mysql"));
	text_printf(&t, "socket = %s\n", mariadb_socket(op));
	text_printf(&t, "pid-file = %s\n", file_data(op, "run/mariadb.pid"));
	text_printf(&t, "tmpdir = %s\n", file_data(op, "tmp"));
	text_printf(&t, "secure-file-priv = %s\n", file_data(op, "tmp"));
	text_printf(&t, "log-error = %s\n", file_data(op, "log/mariadb.err"));
	text_printf(&t, *conf_str("agent.address") == '\0' ?
	    "skip-networking\n" : "bind-address = %s\n",
	    conf_str("agent.address"));
	text_printf(&t, "port = %d\n", conf_int("agent.port"));
	text_add(&t, "skip-name-resolve\nlocal-infile = 0\n"
	    "character-set-server = utf8mb4\n"
	    "collation-server = utf8mb4_general_ci\n"
	    "innodb-fast-shutdown = 1\n");
	text_printf(&t, "innodb-buffer-pool-size = %dM\n", pool);
	text_printf(&t, "innodb-log-file-size = %dM\n",
	    first ? TEMPLATE_MB : mariadb_room_redo(op, redo_mb(mb)));
	text_printf(&t, "max-connections = %d\n", clamp(mb / 4, 32, 1000));
	text_printf(&t, "table-open-cache = %d\n", clamp(mb, 200, 2000));
	text_printf(&t, "table-definition-cache = %d\n", clamp(mb, 400, 2000));
	text_printf(&t, "tmp-table-size = %dM\nmax-heap-table-size = %dM\n",
	    clamp(mb / 32, 4, 64), clamp(mb / 32, 4, 64));
	text_printf(&t, "key-buffer-size = %dM\n", clamp(mb / 64, 4, 128));
	if (spoken == &mariadb_dialect)
		text_printf(&t, "aria-pagecache-buffer-size = %dM\n",
		    clamp(mb / 64, 8, 128));
	else
		text_printf(&t, "basedir = %s\nlc-messages-dir = %s/share\n",
		    conf_str("agent.mysql"), conf_str("agent.mysql"));
	text_add(&t, "query-cache-type = 0\nquery-cache-size = 0\n");
	mariadb_logs_settings(op, &t);
	if (mb < 1024)			/* it takes 94 MiB */
		text_add(&t, "performance-schema = 0\n");
	return t.s;
}

bool
mariadb_conf_secured(struct op *op)
{
	return access(file_data(op, "agent/admin.pw"), F_OK) == 0;
}

/* Before the first login it may be anybody's: that is not healthy. */
enum err
mariadb_conf_known(struct op *op, bool let_in)
{
	return let_in || mariadb_conf_secured(op) ? OK : op_fail(op, ERR_GUEST,
	    "the server does not know the agent");
}

/*
 * A first start keeps the password aside until the server has taken it.  Lost
 * before that, or emptied by a power cut, it is replaced at the next start.
 */
static enum err
password_ensure(struct op *op, bool *first)
{
	const char *aside = file_data(op, "agent/admin.first"), *made;
	struct stat st;

	*first = !mariadb_conf_secured(op);
	if (!*first || (stat(aside, &st) == 0 && st.st_size == PASSWORD))
		return OK;
	made = seal_password(op, PASSWORD);
	return file_put_anew(op, aside, made, strlen(made));
}

enum err
mariadb_conf_keep(struct op *op)
{
	return mariadb_conf_secured(op) ? OK :
	    file_keep(op, file_data(op, "agent/admin.first"));
}

enum err
mariadb_admin_password(struct op *op, const char **out)
{
	size_t len;
	enum err e;

	e = file_get(op, file_data(op, "agent/admin.pw"), out, &len);
	if (e == ERR_NOT_FOUND)
		e = file_get(op, file_data(op, "agent/admin.first"), out,
		    &len);
	return e == ERR_NOT_FOUND ? ERR_INTERNAL : e;
}

/*
 * One statement a line: the server reads it so.  What the template brought and
 * nobody shall log in with goes at the first start only: later it may be the
 * tenant's.
 */
static enum err
init_write(struct op *op, bool first)
{
	const struct mariadb_dialect *spoken = mariadb_spoken();
	const char *password;
	struct text t;

	TRY(mariadb_admin_password(op, &password));
	text_begin(&t, op, 1024);
	text_add(&t, "SET SESSION sql_log_bin = 0;\n");
	/* What another instance's agent, or its root, had: API and agent know of none. */
	if (access(file_data(op, "agent/restored"), F_OK) == 0)
		text_printf(&t, "DELETE FROM %s WHERE User IN "
		    "('root', '" MARIADB_ADMIN "');\n"
		    "DELETE FROM mysql.proxies_priv WHERE User = 'root';\n"
		    "%sFLUSH PRIVILEGES;\n", spoken->accounts,
		    spoken->uncertified);
	/* Letters and digits: the password needs no quoting. */
	text_printf(&t, "%s%s%s", spoken->admin[0], password,
	    spoken->admin[1]);
	if (first)
		text_printf(&t, "DELETE FROM %s WHERE User IN "
		    "('', 'root', 'mysql');\n"
		    "DELETE FROM mysql.db WHERE Db IN "
		    "('test', 'test\\\\_%%');\n"
		    "DELETE FROM mysql.proxies_priv WHERE User = 'root';\n"
		    "FLUSH PRIVILEGES;\n"
		    "DROP DATABASE IF EXISTS test;\n", spoken->accounts);
	return file_put_anew(op, file_data(op, "agent/init.sql"), t.s,
	    t.len);
}

static enum err
directories_ensure(struct op *op)
{
	static const char *const names[] = { "agent", "run", "tmp", "log" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		TRY(file_directory(op, file_data(op, names[i])));
	if (strlen(mariadb_socket(op)) > SOCKET_MAX)
		return op_fail(op, ERR_INTERNAL, "%s is too long for a socket",
		    mariadb_socket(op));
	return OK;
}

enum err
mariadb_conf_write(struct op *op)
{
	const char *conf, *tenants, *tls;
	bool first;

	TRY(directories_ensure(op));
	TRY(password_ensure(op, &first));
	TRY(init_write(op, first));
	TRY(mariadb_tls_settings(op, &tls));
	TRY(mariadb_settings_start(op, &tenants));
	conf = op_printf(op, "%s%s%s%s", defaults(op, first), tls, tenants,
	    disk_room() != DB_ROOM ? "read-only = 1\n" : "");
	return file_put_anew(op, file_data(op, "my.cnf"), conf,
	    strlen(conf));
}

enum err
mariadb_conf_restored(struct op *op)
{
	return file_put(op, file_data(op, "agent/restored"), "", 0);
}

void
mariadb_conf_started(struct op *op)
{
	const char *aside = file_data(op, "agent/admin.first");

	unlink(file_data(op, "agent/init.sql"));
	unlink(file_data(op, "agent/restored"));
	if (access(aside, F_OK) == 0 &&
	    rename(aside, file_data(op, "agent/admin.pw")) == -1)
		log_error(op, "%s: %s", aside, strerror(errno));
}

/* An option is written with '-', a variable with '_'. */
static bool
is_named(const char *line, const char *name)
{
	while (*name != '\0' && (*line == *name ||
	    (*line == '-' && *name == '_')))
		line++, name++;
	return *name == '\0' && strncmp(line, " = ", 3) == 0;
}

const char *
mariadb_conf_value(struct op *op, const char *name)
{
	const char *line = defaults(op, false);

	for (; *line != '\0'; line += strcspn(line, "\n") + 1)
		if (is_named(line, name))
			return op_strndup(op, line + strlen(name) + 3,
			    strcspn(line, "\n") - strlen(name) - 3);
	return NULL;
}

/* But a tenant's size stays. */
enum err
mariadb_conf_grow(struct op *op)
{
	const struct db_setting *s;

	TRY(settings_read(op, &s));
	for (; s->name != NULL; s++)
		if (strcmp(s->name, "innodb_log_file_size") == 0)
			return OK;
	if (!disk_fits((int64_t)redo_mb(memory_mb(op)) << 20))
		return OK;
	return mariadb_run(op, op_printf(op,
	    "SET GLOBAL innodb_log_file_size = %d * 1048576",
	    redo_mb(memory_mb(op))));
}
