#include "t/unit/test.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct op op;

static int
begin(void **state)
{
	(void)state;
	seal_init();
	op_begin(&op, "test");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static void
a_sealed_message_opens_only_whole_and_with_all_that_is_bound_in(void **state)
{
	static const char said[] = "drop everything";
	unsigned char sealed[sizeof(said) + SEAL_MORE], plain[sizeof(said)];
	struct key k, other;

	(void)state;
	seal_random(&k, sizeof(k));
	seal_random(&other, sizeof(other));
	seal_close(sealed, &k, "to g1", 5, said, sizeof(said));
	assert_true(seal_open(plain, &k, "to g1", 5, sealed, sizeof(sealed)));
	assert_memory_equal(plain, said, sizeof(said));

	assert_false(seal_open(plain, &other, "to g1", 5, sealed,
	    sizeof(sealed)));
	assert_false(seal_open(plain, &k, "to g2", 5, sealed, sizeof(sealed)));
	for (size_t i = 0; i < sizeof(sealed); i++) {
		assert_false(seal_open(plain, &k, "to g1", 5, sealed, i));
		sealed[i] ^= 1;
		assert_false(seal_open(plain, &k, "to g1", 5, sealed,
		    sizeof(sealed)));
		sealed[i] ^= 1;
	}
}

static void
a_piece_of_a_stream_opens_in_its_place_only(void **state)
{
	unsigned char head[SEAL_STREAM_HEAD], plain[8];
	unsigned char sealed[3][4 + SEAL_PIECE_MORE];
	struct seal_stream s;
	struct key k;
	bool last;

	(void)state;
	seal_random(&k, sizeof(k));
	seal_stream_begin(&s, &k, head);
	for (int i = 0; i < 3; i++)
		seal_stream_close(&s, sealed[i], "b1", "data", 4, i == 2);
	seal_stream_resume(&s, &k, head);
	for (int i = 0; i < 3; i++) {
		assert_true(seal_stream_open(&s, plain, "b1", sealed[i],
		    sizeof(sealed[i]), &last));
		assert_memory_equal(plain, "data", 4);
		assert_int_equal(last, i == 2);
	}
	seal_stream_resume(&s, &k, head);
	assert_false(seal_stream_open(&s, plain, "b1", sealed[1],
	    sizeof(sealed[1]), &last));
	seal_stream_resume(&s, &k, head);
	assert_false(seal_stream_open(&s, plain, "b2", sealed[0],
	    sizeof(sealed[0]), &last));
	assert_false(seal_stream_open(&s, plain, "b1", sealed[0],
	    SEAL_PIECE_MORE - 1, &last));
}

static void
derived_keys_differ_by_each_of_their_parts(void **state)
{
	struct key m, k[5], again;

	(void)state;
	seal_random(&m, sizeof(m));
	seal_derive(&k[0], &m, "guest", "a", 1);
	seal_derive(&k[1], &m, "guest", "a", 2);
	seal_derive(&k[2], &m, "guest", "b", 1);
	seal_derive(&k[3], &m, "redis", "a", 1);
	seal_derive(&k[4], &m, "guesta", "", 1);
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(&k[i], &k[j], SEAL_KEY);
	seal_derive(&again, &m, "guest", "a", 1);
	assert_memory_equal(&again, &k[0], SEAL_KEY);
}

static void
a_sealed_text_belongs_to_its_row(void **state)
{
	const char *plain;
	struct key k;
	char *text;

	(void)state;
	seal_random(&k, sizeof(k));
	text = seal_text(&op, &k, "task 1", "{\"password\":\"x\"}");
	assert_null(strstr(text, "password"));
	assert_int_equal(seal_untext(&op, &k, "task 1", text, &plain), OK);
	assert_string_equal(plain, "{\"password\":\"x\"}");
	assert_int_equal(seal_untext(&op, &k, "task 2", text, &plain),
	    ERR_FORGED);
	assert_int_equal(seal_untext(&op, &k, "task 1", "AAAA", &plain),
	    ERR_FORGED);
	assert_int_equal(seal_untext(&op, &k, "task 1", "no base64!", &plain),
	    ERR_FORGED);
	text[10] = text[10] == 'A' ? 'B' : 'A';
	assert_int_equal(seal_untext(&op, &k, "task 1", text, &plain),
	    ERR_FORGED);
}

static void
passwords_are_kept_as_argon2id_hashes(void **state)
{
	const char *hash = seal_password_hash(&op, "correct horse");

	(void)state;
	assert_memory_equal(hash, "$argon2id$", 10);
	assert_true(seal_password_ok(hash, "correct horse"));
	assert_false(seal_password_ok(hash, "correct horsf"));
	assert_false(seal_password_ok("", ""));
	assert_false(seal_password_ok("garbage", "garbage"));
}

static void
made_passwords_have_their_length_and_differ(void **state)
{
	char *a = seal_password(&op, 24), *b = seal_password(&op, 24);

	(void)state;
	assert_int_equal(strlen(a), 24);
	assert_string_not_equal(a, b);
	assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789"), 24);
}

static const struct {
	const char	*text;
	mode_t		 mode;
	enum err	 want;
} files[] = {
	{ "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	    0600, OK },
	{ "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
	    0400, OK },
	{ "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	    0640, ERR_INTERNAL },
	{ "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	    0604, ERR_INTERNAL },
	{ "", 0600, ERR_INTERNAL },
	{ "0011", 0600, ERR_INTERNAL },
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	    0600, ERR_INTERNAL },
	{ "x0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	    0600, ERR_INTERNAL },
	{ "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00",
	    0600, ERR_INTERNAL },
};

static void
weak_empty_and_readable_key_files_are_refused(void **state)
{
	char path[] = "/tmp/coffer-key-XXXXXX";
	struct key k;

	(void)state;
	close(mkstemp(path));
	for (size_t i = 0; i < ROWS(files); i++) {
		FILE *f = fopen(path, "w");

		fputs(files[i].text, f);
		fclose(f);
		chmod(path, files[i].mode);
		assert_int_equal(seal_key_load(&op, path, &k), files[i].want);
	}
	unlink(path);
	assert_int_equal(seal_key_load(&op, path, &k), ERR_INTERNAL);
	assert_non_null(strstr(op.why, "coffer key new"));
}

/* RFC 4231, case 2. */
static void
an_hmac_is_the_rfcs(void **state)
{
	unsigned char mac[SEAL_HASH];
	char hex[2 * SEAL_HASH + 1];

	(void)state;
	seal_hmac(mac, "Jefe", strlen("Jefe"), "what do ya want for nothing?");
	text_hex(hex, mac, sizeof(mac));
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
}

/* The example of FIPS 180-2. */
static void
a_sha256_is_the_one_that_others_make(void **state)
{
	unsigned char hash[SEAL_HASH];
	char hex[2 * SEAL_HASH + 1];

	(void)state;
	seal_sha256(hash, "abc", 3);
	text_hex(hex, hash, sizeof(hash));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		T(a_sealed_message_opens_only_whole_and_with_all_that_is_bound_in),
		T(a_piece_of_a_stream_opens_in_its_place_only),
		T(derived_keys_differ_by_each_of_their_parts),
		T(a_sealed_text_belongs_to_its_row),
		T(passwords_are_kept_as_argon2id_hashes),
		T(a_sha256_is_the_one_that_others_make),
		T(made_passwords_have_their_length_and_differ),
		T(weak_empty_and_readable_key_files_are_refused),
		T(an_hmac_is_the_rfcs),
	};
	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
