/* Damages of what MariaDB, MySQL and PostgreSQL hold. */
#include "t/unit/engine_verify.h"
#include "t/unit/mariadb_fixture.h"
#include "t/unit/postgresql_fixture.h"
#include "agent/file.h"
#include "agent/postgresql.h"

#include <stdlib.h>
#include <string.h>

/* --- PostgreSQL ---------------------------------------------------------------------- */

/* Each line "database: statements". */
static void
postgresql_say(const char *words)
{
	char *all = op_strdup(&op, words), *line;

	while ((line = strsep(&all, "\n")) != NULL) {
		char *sql = strstr(line, ": ");

		assert_non_null(sql);
		*sql = '\0';
		postgresql_fixture_admin(&op, line, sql + 2);
	}
}

static const char *
postgresql_file(const char *below, long *where)
{
	char *path = op_strdup(&op, postgresql_fixture_admin(&op, "app",
	    op_printf(&op, "SELECT pg_relation_filepath('%s')", below)));

	path[strcspn(path, "\n")] = '\0';
	*where = 2 * 8192 - 20;		/* the first row of the second page */
	return file_data(&op, op_printf(&op, "%s/%s", POSTGRESQL_DATA, path));
}

/* What is undone lies in another order then, and is right. */
static const struct engine_damage postgresql_damages[] = {
	{ "a row that changed", "app: UPDATE \"odd.\"\"Name\" SET s = 'x' WHERE n = 7",
	    "app: UPDATE \"odd.\"\"Name\" SET s = NULL WHERE n = 7", NULL,
	    "Table app.public.odd.\"Name is not what it was when the backup was taken.",
	    .sum = true },
	{ "a table that is lost", "app: ALTER TABLE gone RENAME TO other",
	    "app: ALTER TABLE other RENAME TO gone", NULL,
	    "Table app.public.gone is missing." },
	{ "a view in a table's place", "app: ALTER TABLE s.t RENAME TO other; "
	    "CREATE VIEW s.t AS SELECT * FROM s.other",
	    "app: DROP VIEW s.t; ALTER TABLE s.other RENAME TO t", NULL,
	    "Table app.s.t is missing." },
	{ "an index without a row", "app: UPDATE pg_index SET indisready = false "
	    "WHERE indexrelid = 't_pkey'::regclass\napp: INSERT INTO t VALUES (-5, '')",
	    "app: UPDATE pg_index SET indisready = true WHERE indexrelid = "
	    "'t_pkey'::regclass; REINDEX TABLE t; DELETE FROM t WHERE n = -5", NULL,
	    "public.t_pkey is damaged: PostgreSQL: heap tuple", .blind = true },
	{ "a page of a table", NULL, NULL, "t",
	    "public.t is damaged: PostgreSQL: invalid page in block 1" },
	{ "a page of what nobody counts", NULL, NULL, "late",
	    "public.late is damaged: PostgreSQL: invalid page", .blind = true },
	{ "a database that is lost", "postgres: DROP DATABASE app", NULL, NULL,
	    "Database app is missing." },
	{ 0 }
};

const struct engine_verify verify_postgresql = {
	.say = postgresql_say,
	.fill = "postgres: CREATE DATABASE app\n"
	    "app: CREATE TABLE t AS SELECT g AS n, md5(g::text) AS s FROM "
	    "generate_series(1, 900) g; ALTER TABLE t ADD PRIMARY KEY (n); "
	    "CREATE TABLE gone AS SELECT 1 AS n; CREATE TABLE \"odd.\"\"Name\" "
	    "AS SELECT n, NULL AS s FROM t; "
	    "CREATE SCHEMA s CREATE TABLE t (n int); "
	    "CREATE MATERIALIZED VIEW late AS SELECT * FROM t",
	.rest = "app: SELECT 1",
	.stir = "app: UPDATE gone SET n = n", .stirred = "app.public.gone",
	/* The check's own, which a copy takes along. */
	.empty = "postgres: DROP SCHEMA coffer_verify CASCADE\n"
	    "template1: DROP SCHEMA coffer_verify CASCADE",
	.parts = { "app.public.t", "app.public.gone", "app.s.t", NULL },
	.damages = postgresql_damages,
	.file = postgresql_file,
};

/* --- MariaDB and MySQL --------------------------------------------------------------- */

static void
mariadb_say(const char *words)
{
	char *all = op_strdup(&op, words), *line;

	while ((line = strsep(&all, "\n")) != NULL)
		mariadb_fixture_run(&op, line);
}

/* In the middle of its rows. */
static const char *
mariadb_file(const char *below, long *where)
{
	*where = 5 * 16384 + 9000;
	return op_printf(&op, "%s/%s", file_data(&op, "mysql/app"), below);
}

#define MARIADB_DAMAGES							\
	{ "a row that changed", "UPDATE app.t SET s = 'x' WHERE n = 77",	\
	    "UPDATE app.t SET s = 'row' WHERE n = 77", NULL,		\
	    "Table app.t is not what it was when the backup was taken.", .sum = true }, \
	{ "a row that is lost", "DELETE FROM app.gone",			\
	    "INSERT INTO app.gone VALUES (1)", NULL,			\
	    "Table app.gone is not what it was", .sum = true },		\
	{ "a table that is lost", "RENAME TABLE app.gone TO app.other",	\
	    "RENAME TABLE app.other TO app.gone", NULL,			\
	    "Table app.gone is missing." },			\
	{ "a view in a table's place", "RENAME TABLE app.gone TO app.other\n" \
	    "CREATE VIEW app.gone AS SELECT * FROM app.other",		\
	    "DROP VIEW app.gone\nRENAME TABLE app.other TO app.gone", NULL, \
	    "Table app.gone is missing." }
#define MARIADB_LOST							\
	{ "a database that is lost", "DROP DATABASE app", NULL, NULL,	\
	    "Table app.gone is missing." }, { 0 }

static const struct engine_damage mariadb_damages[] = {
	MARIADB_DAMAGES,
	{ "a page of a table", NULL, NULL, "t.ibd", "Table app.t is damaged: " },
	MARIADB_LOST
}, mysql_damages[] = { MARIADB_DAMAGES, MARIADB_LOST };

/* Sums count for what rests since the second before. */
#define REST "DO SLEEP(1.01 - UNIX_TIMESTAMP(NOW(6)) % 1)"
#define STIR "INSERT INTO app.gone VALUES (2)\nDELETE FROM app.gone WHERE n = 2"
#define MARIADB_FILL(engine)						\
	"CREATE DATABASE app\n"						\
	"CREATE TABLE app.gone (n INT) ENGINE = " engine "\n"		\
	"INSERT INTO app.gone VALUES (1)\n"				\
	"CREATE TABLE app.t (n INT AUTO_INCREMENT PRIMARY KEY, "	\
	"s CHAR(200)) ENGINE = " engine "\n"				\
	"INSERT INTO app.t (s) VALUES ('row')\n"			\
	TWICE TWICE TWICE TWICE TWICE TWICE TWICE TWICE TWICE TWICE TWICE	\
	REST
#define TWICE "INSERT INTO app.t (s) SELECT s FROM app.t\n"

const struct engine_verify verify_mariadb = {
	.say = mariadb_say,
	.fill = MARIADB_FILL("InnoDB"), .rest = REST, .empty = "DO 1",
	.stir = STIR, .stirred = "app.gone",
	.parts = { "app.t", "app.gone", NULL },
	.damages = mariadb_damages,
	.file = mariadb_file,
}, verify_mysql = {
	.say = mariadb_say,
	.fill = MARIADB_FILL("InnoDB"), .rest = REST, .empty = "DO 1",
	.stir = STIR, .stirred = "app.gone",
	.parts = { "app.t", "app.gone", NULL },
	.damages = mysql_damages,
};
