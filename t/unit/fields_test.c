#include "t/unit/test.h"

#include "fcgi/api.h"
#include "fcgi/fields.h"
#include "t/unit/cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct op op, kept;	/* kept: documents, which outlive a check */

static enum err
check(const struct field *table, const char *json)
{
	const struct json *j = NULL;

	op_end(&op);
	op_begin(&op, "test");
	if (json != NULL &&
	    json_parse(&op, json, strlen(json), &j) != OK)
		fail_msg("not JSON: %s", json);
	return fields_check(&op, table, j);
}

#define GOOD(table, json) do {						\
	if (check(table, json) != OK)					\
		fail_msg("%s: %s", json, op.why);			\
} while (0)
#define BAD(table, json, text) do {					\
	assert_int_equal(check(table, json), ERR_BAD_REQUEST);		\
	assert_string_equal(op.why, "Validation error: " text);		\
} while (0)

static void
the_text_of_an_error_names_the_member_as_the_contract_does(void **state)
{
	static const struct field t[] = {
		{ "instance", MAP, REQUIRED },
		{ "instance/name", NES, REQUIRED },
		{ "instance/volume", MAP },
		{ "instance/volume/size", SIZE, REQUIRED },
		{ "instance/nics", LIST, 0, 0, 1 },
		{ "instance/nics[]", MAP, CLOSED },
		{ "instance/nics[]/network_id", UUID },
		{ 0 }
	};

	(void)state;
	GOOD(t, "{\"instance\":{\"name\":\"x\",\"volume\":{\"size\":1}}}");
	GOOD(t, "{\"instance\":{\"name\":\"x\",\"other\":[1]},\"more\":1}");
	BAD(t, "{\"instance\":{\"name\":\"x\",\"volume\":{\"size\":0}}}",
	    "instance['volume']['size'] 0 is less than the minimum of 1");
	BAD(t, NULL, "'instance' is a required property");
	BAD(t, "{}", "'instance' is a required property");
	BAD(t, "{\"instance\":null}",
	    "instance null is not of type 'object'");
	BAD(t, "{\"instance\":{}}", "instance 'name' is a required property");
	BAD(t, "{\"instance\":{\"name\":\"x\",\"volume\":{}}}",
	    "instance['volume'] 'size' is a required property");
	BAD(t, "{\"instance\":{\"name\":\"x\",\"volume\":2}}",
	    "instance['volume'] 2 is not of type 'object'");
	BAD(t, "{\"instance\":{\"name\":\"x\",\"nics\":[{\"network_id\":\"y\"}]}}",
	    "instance['nics'][0]['network_id'] 'y' is not a UUID");
	BAD(t, "{\"instance\":{\"name\":\"x\",\"nics\":[{\"port-id\":1}]}}",
	    "instance['nics'][0] Additional properties are not allowed "
	    "('port-id' was unexpected)");
	BAD(t, "{\"instance\":{\"name\":\"x\",\"nics\":[{},{}]}}",
	    "instance['nics'] [...] is too long");
	assert_int_equal(check(t, "[1]"), ERR_BAD_REQUEST);
	assert_int_equal(check(t, "\"instance\""), ERR_BAD_REQUEST);
}

#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10
#define A250 A50 A50 A50 A50 A50

static void
each_kind_takes_its_own_and_nothing_else(void **state)
{
	static const struct { enum field_kind kind; const char *good, *bad; }
	cases[] = {
		{ STR, "\"\"", "1" }, { STR, "\"x\"", "null" },
		{ NES, "\"1\"", "\"\"" }, { NES, "\"-a-\"", "\"---\"" },
		{ NES, "\"" A250 "12345\"", "\"" A250 "123456\"" },
		{ NES, "\"\\u00e9a\"", "\"\\u00e9\"" },
		{ NES, "\"a b\"", "\"a\\nb\"" },
		{ UUID, "\"0123abcd-0123-abcd-0123-0123456789AB\"",
		    "\"0123abcd-0123-abcd-0123-0123456789ABC\"" },
		{ UUID, "\"0123abcd-0123-abcd-0123-0123456789ab\"",
		    "\"0123abcd0123abcd01230123456789ab\"" },
		{ INT, "7", "true" }, { INT, "0", "\"7\"" },
		{ INT, "9007199254740993", "7.5" },
		{ NUMBER, "7.5", "true" }, { NUMBER, "7", "\"7\"" },
		{ SIZE, "1", "0" }, { SIZE, "\"010\"", "\"000\"" },
		{ SIZE, "\"1111111111111111111111111111111111111111\"",
		    "\"11111111111111111111111111111111111111111\"" },
		{ SIZE, "5", "\"5 \"" }, { SIZE, "5", "\"-5\"" },
		{ SIZE, "5", "-5" }, { SIZE, "5", "5.0" },
		{ SIZE, "10000000000000000000000000000000000000000", "-1e40" },
		{ SIZE, "5", "true" }, { SIZE, "5", "\"\"" },
		{ FLAG, "0", "true" }, { FLAG, "1", "2" },
		{ FLAG, "1", "\"1\"" },
		{ BOOL, "true", "1" }, { BOOL, "false", "\"false\"" },
		{ FLAVOR, "7", "true" }, { FLAVOR, "\"7\"", "\"\"" },
		{ FLAVOR, "\"http://x/7\"", "[7]" },
		{ HOST, "\"%\"", "\"a-b\"" },
		{ HOST, "\"10.0.0.%\"", "\"10.0.0.0/24\"" },
		{ HOST, "\"\"", "\"::1\"" }, { HOST, "\"a_(b)\"", "\"a%b\"" },
		{ CIDR, "\"10.0.0.0/8\"", "\"10.0.0.0/33\"" },
		{ CIDR, "\"1.2.3.4\"", "\"1.2.3\"" },
		{ CIDR, "\"0.0.0.0/0\"", "\"::/0\"" },
		{ CIDR, "\"1.2.3.4/32\"", "\"1.2.3.4/\"" },
		{ CIDR, "\"1.2.3.4/32\"", "\"1.2.3.4/x\"" },
		{ IPV4, "\"1.2.3.4\"", "\"1.2.3.4/32\"" },
		{ IPV4, "\"1.2.3.4\"", "\"1.2.3.4.5\"" },
		{ CIDR, "\"255.255.255.255/0\"", "\"10.0.0.256\"" },
		{ CIDR, "\"10.0.0.0/08\"", "\"999.0.0.0/8\"" },
		{ CIDR, "\"1.2.3.4/9\"", "\"010.0.0.0/8\"" },
		{ CIDR, "\"0.0.0.0\"", "\"1.2.3.4/-0\"" },
		{ IPV4, "\"1.2.3.4\"", "\"1.2..4\"" },
		{ IPV4, "\"999.1.1.1\"", "\"1000.1.1.1\"" },
		{ LIST, "[]", "{}" }, { LIST, "[1]", "\"\"" },
		{ MAP, "{}", "[]" }, { MAP, "{\"a\":1}", "null" },
		{ MAP_OR_SIZE, "{}", "[]" }, { MAP_OR_SIZE, "3", "0" },
		{ MAP_OR_SIZE, "\"3\"", "null" },
	};
	struct field t[] = { { "x" }, { 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char good[400], bad[400];

		t[0].kind = cases[i].kind;
		snprintf(good, sizeof(good), "{\"x\":%s}", cases[i].good);
		snprintf(bad, sizeof(bad), "{\"x\":%s}", cases[i].bad);
		GOOD(t, good);
		if (check(t, bad) != ERR_BAD_REQUEST)
			fail_msg("row %zu takes %s", i, cases[i].bad);
	}
}

static void
anything_is_anything_and_null_is_taken_where_it_may_be(void **state)
{
	static const struct field t[] = {
		{ "any", ANY }, { "restart", MAP, NULLABLE }, { 0 }
	};

	(void)state;
	GOOD(t, "{\"any\":null,\"restart\":null}");
	GOOD(t, "{\"any\":[1,{}],\"restart\":{}}");
	BAD(t, "{\"restart\":1}", "restart 1 is not of type 'object'");
}

static void
numbers_keep_within_their_bounds(void **state)
{
	static const struct field t[] = {
		{ "n", INT, 0, 1, 3 }, { "size", SIZE, 0, 0, 10 },
		{ "s", STR, 0, 2, 3 }, { "m", MAP, 0, 1, 2 }, { 0 }
	};

	(void)state;
	GOOD(t, "{\"n\":1}");
	GOOD(t, "{\"n\":3}");
	BAD(t, "{\"n\":0}", "n 0 is less than the minimum of 1");
	BAD(t, "{\"n\":4}", "n 4 is greater than the maximum of 3");
	BAD(t, "{\"size\":11}", "size 11 is greater than the maximum of 10");
	GOOD(t, "{\"s\":\"\\u00e9\\u00e9\\u00e9\"}");
	BAD(t, "{\"s\":\"a\"}", "s 'a' is too short");
	BAD(t, "{\"s\":\"abcd\"}", "s 'abcd' is too long");
	BAD(t, "{\"m\":{}}", "m {} does not have enough properties");
}

static void
what_sdks_send_besides_the_contract_is_taken_where_a_table_says_so(
    void **state)
{
	static const struct field t[] = {
		{ "databases", LIST, EITHER | ONE_OR_LIST },
		{ "databases[]", MAP },
		{ "databases[]/name", NES, REQUIRED },
		{ "database", MAP, EITHER },
		{ "database/name", NES, REQUIRED },
		{ "resize", MAP },
		{ "resize/volume", MAP_OR_SIZE },
		{ "resize/volume/size", SIZE, REQUIRED },
		{ 0 }
	};

	(void)state;
	GOOD(t, "{\"databases\":[{\"name\":\"a\"},{\"name\":\"b\"}]}");
	GOOD(t, "{\"databases\":{\"name\":\"a\"}}");
	GOOD(t, "{\"database\":{\"name\":\"a\"}}");
	BAD(t, "{}", "'databases' is a required property");
	BAD(t, "{\"databases\":{}}",
	    "databases[0] 'name' is a required property");
	BAD(t, "{\"databases\":[{\"name\":\"a\"},{}]}",
	    "databases[1] 'name' is a required property");
	BAD(t, "{\"databases\":[3]}", "databases[0] 3 is not of type 'object'");
	BAD(t, "{\"database\":{}}", "database 'name' is a required property");
	GOOD(t, "{\"database\":{\"name\":\"a\"},\"resize\":{\"volume\":3}}");
	BAD(t, "{\"database\":{\"name\":\"a\"},\"resize\":{\"volume\":{}}}",
	    "resize['volume'] 'size' is a required property");
}

static void
either_looks_only_at_its_own_siblings(void **state)
{
	static const struct field t[] = {
		{ "user", MAP, REQUIRED },
		{ "user/id", NES, EITHER }, { "user/name", NES, EITHER },
		{ "project", MAP },
		{ "project/id", NES, EITHER }, { "project/name", NES, EITHER },
		{ 0 }
	};

	(void)state;
	GOOD(t, "{\"user\":{\"id\":\"1\"}}");
	GOOD(t, "{\"user\":{\"name\":\"1\"},\"project\":{\"id\":\"1\"}}");
	BAD(t, "{\"user\":{\"name\":\"1\"},\"project\":{}}",
	    "project 'id' is a required property");
	BAD(t, "{\"user\":{}}", "user 'id' is a required property");
}

static void
lists_marked_unique_have_no_twins(void **state)
{
	static const struct field t[] = { { "x", LIST, UNIQUE }, { 0 } };

	(void)state;
	GOOD(t, "{\"x\":[\"a\",\"b\",1,\"1\"]}");
	GOOD(t, "{\"x\":[{\"name\":\"a\"},{\"name\":\"b\"}]}");
	BAD(t, "{\"x\":[\"a\",\"b\",\"a\"]}", "x [...] has non-unique elements");
	BAD(t, "{\"x\":[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]}",
	    "x [...] has non-unique elements");
	BAD(t, "{\"x\":[{\"a\":[{\"b\":1,\"c/d\":null}]},"
	    "{\"a\":[{\"c/d\":null,\"b\":1}]}]}",
	    "x [...] has non-unique elements");
	GOOD(t, "{\"x\":[{\"a\":{}},{\"a\":[]},{\"a\":\"{}\"},1.5,true,null]}");
}

static struct op list_op;
static struct text long_list;

static void
long_list_read(void)
{
	const struct json *j;
	struct op mine;

	op_begin(&mine, "test");
	assert_int_equal(OK, json_parse(&mine, long_list.s, long_list.len,
	    &j));
	op_end(&mine);
}

static void
long_list_checked(void)
{
	static const struct field t[] = { { "x", LIST, UNIQUE }, { 0 } };

	GOOD(t, long_list.s);
}

/*
 * What a stranger sends must not hold a process.  Reading it and looking for
 * twins: 1.5 x reading it where they are sorted, 5 x each with each.
 */
static void
long_lists_are_searched_for_twins_quickly(void **state)
{
	(void)state;
	op_begin(&list_op, "test");
	text_begin(&long_list, &list_op, 200000);
	text_add(&long_list, "{\"x\":[");
	for (int i = 0; i < 1000; i++)
		text_printf(&long_list, "%s{\"name\":\"" A50 "%d\"}",
		    i > 0 ? "," : "", i);
	text_add(&long_list, "]}");
	assert_true(cost(long_list_checked) < 4 * cost(long_list_read));
	op_end(&list_op);
}

static void
secrets_and_long_texts_are_not_repeated(void **state)
{
	static const struct field t[] = {
		{ "password", STR, HIDDEN, 1, 10 }, { "name", NES, 0, 0, 20 },
		{ 0 }
	};

	(void)state;
	BAD(t, "{\"password\":\"hunter2hunter2\"}", "password *** is too long");
	BAD(t, "{\"password\":[\"hunter2\"]}",
	    "password *** is not of type 'string'");
	BAD(t, "{\"name\":\"" A50 "\"}", "name '" A10 A10 A10 A10
	    "...' is too long");
	/* 39 letters and a two-byte one: it is dropped whole */
	BAD(t, "{\"name\":\"" A10 A10 A10 "aaaaaaaaa\\u00e9aaaa\"}",
	    "name '" A10 A10 A10 "aaaaaaaaa...' is too long");
}

/* --- every table of the API, walked ------------------------------------------- */

static const char *const samples[FIELD__MAX] = {
	[ANY] = "\"x1\"", [STR] = "\"x1\"", [NES] = "\"x1\"",
	[UUID] = "\"01234567-89ab-cdef-0123-456789abcdef\"", [INT] = "1",
	[NUMBER] = "1", [SIZE] = "1", [FLAG] = "1", [BOOL] = "true",
	[FLAVOR] = "\"1\"", [HOST] = "\"%\"", [CIDR] = "\"10.0.0.0/8\"",
	[IPV4] = "\"10.0.0.1\"", [LIST] = "[]", [MAP] = "{}",
	[MAP_OR_SIZE] = "1",
};

/* A document in which row `odd' has the text `instead' (NULL: is missing). */
struct sample {
	const struct field *table, *odd;
	const char *instead;
	char text[8192];
};

static void
add(struct sample *s, const char *text)
{
	strncat(s->text, text, sizeof(s->text) - strlen(s->text) - 1);
}

static bool
is_child(const char *path, const char *parent)
{
	size_t n = strlen(parent);

	if (n > 0 && (strncmp(path, parent, n) != 0 || path[n] != '/'))
		return false;
	path += n + (n > 0);
	return strchr(path, '/') == NULL && strstr(path, "[]") == NULL;
}

static bool
has_children(const struct sample *s, const char *parent)
{
	for (const struct field *f = s->table; f->path != NULL; f++)
		if (is_child(f->path, parent))
			return true;
	return false;
}

static const struct field *
row_of(const struct sample *s, const char *path)
{
	for (const struct field *f = s->table; f->path != NULL; f++)
		if (strcmp(f->path, path) == 0)
			return f;
	return NULL;
}

static void add_map(struct sample *, const char *parent);

static void
add_value(struct sample *s, const struct field *f, const char *path)
{
	char items[256];

	snprintf(items, sizeof(items), "%s[]", path);
	if (f != NULL && f == s->odd) {
		add(s, s->instead);
	} else if (has_children(s, path)) {
		add_map(s, path);
	} else if (has_children(s, items) || row_of(s, items) != NULL) {
		add(s, "[");
		add_value(s, row_of(s, items), items);
		add(s, "]");
	} else
		add(s, f != NULL ? samples[f->kind] : "\"x1\"");
}

static void
add_map(struct sample *s, const char *parent)
{
	size_t n = strlen(parent);
	bool comma = false;

	add(s, "{");
	for (const struct field *f = s->table; f->path != NULL; f++) {
		if (*f->path == '\0' || !is_child(f->path, parent) ||
		    (f == s->odd && s->instead == NULL))
			continue;
		add(s, comma ? ",\"" : "\"");
		add(s, f->path + n + (n > 0));
		add(s, "\":");
		add_value(s, f, f->path);
		comma = true;
	}
	add(s, "}");
}

static const char *
document(const struct field *table, const struct field *odd,
    const char *instead)
{
	static struct sample s;

	s.table = table;
	s.odd = odd;
	s.instead = instead;
	s.text[0] = '\0';
	add_map(&s, "");
	assert_true(strlen(s.text) < sizeof(s.text) - 1);
	return s.text;
}

static void
expect(const struct field *t, const struct field *f, const char *instead,
    bool good)
{
	const char *doc = document(t, f, instead);

	if ((check(t, doc) == OK) != good)
		fail_msg("%s with %s: %s", f->path, instead != NULL ? instead :
		    "nothing", good ? op.why : "was taken");
}

static void
walk_row(const struct field *t, const struct field *f)
{
	bool element = f->path[strlen(f->path) - 1] == ']';
	struct field alone[] = { *f, { 0 } };
	static char huge[70000];

	if (!element)
		expect(t, f, NULL, !(f->flags & REQUIRED));
	if (f->kind == ANY)
		return;
	expect(t, f, "null", f->flags & NULLABLE);
	expect(t, f, "[[]]", f->kind == LIST && !has_children(
	    &(struct sample){ .table = t }, op_printf(&kept, "%s[]", f->path)) &&
	    row_of(&(struct sample){ .table = t },
	    op_printf(&kept, "%s[]", f->path)) == NULL);
	expect(t, f, "-1", f->kind == FLAVOR ||
	    ((f->kind == INT || f->kind == NUMBER) && f->min < 0));
	expect(t, f, "true", f->kind == BOOL);
	if (f->kind == HOST || (f->kind == STR && f->max == 0))
		return;
	memset(huge, 'a', sizeof(huge) - 1);
	huge[0] = huge[sizeof(huge) - 2] = '"';
	alone[0].path = "x";
	if (check(alone, op_printf(&kept, "{\"x\":%s}", huge)) == OK)
		fail_msg("%s has no end", f->path);
	op_end(&kept);
	op_begin(&kept, "kept");
}

static void
every_table_takes_its_sample_and_refuses_each_member_gone_wrong(void **state)
{
	int tables = 0;

	(void)state;
	for (const struct route *r = routes; r->method != 0; r++) {
		if (r->body == NULL)
			continue;
		tables++;
		GOOD(r->body, document(r->body, NULL, NULL));
		for (const struct field *f = r->body; f->path != NULL; f++)
			if (*f->path != '\0')
				walk_row(r->body, f);
	}
	assert_true(tables > 0);
}

static void
a_table_has_a_row_for_each_parent(void **state)
{
	(void)state;
	for (const struct route *r = routes; r->method != 0; r++) {
		struct sample s = { .table = r->body };

		if (r->body == NULL)
			continue;
		for (const struct field *f = r->body; f->path != NULL; f++) {
			const char *slash = strrchr(f->path, '/');

			assert_in_range(f->kind, ANY, FIELD__MAX - 1);
			if (slash != NULL && row_of(&s, op_strndup(&op,
			    f->path, (size_t)(slash - f->path))) == NULL)
				fail_msg("%s: %s has no parent", r->path,
				    f->path);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_of_an_error_names_the_member_as_the_contract_does),
		cmocka_unit_test(each_kind_takes_its_own_and_nothing_else),
		cmocka_unit_test(anything_is_anything_and_null_is_taken_where_it_may_be),
		cmocka_unit_test(numbers_keep_within_their_bounds),
		cmocka_unit_test(what_sdks_send_besides_the_contract_is_taken_where_a_table_says_so),
		cmocka_unit_test(either_looks_only_at_its_own_siblings),
		cmocka_unit_test(lists_marked_unique_have_no_twins),
		cmocka_unit_test(long_lists_are_searched_for_twins_quickly),
		cmocka_unit_test(secrets_and_long_texts_are_not_repeated),
		cmocka_unit_test(every_table_takes_its_sample_and_refuses_each_member_gone_wrong),
		cmocka_unit_test(a_table_has_a_row_for_each_parent),
	};

	op_begin(&op, "test");
	op_begin(&kept, "kept");
	return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
