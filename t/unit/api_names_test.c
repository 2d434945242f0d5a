#include "t/unit/test.h"
#include "fcgi/accounts.h"
#include "fcgi/names.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"
#include "t/unit/cost.h"

#include <string.h>

#define RESERVED_D "on the reserved list: ['mysql', 'information_schema', "	\
	"'performance_schema', 'sys']."
#define X8 "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8
#define U16 "uuuuuuuuuuuuuuuu"
#define CYR8 "юзерюзер"

struct row { const char *name, *text; };	/* text NULL: accepted */

static const struct row databases[] = {
	{ "zy", NULL }, { "gamma-1_x", NULL }, { "a@b", NULL }, { "a?b", NULL },
	{ "a#b", NULL }, { "a b", NULL }, { X64, NULL },
	{ "z", "'z' is not a valid schema name." },
	{ X64 "x", "Schema name '" X64 "x' is too long. Max length = 64." },
	{ "a/b", "'a/b' is not a valid schema name." },
	{ "a\\b", "'a\\b' is not a valid schema name." },
	{ "a.b", "'a.b' is not a valid schema name." },
	{ "a;b", "'a;b' is not a valid schema name." },
	{ "a`b", "'a`b' is not a valid schema name." },
	{ "a ", "'a ' is not a valid schema name." },
	{ " a", "' a' is not a valid schema name." },
	{ "100%d", "'100%d' is not a valid schema name." },
	{ "a@b@c", "'a@b@c' is not a valid schema name." },
	{ "Ünï", "'Ünï' is not a valid schema name." },
	{ "", "'' is not a valid schema name." },
	{ "mysql", "Database name \"mysql\" is " RESERVED_D },
	{ "sys", "Database name \"sys\" is " RESERVED_D },
	{ "performance_schema",
	    "Database name \"performance_schema\" is " RESERVED_D },
	{ "INFORMATION_SCHEMA",
	    "Database name \"INFORMATION_SCHEMA\" is " RESERVED_D },
	{ "lost+found", "'lost+found' is not a valid schema name." },
};

static const struct row users[] = {
	{ "ann", NULL }, { "carl.x", NULL }, { "dan@home", NULL },
	{ U16, NULL }, { "p w", NULL }, { CYR8 CYR8, NULL },
	{ U16 "u", "User name '" U16 "u' is too long. Max length = 16." },
	{ "a'b", "'a'b' is not a valid user name." },
	{ "a\"b", "'a\"b' is not a valid user name." },
	{ "a;b", "'a;b' is not a valid user name." },
	{ "a,b", "'a,b' is not a valid user name." },
	{ "a/b", "'a/b' is not a valid user name." },
	{ "a\\b", "'a\\b' is not a valid user name." },
	{ "a`b", "'a`b' is not a valid user name." },
	{ " a", "' a' is not a valid user name." },
	{ "a\t", "'a\t' is not a valid user name." },
	{ "a\x01" "b", "'a\x01" "b' is not a valid user name." },
	{ "a\xc2\x85" "b", "'a\xc2\x85" "b' is not a valid user name." },
	{ "os_admin", "User name \"os_admin\" is on the reserved list: "
	    "['os_admin', 'root']." },
	{ "root", "User name \"root\" is on the reserved list: "
	    "['os_admin', 'root']." },
	{ "", "User name \"\" is on the reserved list: ['mariadb.sys', "
	    "'mysql', 'mysql.sys', 'mysql.session', 'mysql.infoschema', "
	    "'PUBLIC']." },
};

static const struct row hosts[] = {
	{ "%", NULL }, { "192.168.0.%", NULL }, { "10.%", NULL },
	{ "%10", NULL }, { "10.0.0.1", NULL }, { "1.2.3", NULL },
	{ "10.0.0.0/255.255.255.0", NULL },
	{ "example.org", "'example.org' is not a valid hostname." },
	{ "zzz", "'zzz' is not a valid hostname." },
	{ "256.1.1.1", "'256.1.1.1' is not a valid hostname." },
	{ "1.2.3.4.5", "'1.2.3.4.5' is not a valid hostname." },
	{ "1..2", "'1..2' is not a valid hostname." },
	{ "1.2.", "'1.2.' is not a valid hostname." },
	{ "10.0.0._", "'10.0.0._' is not a valid hostname." },
	{ "", "'' is not a valid hostname." },
	{ "99999999999999999999", "'99999999999999999999' is not a valid "
	    "hostname." },
};

static void
expect(struct op *op, enum err e, const struct row *row)
{
	if (e != (row->text == NULL ? OK : ERR_BAD_REQUEST))
		fail_msg("'%s': %s", row->name, e == OK ? "accepted" : op->why);
	if (e != OK)
		assert_string_equal(op->why, row->text);
}

static void
names_are_taken_and_refused_as_the_contract_says(void **state)
{
	struct op op;
	size_t i;

	(void)state;
	op_begin(&op, "test");
	for (i = 0; i < ROWS(databases); i++)
		expect(&op, name_database(&op, "mysql", "", databases[i].name),
		    &databases[i]);
	for (i = 0; i < ROWS(users); i++)
		expect(&op, name_user(&op, "mysql", "", users[i].name),
		    &users[i]);
	for (i = 0; i < ROWS(hosts); i++)
		expect(&op, name_host(&op, "mysql", "", hosts[i].name), &hosts[i]);
	op_end(&op);
}

static void
each_engine_has_its_own_lengths(void **state)
{
	struct op op;

	(void)state;
	op_begin(&op, "test");
	assert_int_equal(name_user(&op, "mariadb", "", X64 U16), OK);
	assert_int_equal(name_user(&op, "mariadb", "E: ", X64 U16 "u"),
	    ERR_BAD_REQUEST);
	assert_string_equal(op.why, "E: User name '" X64 U16 "u' is too long. "
	    "Max length = 80.");
	assert_true(names_known("mariadb"));
	assert_false(names_known("couchdb"));
	assert_int_equal(name_user(&op, "couchdb", "", "ann"),
	    ERR_UNPROCESSABLE);
	assert_string_equal(op.why,
	    "Operation not supported for datastore couchdb.");
	op_end(&op);
}

static void
redis_knows_users_by_their_names_alone(void **state)
{
	static const char *const bad[] = { "a b", "default", "a\tb" };
	struct op op;

	(void)state;
	op_begin(&op, "test");
	assert_true(names_known("redis"));
	assert_false(names_databases("redis"));
	assert_true(names_databases("mariadb"));
	assert_int_equal(name_user(&op, "redis", "", "ann"), OK);
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_int_equal(name_user(&op, "redis", "", bad[i]),
		    ERR_BAD_REQUEST);
	assert_string_equal(op.why, "'a\tb' is not a valid user name.");
	assert_int_equal(name_host(&op, "redis", "", "%"), OK);
	assert_int_equal(name_host(&op, "redis", "E: ", "10.0.0.1"),
	    ERR_BAD_REQUEST);
	assert_string_equal(op.why, "E: '10.0.0.1' is not a valid hostname.");
	assert_int_equal(name_database(&op, "redis", "", "app"),
	    ERR_UNPROCESSABLE);
	assert_int_equal(name_grant(&op, "redis", "", "0"),
	    ERR_UNPROCESSABLE);
	assert_string_equal(op.why,
	    "Operation not supported for datastore redis.");
	op_end(&op);
}

/* In the reference they have routes and refuse everything. */
static void
stock_habits_know_no_users_of_engines_the_reference_refuses(void **state)
{
	struct op op;

	(void)state;
	op_begin(&op, "test");
	conf_set(&op, "api", "stock", "yes");
	assert_true(names_known("mariadb") && names_databases("mysql"));
	assert_false(names_known("postgresql") || names_known("redis"));
	assert_false(names_databases("postgresql"));
	conf_set(&op, "api", "stock", "no");
	assert_true(names_known("redis") && names_databases("postgresql"));
	op_end(&op);
}

static const struct row postgresql_databases[] = {
	{ "app", NULL }, { "a.b", NULL }, { "имя", NULL }, { X8, NULL },
	{ "z", "'z' is not a valid schema name." },
	{ "ab ", "'ab ' is not a valid schema name." },
	{ "\xf0\x9f\x90\x98" "ab", "'\xf0\x9f\x90\x98" "ab' is not a valid "
	    "schema name." },
	{ X64, "Schema name '" X64 "' is too long. Max length = 63." },
	{ "postgres", "Database name \"postgres\" is on the reserved list: "
	    "['os_admin', 'postgres', 'template0', 'template1']." },
	{ "mysql", "Database name \"mysql\" is " RESERVED_D },
}, postgresql_users[] = {
	{ "ann", NULL }, { CYR8 CYR8 CYR8 CYR8, "User name '" CYR8 CYR8 CYR8 CYR8
	    "' is too long. Max length = 63." },
	{ "postgres", "User name \"postgres\" is on the reserved list: "
	    "['os_admin', 'postgres']." },
	{ "root", "User name \"root\" is on the reserved list: "
	    "['os_admin', 'root']." },
};

/* It counts bytes, and cuts off what is too long. */
static void
postgresql_has_rules_of_its_own(void **state)
{
	struct op op;

	(void)state;
	op_begin(&op, "test");
	for (size_t i = 0; i < ROWS(postgresql_databases); i++)
		expect(&op, name_database(&op, "postgresql", "",
		    postgresql_databases[i].name), &postgresql_databases[i]);
	for (size_t i = 0; i < ROWS(postgresql_users); i++)
		expect(&op, name_user(&op, "postgresql", "",
		    postgresql_users[i].name), &postgresql_users[i]);
	assert_int_equal(name_charset(&op, "postgresql", "UTF8", "de_DE.UTF-8"),
	    OK);
	assert_int_equal(name_charset(&op, "postgresql", "UTF8", "x'y"),
	    ERR_BAD_REQUEST);
	op_end(&op);
}

static void
a_refused_password_is_not_repeated(void **state)
{
	static const char *const bad[] = { "secret'1", "secret/1", " secret1",
	    "secret1 ", "secret\\1", "secret\n1", "" };
	struct op op;
	size_t i;

	(void)state;
	op_begin(&op, "test");
	assert_int_equal(name_password(&op, "", "пароль1 !%"), OK);
	for (i = 0; i < ROWS(bad); i++) {
		assert_int_equal(name_password(&op, "X: ", bad[i]),
		    ERR_BAD_REQUEST);
		assert_null(strstr(op.why, "secret"));
	}
	op_end(&op);
}

static void
character_sets_and_collations_belong_together(void **state)
{
	static const struct { const char *set, *collation, *text; } table[] = {
		{ NULL, NULL, NULL }, { "utf8", "utf8_general_ci", NULL },
		{ "utf8mb4", NULL, NULL }, { NULL, "utf8mb4_unicode_ci", NULL },
		{ "utf8mb4", "utf8mb4_bin", NULL }, { "binary", "binary", NULL },
		{ NULL, "latin1_german1_ci", NULL },
		{ "bad", NULL, "'bad' not a valid character set." },
		{ "", NULL, "'' not a valid character set." },
		{ "utf", NULL, "'utf' not a valid character set." },
		{ NULL, "bad", "'bad' not a valid collation." },
		{ NULL, "utf8_", "'utf8_' not a valid collation." },
		{ NULL, "latin1_thai_ci",
		    "'latin1_thai_ci' not a valid collation." },
		{ "utf8", "latin1_bin",
		    "latin1_bin not a valid collation for charset utf8." },
	};
	struct op op;
	size_t i;
	enum err e;

	(void)state;
	op_begin(&op, "test");
	for (i = 0; i < ROWS(table); i++) {
		e = name_charset(&op, "mysql", table[i].set, table[i].collation);
		if (table[i].text == NULL)
			assert_int_equal(e, OK);
		else
			assert_string_equal(op.why, table[i].text);
	}
	op_end(&op);
}

/* 2300 databases; one user with all of them, one with one that is not there. */
static struct op many_op;
static struct text many;

static void
many_spell(void)
{
	text_begin(&many, &many_op, 200000);
	text_add(&many, "{\"d\":[{\"name\":\"aa\"}");
	for (int i = 0; i < 2300; i++)
		text_printf(&many, ",{\"name\":\"d%d\"}", i);
	text_add(&many, "],\"u\":[{\"name\":\"u\",\"databases\":[");
	for (int i = 2300; i > 0; i--)
		text_printf(&many, "{\"name\":\"d%d\"},", i - 1);
	text_add(&many, "{\"name\":\"aa\"}]}],\"v\":[{\"name\":\"v\","
	    "\"databases\":[{\"name\":\"ab\"}]}]}");
}

static void
many_read(void)
{
	const struct json *body;
	struct op op;

	op_begin(&op, "test");
	assert_int_equal(json_parse(&op, many.s, many.len, &body), OK);
	op_end(&op);
}

static void
many_checked(void)
{
	const struct json *body;
	struct op op;

	op_begin(&op, "test");
	assert_int_equal(json_parse(&op, many.s, many.len, &body), OK);
	assert_int_equal(users_subset_check(&op, json_get(body, "u"),
	    json_get(body, "d")), OK);
	assert_int_equal(users_subset_check(&op, json_get(body, "v"),
	    json_get(body, "d")), ERR_BAD_REQUEST);
	assert_non_null(strstr(op.why, "user v should have access to "
	    "database ab"));
	op_end(&op);
}

/* Reading and checking: 1.5 x reading alone where names are sorted. */
static void
users_have_databases_of_the_same_request_only(void **state)
{
	(void)state;
	op_begin(&many_op, "test");
	many_spell();
	assert_true(cost(many_checked) < 4 * cost(many_read));
	op_end(&many_op);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_taken_and_refused_as_the_contract_says),
		cmocka_unit_test(each_engine_has_its_own_lengths),
		cmocka_unit_test(postgresql_has_rules_of_its_own),
		cmocka_unit_test(redis_knows_users_by_their_names_alone),
		cmocka_unit_test(a_refused_password_is_not_repeated),
		cmocka_unit_test(character_sets_and_collations_belong_together),
		cmocka_unit_test(
		    stock_habits_know_no_users_of_engines_the_reference_refuses),
		cmocka_unit_test(users_have_databases_of_the_same_request_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
