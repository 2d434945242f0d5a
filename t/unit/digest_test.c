/* What a guest says of its data is bounded; what it saw twice is known. */
#include "t/unit/test_op.h"
#include "agent/look.h"
#include "lib/base/text.h"

#include <string.h>

static enum err
read_text(const char *text, struct digest *d)
{
	const struct json *j;

	assert_int_equal(json_parse(&op, text, strlen(text), &j), OK);
	return digest_read(&op, j, d);
}

static void
what_is_written_reads_back(void **state)
{
	struct digest_part part[] = {
		{ { "shop", "od\"d\xc3\xa9" }, "77" },
		{ { "db", "public", "t" }, NULL },
	};
	struct digest d = { "10.11", false, part, 2 }, back;

	(void)state;
	assert_int_equal(read_text(digest_write(&op, &d), &back), OK);
	assert_int_equal(back.n, 2);
	assert_string_equal(back.version, "10.11");
	assert_string_equal(back.part[0].sum, "77");
	assert_string_equal(digest_name(&op, &back.part[0]),
	    "shop.od\"d\xc3\xa9");
	assert_string_equal(digest_name(&op, &back.part[1]), "db.public.t");
	assert_null(back.part[1].sum);
	assert_false(back.more);
}

static void
whatever_else_a_guest_says_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]", "{}", "{\"version\": \"1\"}",
		"{\"version\": 1, \"parts\": []}",
		"{\"version\": \"1\", \"parts\": {}}",
		"{\"version\": \"1\", \"parts\": [7]}",
		"{\"version\": \"1\", \"parts\": [{\"path\": []}]}",
		"{\"version\": \"1\", \"parts\": [{\"path\": [\"\"]}]}",
		"{\"version\": \"1\", \"parts\": [{\"path\": [\"a\\n\"]}]}",
		"{\"version\": \"1\", \"parts\": [{\"path\": \"a\"}]}",
		"{\"version\": \"1\", \"parts\": [{\"path\": [\"a\", \"b\","
		    " \"c\", \"d\"]}]}",
		"{\"version\": \"1\", \"parts\": [{\"path\": [\"a\"],"
		    " \"sum\": 7}]}",
		"{\"version\": \"1\\u0001\", \"parts\": []}",
	};
	struct digest d;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		if (read_text(bad[i], &d) != ERR_GUEST)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(read_text("{\"version\": \"1\", \"parts\": []}", &d),
	    OK);
}

static void
it_is_never_longer_than_its_bound(void **state)
{
	struct digest_part part[DIGEST_PARTS + 1];
	struct digest d = { "1", false, part, DIGEST_PARTS + 1 }, back;
	char *name = op_alloc(&op, 257);
	struct text t;

	(void)state;
	memset(name, '"', 256);		/* each of two bytes when it is written */
	for (size_t i = 0; i < ROWS(part); i++)
		part[i] = (struct digest_part){ { name, name, name }, name };
	assert_true(strlen(digest_write(&op, &d)) <= DIGEST_MOST);
	assert_int_equal(read_text(digest_write(&op, &d), &back), OK);
	assert_true(back.n > 5 && back.more);
	/* and a guest that says more is not heard */
	text_begin(&t, &op, 1024);
	text_add(&t, "{\"version\": \"1\", \"parts\": [");
	for (int i = 0; i <= DIGEST_PARTS; i++)
		text_printf(&t, "%s{\"path\": [\"a\"]}", i > 0 ? "," : "");
	text_add(&t, "]}");
	assert_int_equal(read_text(t.s, &back), ERR_GUEST);
}

/* --- looks ---------------------------------------------------------------------- */

static struct look_row
row(const char *name, const char *id, const char *state, const char *sum)
{
	return (struct look_row){ .part = { { "db", name }, sum }, .id = id,
	    .state = state };
}

static const char *
known(const struct digest *d, const char *name)
{
	for (int i = 0; i < d->n; i++)
		if (strcmp(d->part[i].path[1], name) == 0)
			return d->part[i].sum != NULL ? d->part[i].sum :
			    "there";
	return "unknown";
}

static void
only_what_rested_between_two_looks_is_known(void **state)
{
	static const struct {
		const char *name, *id, *id2, *state, *state2, *sum, *sum2;
		const char *known;
	} t[] = {
		{ "rests",     "1", "1", "a", "a", "7", "7", "7" },
		{ "changed",   "1", "1", "a", "a", "7", "8", "there" },
		/* the same again, and another in between */
		{ "and back",  "1", "1", "a", "b", "7", "7", "there" },
		{ "unsure",    "1", "1", NULL, NULL, "7", "7", "there" },
		{ "large",     "1", "1", "a", "a", NULL, NULL, "there" },
		{ "late",      "1", "1", "a", "a", "7", NULL, "there" },
		{ "made anew", "1", "2", "a", "a", "7", "7", "unknown" },
		{ "new",       NULL, "1", "a", "a", NULL, "7", "unknown" },
		{ "too new",   NULL, NULL, "a", "a", "7", "7", "unknown" },
	};
	struct look before, after;
	struct look_row r;
	struct digest d;

	(void)state;
	look_begin(&before, &op, NULL, 1000);
	look_begin(&after, &op, &before, 1000);
	after.version = "1";
	r = row("dropped", "1", "a", "7");
	assert_true(look_add(&before, &r));
	for (size_t i = 0; i < ROWS(t); i++) {
		r = row(t[i].name, t[i].id, t[i].state, t[i].sum);
		assert_true(look_add(&before, &r));
		r = row(t[i].name, t[i].id2, t[i].state2, t[i].sum2);
		assert_true(look_add(&after, &r));
	}
	look_between(&op, &before, &after, &d);
	for (size_t i = 0; i < ROWS(t); i++)
		assert_string_equal(known(&d, t[i].name), t[i].known);
	assert_string_equal(known(&d, "dropped"), "unknown");
	/* what cannot count any more is not summed up a second time */
	r = row("rests", "1", "a", NULL);
	assert_true(look_worth(&after, &r));
	r = row("rests", "1", "b", NULL);
	assert_false(look_worth(&after, &r));
	assert_true(look_worth(&before, &r));
	r = row("large", "1", "a", NULL);
	assert_false(look_worth(&after, &r));
}

static void
a_look_has_an_end(void **state)
{
	struct look l;
	struct look_row r = row("t", "1", "a", NULL);

	(void)state;
	look_begin(&l, &op, NULL, 0);
	assert_int_equal(look_left(&l), 0);
	for (int i = 0; i < DIGEST_PARTS; i++)
		assert_true(look_add(&l, &r));
	assert_false(l.more);
	assert_false(look_add(&l, &r));
	assert_true(l.more);
	assert_int_equal(l.n, DIGEST_PARTS);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		T(what_is_written_reads_back),
		T(whatever_else_a_guest_says_is_refused),
		T(it_is_never_longer_than_its_bound),
		T(only_what_rested_between_two_looks_is_known),
		T(a_look_has_an_end),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
