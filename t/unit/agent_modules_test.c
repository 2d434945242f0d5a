/* Modules on a guest: what is written, what is refused, what stays. */
#include "t/unit/test_data.h"
#include "agent/modules.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "aaaaaaaa-0000-4000-8000-00000000000"
#define ONE ID "1"
#define TWO ID "2"

static const struct json *
parsed(const char *text)
{
	const struct json *j;

	assert_int_equal(json_parse(&op, text, strlen(text), &j), OK);
	return j;
}

static enum err
apply(const char *id, const char *name, const char *type,
    const char *contents)
{
	return modules_apply(&op, parsed(op_printf(&op, "[{\"id\":\"%s\","
	    "\"name\":\"%s\",\"type\":\"%s\",\"md5\":\"m-%s\",\"contents\":"
	    "\"%s\"}]", id, name, type, contents, contents)));
}

/* What the list says of one: a member's text, or NULL. */
static const char *
said(const char *id, const char *member)
{
	const struct json *list, *m;
	struct jsonw w;

	jsonw_begin(&w, &op, 256);
	jsonw_map(&w);
	assert_int_equal(modules_list(&op, &w), OK);
	jsonw_map_end(&w);
	list = json_get(parsed(w.out.s), "modules");
	for (size_t i = 0; i < json_count(list); i++) {
		m = json_at(list, i);
		if (strcmp(json_str(json_get(m, "id")), id) == 0)
			return json_str(json_get(m, member));
	}
	return NULL;
}

static const char *
content(const char *path)
{
	const char *bytes;
	size_t n;

	if (file_get(&op, op_printf(&op, "%s/%s", data, path), &bytes,
	    &n) != OK)
		return NULL;
	return bytes;
}

static void
a_file_is_written_replaced_and_removed(void **state)
{
	struct stat st;

	(void)state;
	assert_null(said(ONE, "id"));
	assert_int_equal(apply(ONE, "a.txt", "file", "b25l"), OK);
	assert_string_equal(content("modules/a.txt"), "one");
	assert_string_equal(said(ONE, "status"), "OK");
	assert_string_equal(said(ONE, "md5"), "m-b25l");
	assert_null(said(ONE, "contents"));
	assert_int_equal(stat(op_printf(&op, "%s/modules/a.txt", data), &st),
	    0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* again, and changed */
	assert_int_equal(apply(ONE, "a.txt", "file", "b25l"), OK);
	assert_int_equal(apply(ONE, "a.txt", "file", "dHdv"), OK);
	assert_string_equal(content("modules/a.txt"), "two");
	/* under another name */
	assert_int_equal(apply(ONE, "b.txt", "file", "dHdv"), OK);
	assert_null(content("modules/a.txt"));
	assert_string_equal(content("modules/b.txt"), "two");
	assert_int_equal(modules_remove(&op, ONE), OK);
	assert_null(content("modules/b.txt"));
	assert_null(said(ONE, "id"));
	assert_int_equal(modules_remove(&op, ONE), ERR_NOT_FOUND);
}

static void
a_file_never_leaves_its_folder(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", "../x", "a/b", "/etc/x", ".hidden", "a b",
		"a\\u0000b", "a\\nb", "\\u00fc",
	};
	char longest[102];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct json *j;
		const char *text = op_printf(&op, "[{\"id\":\"" ONE "\","
		    "\"name\":\"%s\",\"type\":\"file\",\"md5\":\"m\","
		    "\"contents\":\"b25l\"}]", bad[i]);

		/* a NUL does not even pass the parser */
		if (json_parse(&op, text, strlen(text), &j) != OK)
			continue;
		if (modules_check(&op, j) == OK)
			fail_msg("%s is a name", bad[i]);
		if (modules_apply(&op, j) == OK)
			fail_msg("%s was written", bad[i]);
	}
	memset(longest, 'a', 101);
	longest[101] = '\0';
	assert_int_equal(apply(ONE, longest, "file", "b25l"), ERR_BAD_REQUEST);
	assert_int_equal(apply(ONE, longest + 1, "file", "b25l"), OK);
	assert_null(content("agent/x"));
}

static void
an_id_is_no_path_either(void **state)
{
	static const char *const bad[] = { "", "../../x", "journal",
		ONE "/..", ID };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(apply(bad[i], "a", "file", "b25l"),
		    ERR_BAD_REQUEST);
		assert_int_equal(modules_remove(&op, bad[i]), ERR_BAD_REQUEST);
	}
	assert_int_equal(modules_remove(&op, NULL), ERR_BAD_REQUEST);
	assert_null(content("modules/a"));
}

static void
what_cannot_be_applied_is_written_down_as_that(void **state)
{
	(void)state;
	assert_int_equal(apply(ONE, "a.txt", "file", "no base64"), OK);
	assert_string_equal(said(ONE, "status"), "ERROR");
	assert_null(content("modules/a.txt"));
	assert_int_equal(apply(ONE, "a.txt", "file", "b25l"), OK);
	assert_string_equal(said(ONE, "status"), "OK");
	/* one file, one module: the second leaves the first's alone */
	assert_int_equal(apply(TWO, "a.txt", "file", "dHdv"), OK);
	assert_string_equal(said(TWO, "status"), "ERROR");
	assert_string_equal(content("modules/a.txt"), "one");
	assert_int_equal(modules_remove(&op, TWO), OK);
	assert_string_equal(content("modules/a.txt"), "one");
}

static void
a_ping_says_its_message(void **state)
{
	static const struct { const char *contents, *message; } table[] = {
		{ "message=hello", "hello" }, { "x=1\\nmessage=a b\\ny", "a b" },
		{ "bWVzc2FnZT1oZWxsbw==", "hello" }, { "nothing", "" },
		{ "message=", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(apply(ONE, "any name", "ping",
		    table[i].contents), OK);
		assert_string_equal(said(ONE, "message"), table[i].message);
	}
	assert_null(content("modules/any name"));
	assert_int_equal(modules_remove(&op, ONE), OK);
}

static void
lists_that_are_none_are_refused_as_a_whole(void **state)
{
	static const char *const bad[] = {
		"{}", "1", "[1]", "[{}]", "[null]",
		"[{\"id\":\"" ONE "\",\"name\":\"a\",\"type\":\"ping\","
		"\"md5\":\"m\"}]",
		"[{\"id\":\"" ONE "\",\"name\":\"a\",\"type\":\"script\","
		"\"md5\":\"m\",\"contents\":\"x\"}]",
		/* the first would be well */
		"[{\"id\":\"" ONE "\",\"name\":\"a\",\"type\":\"ping\","
		"\"md5\":\"m\",\"contents\":\"x\"},{}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (modules_apply(&op, parsed(bad[i])) == OK)
			fail_msg("%s was applied", bad[i]);
	assert_null(said(ONE, "id"));
	assert_int_equal(modules_apply(&op, NULL), OK);
	assert_int_equal(modules_apply(&op, parsed("[]")), OK);
}

static void
a_file_that_is_damaged_hides_no_other(void **state)
{
	static const char *const damage[] = { "", "{", "{}", "[]", "null",
		"{\"id\":\"" TWO "\",\"name\":\"b.txt\",\"type\":\"file\","
		"\"status\":\"OK\"}",
		"{\"id\":\"" ONE "\",\"name\":\"b.txt\"}",
	};

	(void)state;
	assert_int_equal(apply(ONE, "a.txt", "file", "b25l"), OK);
	assert_int_equal(apply(TWO, "b.txt", "file", "b25l"), OK);
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		assert_int_equal(file_put(&op, op_printf(&op,
		    "%s/agent/modules/" ONE, data), damage[i],
		    strlen(damage[i])), OK);
		assert_null(said(ONE, "id"));
		assert_string_equal(said(TWO, "status"), "OK");
		assert_int_not_equal(modules_remove(&op, ONE), OK);
		assert_int_equal(apply(TWO, "b.txt", "file", "b25l"), OK);
	}
	/* and is mended by being applied anew */
	assert_int_equal(apply(ONE, "a.txt", "file", "dHdv"), OK);
	assert_string_equal(said(ONE, "status"), "OK");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, data_begin, data_end)
	const struct CMUnitTest tests[] = {
		T(a_file_is_written_replaced_and_removed),
		T(a_file_never_leaves_its_folder),
		T(an_id_is_no_path_either),
		T(what_cannot_be_applied_is_written_down_as_that),
		T(a_ping_says_its_message),
		T(lists_that_are_none_are_refused_as_a_whole),
		T(a_file_that_is_damaged_hides_no_other),
	};

	log_init("test", LOG_ERROR);
	return cmocka_run_group_tests_name("modules", tests, NULL, NULL);
}
