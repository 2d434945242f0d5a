/* What only PostgreSQL can get wrong. */
#include "t/unit/engine_postgresql.h"
#include "t/unit/engine_verify.h"
#include "agent/file.h"
#include "agent/postgresql.h"
#include "lib/base/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define client postgresql_fixture_client

const char *
asked(const char *sql)
{
	const char *value;

	ok(postgresql_ask(&op, sql, NULL, &value));
	return value != NULL ? value : "NULL";
}

void
asks(const char *user_name, const char *database, const char *sql)
{
	if (client(user_name, "first-Secret1", database, sql) != 0)
		fail_msg("%s in %s may not: %s", user_name, database, sql);
}

void
asks_in_vain(const char *user_name, const char *database, const char *sql)
{
	if (client(user_name, "first-Secret1", database, sql) == 0)
		fail_msg("%s in %s may: %s", user_name, database, sql);
}

static bool
lets_in(const char *name, const char *password)
{
	return client(name, password, "app", "SELECT 1") == 0;
}

static pid_t
stays(const char *name, const char *password)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(client(name, password, "app", "SELECT pg_sleep(20)"));
	while (strcmp(asked(op_printf(&op, "SELECT count(*) FROM "
	    "pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%%' AND "
	    "usename = '%s'", name)), "1") != 0)
		usleep(5000);
	return pid;
}

void
create_user(const char *name, const char *host, const char *database)
{
	struct db_user u = user(name, host);
	const char *const list[] = { database, NULL };

	u.databases = list;
	ok(db->user_create(&op, &u));
}

static void
a_copy_of_the_template_gets_an_identifier_of_its_own(void **state)
{
	const char *given;
	size_t len;

	(void)state;
	ok(file_get(&op, file_data(&op, "agent/system"), &given, &len));
	assert_string_equal(op_printf(&op, "%s\n", asked("SELECT "
	    "system_identifier::numeric + CASE WHEN system_identifier < 0 "
	    "THEN 18446744073709551616 ELSE 0 END FROM pg_control_system()")),
	    given);
	assert_int_equal(access(file_data(&op, "agent/system.new"),
	    F_OK), -1);
	start_again();			/* it stays */
	ok(file_get(&op, file_data(&op, "agent/system"), &given, &len));
}

static void
only_who_has_access_comes_to_a_database(void **state)
{
	(void)state;
	create("app");
	create("other");
	create_user("ann", "%", "app");
	asks("ann", "app", "SELECT 1");
	asks_in_vain("ann", "other", "SELECT 1");
	asks_in_vain("ann", "postgres", "SELECT 1");
	asks_in_vain("ann", "template1", "SELECT 1");
	asks_in_vain("ann", "app", "CREATE DATABASE mine");
	asks_in_vain("ann", "app", "CREATE ROLE me");
	asks_in_vain("ann", "app", "COPY (SELECT 1) TO PROGRAM 'true'");
}

static void
what_one_makes_all_with_access_may_use(void **state)
{
	struct db_user ann = user("ann", "%");

	(void)state;
	create("app");
	create_user("ann", "%", "app");
	create_user("bob", "%", "app");
	asks("ann", "app", "CREATE TABLE t (n int)");
	asks("bob", "app", "INSERT INTO t VALUES (1); ALTER TABLE t ADD m int");
	ok(db->user_delete(&op, &ann));
	asks("bob", "app", "SELECT m FROM t; DROP TABLE t");
}

static void
access_that_is_taken_back_ends_sessions_and_what_was_made_stays(void **state)
{
	struct db_user ann = user("ann", "%");
	pid_t pid;

	(void)state;
	create("app");
	create_user("ann", "%", "app");
	asks("ann", "app", "CREATE TABLE t (n int)");
	pid = stays("ann", ann.password);
	ok(db->revoke(&op, &ann, "app"));
	assert_int_not_equal(engine_wait(pid), 0);
	asks_in_vain("ann", "app", "SELECT 1");
	ok(db->grant(&op, &ann, "app"));
	asks("ann", "app", "SELECT n FROM t");
}

/* Not as the database's owner, which is what he is by default. */
static void
who_owns_things_himself_can_still_be_dropped(void **state)
{
	struct db_user ann = user("ann", "%");

	(void)state;
	create("app");
	create("other");
	create_user("ann", "%", "app");
	create_user("bob", "%", "app");
	ok(db->grant(&op, &ann, "other"));
	asks("ann", "app", "SET ROLE none; CREATE TABLE hers (n int);"
	    "CREATE SCHEMA s; GRANT SELECT ON hers TO bob");
	asks("ann", "other", "SET ROLE none; CREATE TABLE hers (n int)");
	ok(db->user_delete(&op, &ann));
	assert_string_equal(users(0, NULL), "bob@%(app)");
	asks("bob", "app", "INSERT INTO hers VALUES (1); DROP SCHEMA s");
}

static void
a_user_comes_from_his_host_only(void **state)
{
	struct db_user ann = user("ann", "10.0.0.%"), to = { .host = "%" };
	struct db_user everywhere = user("ann", "%");
	struct db_user local = { .host = "127.0.0.%", .name = "eve" };

	(void)state;
	create("app");
	create_user("ann", ann.host, "app");
	create_user("bob", "127.0.0.1", "app");
	asks_in_vain("ann", "app", "SELECT 1");
	asks("bob", "app", "SELECT 1");
	assert_string_equal(users(0, NULL),
	    "ann@10.0.0.%(app) bob@127.0.0.1(app)");
	ok(db->user_update(&op, &ann, &to));
	asks("ann", "app", "SELECT 1");
	ok(db->user_update(&op, &everywhere, &local));
	asks("eve", "app", "SELECT 1");
	start_again();
	asks("eve", "app", "SELECT 1");
	assert_string_equal(users(0, NULL),
	    "bob@127.0.0.1(app) eve@127.0.0.%(app)");
}

static void
hosts_that_are_no_network_are_refused(void **state)
{
	static const struct { const char *host; bool fits; } rows[] = {
		{ "%", true }, { "10.0.0.1", true }, { "10.%", true },
		{ "10.0.%.%", true }, { "10.0.0.0/24", true }, { "::1", true },
		{ "10.0.0.0/255.255.255.0", true }, { "fd00::/64", true },
		{ "%.0.0.1", false }, { "10.%.0.1", false }, { "%10", false },
		{ "1%.2.3.4", false }, { "10.0.0.0/33", false },
		{ "10.0.0.0/255.0.255.0", false }, { "1.2.3", false },
		{ "10.0.0.", false }, { "::1/129", false },
		{ "10.0.0.1/24x", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct db_user u = user("ann", rows[i].host);
		enum err e = db->user_create(&op, &u);

		if (e != (rows[i].fits ? OK : ERR_BAD_REQUEST))
			fail_msg("%s: %s", rows[i].host, err_name(e));
		if (e == OK)
			ok(db->user_delete(&op, &u));
		assert_string_equal(users(0, NULL), "");
	}
}

/* What a backup of another server brings along: nobody but who may comes in. */
static void
data_from_elsewhere_bring_their_hosts(void **state)
{
	(void)state;
	create("app");
	create_user("ann", "10.0.0.1", "app");
	create_user("bob", "%", "app");
	ok(db->stop(&op));
	unlink(file_data(&op, POSTGRESQL_HBA));
	op_end(&op);
	op_begin(&op, "test");
	ok(db->start(&op));
	wait_until_it_answers();
	asks_in_vain("ann", "app", "SELECT 1");
	asks("bob", "app", "SELECT 1");
}

static void
nobody_is_the_agent_over_the_network(void **state)
{
	(void)state;
	ok(postgresql_run(&op, "ALTER ROLE os_admin PASSWORD 'first-Secret1'"));
	asks_in_vain(POSTGRESQL_ADMIN, "postgres", "SELECT 1");
	ok(postgresql_run(&op, "ALTER ROLE os_admin PASSWORD NULL"));
}

static void
passwords_are_kept_as_scram_and_stand_in_no_log(void **state)
{
	static const char *const logs[] = { "log/postgresql.log",
	    "log/postgresql.csv" };
	struct db_user u = user("ann", "%"), to = { .password =
	    "canary-Secret8" };
	const char *s;
	size_t len;

	(void)state;
	ok(db->log_set(&op, "general", true));
	ok(db->user_create(&op, &u));
	ok(db->user_update(&op, &u, &to));
	ok(db->root_enable(&op, to.password));
	assert_int_equal(client("ann", to.password, "postgres", "SELECT 1") != 0,
	    1);
	assert_string_equal(asked("SELECT count(*) FROM pg_authid WHERE "
	    "rolname IN ('ann', 'postgres') AND "
	    "rolpassword LIKE 'SCRAM-SHA-256$%'"), "2");
	ok(db->log_set(&op, "general", false));
	for (size_t i = 0; i < ROWS(logs); i++) {
		ok(file_get(&op, file_data(&op, logs[i]), &s, &len));
		assert_null(memmem(s, len, "canary", 6));
		assert_null(memmem(s, len, "SCRAM-SHA", 9));
	}
	assert_int_not_equal(postgresql_run(&op,
	    "CREATE ROLE x PASSWORD 'canary' oops"), OK);
	assert_null(strstr(op.why, "canary"));
	ok(db->root_disable(&op));
}

/* What a tenant's root may have logged: only his own statements. */
static void
the_agent_fills_no_log_of_the_tenant_s(void **state)
{
	static const char *const all[][2] = { { "log_statement", "all" },
	    { "log_duration", "on" }, { "log_disconnections", "on" },
	    { "log_min_duration_statement", "0" },
	    { "log_min_duration_sample", "0" },
	    { "log_transaction_sample_rate", "1" },
	    { "log_statement_stats", "on" }, { "log_temp_files", "0" },
	    { "log_statement_sample_rate", "0.5" } };	/* by which it is seen */
	const char *s;
	size_t len;

	(void)state;
	create("app");
	create_user("ann", "%", "app");
	for (size_t i = 0; i < ROWS(all); i++)
		ok(postgresql_run(&op, op_printf(&op, "ALTER SYSTEM SET %s = "
		    "'%s'", all[i][0], all[i][1])));
	ok(postgresql_run(&op, "SELECT pg_reload_conf()"));
	do {
		op_end(&op);
		op_begin(&op, "test");
	} while (strcmp(asked("SHOW log_statement_sample_rate"), "0.5") != 0);
	asks("ann", "app", "SELECT 'the last of ann'");
	assert_string_equal(asked("SELECT 'unseen ' || count(*) FROM pg_class a,"
	    " pg_class b WHERE a.oid = b.oid AND a.relname = 'pg_class'"),
	    "unseen 1");
	op_end(&op);
	op_begin(&op, "test");
	for (size_t i = 0; i < ROWS(all); i++)
		ok(postgresql_run(&op, op_printf(&op, "ALTER SYSTEM RESET %s",
		    all[i][0])));
	ok(postgresql_run(&op, "SELECT pg_reload_conf()"));
	ok(file_get(&op, file_data(&op, "log/postgresql.log"), &s, &len));
	s = memmem(s, len, "the last of ann", 15);
	assert_non_null(s);
	s = strchr(s, '\n');
	assert_null(strstr(s, "unseen"));
	assert_null(strstr(s, "os_admin@postgres LOG:"));
}

static void
root_is_a_superuser_until_disabled(void **state)
{
	pid_t pid;

	(void)state;
	ok(db->root_enable(&op, "first-Secret1"));
	asks("postgres", "postgres", "CREATE ROLE robot LOGIN; CREATE TABLE "
	    "kept AS SELECT pg_read_file('PG_VERSION')");
	asks("postgres", "postgres", "CREATE DATABASE app");
	assert_string_equal(databases(0, NULL), "app");
	pid = stays("postgres", "first-Secret1");
	ok(db->root_disable(&op));
	assert_int_not_equal(engine_wait(pid), 0);
	asks_in_vain("postgres", "postgres", "SELECT 1");
	ok(db->root_enable(&op, "first-Secret1"));
	asks("postgres", "postgres", "DROP TABLE kept; DROP ROLE robot");
	ok(db->root_disable(&op));
}

/* One that root made has no owner of ours until somebody is granted it. */
static void
a_database_of_root_s_can_be_granted(void **state)
{
	struct db_user ann = user("ann", "%");

	(void)state;
	ok(db->root_enable(&op, "first-Secret1"));
	asks("postgres", "postgres", "CREATE DATABASE roots");
	ok(db->root_disable(&op));
	ok(db->user_create(&op, &ann));
	ok(db->grant(&op, &ann, "roots"));
	assert_string_equal(users(0, NULL), "ann@%(roots)");
	asks("ann", "roots", "CREATE TABLE t (n int)");
}

static void
a_grant_wants_the_database_to_be_there(void **state)
{
	struct db_user ann = user("ann", "%");

	(void)state;
	ann.databases = (const char *const[]){ "none", NULL };
	assert_int_equal(db->user_create(&op, &ann), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "Database none cannot be found on the instance.");
	assert_string_equal(users(0, NULL), "");
}

static void
character_sets_and_collations_are_the_server_s_to_know(void **state)
{
	static const struct { const char *set, *collation; enum err e; } rows[] = {
		{ "UTF8", NULL, OK }, { "utf8", "C.UTF-8", OK },
		{ "LATIN1", NULL, OK }, { "LATIN1", "C", OK },
		{ NULL, "C", OK }, { NULL, NULL, OK },
		{ "KLINGON", NULL, ERR_BAD_REQUEST },
		{ NULL, "klingon", ERR_BAD_REQUEST },
		{ "LATIN1", "C.UTF-8", ERR_BAD_REQUEST },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct db_database d = { "one", rows[i].set,
		    rows[i].collation };
		enum err e = db->database_create(&op, &d);

		if (e != rows[i].e)
			fail_msg("%s %s: %s", d.charset, d.collate,
			    err_name(e));
		if (e == OK)
			ok(db->database_delete(&op, "one"));
	}
	assert_string_equal(asked("SELECT count(*) FROM pg_roles WHERE "
	    "rolname LIKE 'os_access_%'"), "0");
}

/* It was created, and the agent died before it was opened. */
static void
a_database_that_was_left_closed_is_opened(void **state)
{
	struct db_database d = { .name = "app" };
	struct db_user ann = user("ann", "%");

	(void)state;
	create("app");
	ok(postgresql_run(&op, "GRANT CONNECT ON DATABASE app TO PUBLIC;"
	    "ALTER DATABASE app ALLOW_CONNECTIONS false"));
	assert_int_equal(db->database_create(&op, &d), ERR_CONFLICT);
	ok(db->user_create(&op, &ann));
	asks_in_vain("ann", "app", "SELECT 1");
	ok(db->grant(&op, &ann, "app"));
	asks("ann", "app", "SELECT 1");
}

static void
a_database_in_use_is_deleted(void **state)
{
	pid_t pid;

	(void)state;
	create("app");
	create_user("ann", "%", "app");
	pid = stays("ann", "first-Secret1");
	ok(db->database_delete(&op, "app"));
	assert_int_not_equal(engine_wait(pid), 0);
	assert_string_equal(users(0, NULL), "ann@%");
}

/* As the one who is left can: he renamed it, took its rights, closed its door. */
static void
the_agent_s_account_comes_back_with_a_start(void **state)
{
	static const char *const harm[] = {
		"ALTER ROLE os_admin RENAME TO mine; CREATE ROLE os_admin LOGIN",
		"ALTER ROLE os_admin NOSUPERUSER NOLOGIN",
		"ALTER DATABASE postgres ALLOW_CONNECTIONS false",
	};
	enum db_status status;

	(void)state;
	for (size_t i = 0; i < ROWS(harm); i++) {
		ok(db->root_enable(&op, "first-Secret1"));
		create("roots");
		asks("postgres", "roots", harm[i]);
		postgresql_hang_up();
		op_end(&op);
		op_begin(&op, "test");
		ok(db->status(&op, &status));
		assert_int_equal(status, DB_HEALTHY);
		assert_int_equal(db->database_show(&op, "roots"), ERR_GUEST);
		start_again();
		ok(db->database_delete(&op, "roots"));
		ok(db->root_disable(&op));
	}
	assert_string_equal(users(0, NULL), "");
}

/* A session that does not see it keeps the memory from which the next cannot start. */
static void
a_session_sees_nothing(void)
{
	kill(atoi(asked("SELECT pg_backend_pid()")), SIGSTOP);
}

/* --- settings --------------------------------------------------------------------- */

static const char *
shown(const char *name)
{
	return asked(op_printf(&op, "SHOW %s", name));
}

static const char *
waiting(void)
{
	return asked("SELECT string_agg(name, ' ') FROM pg_settings "
	    "WHERE pending_restart");
}

static const struct engine_setting some[] = {
	{ { "Work_Mem", "8MB", false }, "work_mem", "8MB", NULL, false },
	{ { "log_min_duration_statement", "2500", true }, "log_min_duration_statement", NULL, NULL, false },
	{ { "enable_seqscan", "0", true }, "enable_seqscan", "off", "on", false },
	{ { "max_connections", "61", true }, "max_connections", "61", NULL, true },
	{ { "datestyle", "German", false }, "DateStyle", "German, DMY", NULL, false },
	{ { 0 } }
};
static const char *const odd[] = { "include '/etc/passwd'", "''", "\\'", NULL };

static const struct engine_wrong wrong[] = {
	{ { "nope", "1", true }, "no variable nope" },
	{ { "my.own", "1", true }, "no variable my.own" },
	{ { "work_mem", "banana", false }, "number of kB" },
	{ { "work_mem", "1", true }, "from 64 to" },
	{ { "work_mem", "5 parsec", false }, "number of kB" },
	{ { "log_min_messages", "loud", false }, "does not take 'loud'" },
	{ { "max_connections", "0", true }, "from 1 to" },
	{ { "shared_buffers", "64kB", false }, "from 16 to" },
	{ { "fsync", "maybe", false }, "on or off" },
	{ { "server_version", "16", false }, "cannot be set" },
	{ { "port", "1", true }, "not a tenant's" },
	{ { "Archive_Command", "rm", false }, "not a tenant's" },
	{ { "ssl_ca_file", "/etc/passwd", false }, "not a tenant's" },
	{ { "shared_preload_libraries", "x", false }, "not a tenant's" },
	{ { "timezone", "Mars/Olympus", false }, "does not take" },
	{ { 0 }, NULL }
};

static const struct engine_settings settings = {
	.parameter = shown, .some = some,
	.waiting = waiting, .late = "max_connections",
	.text = "log_line_prefix", .odd = odd, .odd_at_once = true,
	.wrong = wrong, .good = { { "deadlock_timeout", "1234", true } },
	.deadly = { "shared_buffers", "4TB", false },
};

static const struct CMUnitTest postgresql_only[] = {
	TEST(a_copy_of_the_template_gets_an_identifier_of_its_own),
	TEST(only_who_has_access_comes_to_a_database),
	TEST(what_one_makes_all_with_access_may_use),
	TEST(access_that_is_taken_back_ends_sessions_and_what_was_made_stays),
	TEST(who_owns_things_himself_can_still_be_dropped),
	TEST(a_user_comes_from_his_host_only),
	TEST(hosts_that_are_no_network_are_refused),
	TEST(data_from_elsewhere_bring_their_hosts),
	TEST(nobody_is_the_agent_over_the_network),
	TEST(passwords_are_kept_as_scram_and_stand_in_no_log),
	TEST(the_agent_fills_no_log_of_the_tenant_s),
	TEST(root_is_a_superuser_until_disabled),
	TEST(a_database_of_root_s_can_be_granted),
	TEST(a_grant_wants_the_database_to_be_there),
	TEST(character_sets_and_collations_are_the_server_s_to_know),
	TEST(a_database_that_was_left_closed_is_opened),
	TEST(a_database_in_use_is_deleted),
	TEST(the_agent_s_account_comes_back_with_a_start),
	{ 0 }
};

static const char *const logs[] = { "general", NULL };

const struct engine_case case_postgresql = {
	.engine = &datastore_postgresql,
	.make = postgresql_fixture_make,
	.use = postgresql_fixture_use,
	.setting = "lock_timeout", .value = "77",
	.logs = logs,
	.lets_in = lets_in, .stays = stays, .root = "postgres",
	.before_kill = a_session_sees_nothing,
	.settings = &settings,
	.verify = &verify_postgresql,
	.own = { postgresql_only, postgresql_backups },
};
