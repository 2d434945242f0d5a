/* What only PostgreSQL can get wrong. */
#include "t/unit/engine_test.h"
#include "t/unit/postgresql_fixture.h"
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

static const char *
asked(const char *sql)
{
	const char *value;

	ok(postgresql_ask(&op, sql, NULL, &value));
	return value != NULL ? value : "NULL";
}

static void
asks(const char *user_name, const char *database, const char *sql)
{
	if (client(user_name, "first-Secret1", database, sql) != 0)
		fail_msg("%s in %s may not: %s", user_name, database, sql);
}

static void
asks_in_vain(const char *user_name, const char *database, const char *sql)
{
	if (client(user_name, "first-Secret1", database, sql) == 0)
		fail_msg("%s in %s may: %s", user_name, database, sql);
}

static void
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
	int status;
	pid_t pid;

	(void)state;
	create("app");
	create_user("ann", "%", "app");
	asks("ann", "app", "CREATE TABLE t (n int)");
	if ((pid = fork()) == 0)
		_exit(client("ann", ann.password, "app", "SELECT pg_sleep(20)"));
	while (strcmp(asked("SELECT count(*) FROM pg_stat_activity WHERE "
	    "query LIKE '%pg_sleep(20)%' AND usename = 'ann'"), "1") != 0)
		usleep(5000);
	ok(db->revoke(&op, &ann, "app"));
	while (waitpid(pid, &status, 0) == -1)
		;
	assert_int_not_equal(WEXITSTATUS(status), 0);
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
	int status;
	pid_t pid;

	(void)state;
	ok(db->root_enable(&op, "first-Secret1"));
	asks("postgres", "postgres", "CREATE ROLE robot LOGIN; CREATE TABLE "
	    "kept AS SELECT pg_read_file('PG_VERSION')");
	asks("postgres", "postgres", "CREATE DATABASE roots");
	assert_string_equal(databases(0, NULL), "roots");
	if ((pid = fork()) == 0)
		_exit(client("postgres", "first-Secret1", "postgres",
		    "SELECT pg_sleep(21)"));
	while (strcmp(asked("SELECT count(*) FROM pg_stat_activity WHERE "
	    "query LIKE '%pg_sleep(21)%' AND usename = 'postgres'"), "1") != 0)
		usleep(5000);
	ok(db->root_disable(&op));
	while (waitpid(pid, &status, 0) == -1)
		;
	assert_int_not_equal(WEXITSTATUS(status), 0);
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
	int status;
	pid_t pid;

	(void)state;
	create("app");
	create_user("ann", "%", "app");
	if ((pid = fork()) == 0)
		_exit(client("ann", "first-Secret1", "app",
		    "SELECT pg_sleep(22)"));
	while (strcmp(asked("SELECT count(*) FROM pg_stat_activity WHERE "
	    "query LIKE '%pg_sleep(22)%' AND usename = 'ann'"), "1") != 0)
		usleep(5000);
	ok(db->database_delete(&op, "app"));
	while (waitpid(pid, &status, 0) == -1)
		;
	assert_int_not_equal(WEXITSTATUS(status), 0);
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
a_killed_server_is_seen_and_starts_again(void **state)
{
	enum db_status status;

	(void)state;
	create("app");
	assert_true(db->pid() > 0);
	kill(atoi(asked("SELECT pg_backend_pid()")), SIGSTOP);
	kill(db->pid(), SIGKILL);
	for (int i = 0; i < 400 && db->pid() != 0; i++)
		usleep(5000);
	assert_int_equal(db->pid(), 0);
	db->status(&op, &status);
	assert_int_not_equal(status, DB_HEALTHY);
	op_end(&op);
	op_begin(&op, "test");
	ok(db->start(&op));
	while (db->pid() != 0 && (db->status(&op, &status) != OK ||
	    status != DB_HEALTHY))
		usleep(5000);
	ok(db->database_show(&op, "app"));
}

/* --- settings --------------------------------------------------------------------- */

static void
settings_are_there_at_once_or_wait_for_a_start(void **state)
{
	static const struct db_setting some[] = {
		{ "Work_Mem", "8MB", false },
		{ "log_min_duration_statement", "2500", true },
		{ "enable_seqscan", "0", true },
		{ "max_connections", "61", true },
		{ "datestyle", "German", false }, { 0 } }, none[] = { { 0 } };
	char work_mem[16];

	(void)state;
	snprintf(work_mem, sizeof(work_mem), "%s",
	    asked("SELECT setting FROM pg_settings WHERE name = 'work_mem'"));
	ok(db->configure(&op, some));
	assert_string_equal(asked("SHOW work_mem"), "8MB");
	assert_string_equal(asked("SHOW enable_seqscan"), "off");
	assert_string_equal(asked("SHOW DateStyle"), "German, DMY");
	assert_string_equal(asked("SELECT string_agg(name, ' ') FROM "
	    "pg_settings WHERE pending_restart"), "max_connections");
	start_again();
	assert_string_equal(asked("SHOW max_connections"), "61");
	assert_string_equal(asked("SHOW work_mem"), "8MB");
	ok(db->configure(&op, none));
	assert_string_equal(asked("SELECT setting FROM pg_settings "
	    "WHERE name = 'work_mem'"), work_mem);
	assert_string_equal(asked("SELECT string_agg(name, ' ') FROM "
	    "pg_settings WHERE pending_restart"), "max_connections");
	start_again();
	assert_string_not_equal(asked("SHOW max_connections"), "61");
}

/* Each as it was given, and none of them a line of postgresql.conf. */
static void
odd_values_stay_values(void **state)
{
	static const char *const odd[] = { "a#b", " a ", "it's", "say \"x\"",
	    "back\\slash\\", "a;b", "x = y", "include '/etc/passwd'", "\\n",
	    "''", "\\'", "" };
	struct db_setting s[2] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(odd); i++) {
		s[0] = (struct db_setting){ "log_line_prefix", odd[i], false };
		ok(db->configure(&op, s));
		assert_string_equal(asked("SHOW log_line_prefix"), odd[i]);
	}
	ok(db->configure(&op, &(struct db_setting){ 0 }));
}

static const struct { struct db_setting s; const char *why; } wrong[] = {
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
};

static void
what_the_server_refuses_leaves_all_as_it_was(void **state)
{
	static const struct db_setting good = { "deadlock_timeout", "1234", true };
	static const char now[] = "SELECT reset_val FROM pg_settings "
	    "WHERE name = 'deadlock_timeout'";
	struct db_setting s[3] = { { 0 } };
	char before[16];

	(void)state;
	snprintf(before, sizeof(before), "%s", asked(now));
	for (size_t i = 0; i < ROWS(wrong); i++) {
		s[0] = good;
		s[1] = wrong[i].s;
		if (db->configure(&op, s) != ERR_BAD_REQUEST)
			fail_msg("%s = %s is taken", wrong[i].s.name,
			    wrong[i].s.value);
		if (strstr(op.why, wrong[i].why) == NULL)
			fail_msg("%s: %s", wrong[i].s.name, op.why);
		assert_string_equal(asked(now), before);
	}
	start_again();
	assert_string_equal(asked(now), before);
}

/* It takes as many starts as the supervisor makes by itself. */
static void
a_server_that_does_not_start_gets_no_settings(void **state)
{
	static const struct db_setting deadly[] = {
		{ "shared_buffers", "4TB", false },
		{ "work_mem", "9MB", false }, { 0 } };
	const char *why;

	(void)state;
	ok(db->configure(&op, deadly));
	assert_null(db->complaint(&op));
	ok(db->stop(&op));
	op_end(&op);
	op_begin(&op, "test");
	for (int i = 0; i < 2; i++) {
		ok(db->start(&op));
		for (int n = 0; n < 1000 && db->pid() != 0; n++)
			usleep(5000);
		assert_int_equal(db->pid(), 0);
	}
	ok(db->start(&op));
	wait_until_it_answers();
	assert_string_not_equal(asked("SHOW work_mem"), "9MB");
	why = db->complaint(&op);
	assert_non_null(why);
	assert_non_null(strstr(why, "did not start"));
	assert_null(db->complaint(&op));
}

/* --- backups ---------------------------------------------------------------------- */

static const char *
place(const char *name)
{
	return op_printf(&op, "%s/../%s", file_data(&op, "."), name);
}

static const char *
backed_up(const char *name, const char *since)
{
	int fd = open(place(name), O_RDWR | O_CREAT | O_TRUNC, 0600);
	const char *mark = NULL;

	assert_int_not_equal(fd, -1);
	ok(db->backup(&op, since, fd, &mark));
	assert_non_null(mark);
	close(fd);
	return mark;
}

static enum err
restored(int nth, const char *name)
{
	int fd = open(place(name), O_RDONLY);
	enum err e;

	assert_int_not_equal(fd, -1);
	e = db->restore(&op, nth, fd);
	close(fd);
	return e;
}

/* Moves money about until it is killed: what there is stays 1000. */
static pid_t
somebody_is_busy(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setsid();
	for (;;)
		client("ann", "first-Secret1", "bank", "DO $$ BEGIN FOR i IN "
		    "1..500 LOOP UPDATE money SET n = n + CASE id WHEN i % 10 "
		    "THEN 1 WHEN (i * 7 + 3) % 10 THEN -1 ELSE 0 END "
		    "WHERE i % 10 <> (i * 7 + 3) % 10; COMMIT; END LOOP; "
		    "END $$");
}

static void
bank_open(void)
{
	create("bank");
	create_user("ann", "%", "bank");
	create_user("bob", "10.0.0.1", "bank");
	asks("ann", "bank", "CREATE TABLE money AS SELECT g AS id, 100 AS n "
	    "FROM generate_series(0, 9) g; CREATE TABLE many AS SELECT g AS n, "
	    "md5(g::text) AS t FROM generate_series(1, 20000) g; "
	    "CREATE INDEX i ON many (t)");
}

static void
bank_check(const char *more)
{
	asks("ann", "bank", "DO $$ BEGIN ASSERT (SELECT sum(n) = 1000 FROM "
	    "money); ASSERT (SELECT count(*) = 20000 AND bool_and(md5(n::text) "
	    "= t) FROM many WHERE n <= 20000); END $$");
	asks("ann", "bank", more);
	asks_in_vain("bob", "bank", "SELECT 1");
	assert_string_equal(users(0, NULL), "ann@%(bank) bob@10.0.0.1(bank)");
}

static void
replaced_by(const char *const *backups)
{
	ok(db->stop(&op));
	for (int i = 0; backups[i] != NULL; i++)
		ok(restored(i, backups[i]));
	ok(db->restored(&op));
	op_end(&op);
	op_begin(&op, "test");
	ok(db->start(&op));
	wait_until_it_answers();
}

static void
a_backup_of_a_busy_server_is_one_moment_of_it(void **state)
{
	pid_t pid;

	(void)state;
	bank_open();
	pid = somebody_is_busy();
	backed_up("full", NULL);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(db->database_delete(&op, "bank"));
	create("other");
	replaced_by((const char *[]){ "full", NULL });
	bank_check("SELECT 1");
	assert_string_equal(databases(0, NULL), "bank");
	assert_string_equal(asked("SELECT pg_is_in_recovery()"), "f");
}

static void
a_backup_that_is_cut_off_or_none_is_refused(void **state)
{
	(void)state;
	create("app");
	backed_up("full", NULL);
	assert_int_equal(truncate(place("full"), 5000000), 0);
	ok(db->stop(&op));
	assert_int_equal(restored(0, "full"), ERR_BAD_REQUEST);
	assert_non_null(strstr(op.why, "damaged"));
	start_again();			/* with the data that were there */
	ok(db->database_show(&op, "app"));
}

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
	TEST(settings_are_there_at_once_or_wait_for_a_start),
	TEST(odd_values_stay_values),
	TEST(what_the_server_refuses_leaves_all_as_it_was),
	TEST(a_server_that_does_not_start_gets_no_settings),
	TEST(the_agent_s_account_comes_back_with_a_start),
	TEST(a_backup_of_a_busy_server_is_one_moment_of_it),
	TEST(a_backup_that_is_cut_off_or_none_is_refused),
	TEST(a_killed_server_is_seen_and_starts_again),
};

static const char *const logs[] = { "general", NULL };

const struct engine_case case_postgresql = {
	.engine = &datastore_postgresql,
	.make = postgresql_fixture_make,
	.use = postgresql_fixture_use,
	.setting = "lock_timeout", .value = "77",
	.logs = logs,
	.own = postgresql_only, .own_count = ROWS(postgresql_only),
};
