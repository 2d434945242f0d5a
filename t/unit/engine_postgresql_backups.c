/* Backups of PostgreSQL by themselves; of chains and blocks: postgresql_backup_test. */
#include "t/unit/engine_postgresql.h"
#include "agent/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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
		postgresql_fixture_client("ann", "first-Secret1", "bank", "DO $$ BEGIN FOR i IN "
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

const struct CMUnitTest postgresql_backups[] = {
	TEST(a_backup_of_a_busy_server_is_one_moment_of_it),
	TEST(a_backup_that_is_cut_off_or_none_is_refused),
	{ 0 }
};
