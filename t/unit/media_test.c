#include "t/unit/test.h"
#include "t/unit/api_fixture.h"

#include "fcgi/fields.h"
#include "fcgi/handlers.h"
#include "fcgi/media.h"
#include "lib/base/xml.h"

#include <string.h>

#define T	"/v1.0/" PROJECT

static struct request r;

static int
end(void **state)
{
	(void)state;
	op_end(&r.op);
	return 0;
}

static void
fresh(enum method m, const char *uri, const char *accept)
{
	op_end(&r.op);
	memset(&r, 0, sizeof(r));
	op_begin(&r.op, "req-test");
	r.pool = ASKS_GUEST;
	r.method = m;
	r.uri = uri;
	r.host = "api.example:8779";
	r.accept = accept;
	r.token = token_for(PROJECT, "member");
}

/* --- what is wanted ---------------------------------------------------------------- */

#define JSON	"application/json"
#define XML	"application/xml"
#define VENDOR	"application/vnd.openstack.trove"

static const struct { const char *accept; bool xml; } wishes[] = {
	{ NULL, false }, { "", false }, { "*/*", false },
	{ "application/*", false }, { "text/xml", false },
	{ "text/html", false }, { "application/atom+xml", false },
	{ "garbage", false }, { ";;q=,,;", false }, { JSON, false },
	{ VENDOR "+json", false }, { VENDOR, false },
	{ XML, true }, { XML "; charset=utf-8", true },
	{ "Application/XML", true }, { VENDOR "+xml", true },
	{ VENDOR "+xml;version=1.0", true },
	{ VENDOR "+xml; version=1.0; q=0.9, " JSON ";q=0.5", true },
	{ XML ";q=0.9, " JSON ";q=0.5", true },
	{ XML ";q=0.5, " JSON ";q=0.9", false },
	{ JSON ";q=0.5," XML ";q=0.9", true },
	{ JSON ", " XML, false }, { XML ", " JSON, false },
	{ XML ", */*", true }, { "*/*, " XML, true },
	{ XML ";q=0", false }, { XML ";q=0, */*;q=0", false },
	{ XML ";q=0.1, */*", false },
	{ "text/html,application/xhtml+xml," XML ";q=0.9,*/*;q=0.8", true },
	{ "application/xmlx", false }, { "application/xm", false },
};

static void
accept_chooses_by_quality_and_json_by_default(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(wishes); i++) {
		fresh(GET, T "/instances", wishes[i].accept);
		assert_int_equal(media_negotiate(&r), OK);
		if (r.wants_xml != wishes[i].xml)
			fail_msg("%s", wishes[i].accept);
	}
}

static void
the_suffix_of_the_path_wins_over_accept(void **state)
{
	static const struct { const char *uri; bool xml; } rows[] = {
		{ T "/instances.xml", true }, { "/.xml", true },
		{ T "/instances.xml?a=b.json", true }, { "/x.json", false },
		{ T "/instances?a=b.xml", false }, { "/x.XML", false },
		{ "/x.xmlx", false }, { "/xxml", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		fresh(GET, rows[i].uri, rows[i].xml ? JSON : NULL);
		media_negotiate(&r);
		assert_int_equal(r.wants_xml, rows[i].xml);
	}
	fresh(GET, "/x.json", XML);
	media_negotiate(&r);
	assert_false(r.wants_xml);
}

static void
accept_names_the_version_where_the_path_has_none(void **state)
{
	static const struct { const char *uri, *accept, *is; } rows[] = {
		{ "/t/limits?a=b", VENDOR ";version=1.0", "/v1.0/t/limits?a=b" },
		{ "/t/limits", VENDOR "+xml;version=1.0", "/v1.0/t/limits" },
		{ "/t/limits", VENDOR "+json;version=1.0, */*", "/v1.0/t/limits" },
		{ "/v1.0/t/limits", VENDOR ";version=1.0", "/v1.0/t/limits" },
		{ "/v1.0/t/limits", VENDOR ";version=9", "/v1.0/t/limits" },
		{ "/t/limits", VENDOR, "/t/limits" },
		{ "/t/limits", JSON ";version=9", "/t/limits" },
		{ "/t/limits", VENDOR ";version=2.0", NULL },
		{ "/t/limits", VENDOR "+xml;version=1.00", NULL },
		{ "/t/limits", VENDOR "+xml;version=", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		fresh(GET, rows[i].uri, rows[i].accept);
		assert_int_equal(media_negotiate(&r), rows[i].is != NULL ? OK :
		    ERR_NOT_ACCEPTABLE);
		if (rows[i].is != NULL)
			assert_string_equal(r.uri, rows[i].is);
	}
}

/* --- what is sent ------------------------------------------------------------------- */

static const struct field table[] = {
	{ "a",                  MAP,     REQUIRED },
	{ "a/count",            INT },
	{ "a/flag",             FLAG },
	{ "a/ratio",            NUMBER },
	{ "a/open",             BOOL },
	{ "a/size",             SIZE },
	{ "a/flavorRef",        FLAVOR },
	{ "a/configuration",    UUID,    NULLABLE },
	{ "a/cidrs",            LIST },
	{ "a/modules",          LIST },
	{ "a/modules[]",        MAP },
	{ "a/modules[]/order",  INT },
	{ "a/resize",           MAP_OR_SIZE },
	{ "restart",            MAP,     NULLABLE },
	{ 0 }
};
static const struct route takes = { .method = POST, .path = "/", .body = table };

static enum err
send(const char *type, const char *raw)
{
	fresh(POST, "/", NULL);
	r.route = &takes;
	r.content_type = type;
	r.raw = raw;
	r.raw_len = strlen(raw);
	return media_body(&r);
}

static void
the_field_table_says_what_a_text_stands_for(void **state)
{
	(void)state;
	assert_int_equal(send(XML, "<a count='3' flag='1' ratio='0.5' "
	    "open='True' size='4' flavorRef='007' configuration=''>"
	    "<cidrs><cidr>10.0.0.0/8</cidr></cidrs>"
	    "<modules><module order='2'/><module order='x'/></modules>"
	    "<nics><nic net-id='n'/></nics><users><user name='5'/></users>"
	    "<resize>3</resize></a>"), OK);
	assert_int_equal(body_int(&r, "a/count"), 3);
	assert_int_equal(json_kind(body(&r, "a/flag")), JSON_INT);
	assert_true(json_real(body(&r, "a/ratio")) == 0.5);
	assert_true(json_true(body(&r, "a/open")));
	assert_int_equal(body_int(&r, "a/size"), 4);
	assert_string_equal(body_str(&r, "a/flavorRef"), "007");
	assert_true(json_has(body(&r, "a"), "configuration"));
	assert_null(body(&r, "a/configuration"));
	assert_string_equal(json_str(json_at(body(&r, "a/cidrs"), 0)),
	    "10.0.0.0/8");
	assert_int_equal(json_int(json_get(json_at(body(&r, "a/modules"), 0),
	    "order")), 2);
	assert_string_equal(json_str(json_get(json_at(body(&r, "a/modules"),
	    1), "order")), "x");
	assert_string_equal(json_str(json_get(json_at(body(&r, "a/nics"), 0),
	    "net-id")), "n");
	assert_string_equal(json_str(json_get(json_at(body(&r, "a/users"), 0),
	    "name")), "5");
	assert_string_equal(body_str(&r, "a/resize"), "3");
	assert_int_equal(send(XML, "<restart/>"), OK);
	assert_int_equal(json_kind(body(&r, "restart")), JSON_MAP);
}

static const struct field bare[] = {
	{ "name",               NES,     REQUIRED },
	{ "enable",             FLAG },
	{ "tags",               LIST },
	{ 0 }
};
static const struct route takes_bare = { .method = POST, .path = "/",
	.body = bare };

static void
a_body_without_a_root_has_one_of_any_name_in_xml(void **state)
{
	static const char raw[] = "<log name='general' enable='1'><tags><tag>a"
	    "</tag></tags></log>";

	(void)state;
	fresh(POST, "/", NULL);
	r.route = &takes_bare;
	r.content_type = XML;
	r.raw = raw;
	r.raw_len = strlen(raw);
	assert_int_equal(media_body(&r), OK);
	assert_string_equal(body_str(&r, "name"), "general");
	assert_int_equal(json_kind(body(&r, "enable")), JSON_INT);
	assert_string_equal(json_str(json_at(body(&r, "tags"), 0)), "a");
	assert_int_equal(fields_check(&r.op, bare, r.body), OK);
	r.raw = "<x>text</x>";
	r.raw_len = strlen(r.raw);
	assert_int_equal(media_body(&r), OK);
	assert_int_equal(fields_check(&r.op, bare, r.body), ERR_BAD_REQUEST);
}

static void
only_two_types_of_bodies_are_taken(void **state)
{
	static const char *const others[] = {
		"text/xml", "text/plain", VENDOR "+xml", VENDOR "+json",
		"application/xmlx", "application/x-www-form-urlencoded", "xml",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(others); i++)
		assert_int_equal(send(others[i], "<a/>"), ERR_BAD_MEDIA);
	assert_int_equal(send(XML "; charset=utf-8", "<a/>"), OK);
	assert_int_equal(send("Application/XML", "<a/>"), OK);
	assert_int_equal(send(JSON ";charset=utf-8", "{\"a\":{}}"), OK);
	assert_int_equal(send(JSON, "<a/>"), ERR_BAD_REQUEST);
	assert_string_equal(r.op.why, "Malformed request body");
	assert_int_equal(send(XML, "{\"a\":{}}"), ERR_BAD_REQUEST);
	assert_null(r.op.why);
}

/* --- the whole way --------------------------------------------------------------------- */

#define FAULT	"application/xml; charset=UTF-8"
#define NS	" xmlns=\"" XML_NAMESPACE "\""

static void
expect(int status, const char *type, const char *body)
{
	assert_int_equal(r.status, status);
	if (type == NULL)
		assert_null(r.type);
	else
		assert_string_equal(r.type, type);
	assert_non_null(strstr(r.out.out.s, body));
}

static void
documents_and_faults_come_in_the_form_that_was_asked_for(void **state)
{
	(void)state;
	fresh(GET, "/", XML);
	request_serve(&r);
	expect(200, XML, "<versions" NS ">\n    <version id=\"v1.0\" "
	    "status=\"CURRENT\" updated=\"2012-08-01T00:00:00Z\">\n");
	fresh(GET, "/", NULL);
	request_serve(&r);
	expect(200, NULL, "{\"versions\":[");
	fresh(GET, T "/nothing", XML);
	request_serve(&r);
	expect(404, FAULT, "<itemNotFound code=\"404\">\n    <message>The "
	    "resource could not be found.</message>\n</itemNotFound>\n");
	fresh(GET, T "/instances.xml", JSON);
	request_serve(&r);
	expect(404, FAULT, "<itemNotFound code=\"404\">\n");
	fresh(GET, T "/instances", XML);
	r.token = NULL;
	request_serve(&r);
	expect(401, FAULT, "<unauthorized code=\"401\">\n");
	fresh(GET, "/t/limits", VENDOR "+xml;version=7");
	request_serve(&r);
	expect(406, FAULT, "<notAcceptable code=\"406\">\n    <message>version "
	    "not supported</message>");
}

/* Keystone's part, and what is no document, know one form. */
static void
what_has_no_other_form_stays_as_it_is(void **state)
{
	(void)state;
	fresh(GET, "/v3/auth/nothing", XML);
	request_serve(&r);
	expect(404, NULL, "{\"error\":{");
	fresh(GET, "/v3", XML);
	request_serve(&r);
	expect(200, NULL, "{\"version\":{");
	fresh(GET, "/healthcheck", XML);
	request_serve(&r);
	assert_true(r.status == 503 || strcmp(r.type, "text/plain") == 0);
}

static void
a_body_in_xml_meets_the_same_checks(void **state)
{
	static const struct { const char *type, *raw, *why; int status; } rows[] = {
		{ XML, "<instance flavorRef='1'/>", "Validation error: instance "
		    "'name' is a required property", 400 },
		{ XML, "<instance name=''/>", "Validation error: "
		    "instance['name'] '' is too short", 400 },
		{ XML, "<instance name='x'><volume size='0'/></instance>",
		    "Validation error: instance['volume']['size'] '0' is not a "
		    "size of 1 or more", 400 },
		{ XML, "<!DOCTYPE instance><instance name='x'/>",
		    "The server could not comply with the request since it is "
		    "either malformed or otherwise incorrect.", 400 },
		{ XML, "<backup name='x'/>", "Validation error: 'instance' is a "
		    "required property", 400 },
		{ "text/xml", "<instance name='x'/>", "Unsupported Content-Type",
		    415 },
		{ NULL, "<instance name='x'/>", "Unsupported Content-Type", 415 },
		{ JSON, "{\"instance\":{\"name\":\"<\"}}", "Validation error: "
		    "instance['name'] '&lt;' has no letter or digit in it", 400 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		fresh(POST, T "/instances", XML);
		r.content_type = rows[i].type;
		r.raw = rows[i].raw;
		r.raw_len = strlen(r.raw);
		request_serve(&r);
		expect(rows[i].status, FAULT, op_printf(&r.op,
		    "<message>%s</message>", rows[i].why));
	}
}

static void
an_empty_answer_has_the_type_too(void **state)
{
	(void)state;
	fresh(DELETE, "/", XML);
	r.wants_xml = true;
	reply_empty(&r, 202);
	media_answer(&r);
	assert_string_equal(r.type, XML);
	assert_false(r.has_body);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_chooses_by_quality_and_json_by_default),
		cmocka_unit_test(the_suffix_of_the_path_wins_over_accept),
		cmocka_unit_test(accept_names_the_version_where_the_path_has_none),
		cmocka_unit_test(the_field_table_says_what_a_text_stands_for),
		cmocka_unit_test(a_body_without_a_root_has_one_of_any_name_in_xml),
		cmocka_unit_test(only_two_types_of_bodies_are_taken),
		cmocka_unit_test(documents_and_faults_come_in_the_form_that_was_asked_for),
		cmocka_unit_test(what_has_no_other_form_stays_as_it_is),
		cmocka_unit_test(a_body_in_xml_meets_the_same_checks),
		cmocka_unit_test(an_empty_answer_has_the_type_too),
	};

	return cmocka_run_group_tests_name("media", tests,
	    api_fixture_start, end);
}
