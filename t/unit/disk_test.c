/* A volume of its own: a tmpfs in a mount namespace, and an engine that notes what it is told. */
#include "t/unit/test.h"
#include "agent/datastore.h"
#include "agent/file.h"
#include "agent/mariadb.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB	((int64_t)1 << 20)
#define SIZE	"128m"

static struct op op;
static char dir[] = "/tmp/coffer-disk.XXXXXX";
static bool mounted;
static int told[64], news[64], n, refuse;

static enum err
note(struct op *o, enum db_room room, bool is_new)
{
	if (refuse > 0) {
		refuse--;
		return op_fail(o, ERR_GUEST, "not now");
	}
	told[n] = (int)room;
	news[n++] = is_new;
	return OK;
}

static const struct datastore engine = { .name = "noting", .room = note };

static int64_t
avail(void)
{
	struct statvfs fs;

	assert_int_equal(statvfs(dir, &fs), 0);
	return (int64_t)(fs.f_bavail * fs.f_frsize);
}

/* Somebody else's bytes, until so many are left. */
static void
leave(int64_t bytes)
{
	char path[128];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/ballast", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	if (avail() > bytes)
		assert_int_equal(fallocate(fd, 0, 0, avail() - bytes), 0);
	close(fd);
}

/* Looks until one was due. */
static void
turn(bool answers)
{
	while (disk_wait_ms() > 0)
		clock_sleep_ms(disk_wait_ms());
	disk_turn(&op, &engine, answers);
}

static int
begin(void **state)
{
	(void)state;
	if (!mounted)
		return 0;
	n = refuse = 0;
	op_begin(&op, "test");
	assert_int_equal(mount("none", dir, "tmpfs", 0, "size=" SIZE), 0);
	assert_int_equal(conf_set(&op, "agent", "data", dir), OK);
	assert_int_equal(file_directory(&op, file_data(&op, "agent")), OK);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	if (!mounted)
		return 0;
	op_end(&op);
	return umount(dir);
}

#define ON_A_VOLUME do { (void)state; if (!mounted) skip(); } while (0)

static void
marks_follow_the_size_and_stay_within_reason(void **state)
{
	struct disk_marks small = disk_marks(256 * MIB);
	struct disk_marks one = disk_marks(1024 * MIB);
	struct disk_marks large = disk_marks(1024 * 1024 * MIB);

	(void)state;
	assert_int_equal(small.stop, 32 * MIB);
	assert_int_equal(one.stop, 1024 * MIB / 20);
	assert_int_equal(one.reserve, 32 * MIB);
	assert_int_equal(large.stop, 512 * MIB);
	assert_int_equal(large.reserve, 128 * MIB);
	assert_true(one.last < one.stop && one.stop < one.resume);
}

static void
looks_come_as_often_as_a_writer_may_get_there(void **state)
{
	struct disk_marks m = disk_marks(1024 * MIB);

	(void)state;
	assert_int_equal(disk_pause(m.stop - 1, &m), 25);
	assert_int_equal(disk_pause(m.stop + 100 * 1000000, &m), 100);
	assert_int_equal(disk_pause(m.stop + 900 * MIB, &m), 900 * MIB / 1000000);
	assert_int_equal(disk_pause(1024 * 1024 * MIB, &m), 1000);
}

static void
a_reserve_is_set_aside_and_not_counted(void **state)
{
	int64_t before;

	ON_A_VOLUME;
	before = avail();
	disk_open(&op);
	assert_int_equal(disk_reserved(), 16 * MIB);
	assert_in_range(before - avail(), 16 * MIB, 17 * MIB);
	assert_int_equal(disk_room(), DB_ROOM);
	assert_true(disk_fits(MIB));
	assert_false(disk_fits(100 * MIB));
}

static void
an_engine_with_room_is_told_nothing(void **state)
{
	ON_A_VOLUME;
	disk_open(&op);
	turn(true);
	assert_int_equal(n, 0);
}

static void
short_and_last_and_room_again_are_told(void **state)
{
	ON_A_VOLUME;
	disk_open(&op);
	leave(30 * MIB);
	turn(true);
	assert_int_equal(disk_room(), DB_SHORT);
	assert_int_equal(n, 1);
	assert_int_equal(told[0], DB_SHORT);
	assert_true(news[0]);
	turn(true);			/* a moment later it is not said again */
	assert_int_equal(n, 1);
	leave(6 * MIB);
	turn(true);
	assert_int_equal(told[1], DB_LAST);
	/* At once: something still writes.  A look may be a moment before its word is due. */
	for (int i = 0; i < 4 && n < 3; i++)
		turn(true);
	assert_true(n >= 3 && !news[2]);
	leave(40 * MIB);		/* above the mark, but not enough to begin anew */
	turn(true);
	assert_int_equal(disk_room(), DB_SHORT);
	leave(60 * MIB);
	turn(true);
	assert_int_equal(told[n - 1], DB_ROOM);
	assert_int_equal(access(file_data(&op, "agent/short"), F_OK), -1);
}

static void
one_that_did_not_take_it_is_told_again_as_news(void **state)
{
	ON_A_VOLUME;
	disk_open(&op);
	leave(30 * MIB);
	refuse = 1;
	turn(true);
	assert_int_equal(n, 0);
	turn(true);
	assert_int_equal(n, 1);
	assert_true(news[0]);
}

static void
a_server_that_does_not_answer_is_told_when_it_does(void **state)
{
	ON_A_VOLUME;
	disk_open(&op);
	leave(30 * MIB);
	turn(false);
	assert_int_equal(n, 0);
	turn(true);
	assert_int_equal(told[0], DB_SHORT);
}

static void
the_next_agent_lets_go_of_what_the_last_one_held(void **state)
{
	ON_A_VOLUME;
	disk_open(&op);
	leave(30 * MIB);
	turn(true);
	leave(60 * MIB);
	disk_open(&op);			/* another process */
	turn(true);
	assert_int_equal(told[n - 1], DB_ROOM);
	assert_true(news[n - 1]);
}

static void
the_reserve_is_given_up_at_the_end_and_taken_again(void **state)
{
	ON_A_VOLUME;
	disk_open(&op);
	leave(0);
	turn(true);
	assert_int_equal(disk_reserved(), 0);
	assert_in_range(avail(), 15 * MIB, 17 * MIB);
	assert_int_equal(disk_room(), DB_LAST);
	leave(100 * MIB);
	turn(true);
	assert_int_equal(disk_reserved(), 16 * MIB);
}

static void
a_start_gets_the_reserve_and_a_second_death_waits_for_growth(void **state)
{
	ON_A_VOLUME;
	disk_open(&op);
	leave(0);
	disk_died(&op);
	assert_true(disk_start(&op));
	assert_int_equal(disk_reserved(), 0);
	leave(9 * MIB);			/* enough for a start, and it did not help */
	disk_died(&op);
	assert_false(disk_start(&op));
	leave(10 * MIB);
	assert_false(disk_start(&op));
	leave(100 * MIB);
	assert_true(disk_start(&op));
}

static void
without_any_room_nothing_is_started(void **state)
{
	ON_A_VOLUME;
	leave(0);
	disk_open(&op);
	assert_int_equal(disk_reserved(), 0);
	assert_false(disk_start(&op));
	leave(20 * MIB);
	assert_true(disk_start(&op));
}

static void
what_reads_and_what_drops_goes_on(void **state)
{
	static const struct { const char *text; bool shorted, last; } rows[] = {
		{ "SELECT 1", true, false },
		{ "  ( select 1 )", true, false },
		{ "/* a */ -- b\n# c\n with x as (select 1) select 1", true, false },
		{ "DROP TABLE t", true, true },
		{ "/*x*/truncate t", true, true },
		{ "INSERT INTO t SELECT 1", false, false },
		{ "/*!insert*/ into t values (1)", false, false },
		{ "/* no end insert", false, false },
		{ "selector", false, false },
		{ "create table t as select 1", false, false },
		{ "ALTER TABLE t ADD c INT", false, false },
		{ "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(mariadb_room_spares(rows[i].text, false),
		    rows[i].shorted);
		assert_int_equal(mariadb_room_spares(rows[i].text, true),
		    rows[i].last);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(marks_follow_the_size_and_stay_within_reason),
		TEST(looks_come_as_often_as_a_writer_may_get_there),
		TEST(a_reserve_is_set_aside_and_not_counted),
		TEST(an_engine_with_room_is_told_nothing),
		TEST(short_and_last_and_room_again_are_told),
		TEST(one_that_did_not_take_it_is_told_again_as_news),
		TEST(a_server_that_does_not_answer_is_told_when_it_does),
		TEST(the_next_agent_lets_go_of_what_the_last_one_held),
		TEST(the_reserve_is_given_up_at_the_end_and_taken_again),
		TEST(a_start_gets_the_reserve_and_a_second_death_waits_for_growth),
		TEST(without_any_room_nothing_is_started),
		TEST(what_reads_and_what_drops_goes_on),
	};
	int failed;

	if (mkdtemp(dir) == NULL)
		return 1;
	mounted = unshare(geteuid() == 0 ? CLONE_NEWNS :
	    CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", dir, "tmpfs", 0, "size=" SIZE) == 0 &&
	    umount(dir) == 0;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
