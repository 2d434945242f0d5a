#include "t/unit/test.h"
#include "lib/base/md5.h"

#include <string.h>

/* The test suite of RFC 1321, A.5. */
static void
digests_are_those_of_the_rfc(void **state)
{
	static const struct { const char *text, *md5; } table[] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "a", "0cc175b9c0f1b6a831c399e269772661" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
		{ "abcdefghijklmnopqrstuvwxyz",
		  "c3fcd3d76192e4007dfb496cca67e13b" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		  "0123456789", "d174ab98d277d9f5a5611c2c9f419d9f" },
		{ "1234567890123456789012345678901234567890123456789012345678"
		  "9012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a" },
	};
	char hex[MD5_HEX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		md5_hex(hex, table[i].text, strlen(table[i].text));
		assert_string_equal(hex, table[i].md5);
	}
}

/* As md5sum gives them; the lengths are those at which a block more is begun. */
static void
texts_around_the_end_of_a_block_are_right(void **state)
{
	static const struct { size_t n; const char *md5; } table[] = {
		{ 55, "ef1772b6dff9a122358552954ad0df65" },
		{ 56, "3b0c8ac703f828b04c6c197006d17218" },
		{ 63, "b06521f39153d618550606be297466d5" },
		{ 64, "014842d480b571495a4a0363793f7367" },
		{ 65, "c743a45e0d2e6a95cb859adae0248435" },
		{ 128, "e510683b3f5ffe4093d021808bc6ff70" },
	};
	char text[128], hex[MD5_HEX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		md5_hex(hex, text, table[i].n);
		assert_string_equal(hex, table[i].md5);
	}
}

static void
pieces_give_what_the_whole_gives(void **state)
{
	char text[1000], whole[MD5_HEX + 1], hex[MD5_HEX + 1];
	struct md5 m;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * i);
	md5_hex(whole, text, sizeof(text));
	for (size_t piece = 1; piece < 200; piece++) {
		md5_begin(&m);
		for (size_t at = 0; at < sizeof(text); at += piece)
			md5_add(&m, text + at, at + piece <= sizeof(text) ?
			    piece : sizeof(text) - at);
		md5_end(&m, hex);
		assert_string_equal(hex, whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_the_rfc),
		cmocka_unit_test(texts_around_the_end_of_a_block_are_right),
		cmocka_unit_test(pieces_give_what_the_whole_gives),
	};

	return cmocka_run_group_tests_name("md5", tests, NULL, NULL);
}
