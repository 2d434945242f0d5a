#include "t/unit/test_op.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/base/xml.h"

#include <stdlib.h>
#include <string.h>

/* "n" numbers, "r" reals, "b" booleans, "l" lists, "z" texts or null. */
static struct xml_form
by_name(const void *arg, const char *path)
{
	const char *name = strrchr(path, '/');
	struct xml_form f = { JSON_STR, false };

	(void)arg;
	name = name != NULL ? name + 1 : path;
	if (strcmp(name, "n") == 0)
		f.kind = JSON_INT;
	else if (strcmp(name, "r") == 0)
		f.kind = JSON_REAL;
	else if (strcmp(name, "b") == 0)
		f.kind = JSON_BOOL;
	else if (strcmp(name, "l") == 0)
		f.kind = JSON_LIST;
	f.nullable = strcmp(name, "z") == 0;
	return f;
}

static enum err
parse(const char *s, size_t n, const struct json **j)
{
	static const struct xml_forms forms = { by_name, NULL };

	return xml_parse(&op, s, n, &forms, j);
}

/* Members in the order of their first coming. */
static void
spell(struct text *t, const struct json *j)
{
	const struct json *v;
	const char *key;
	void *at = NULL;

	switch (json_kind(j)) {
	case JSON_MAP:
		text_addc(t, '{');
		while (json_next(j, &at, &key, &v)) {
			text_printf(t, "%s:", key);
			spell(t, v);
			text_addc(t, ';');
		}
		text_addc(t, '}');
		return;
	case JSON_LIST:
		text_addc(t, '[');
		for (size_t i = 0; i < json_count(j); i++) {
			spell(t, json_at(j, i));
			text_addc(t, ';');
		}
		text_addc(t, ']');
		return;
	case JSON_STR:
		text_printf(t, "'%s'", json_str(j));
		return;
	case JSON_INT:
		text_printf(t, "%lld", (long long)json_int(j));
		return;
	case JSON_BIG:
		text_printf(t, "%lluu", (unsigned long long)json_big(j));
		return;
	case JSON_REAL:
		text_printf(t, "%g", json_real(j));
		return;
	case JSON_BOOL:
		text_add(t, json_true(j) ? "true" : "false");
		return;
	default:
		text_add(t, "null");
	}
}

static const char *
spelled(const struct json *j)
{
	struct text t;

	text_begin(&t, &op, 256);
	spell(&t, j);
	return t.s;
}

#define OURS	"xmlns='" XML_NAMESPACE "'"

static const struct { const char *xml, *is; } good[] = {
	/* attributes and children are the same thing */
	{ "<a><v size=\"2\"/></a>", "{a:{v:{size:'2';};};}" },
	{ "<a><v><size>2</size></v></a>", "{a:{v:{size:'2';};};}" },
	{ "<a v='1'><v>2</v></a>", "{a:{v:'2';};}" },
	{ "<a><v>1</v><w/><v>2</v></a>", "{a:{v:'2';w:{};};}" },
	{ "<a>x</a>", "{a:'x';}" },
	{ "<a k='v'>x</a>", "{a:'x';}" },
	{ "<a>x<b>y</b>z</a>", "{a:{b:'y';};}" },
	/* nothing in it */
	{ "<a/>", "{a:{};}" }, { "<a> \n\t</a>", "{a:{};}" },
	{ "<a k=''/>", "{a:{k:'';};}" }, { "<a><b/></a>", "{a:{b:{};};}" },
	{ "<a z=''/>", "{a:{z:null;};}" }, { "<a><z/></a>", "{a:{z:null;};}" },
	{ "<a><z k='1'/></a>", "{a:{z:{k:'1';};};}" },
	/* lists */
	{ "<l/>", "{l:[];}" }, { "<a><l/></a>", "{a:{l:[];};}" },
	{ "<l><i/><any>x</any><i k='v'/></l>", "{l:[{};'x';{k:'v';};];}" },
	{ "<l gone='1'><l><i/></l></l>", "{l:[{i:{};};];}" },
	{ "<a><l><i><l><i n='7'/></l></i></l></a>",
	    "{a:{l:[{l:[{n:7;};];};];};}" },
	{ "<l>text</l>", "{l:'text';}" },
	/* what the texts stand for */
	{ "<a n='12'/>", "{a:{n:12;};}" }, { "<a n='-1'/>", "{a:{n:-1;};}" },
	{ "<a n='1.5'/>", "{a:{n:1.5;};}" }, { "<a n='x'/>", "{a:{n:'x';};}" },
	{ "<a n='9223372036854775807'/>", "{a:{n:9223372036854775807;};}" },
	{ "<a n='9223372036854775808'/>", "{a:{n:9223372036854775808u;};}" },
	{ "<a n='007'/>", "{a:{n:'007';};}" }, { "<a n='true'/>", "{a:{n:'true';};}" },
	{ "<a n='[1]'/>", "{a:{n:'[1]';};}" }, { "<a n='1 2'/>", "{a:{n:'1 2';};}" },
	{ "<a><n>5</n></a>", "{a:{n:5;};}" }, { "<a n=''/>", "{a:{n:'';};}" },
	{ "<a r='1.5'/>", "{a:{r:1.5;};}" }, { "<a r='2'/>", "{a:{r:2;};}" },
	{ "<a r='1e400'/>", "{a:{r:'1e400';};}" },
	{ "<a r='nan'/>", "{a:{r:'nan';};}" }, { "<a r='1e'/>", "{a:{r:'1e';};}" },
	{ "<a b='true'/>", "{a:{b:true;};}" }, { "<a b='0'/>", "{a:{b:false;};}" },
	{ "<a b='False'/>", "{a:{b:false;};}" }, { "<a b='yes'/>", "{a:{b:'yes';};}" },
	{ "<a x='12'/>", "{a:{x:'12';};}" },
	/* blanks are cut off at the ends of texts only */
	{ "<a>\n  e\n 24 \r\n</a>", "{a:'e\n 24';}" },
	{ "<a p=' q>  z '/>", "{a:{p:' q>  z ';};}" },
	{ "<a\nc='1'\nd='2'/>", "{a:{c:'1';d:'2';};}" },
	/* characters */
	{ "<a p='&amp;&lt;&gt;&quot;&apos;&#65;&#x42;'/>", "{a:{p:'&<>\"'AB';};}" },
	{ "<a p='&amp;#38;&#38;'/>", "{a:{p:'&#38;&';};}" },
	{ "<a>&amp;&lt;&gt;&quot;&apos;&#65;&#x42;</a>", "{a:'&<>\"'AB';}" },
	{ "<a>&amp;#38;</a>", "{a:'&#38;';}" },
	{ "<a>x<![CDATA[<&]]>y</a>", "{a:'x<&y';}" },
	{ "<a><![CDATA[]]></a>", "{a:{};}" },
	{ "<a>x<!-- <b> & -->y</a>", "{a:'xy';}" },
	{ "<!-- --><a/><!-- -->", "{a:{};}" },
	{ "<a><![CDATA[ = = = > \" ]]></a>", "{a:'= = = > \"';}" },
	{ "<a p='h\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80'/>",
	    "{a:{p:'h\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80';};}" },
	{ "<a>&#xfc;&#x20ac;&#x1f600;</a>",
	    "{a:'\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80';}" },
	{ "<a><\xc3\xbc>1</\xc3\xbc></a>", "{a:{\xc3\xbc:'1';};}" },
	/* namespaces */
	{ "<a " OURS "/>", "{a:{};}" }, { "<a xmlns='urn:other'/>", "{a:{};}" },
	{ "<d:a xmlns:d='" XML_NAMESPACE "' d:k='v'><d:c>1</d:c></d:a>",
	    "{a:{k:'v';c:'1';};}" },
	{ "<a xmlns:x='urn:x' x:k='v' k='w'/>", "{a:{k:'w';};}" },
	{ "<a xml:lang='en'/>", "{a:{};}" },
	/* the beginning */
	{ "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>\n", "{a:{};}" },
	{ "<?xml version='1.0' encoding='utf-8' standalone='yes'?><a/>", "{a:{};}" },
	{ "<?xml version='1.0'?><a/>", "{a:{};}" },
	{ "<?xml version='1.0' encoding='US-ASCII'?><a/>", "{a:{};}" },
	{ "\xef\xbb\xbf<?xml version='1.0'?><a/>", "{a:{};}" },
	{ "\xef\xbb\xbf<a/>", "{a:{};}" }, { " \n<a/>", "{a:{};}" },
};

static void
the_same_tree_comes_of_every_way_to_write_it(void **state)
{
	const struct json *j;

	(void)state;
	for (size_t i = 0; i < ROWS(good); i++) {
		if (parse(good[i].xml, strlen(good[i].xml), &j) != OK)
			fail_msg("%s: %s", good[i].xml, op.why);
		assert_string_equal(spelled(j), good[i].is);
	}
}

#define DOCTYPE	"a DOCTYPE"
#define BROKEN	"not well-formed"

static const struct { const char *xml, *why; } bad[] = {
	{ "<!DOCTYPE a><a/>", DOCTYPE },
	{ "<!doctype a><a/>", DOCTYPE },
	{ "<?xml version='1.0'?><!DOCTYPE a SYSTEM 'http://127.0.0.1/x'><a/>",
	    DOCTYPE },
	{ "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
	    DOCTYPE },
	{ "<!DOCTYPE a [<!ENTITY a 'aaa'><!ENTITY b '&a;&a;'>]><a>&b;</a>",
	    DOCTYPE },
	{ "<!DOCTYPE a PUBLIC '-//x//y' 'z'><a/>", DOCTYPE },
	{ "<!-- --><!DOCTYPE a><a/>", DOCTYPE },
	{ "<a><!DOCTYPE a></a>", DOCTYPE },
	{ "<a/><!DOCTYPE a>", DOCTYPE },
	{ "<!ENTITY x 'y'><a/>", DOCTYPE }, { "<!", DOCTYPE },
	{ "<?php x?><a/>", "instruction" }, { "<a><?x?></a>", "instruction" },
	{ "<?xml-stylesheet href='x'?><a/>", "instruction" },
	{ " <?xml version='1.0'?><a/>", "instruction" },
	{ "<?xml version='1.0'", "does not end" },
	{ "<a>&x;</a>", BROKEN }, { "<a p='&x;'/>", BROKEN },
	{ "<a>&nbsp;</a>", BROKEN }, { "<a>&#0;</a>", BROKEN },
	{ "<a>&#xd800;</a>", BROKEN }, { "<a>&#x110000;</a>", BROKEN },
	{ "<a>&#xfffe;</a>", BROKEN }, { "<a>& b</a>", BROKEN },
	{ "<a>\x01</a>", BROKEN }, { "<a p='\x1f'/>", BROKEN },
	{ "<a>\xff</a>", "UTF-8" }, { "<a>\xed\xa0\x80</a>", "UTF-8" },
	{ "<a>\xc0\xaf</a>", "UTF-8" }, { "\xff\xfe<\x01", "UTF-8" },
	{ "<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "UTF-8" },
	{ "<?xml version='1.0' encoding='UTF-16'?><a/>", "UTF-8" },
	{ "<?xml version='1.0' encoding='UTF-7'?><a/>", "UTF-8" },
	{ "<a k='1' k='2'/>", BROKEN },
	{ "<a xmlns:x='u' xmlns:y='u' x:k='1' y:k='2'/>", BROKEN },
	{ "<d:a/>", "namespace" }, { "<a d:k='1'/>", BROKEN },
	{ "<d:a xmlns:d='urn:x'/>", "namespace" },
	{ "<a><d:b xmlns:d='urn:x'/></a>", "namespace" },
	{ "", "empty" }, { "  ", BROKEN }, { "x", BROKEN },
	{ "{\"a\":1}", BROKEN }, { "<a>", BROKEN }, { "<a></b>", BROKEN },
	{ "<a/><b/>", BROKEN }, { "<a/>x", BROKEN }, { "<a", "does not end" },
	{ "<a b=1/>", BROKEN }, { "<a b/>", BROKEN },
	{ "<a b='<'/>", BROKEN }, { "<a b='", "does not end" },
	{ "<a><!-- -- --></a>", BROKEN }, { "<!--", "does not end" },
	{ "<a><![CDATA[x</a>", "does not end" }, { "<a>]]></a>", BROKEN },
	{ "<1a/>", BROKEN }, { "<a><b></a></b>", BROKEN }, { "</a>", BROKEN },
};

static void
what_is_hostile_or_broken_is_refused_with_the_reason(void **state)
{
	const struct json *j;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		if (parse(bad[i].xml, strlen(bad[i].xml), &j) !=
		    ERR_BAD_REQUEST)
			fail_msg("%s: taken", bad[i].xml);
		if (strstr(op.why, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].xml, op.why);
		assert_null(j);
	}
	assert_int_equal(parse("<a>\0</a>", 8, &j), ERR_BAD_REQUEST);
	assert_int_equal(parse("<a/>\0", 5, &j), ERR_BAD_REQUEST);
}

static char *
repeated(const char *begin, const char *each, int n, const char *last)
{
	struct text t;

	text_begin(&t, &op, 1 << 16);
	text_add(&t, begin);
	for (int i = 0; i < n; i++)
		text_printf(&t, each, i);
	text_add(&t, last);
	return t.s;
}

static enum err
parse_text(const char *s)
{
	const struct json *j;

	return parse(s, strlen(s), &j);
}

static void
depth_and_number_are_bounded_as_in_json(void **state)
{
	struct text t;

	(void)state;
	for (int depth = JSON_DEPTH - 1; depth <= JSON_DEPTH; depth++) {
		text_begin(&t, &op, 1024);
		for (int i = 0; i < depth; i++)
			text_add(&t, "<a>");
		for (int i = 0; i < depth; i++)
			text_add(&t, "</a>");
		assert_int_equal(parse_text(t.s), depth < JSON_DEPTH ? OK :
		    ERR_BAD_REQUEST);
	}
	assert_string_equal(op.why, "nested too deep");
	assert_int_equal(parse_text(repeated("<a>", "<b/>", JSON_MEMBERS - 1,
	    "</a>")), OK);
	assert_int_equal(parse_text(repeated("<a>", "<b/>", JSON_MEMBERS,
	    "</a>")), ERR_BAD_REQUEST);
	assert_string_equal(op.why, "too many values");
	assert_int_equal(parse_text(repeated("<a", " b%d=''", XML_ATTRIBUTES,
	    "/>")), OK);
	assert_int_equal(parse_text(repeated("<a", " b%d=''",
	    XML_ATTRIBUTES + 1, "/>")), ERR_BAD_REQUEST);
	assert_string_equal(op.why, "too many attributes");
}

/* Done by pairs each would take 10 s or more; with valgrind it takes one. */
static void
a_megabyte_of_malice_costs_little(void **state)
{
	char *const docs[] = {
		repeated("", "<a>", 300000, ""),
		repeated("<a", " b%d=''", 100000, "/>"),
		repeated("<a", " xmlns:b%d=''", 70000, "/>"),
		repeated("<a", " b='1'", 150000, "/>"),
		repeated(repeated("<a", " xmlns:b%d='u'", 990, ">"), "<b0:c/>",
		    9000, "</a>"),
		repeated("<a>", repeated("<b", " c%d=''", 990, "/>"), 10,
		    "</a>"),
		repeated("<a>", "<b%d/>", 100000, "</a>"),
		repeated("<a>", "<b c%d='1'/>", 9000, "</a>"),
		repeated("<a>", "<b xmlns:c%d='u'>", 60000, ""),
		repeated("<a>", "&lt;", 250000, "</a>"),
		repeated("<a b='", "&amp;", 200000, "'/>"),
		repeated("<a>", "<!---->", 140000, "</a>"),
		repeated("<a>", "<![CDATA[x]]>", 80000, "</a>"),
		repeated("<a>", "<!--", 250000, ""),
		repeated("<a>", "<b>x", 250000, ""),
		repeated("", "<", 1000000, ""),
		repeated("<a ", "=", 1000000, ""),
		repeated("<a>", "x\r\n", 300000, "</a>"),
		repeated("<a>", "  ", 500000, "</a>"),
		repeated("<", "abcdefghij", 100000, "/>"),
	};

	(void)state;
	for (size_t i = 0; i < ROWS(docs); i++) {
		int64_t began = clock_ms(), took;

		parse_text(docs[i]);
		took = clock_ms() - began;
		if (took > 5000)
			fail_msg("%.20s... took %lld ms", docs[i],
			    (long long)took);
	}
}

/* What the library is told of stays with it: the next document is as new. */
static void
nothing_is_left_of_a_refused_document(void **state)
{
	const struct json *j;

	(void)state;
	assert_int_equal(parse_text("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"),
	    ERR_BAD_REQUEST);
	assert_int_equal(parse_text("<a>&x;</a>"), ERR_BAD_REQUEST);
	assert_int_equal(parse("<a>ok</a>", 9, &j), OK);
	assert_string_equal(json_str(json_get(j, "a")), "ok");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		T(the_same_tree_comes_of_every_way_to_write_it),
		T(what_is_hostile_or_broken_is_refused_with_the_reason),
		T(depth_and_number_are_bounded_as_in_json),
		T(a_megabyte_of_malice_costs_little),
		T(nothing_is_left_of_a_refused_document),
	};
#undef T

	return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
