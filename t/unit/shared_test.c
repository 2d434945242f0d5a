#include "t/unit/test.h"

#include "fcgi/shared.h"
#include "lib/base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct op op;
static const struct caller alice = {
	.user = "u1", .user_name = "alice", .project = "p1",
	.project_name = "demo", .member = true,
};

static int
fresh(void **state)
{
	(void)state;
	op_end(&op);
	op_begin(&op, "test");
	memset(shared_memory()->token, 0, sizeof(shared_memory()->token));
	return 0;
}

static const unsigned char *
hash_of(const char *token)
{
	static unsigned char hash[SEAL_HASH];

	seal_hash(hash, token, strlen(token));
	return hash;
}

static int64_t
in(int64_t secs)
{
	return clock_wall_us() / 1000000 + secs;
}

static void
a_token_is_remembered_as_it_was(void **state)
{
	struct caller c;

	(void)state;
	assert_false(token_cached(&op, hash_of("t"), &c));
	token_cache(hash_of("t"), &alice, in(3600), 30);
	assert_true(token_cached(&op, hash_of("t"), &c));
	assert_string_equal(c.user, "u1");
	assert_string_equal(c.user_name, "alice");
	assert_string_equal(c.project, "p1");
	assert_string_equal(c.project_name, "demo");
	assert_true(c.member && !c.admin && !c.reader);
	assert_false(token_cached(&op, hash_of("u"), &c));
}

static void
an_unscoped_token_stays_unscoped(void **state)
{
	struct caller c = { .user = "u1", .user_name = "alice" };

	(void)state;
	token_cache(hash_of("t"), &c, in(3600), 30);
	assert_true(token_cached(&op, hash_of("t"), &c));
	assert_null(c.project);
	assert_null(c.project_name);
}

static void
a_token_is_believed_no_longer_than_said_nor_than_it_lives(void **state)
{
	struct caller c;

	(void)state;
	token_cache(hash_of("t"), &alice, in(3600), 30);
	clock_shift(29000);
	assert_true(token_cached(&op, hash_of("t"), &c));
	clock_shift(1001);
	assert_false(token_cached(&op, hash_of("t"), &c));
	token_cache(hash_of("t"), &alice, in(5), 30);
	clock_shift(5001);
	assert_false(token_cached(&op, hash_of("t"), &c));
	token_cache(hash_of("t"), &alice, in(36000), 7200);
	clock_shift(60001);
	assert_false(token_cached(&op, hash_of("t"), &c));
	token_cache(hash_of("t"), &alice, in(3600), 0);
	assert_false(token_cached(&op, hash_of("t"), &c));
}

static void
a_forgotten_token_is_gone_at_once(void **state)
{
	struct caller c;

	(void)state;
	token_cache(hash_of("t"), &alice, in(3600), 30);
	token_forget(hash_of("t"));
	assert_false(token_cached(&op, hash_of("t"), &c));
}

/* Whatever single byte another process has not written yet, or wrote wrongly. */
static void
a_torn_token_is_never_believed(void **state)
{
	struct cached_token *t = NULL;
	struct caller c;

	(void)state;
	token_cache(hash_of("t"), &alice, in(3600), 30);
	for (int i = 0; i < TOKENS; i++)
		if (shared_memory()->token[i].expires != 0)
			t = &shared_memory()->token[i];
	assert_non_null(t);
	for (size_t i = 0; i < sizeof(*t); i++) {
		((unsigned char *)t)[i] ^= 0x40;
		if (token_cached(&op, hash_of("t"), &c))
			fail_msg("byte %zu may be anything", i);
		((unsigned char *)t)[i] ^= 0x40;
	}
	assert_true(token_cached(&op, hash_of("t"), &c));
}

static void
names_too_long_for_a_place_are_not_cut(void **state)
{
	char name[CACHED_NAME + 1] = { 0 };
	struct caller c = alice;

	(void)state;
	memset(name, 'x', CACHED_NAME);
	c.user_name = name;
	token_cache(hash_of("t"), &c, in(3600), 30);
	assert_false(token_cached(&op, hash_of("t"), &c));
}

static void
a_full_table_forgets_only_the_oldest(void **state)
{
	char token[32];
	struct caller c;

	(void)state;
	for (int i = 0; i < 2 * TOKENS; i++) {
		snprintf(token, sizeof(token), "token %d", i);
		token_cache(hash_of(token), &alice, in(3600), 30);
		assert_true(token_cached(&op, hash_of(token), &c));
	}
}

static void
the_file_is_private_and_begun_anew_when_it_is_foreign(void **state)
{
	char path[] = "/tmp/shared_test.XXXXXX";
	int fd = mkstemp(path);
	struct caller c;
	struct stat st;

	(void)state;
	assert_int_equal(write(fd, "some other layout", 17), 17);
	assert_int_equal(fchmod(fd, 0666), 0);
	close(fd);
	assert_int_equal(shared_open(&op, path), OK);
	assert_false(token_cached(&op, hash_of("t"), &c));
	token_cache(hash_of("t"), &alice, in(3600), 30);
	assert_int_equal(shared_open(&op, path), OK);
	assert_true(token_cached(&op, hash_of("t"), &c));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(path);
	assert_int_not_equal(shared_open(&op, "/nonexistent/shm"), OK);
}

/* What is zero already is not written: it would all be in memory. */
static void
a_new_file_takes_no_room_yet(void **state)
{
	char path[] = "/tmp/coffer-shared-XXXXXX";
	int fd = mkstemp(path);
	struct stat st;

	(void)state;
	close(fd);
	assert_int_equal(shared_open(&op, path), OK);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 1000000);
	assert_true(st.st_blocks * 512 < 100000);
	unlink(path);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, fresh)
	static const struct CMUnitTest tests[] = {
		TEST(a_token_is_remembered_as_it_was),
		TEST(an_unscoped_token_stays_unscoped),
		TEST(a_token_is_believed_no_longer_than_said_nor_than_it_lives),
		TEST(a_forgotten_token_is_gone_at_once),
		TEST(a_torn_token_is_never_believed),
		TEST(names_too_long_for_a_place_are_not_cut),
		TEST(a_full_table_forgets_only_the_oldest),
		TEST(the_file_is_private_and_begun_anew_when_it_is_foreign),
		TEST(a_new_file_takes_no_room_yet),
	};

	seal_init();
	op_begin(&op, "test");
	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
