#include "t/unit/test_op.h"
#include "fcgi/xmlw.h"
#include "lib/base/json.h"
#include "lib/base/xml.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA	"/t/data/xml/"

static const char *
written(const char *json, bool fault)
{
	struct text t;

	if (!xmlw_document(&t, &op, json, strlen(json), fault))
		return NULL;
	assert_int_equal(strlen(t.s), t.len);
	return t.s;
}

static const char *
folder(void)
{
	const char *top = getenv("top_srcdir");

	return op_printf(&op, "%s" DATA, top != NULL ? top : ".");
}

static char *
file_read(const char *name)
{
	char *path = op_printf(&op, "%s%s", folder(), name);
	char *s = op_alloc(&op, 65536);
	FILE *f = fopen(path, "r");

	if (f == NULL)
		fail_msg("%s: cannot be read", path);
	s[fread(s, 1, 65535, f)] = '\0';
	fclose(f);
	return s;
}

/* Calls for each "kind.NAME.json", with NAME.xml beside it; how many. */
static int
each_sample(const char *kind, void (*look)(const char *name,
    const char *json, const char *xml))
{
	DIR *d = opendir(folder());
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);
		const char *base;

		if (strncmp(e->d_name, kind, strlen(kind)) != 0 ||
		    strcmp(e->d_name + len - 5, ".json") != 0)
			continue;
		base = op_strndup(&op, e->d_name, len - 5);
		look(base, file_read(e->d_name),
		    file_read(op_printf(&op, "%s.xml", base)));
		n++;
	}
	closedir(d);
	return n;
}

static void
expect_xml(const char *name, const char *json, const char *xml)
{
	const char *got = written(json, strstr(name, ".fault-") != NULL);

	if (got == NULL || strcmp(got, xml) != 0)
		fail_msg("%s: %s", name, got != NULL ? got : "nothing");
}

static void
every_sample_of_an_answer_is_written_byte_for_byte(void **state)
{
	(void)state;
	assert_int_equal(each_sample("response.", expect_xml), 55);
}

/* The lists of requests; all else is text. */
static struct xml_form
form_of(const void *arg, const char *path)
{
	const char *name = strrchr(path, '/');
	struct xml_form f = { JSON_STR, false };

	(void)arg;
	name = name != NULL ? name + 1 : path;
	if (strcmp(name, "databases") == 0 || strcmp(name, "users") == 0)
		f.kind = JSON_LIST;
	return f;
}

static const char *
text_of(const struct json *j)
{
	return json_kind(j) == JSON_INT ?
	    op_printf(&op, "%lld", (long long)json_int(j)) : json_str(j);
}

/* In XML every scalar is a text. */
static bool
alike(const struct json *a, const struct json *b)
{
	const struct json *v;
	const char *key;
	void *at = NULL;

	if (json_kind(a) != JSON_LIST && json_kind(a) != JSON_MAP)
		return text_of(a) != NULL && text_of(b) != NULL &&
		    strcmp(text_of(a), text_of(b)) == 0;
	if (json_kind(a) != json_kind(b) || json_count(a) != json_count(b))
		return false;
	for (size_t i = 0; json_kind(a) == JSON_LIST && i < json_count(a); i++)
		if (!alike(json_at(a, i), json_at(b, i)))
			return false;
	while (json_next(a, &at, &key, &v))
		if (!json_has(b, key) || !alike(v, json_get(b, key)))
			return false;
	return true;
}

static void
expect_tree(const char *name, const char *json, const char *xml)
{
	static const struct xml_forms forms = { form_of, NULL };
	const struct json *is, *want;

	assert_int_equal(json_parse(&op, json, strlen(json), &want), OK);
	if (xml_parse(&op, xml, strlen(xml), &forms, &is) != OK)
		fail_msg("%s: %s", name, op.why);
	if (!alike(want, is))
		fail_msg("%s: another tree", name);
}

static void
every_sample_of_a_request_is_read_as_its_json(void **state)
{
	(void)state;
	assert_int_equal(each_sample("request.", expect_tree), 26);
}

static void
expect_same_back(const char *name, const char *json, const char *xml)
{
	(void)xml;
	expect_tree(name, json, written(json, false));
}

static void
what_is_written_reads_back(void **state)
{
	(void)state;
	assert_int_equal(each_sample("request.", expect_same_back), 26);
}

#define NS	" xmlns=\"" XML_NAMESPACE "\""

static const struct { const char *json, *xml; } rows[] = {
	/* scalars */
	{ "{\"a\":{\"n\":null,\"t\":true,\"f\":false,\"i\":-7,\"s\":\"\"}}",
	    "<a" NS ">\n    <n>None</n>\n    <t>True</t>\n    <f>False</f>\n"
	    "    <i>-7</i>\n    <s></s>\n</a>\n" },
	{ "{\"a\":{\"x\":0.1636859839780,\"y\":4.00,\"z\":1e30}}",
	    "<a" NS ">\n    <x>0.163685983978</x>\n    <y>4.0</y>\n"
	    "    <z>1e+30</z>\n</a>\n" },
	{ "{\"a\":\"x\"}", "<a" NS ">x</a>\n" },
	{ "{\"a\":null}", "<a" NS ">None</a>\n" },
	{ "{\"a\":{}}", "<a" NS "/>\n" }, { "{\"a\":[]}", "<a" NS "/>\n" },
	{ "{\"volume\":{\"used\":0.20,\"size\":null}}",
	    "<volume size=\"None\" used=\"0.2\"" NS "/>\n" },
	/* attributes by byte value, whatever their order; what is no scalar is a child */
	{ "{\"user\":{\"password\":\"p\",\"name\":{\"x\":1},\"host\":\"%\"}}",
	    "<user host=\"%\" password=\"p\"" NS ">\n    <name>\n"
	    "        <x>1</x>\n    </name>\n</user>\n" },
	{ "{\"version\":{\"id\":1}}", "<version" NS ">\n    <id>1</id>\n"
	    "</version>\n" },
	/* lists and what their elements are called */
	{ "{\"ip\":[\"10.0.0.1\"]}", "<ip" NS ">\n    <item>10.0.0.1</item>\n"
	    "</ip>\n" },
	{ "{\"s\":[1]}", "<s" NS ">\n    <item>1</item>\n</s>\n" },
	{ "{\"things\":[1,[2],{}]}", "<things" NS ">\n    <thing>1</thing>\n"
	    "    <thing>\n        <item>2</item>\n    </thing>\n    <thing/>\n"
	    "</things>\n" },
	{ "{\"addresses\":[{\"address\":\"x\"}]}", "<addresses" NS ">\n"
	    "    <address>\n        <address>x</address>\n    </address>\n"
	    "</addresses>\n" },
	/* links are the last child, and other readers' links are left out */
	{ "{\"links\":[{\"rel\":\"next\",\"href\":\"u?a=1&b\"}],"
	    "\"databases_links\":[{}],\"databases\":[{\"name\":\"x\"}]}",
	    "<databases" NS ">\n    <database name=\"x\"/>\n    <links>\n"
	    "        <link href=\"u?a=1&amp;b\" rel=\"next\"/>\n    </links>\n"
	    "</databases>\n" },
	{ "{\"users\":[],\"links\":[]}", "<users" NS ">\n    <links/>\n"
	    "</users>\n" },
	/* the answer without a root */
	{ "{\"name\":\"wait_timeout\",\"min\":1}", "<configuration-parameter"
	    NS ">\n    <name>wait_timeout</name>\n    <min>1</min>\n"
	    "</configuration-parameter>\n" },
	/* times of day */
	{ "{\"a\":{\"created\":\"2014-02-20T09:15:04\",\"updated\":null}}",
	    "<a" NS ">\n    <created>2014-02-20 09:15:04</created>\n"
	    "    <updated>None</updated>\n</a>\n" },
	{ "{\"a\":{\"name\":\"2014-02-20T09:15:04\","
	    "\"created\":\"2014-02-20T09:15:0x\"}}", "<a" NS ">\n"
	    "    <name>2014-02-20T09:15:04</name>\n"
	    "    <created>2014-02-20T09:15:0x</created>\n</a>\n" },
	/* characters */
	{ "{\"a\":\"<&>\\\"'\\u003c\\\\\\/\"}",
	    "<a" NS ">&lt;&amp;&gt;&quot;'&lt;\\/</a>\n" },
	{ "{\"user\":{\"name\":\"<&>\\\"\\n\\t\\r\"}}",
	    "<user name=\"&lt;&amp;&gt;&quot;&#10;&#9;&#13;\"" NS "/>\n" },
	{ "{\"a\":\"1\\n2\\t3\\r4\"}", "<a" NS ">1\n2\t3&#13;4</a>\n" },
	{ "{\"a\":\"\\u0001\\b\\ufffe\xef\xbf\xbf\xef\xbf\xbd\"}", "<a" NS ">"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd</a>\n" },
	{ "{\"a\":\"h\xc3\xbc\\u00fc\\u20ac\\ud83d\\ude00\xf0\x9f\x98\x80\"}",
	    "<a" NS ">h\xc3\xbc\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"
	    "\xf0\x9f\x98\x80</a>\n" },
	/* keys that are no names */
	{ "{\"a\":{\"my key\":\"x\",\"1<x\":[],\"\":1,\"x:y\":2,\"\xc3\xbc\":3}}",
	    "<a" NS ">\n    <item key=\"my key\">x</item>\n"
	    "    <item key=\"1&lt;x\"/>\n    <item key=\"\">1</item>\n"
	    "    <item key=\"x:y\">2</item>\n    <item key=\"\xc3\xbc\">3</item>\n"
	    "</a>\n" },
	/* blanks of the JSON say nothing */
	{ " { \"a\" : [ 1 , { } ] } ", "<a" NS ">\n    <item>1</item>\n"
	    "    <item/>\n</a>\n" },
};

static void
each_rule_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *got = written(rows[i].json, false);

		if (got == NULL || strcmp(got, rows[i].xml) != 0)
			fail_msg("%s: %s", rows[i].json, got);
	}
}

static void
what_is_no_object_or_too_deep_is_not_written(void **state)
{
	char deep[4 * XMLW_DEPTH], *p = deep;

	(void)state;
	assert_null(written("\"text\"", false));
	assert_null(written("[1]", false));
	assert_null(written("", false));
	assert_null(written("{\"a\":1}{}", false));
	assert_null(written("}", false));
	assert_null(written("{\"a\":[", false));
	*p++ = '{';
	*p++ = '"', *p++ = 'a', *p++ = '"', *p++ = ':';
	for (int i = 0; i < XMLW_DEPTH; i++)
		*p++ = '[';
	for (int i = 0; i < XMLW_DEPTH; i++)
		*p++ = ']';
	strcpy(p, "}");
	assert_null(written(deep, false));
}

/* Every collection of the API, as its readers will look for them. */
static void
each_collection_has_its_fixed_singular(void **state)
{
	static const struct { const char *list, *item; } names[] = {
#define XML_LIST(list, item) { list, item },
#include "fcgi/xml_names.tbl.h"
	};

	(void)state;
	for (size_t i = 0; i < ROWS(names); i++)
		assert_non_null(strstr(written(op_printf(&op, "{\"%s\":[1]}",
		    names[i].list), false), op_printf(&op, "<%s>1</%s>",
		    names[i].item, names[i].item)));
}

/* --- what the handlers write has rows ---------------------------------------------- */

/* Texts of Cinder and of Keystone, and what only api.stock shows: all JSON. */
static const char *const no_rows[] = {
	"created_at", "endpoints", "projects", "roles", "methods", "audit_ids",
	"catalog", "ip", "password", "quota",
};

static bool
has_row(const char *word)
{
	static const char *const rows_[] = {
#define XML_LIST(list, item) list,
#include "fcgi/xml_names.tbl.h"
#define XML_TIME(member) member,
#include "fcgi/xml_names.tbl.h"
	};

	for (size_t i = 0; i < ROWS(rows_); i++)
		if (strcmp(rows_[i], word) == 0)
			return true;
	for (size_t i = 0; i < ROWS(no_rows); i++)
		if (strcmp(no_rows[i], word) == 0)
			return true;
	return false;
}

/* The document that its suffix calls JSON, and what the object store says. */
static bool
is_json_only(const char *file)
{
	return strstr(file, "openapi") != NULL ||
	    strstr(file, "view_objects") != NULL;
}

/* The first string behind "before", when "after" follows it. */
static void
look_for(const char *file, const char *s, const char *before,
    const char *after)
{
	while ((s = strstr(s, before)) != NULL) {
		const char *word = strchr(s, '"'), *end;

		s += strlen(before);
		if (word == NULL || (size_t)(word - s) > 16)
			continue;
		end = strchr(++word, '"');
		word = op_strndup(&op, word, (size_t)(end - word));
		end += strspn(end, "\");\n\t");
		if (strncmp(end, after, strlen(after)) == 0 && !has_row(word))
			fail_msg("%s: no row for \"%s\" in xml_names.tbl.h",
			    file, word);
	}
}

static void
each_list_and_time_that_is_written_has_its_row(void **state)
{
	char *path = op_printf(&op, "%s../../../fcgi/", folder());
	DIR *d = opendir(path);
	struct dirent *e;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);
		const char *s;

		if (len < 3 || strcmp(e->d_name + len - 2, ".c") != 0 ||
		    is_json_only(e->d_name))
			continue;
		s = file_read(op_printf(&op, "../../../fcgi/%s", e->d_name));
		look_for(e->d_name, s, "jsonw_key(", "jsonw_list(");
		look_for(e->d_name, s, "view_time(r", "");
	}
	closedir(d);
}

/* The walker writes them in the table's order. */
static void
attributes_of_the_table_are_sorted(void **state)
{
	static const struct {
		const char *name, *only_with, *attribute[16];
	} e[] = {
#define XML_ELEMENT(name, only_with, ...) { name, only_with, { __VA_ARGS__ } },
#include "fcgi/xml_names.tbl.h"
	};

	(void)state;
	for (size_t i = 0; i < ROWS(e); i++)
		for (int k = 1; e[i].attribute[k] != NULL; k++)
			assert_true(strcmp(e[i].attribute[k - 1],
			    e[i].attribute[k]) < 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		T(every_sample_of_an_answer_is_written_byte_for_byte),
		T(every_sample_of_a_request_is_read_as_its_json),
		T(what_is_written_reads_back),
		T(each_rule_holds),
		T(what_is_no_object_or_too_deep_is_not_written),
		T(each_collection_has_its_fixed_singular),
		T(each_list_and_time_that_is_written_has_its_row),
		T(attributes_of_the_table_are_sorted),
	};
#undef T

	return cmocka_run_group_tests_name("xmlw", tests, NULL, NULL);
}
