/* What only MariaDB can get wrong. */
#include "t/unit/engine_test.h"
#include "t/unit/engine_verify.h"
#include "t/unit/mariadb_fixture.h"
#include "agent/file.h"
#include "agent/mariadb.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
	assert_int_equal(stat(file_data(&op, "agent/init.sql"), &st), -1);
	assert_int_equal(stat(file_data(&op, "agent/admin.first"), &st), -1);
	pw = file_data(&op, "agent/admin.pw");
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
character_sets_are_the_server_s_to_know(void **state)
{
	struct db_database good = { "one", "utf8", "utf8_bin" };
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
	    file_data(&op, "log/general.log"))));
	op_end(&op);			/* another session */
	op_begin(&op, "test");
	ok(db->user_create(&op, &u));
	ok(db->root_enable(&op, u.password));
	ok(db->root_disable(&op));
	ok(mariadb_run(&op, "SET GLOBAL general_log = 0, "
	    "GLOBAL slow_query_log = 0, GLOBAL long_query_time = 10"));
	ok(file_get(&op, file_data(&op, "log/general.log"), &s, &len));
	assert_null(memmem(s, len, "canary", 6));
	/* nor does the agent fill it */
	assert_non_null(memmem(s, len, "sql_log_off", 11));
	assert_null(memmem(s, len, "sql_mode", 8));
	assert_null(memmem(s, len, "USER", 4));
	ok(file_get(&op, file_data(&op, "log/mariadb.err"), &s, &len));
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

static enum err
row_count(struct op *o, void *n, char **field)
{
	(void)o;
	(void)field;
	++*(int *)n;
	return OK;
}

static int
busy_with(const char *begins)
{
	int n = 0;

	ok(mariadb_rows(&op, op_printf(&op, "SELECT 1 FROM "
	    "information_schema.PROCESSLIST WHERE INFO LIKE '%s%%' AND ID <> "
	    "CONNECTION_ID()", begins), row_count, &n));
	return n;
}

bool
mariadb_lets_in(const char *name, const char *password)
{
	return mariadb_fixture_client(name, password, "SELECT 1") == 0;
}

pid_t
mariadb_stays(const char *name, const char *password)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(mariadb_fixture_client(name, password,
		    "SELECT SLEEP(20)"));
	while (busy_with("SELECT SLEEP") == 0)
		usleep(20000);
	return pid;
}

static int
root_makes(const char *database)
{
	return mariadb_fixture_client("root", "root-Secret3",
	    op_printf(&op, "CREATE DATABASE %s", database));
}

static void
without_room_root_is_held_and_has_its_right_back_with_it(void **state)
{
	(void)state;
	ok(db->root_enable(&op, "root-Secret3"));
	assert_int_equal(root_makes("one"), 0);
	ok(db->room(&op, DB_SHORT, true));
	assert_int_not_equal(root_makes("two"), 0);
	assert_int_equal(mariadb_fixture_client("root", "root-Secret3",
	    "SELECT 1"), 0);
	ok(db->database_delete(&op, "one"));	/* the agent is not */
	/* One that is enabled meanwhile is held with the next word of it. */
	ok(db->root_enable(&op, "root-Secret3"));
	ok(db->room(&op, DB_SHORT, false));
	assert_int_not_equal(root_makes("two"), 0);
	ok(db->room(&op, DB_ROOM, true));
	assert_int_equal(root_makes("two"), 0);
	assert_int_equal(access(file_data(&op, "agent/readonly.admins"), F_OK),
	    -1);
	ok(db->database_delete(&op, "two"));
	ok(db->room(&op, DB_SHORT, true));
	ok(db->root_disable(&op));
	ok(db->room(&op, DB_ROOM, true));
	assert_int_not_equal(mariadb_fixture_client("root", "", "SELECT 1"), 0);
	assert_int_not_equal(root_makes("three"), 0);
}

/* A statement of an hour's work does not keep the agent from holding. */
static void
without_room_what_writes_is_ended(void **state)
{
	struct db_user u = user("ann", "%");
	pid_t pid;

	(void)state;
	create("app");
	u.databases = (const char *const[]){ "app", NULL };
	ok(db->user_create(&op, &u));
	assert_int_equal(mariadb_fixture_client("ann", u.password,
	    "CREATE TABLE app.t (n INT)"), 0);
	if ((pid = fork()) == 0)
		_exit(mariadb_fixture_client("ann", u.password,
		    "INSERT INTO app.t SELECT SLEEP(100)"));
	while (busy_with("INSERT") == 0)
		usleep(20000);
	ok(db->room(&op, DB_SHORT, true));
	assert_int_not_equal(engine_wait(pid), 0);
	ok(db->room(&op, DB_ROOM, true));
	assert_int_equal(mariadb_fixture_client("ann", u.password,
	    "INSERT INTO app.t VALUES (1)"), 0);
}

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

static const struct engine_setting some[] = {
	{ { "Max-Connections", "61", true }, "max_connections", "61", NULL, false },
	{ { "innodb_buffer_pool_size", "12582912", true }, "innodb_buffer_pool_size", NULL, NULL, false },
	{ { "long_query_time", "2.5", true }, "long_query_time", "2.500000", "10.000000", false },
	{ { "back_log", "93", true }, "back_log", "93", NULL, true },
	{ { 0 } }
};

/* Any text, read at starts. */
static const char *const odd[] = { "!include /etc/passwd", "[mysqld]",
	"\xd0\xb4", NULL };

static const struct engine_wrong wrong[] = {
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
	{ { 0 }, NULL }
};

static const struct engine_settings settings = {
	.parameter = variable, .some = some,
	.text = "report_user", .odd = odd, .odd_over_starts = true,
	.wrong = wrong, .good = { { "net_read_timeout", "1234", true } },
	.deadly = { "innodb_page_size", "65536", true },
};

const struct CMUnitTest mariadb_family[] = {
	TEST(the_template_s_accounts_are_gone),
	TEST(what_only_a_start_needs_is_removed),
	TEST(a_grant_on_a_b_is_none_on_axb),
	TEST(a_name_too_long_to_be_escaped_is_refused),
	TEST(character_sets_are_the_server_s_to_know),
	TEST(passwords_stand_in_no_log),
	TEST(the_agent_s_account_comes_back_with_a_restart),
	TEST(a_server_that_turns_the_agent_away_is_alive),
	TEST(a_user_is_created_whole_or_not_at_all),
	TEST(a_server_without_free_connections_still_obeys),
	TEST(a_tenant_s_database_named_test_outlives_a_restart),
	TEST(without_room_root_is_held_and_has_its_right_back_with_it),
	{ 0 }
};

static const struct CMUnitTest mariadb_only[] = {
	TEST(without_room_what_writes_is_ended),	/* MySQL's SLEEP ends well */
	{ 0 }
};

/* A first start that a power cut ended: a password's file, and nothing in it. */
static void
use(void)
{
	struct op first;

	mariadb_fixture_use();
	op_begin(&first, "test");
	ok(file_directory(&first, file_data(&first, "agent")));
	ok(file_put(&first, file_data(&first, "agent/admin.first"), "", 0));
	op_end(&first);
}

static const char *const logs[] = { "general", "slow_query", NULL };

const struct engine_case case_mariadb = {
	.engine = &datastore_mariadb,
	.make = mariadb_fixture_make,
	.use = use,
	.setting = "wait_timeout", .value = "77",
	.logs = logs,
	.hosts = true,
	.lets_in = mariadb_lets_in, .stays = mariadb_stays,
	.root = "root",
	.settings = &settings,
	.verify = &verify_mariadb,
	.own = { mariadb_family, mariadb_only },
};
