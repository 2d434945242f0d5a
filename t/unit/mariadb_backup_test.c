/* A real MariaDB, its own backup tool, and a small storage: there and back. */
#include "t/unit/test.h"
#include "t/unit/backup_fixture.h"
#include "t/unit/mariadb_fixture.h"
#include "agent/file.h"
#include "agent/mariadb.h"
#include "agent/supervisor.h"
#include "lib/base/conf.h"
#include "lib/base/md5.h"
#include "lib/msg/segments.h"
#include "lib/base/log.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define run(sql) mariadb_fixture_run(&op, sql)

static enum err
take(struct op *o, void *arg, char **field)
{
	*(const char **)arg = op_strdup(o, field[1] != NULL ? field[1] : "");
	return OK;
}

/* NULL: there is no such table. */
static const char *
checksum(const char *table)
{
	const char *sum = NULL;

	assert_int_equal(mariadb_rows(&op, op_printf(&op, "CHECKSUM TABLE %s",
	    table), take, &sum), OK);
	return sum == NULL || *sum == '\0' ? NULL : sum;
}

static void
kept(char out[32], const char *s)
{
	assert_non_null(s);
	snprintf(out, 32, "%s", s);
}

/* Rows that do not shrink: so many are so many megabytes, nearly. */
static void
rows_add(const char *table, int from, int n)
{
	run(op_printf(&op, "INSERT INTO %s SELECT seq, HEX(RANDOM_BYTES(500)) "
	    "FROM mysql.seq_%d_to_%d", table, from, from + n - 1));
}

static void
backup(const char *id, const char *since)
{
	/* A mark is the last checkpoint's: without one, all is newer than it. */
	done(op_printf(&op, "%s:restart", id), ORDER_RESTART, NULL);
	done(op_printf(&op, "%s:backup", id), ORDER_BACKUP,
	    transfer_fixture_backup(&op, id, 4096, since));
}

static bool
volume_has(const char *name)
{
	return access(file_data(&op, name), F_OK) == 0;
}

static char first[32], second[32], third[32], fresh_sum[32];

static void
a_chain_of_backups_is_made_while_the_server_writes(void **state)
{
	(void)state;
	done("t1:prepare", ORDER_PREPARE, "{\"databases\":[{\"name\":\"app\"}],"
	    "\"users\":[{\"name\":\"app\",\"password\":\"p4ss-Word\","
	    "\"databases\":[{\"name\":\"app\"}]}]}");
	done("t2:root", ORDER_ROOT_ENABLE,
	    "{\"password\":\"r00t-Word\",\"allow\":true}");
	assert_int_equal(mariadb_fixture_client("root", "r00t-Word",
	    "SELECT 1"), 0);
	/* for this server's TLS; another has none yet */
	run("ALTER USER app@'%' REQUIRE X509");
	run("CREATE TABLE app.t (n INT PRIMARY KEY, s TEXT) ENGINE=InnoDB");
	run("CREATE TABLE app.a (n INT PRIMARY KEY, s TEXT) ENGINE=Aria");
	rows_add("app.t", 1, 5000);
	rows_add("app.a", 1, 100);
	kept(first, checksum("app.t"));
	fresh();
	backup(FULL, NULL);
	rows_add("app.t", 5001, 500);
	kept(second, checksum("app.t"));
	fresh();
	backup(MORE, mark_of(FULL));
	rows_add("app.t", 6001, 500);
	kept(third, checksum("app.t"));
	fresh();
	backup(THIRD, mark_of(MORE));
	assert_true(strlen(json_str(json_get(transfer_fixture_result(&op, FULL),
	    "segments/md5"))) > SEGMENTS_LISTED * MD5_HEX);
	assert_true(bytes_of(MORE) < bytes_of(FULL) / 2);
	assert_true(strtoull(mark_of(FULL), NULL, 10) <
	    strtoull(mark_of(MORE), NULL, 10));
	assert_false(volume_has("agent/backup.cnf"));
	assert_false(volume_has("tmp/backup"));
}

/* What is in place of what was, for the tests that follow. */
static void
other_data(void)
{
	run("DROP DATABASE app");
	run("CREATE DATABASE other");
	run("CREATE TABLE other.t (n INT PRIMARY KEY, s TEXT)");
	rows_add("other.t", 1, 10);
	kept(fresh_sum, checksum("other.t"));
	fresh();
}

/* *second: the one of the first object of the second part. */
static char *
segments_swapped(const char *body)
{
	char *s = op_strdup(&op, body);
	char *one = strstr(s, "_00000000"), *two = strstr(s, "_00000001");

	one[8] = '1';
	two[8] = '0';
	return s;
}

static void
what_is_not_the_backup_leaves_the_old_data_as_they_are(void **state)
{
	const char *body = chain(3);
	const char *last = object_fixture_path(op_printf(&op, THIRD
	    "_%08zu", json_count(json_get(transfer_fixture_result(&op, THIRD),
	    "segments")) - 1));
	const char *aside = op_printf(&op, "%s.aside", last);

	(void)state;
	other_data();
	body = chain(3);
	give("r1:restore", ORDER_RESTORE, segments_swapped(body));
	assert_int_equal(await("r1:restore")->err, ERR_UNPROCESSABLE);
	assert_int_equal(rename(last, aside), 0);
	give("r2:restore", ORDER_RESTORE, body);
	assert_int_equal(await("r2:restore")->err, ERR_NOT_FOUND);
	assert_int_equal(rename(aside, last), 0);
	assert_false(supervisor_ready());
	assert_int_equal(datastore_mariadb.pid(), 0);
	done("r3:start", ORDER_START, NULL);
	assert_string_equal(checksum("other.t"), fresh_sum);
	fresh();
}

/* The increments of a chain do not fit another full one. */
static void
a_chain_with_a_gap_is_refused(void **state)
{
	const char *const gap[] = { FULL, THIRD, NULL };

	(void)state;
	give("g1:restore", ORDER_RESTORE, transfer_fixture_restore(&op, gap));
	assert_int_equal(await("g1:restore")->err, ERR_GUEST);
	done("g2:start", ORDER_START, NULL);
	assert_string_equal(checksum("other.t"), fresh_sum);
	fresh();
}

static bool
all_is_ours(const char *dir)
{
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(dir);
	bool ours = d != NULL;

	while (ours && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, "..") != 0)
			ours = stat(op_printf(&op, "%s/%s", dir, e->d_name),
			    &st) == 0 && st.st_uid == geteuid() &&
			    (st.st_mode & 7) == 0;
	if (d != NULL)
		closedir(d);
	return ours;
}

static void
a_chain_is_restored_to_the_row(void **state)
{
	static const char *const sums[] = { first, second, third };

	(void)state;
	for (int n = 3; n >= 1; n--) {
		done(op_printf(&op, "c%d:restore", n), ORDER_RESTORE, chain(n));
		assert_string_equal(checksum("app.t"), sums[n - 1]);
		assert_non_null(checksum("app.a"));
		assert_null(checksum("other.t"));
		assert_true(all_is_ours(file_data(&op, "mysql")));
		assert_false(volume_has("restore"));
		assert_false(volume_has("mysql/xtrabackup_checkpoints"));
		assert_false(volume_has("agent/restored"));
		fresh();
	}
}

static void
users_are_those_of_the_backup_and_root_and_the_agent_are_not(void **state)
{
	(void)state;
	assert_int_equal(mariadb_fixture_client("app", "p4ss-Word",
	    "SELECT COUNT(*) FROM app.t"), 0);
	assert_int_not_equal(mariadb_fixture_client("root", "r00t-Word",
	    "SELECT 1"), 0);
	done("u1:prepare", ORDER_PREPARE, "{\"databases\":[{\"name\":\"new\"}],"
	    "\"users\":[{\"name\":\"eve\",\"password\":\"p4ss-Eve\","
	    "\"databases\":[{\"name\":\"new\"},{\"name\":\"app\"}]}]}");
	assert_int_equal(mariadb_fixture_client("eve", "p4ss-Eve",
	    "SELECT COUNT(*) FROM app.t"), 0);
	done("u2:root", ORDER_ROOT_ENABLE,
	    "{\"password\":\"again-Word1\",\"allow\":true}");
	done("u3:restart", ORDER_RESTART, NULL);
	assert_int_equal(mariadb_fixture_client("root", "again-Word1",
	    "SELECT 1"), 0);
	fresh();
}

static void
a_restored_one_is_backed_up_in_its_turn(void **state)
{
	const char *const alone[] = { LATER, NULL };
	char sum[32];

	(void)state;
	rows_add("app.t", 9001, 10);
	kept(sum, checksum("app.t"));
	fresh();
	backup(LATER, NULL);
	run("DROP DATABASE app");
	fresh();
	done("l1:restore", ORDER_RESTORE, transfer_fixture_restore(&op, alone));
	assert_string_equal(checksum("app.t"), sum);
	fresh();
}

/* This process, the one that moves, the engine's part of it, its tool. */
static int
tool(void)
{
	int engine = transfer_fixture_child(mover(), "coffer-transfer");

	return engine != 0 ? transfer_fixture_child(engine, "mariadb-backup") :
	    0;
}

static int
server(void)
{
	return datastore_mariadb.pid();
}

/* More is to be said than what lies between them holds. */
static const char *
why_of_one_killed(const char *id, int (*what)(void))
{
	int pid;

	object_fixture_behave("hold -1");
	give(id, ORDER_BACKUP, transfer_fixture_backup(&op, LATER, 1 << 20,
	    NULL));
	for (int i = 0; i < 2000 && tool() == 0; i++)
		usleep(5000);
	pid = tool();
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

static void
whatever_is_killed_in_the_middle_the_next_one_works(void **state)
{
	(void)state;
	rows_add("app.t", 20001, 20000);
	fresh();
	unlink(object_fixture_path(LATER "_result"));
	assert_non_null(strstr(why_of_one_killed("k1:backup", tool),
	    "mariadb-backup ended with signal 9"));
	assert_string_equal(why_of_one_killed("k2:backup", mover),
	    "The backup was killed.");
	why_of_one_killed("k3:backup", server);
	for (int i = 0; i < 4000 && !supervisor_ready(); i++) {
		transfer_fixture_turn();
		usleep(5000);
	}
	fresh();
	done("k4:backup", ORDER_BACKUP, transfer_fixture_backup(&op, LATER,
	    1 << 20, NULL));
	assert_non_null(mark_of(LATER));
}

static void
a_wrong_mark_is_refused(void **state)
{
	(void)state;
	give("m1:backup", ORDER_BACKUP, transfer_fixture_backup(&op, LATER,
	    1 << 20, "1;--help"));
	assert_int_equal(await("m1:backup")->err, ERR_BAD_REQUEST);
}

#define TEST(f) BACKUP_TEST(f, &datastore_mariadb)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_chain_of_backups_is_made_while_the_server_writes),
		TEST(what_is_not_the_backup_leaves_the_old_data_as_they_are),
		TEST(a_chain_with_a_gap_is_refused),
		TEST(a_chain_is_restored_to_the_row),
		TEST(users_are_those_of_the_backup_and_root_and_the_agent_are_not),
		TEST(a_restored_one_is_backed_up_in_its_turn),
		TEST(whatever_is_killed_in_the_middle_the_next_one_works),
		TEST(a_wrong_mark_is_refused),
	};

	log_init("mariadb_backup_test", LOG_ERROR);
	if (access("/usr/bin/mariadb-backup", X_OK) == -1) {
		printf("1..0 # SKIP mariadb-backup is not installed\n");
		return 0;
	}
	transfer_fixture_program();
	if (!mariadb_fixture_make()) {
		printf("1..0 # SKIP mariadbd is not installed\n");
		return 0;
	}
	mariadb_fixture_use();
	return cmocka_run_group_tests_name("mariadb_backup", tests,
	    object_fixture_start, backup_fixture_over);
}
