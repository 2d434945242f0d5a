#include "t/unit/test_op.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"

#include <string.h>

static const char *const good[] = {
	"null", "true", "0", "-1", "1.5e3", "\"a\"", "[]", "{}", " [1 , 2] ",
	"{\"a\":{\"b\":[1,2,{\"c\":null}]}}", "\"\\u00e9\\ud83d\\ude00\"",
	"9223372036854775807", "-9223372036854775808", "[[],[],{}]",
	"{\"\":1}", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
};

static const struct { const char *s, *why; } bad[] = {
	{ "", "too early" }, { "   ", "too early" }, { "[", "too early" },
	{ "{", "key is missing" }, { "{\"a\"", "':'" }, { "{\"a\":", "early" },
	{ "{\"a\":1", "the end" }, { "[1,]", "not a JSON value" },
	{ "{\"a\":1,}", "key is missing" }, { "[1}", "the end" },
	{ "{\"a\":1,\"a\":2}", "duplicate key" },
	{ "{\"x\":{\"a\":1},\"y\":{\"a\":1,\"b\":2,\"a\":3}}", "duplicate" },
	{ "1 2", "trailing" }, { "{} x", "trailing" }, { "nul", "not a JSON" },
	{ "NaN", "not a JSON" }, { "Infinity", "not a JSON" },
	{ "'a'", "not a JSON" }, { "// c\n1", "not a JSON" },
	{ "01", "bad number" }, { "-", "bad number" }, { "1.", "bad number" },
	{ ".5", "not a JSON" }, { "1e", "bad number" }, { "+1", "not a JSON" },
	{ "1e400", "out of range" },
	{ "\"\\u0000\"", "NUL" }, { "\"\\ud800\"", "surrogate" },
	{ "\"\\udc00\"", "surrogate" }, { "\"\\ud800\\u0041\"", "surrogate" },
	{ "\"\\x\"", "bad escape" }, { "\"\\u12g4\"", "bad \\u" },
	{ "\"a", "does not end" }, { "\"a\nb\"", "control byte" },
	{ "\"\xff\"", "UTF-8" }, { "\"\xed\xa0\x80\"", "UTF-8" },
	{ "\xef\xbb\xbf{}", "not a JSON" },
};

static void
what_the_standard_allows_is_parsed(void **state)
{
	const struct json *j;

	(void)state;
	for (size_t i = 0; i < ROWS(good); i++)
		assert_int_equal(json_parse(&op, good[i], strlen(good[i]), &j),
		    OK);
}

static void
what_it_does_not_is_refused_with_the_reason(void **state)
{
	const struct json *j;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		assert_int_equal(json_parse(&op, bad[i].s, strlen(bad[i].s),
		    &j), ERR_BAD_REQUEST);
		if (strstr(op.why, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].s, op.why);
		assert_null(j);
	}
	assert_int_equal(json_parse(&op, "[\"a\0b\"]", 7, &j),
	    ERR_BAD_REQUEST);
}

static void
depth_and_size_are_bounded(void **state)
{
	char *deep = op_alloc(&op, 200001);
	const struct json *j;

	(void)state;
	memset(deep, '[', 100000);
	memset(deep + 100000, ']', 100000);
	assert_int_equal(json_parse(&op, deep, 200000, &j), ERR_BAD_REQUEST);
	assert_non_null(strstr(op.why, "deep"));
	assert_int_equal(json_parse(&op, deep + 100000 - JSON_DEPTH,
	    2 * JSON_DEPTH, &j), OK);
	assert_int_equal(json_parse(&op, deep + 100000 - JSON_DEPTH - 1,
	    2 * JSON_DEPTH + 2, &j), ERR_BAD_REQUEST);

	for (int i = 0; i < 100000; i++)
		memcpy(deep + 2 * i, "1,", 2);
	deep[0] = '[';
	assert_int_equal(json_parse(&op, deep, 200000, &j), ERR_BAD_REQUEST);
}

static void
members_are_found_by_path_and_kind(void **state)
{
	static const char s[] = "{\"i\":{\"n\":\"x\",\"size\":5,\"big\":1.5,"
	    "\"yes\":true,\"none\":null,\"l\":[1,\"two\"]}}";
	const struct json *j;

	(void)state;
	assert_int_equal(json_parse(&op, s, strlen(s), &j), OK);
	assert_string_equal(json_str(json_get(j, "i/n")), "x");
	assert_int_equal(json_int(json_get(j, "i/size")), 5);
	assert_true(json_real(json_get(j, "i/big")) == 1.5);
	assert_true(json_true(json_get(j, "i/yes")));
	assert_true(json_has(json_get(j, "i"), "none"));
	assert_int_equal(json_int(json_member(json_get(j, "i"), "size")), 5);
	assert_null(json_member(j, "i/size"));
	assert_null(json_member(json_get(j, "i/size"), "x"));
	assert_int_equal(json_kind(json_get(j, "i/none")), JSON_NULL);
	assert_int_equal(json_count(json_get(j, "i/l")), 2);
	assert_string_equal(json_str(json_at(json_get(j, "i/l"), 1)), "two");
	assert_null(json_at(json_get(j, "i/l"), 2));
	assert_null(json_get(j, "i/n/deeper"));
	assert_null(json_get(j, "nothing/at/all"));
	assert_null(json_str(json_get(j, "i/size")));
	assert_int_equal(json_int(json_get(j, "i/n")), 0);
	assert_false(json_true(json_get(j, "i/size")));
	assert_int_equal(json_count(NULL), 0);
}

/* As they are compared with limits of 2^64 - 1, or refused as no integers. */
static void
whole_numbers_are_exact_up_to_64_bits(void **state)
{
	static const struct { const char *s; enum json_kind kind; double real; }
	rows[] = {
		{ "9223372036854775807",  JSON_INT,  9223372036854775807.0 },
		{ "-9223372036854775808", JSON_INT,  -9223372036854775808.0 },
		{ "9223372036854775808",  JSON_BIG,  9223372036854775808.0 },
		{ "18446744073709551615", JSON_BIG,  18446744073709551615.0 },
		{ "18446744073709551616", JSON_REAL, 18446744073700000000.0 },
		{ "-9223372036854775809", JSON_REAL, -9223372036850000000.0 },
		{ "1000000000000000000000000000000", JSON_REAL, 1e30 },
	};
	const struct json *j;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *s = op_printf(&op, "{\"a\":[%s,\"x\"]}",
		    rows[i].s);

		assert_int_equal(json_parse(&op, s, strlen(s), &j), OK);
		assert_string_equal(json_str(json_at(json_get(j, "a"), 1)),
		    "x");
		j = json_at(json_get(j, "a"), 0);
		assert_int_equal(json_kind(j), rows[i].kind);
		assert_true(json_real(j) == rows[i].real);
	}
	assert_int_equal(json_parse(&op, "18446744073709551615", 20, &j), OK);
	assert_true(json_big(j) == UINT64_MAX);
	assert_int_equal(json_int(j), 0);
}

static void
a_map_is_walked_in_its_order(void **state)
{
	const struct json *j, *value;
	const char *key;
	void *at = NULL;
	char keys[8] = "";

	(void)state;
	assert_int_equal(json_parse(&op, "{\"c\":1,\"a\":2,\"b\":3}", 19, &j),
	    OK);
	while (json_next(j, &at, &key, &value))
		strcat(keys, key);
	assert_string_equal(keys, "cab");
}

static void
what_is_written_reads_back(void **state)
{
	static const char odd[] = "q\" b\\ n\n \x01 \xc3\xa9";
	const struct json *j;
	struct jsonw w;

	(void)state;
	jsonw_begin(&w, &op, 1);
	jsonw_map(&w);
	jsonw_kstr(&w, "s", odd);
	jsonw_kstr(&w, "none", NULL);
	jsonw_kint(&w, "i", INT64_MIN);
	jsonw_kbool(&w, "b", false);
	jsonw_key(&w, "l");
	jsonw_list(&w);
	jsonw_int(&w, 1);
	jsonw_map(&w);
	jsonw_map_end(&w);
	jsonw_real(&w, 0.125, 2);
	jsonw_list_end(&w);
	jsonw_key(&w, "raw");
	jsonw_raw(&w, "{\"x\":[]}");
	jsonw_map_end(&w);

	assert_int_equal(json_parse(&op, w.out.s, w.out.len, &j), OK);
	assert_string_equal(json_str(json_get(j, "s")), odd);
	assert_int_equal(json_int(json_get(j, "i")), INT64_MIN);
	assert_int_equal(json_count(json_get(j, "l")), 3);
	assert_int_equal(json_kind(json_get(j, "raw/x")), JSON_LIST);
	assert_int_equal(json_count(j), 6);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		T(what_the_standard_allows_is_parsed),
		T(what_it_does_not_is_refused_with_the_reason),
		T(depth_and_size_are_bounded),
		T(members_are_found_by_path_and_kind),
		T(a_map_is_walked_in_its_order),
		T(what_is_written_reads_back),
		T(whole_numbers_are_exact_up_to_64_bits),
	};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
