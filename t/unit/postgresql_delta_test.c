/* A delta's parts without a server: what is no delta never becomes data. */
#include "t/unit/test.h"
#include "agent/file.h"
#include "agent/postgresql.h"
#include "agent/postgresql_delta.h"
#include "agent/tar.h"
#include "agent/untar.h"
#include "lib/base/conf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LSN	UINT64_C(0x5000028)
#define LABEL	"START WAL LOCATION: 0/5000028 (file 1)\nLABEL: coffer\n" \
    "START TIMELINE: 1\n"

static struct op op;
static char dir[64];
static int tar;				/* a file, written and then read */
static const uint64_t system_id = 77;

static const char *
at(const char *name)
{
	return op_printf(&op, "%s/%s", dir, name);
}

static void
put(const char *name, const void *bytes, size_t n)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static void
page(char to[POSTGRESQL_BLOCK], uint64_t lsn, char fill)
{
	uint32_t half[2] = { (uint32_t)(lsn >> 32), (uint32_t)lsn };

	memset(to, fill, POSTGRESQL_BLOCK);
	memcpy(to, half, sizeof(half));
}

/* Pages of a relation, one for each letter; small ones are older. */
static void
relation(const char *name, const char *pages)
{
	size_t n = strlen(pages);
	char *all = op_alloc(&op, n * POSTGRESQL_BLOCK + 1);

	for (size_t i = 0; i < n; i++)
		page(all + i * POSTGRESQL_BLOCK, pages[i] == '0' ? 0 :
		    pages[i] == '1' ? 1 :
		    pages[i] >= 'a' ? LSN - 8 : LSN + 8, pages[i]);
	put(name, all, n * POSTGRESQL_BLOCK);
}

static const char *
letters(const char *name)
{
	char *s = op_alloc(&op, 64), b[POSTGRESQL_BLOCK];
	int fd = open(at(name), O_RDONLY);

	for (size_t i = 0; fd != -1 && i < 63 &&
	    read(fd, b, sizeof(b)) == (ssize_t)sizeof(b); i++)
		s[i] = b[100];
	if (fd != -1)
		close(fd);
	return fd == -1 ? NULL : s;
}

static int
begin(void **state)
{
	static const char *const dirs[] = { "pgdata", "pgdata/base",
	    "pgdata/base/5", "pgdata/global", "pgdata/pg_wal", "pgdata/pg_notify",
	    "agent", "agent/postgresql", "full", "full/base", "full/base/5",
	    "full/global", NULL };
	static char control[8192];

	(void)state;
	op_begin(&op, "test");
	snprintf(dir, sizeof(dir), "/tmp/coffer-delta.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(conf_set(&op, "agent", "data", dir), OK);
	for (const char *const *d = dirs; *d != NULL; d++)
		assert_int_equal(mkdir(at(*d), 0700), 0);
	memcpy(control, &system_id, sizeof(system_id));
	put("pgdata/global/pg_control", control, sizeof(control));
	put("full/global/pg_control", control, sizeof(control));
	put("full/backup_label", LABEL, strlen(LABEL));
	tar = open(at("tar"), O_RDWR | O_CREAT, 0600);
	return tar == -1;
}

static int
end(void **state)
{
	(void)state;
	close(tar);
	file_remove_tree(&op, dir);
	op_end(&op);
	return 0;
}

static enum err
nothing(struct op *o, void *arg)
{
	(void)o;
	++*(int *)arg;
	return OK;
}

/* What was there before lsn, as a backup writes it down. */
static struct pg_seen *
seen(uint64_t lsn)
{
	struct pg_seen *s;
	int data = open(at("pgdata"), O_RDONLY | O_DIRECTORY);

	assert_int_equal(pg_seen_open(&op, system_id, &s), OK);
	assert_int_equal(pg_seen_look(&op, s, data, 5), OK);
	assert_int_equal(pg_seen_look(&op, s, data, 6), OK);	/* is not there */
	assert_int_equal(pg_seen_keep(&op, s, lsn), OK);
	close(data);
	return s;
}

static int
scan(struct pg_seen *s)
{
	int looks = 0;
	const struct pg_delta d = { .seen = s, .to = tar, .alive = nothing,
	    .arg = &looks, .since = { system_id, LSN, 1 } };

	assert_int_equal(pg_delta_files(&op, &d), OK);
	assert_int_equal(tar_end(&op, tar), OK);
	return looks;
}

static enum err
apply(void)
{
	assert_int_equal(lseek(tar, 0, SEEK_SET), 0);
	return pg_delta_apply(&op, tar, at("full"), at("more"));
}

static void
blocks_come_when_they_are_newer_or_of_no_age(void **state)
{
	(void)state;
	relation("pgdata/base/5/100", "abcdefgh");
	relation("full/base/5/100", "abcdefgh");
	seen(LSN);
	relation("pgdata/base/5/100", "xbC0e1ghIJ");	/* x is older: not looked at */
	put("pgdata/base/5/100_vm", "vm", 2);
	assert_true(scan(seen(LSN + 100)) > 3);
	assert_int_equal(apply(), OK);
	assert_string_equal(letters("full/base/5/100"), "abC0e1ghIJ");
	assert_int_equal(access(at("full/base/5/100_vm"), F_OK), 0);
	assert_int_equal(access(at("full/pg_notify"), F_OK), 0);
	assert_int_equal(access(at("full/pg_wal/archive_status"), F_OK), 0);
	assert_int_equal(access(at("full/backup_label"), F_OK), -1);
	assert_int_equal(access(at("more"), F_OK), -1);
}

static void
a_file_that_was_not_there_comes_whole_whatever_its_age(void **state)
{
	(void)state;
	relation("full/base/5/100", "zzzz");
	seen(LSN);
	relation("pgdata/base/5/100", "abcd");	/* since then, and not of since then */
	scan(seen(LSN + 100));
	assert_int_equal(apply(), OK);
	assert_string_equal(letters("full/base/5/100"), "abcd");
}

/* The same name and the same numbers: another file. */
static void
a_file_in_place_of_another_comes_whole(void **state)
{
	(void)state;
	relation("pgdata/base/5/100", "zzzz");
	relation("full/base/5/100", "zzzz");
	seen(LSN);
	relation("pgdata/base/5/other", "abcd");
	assert_int_equal(rename(at("pgdata/base/5/other"),
	    at("pgdata/base/5/100")), 0);
	scan(seen(LSN + 100));
	assert_int_equal(apply(), OK);
	assert_string_equal(letters("full/base/5/100"), "abcd");
}

static void
what_was_seen_in_a_doubtful_database_is_forgotten(void **state)
{
	struct pg_seen *s;
	int data = open(at("pgdata"), O_RDONLY | O_DIRECTORY), fd;

	(void)state;
	relation("pgdata/base/5/100", "abcd");
	fd = open(at("pgdata/base/5/100"), O_RDONLY);
	assert_int_equal(pg_seen_open(&op, system_id, &s), OK);
	assert_int_equal(pg_seen_look(&op, s, data, 5), OK);
	pg_seen_doubt(s, 5);
	assert_int_equal(pg_seen_keep(&op, s, LSN), OK);
	assert_false(pg_seen_since(s, fd, LSN));
	assert_true(pg_seen_since(seen(LSN + 1), fd, LSN + 1));
	assert_false(pg_seen_since(seen(LSN + 2), fd, LSN));
	/* Another system's list says nothing, nor does half of one. */
	assert_int_equal(pg_seen_open(&op, 78, &s), OK);
	assert_int_equal(pg_seen_look(&op, s, data, 5), OK);
	assert_int_equal(pg_seen_keep(&op, s, LSN + 9), OK);
	assert_false(pg_seen_since(s, fd, LSN + 8));
	assert_int_equal(truncate(at(POSTGRESQL_SEEN), 40), 0);
	assert_false(pg_seen_since(seen(LSN + 10), fd, LSN + 9));
	close(fd);
	close(data);
}

static void
a_relation_that_is_gone_or_smaller_is_so_afterwards(void **state)
{
	(void)state;
	relation("pgdata/base/5/100", "abcd");
	relation("full/base/5/100", "abcd");
	relation("full/base/5/101", "gone");
	seen(LSN);
	assert_int_equal(truncate(at("pgdata/base/5/100"),
	    2 * POSTGRESQL_BLOCK), 0);
	scan(seen(LSN + 1));
	assert_int_equal(apply(), OK);
	assert_string_equal(letters("full/base/5/100"), "ab");
	assert_null(letters("full/base/5/101"));
}

static void
what_a_server_has_for_itself_stays_behind(void **state)
{
	static const char *const names[] = { "postmaster.pid",
	    "base/5/t3_200", "base/5/pgsql_tmp1", "base/5/pg_internal.init.9",
	    "backup_label.old", "pg_notify/0000", "pg_wal/000000010000000000000005",
	    "base/5/300", "base/5/300_vm", "base/5/300.1", NULL };

	(void)state;
	for (const char *const *n = names; *n != NULL; n++)
		put(op_printf(&op, "pgdata/%s", *n), "x", 1);
	put("pgdata/base/5/300_init", "i", 1);
	scan(seen(LSN + 1));
	assert_int_equal(apply(), OK);
	for (const char *const *n = names; *n != NULL; n++)
		if (access(at(op_printf(&op, "full/%s", *n)), F_OK) == 0)
			fail_msg("%s is there", *n);
	assert_int_equal(access(at("full/base/5/300_init"), F_OK), 0);
}

/* --- tablespaces --------------------------------------------------------------------------- */

#define SPACE	"pg_tblspc/16400"
#define VERSION	"PG_15_202209061"

static void
directories(const char *const *names)
{
	for (; *names != NULL; names++)
		assert_int_equal(mkdir(at(*names), 0700), 0);
}

/* A link of the data leads to a directory with more than the server's own. */
static void
space_there(void)
{
	static const char *const dirs[] = { "far", "far/" VERSION,
	    "far/" VERSION "/5", "far/other", "pgdata/pg_tblspc",
	    "pgdata/" VERSION, "pgdata/pg_tblspc/" VERSION,
	    "pgdata/pg_tblspc/x", "full/pg_tblspc", "full/" SPACE,
	    "full/" SPACE "/" VERSION, "full/" SPACE "/" VERSION "/5", NULL };

	directories(dirs);
	put("far/" VERSION "/5/PG_VERSION", "15\n", 3);
	assert_int_equal(symlink(at("far"), at("pgdata/" SPACE)), 0);
	assert_int_equal(symlink(at("agent"), at("far/" VERSION "/6")), 0);
	assert_int_equal(symlink(at("agent"), at("pgdata/base/7")), 0);
	assert_int_equal(symlink(at("nowhere"), at("pgdata/pg_tblspc/16401")),
	    0);
	put("far/secret", "s", 1);
	put("far/other/secret", "s", 1);
	put("agent/secret", "s", 1);
	put("pgdata/" VERSION "/secret", "s", 1);
	put("pgdata/pg_tblspc/" VERSION "/secret", "s", 1);
	put("pgdata/pg_tblspc/x/secret", "s", 1);
}

static void
a_tablespaces_blocks_come_in_place_of_its_link(void **state)
{
	static const char *const absent[] = { SPACE "/secret", SPACE "/other",
	    SPACE "/" VERSION "/6", "base/7", VERSION, "pg_tblspc/x",
	    "pg_tblspc/" VERSION, NULL };
	struct stat st;

	(void)state;
	space_there();
	relation("far/" VERSION "/5/100", "abcdefgh");
	relation("full/" SPACE "/" VERSION "/5/100", "abcdefgh");
	seen(LSN);
	relation("far/" VERSION "/5/100", "xbCdefgh");	/* x is older: not looked at */
	scan(seen(LSN + 100));
	assert_int_equal(apply(), OK);
	assert_string_equal(letters("full/" SPACE "/" VERSION "/5/100"),
	    "abCdefgh");
	assert_int_equal(access(at("full/" SPACE "/" VERSION "/5/PG_VERSION"),
	    F_OK), 0);
	for (const char *const *n = absent; *n != NULL; n++)
		if (lstat(at(op_printf(&op, "full/%s", *n)), &st) == 0)
			fail_msg("%s is there", *n);
	/* One whose directory is gone is one that is going. */
	assert_int_equal(lstat(at("full/pg_tblspc/16401"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
}

/* With what restored data may say of tablespaces: nothing but what is in them. */
static void
restored_tablespaces_lie_beside_the_data(void **state)
{
	static const char *const dirs[] = { "restore", "restore/full",
	    "restore/full/pg_tblspc", "restore/full/" SPACE,
	    "restore/full/" SPACE "/" VERSION, "restore/full/pg_tblspc/0",
	    "restore/full/pg_tblspc/42949672950", "restore/full/pg_tblspc/1x",
	    "tablespaces", "tablespaces/16400", NULL };
	char where[128] = "";
	struct stat st;

	(void)state;
	directories(dirs);
	put("restore/full/backup_label", LABEL, strlen(LABEL));
	put("restore/full/tablespace_map", "16401 /etc\n", 11);
	put("restore/full/" SPACE "/" VERSION "/new", "n", 1);
	put("tablespaces/16400/old", "o", 1);
	assert_int_equal(postgresql_restored(&op), OK);
	assert_true(readlink(at("pgdata/" SPACE), where, sizeof(where) - 1) > 0);
	assert_string_equal(where, at("tablespaces/16400"));
	assert_int_equal(access(at("pgdata/" SPACE "/" VERSION "/new"), F_OK),
	    0);
	assert_int_equal(access(at("tablespaces/16400/old"), F_OK), -1);
	assert_int_equal(access(at("pgdata/tablespace_map"), F_OK), -1);
	assert_int_equal(lstat(at("pgdata/pg_tblspc/42949672950"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(access(at("tablespaces/0"), F_OK), -1);
	assert_int_equal(access(at("tablespaces/1x"), F_OK), -1);
	assert_int_equal(access(at("pgdata/global"), F_OK), -1);	/* the old ones */
}

static void
what_stands_for_a_tablespace_and_is_none_is_refused(void **state)
{
	static const char *const dirs[] = { "restore", "restore/full",
	    "restore/full/pg_tblspc", NULL };

	(void)state;
	directories(dirs);
	put("restore/full/backup_label", LABEL, strlen(LABEL));
	put("restore/full/" SPACE, "x", 1);
	assert_int_equal(postgresql_restored(&op), ERR_BAD_REQUEST);
	assert_int_equal(access(at("pgdata/global"), F_OK), 0);
}

/* Which a mark of nowhere says; nothing was there before, and nothing is asked for. */
static void
a_scan_in_full_is_what_untar_takes(void **state)
{
	const struct pg_delta d = { .seen = seen(LSN), .to = tar,
	    .alive = nothing, .arg = &(int){ 0 } };
	int to;

	(void)state;
	space_there();
	relation("pgdata/base/5/100", "abcd");
	relation("far/" VERSION "/5/100", "efgh");
	seen(LSN);
	assert_int_equal(pg_delta_files(&op, &d), OK);
	assert_int_equal(tar_end(&op, tar), OK);
	assert_int_equal(lseek(tar, 0, SEEK_SET), 0);
	assert_int_equal(mkdir(at("to"), 0700), 0);
	to = open(at("to"), O_RDONLY | O_DIRECTORY);
	assert_int_equal(untar(&op, tar, to), OK);
	close(to);
	assert_string_equal(letters("to/base/5/100"), "abcd");
	assert_string_equal(letters("to/" SPACE "/" VERSION "/5/100"), "efgh");
	assert_int_equal(access(at("to/" POSTGRESQL_UPON), F_OK), -1);
	assert_int_equal(access(at("to/global/pg_control"), F_OK), 0);
}

/* --- what is none -------------------------------------------------------------------------- */

static void
upon(const char *mark)
{
	assert_int_equal(lseek(tar, 0, SEEK_SET), 0);
	assert_int_equal(ftruncate(tar, 0), 0);
	assert_int_equal(tar_text(&op, tar, POSTGRESQL_UPON, mark), OK);
	assert_int_equal(tar_directory(&op, tar, "base"), OK);
	assert_int_equal(tar_directory(&op, tar, "base/5"), OK);
}

static void
part(const char *name, const uint32_t *words, size_t n, uint32_t pages)
{
	static const char zeros[POSTGRESQL_BLOCK];
	int64_t size = 8 + (int64_t)(4 * n) +
	    (int64_t)pages * POSTGRESQL_BLOCK;

	assert_int_equal(tar_file(&op, tar, name, size), OK);
	assert_int_equal(tar_bytes(&op, tar, "cofferpg", 8), OK);
	assert_int_equal(tar_bytes(&op, tar, words, 4 * n), OK);
	while (pages-- > 0)
		tar_bytes(&op, tar, zeros, sizeof(zeros));
	assert_int_equal(tar_pad(&op, tar, size), OK);
	assert_int_equal(tar_end(&op, tar), OK);
}

#define GOOD	"77-1-0/5000028\n"

static void
it_has_to_stand_upon_what_is_there(void **state)
{
	static const char *const others[] = { "78-1-0/5000028\n",
	    "77-2-0/5000028\n", "77-1-0/5000030\n", "77-1-1/5000028\n", "\n",
	    "77-1-0/5000028;\n", "-1-1-0/5000028\n", NULL };

	(void)state;
	for (const char *const *o = others; *o != NULL; o++) {
		upon(*o);
		tar_end(&op, tar);
		if (apply() != ERR_BAD_REQUEST)
			fail_msg("%s is taken", *o);
	}
	assert_int_equal(ftruncate(tar, 0), 0);
	lseek(tar, 0, SEEK_SET);
	tar_directory(&op, tar, "base");
	tar_end(&op, tar);
	assert_int_equal(apply(), ERR_BAD_REQUEST);
	assert_int_equal(access(at("full/backup_label"), F_OK), 0);
	upon(GOOD);
	tar_end(&op, tar);
	assert_int_equal(apply(), OK);
}

/* How many come, how many there are, and which. */
static const struct { uint32_t words[5]; size_t n; uint32_t pages; } parts[] = {
	{ { 1, 4, 4 }, 3, 1 },			/* beyond its end */
	{ { 2, 6, 1, 1 }, 4, 2 },		/* twice */
	{ { 2, 6, 3, 2 }, 4, 2 },		/* falling */
	{ { 1, 6, 5 }, 3, 1 },			/* the fifth is nowhere */
	{ { 0, 5 }, 2, 0 },
	{ { 1, 4, 0 }, 3, 2 },			/* more than it says */
	{ { 3, 2, 0, 1, 2 }, 5, 3 },
	{ { 0, 1 << 20 }, 2, 0 },
};

static void
parts_that_do_not_make_a_whole_file_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		relation("full/base/5/100", "abcd");
		upon(GOOD);
		part("base/5/INCREMENTAL.100", parts[i].words, parts[i].n,
		    parts[i].pages);
		if (apply() != ERR_BAD_REQUEST)
			fail_msg("part %zu is taken", i);
	}
	upon(GOOD);
	part("base/5/INCREMENTAL.999", (const uint32_t[]){ 0, 0 }, 2, 0);
	assert_int_equal(apply(), ERR_BAD_REQUEST);
	relation("full/base/5/100", "abcd");
	upon(GOOD);
	part("base/5/INCREMENTAL.100", (const uint32_t[]){ 2, 6, 4, 5 }, 4, 2);
	assert_int_equal(apply(), OK);
	assert_int_equal(strlen(letters("full/base/5/100")), 4);
}

static void
marks_and_names_are_read_as_they_are_written(void **state)
{
	struct pg_mark m = { UINT64_MAX, UINT64_C(0x1200000034), 7 }, n;
	struct pg_name name;

	(void)state;
	assert_string_equal(pg_mark_write(&op, &m),
	    "18446744073709551615-7-12/34");
	assert_true(pg_mark_read(pg_mark_write(&op, &m), &n));
	assert_true(m.system == n.system && m.lsn == n.lsn &&
	    m.timeline == n.timeline);
	assert_false(pg_mark_read("0/2000028", &n));
	assert_false(pg_mark_read("42", &n));
	assert_true(pg_name_read("16384", &name) && name.fork_len == 0);
	assert_true(pg_name_read("16384.12", &name) && name.fork_len == 0);
	assert_true(pg_name_read("16384_fsm.1", &name) && name.fork_len == 4);
	assert_false(pg_name_read("16384.", &name));
	assert_false(pg_name_read("PG_VERSION", &name));
	assert_false(pg_name_read("16384.old", &name));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(blocks_come_when_they_are_newer_or_of_no_age),
		TEST(a_file_that_was_not_there_comes_whole_whatever_its_age),
		TEST(a_file_in_place_of_another_comes_whole),
		TEST(what_was_seen_in_a_doubtful_database_is_forgotten),
		TEST(a_relation_that_is_gone_or_smaller_is_so_afterwards),
		TEST(what_a_server_has_for_itself_stays_behind),
		TEST(a_tablespaces_blocks_come_in_place_of_its_link),
		TEST(restored_tablespaces_lie_beside_the_data),
		TEST(what_stands_for_a_tablespace_and_is_none_is_refused),
		TEST(a_scan_in_full_is_what_untar_takes),
		TEST(it_has_to_stand_upon_what_is_there),
		TEST(parts_that_do_not_make_a_whole_file_are_refused),
		TEST(marks_and_names_are_read_as_they_are_written),
	};

	return cmocka_run_group_tests_name("postgresql_delta", tests, NULL,
	    NULL);
}
