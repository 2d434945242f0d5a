/*
 * A backup of PostgreSQL as an older Trove left it, without a server: whatever
 * recovery would take for the end of the WAL is refused before it begins.
 */
#include "t/unit/test_data.h"
#include "agent/postgresql_old.h"
#include "agent/tar.h"
#include "lib/base/log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEGMENT	(16 << 20)
#define SYSTEM	UINT64_C(0x6a5b4c3d2e1f0099)
#define W	"restore/full/pg_wal/"

static const char *
at(const char *name)
{
	return op_printf(&op, "%s/%s", data, name);
}

static void
put(const char *name, const char *text)
{
	assert_int_equal(file_put(&op, at(name), text, strlen(text)), OK);
}

/* Holes, but for how it begins. */
static void
segment(const char *name, uint32_t timeline, uint64_t nth, uint64_t system,
    off_t size)
{
	struct {
		uint16_t magic, info;
		uint32_t timeline;
		uint64_t address;
		uint32_t rest, unused;
		uint64_t system;
		uint32_t segment, block;
	} h = { 0xd110, 2, timeline, nth * SEGMENT, 0, 0, system, SEGMENT,
	    8192 };
	int fd = open(at(op_printf(&op, W "%s", name)),
	    O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, &h, sizeof(h)), sizeof(h));
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

/* Of a full one, and of one upon it, over the end of a log. */
static void
good(void)
{
	static const char *const dirs[] = { "restore", "restore/full",
	    "restore/full/pg_wal", "restore/full/pg_wal/archive_status" };

	file_remove_tree(&op, at("restore"));
	for (size_t i = 0; i < ROWS(dirs); i++)
		assert_int_equal(file_directory(&op, at(dirs[i])), OK);
	put("restore/full/PG_VERSION", "15\n");
	put("restore/full/standby.signal", "");
	put("restore/full/postgresql.auto.conf", "restore_command = 'rm -rf /'\n");
	put(W "0000000100000000000000FE.00000028.backup", "");
	segment("0000000100000000000000FE", 1, 0xfe, SYSTEM, SEGMENT);
	segment("0000000100000000000000FF", 1, 0xff, SYSTEM, SEGMENT);
	segment("000000010000000100000000", 1, 0x100, SYSTEM, SEGMENT);
	segment("000000010000000100000001", 1, 0x101, SYSTEM, SEGMENT);
}

static void
gone(const char *name)
{
	assert_int_equal(unlink(at(op_printf(&op, "restore/full/%s", name))), 0);
}

static void none(void) { }
static void no_version(void) { gone("PG_VERSION"); }
static void older(void) { put("restore/full/PG_VERSION", "9.6\n"); }
static void newer(void) { put("restore/full/PG_VERSION", "16\n"); }
static void endless(void) { put("restore/full/PG_VERSION", "15"); }
static void no_wal(void) { file_remove_tree(&op, at("restore/full/pg_wal")); }
static void
empty_wal(void)
{
	no_wal();
	assert_int_equal(file_directory(&op, at("restore/full/pg_wal")), OK);
}
static void gap(void) { gone("pg_wal/0000000100000000000000FF"); }
static void gap_at_a_log(void) { gone("pg_wal/000000010000000100000000"); }
static void
cut(void)
{
	segment("000000010000000100000000", 1, 0x100, SYSTEM, SEGMENT - 8192);
}
static void
long_one(void)
{
	segment("000000010000000100000001", 1, 0x101, SYSTEM, SEGMENT + 1);
}
static void empty_one(void) { put(W "000000010000000100000001", ""); }
static void
zeros(void)
{
	empty_one();
	assert_int_equal(truncate(at(W "000000010000000100000001"), SEGMENT), 0);
}
static void
another_place(void)
{
	segment("000000010000000100000001", 1, 0xff, SYSTEM, SEGMENT);
}
static void
another_system(void)
{
	segment("000000010000000100000000", 1, 0x100, SYSTEM + 1, SEGMENT);
}
static void
another_line_inside(void)
{
	segment("000000010000000100000001", 2, 0x101, SYSTEM, SEGMENT);
}
static void
another_line(void)
{
	segment("000000020000000100000002", 2, 0x102, SYSTEM, SEGMENT);
	put(W "00000002.history", "1\t1/2000000\tno recovery target\n");
}
static void
a_link(void)
{
	gone("pg_wal/000000010000000100000001");
	assert_int_equal(symlink("000000010000000100000000",
	    at(W "000000010000000100000001")), 0);
}
static void a_stranger(void) { put(W "RECOVERYXLOG", ""); }
static void lower_case(void) { put(W "0000000100000000000000fe", ""); }
static void
label(const char *file)
{
	put("restore/full/backup_label", op_printf(&op, "START WAL LOCATION: "
	    "0/FE000028 (file %s)\nLABEL: pg_basebackup base backup\n", file));
}
static void begins_earlier(void) { label("0000000100000000000000FD"); }
static void begins_later(void) { label("000000010000000100000002"); }
static void begins_nowhere(void) { label("../../../etc/passwd"); }
static void label_cut(void) { put("restore/full/backup_label", "START WAL"); }

static const struct {
	const char	*what;
	void		(*make)(void);
	enum err	 err;
	const char	*why;
} faults[] = {
	/* All that can be wrong here without a label is that. */
	{ "nothing",         none,         ERR_BAD_REQUEST, "it has no label" },
	{ "no version",      no_version,   ERR_BAD_REQUEST, "does not say of which version" },
	{ "an older one",    older,        ERR_UNPROCESSABLE, "one of PostgreSQL 9.6; this server is a 15." },
	{ "a newer one",     newer,        ERR_UNPROCESSABLE, "one of PostgreSQL 16; this" },
	{ "a cut one",       endless,      ERR_UNPROCESSABLE, "one of PostgreSQL 15; this" },
	{ "no WAL",          no_wal,       ERR_BAD_REQUEST, "it has no WAL" },
	{ "none of it",      empty_wal,    ERR_BAD_REQUEST, "it has no WAL" },
	{ "a gap",           gap,          ERR_BAD_REQUEST, "WAL is missing before 000000010000000100000000" },
	{ "one over a log",  gap_at_a_log, ERR_BAD_REQUEST, "WAL is missing before 000000010000000100000001" },
	{ "a cut segment",   cut,          ERR_BAD_REQUEST, "WAL 000000010000000100000000 is not whole" },
	{ "too long a one",  long_one,     ERR_BAD_REQUEST, "WAL 000000010000000100000001 is not whole" },
	{ "an empty one",    empty_one,    ERR_BAD_REQUEST, "is not whole" },
	{ "zeros",           zeros,        ERR_BAD_REQUEST, "WAL 000000010000000100000001 is other WAL" },
	{ "a renamed one",   another_place, ERR_BAD_REQUEST, "is other WAL" },
	{ "one of a line",   another_line_inside, ERR_BAD_REQUEST, "is other WAL" },
	{ "another server's", another_system, ERR_BAD_REQUEST, "000000010000000100000000 is another server's" },
	{ "another line",    another_line, ERR_NOT_BUILT, "time line" },
	{ "a link",          a_link,       ERR_BAD_REQUEST, "is not whole" },
	{ "a stranger",      a_stranger,   ERR_BAD_REQUEST, "among its WAL that is none" },
	{ "small letters",   lower_case,   ERR_BAD_REQUEST, "among its WAL that is none" },
	{ "a first is gone", begins_earlier, ERR_BAD_REQUEST, "WAL 0000000100000000000000FD is missing" },
	{ "all too early",   begins_later, ERR_BAD_REQUEST, "WAL 000000010000000100000002 is missing" },
	{ "a bad label",     begins_nowhere, ERR_BAD_REQUEST, "its label names no WAL" },
	{ "a cut label",     label_cut,    ERR_BAD_REQUEST, "its label names no WAL" },
};

static void
each_fault_is_refused_before_a_server_sees_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(faults); i++) {
		enum err e;

		good();
		faults[i].make();
		e = postgresql_restored_old(&op);
		if (e != faults[i].err || strstr(op.why, faults[i].why) == NULL)
			fail_msg("%s: %s %s", faults[i].what, err_name(e),
			    op.why);
		assert_int_equal(access(at(POSTGRESQL_DATA), F_OK), -1);
	}
}

static void
orders_to_the_server_that_was_are_not_this_one_s(void **state)
{
	const char *text;
	size_t n;

	(void)state;
	good();
	assert_int_equal(postgresql_restored_old(&op), ERR_BAD_REQUEST);
	assert_int_equal(access(at("restore/full/standby.signal"), F_OK), -1);
	assert_int_equal(file_get(&op, at("restore/full/postgresql.auto.conf"),
	    &text, &n), OK);
	assert_int_equal(n, 0);
}

/* --- tars ---------------------------------------------------------------------------- */

static enum err
tar_take(int nth, int tar, off_t size)
{
	int part = memfd_create("part", MFD_CLOEXEC);
	char *bytes = op_alloc(&op, (size_t)size + 1);
	enum err e;

	assert_int_equal(pread(tar, bytes, (size_t)size, 0), size);
	assert_int_equal(write(part, bytes, (size_t)size), size);
	lseek(part, 0, SEEK_SET);
	e = postgresql_restore_old(&op, nth, part);
	close(part);
	return e;
}

static int
tar_of_wal(const char *name)
{
	int tar = memfd_create("tar", MFD_CLOEXEC);

	assert_int_equal(tar_text(&op, tar, name, "new"), OK);
	assert_int_equal(tar_text(&op, tar, "000000010000000100000002",
	    "some WAL"), OK);
	assert_int_equal(tar_end(&op, tar), OK);
	return tar;
}

/* Two blocks of zeros end it; what is cut before them is refused. */
static void
a_tar_that_is_cut_anywhere_is_refused(void **state)
{
	int tar = tar_of_wal("000000010000000100000001");
	off_t size = lseek(tar, 0, SEEK_END), from = 4 * 512;

	(void)state;
	good();
	assert_int_equal(size % 512, 0);
	assert_int_equal(tar_take(1, tar, size), OK);
	for (off_t n = 0; n <= from; n += 100)
		if (tar_take(1, tar, n) != ERR_BAD_REQUEST)
			fail_msg("%ld bytes are taken", (long)n);
	for (off_t n = 0; n < from; n += 512)
		assert_int_equal(tar_take(0, tar, n), ERR_BAD_REQUEST);
	close(tar);
}

static void
wal_is_laid_beside_that_of_the_full_one_and_nowhere_else(void **state)
{
	static const char *const bad[] = { "../PG_VERSION", "/etc/x", "..",
	    "a/../../x" };
	struct stat st;
	int tar;

	(void)state;
	good();
	tar = tar_of_wal("000000010000000100000001");
	assert_int_equal(tar_take(1, tar, lseek(tar, 0, SEEK_END)), OK);
	close(tar);
	assert_int_equal(stat(at(W "000000010000000100000001"), &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(access(at(W "000000010000000100000002"), F_OK), 0);
	for (size_t i = 0; i < ROWS(bad); i++) {
		tar = tar_of_wal(bad[i]);
		assert_int_equal(tar_take(1, tar, lseek(tar, 0, SEEK_END)),
		    ERR_BAD_REQUEST);
		close(tar);
	}
	no_wal();
	tar = tar_of_wal("000000010000000100000001");
	assert_int_equal(tar_take(1, tar, lseek(tar, 0, SEEK_END)),
	    ERR_BAD_REQUEST);
	/* Nor where a link leads. */
	assert_int_equal(symlink("/tmp", at("restore/full/pg_wal")), 0);
	assert_int_equal(tar_take(1, tar, lseek(tar, 0, SEEK_END)),
	    ERR_BAD_REQUEST);
	assert_int_equal(unlink(at("restore/full/pg_wal")), 0);
	close(tar);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, data_begin, data_end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_fault_is_refused_before_a_server_sees_it),
		TEST(orders_to_the_server_that_was_are_not_this_one_s),
		TEST(a_tar_that_is_cut_anywhere_is_refused),
		TEST(wal_is_laid_beside_that_of_the_full_one_and_nowhere_else),
	};

	log_init("postgresql_old_test", LOG_ERROR);
	return cmocka_run_group_tests_name("postgresql_old", tests, NULL, NULL);
}
