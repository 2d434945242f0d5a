/* What only MySQL can get wrong. */
#include "t/unit/engine_test.h"
#include "t/unit/engine_verify.h"
#include "t/unit/mariadb_fixture.h"
#include "agent/file.h"
#include "agent/look.h"
#include "agent/mariadb.h"
#include "lib/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define client	mariadb_fixture_client
#define run(sql) mariadb_fixture_run(&op, sql)
#define BACKUP	"backup.sql"

/* --- backups ---------------------------------------------------------------------- */

static int
end(void **state)
{
	ok(db->root_disable(&op));
	return engine_end(state);
}

struct cell { int nth; const char *is; };

static enum err
take(struct op *o, void *arg, char **field)
{
	struct cell *c = arg;

	c->is = op_strdup(o, field[c->nth] != NULL ? field[c->nth] : "NULL");
	return OK;
}

static const char *
cell(const char *sql, int nth)
{
	struct cell c = { nth, "nothing" };

	if (mariadb_rows(&op, sql, take, &c) != OK)
		fail_msg("%s: %s", sql, op.why);
	return c.is;
}

static const char *
asked(const char *sql)
{
	return cell(sql, 0);
}

static enum err
restored(const char *bytes)
{
	int fd;
	enum err e;

	if (bytes != NULL)
		ok(file_put(&op, file_data(&op, BACKUP), bytes,
		    strlen(bytes)));
	fd = open(file_data(&op, BACKUP), O_RDONLY);
	e = db->restore(&op, 0, fd);
	close(fd);
	return e;
}

/* All that statements can say, and some that they cannot say simply. */
static const char *const everything[] = {
	"CREATE DATABASE `odd``name` CHARACTER SET latin1",
	"CREATE TABLE app.t (n INT AUTO_INCREMENT PRIMARY KEY, b BLOB, "
	    "s VARCHAR(40) CHARACTER SET utf8mb4, d DOUBLE, bits BIT(7), "
	    "at TIMESTAMP NULL, l VARCHAR(9) CHARACTER SET latin1) "
	    "AUTO_INCREMENT = 77",
	"CREATE TABLE app.rough (x FLOAT, y FLOAT(7,2), z DOUBLE, "
	    "big BIGINT UNSIGNED, exact DECIMAL(40,20))",
	"INSERT INTO app.rough VALUES (0.1, 12345.67, 1e0 / 3, "
	    "18446744073709551615, 12345678901234567890.12345678901234567890), "
	    "(16777217, -0.01, 1e-300, 0, -1)",
	"INSERT INTO app.t (b, s, d, bits, at, l) VALUES "
	    "(UNHEX('000A0D1A5C27FF'), '\xf0\x9f\x90\xac\\n\\'\\\\', 0.1e-300, "
	    "b'1010101', '2026-11-27 01:02:03', '\xc3\xa9'), "
	    "(NULL, NULL, NULL, NULL, NULL, NULL)",
	"CREATE TABLE `odd``name`.`t;--` (x CHAR(3)) ENGINE = MyISAM",
	"INSERT INTO `odd``name`.`t;--` VALUES ('abc')",
	"CREATE VIEW app.v AS SELECT n + 1 AS m FROM app.t",
	"CREATE VIEW app.a AS SELECT m FROM app.v",
	"CREATE TABLE app.gone (x INT)",
	"CREATE VIEW app.broken AS SELECT x FROM app.gone",
	"DROP TABLE app.gone",
	"CREATE TRIGGER app.tr BEFORE INSERT ON app.t FOR EACH ROW "
	    "SET NEW.d = 2.5",
	"CREATE FUNCTION app.f(x INT) RETURNS INT DETERMINISTIC RETURN x * 2",
	"CREATE PROCEDURE app.p() BEGIN DECLARE x INT; SET x = 1; "
	    "SELECT ';'; END",
	"CREATE EVENT app.e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
	"GRANT SELECT (n), UPDATE (s) ON app.t TO bea@'10.0.0.%'",
	"GRANT EXECUTE ON FUNCTION app.f TO bea@'10.0.0.%'",
};

static const struct { const char *sql, *answer; } there[] = {
	{ "SELECT HEX(b) FROM app.t WHERE n = 77", "000A0D1A5C27FF" },
	{ "SELECT HEX(s) FROM app.t WHERE n = 77", "F09F90AC0A275C" },
	{ "SELECT d = 0.1e-300 AND bits = b'1010101' AND HEX(l) = 'E9' AND "
	    "at = '2026-11-27 01:02:03' FROM app.t WHERE n = 77", "1" },
	{ "SELECT COUNT(*) FROM app.t", "2" },
	{ "SELECT MAX(m) FROM app.a", "79" },
	{ "SELECT exact FROM app.rough WHERE big > 0",
	    "12345678901234567890.12345678901234567890" },
	{ "SELECT app.f(21)", "42" },
	{ "SELECT COUNT(*) FROM mysql.proc WHERE db = 'app'", "2" },
	{ "SELECT COUNT(*) FROM mysql.event WHERE name = 'e'", "1" },
	{ "SELECT AUTO_INCREMENT FROM information_schema.tables "
	    "WHERE table_name = 't'", "79" },
	{ "SELECT x FROM `odd``name`.`t;--`", "abc" },
	{ "SELECT COUNT(*) FROM mysql.columns_priv WHERE User = 'bea'", "2" },
	{ "SELECT COUNT(*) FROM mysql.procs_priv WHERE User = 'bea'", "1" },
	{ "SELECT default_character_set_name FROM information_schema.schemata "
	    "WHERE schema_name = 'odd`name'", "latin1" },
};

static void
filled(void)
{
	struct db_user ann = user("ann", "%"), bea = user("bea", "10.0.0.%");

	create("app");
	ann.databases = (const char *const[]){ "app", NULL };
	ok(db->user_create(&op, &ann));
	ok(db->user_create(&op, &bea));
	for (size_t i = 0; i < ROWS(everything); i++)
		run(everything[i]);
}

static void
what_was_backed_up_is_what_is_restored(void **state)
{
	struct db_user ann = user("ann", "%"), eve = user("eve", "%");
	struct db_user to = { .password = "other-Secret2" };
	char sums[2][32];

	(void)state;
	filled();
	snprintf(sums[0], sizeof(sums[0]), "%s",
	    cell("CHECKSUM TABLE app.rough", 1));
	snprintf(sums[1], sizeof(sums[1]), "%s",
	    cell("CHECKSUM TABLE app.t", 1));
	ok(db->root_enable(&op, "root-Secret1"));
	assert_int_equal(engine_backup(file_data(&op, BACKUP), NULL), 0);
	run("DROP DATABASE app");
	create("later");
	ok(db->user_update(&op, &ann, &to));
	ok(db->user_create(&op, &eve));
	ok(db->stop(&op));
	op_end(&op);
	op_begin(&op, "test");
	ok(restored(NULL));
	ok(db->restored(&op));
	ok(db->start(&op));
	wait_until_it_answers();
	assert_string_equal(cell("CHECKSUM TABLE app.rough", 1), sums[0]);
	assert_string_equal(cell("CHECKSUM TABLE app.t", 1), sums[1]);
	for (size_t i = 0; i < ROWS(there); i++)
		if (strcmp(asked(there[i].sql), there[i].answer) != 0)
			fail_msg("%s: %s", there[i].sql, asked(there[i].sql));
	assert_int_equal(client("ann", ann.password, "INSERT INTO app.t (n) "
	    "VALUES (5); CALL app.p()"), 0);
	assert_string_equal(asked("SELECT d FROM app.t WHERE n = 5"), "2.5");
	assert_non_null(strstr(users(0, NULL), "ann@%(app)"));
	assert_non_null(strstr(users(0, NULL), "bea@10.0.0.%"));
	assert_int_not_equal(client("ann", to.password, "SELECT 1"), 0);
	assert_int_not_equal(client("root", "root-Secret1", "SELECT 1"), 0);
	assert_int_equal(access(file_data(&op, "restore"), F_OK), -1);
	assert_int_equal(access(file_data(&op, "agent/restore.sql"), F_OK),
	    -1);
}

#define FIRST "-- statements of coffer-agent, 1\n"
/* Every one of them leaves the data that are there, and tells nothing of itself. */
static const char *const no_backups[] = {
	"", "-- statements of", "CREATE DATABASE evil;\n", FIRST,
	FIRST "Q 20\nCREATE DATABASE evil",
	FIRST "Q 20\nCREATE DATABASE evilQ 15\nSELEKT 'canary'E 0\n",
	FIRST "Q 32\nINSERT INTO mysql.nope VALUES (1)E 0\n",
	FIRST "Q -1\nE 0\n", FIRST "Q 99999999999\nE 0\n", FIRST "Q\nE 0\n",
	FIRST "Q 9\nSELECT 1;X 0\n", FIRST "V 8\nSELECT 1E 0\n",
	FIRST "V 24\nSELECT 1\nSELECT 'canary' FE 0\n",
};

static void
what_is_no_backup_is_refused(void **state)
{
	const char *mark;

	(void)state;
	create("app");
	assert_int_equal(db->backup(&op, "12345", -1, &mark), ERR_NOT_BUILT);
	ok(db->stop(&op));
	op_end(&op);
	op_begin(&op, "test");
	assert_int_equal(db->restore(&op, 1, -1), ERR_BAD_REQUEST);
	for (size_t i = 0; i < ROWS(no_backups); i++) {
		if (restored(no_backups[i]) == OK)
			fail_msg("%s is taken", no_backups[i]);
		assert_null(strstr(op.why, "canary"));
		assert_int_equal(access(file_data(&op, "run/restore.pid"),
		    F_OK), -1);
	}
	assert_int_equal(access("/tmp/evil", F_OK), -1);
	ok(db->start(&op));
	wait_until_it_answers();
	assert_string_equal(databases(0, NULL), "app");
}

static void
a_backup_of_a_server_that_dies_fails(void **state)
{
	(void)state;
	create("app");
	ok(db->stop(&op));
	assert_int_equal(engine_backup(file_data(&op, BACKUP), NULL), 1);
	ok(db->start(&op));
	wait_until_it_answers();
}

static const struct digest_part *
part(const struct digest *d, const char *table)
{
	for (int i = 0; i < d->n; i++)
		if (strcmp(d->part[i].path[1], table) == 0)
			return &d->part[i];
	fail_msg("%s is not known", table);
	return NULL;
}

static void
looked(const char *between, struct digest *d)
{
	struct look *before = op_alloc(&op, sizeof(*before));
	struct look *after = op_alloc(&op, sizeof(*after));

	look_begin(before, &op, NULL, 5000);
	ok(db->look(&op, before));
	run(between);
	look_begin(after, &op, before, 5000);
	ok(db->look(&op, after));
	look_between(&op, before, after, d);
}

/* MySQL tells of no table when it was written. */
static void
where_nobody_writes_tables_are_summed_up(void **state)
{
	struct digest d;

	(void)state;
	filled();
	run("CREATE TABLE app.other (x INT)");
	clock_sleep_ms(1100);		/* tables tell their age in seconds */
	looked("SELECT 1", &d);
	assert_non_null(part(&d, "t")->sum);
	assert_null(part(&d, "t;--")->sum);
	ok(db->verify(&op, &d));
	looked("INSERT INTO app.other VALUES (1)", &d);
	assert_null(part(&d, "t")->sum);
	ok(db->verify(&op, &d));
	looked("SELECT 1", &d);
	run("UPDATE app.t SET s = 'x'");
	assert_int_equal(db->verify(&op, &d), ERR_UNPROCESSABLE);
	run("DROP TABLE app.other");
	assert_int_equal(db->verify(&op, &d), ERR_UNPROCESSABLE);
	assert_non_null(strstr(op.why, "missing"));
}

#define MINE(f) cmocka_unit_test_setup_teardown(f, engine_begin, end)
static const struct CMUnitTest own[] = {
	MINE(what_was_backed_up_is_what_is_restored),
	MINE(what_is_no_backup_is_refused),
	MINE(a_backup_of_a_server_that_dies_fails),
	MINE(where_nobody_writes_tables_are_summed_up),
	{ 0 }
};

static const char *const logs[] = { "general", "slow_query", NULL };

const struct engine_case case_mysql = {
	.engine = &datastore_mysql,
	.make = mysql_fixture_make,
	.use = mysql_fixture_use,
	.setting = "wait_timeout", .value = "77",
	.logs = logs,
	.user_most = 16, .hosts = true,
	.lets_in = mariadb_lets_in, .stays = mariadb_stays, .root = "root",
	.verify = &verify_mysql,
	.own = { mariadb_family, own },
};
