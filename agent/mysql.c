/*
 * A real MySQL, version 5.6, in the rooms of MariaDB (mariadb.h), whose client
 * and most of whose words it shares.  It is no package of the system: it has a
 * home of its own.
 */
#include "agent/mariadb.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/host.h"
#include "agent/mariadb_dialect.h"
#include "agent/memory.h"
#include "agent/server.h"
#include "agent/settings.h"
#include "lib/base/conf.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK	4096			/* sizes are rounded down by less than that */

/* Data that MariaDB has made it keeps: MySQL could not read them. */
bool
mysql_serves(void)
{
	char aria[PATH_MAX];

	snprintf(aria, sizeof(aria), "%s/mysql/aria_log_control",
	    conf_str("agent.data"));
	return *conf_str("agent.mysql") != '\0' && access(aria, F_OK) == -1;
}

static const char *
home(void)
{
	return conf_str("agent.mysql");
}

static const char *
program(struct op *op)
{
	return op_printf(op, "%s/mysqld", home());
}

static const char *const *
argv(struct op *op)
{
	const char **a = op_alloc(op, 4 * sizeof(*a));

	a[0] = program(op);
	a[1] = op_printf(op, "--defaults-file=%s", file_data(op, "my.cnf"));
	a[2] = op_printf(op, "--init-file=%s", file_data(op, "agent/init.sql"));
	return a;
}

static enum err
greet(struct op *op)
{
	mariadb_conf_started(op);
	return OK;
}

static const struct server_ways ways = {
	MARIADB_WAYS,
	.argv = argv,
	.home = home,
	.reads = (const char *const[]){ "my.cnf", "agent/init.sql", NULL },
	.greet = greet,
	.look = mariadb_conf_known,
};

static enum err
start(struct op *op)
{
	mariadb_speak(&mariadb_dialect_mysql);
	return server_start(op, &ways);
}

/* --- settings ----------------------------------------------------------------------- */

/* "... option 'back_log': unsigned value 70000 adjusted to 65535" */
static enum err
adjusted(struct op *op, const char *line)
{
	const char *name = strstr(line, "option '"), *from, *to;
	double asked, given;

	from = name != NULL ? strstr(name, " value ") : NULL;
	to = from != NULL ? strstr(from, " adjusted to ") : NULL;
	if (to == NULL)
		return OK;
	name += strlen("option '");
	asked = strtod(from + strlen(" value "), NULL);
	given = strtod(to + strlen(" adjusted to "), NULL);
	if (asked >= given && asked - given < BLOCK && given >= BLOCK)
		return OK;
	return op_fail(op, ERR_BAD_REQUEST, "MySQL would set %s to %s.",
	    op_strndup(op, name, strcspn(name, "'")),
	    to + strlen(" adjusted to "));
}

/* One that is only the beginning of another is none. */
static enum err
line_judge(struct op *op, const char *line)
{
	static const char *const no[] = { "unknown variable ",
	    "unknown option ", "Error while setting value ",
	    "Using unique option prefix ", "ambiguous option ",
	    "due to invalid value", "is not a compiled character set", NULL };

	for (const char *const *n = no; *n != NULL; n++)
		if (strstr(line, *n) != NULL)
			return op_fail(op, ERR_BAD_REQUEST, "MySQL: %s",
			    strstr(line, *n));
	return adjusted(op, line);
}

enum err
mysql_check(struct op *op, const char *lines)
{
	const char *file = file_data(op, "agent/check.cnf");
	const char *text = op_printf(op, "[mysqld]\n%s", lines), *said = "";
	const char *const args[] = { program(op),
	    op_printf(op, "--defaults-file=%s", file),
	    op_printf(op, "--basedir=%s", home()),
	    op_printf(op, "--lc-messages-dir=%s/share", home()),
	    "--verbose", "--help", NULL };
	const char *const reads[] = { file, NULL };
	const char *const writes[] = { file_data(op, "tmp"), NULL };
	const struct host_tool t = { .argv = args, .in = -1, .out = -1,
	    .home = home(), .reads = reads, .writes = writes };
	char *rest, *line;
	enum err e;

	TRY(file_put_anew(op, file, text, strlen(text)));
	e = host_tool_run(op, &t, &said);
	unlink(file);
	rest = op_strdup(op, said);
	while ((line = strsep(&rest, "\n")) != NULL)
		TRY(line_judge(op, line));
	return e == OK ? OK : op_fail(op, ERR_BAD_REQUEST,
	    "MySQL does not take these values.");
}

/* --- what moves data is another program ----------------------------------------------- */

static enum err
backup(struct op *op, const char *since, int fd, const char **mark)
{
	mariadb_speak(&mariadb_dialect_mysql);
	return mysql_backup(op, since, fd, mark);
}

static enum err
look_at_data(struct op *op, struct look *l)
{
	mariadb_speak(&mariadb_dialect_mysql);
	return mariadb_look(op, l);
}

static enum err
verify(struct op *op, const struct digest *d)
{
	mariadb_speak(&mariadb_dialect_mysql);
	return mariadb_verify(op, d);
}

static enum err
restore(struct op *op, int nth, int fd)
{
	mariadb_speak(&mariadb_dialect_mysql);
	return mysql_restore(op, nth, fd);
}

const struct datastore datastore_mysql = {
	MARIADB_ENGINE,
	.name = "mysql",
	.start = start,
	.backup = backup,
	.restore = restore,
	.look = look_at_data,
	.verify = verify,
};
