/* What every engine does, and what only MariaDB can get wrong. */
#include "t/unit/test.h"
#include "t/unit/mariadb_fixture.h"
#include "agent/datastore.h"
#include "agent/file.h"
#include "agent/mariadb.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct datastore *db;
static struct op op;

/* A listing as one text: "name@host(db,db) name ..." */
static enum err
row_collect(struct op *o, void *arg, const char *name, const char *host,
    const char *const *databases)
{
	struct text *t = arg;

	(void)o;
	text_printf(t, "%s%s", t->len > 0 ? " " : "", name);
	if (host != NULL)
		text_printf(t, "@%s", host);
	if (databases != NULL && *databases != NULL) {
		for (const char *c = "("; *databases != NULL; c = ",")
			text_printf(t, "%s%s", c, *databases++);
		text_add(t, ")");
	}
	return OK;
}

static const char *
databases(int limit, const char *marker)
{
	struct db_page page = { limit, marker };
	struct text t;

	text_begin(&t, &op, 256);
	assert_int_equal(db->database_list(&op, &page, row_collect, &t), OK);
	return t.s;
}

static const char *
users(int limit, const char *marker)
{
	struct db_page page = { limit, marker };
	struct text t;

	text_begin(&t, &op, 256);
	assert_int_equal(db->user_list(&op, &page, row_collect, &t), OK);
	return t.s;
}

static void
ok(enum err e)
{
	if (e != OK)
		fail_msg("%s: %s", err_name(e), op.why);
}

static void
create(const char *name)
{
	ok(db->database_create(&op, &(struct db_database){ .name = name }));
}

static struct db_user
user(const char *name, const char *host)
{
	return (struct db_user){ .name = name, .host = host,
	    .password = "first-Secret1" };
}

static void
wait_until_it_answers(void)
{
	enum db_status status = DB_CRASHED;

	for (int i = 0; i < 2000 && status != DB_HEALTHY; i++) {
		db->status(&op, &status);
		usleep(5000);
	}
	assert_int_equal(status, DB_HEALTHY);
}

/* A first start that a power cut ended: a password's file, and nothing in it. */
static void
power_cut_leave(void)
{
	ok(file_directory(&op, mariadb_path(&op, "agent")));
	ok(file_put(&op, mariadb_path(&op, "agent/admin.first"), "", 0));
}

/* *state is the engine; its first test starts it. */
static int
begin(void **state)
{
	const struct datastore *engine = *state;

	op_begin(&op, "test");
	if (db != engine) {
		if (db != NULL)
			db->stop(&op);
		db = engine;
		if (engine == &datastore_mariadb)
			power_cut_leave();
		ok(db->start(&op));
		wait_until_it_answers();
	}
	return 0;
}

/* Nothing of one test is there for the next. */
static int
end(void **state)
{
	struct text all;
	struct db_page page = { 0 };
	char *name, *rest;

	(void)state;
	text_begin(&all, &op, 256);
	db->user_list(&op, &page, row_collect, &all);
	for (rest = all.s; (name = strsep(&rest, " ")) != NULL && *name;) {
		char *host = strrchr(name, '@');
		struct db_user u = { .name = name };

		if (host == NULL)
			continue;
		*host++ = '\0';
		host[strcspn(host, "(")] = '\0';
		u.host = host;
		db->user_delete(&op, &u);
	}
	text_begin(&all, &op, 256);
	db->database_list(&op, &page, row_collect, &all);
	for (rest = all.s; (name = strsep(&rest, " ")) != NULL && *name;)
		db->database_delete(&op, name);
	op_end(&op);
	return 0;
}

static void
a_database_is_there_between_its_creation_and_its_deletion(void **state)
{
	(void)state;
	assert_int_equal(db->database_show(&op, "app"), ERR_NOT_FOUND);
	create("app");
	ok(db->database_show(&op, "app"));
	assert_string_equal(databases(0, NULL), "app");
	ok(db->database_delete(&op, "app"));
	assert_int_equal(db->database_show(&op, "app"), ERR_NOT_FOUND);
	assert_string_equal(databases(0, NULL), "");
}

static void
a_second_database_of_a_name_is_a_conflict(void **state)
{
	struct db_database d = { .name = "app" };

	(void)state;
	create("app");
	assert_int_equal(db->database_create(&op, &d), ERR_CONFLICT);
	assert_string_equal(op.why,
	    "A database with the name \"app\" already exists.");
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct db_user u = user("nobody", "%"), to = { .name = "other" };

	(void)state;
	assert_int_equal(db->database_delete(&op, "none"), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "Database none cannot be found on the instance.");
	assert_int_equal(db->user_delete(&op, &u), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "User nobody cannot be found on the instance.");
	assert_int_equal(db->user_update(&op, &u, &to), ERR_NOT_FOUND);
	assert_int_equal(db->grant(&op, &u, "app"), ERR_NOT_FOUND);
	assert_int_equal(db->revoke(&op, &u, "app"), ERR_NOT_FOUND);
}

static void
listings_come_page_by_page_in_order_of_name(void **state)
{
	struct db_user u;

	(void)state;
	create("b1");
	create("a1");
	create("C1");
	assert_string_equal(databases(0, NULL), "C1 a1 b1");
	assert_string_equal(databases(2, NULL), "C1 a1");
	assert_string_equal(databases(2, "a1"), "b1");
	assert_string_equal(databases(2, "b1"), "");
	for (int i = 0; i < 3; i++) {
		u = user("ann", (const char *[]){ "10.0.0.2", "%", "10.0.0.%" }[i]);
		ok(db->user_create(&op, &u));
	}
	assert_string_equal(users(2, NULL), "ann@% ann@10.0.0.%");
	assert_string_equal(users(2, "ann@10.0.0.%"), "ann@10.0.0.2");
}

static void
users_are_pairs_of_name_and_host(void **state)
{
	struct db_user everywhere = user("ann", "%"),
	    there = user("ann", "10.0.0.1");

	(void)state;
	ok(db->user_create(&op, &everywhere));
	ok(db->user_create(&op, &there));
	assert_int_equal(db->user_create(&op, &there), ERR_CONFLICT);
	ok(db->user_delete(&op, &everywhere));
	assert_string_equal(users(0, NULL), "ann@10.0.0.1");
}

static void
grants_are_listed_given_and_taken_back(void **state)
{
	struct db_user u = user("ann", "%");

	(void)state;
	create("app");
	create("logs");
	u.databases = (const char *const[]){ "app", NULL };
	ok(db->user_create(&op, &u));
	ok(db->grant(&op, &u, "logs"));
	ok(db->grant(&op, &u, "logs"));
	assert_string_equal(users(0, NULL), "ann@%(app,logs)");
	ok(db->revoke(&op, &u, "app"));
	assert_string_equal(users(0, NULL), "ann@%(logs)");
	assert_int_equal(db->revoke(&op, &u, "app"), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "Database app cannot be found on the instance.");
}

static void
a_renamed_user_keeps_its_grants(void **state)
{
	struct db_user u = user("ann", "%"), to = { .name = "eve" };
	struct db_user eve = user("eve", "%"), moved = { .host = "10.0.0.1" };

	(void)state;
	create("app");
	u.databases = (const char *const[]){ "app", NULL };
	ok(db->user_create(&op, &u));
	ok(db->user_update(&op, &u, &to));
	assert_string_equal(users(0, NULL), "eve@%(app)");
	ok(db->user_update(&op, &eve, &moved));
	assert_string_equal(users(0, NULL), "eve@10.0.0.1(app)");
}

static void
a_name_that_is_taken_is_not_taken_over(void **state)
{
	struct db_user ann = user("ann", "%"), eve = user("eve", "%");
	struct db_user to = { .name = "eve" };

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->user_create(&op, &eve));
	assert_int_equal(db->user_update(&op, &ann, &to), ERR_CONFLICT);
	assert_string_equal(users(0, NULL), "ann@% eve@%");
}

static const char *const odd_names[] = {
	"back`tick", "quote'quote", "double\"quote", "semi;colon", "per%cent",
	"under_score", "b\\slash", "naïve", "имя", "a'; DROP DATABASE keep; -- x",
	"x` ; DROP DATABASE keep ; -- x", "*", "a.b", "%", "_", "--", "/**/",
};

/* Names the API would refuse: the engine must not read them as anything else. */
static void
odd_names_stay_data(void **state)
{
	(void)state;
	create("keep");
	for (size_t i = 0; i < ROWS(odd_names); i++) {
		const char *name = odd_names[i];
		struct db_user u = user(name, "%");
		const char *listed[] = { name, NULL };

		u.databases = listed;
		create(name);
		ok(db->user_create(&op, &u));
		ok(db->database_show(&op, name));
		assert_string_equal(users(0, NULL), op_printf(&op, "%s@%%(%s)",
		    name, name));
		ok(db->revoke(&op, &u, name));
		ok(db->user_delete(&op, &u));
		ok(db->database_delete(&op, name));
		assert_string_equal(databases(0, NULL), "keep");
	}
}

static void
root_is_enabled_and_disabled_and_never_listed(void **state)
{
	(void)state;
	ok(db->root_enable(&op, "root-Secret1"));
	ok(db->root_enable(&op, "root-Secret2"));
	assert_string_equal(users(0, NULL), "");
	ok(db->root_disable(&op));
	ok(db->root_disable(&op));
}

static struct db_log
log_named(const char *name)
{
	const struct db_log *l;

	ok(db->log_list(&op, &l));
	while (l->name != NULL && strcmp(l->name, name) != 0)
		l++;
	if (l->name == NULL)
		fail_msg("no log %s", name);
	return *l;
}

static void
logs_are_switched_on_and_off_but_not_the_system_s(void **state)
{
	static const char *const names[] = { "general", "slow_query" };

	(void)state;
	for (size_t i = 0; i < ROWS(names); i++) {
		assert_false(log_named(names[i]).system);
		ok(db->log_set(&op, names[i], true));
		ok(db->log_set(&op, names[i], true));
		assert_true(log_named(names[i]).on);
		ok(db->log_set(&op, names[i], false));
		assert_false(log_named(names[i]).on);
	}
	assert_true(log_named("error").system && log_named("error").on);
	assert_int_equal(db->log_set(&op, "error", false), ERR_BAD_REQUEST);
	assert_int_equal(db->log_set(&op, "nope", true), ERR_BAD_REQUEST);
	assert_int_equal(db->log_set(&op, "", true), ERR_BAD_REQUEST);
	assert_true(log_named("error").on);
}

/* --- MariaDB alone ------------------------------------------------------------ */

static void
the_template_s_accounts_are_gone(void **state)
{
	struct text t;

	(void)state;
	text_begin(&t, &op, 64);
	assert_int_not_equal(mariadb_fixture_client("root", "", "SELECT 1"), 0);
	assert_int_equal(db->database_show(&op, "test"), ERR_NOT_FOUND);
	assert_string_equal(users(0, NULL), "");
}

static void
what_only_a_start_needs_is_removed(void **state)
{
	struct stat st;
	const char *pw;

	(void)state;
	assert_int_equal(stat(mariadb_path(&op, "agent/init.sql"), &st), -1);
	assert_int_equal(stat(mariadb_path(&op, "agent/admin.first"), &st), -1);
	pw = mariadb_path(&op, "agent/admin.pw");
	assert_int_equal(stat(pw, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
}

static void
a_grant_on_a_b_is_none_on_axb(void **state)
{
	struct db_user u = user("ann", "%");

	(void)state;
	create("a_b");
	create("axb");
	u.databases = (const char *const[]){ "a_b", NULL };
	ok(db->user_create(&op, &u));
	assert_int_equal(mariadb_fixture_client("ann", u.password, "USE a_b"), 0);
	assert_int_not_equal(mariadb_fixture_client("ann", u.password,
	    "USE axb"), 0);
	assert_int_not_equal(mariadb_fixture_client("ann", u.password,
	    "CREATE DATABASE mine"), 0);
}

/* Escaped, the pattern is longer than what mysql.db holds. */
static void
a_name_too_long_to_be_escaped_is_refused(void **state)
{
	char name[65];
	struct db_user u = user("ann", "%");

	(void)state;
	memset(name, '_', 64);
	name[64] = '\0';
	create(name);
	ok(db->user_create(&op, &u));
	assert_int_equal(db->grant(&op, &u, name), ERR_BAD_REQUEST);
}

static void
a_changed_password_is_the_one_that_counts(void **state)
{
	struct db_user u = user("ann", "%"), to = { .password = "other-Secret2" };

	(void)state;
	ok(db->user_create(&op, &u));
	ok(db->user_update(&op, &u, &to));
	assert_int_not_equal(mariadb_fixture_client("ann", u.password,
	    "SELECT 1"), 0);
	assert_int_equal(mariadb_fixture_client("ann", to.password,
	    "SELECT 1"), 0);
}

static void
a_dropped_user_s_sessions_end(void **state)
{
	struct db_user u = user("ann", "127.0.0.%"), all = user("ann", "%");
	int64_t since = clock_ms();
	int status;
	pid_t pid;

	(void)state;
	ok(db->user_create(&op, &all));
	if ((pid = fork()) == 0)
		_exit(mariadb_fixture_client("ann", u.password,
		    "SELECT SLEEP(20)"));
	usleep(500000);
	ok(db->user_delete(&op, &all));
	while (waitpid(pid, &status, 0) == -1)
		;
	assert_int_not_equal(WEXITSTATUS(status), 0);
	assert_true(clock_ms() - since < 10000);
}

static void
character_sets_are_the_server_s_to_know(void **state)
{
	struct db_database good = { "one", "utf8mb3", "utf8mb3_bin" };
	struct db_database bad[] = { { "two", "klingon", NULL },
	    { "two", NULL, "klingon_ci" }, { "two", "latin1", "utf8mb4_bin" } };

	(void)state;
	ok(db->database_create(&op, &good));
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_int_equal(db->database_create(&op, &bad[i]),
		    ERR_BAD_REQUEST);
	assert_string_equal(databases(0, NULL), "one");
}

/* The general log is on, as a tenant's root may have it. */
static void
passwords_stand_in_no_log(void **state)
{
	struct db_user u = user("ann", "%");
	const char *s;
	size_t len;

	(void)state;
	u.password = "canary-Secret7";
	ok(mariadb_run(&op, op_printf(&op,
	    "SET GLOBAL general_log_file = '%s', GLOBAL general_log = 1, "
	    "GLOBAL slow_query_log = 1, GLOBAL long_query_time = 0",
	    mariadb_path(&op, "log/general.log"))));
	ok(db->user_create(&op, &u));
	ok(db->root_enable(&op, u.password));
	ok(db->root_disable(&op));
	ok(mariadb_run(&op, "SET GLOBAL general_log = 0, "
	    "GLOBAL slow_query_log = 0, GLOBAL long_query_time = 10"));
	ok(file_get(&op, mariadb_path(&op, "log/general.log"), &s, &len));
	assert_null(memmem(s, len, "canary", 6));
	ok(file_get(&op, mariadb_path(&op, "log/mariadb.err"), &s, &len));
	assert_null(memmem(s, len, "canary", 6));
	assert_int_not_equal(mariadb_run(&op,
	    "CREATE USER x IDENTIFIED BY 'canary' oops"), OK);
	assert_null(strstr(op.why, "canary"));
}

static void
the_agent_s_account_comes_back_with_a_restart(void **state)
{
	(void)state;
	ok(mariadb_run(&op, "DROP USER os_admin@localhost"));
	ok(db->stop(&op));
	assert_int_equal(db->pid(), 0);
	op_end(&op);			/* and the session with it */
	op_begin(&op, "test");
	ok(db->start(&op));
	wait_until_it_answers();
	create("app");
}

static void
a_server_that_turns_the_agent_away_is_alive(void **state)
{
	enum db_status status;

	(void)state;
	ok(mariadb_run(&op, "DROP USER os_admin@localhost"));
	mariadb_hang_up();
	ok(db->status(&op, &status));
	assert_int_equal(status, DB_HEALTHY);
	assert_int_equal(db->database_show(&op, "app"), ERR_GUEST);
	ok(db->stop(&op));
	ok(db->start(&op));
	wait_until_it_answers();
	assert_int_equal(db->database_show(&op, "app"), ERR_NOT_FOUND);
}

static void
a_user_is_created_whole_or_not_at_all(void **state)
{
	struct db_user u = user("ann", "%");
	char name[65];

	(void)state;
	memset(name, '_', 64);
	name[64] = '\0';
	u.databases = (const char *const[]){ "app", name, NULL };
	assert_int_equal(db->user_create(&op, &u), ERR_BAD_REQUEST);
	assert_non_null(strstr(op.why, "too long to be granted"));
	assert_string_equal(users(0, NULL), "");
}

/* The agent keeps one connection, and gets in when there is no other. */
static void
a_server_without_free_connections_still_obeys(void **state)
{
	struct db_user u = user("ann", "%");
	pid_t pid[12];

	(void)state;
	ok(db->user_create(&op, &u));
	ok(mariadb_run(&op, "SET GLOBAL max_connections = 10"));
	for (size_t i = 0; i < ROWS(pid); i++)
		if ((pid[i] = fork()) == 0)
			_exit(mariadb_fixture_client("ann", u.password,
			    "SELECT SLEEP(300)"));
	for (int i = 0; i < 1000 && mariadb_fixture_client("ann", u.password,
	    "SELECT 1") == 0; i++)
		usleep(20000);		/* they are still coming in */
	assert_int_not_equal(mariadb_fixture_client("ann", u.password,
	    "SELECT 1"), 0);
	op_end(&op);			/* a new order, a new session */
	op_begin(&op, "test");
	ok(db->user_delete(&op, &u));	/* and its sessions end */
	for (size_t i = 0; i < ROWS(pid); i++)
		waitpid(pid[i], NULL, 0);
	ok(mariadb_run(&op, "SET GLOBAL max_connections = 32"));
}

static void
a_tenant_s_database_named_test_outlives_a_restart(void **state)
{
	(void)state;
	create("test");
	ok(db->stop(&op));
	ok(db->start(&op));
	wait_until_it_answers();
	ok(db->database_show(&op, "test"));
}

static void
a_killed_server_is_seen_and_starts_again(void **state)
{
	enum db_status status;

	(void)state;
	create("app");
	assert_true(db->pid() > 0);
	kill(db->pid(), SIGKILL);
	for (int i = 0; i < 400 && db->pid() != 0; i++)
		usleep(5000);
	assert_int_equal(db->pid(), 0);
	db->status(&op, &status);
	assert_int_not_equal(status, DB_HEALTHY);
	ok(db->start(&op));
	wait_until_it_answers();
	ok(db->database_show(&op, "app"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

static void
all_engines_take_settings(void **state)
{
	static const struct db_setting some[] = {
		{ "wait_timeout", "77", true }, { 0 } }, none[] = { { 0 } };

	(void)state;
	ok(db->configure(&op, some));
	ok(db->configure(&op, none));
}

static const struct CMUnitTest contract[] = {
	TEST(a_database_is_there_between_its_creation_and_its_deletion),
	TEST(a_second_database_of_a_name_is_a_conflict),
	TEST(what_is_not_there_is_not_found),
	TEST(listings_come_page_by_page_in_order_of_name),
	TEST(users_are_pairs_of_name_and_host),
	TEST(grants_are_listed_given_and_taken_back),
	TEST(a_renamed_user_keeps_its_grants),
	TEST(a_name_that_is_taken_is_not_taken_over),
	TEST(odd_names_stay_data),
	TEST(root_is_enabled_and_disabled_and_never_listed),
	TEST(all_engines_take_settings),
	TEST(logs_are_switched_on_and_off_but_not_the_system_s),
};

/* --- settings ----------------------------------------------------------------------- */

static enum err
take_text(struct op *o, void *arg, char **field)
{
	*(const char **)arg = op_strdup(o, field[0]);
	return OK;
}

static const char *
variable(const char *name)
{
	const char *value = NULL;

	ok(mariadb_rows(&op, op_printf(&op, "SELECT @@GLOBAL.%s", name),
	    take_text, &value));
	return value;
}

static void
start_again(void)
{
	ok(db->stop(&op));
	op_end(&op);			/* and the session with it */
	op_begin(&op, "test");
	ok(db->start(&op));
	wait_until_it_answers();
}

static void
settings_are_there_at_once_and_after_a_start_and_go_to_defaults(void **state)
{
	static const struct db_setting some[] = {
		{ "Max-Connections", "61", true },
		{ "innodb_buffer_pool_size", "12582912", true },
		{ "long_query_time", "2.5", true },
		{ "back_log", "93", true }, { 0 } }, none[] = { { 0 } };
	char connections[16];

	(void)state;
	snprintf(connections, sizeof(connections), "%s",
	    variable("max_connections"));
	ok(db->configure(&op, some));
	assert_string_equal(variable("max_connections"), "61");
	assert_string_equal(variable("long_query_time"), "2.500000");
	assert_string_not_equal(variable("back_log"), "93");
	start_again();
	assert_string_equal(variable("max_connections"), "61");
	assert_string_equal(variable("back_log"), "93");
	ok(db->configure(&op, none));
	assert_string_equal(variable("max_connections"), connections);
	assert_string_equal(variable("long_query_time"), "10.000000");
	start_again();
	assert_string_not_equal(variable("back_log"), "93");
}

/* Each as it was given, and none of them a line of my.cnf. */
static void
odd_values_stay_values(void **state)
{
	static const char *const odd[] = { "a#b", " a ", "it's", "say \"x\"",
	    "back\\slash\\", "a;b", "x = y", "!include /etc/passwd", "\\n",
	    "[mysqld]", "\xd0\xb4", "" };
	struct db_setting s[2] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(odd); i++) {
		/* Any text, read at starts. */
		s[0] = (struct db_setting){ "report_user", odd[i], false };
		ok(db->configure(&op, s));
		start_again();
		assert_string_equal(variable("report_user"), odd[i]);
	}
	ok(db->configure(&op, &(struct db_setting){ 0 }));
}

static const struct { struct db_setting s; const char *why; } wrong[] = {
	{ { "nope", "1", true }, "no variable nope" },
	{ { "sql_mode", "NO_SUCH_MODE", false }, "sql_mode" },
	{ { "wait_timeout", "x", false }, "wait_timeout" },
	{ { "max_connections", "5", true }, "max_connections" },
	{ { "max_connections", "1000000", true }, "from 10 to 100000" },
	{ { "back_log", "-1", true }, "back_log" },
	{ { "back_log", "65536", true }, "from 0 to 65535" },
	{ { "timestamp", "5", true }, "whole server" },
	{ { "character_set_client", "utf8mb4", false }, "whole server" },
	{ { "datadir", "/tmp", false }, "not a tenant's" },
	{ { "Plugin-Load-Add", "x", false }, "not a tenant's" },
	{ { "report_user", "both ' and \"", false }, "quotes" },
};

static void
what_the_server_refuses_leaves_all_as_it_was(void **state)
{
	static const struct db_setting good = { "wait_timeout", "1234", true };
	struct db_setting s[3] = { { 0 } };
	char before[16];

	(void)state;
	snprintf(before, sizeof(before), "%s", variable("wait_timeout"));
	for (size_t i = 0; i < ROWS(wrong); i++) {
		s[0] = good;
		s[1] = wrong[i].s;
		if (strcmp(wrong[i].s.name, "wait_timeout") == 0)
			s[0].name = "interactive_timeout";
		if (db->configure(&op, s) != ERR_BAD_REQUEST)
			fail_msg("%s is taken", wrong[i].s.name);
		if (strstr(op.why, wrong[i].why) == NULL)
			fail_msg("%s: %s", wrong[i].s.name, op.why);
		assert_string_equal(variable("wait_timeout"), before);
	}
	start_again();
	assert_string_equal(variable("wait_timeout"), before);
}

/* It takes as many starts as the supervisor makes by itself. */
static void
a_server_that_does_not_start_gets_no_settings(void **state)
{
	static const struct db_setting deadly[] = {
		{ "innodb_page_size", "65536", true },
		{ "wait_timeout", "77", true }, { 0 } };
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
	assert_string_not_equal(variable("wait_timeout"), "77");
	why = db->complaint(&op);
	assert_non_null(why);
	assert_non_null(strstr(why, "did not start"));
	assert_null(db->complaint(&op));
}

static const struct CMUnitTest mariadb_only[] = {
	TEST(the_template_s_accounts_are_gone),
	TEST(what_only_a_start_needs_is_removed),
	TEST(a_grant_on_a_b_is_none_on_axb),
	TEST(a_name_too_long_to_be_escaped_is_refused),
	TEST(a_changed_password_is_the_one_that_counts),
	TEST(a_dropped_user_s_sessions_end),
	TEST(character_sets_are_the_server_s_to_know),
	TEST(passwords_stand_in_no_log),
	TEST(the_agent_s_account_comes_back_with_a_restart),
	TEST(a_server_that_turns_the_agent_away_is_alive),
	TEST(a_user_is_created_whole_or_not_at_all),
	TEST(a_server_without_free_connections_still_obeys),
	TEST(a_tenant_s_database_named_test_outlives_a_restart),
	TEST(settings_are_there_at_once_and_after_a_start_and_go_to_defaults),
	TEST(odd_values_stay_values),
	TEST(what_the_server_refuses_leaves_all_as_it_was),
	TEST(a_server_that_does_not_start_gets_no_settings),
	TEST(a_killed_server_is_seen_and_starts_again),
};

static struct CMUnitTest all[3 * ROWS(contract) + ROWS(mariadb_only)];
static size_t count;

static void
add(const struct datastore *engine, const struct CMUnitTest *tests, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		all[count] = tests[i];
		all[count++].initial_state = (void *)(uintptr_t)engine;
	}
}

static int
server_down(void **state)
{
	(void)state;
	op_begin(&op, "test");
	db->stop(&op);
	op_end(&op);
	return 0;
}

int
main(void)
{
	log_init("engine_test", LOG_ERROR);
	add(&datastore_null, contract, ROWS(contract));
	add(&datastore_failing, contract, ROWS(contract));
	if (mariadb_fixture_make()) {
		add(&datastore_mariadb, contract, ROWS(contract));
		add(&datastore_mariadb, mariadb_only, ROWS(mariadb_only));
	} else
		printf("# MariaDB is not installed: not tested\n");
	return _cmocka_run_group_tests("engine", all, count, NULL,
	    server_down);
}
