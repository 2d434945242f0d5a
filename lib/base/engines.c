#include "lib/base/engines.h"
#include "lib/base/conf.h"

#include <stddef.h>
#include <string.h>

/*
 * The redo log is the smallest: first starts are quickest with it, and the
 * agent has it grown later.
 */
static const char *const mariadb[] = { "/usr/bin/mariadb-install-db",
	"--no-defaults", "--datadir=%s/mysql",
	"--auth-root-authentication-method=normal", "--skip-test-db",
	"--skip-name-resolve", "--force", "--innodb-log-file-size=8M", NULL };

/*
 * Its own tables from the statements that come with it; what it needs of
 * libraries lies in its home.
 */
static const char *const mysql[] = { "/bin/sh", "-c", "set -eu\n"
	"volume=$0/mysql home=$1\n"
	"export LD_LIBRARY_PATH=\"$home\"\n"
	"case $(\"$home/mysqld\" --no-defaults --version) in *' 5.6.'*) ;;\n"
	"*) echo 'only MySQL 5.6 is known here' >&2; exit 1 ;; esac\n"
	"mkdir -p -m 700 \"$volume/mysql\"\n"
	"{ echo 'USE mysql;'; cat \"$home/share/mysql_system_tables.sql\" "
	"\"$home/share/mysql_system_tables_data.sql\"; } >\"$volume.sql\"\n"
	"\"$home/mysqld\" --no-defaults --bootstrap --basedir=\"$home\" "
	"--lc-messages-dir=\"$home/share\" --datadir=\"$volume\" --tmpdir=/tmp "
	"--explicit-defaults-for-timestamp --performance-schema=0 "
	"--innodb-buffer-pool-size=16M --innodb-log-file-size=8M <\"$volume.sql\"\n"
	"rm \"$volume.sql\"\n",
	"%s", "%.0s%s", NULL };

/* Checksums, so that a page that went bad says so. */
#define POSTGRESQL "/usr/lib/postgresql/15/bin/"
static const char *const postgresql[] = { POSTGRESQL "initdb",
	"--pgdata=%s/pgdata", "--username=os_admin", "--auth=reject",
	"--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
	"--no-sync", "--no-instructions", NULL };

/* --- what the contract says ------------------------------------------------ */

static const struct engine_contract says_nothing = { 0 },
says_mysql = { .replicates = true, .defaults = DEFAULTS_MYSQL,
	.defaults_old = DEFAULTS_MYSQL | DEFAULTS_OLD_MYSQL,
	.defaults_since = 8.4 },
says_mariadb = { .replicates = true, .defaults = DEFAULTS_MARIADB,
	.cluster = 3, .cluster_configurable = true },
says_percona = { .replicates = true, .defaults = DEFAULTS_PERCONA },
says_pxc = { .replicates = true, .defaults = DEFAULTS_PERCONA,
	.cluster = 3, .cluster_configurable = true },
says_postgresql = { .superuser = "postgres", .root_always = true,
	.no_users = true, .replicates = true,
	.defaults = DEFAULTS_NEW_POSTGRES,
	.defaults_old = DEFAULTS_OLD_POSTGRES, .defaults_since = 13 },
says_redis = { .no_users = true, .replicates = true,
	.defaults = DEFAULTS_REDIS, .cluster = 1 },
says_mongodb = { .cluster = 3, .cluster_exact = true },
says_vertica = { .cluster = 3, .cluster_exact = true },
says_cassandra = { .cluster = 1, .cluster_configurable = true };

static const struct engine_names usual = { 0 }, postgresql_names = {
	.databases = (const char *const[]){ "os_admin", "postgres",
	    "template0", "template1", NULL },
	.users = (const char *const[]){ "os_admin", "postgres", NULL },
	.bytes = true, .free = true, .charsets = true,
};

#define USUAL(what)	.contract = &says_##what, .names = &usual

const struct engine engines[] = {
	/* name       port  server                install  names    backups */
	{ "mariadb",  3306, "/usr/sbin/mariadbd", mariadb, 64, 80,  "xbstream.zst.enc", true, USUAL(mariadb) },
	{ "mysql",    3306, "mysqld",             mysql,   64, 16,  "dump.zst.enc", false, .home = "local.mysql", USUAL(mysql) },
	{ "mysql",    3306, "/usr/sbin/mariadbd", mariadb, 64, 16,  "xbstream.zst.enc", true, USUAL(mysql) },
	{ "percona",  3306, NULL,                 NULL,    64, 16,  NULL, false, USUAL(percona) },
	{ "postgresql", 5432, POSTGRESQL "postgres", postgresql, 63, 63, "tar.zst.enc", true, .contract = &says_postgresql, .names = &postgresql_names },
	{ "redis",    6379, "/usr/bin/redis-server", NULL, 0, 80,  "rdb.zst.enc", false, true, .kindless = true, USUAL(redis) },
	/* of the contract only: nothing here serves them */
	{ "pxc",      3306, NULL,                 NULL,    0, 0,    NULL, false, USUAL(pxc) },
	{ "mongodb",  27017, NULL,                NULL,    0, 0,    NULL, false, USUAL(mongodb) },
	{ "vertica",  5433, NULL,                 NULL,    0, 0,    NULL, false, USUAL(vertica) },
	{ "cassandra", 9042, NULL,                NULL,    0, 0,    NULL, false, USUAL(cassandra) },
	/* engines of tests */
	{ "null",     3306, NULL,                 NULL,    64, 80,  "xbstream.gz", true, USUAL(nothing) },
	{ "failing",  3306, NULL,                 NULL,    64, 80,  NULL, false, USUAL(nothing) },
	{ NULL }
};

const struct engine *
engine_find(const char *name)
{
	for (const struct engine *e = engines; e->name != NULL; e++)
		if (strcmp(e->name, name) == 0 &&
		    (e->home == NULL || *engine_home(e) != '\0'))
			return e;
	return NULL;
}

const char *
engine_home(const struct engine *e)
{
	return e->home != NULL ? conf_str(e->home) : "";
}

const char *
engine_server(struct op *op, const struct engine *e)
{
	return e->server == NULL || *e->server == '/' ? e->server :
	    op_printf(op, "%s/%s", engine_home(e), e->server);
}

const struct engine *
engine_serving(const char *name)
{
	const char *compute = conf_str("compute.driver");

	if (strcmp(compute, "null") == 0 || strcmp(compute, "fake") == 0)
		name = "null";
	return engine_find(name);
}

static bool
take_end(const char *name, size_t *len, const char *end)
{
	size_t n = strlen(end);

	if (*len <= n || memcmp(name + *len - n, end, n) != 0)
		return false;
	*len -= n;
	return true;
}

/* Before an encrypted one was opened, only gzip's beginning tells that the key fits. */
bool
engine_old_name(const struct engine *e, const char *name,
    struct old_name *out)
{
	const char *last = strrchr(name, '/');
	char kind[16] = ".";
	size_t n, len;

	name = last != NULL ? last + 1 : name;
	len = strlen(name);
	out->salted = take_end(name, &len, ".enc");
	out->gzip = take_end(name, &len, ".gz");
	if (e->suffix == NULL || (out->salted && !out->gzip))
		return false;
	n = strcspn(e->suffix, ".");
	if (n + 2 > sizeof(kind))
		return false;
	memcpy(kind + 1, e->suffix, n);
	if (take_end(name, &len, kind))
		return true;
	return e->kindless && len > 0 &&
	    memchr(name, '.', len) == NULL;
}
