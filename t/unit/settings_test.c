/* Values against parameters: what is taken, what is refused and with which text. */
#include "t/unit/test.h"
#include "fcgi/defaults.h"
#include "fcgi/settings.h"
#include "fcgi/views.h"

#include <string.h>

static struct op op;
static struct parameter known[] = {
	{ "max_connections", "integer", "f", "1", "100000" },
	{ "local_infile",    "integer", "f", "0", "1" },
	{ "bulk_insert_buffer_size", "integer", "f", "0", "18446744073709551615" },
	{ "max_prepared",    "integer", "f", "-5", NULL },
	{ "back_log",        "integer", "t", "", "" },
	{ "long_query_time", "float",   "f", "0", NULL },
	{ "ratio",           "float",   "f", "0.25", "0.75" },
	{ "autovacuum",      "boolean", "f", NULL, NULL },
	{ "sql_mode",        "string",  "f", NULL, NULL },
	{ "innodb_flush_method", "string", "t", NULL, NULL },
	{ "requirepass",     "string",  "f", NULL, NULL },
};
static const struct datastore_row mysql = { .id = "d", .name = "mysql" };
static const struct version_row version = { .id = "v", .name = "5.7.29",
    .of = &mysql };
static struct settings s;

static int
fresh(void **state)
{
	(void)state;
	op_begin(&op, "test");
	s = (struct settings){ .op = &op, .version = &version,
	    .parameter = known, .parameters = ROWS(known) };
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static enum err
add(const char *text)
{
	const struct json *values;

	assert_int_equal(json_parse(&op, text, strlen(text), &values), OK);
	return settings_add(&s, values);
}

/* What is taken is stored; a stored text of NULL is the same as was given. */
static void
values_of_their_kind_are_taken(void **state)
{
	static const struct { const char *given, *stored; } rows[] = {
		{ "{\"max_connections\":1}", NULL },
		{ "{\"max_connections\":100000}", NULL },
		{ "{\"MAX_connections\":5}", NULL },
		{ "{\"local_infile\":true}", "{\"local_infile\":1}" },
		{ "{\"local_infile\":false}", "{\"local_infile\":0}" },
		{ "{\"bulk_insert_buffer_size\":18446744073709551615}", NULL },
		{ "{\"max_prepared\":-5}", NULL },
		{ "{\"back_log\":-9223372036854775808}", NULL },
		{ "{\"long_query_time\":0.1}", NULL },
		{ "{\"long_query_time\":5.0}", NULL },
		{ "{\"long_query_time\":1e300}", "{\"long_query_time\":1e+300}" },
		{ "{\"ratio\":0.25}", NULL },
		{ "{\"ratio\":0.75}", NULL },
		{ "{\"autovacuum\":true}", NULL },
		{ "{\"sql_mode\":\"\"}", NULL },
		{ "{\"sql_mode\":\"\xd0\xb4\\\"'#\\\\\"}", NULL },
		{ "{\"sql_mode\":\"a\",\"max_connections\":7}", NULL },
		{ "{}", NULL },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		fresh(state);
		if (add(rows[i].given) != OK)
			fail_msg("%s: %s", rows[i].given, op.why);
		assert_string_equal(store_settings(&s), rows[i].stored != NULL ?
		    rows[i].stored : rows[i].given);
		ended(state);
	}
	op_begin(&op, "test");
}

#define NOT_OF "The value provided for the configuration parameter "
#define THE "The value for the configuration parameter "
static const struct { const char *given, *why; } refused[] = {
	{ "{\"nope\":1}", "The configuration parameter nope is not supported for this datastore: mysql 5.7.29." },
	{ "{\"max_connections\":\"5\"}", NOT_OF "max_connections is not of type integer." },
	{ "{\"max_connections\":1.5}", NOT_OF "max_connections is not of type integer." },
	{ "{\"max_connections\":null}", NOT_OF "max_connections is not of type integer." },
	{ "{\"max_connections\":[1]}", NOT_OF "max_connections is not of type integer." },
	{ "{\"max_connections\":{}}", NOT_OF "max_connections is not of type integer." },
	{ "{\"max_connections\":0}", THE "max_connections is less than the minimum allowed: 1" },
	{ "{\"max_connections\":100001}", THE "max_connections is greater than the maximum allowed: 100000" },
	{ "{\"max_connections\":18446744073709551615}", THE "max_connections is greater than the maximum allowed: 100000" },
	{ "{\"max_connections\":false}", THE "max_connections is less than the minimum allowed: 1" },
	{ "{\"bulk_insert_buffer_size\":18446744073709551616}", NOT_OF "bulk_insert_buffer_size is not of type integer." },
	{ "{\"bulk_insert_buffer_size\":-1}", THE "bulk_insert_buffer_size is less than the minimum allowed: 0" },
	{ "{\"max_prepared\":-6}", THE "max_prepared is less than the minimum allowed: -5" },
	{ "{\"long_query_time\":1}", NOT_OF "long_query_time is not of type float." },
	{ "{\"long_query_time\":-0.1}", THE "long_query_time is less than the minimum allowed: 0" },
	{ "{\"ratio\":0.751}", THE "ratio is greater than the maximum allowed: 0.75" },
	{ "{\"autovacuum\":1}", NOT_OF "autovacuum is not of type boolean." },
	{ "{\"autovacuum\":\"on\"}", NOT_OF "autovacuum is not of type boolean." },
	{ "{\"sql_mode\":5}", NOT_OF "sql_mode is not of type string." },
	{ "{\"sql_mode\":true}", NOT_OF "sql_mode is not of type string." },
	{ "{\"sql_mode\":\"a\\nport=1\"}", THE "sql_mode has a control character in it." },
	{ "{\"sql_mode\":\"a\\u007f\"}", THE "sql_mode has a control character in it." },
	{ "{\"sql_mode\":\"a\",\"SQL_MODE\":\"b\"}", "The configuration parameter SQL_MODE is given twice." },
	{ "{\"max_connections\":5,\"nope\":1}", "The configuration parameter nope is not supported for this datastore: mysql 5.7.29." },
};

static void
others_are_refused_with_the_contract_s_text(void **state)
{
	for (size_t i = 0; i < ROWS(refused); i++) {
		fresh(state);
		if (add(refused[i].given) != ERR_UNPROCESSABLE)
			fail_msg("%s is taken", refused[i].given);
		assert_string_equal(op.why, refused[i].why);
		ended(state);
	}
	op_begin(&op, "test");
}

static void
a_string_has_128_characters_at_the_most(void **state)
{
	char text[300] = "{\"sql_mode\":\"";
	size_t at = strlen(text);

	(void)state;
	memset(text + at, 'x', 127);
	strcpy(text + at + 127, "\xd0\xb4\"}");
	assert_int_equal(add(text), OK);
	strcpy(text + at + 127, "\xd0\xb4y\"}");
	s.n = 0;
	assert_int_equal(add(text), ERR_UNPROCESSABLE);
	assert_non_null(strstr(op.why, "longer than 128 characters"));
}

static void
a_version_without_parameters_has_no_groups(void **state)
{
	(void)state;
	s.parameters = 0;
	assert_int_equal(add("{}"), ERR_UNPROCESSABLE);
	assert_string_equal(op.why, "Configuration groups are not supported "
	    "for this datastore: mysql 5.7.29");
}

static void
new_values_replace_those_of_the_same_name(void **state)
{
	(void)state;
	assert_int_equal(settings_add_stored(&s, "{\"max_connections\":5,"
	    "\"sql_mode\":\"a\",\"gone\":1}"), OK);
	assert_int_equal(add("{\"MAX_CONNECTIONS\":6,\"local_infile\":0}"), OK);
	assert_string_equal(store_settings(&s), "{\"MAX_CONNECTIONS\":6,"
	    "\"sql_mode\":\"a\",\"gone\":1,\"local_infile\":0}");
}

/* A parameter that the operator took out since may have needed one. */
static void
one_static_value_makes_a_restart_necessary(void **state)
{
	(void)state;
	assert_int_equal(add("{\"max_connections\":5}"), OK);
	assert_false(settings_need_restart(&s));
	assert_int_equal(add("{\"back_log\":5}"), OK);
	assert_true(settings_need_restart(&s));
	s.n = 0;
	assert_int_equal(settings_add_stored(&s, "{\"gone\":1}"), OK);
	assert_true(settings_need_restart(&s));
}

static void
texts_of_xml_are_read_by_their_parameter(void **state)
{
	static const char text[] = "{\"max_connections\":\"300\","
	    "\"sql_mode\":\"1\",\"long_query_time\":\"2.5\","
	    "\"autovacuum\":\"true\",\"back_log\":\"many\"}";
	const struct json *values;

	(void)state;
	assert_int_equal(json_parse(&op, text, strlen(text), &values), OK);
	values = settings_typed(&s, values);
	assert_int_equal(json_int(json_get(values, "max_connections")), 300);
	assert_string_equal(json_str(json_get(values, "sql_mode")), "1");
	assert_true(json_real(json_get(values, "long_query_time")) == 2.5);
	assert_true(json_true(json_get(values, "autovacuum")));
	assert_int_equal(settings_add(&s, values), ERR_UNPROCESSABLE);
	assert_string_equal(op.why, NOT_OF "back_log is not of type integer.");
}

static void
secrets_are_not_shown(void **state)
{
	static const char text[] = "{\"requirepass\":\"hush\",\"sql_mode\":"
	    "\"a\",\"ratio\":0.5}";
	const struct configuration group = { .id = "i", .name = "n",
	    .version_id = "v" };
	static struct request r;
	const struct json *values;

	(void)state;
	r.op = (struct op){ 0 };
	op_begin(&r.op, "test");
	jsonw_begin(&r.out, &r.op, 256);
	assert_int_equal(json_parse(&r.op, text, strlen(text), &values), OK);
	view_configuration(&r, &version, &group, values);
	assert_non_null(strstr(r.out.out.s, "\"values\":{\"requirepass\":"
	    "\"***\",\"sql_mode\":\"a\",\"ratio\":0.5}"));
	op_end(&r.op);
}

/* --- what is set when nobody sets anything ------------------------------------------ */

static const struct {
	struct defaults_of of;
	const char *holds, *holds_not;	/* pieces of the map */
} given[] = {
	{ { "i", "mysql", "5.7.29", 2048 }, "\"key_buffer_size\":\"200M\",\"max_allowed_packet\":\"4096K\"", "query_cache" },
	{ { "i", "mysql", "5.7.29", 2048 }, "\"thread_cache_size\":16,", "wal_" },
	{ { "i", "mysql", "8.0.3", 512 }, "mysql_native_password", "query_cache" },
	{ { "i", "mysql", "8.4", 512 }, "\"performance_schema\":\"ON\"", "mysql_native_password" },
	{ { "i", "mariadb", "10.11.6", 512 }, "\"query_cache_size\":\"8M\"", "secure-file-priv" },
	{ { "i", "percona", "5.7", 256 }, "\"max_connections\":50,", "performance_schema" },
	{ { "i", "postgresql", "12.4", 3072 }, "\"shared_buffers\":\"768MB\"", "wal_keep_size" },
	{ { "i", "postgresql", "13", 1024 }, "\"wal_keep_size\":80,\"effective_cache_size\":\"512MB\"", "innodb" },
	{ { "i", "postgresql", "13", 1024 }, "\"shared_buffers\":\"102MB\"", "wal_keep_segments" },
	{ { "i", "redis", "7.0.15", 1024 }, "\"maxmemory\":\"614mb\"", "innodb" },
};

static void
defaults_follow_the_memory_and_the_version(void **state)
{
	struct jsonw w, other;

	(void)state;
	for (size_t i = 0; i < ROWS(given); i++) {
		jsonw_begin(&w, &op, 2048);
		assert_true(view_defaults(&w, &given[i].of));
		if (strstr(w.out.s, given[i].holds) == NULL ||
		    strstr(w.out.s, given[i].holds_not) != NULL)
			fail_msg("row %zu: %s", i, w.out.s);
	}
	jsonw_begin(&w, &op, 2048);
	assert_false(view_defaults(&w, &(struct defaults_of){ "i", "couchdb",
	    "3", 512 }));
	jsonw_begin(&w, &op, 2048);
	jsonw_begin(&other, &op, 2048);
	view_defaults(&w, &(struct defaults_of){ "i", "mysql", "5.7", 512 });
	view_defaults(&other, &(struct defaults_of){ "k", "mysql", "5.7",
	    512 });
	assert_string_not_equal(w.out.s, other.out.s);	/* server_id */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, ended)
int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(values_of_their_kind_are_taken),
		TEST(others_are_refused_with_the_contract_s_text),
		TEST(a_string_has_128_characters_at_the_most),
		TEST(a_version_without_parameters_has_no_groups),
		TEST(new_values_replace_those_of_the_same_name),
		TEST(one_static_value_makes_a_restart_necessary),
		TEST(texts_of_xml_are_read_by_their_parameter),
		TEST(secrets_are_not_shown),
		TEST(defaults_follow_the_memory_and_the_version),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
