#include "t/unit/mariadb_fixture.h"
#include "t/unit/server_fixture.h"
#include "t/unit/test.h"
#include "agent/mariadb.h"
#include "lib/base/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct server_fixture mariadb = { .engine = "mariadb", .port = "33999" };
static struct server_fixture mysql = { .engine = "mysql", .port = "33997" };
static struct server_fixture *in_use = &mariadb;

bool
mariadb_fixture_make(void)
{
	return server_fixture_make(&mariadb);
}

void
mariadb_fixture_use(void)
{
	in_use = &mariadb;
	server_fixture_use(in_use);
}

/* As dev/mysql has it. */
static bool
mysql_home(char *out, size_t size)
{
	const char *own = getenv("COFFER_MYSQL"), *user = getenv("HOME");
	char path[256];

	snprintf(out, size, "%s", own != NULL ? own :
	    "/var/cache/coffer/mysql-5.6.24");
	snprintf(path, sizeof(path), "%s/mysqld", out);
	if (access(path, X_OK) == 0 || own != NULL || user == NULL)
		return access(path, X_OK) == 0;
	snprintf(out, size, "%s/.cache/coffer/mysql-5.6.24", user);
	snprintf(path, sizeof(path), "%s/mysqld", out);
	return access(path, X_OK) == 0;
}

bool
mysql_fixture_make(void)
{
	char home[200];

	if (!mysql_home(home, sizeof(home)))
		return false;
	server_fixture_set("local", "mysql", home);
	server_fixture_set("agent", "mysql", home);
	return server_fixture_make(&mysql);
}

void
mysql_fixture_use(void)
{
	in_use = &mysql;
	server_fixture_use(in_use);
}

const char *
mariadb_fixture_data(void)
{
	return in_use->data;
}

int
mariadb_fixture_client(const char *user, const char *password, const char *sql)
{
	char host[40], port[16], u[400], e[2048];
	const char *const argv[] = { "mariadb", "--no-defaults", host, port, u,
	    "-e", e, NULL };

	setenv("MYSQL_PWD", password, 1);
	snprintf(host, sizeof(host), "--host=%s", in_use->address);
	snprintf(port, sizeof(port), "--port=%s", in_use->port);
	snprintf(u, sizeof(u), "--user=%s", user);
	snprintf(e, sizeof(e), "%s", sql);
	return server_fixture_run(in_use, "client.log", argv);
}

void
mariadb_fixture_run(struct op *op, const char *sql)
{
	if (mariadb_run(op, sql) != OK)
		fail_msg("%s: %s", sql, op->why);
}
