/* Who is on a conductor's roll. */
#include "t/unit/test.h"
#include "lib/base/seal.h"
#include "worker/conductor_roll.h"

#include <string.h>

static void
a_roll_finds_who_is_there_and_nobody_else(void **state)
{
	enum { N = 5000 };
	static unsigned char id[N][16];
	struct roll *r = roll_new(0);

	(void)state;
	seal_random(id, sizeof(id));
	for (int i = 0; i < N; i++)
		assert_memory_equal(roll_add(r, id[i])->id, id[i], 16);
	for (int i = 0; i < N; i += 3)
		roll_forget(r, roll_find(r, id[i]));
	for (int i = 0; i < N; i++) {
		const struct guest *g = roll_find(r, id[i]);

		assert_int_equal(g != NULL, i % 3 != 0);
		assert_true(g == NULL || memcmp(g->id, id[i], 16) == 0);
	}
	for (int i = 0; i < N; i += 3)	/* into the places that are free */
		roll_add(r, id[i]);
	assert_int_equal(r->places, N);
	assert_int_equal(r->guests, N);
	for (int i = 0; i < N; i++)
		assert_non_null(roll_find(r, id[i]));
	roll_free(r);
}

static void
ids_are_read_as_they_are_written(void **state)
{
	char out[37];
	unsigned char id[16];

	(void)state;
	assert_true(guest_id_read(id, "01234567-89ab-cdef-0123-456789abcdef"));
	guest_id_write(out, id);
	assert_string_equal(out, "01234567-89ab-cdef-0123-456789abcdef");
	assert_false(guest_id_read(id, "01234567-89ab-cdef-0123-456789abcdeg"));
	assert_false(guest_id_read(id, "01234567089ab-cdef-0123-456789abcdef"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_roll_finds_who_is_there_and_nobody_else),
		cmocka_unit_test(ids_are_read_as_they_are_written),
	};

	seal_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
