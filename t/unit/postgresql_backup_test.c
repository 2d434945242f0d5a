/*
 * A real PostgreSQL and a small storage: what changed is found whatever made the
 * change, and comes back to the row.
 */
#include "t/unit/test.h"
#include "t/unit/backup_fixture.h"
#include "t/unit/postgresql_fixture.h"
#include "agent/file.h"
#include "agent/postgresql.h"
#include "agent/postgresql_birth.h"
#include "agent/postgresql_delta.h"
#include "agent/supervisor.h"
#include "lib/base/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
said(const char *database, const char *sql)
{
	return postgresql_fixture_admin(&op, database, sql);
}

static void
run(const char *database, const char *sql)
{
	(void)said(database, sql);
}

static void
backup(const char *id, const char *since)
{
	static int nth;
	char mark[128] = "";

	if (since != NULL)
		snprintf(mark, sizeof(mark), "%s", since);
	fresh();
	done(op_printf(&op, "%d:backup", nth++), ORDER_BACKUP,
	    transfer_fixture_backup(&op, id, 1 << 20,
	    since != NULL ? mark : NULL));
}

/* --- all that is in it -------------------------------------------------------------- */

/* Every logged table of every database, each by a sum of its rows. */
static const char *
state_of_all(void)
{
	static const char tables[] =
	    "SELECT format('SELECT %L, count(*), "
	    "coalesce(sum(hashtextextended(t::text, 0)), 0) FROM %I.%I t', "
	    "n.nspname || '.' || c.relname, n.nspname, c.relname) "
	    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
	    "WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname "
	    "NOT IN ('pg_catalog', 'information_schema') "
	    "ORDER BY 1\n\\gexec\n";
	char *line = op_strdup(&op, said("postgres", "SELECT datname FROM "
	    "pg_database WHERE datallowconn ORDER BY 1")), *next;
	const char *all = "";

	for (; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		all = op_printf(&op, "%s%s:\n%s", all, line,
		    said(line, tables));
	}
	return all;
}

static char states[3][8192];

static void
keep(int n)
{
	const char *all = state_of_all();

	assert_true(strlen(all) < sizeof(states[n]));
	strcpy(states[n], all);
}

/* --- a chain --------------------------------------------------------------------------- */

/* Each column of changes between a backup and the next is one way to be missed. */
/* Where a superuser may make a directory, he makes one of the server. */
static void
space(const char *name, const char *where)
{
	const char *dir = op_printf(&op, "%s/%s", file_data(&op, where), name);

	run("postgres", op_printf(&op, "COPY (SELECT 1) TO PROGRAM "
	    "'mkdir -m 700 %s'; CREATE TABLESPACE %s LOCATION '%s'", dir, name,
	    dir));
}

static void
what_there_is(void)
{
	run("postgres", "CREATE DATABASE app");
	run("app", "CREATE TABLE big AS SELECT g AS n, md5(g::text) AS s "
	    "FROM generate_series(1, 20000) g; ALTER TABLE big ADD PRIMARY KEY (n)");
	run("app", "CREATE TABLE same AS SELECT g AS n, md5(g::text) AS s "
	    "FROM generate_series(1, 60000) g");
	run("app", "CREATE TABLE gone AS SELECT 1 AS n; CREATE TABLE cut AS "
	    "SELECT g AS n FROM generate_series(1, 5000) g; "
	    "CREATE TABLE shrunk AS SELECT * FROM big; "
	    "CREATE TABLE packed AS SELECT * FROM big; "
	    "CREATE TABLE sorted AS SELECT * FROM big; "
	    "CREATE INDEX sorted_s ON sorted (s); "
	    "CREATE TABLE was_logged AS SELECT 1 AS n; "
	    "CREATE UNLOGGED TABLE was_not AS SELECT g AS n FROM generate_series(1, 1000) g; "
	    "CREATE UNLOGGED TABLE scratch (n int); INSERT INTO scratch VALUES (1); "
	    "CREATE TABLE wide (n int, s text); "
	    "INSERT INTO wide SELECT g, (SELECT string_agg(md5((g * h)::text), '') "
	    "FROM generate_series(1, 300) h) FROM generate_series(1, 50) g; "
	    "CREATE TABLE points AS SELECT point(g, g) AS p FROM generate_series(1, 3000) g; "
	    "CREATE INDEX points_p ON points USING gist (p); "
	    "CREATE SEQUENCE counted");
	run("postgres", "CREATE DATABASE dropped");
	run("postgres", "CREATE DATABASE made STRATEGY file_copy TEMPLATE app");
	run("postgres", "CHECKPOINT");
}

static void
all_kinds_of_changes(void)
{
	run("app", "UPDATE big SET s = 'new' WHERE n % 5000 = 0; DROP TABLE gone; "
	    "CREATE TABLE born AS SELECT g AS n FROM generate_series(1, 4000) g; "
	    "TRUNCATE cut; INSERT INTO cut VALUES (7); "
	    "DELETE FROM shrunk WHERE n > 9000; "
	    "DELETE FROM packed WHERE n % 3 = 0");
	run("app", "VACUUM shrunk");
	run("app", "INSERT INTO shrunk SELECT g, 'again' FROM "
	    "generate_series(100000, 101000) g");
	run("app", "VACUUM FULL packed");
	run("app", "CLUSTER sorted USING sorted_s");
	run("app", "ALTER TABLE was_logged SET UNLOGGED; ALTER TABLE was_not SET LOGGED; "
	    "UPDATE wide SET s = s || n WHERE n < 5; "
	    "SELECT nextval('counted') FROM generate_series(1, 100); "
	    "CREATE INDEX points_2 ON points USING gist (p); "
	    "INSERT INTO points SELECT point(g, -g) FROM generate_series(1, 2000) g; "
	    "ALTER TABLE big ADD CONSTRAINT c CHECK (n > 0); ANALYZE");
	/* Blocks with the numbers that they had in the template, long ago. */
	run("postgres", "CREATE DATABASE copied STRATEGY file_copy TEMPLATE made");
	run("postgres", "CREATE DATABASE logged STRATEGY wal_log TEMPLATE made");
	run("postgres", "DROP DATABASE dropped");
	space("mine", POSTGRESQL_SPACES);
	space("inside", POSTGRESQL_DATA);
	space("over", "log");
	run("app", "CREATE TABLE far TABLESPACE mine AS SELECT * FROM same; "
	    "CREATE TABLE brief TABLESPACE over AS SELECT * FROM born; "
	    "CREATE TABLE deep TABLESPACE inside AS SELECT * FROM born; "
	    "CREATE UNLOGGED TABLE light (n int) TABLESPACE mine; "
	    "INSERT INTO light VALUES (1); "
	    "ALTER TABLE born SET TABLESPACE mine");
	run("postgres", "CREATE DATABASE away TABLESPACE mine TEMPLATE made "
	    "STRATEGY file_copy");
	/* And the same number of a database, with other files behind it. */
	run("postgres", "DO $$ BEGIN EXECUTE 'CREATE ROLE late LOGIN'; END $$");
}

/* Thousands of transactions: pages of pg_xact, of multixacts, a prepared one. */
static void
transactions(void)
{
	run("app", "CREATE TABLE tx (n int, k int); INSERT INTO tx VALUES (1, 0); "
	    "CREATE PROCEDURE many(c int) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..c LOOP "
	    "INSERT INTO tx VALUES (i, 1); IF i % 3 = 0 THEN ROLLBACK; ELSE COMMIT; END IF; "
	    "END LOOP; END $$");
	run("app", "SET synchronous_commit = off; CALL many(40000)");
	run("app", "VACUUM (FREEZE) big");
	run("app", "UPDATE far SET s = 'new' WHERE n % 9000 = 0; "
	    "DROP TABLE brief; DROP TABLESPACE over; "
	    "ALTER TABLE born SET TABLESPACE pg_default");
	run("away", "DELETE FROM big WHERE n < 100");
}

static void
a_chain_is_made_over_all_kinds_of_changes(void **state)
{
	(void)state;
	done("t1:prepare", ORDER_PREPARE, NULL);
	done("t2:root", ORDER_ROOT_ENABLE,
	    "{\"password\":\"r00t-Word\",\"allow\":true}");
	assert_int_equal(postgresql_fixture_client("postgres", "r00t-Word",
	    "postgres", "SELECT 1"), 0);
	what_there_is();
	backup(FULL, NULL);
	keep(0);
	all_kinds_of_changes();
	backup(MORE, mark_of(FULL));
	keep(1);
	transactions();
	run("copied", "UPDATE big SET s = 'here' WHERE n < 100; DROP TABLE cut");
	backup(THIRD, mark_of(MORE));
	keep(2);
	assert_string_not_equal(states[0], states[1]);
	assert_string_not_equal(states[1], states[2]);
	assert_non_null(strstr(states[2], "copied:"));
	/* No more than what changed, the WAL, and what is small. */
	assert_true(plain_of(THIRD) < plain_of(FULL) / 2);
}

static void
what_changed_in_little_is_little(void **state)
{
	(void)state;
	backup(LATER, mark_of(THIRD));
	run("app", "UPDATE same SET s = '' WHERE n = 77");
	backup(LATER, mark_of(LATER));
	assert_true(bytes_of(LATER) < bytes_of(FULL) / 20);
	run("app", "UPDATE same SET s = md5('77') WHERE n = 77");
}

/* --- restores --------------------------------------------------------------------------- */

static const char *
system_of(void)
{
	fresh();
	return said("postgres",
	    "SELECT system_identifier FROM pg_control_system()");
}

static void
index_check(const char *database)
{
	run(database, "CREATE EXTENSION IF NOT EXISTS amcheck");
	run(database, "SELECT bt_index_check(c.oid, true) FROM pg_class c "
	    "JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'btree' AND "
	    "c.relkind = 'i' AND c.relpersistence = 'p'");
	assert_string_equal(said(database, "SELECT h.* FROM pg_class c, "
	    "verify_heapam(c.oid) h WHERE c.relkind IN ('r', 't', 'm') AND "
	    "c.relpersistence = 'p'"), "");
}

static void
checksums(const char *id, const char *what)
{
	const char *const argv[] = { "/usr/lib/postgresql/15/bin/pg_checksums",
	    what, "-D", file_data(&op, POSTGRESQL_DATA), NULL };

	done(op_printf(&op, "%s:stop", id), ORDER_STOP, NULL);
	assert_int_equal(postgresql_fixture_run(argv), 0);
	done(op_printf(&op, "%s:start", id), ORDER_START, NULL);
	for (int i = 0; i < 4000 && !supervisor_ready(); i++) {
		transfer_fixture_turn();
		usleep(5000);
	}
}

/* Each lies beside the data, wherever it was, and none in them as well. */
static void
spaces_check(void)
{
	assert_string_equal(said("postgres", op_printf(&op, "SELECT "
	    "string_agg(spcname || (pg_tablespace_location(oid) = "
	    "'%s/' || oid), ' ' ORDER BY spcname) FROM pg_tablespace WHERE oid "
	    "> 16383", file_data(&op, POSTGRESQL_SPACES))),
	    "insidetrue minetrue\n");
	assert_string_equal(said("app", "SELECT count(*) FROM far; "
	    "SELECT count(*) FROM light; SELECT pg_relation_filepath('far') "
	    "~ '^pg_tblspc/'; SELECT count(*) FROM pg_ls_dir('inside') WHERE "
	    "pg_ls_dir ~ '^PG'"), "60000\n0\nt\n0\n");
}

static void
a_chain_is_restored_to_the_row(void **state)
{
	char system[32], next[32];

	(void)state;
	snprintf(system, sizeof(system), "%s", system_of());
	for (int n = 3; n >= 1; n -= 2) {
		done(op_printf(&op, "c%d:restore", n), ORDER_RESTORE, chain(n));
		assert_string_equal(state_of_all(), states[n - 1]);
		assert_int_equal(access(file_data(&op, "restore"), F_OK), -1);
		snprintf(next, sizeof(next), "%s", system_of());
		assert_string_not_equal(system, next);
		strcpy(system, next);
		if (n == 1)
			continue;
		spaces_check();
		index_check("app");
		index_check("copied");
		assert_string_equal(said("app", "SET enable_seqscan = off; "
		    "SELECT count(*) FROM points WHERE p <@ "
		    "box '((-1,-1),(5000,5000))'"), "3001\n");
		assert_string_equal(said("app", "SELECT count(*) FROM scratch"),
		    "0\n");
		checksums(op_printf(&op, "c%d", n), "--check");
		fresh();
	}
}

static void
the_superuser_of_the_backup_is_nobody_here(void **state)
{
	(void)state;
	assert_int_not_equal(postgresql_fixture_client("postgres", "r00t-Word",
	    "postgres", "SELECT 1"), 0);
	assert_string_equal(said("postgres", "SELECT rolsuper, rolcanlogin, "
	    "rolpassword IS NULL FROM pg_authid WHERE rolname = 'postgres'"),
	    "f|f|t\n");
	assert_int_equal(access(file_data(&op, POSTGRESQL_RESTORED), F_OK), -1);
	done("s1:root", ORDER_ROOT_ENABLE,
	    "{\"password\":\"again-Word\",\"allow\":true}");
	done("s2:restart", ORDER_RESTART, NULL);
	assert_int_equal(postgresql_fixture_client("postgres", "again-Word",
	    "postgres", "SELECT 1"), 0);
}

/* --- refusals --------------------------------------------------------------------------- */

static const char *
refused(const char *id, const char *since, enum err e)
{
	give(id, ORDER_BACKUP, transfer_fixture_backup(&op, LATER, 1 << 20,
	    since));
	if (await(id)->err != e)
		fail_msg("%s: %s", id, journal_find(id)->why);
	return journal_find(id)->why;
}

static void
nothing_is_made_upon_the_backup_of_other_data(void **state)
{
	struct pg_mark m;

	(void)state;
	assert_non_null(strstr(refused("n1:backup", mark_of(THIRD),
	    ERR_UNPROCESSABLE), "not those of the backup"));
	assert_non_null(strstr(refused("n2:backup", "0/2000028",
	    ERR_UNPROCESSABLE), "take a full one"));
	backup(LATER, NULL);
	assert_true(pg_mark_read(mark_of(LATER), &m));
	m.timeline++;
	assert_non_null(strstr(refused("n3:backup", pg_mark_write(&op, &m),
	    ERR_UNPROCESSABLE), "history"));
	m.timeline--;
	m.lsn += UINT64_C(1) << 40;
	assert_non_null(strstr(refused("n4:backup", pg_mark_write(&op, &m),
	    ERR_UNPROCESSABLE), "older"));
	checksums("n5", "--disable");
	assert_non_null(strstr(refused("n5:backup", mark_of(LATER),
	    ERR_UNPROCESSABLE), "checksums"));
	checksums("n6", "--enable");
}

static void
a_chain_with_a_gap_leaves_the_data_as_they_are(void **state)
{
	const char *const gap[] = { FULL, THIRD, NULL };
	const char *const alone[] = { THIRD, NULL };
	char was[sizeof(states[0])];

	(void)state;
	run("app", "CREATE TABLE mine AS SELECT 5 AS n");
	snprintf(was, sizeof(was), "%s", state_of_all());
	fresh();
	give("g1:restore", ORDER_RESTORE, transfer_fixture_restore(&op, gap));
	assert_int_equal(await("g1:restore")->err, ERR_BAD_REQUEST);
	assert_non_null(strstr(journal_find("g1:restore")->why,
	    "does not stand upon"));
	give("g2:restore", ORDER_RESTORE, transfer_fixture_restore(&op, alone));
	assert_int_equal(await("g2:restore")->err, ERR_BAD_REQUEST);
	assert_int_equal(datastore_postgresql.pid(), 0);
	done("g3:start", ORDER_START, NULL);
	assert_string_equal(state_of_all(), was);
}

/* --- crashes ----------------------------------------------------------------------------- */

static int
engine(void)
{
	return mover() == 0 ? 0 :
	    transfer_fixture_child(mover(), "coffer-transfer");
}

static int
server(void)
{
	return datastore_postgresql.pid();
}

static void
ready_again(void)
{
	for (int i = 0; i < 4000 && !supervisor_ready(); i++) {
		transfer_fixture_turn();
		usleep(5000);
	}
	assert_true(supervisor_ready());
	fresh();
}

/* What is on its way when storage holds is less than either has to say. */
static const char *
why_of_one_killed(const char *id, const char *since, int (*what)(void))
{
	int pid;

	fresh();
	object_fixture_behave("hold -1");
	unlink(object_fixture_path(LATER "_result"));
	give(id, ORDER_BACKUP, transfer_fixture_backup(&op, LATER, 1 << 20,
	    since));
	for (int i = 0; i < 4000 && object_fixture_requests() == 0; i++)
		usleep(2500);
	for (int i = 0; i < 4000 && engine() == 0; i++)
		usleep(2500);
	pid = engine();
	assert_true(pid > 1 && what() > 1);
	assert_int_equal(kill(what(), SIGKILL), 0);
	if (what != mover)
		object_fixture_behave("");
	if (await(id)->err == OK)
		fail_msg("%s: it was killed", id);
	object_fixture_behave("");
	for (int i = 0; i < 2000 && transfer_fixture_alive(pid); i++)
		usleep(5000);
	assert_false(transfer_fixture_alive(pid));
	assert_int_equal(access(object_fixture_path(LATER "_result"), F_OK),
	    -1);
	return journal_find(id)->why;
}

/* The WAL of the copy would ask for a directory that is nowhere else. */
static void
one_in_which_a_tablespace_is_made_is_refused(const char *id, const char *since,
    const char *name)
{
	fresh();
	object_fixture_behave("hold -1");
	give(id, ORDER_BACKUP, transfer_fixture_backup(&op, LATER, 1 << 20,
	    since));
	for (int i = 0; i < 4000 && *said("postgres", "SELECT 1 FROM "
	    "pg_stat_activity WHERE application_name = 'coffer-backup' AND "
	    "query ~ 'BASE_BACKUP|pg_backup_start'") == '\0'; i++)
		usleep(10000);
	space(name, POSTGRESQL_SPACES);
	object_fixture_behave("");
	if (await(id)->err != ERR_UNPROCESSABLE)
		fail_msg("%s: %s", id, journal_find(id)->why);
	assert_non_null(strstr(journal_find(id)->why, "tablespace was made"));
	fresh();
}

static void
whatever_is_killed_in_the_middle_the_next_one_works(void **state)
{
	const char *const both[] = { FULL, MORE, NULL };
	char was[sizeof(states[0])], mark[64];

	(void)state;
	run("app", "CREATE TABLE noise AS SELECT g AS n, (SELECT string_agg("
	    "md5(random()::text), '') FROM generate_series(1, 40) h WHERE h + g > 0) "
	    "AS s FROM generate_series(1, 12000) g");
	one_in_which_a_tablespace_is_made_is_refused("k0:backup", NULL, "late");
	run("app", "CREATE TABLE apart TABLESPACE late AS SELECT * FROM same");
	fresh();
	backup(FULL, NULL);
	snprintf(mark, sizeof(mark), "%s", mark_of(FULL));
	run("app", "UPDATE noise SET s = s || '.'");
	why_of_one_killed("k1:backup", NULL, server);
	ready_again();
	why_of_one_killed("k2:backup", mark, server);
	ready_again();
	assert_string_equal(why_of_one_killed("k3:backup", mark, mover),
	    "The backup was killed.");
	one_in_which_a_tablespace_is_made_is_refused("k4:backup", mark, "last");
	run("app", "UPDATE noise SET s = 'short' WHERE n % 2 = 0; "
	    "DELETE FROM apart WHERE n % 3000 = 0");
	/* Upon one that is older than two crashes. */
	fresh();
	done("k5:backup", ORDER_BACKUP, transfer_fixture_backup(&op, MORE,
	    1 << 20, mark));
	snprintf(was, sizeof(was), "%s", state_of_all());
	fresh();
	done("k6:restore", ORDER_RESTORE, transfer_fixture_restore(&op, both));
	assert_string_equal(state_of_all(), was);
	index_check("app");
}

#define TEST(f) BACKUP_TEST(f, &datastore_postgresql)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_chain_is_made_over_all_kinds_of_changes),
		TEST(what_changed_in_little_is_little),
		TEST(a_chain_is_restored_to_the_row),
		TEST(the_superuser_of_the_backup_is_nobody_here),
		TEST(nothing_is_made_upon_the_backup_of_other_data),
		TEST(a_chain_with_a_gap_leaves_the_data_as_they_are),
		TEST(whatever_is_killed_in_the_middle_the_next_one_works),
	};

	log_init("postgresql_backup_test", LOG_ERROR);
	transfer_fixture_program();
	if (!postgresql_fixture_make()) {
		printf("1..0 # SKIP PostgreSQL is not installed\n");
		return 0;
	}
	postgresql_fixture_use();
	return cmocka_run_group_tests_name("postgresql_backup", tests,
	    object_fixture_start, backup_fixture_over);
}
