/* What an older Trove left in storage, and everything that is not that. */
#include "t/unit/test_op.h"
#include "agent/stream_old.h"
#include "lib/base/engines.h"
#include "lib/base/text.h"

#include <string.h>

#define TEXT	"what an older Trove kept"
#define PHRASE	"old key"
/* printf TEXT | gzip -9n */
#define GZIP	"1f8b08000000000002032bcf482c5148cc53c8cf49492d520829ca2f4b55c8" \
	"4e2d28010034b859f818000000"

/* ... | openssl enc -aes-256-cbc -salt -pass env:P, and these words */
static const struct { const char *how, *hex; } encrypted[] = {
	{ "-md md5", "53616c7465645f5f002891e7766e67cf5a392cac1a2040ec16022669"
	    "478eadf0c86b3731a3925bd5b442b9ac35d9c2f5166efcfb9d1a04ef25cd54824b"
	    "b256ff" },
	{ "-md sha256", "53616c7465645f5fe65f3b8a417706ada253beb5f4680bd82b18a9"
	    "ee6a566e0ac5ebfd289167396e422dd6515869123ac3a47472627ce109788facde"
	    "8360c801" },
	{ "-md sha512 -pbkdf2 -iter 10000", "53616c7465645f5fce7e7dfcdb3aa1b80f"
	    "b46ecc8218472cbb319061e5c889c0007df4f5a42c16f92c4f261c0ae3b1935b39"
	    "b4ad73e8bf3816e4beafe5d33bbd" },
	{ "-md sha256 -pbkdf2 -iter 10000", "53616c7465645f5fd93f629f456750638f"
	    "f11a9475383103bad09f3ebe808028c7cd7cb547ee2f8ea45f39af4f9158f7336c"
	    "51f8db731152e3ebd65ab2b2d26d" },
};

struct bytes { unsigned char *b; size_t n; };

static struct bytes
unhexed(const char *hex)
{
	struct bytes x = { .n = strlen(hex) / 2 };

	x.b = op_alloc(&op, x.n);
	assert_true(text_unhex(x.b, hex, x.n));
	return x;
}

static bool
is_gzip(const unsigned char *b)
{
	return b[0] == 0x1f && b[1] == 0x8b && b[2] == 8;
}

static enum err
collect(struct op *o, void *arg, const void *bytes, size_t n)
{
	(void)o;
	text_addn(arg, bytes, n);
	return OK;
}

static enum err
decode(const struct old_form *f, struct bytes x, size_t step,
    struct text *plain)
{
	struct stream_old *s;

	text_begin(plain, &op, 256);
	TRY(stream_old_begin(&op, f, collect, plain, &s));
	for (size_t at = 0; at < x.n; at += step)
		TRY(stream_old_put(&op, s, x.b + at, x.n - at < step ?
		    x.n - at : step));
	return stream_old_end(&op, s);
}

static const struct old_form zipped = { true, NULL };

static void
each_way_of_openssl_is_found_and_opened_however_it_is_cut(void **state)
{
	struct salted_key key;
	struct text plain;

	(void)state;
	for (size_t i = 0; i < ROWS(encrypted); i++) {
		struct bytes x = unhexed(encrypted[i].hex);

		assert_true(salted_find(PHRASE, x.b, is_gzip, &key));
		for (size_t step = 1; step <= x.n; step++) {
			const struct old_form f = { true, &key };

			assert_int_equal(decode(&f, x, step, &plain), OK);
			assert_string_equal(plain.s, TEXT);
		}
	}
}

static void
another_pass_phrase_or_what_is_not_salted_finds_nothing(void **state)
{
	static const struct salted_key none;
	struct bytes x = unhexed(encrypted[0].hex);
	struct salted_key key;

	(void)state;
	assert_false(salted_find("old kez", x.b, is_gzip, &key));
	assert_memory_equal(&key, &none, sizeof(key));
	assert_false(salted_find("", x.b, is_gzip, &key));
	x.b[0] ^= 1;
	assert_false(salted_find(PHRASE, x.b, is_gzip, &key));
}

static void
what_was_cut_off_is_refused_at_every_byte(void **state)
{
	struct bytes x = unhexed(GZIP), y = unhexed(encrypted[1].hex);
	struct old_form f = { .gzip = true };
	struct salted_key key;
	struct text plain;

	(void)state;
	for (size_t n = 0; n < x.n; n++)
		assert_int_equal(decode(&zipped, (struct bytes){ x.b, n }, 7,
		    &plain), ERR_FORGED);
	assert_true(salted_find(PHRASE, y.b, is_gzip, &key));
	f.key = &key;
	for (size_t n = 0; n < y.n; n++)
		assert_int_equal(decode(&f, (struct bytes){ y.b, n }, 7,
		    &plain), ERR_FORGED);
}

/* Time and system in gzip's head are the only bytes that nothing depends on. */
static void
a_bit_that_changed_is_refused_or_changes_nothing(void **state)
{
	struct bytes x = unhexed(GZIP);
	struct text plain;
	size_t refused = 0;

	(void)state;
	for (size_t bit = 0; bit < x.n * 8; bit++) {
		enum err e;

		x.b[bit / 8] ^= (unsigned char)(1 << bit % 8);
		e = decode(&zipped, x, 4096, &plain);
		refused += e == ERR_FORGED;
		if (e == OK)
			assert_string_equal(plain.s, TEXT);
		else
			assert_int_equal(e, ERR_FORGED);
		x.b[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_true(refused >= (x.n - 7) * 8);
}

/* CBC lets it pass; what lies inside does not. */
static void
a_bit_that_changed_under_encryption_is_refused_or_changes_nothing(void **s)
{
	struct bytes x = unhexed(encrypted[2].hex);
	struct old_form f = { .gzip = true };
	struct salted_key key;
	struct text plain;

	(void)s;
	assert_true(salted_find(PHRASE, x.b, is_gzip, &key));
	f.key = &key;
	for (size_t bit = 8 * 16; bit < x.n * 8; bit++) {
		x.b[bit / 8] ^= (unsigned char)(1 << bit % 8);
		if (decode(&f, x, 4096, &plain) == OK)
			assert_string_equal(plain.s, TEXT);
		x.b[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	x.b[0] ^= 1;
	assert_int_equal(decode(&f, x, 1, &plain), ERR_FORGED);
}

static void
members_follow_one_another_and_nothing_else_does(void **state)
{
	struct bytes x = unhexed(GZIP GZIP);
	struct text plain;

	(void)state;
	for (size_t step = 1; step <= x.n; step++) {
		assert_int_equal(decode(&zipped, x, step, &plain), OK);
		assert_string_equal(plain.s, TEXT TEXT);
	}
	for (size_t step = 1; step <= x.n; step += 5) {
		assert_int_equal(decode(&zipped, unhexed(GZIP "00"), step,
		    &plain), ERR_FORGED);
		assert_int_equal(decode(&zipped, unhexed(GZIP "1f8b"), step,
		    &plain), ERR_FORGED);
	}
}

static void
what_was_not_compressed_passes_as_it_is(void **state)
{
	static const struct old_form bare = { false, NULL };
	struct bytes x = unhexed("00ff10");
	struct text plain;

	(void)state;
	assert_int_equal(decode(&bare, x, 2, &plain), OK);
	assert_memory_equal(plain.s, x.b, x.n);
	assert_int_equal(decode(&bare, (struct bytes){ x.b, 0 }, 1, &plain),
	    ERR_FORGED);
}

static void
names_say_what_a_backup_is(void **state)
{
	static const struct {
		const char *engine, *name;
		bool is, gzip, salted;
	} cases[] = {
		{ "mariadb", "i.xbstream.gz", true, true, false },
		{ "mariadb", "a/i.xbstream.gz.enc", true, true, true },
		{ "mysql", "i.xbstream", true, false, false },
		{ "postgresql", "i.tar.gz", true, true, false },
		{ "redis", "i.rdb.gz", true, true, false },
		{ "redis", "i.gz.enc", true, true, true },
		{ "mariadb", "i.tar.gz" }, { "mariadb", "i.gz" },
		{ "mariadb", "i.xbstream.enc" }, { "mariadb", "xbstream.gz" },
		{ "mariadb", ".xbstream.gz" }, { "redis", "i.xbstream.gz" },
		{ "redis", "a.b/.gz" }, { "postgresql", "i.tar.zst.enc" },
		{ "mariadb", "" }, { "failing", "i.xbstream.gz" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct old_name n;
		bool is = engine_old_name(engine_find(cases[i].engine),
		    cases[i].name, &n);

		if (is != cases[i].is)
			fail_msg("%s %s", cases[i].engine, cases[i].name);
		if (!is)
			continue;
		assert_int_equal(n.gzip, cases[i].gzip);
		assert_int_equal(n.salted, cases[i].salted);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_way_of_openssl_is_found_and_opened_however_it_is_cut),
		TEST(another_pass_phrase_or_what_is_not_salted_finds_nothing),
		TEST(what_was_cut_off_is_refused_at_every_byte),
		TEST(a_bit_that_changed_is_refused_or_changes_nothing),
		TEST(a_bit_that_changed_under_encryption_is_refused_or_changes_nothing),
		TEST(members_follow_one_another_and_nothing_else_does),
		TEST(what_was_not_compressed_passes_as_it_is),
		TEST(names_say_what_a_backup_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
