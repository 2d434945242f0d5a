#include "t/unit/test.h"
#include "agent/names.h"
#include "lib/base/conf.h"

#include <string.h>

#define X8 "xxxxxxxx"
#define X63 X8 X8 X8 X8 X8 X8 X8 "xxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8

static const struct row {
	enum err (*rule)(struct op *, const char *);
	const char *s;
	bool fits;
} rows[] = {
	{ names_database, "app", true }, { names_database, "a1", true },
	{ names_database, "a-b_c", true }, { names_database, "a b", true },
	{ names_database, "a?#@b", true }, { names_database, X64, true },
	{ names_database, NULL, false }, { names_database, "", false },
	{ names_database, "a", false }, { names_database, X64 "x", false },
	{ names_database, " ab", false }, { names_database, "ab ", false },
	{ names_database, "a`b", false }, { names_database, "a'b", false },
	{ names_database, "a/b", false }, { names_database, "../b", false },
	{ names_database, "a\nb", false }, { names_database, "a b c", false },
	{ names_database, "mysql", false }, { names_database, "MySQL", true },
	{ names_database, "SYS", true }, { names_grant, "a", true },
	{ names_grant, "`", false }, { names_grant, "mysql", false },
	{ names_database, "Information_Schema", false },
	{ names_database, "sys", false }, { names_database, "lost+found", false },
	{ names_user, "ann", true }, { names_user, "имя", true },
	{ names_user, "a b", true }, { names_user, "a@b", true },
	{ names_user, X64 X8 X8, true }, { names_user, X64 X8 X8 "x", false },
	{ names_user, NULL, false }, { names_user, "", false },
	{ names_user, " a", false }, { names_user, "a ", false },
	{ names_user, "a'b", false }, { names_user, "a\\b", false },
	{ names_user, "a`b", false }, { names_user, "a\x7f", false },
	{ names_user, "a\xc2\x85", false }, { names_user, "a\xff", false },
	{ names_user, "root", false }, { names_user, "os_admin", false },
	{ names_user, "mariadb.sys", false }, { names_user, "PUBLIC", false },
	{ names_host, "%", true }, { names_host, "10.0.0.1", true },
	{ names_host, "10.0.0.%", true }, { names_host, "10.%", true },
	{ names_host, "10.0.0.0/255.255.255.0", true },
	{ names_host, "10.0.0.0/24", true }, { names_host, "::1", true },
	{ names_host, NULL, false }, { names_host, "", false },
	{ names_host, "example.org", false }, { names_host, "10.0.0.1 ", false },
	{ names_host, "10.0.0.1/x", false }, { names_host, "10.0.0.256", false },
	{ names_host, "' or 1", false }, { names_host, X64, false },
	{ names_password, "s3cret!", true }, { names_password, "p w", true },
	{ names_password, "", false }, { names_password, NULL, false },
	{ names_password, "a'b", false }, { names_password, "a\"b", false },
	{ names_password, "a\nb", false }, { names_password, "a;b", false },
	{ names_charset, "utf8mb4", true }, { names_charset, "utf8mb4_bin", true },
	{ names_charset, "", false }, { names_charset, "utf8 ", false },
	{ names_charset, "x'y", false }, { names_charset, X64 "x", false },
	{ names_setting, "sql_mode", true }, { names_setting, "aof-load", true },
	{ names_setting, "pg.x", true }, { names_setting, X64 X64, true },
	{ names_setting, NULL, false }, { names_setting, "", false },
	{ names_setting, "-x", false }, { names_setting, "a b", false },
	{ names_setting, "a=b", false }, { names_setting, "a\nb", false },
	{ names_setting, "[x]", false }, { names_setting, X64 X64 "x", false },
	{ names_setting_value, "", true }, { names_setting_value, "a'b#", true },
	{ names_setting_value, "имя", true }, { names_setting_value, NULL, false },
	{ names_setting_value, "a\nb", false }, { names_setting_value, "\x7f", false },
	{ names_setting_value, "a\tb", false }, { names_setting_value, "\xff", false },
};

static const struct row postgresqls[] = {
	{ names_database, "app", true }, { names_database, "a.b c", true },
	{ names_database, "mysql", true }, { names_database, "Postgres", true },
	{ names_database, "имя", true }, { names_database, "a", false },
	{ names_database, "ab ", false }, { names_database, "a\nb", false },
	{ names_database, "\xf0\x9f\x90\x98" "ab", false },
	{ names_database, X63, true }, { names_database, X63 "x", false },
	{ names_database, X63 "я", false }, { names_database, "postgres", false },
	{ names_database, "template0", false },
	{ names_database, "template1", false },
	{ names_database, "os_admin", false },
	{ names_user, "ann", true }, { names_user, "mysql", true },
	{ names_user, X63, true }, { names_user, X63 "x", false },
	{ names_user, "яяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяя", false },
	{ names_user, "postgres", false }, { names_user, "os_admin", false },
	{ names_user, "root", false }, { names_user, "pg_monitor", false },
	{ names_user, "os_access_0", false }, { names_user, "public", false },
	{ names_user, "none", false },
	{ names_charset, "UTF8", true }, { names_charset, "de_DE.UTF-8", true },
	{ names_charset, "de_DE@euro", true }, { names_charset, "x'y", false },
};

static void
check(const char *engine, const struct row *row, size_t n)
{
	struct op op;

	op_begin(&op, "test");
	assert_int_equal(conf_set(&op, "agent", "engine", engine), OK);
	for (size_t i = 0; i < n; i++)
		if ((row[i].rule(&op, row[i].s) == OK) != row[i].fits)
			fail_msg("%s, row %zu: %s", engine, i, row[i].s);
	op_end(&op);
}

static void
each_rule_takes_and_refuses_what_it_should(void **state)
{
	(void)state;
	check("mariadb", rows, ROWS(rows));
}

static void
postgresql_has_rules_of_its_own(void **state)
{
	(void)state;
	check("postgresql", postgresqls, ROWS(postgresqls));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_takes_and_refuses_what_it_should),
		cmocka_unit_test(postgresql_has_rules_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
