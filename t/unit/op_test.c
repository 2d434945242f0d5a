#include "t/unit/test.h"
#include "lib/base/op.h"

#include <string.h>

static char order[8];

static void
note(void *what)
{
	strncat(order, what, 1);
}

static void
handles_are_given_back_newest_first(void **state)
{
	struct op op;

	(void)state;
	order[0] = '\0';
	op_begin(&op, "test");
	op_defer(&op, note, (char[]){ "a" });
	op_defer(&op, note, (char[]){ "b" });
	op_defer(&op, note, (char[]){ "c" });
	op_end(&op);
	assert_string_equal(order, "cba");
}

static void
bytes_are_zeroed_aligned_and_their_own(void **state)
{
	struct op op;
	char *kept[400];

	(void)state;
	op_begin(&op, "test");
	for (size_t i = 0; i < ROWS(kept); i++) {
		size_t size = 1 + i * i % 9000;

		kept[i] = op_alloc(&op, size);
		assert_int_equal((uintptr_t)kept[i] % 16, 0);
		for (size_t b = 0; b < size; b++)
			assert_int_equal(kept[i][b], 0);
		memset(kept[i], (int)(i % 100) + 1, size);
	}
	for (size_t i = 0; i < ROWS(kept); i++)
		for (size_t b = 0; b < 1 + i * i % 9000; b++)
			assert_int_equal(kept[i][b], (char)(i % 100 + 1));
	op_end(&op);
}

static void
printing_takes_texts_of_any_length(void **state)
{
	struct op op;
	char long_one[5001];

	(void)state;
	memset(long_one, 'x', 5000);
	long_one[5000] = '\0';
	op_begin(&op, "test");
	assert_string_equal(op_printf(&op, "%s-%d", "a", 5), "a-5");
	assert_int_equal(strlen(op_printf(&op, "%s%s", long_one, "!")), 5001);
	assert_null(op_strdup(&op, NULL));
	op_end(&op);
}

static enum err
fails(struct op *op)
{
	return op_fail(op, ERR_CLOUD, "volume %s: %s", "v1", "gone");
}

static enum err
passes_on(struct op *op)
{
	TRY(fails(op));
	return OK;
}

static void
the_text_of_a_failure_travels_with_the_op(void **state)
{
	struct op op;

	(void)state;
	op_begin(&op, "test");
	assert_int_equal(passes_on(&op), ERR_CLOUD);
	assert_string_equal(op.why, "volume v1: gone");
	op_end(&op);
}

static void
every_error_has_a_status_a_fault_and_a_name(void **state)
{
	(void)state;
	for (int e = OK + 1; e < ERR__MAX; e++) {
		assert_in_range(err_status(e), 400, 599);
		assert_true(strlen(err_fault(e)) > 0);
		assert_int_equal(err_find(err_name(e)), e);
	}
	assert_int_equal(err_find("no such error"), ERR_INTERNAL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(handles_are_given_back_newest_first),
		cmocka_unit_test(bytes_are_zeroed_aligned_and_their_own),
		cmocka_unit_test(printing_takes_texts_of_any_length),
		cmocka_unit_test(the_text_of_a_failure_travels_with_the_op),
		cmocka_unit_test(every_error_has_a_status_a_fault_and_a_name),
	};
	return cmocka_run_group_tests_name("op", tests, NULL, NULL);
}
