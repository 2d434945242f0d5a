/* What a guest says that it stored: a stranger's word. */
#include "t/unit/test_op.h"
#include "t/unit/packed.h"
#include "lib/msg/segments.h"
#include "worker/backup.h"

#include <string.h>

#define ID "bbbbbbbb-0000-4000-8000-000000000001"
#define MD5 "d41d8cd98f00b204e9800998ecf8427e"
#define SEG(n, bytes) "{\"name\":\"" ID "_0000000" #n "\",\"bytes\":" #bytes	\
	",\"md5\":\"" MD5 "\"}"
#define RESULT(segments, bytes, mark) "{\"segments\":[" segments "],\"bytes\":"	\
	#bytes ",\"plain_bytes\":7,\"mark\":" mark "}"

static enum err
reads(const char *text)
{
	struct backup_result r;

	return backup_result_read(&op, ID, text, strlen(text), &r);
}

static void
a_guests_list_is_read_when_all_of_it_is_right(void **state)
{
	struct backup_result r;
	const char *good = RESULT(SEG(0, 5) "," SEG(1, 3), 8, "\"17\"");

	(void)state;
	assert_int_equal(backup_result_read(&op, ID, good, strlen(good), &r),
	    OK);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.plain, 7);
	assert_string_equal(r.mark, "17");
	assert_string_equal(r.segment[1].name, ID "_00000001");
	assert_int_equal(reads(RESULT(SEG(0, 5), 5, "null")), OK);
	/* a name may stand without the id */
	assert_int_equal(reads("{\"segments\":[{\"name\":\"00000000\",\"bytes\":"
	    "5,\"md5\":\"" MD5 "\"}],\"bytes\":5,\"plain_bytes\":1}"), OK);
}

static void
a_guests_list_that_is_odd_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "{}", "null",
		RESULT("", 0, "null"),			/* nothing was stored */
		RESULT(SEG(0, 5), 6, "null"),		/* another sum */
		RESULT(SEG(1, 5), 5, "null"),		/* begins later */
		RESULT(SEG(0, 5) "," SEG(0, 5), 10, "null"),
		RESULT(SEG(1, 5) "," SEG(0, 5), 10, "null"),
		RESULT(SEG(0, 0), 0, "null"),
		RESULT(SEG(0, -5), -5, "null"),
		RESULT(SEG(0, 5.5), 5, "null"),
		RESULT(SEG(0, 9223372036854775807), 5, "null"),
		RESULT(SEG(0, 5), 5, "5"),
		RESULT(SEG(0, 5), 5, "\"\""),
		RESULT(SEG(0, 5), 5, "\"a\\nb\""),
		"{\"segments\":[{\"name\":\"../x\",\"bytes\":5,\"md5\":\"" MD5
		    "\"}],\"bytes\":5,\"plain_bytes\":1,\"mark\":null}",
		"{\"segments\":[{\"name\":\"" ID "_00000000\",\"bytes\":5,"
		    "\"md5\":\"abc\"}],\"bytes\":5,\"plain_bytes\":1}",
		"{\"segments\":{\"a\":1},\"bytes\":0,\"plain_bytes\":1}",
		/* more than a number of bytes can be: sums of a chain are of these */
		"{\"segments\":[" SEG(0, 5) "],\"bytes\":5,\"plain_bytes\":"
		    "9223372036854775807}",
		"{\"segments\":{\"each\":2147483648,\"md5\":\"" MD5 "\"},"
		    "\"bytes\":9223372036854775807,\"plain_bytes\":1}",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		if (reads(bad[i]) != ERR_GUEST)
			fail_msg("taken: %s", bad[i]);
}

static void
segments_are_compared_with_what_lies_there(void **state)
{
	struct object s[] = { { "a_00000000", 5, MD5 }, { "a_00000001", 3, MD5 } };
	struct object there[] = { { "a.x", 9, MD5 }, { "a_00000000", 5, MD5 },
	    { "a_00000001", 3, NULL }, { "a_result", 9, MD5 } };
	const struct backup_result r = { .segment = s, .n = 2 };

	(void)state;
	assert_int_equal(backup_result_check(&op, &r, there, 4), OK);
	assert_int_equal(backup_result_check(&op, &r, there, 2), ERR_GUEST);
	assert_string_equal(op.why,
	    "Segment a_00000001 of the backup is missing.");
	there[2].bytes = 4;
	assert_int_equal(backup_result_check(&op, &r, there, 4), ERR_GUEST);
	there[2].bytes = 3;
	there[1].md5 = "d41d8cd98f00b204e9800998ecf8427f";
	assert_int_equal(backup_result_check(&op, &r, there, 4), ERR_GUEST);
	assert_string_equal(op.why,
	    "Segment a_00000000 of the backup is not as it was written.");
}

static void
many_segments_are_told_of_in_few_words(void **state)
{
	const int n = 2000;
	const char *text = packed(&op, n, 4 * n + 3), *row;
	struct backup_result r;
	struct object *o;
	int many;

	(void)state;
	assert_int_equal(backup_result_read(&op, ID, text, strlen(text), &r),
	    OK);
	assert_int_equal(r.n, n + 1);
	assert_string_equal(r.segment[n].name, ID "_00002000");
	assert_int_equal(r.segment[n].bytes, 3);
	assert_string_equal(r.segment[n].md5, THREE);
	assert_string_equal(r.segment[7].md5, FOUR);
	for (int whole = 0; whole < 2; whole++) {
		for (int i = 0; whole == 1 && i < r.n; i++)
			r.segment[i].name = ID ".x";
		row = backup_segments_text(&op, r.segment, r.n);
		assert_true(*row == '{' && strlen(row) < (size_t)r.n * 33);
		assert_int_equal(backup_segments_read(&op, row, &o, &many), OK);
		assert_int_equal(many, r.n);
		for (int i = 0; i < many; i++) {
			assert_string_equal(o[i].name, r.segment[i].name);
			assert_string_equal(o[i].md5, r.segment[i].md5);
			assert_int_equal(o[i].bytes, r.segment[i].bytes);
		}
	}
	r.segment[5].bytes = 5;			/* nobody of ours wrote it so */
	row = backup_segments_text(&op, r.segment, r.n);
	assert_true(*row == '[');
	assert_int_equal(backup_segments_read(&op, row, &o, &many), OK);
	assert_int_equal(o[5].bytes, 5);
}

static void
few_words_have_to_fit_one_another(void **state)
{
	static const char *const bad[] = { "{}",
	    "{\"each\":4,\"md5\":\"\"}", "{\"each\":0,\"md5\":\"" FOUR "\"}",
	    "{\"each\":4,\"md5\":\"" FOUR "0\"}",
	    "{\"each\":3,\"md5\":\"" FOUR "\"}",
	    "{\"each\":9223372036854775807,\"md5\":\"" FOUR FOUR "\"}",
	    "{\"each\":4,\"md5\":\"" FOUR FOUR "\"}",
	    "{\"each\":4,\"md5\":\"D41d8cd98f00b204e9800998ecf8427e\"}", NULL };
	struct object *o;
	int n;

	(void)state;
	assert_int_equal(reads(packed(&op, 0, 3)), OK);
	assert_int_equal(reads(packed(&op, 400, 1600)), ERR_GUEST);
	assert_int_equal(reads(packed(&op, 400, 1605)), ERR_GUEST);
	assert_int_equal(reads(packed(&op, SEGMENTS_MOST, 4 * SEGMENTS_MOST + 3)),
	    ERR_GUEST);
	for (int i = 0; bad[i] != NULL; i++)
		if (reads(op_printf(&op, "{\"segments\":%s,\"bytes\":4,"
		    "\"plain_bytes\":7,\"mark\":null}", bad[i])) != ERR_GUEST)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(backup_segments_read(&op, "{\"each\":4}", &o, &n),
	    ERR_INTERNAL);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(a_guests_list_is_read_when_all_of_it_is_right),
		T(a_guests_list_that_is_odd_is_refused),
		T(segments_are_compared_with_what_lies_there),
		T(many_segments_are_told_of_in_few_words),
		T(few_words_have_to_fit_one_another),
	};

	return cmocka_run_group_tests_name("backup_result", tests, NULL, NULL);
}
