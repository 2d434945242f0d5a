#include "t/unit/test_op.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
a_text_grows_and_stays_terminated(void **state)
{
	struct text t;

	(void)state;
	text_begin(&t, &op, 1);
	for (int i = 0; i < 1000; i++)
		text_printf(&t, "%d,", i);
	assert_int_equal(t.len, strlen(t.s));
	assert_int_equal(t.len, 10 * 2 + 90 * 3 + 900 * 4);
	assert_memory_equal(t.s + t.len - 4, "999,", 5);
}

static const struct { const char *s; bool is; } uuids[] = {
	{ "7f0e1111-2222-3333-4444-555566667777", true },
	{ "7F0E1111-2222-3333-4444-555566667777", true },
	{ "7f0e1111-2222-3333-4444-55556666777", false },
	{ "7f0e1111-2222-3333-4444-5555666677777", false },
	{ "7f0e1111x2222-3333-4444-555566667777", false },
	{ "7g0e1111-2222-3333-4444-555566667777", false },
	{ "", false },
};

static void
uuids_are_told_from_other_texts(void **state)
{
	char made[UUID_LEN + 1], other[UUID_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ROWS(uuids); i++)
		assert_int_equal(text_is_uuid(uuids[i].s), uuids[i].is);
	text_uuid(made);
	text_uuid(other);
	assert_true(text_is_uuid(made));
	assert_int_equal(made[14], '4');
	assert_string_not_equal(made, other);
}

static const struct { const char *s; size_t n; bool is; } utf8s[] = {
	{ "", 0, true }, { "abc", 3, true }, { "\xc3\xa9", 2, true },
	{ "\xe2\x82\xac", 3, true }, { "\xf0\x9f\x98\x80", 4, true },
	{ "a\0b", 3, false },		/* NUL */
	{ "\xc0\xaf", 2, false },	/* overlong */
	{ "\xe0\x80\xaf", 3, false },
	{ "\xed\xa0\x80", 3, false },	/* surrogate */
	{ "\xf4\x90\x80\x80", 4, false },	/* past U+10FFFF */
	{ "\xe2\x82", 2, false }, { "\x80", 1, false }, { "\xff", 1, false },
};

static void
utf8_is_judged_as_rfc_3629_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(utf8s); i++)
		assert_int_equal(text_is_utf8(utf8s[i].s, utf8s[i].n),
		    utf8s[i].is);
}

static const struct { const char *in, *out; } escapes[] = {
	{ "plain", "plain" }, { "a%2Fb", "a/b" }, { "%c3%A9", "\xc3\xa9" },
	{ "%252e", "%2e" }, { "%", NULL }, { "%2", NULL }, { "%zz", NULL },
	{ "%00", NULL }, { "%ff", NULL }, { "a%0", NULL },
};

static void
percent_is_decoded_once_and_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(escapes); i++) {
		char *got = text_unescape(&op, escapes[i].in,
		    strlen(escapes[i].in));

		if (escapes[i].out == NULL)
			assert_null(got);
		else
			assert_string_equal(got, escapes[i].out);
	}
	assert_string_equal(text_escape(&op, "a b/@%\xc3\xa9-._~"),
	    "a%20b%2F%40%25%C3%A9-._~");
	assert_string_equal(text_escape_path(&op, "a b/@%/-._~"),
	    "a%20b/%40%25/-._~");
}

static const struct { const char *s; bool is; int64_t n; } numbers[] = {
	{ "0", true, 0 }, { "42", true, 42 }, { "-7", true, -7 },
	{ "100", true, 100 }, { "101", false, 0 }, { "-11", false, 0 },
	{ "", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 },
	{ "1.0", false, 0 }, { "0x1", false, 0 }, { "+1", false, 0 },
	{ "99999999999999999999", false, 0 },
};

static void
numbers_are_whole_strings_in_their_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(numbers); i++) {
		int64_t n = 0;

		assert_int_equal(text_number(numbers[i].s, -10, 100, &n),
		    numbers[i].is);
		if (numbers[i].is)
			assert_int_equal(n, numbers[i].n);
	}
}

static void
hex_goes_there_and_back(void **state)
{
	unsigned char b[4] = { 0, 0x7f, 0x80, 0xff }, back[4];
	char hex[9];

	(void)state;
	text_hex(hex, b, 4);
	assert_string_equal(hex, "007f80ff");
	assert_true(text_unhex(back, hex, 4));
	assert_memory_equal(back, b, 4);
	assert_false(text_unhex(back, "0g", 1));
	assert_false(text_unhex(back, "0", 1));
}

static void
lists_are_split_and_trimmed(void **state)
{
	char **parts = text_split(&op, " a:1, b ,,c ", ",");

	(void)state;
	assert_string_equal(parts[0], "a:1");
	assert_string_equal(parts[1], "b");
	assert_string_equal(parts[2], "c");
	assert_null(parts[3]);
	assert_null(text_split(&op, " , ", ",")[0]);
}

static void
a_secret_shows_stars(void **state)
{
	(void)state;
	assert_string_equal(secret_show(SECRET("hunter2")), "***");
	assert_string_equal(secret_show(SECRET("")), "");
}

static void
times_have_seconds_and_no_zone(void **state)
{
	char t[CLOCK_TEXT];

	(void)state;
	clock_text(t, 1786700000);
	assert_string_equal(t, "2026-08-14T09:33:20");
}

static void
shifting_moves_both_clocks(void **state)
{
	int64_t ms = clock_ms(), us = clock_wall_us();

	(void)state;
	clock_shift(60000);
	assert_in_range(clock_ms() - ms, 60000, 61000);
	assert_in_range(clock_wall_us() - us, 60000000, 61000000);
	clock_shift(-60000);
}

/* Standard error of fn goes to a file and comes back as a text. */
static const char *
logged(const char *said)
{
	static char line[8192];
	char path[] = "/tmp/coffer-log-XXXXXX";
	int fd = mkstemp(path), saved = dup(STDERR_FILENO);
	ssize_t n;

	dup2(fd, STDERR_FILENO);
	log_info(&op, "%s", said);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = pread(fd, line, sizeof(line) - 1, 0);
	line[n < 0 ? 0 : n] = '\0';
	close(fd);
	unlink(path);
	return line;
}

static void
no_ones_data_can_forge_a_log_line(void **state)
{
	const char *line = logged("a\nerror req-1: all is lost\x1b[2J");

	(void)state;
	assert_non_null(strstr(line, "a\\x0aerror req-1"));
	assert_non_null(strstr(line, "\\x1b[2J"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_non_null(strstr(line, " info test - -: "));
}

static void
an_endless_event_is_cut(void **state)
{
	char *s = op_alloc(&op, 100001);

	(void)state;
	memset(s, '\n', 100000);
	assert_true(strlen(logged(s)) <= 2049);
}

static void
base64_is_decoded_or_refused_as_a_whole(void **state)
{
	static const struct { const char *text, *plain; } good[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" }, { "Zm9vYmFy", "foobar" },
		{ "+/+/", "\xfb\xff\xbf" },
	};
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "====", "Zm 9", "Zm9v\n", "Z=9v",
		"Zm9-", "Zm9vZg=a",
	};
	size_t n;
	char *s;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		s = text_unbase64(&op, good[i].text, &n);
		assert_non_null(s);
		assert_int_equal(n, strlen(good[i].plain));
		assert_string_equal(s, good[i].plain);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (text_unbase64(&op, bad[i], &n) != NULL)
			fail_msg("%s was decoded", bad[i]);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		T(a_text_grows_and_stays_terminated),
		T(uuids_are_told_from_other_texts),
		T(utf8_is_judged_as_rfc_3629_does),
		T(percent_is_decoded_once_and_strictly),
		T(numbers_are_whole_strings_in_their_range),
		T(hex_goes_there_and_back),
		T(lists_are_split_and_trimmed),
		T(a_secret_shows_stars),
		T(times_have_seconds_and_no_zone),
		T(shifting_moves_both_clocks),
		T(no_ones_data_can_forge_a_log_line),
		T(an_endless_event_is_cut),
		T(base64_is_decoded_or_refused_as_a_whole),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
