#include "t/unit/test.h"

#include "fcgi/route.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct request r;
static struct op kept;		/* for what outlives a request */

static enum err
route(enum method m, const char *uri)
{
	op_end(&r.op);
	memset(&r, 0, sizeof(r));
	op_begin(&r.op, "test");
	r.method = m;
	r.uri = uri;
	return route_request(&r);
}

static const char *
data(const char *path)
{
	const char *top = getenv("top_srcdir");

	return op_printf(&kept, "%s/%s", top != NULL ? top : ".", path);
}

static void
a_path_that_nobody_should_write_leads_nowhere(void **state)
{
	static const char *const tricks[] = {
		"", "*", "v1.0/t/instances", "//", "/v1.0//", "/v1.0/t",
		"/v1.0/t/", "/v1.0//instances", "/v1.0/t//instances",
		"/v1.0/t/instances/", "/v1.0/t/instances//", "/v1.0/t/instances/i/",
		"/v1.0/t/./instances", "/v1.0/t/instances/..",
		"/v1.0/t/instances/%2e%2e", "/v1.0/t/instances/%2E",
		"/v1.0/t/instances/i/../../q/instances",
		"/v1.0/t/instances/a%2fb", "/v1.0/t/instances/%2F",
		"/v1.0/t%2finstances", "/v1.0/t/instances/i/users/a%2Fb",
		"/v1.0/t/instances/i/databases/..%2f..%2fq",
		"/v1.0/t/instances/%00", "/v1.0/t/instances/a%00b",
		"/v1.0/t/instances/%", "/v1.0/t/instances/%4",
		"/v1.0/t/instances/%zz", "/v1.0/t/instances/%ff",
		"/v1.0/t/instances/%c0%af", "/v1.0/t/instances/%ed%a0%80",
		"/v1.0/t/instance", "/v1.0/t/instancesx", "/V1.0/t/instances",
		"/v1.0/t/Instances", "/v1.0/t/instances/i/action/x",
		"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", "/v1.0/t/instances%3Fx",
		"/v3//auth/tokens", "/v3/auth/tokens/", "/healthcheck/",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(tricks); i++)
		if (route(GET, tricks[i]) != ERR_NOT_FOUND || r.route != NULL)
			fail_msg("%s was found", tricks[i]);
}

static void
names_in_a_path_are_decoded_once(void **state)
{
	(void)state;
	assert_int_equal(route(GET,
	    "/v1.0/t/instances/%69d/users/a%2540%252e%25/databases"), OK);
	assert_string_equal(r.arg[0], "t");
	assert_string_equal(r.arg[1], "id");
	assert_string_equal(r.arg[2], "a%40%2e%");
	assert_string_equal(r.tenant, "t");
	assert_int_equal(route(GET, "/v1.0/t/%69nstances?a=b?c"), OK);
	assert_string_equal(r.query, "a=b?c");
	assert_string_equal(r.path, "/v1.0/t/%69nstances");
}

static void
a_query_belongs_to_no_segment(void **state)
{
	(void)state;
	assert_int_equal(route(GET, "/v1.0/t/instances?x=/../../v1.0/q"), OK);
	assert_string_equal(r.tenant, "t");
	assert_int_equal(route(GET, "/?"), OK);
	assert_string_equal(r.query, "");
}

static void
only_the_methods_of_a_path_lead_to_it(void **state)
{
	(void)state;
	assert_int_equal(route(PATCH, "/v1.0/t/flavors"), ERR_NOT_FOUND);
	assert_int_equal(route(HEAD, "/v1.0/t/flavors"), ERR_NOT_FOUND);
	assert_int_equal(route(METHOD_OTHER, "/v1.0/t/flavors"),
	    ERR_NOT_FOUND);
	assert_int_equal(route(HEAD, "/v3/auth/tokens"), OK);
	assert_int_equal(method_find("get"), METHOD_OTHER);
	assert_int_equal(method_find("PATCH"), PATCH);
	assert_int_equal(method_find(""), METHOD_OTHER);
}

/* NULL: nowhere; else its last argument. */
static const char *
short_of(enum method m, const char *path)
{
	if (route(m, op_printf(&kept, "/v1.0/t/%s?x=y.json", path)) != OK)
		return NULL;
	for (int i = ARGS_MAX - 1; ; i--)
		if (r.arg[i] != NULL)
			return r.arg[i];
}

static void
a_form_is_cut_off_where_the_resource_has_one(void **state)
{
	static const struct { enum method m; const char *path, *arg; } rows[] = {
		{ GET, "datastores.xml", "t" }, { GET, "datastores.json", "t" },
		{ GET, "datastores/mysql.xml", "mysql" },
		{ GET, "datastores/5.7", "5.7" },
		{ GET, "instances/i/databases.xml", "i" },
		{ POST, "instances/i/users.json", "i" },
		{ GET, "instances/i/root.xml", "i" },
		{ GET, "instances/i/users/u.xml", "u" },
		{ GET, "instances/i/users/u.xml.json", "u.xml" },
		{ GET, "instances/i/users/u.ted", "u.ted" },
		{ GET, "instances/i/users/u%2exml", "u.xml" },
		{ GET, "instances/i/users/u.XML", "u.XML" },
		{ GET, "instances/i/users/u/databases.xml", "u" },
		{ DELETE, "instances/i/users/u.xml", "u.xml" },
		{ DELETE, "instances/i/databases/shop.json", "shop.json" },
		{ PUT, "instances/i/users/u.json", "u.json" },
		{ DELETE, "security-group-rules/r.xml", "r" },
		{ GET, "mgmt/instances.xml", "t" },
		{ GET, "mgmt/instances/i.xml", "i" },
		{ GET, "mgmt/hosts/h.json/", NULL },
		{ GET, "instances.xml", NULL }, { GET, "flavors.json", NULL },
		{ GET, "flavors/1.xml", "1.xml" }, { GET, "limits.xml", NULL },
		{ GET, "backups.xml", NULL }, { GET, "configurations.xml", NULL },
		{ GET, "datastores/d/versions.xml", NULL },
		{ GET, "datastores/..xml", "..xml" },
		{ GET, "datastores/...xml", "...xml" },
		{ GET, "datastores/.xml", ".xml" },
		{ GET, "datastores.xml.xml", NULL }, { GET, ".xml", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *arg = short_of(rows[i].m, rows[i].path);

		if ((arg == NULL) != (rows[i].arg == NULL) ||
		    (arg != NULL && strcmp(arg, rows[i].arg) != 0))
			fail_msg("%s: %s", rows[i].path, arg);
	}
	assert_int_equal(route(GET, "/.xml"), ERR_NOT_FOUND);
}

static void
the_tenant_is_known_even_without_a_route(void **state)
{
	(void)state;
	assert_int_equal(route(GET, "/v1.0/t/nothing/here"), ERR_NOT_FOUND);
	assert_string_equal(r.tenant, "t");
	assert_int_equal(route(GET, "/v3/t"), ERR_NOT_FOUND);
	assert_null(r.tenant);
}

static void
a_literal_is_preferred_to_a_name(void **state)
{
	(void)state;
	route(GET, "/v1.0/t/instances/detail");
	assert_string_equal(r.route->path, "/v1.0/{tenant}/instances/detail");
	route(GET, "/v1.0/t/datastores/versions/versions");
	assert_null(strstr(r.route->path, "{datastore}"));
	route(GET, "/v1.0/t/datastores/mysql/versions");
	assert_non_null(strstr(r.route->path, "{datastore}"));
}

/* "/a/{x}/b" and "/a/{y}/b" are the same path. */
static const char *
nameless(const char *path)
{
	char *s = op_strdup(&kept, path), *to = s;

	for (; *path != '\0'; path++) {
		*to++ = *path;
		if (*path == '{') {
			path += strcspn(path, "}");
			*to++ = '}';
		}
	}
	*to = '\0';
	return s;
}

static void
every_route_is_listed_once(void **state)
{
	(void)state;
	for (const struct route *a = routes; a->method != 0; a++)
		for (const struct route *b = routes; b < a; b++)
			if (a->method == b->method && strcmp(nameless(a->path),
			    nameless(b->path)) == 0)
				fail_msg("%s twice", a->path);
}

static void
every_route_can_be_reached(void **state)
{
	(void)state;
	for (const struct route *t = routes; t->method != 0; t++) {
		const char *path = nameless(t->path);

		assert_int_equal(route(t->method, path), OK);
		if (r.route != t)
			fail_msg("%s leads to %s", t->path, r.route->path);
	}
}

static bool
listed(enum method m, const char *path)
{
	for (const struct route *t = routes; t->method != 0; t++)
		if (t->method == m && strcmp(nameless(t->path),
		    nameless(path)) == 0)
			return true;
	return false;
}

static void
every_route_of_the_contract_is_there(void **state)
{
	FILE *f = fopen(data("t/data/routes.tsv"), "r");
	char method[16], path[200];
	int n = 0;

	(void)state;
	assert_non_null(f);
	while (fscanf(f, "%15s %199s", method, path) == 2) {
		n++;
		if (!listed(method_find(method), path))
			fail_msg("%s %s is missing", method, path);
	}
	fclose(f);
	assert_true(n > 100);
}

static void
a_route_that_may_be_refused_names_its_rule(void **state)
{
	(void)state;
	for (const struct route *t = routes; t->method != 0; t++) {
		assert_in_range(t->who, ANYONE, ACCOUNT);
		if (t->who == OWNER || t->who == ADMIN || t->who == ACCOUNT)
			assert_non_null(t->rule);
		if (strstr(t->path, "{tenant}") != NULL)
			assert_int_not_equal(t->who, ANYONE);
	}
}

/* nginx divides by one pattern what the table divides by a column. */
static void
nginx_sends_to_the_guest_pool_what_the_table_says(void **state)
{
	FILE *f = fopen(data("nginx/coffer.conf.in"), "r");
	char line[1000], *pattern = NULL;
	regex_t re;

	(void)state;
	assert_non_null(f);
	while (pattern == NULL && fgets(line, sizeof(line), f) != NULL)
		if ((pattern = strstr(line, "location ~ ")) != NULL)
			pattern += strlen("location ~ ");
	fclose(f);
	assert_non_null(pattern);
	*strrchr(pattern, '{') = '\0';
	pattern[strlen(pattern) - 1] = '\0';
	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	for (const struct route *t = routes; t->method != 0; t++)
		if ((regexec(&re, t->path, 0, NULL, 0) == 0) !=
		    (t->pool == ASKS_GUEST))
			fail_msg("%s: nginx and the table differ", t->path);
	regfree(&re);
}

/* Where a prefix says it, no pattern is looked at. */
static void
nginx_sends_objects_to_a_pool_of_their_own(void **state)
{
	FILE *f = fopen(data("nginx/coffer.conf.in"), "r");
	bool found = false;
	char line[1000];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		found = found || strstr(line, "location ^~ /v1/AUTH_ {") != NULL;
	fclose(f);
	assert_true(found);
	for (const struct route *t = routes; t->method != 0; t++)
		assert_int_equal(t->pool == STORES,
		    strncmp(t->path, "/v1/{account}", 13) == 0);
}

static void
an_objects_name_may_hold_slashes_and_no_tricks(void **state)
{
	static const char *const bad[] = { "/v1/A/c/a//b", "/v1/A/c//a",
	    "/v1/A/c/a/", "/v1/A/c/../b", "/v1/A/c/a/..", "/v1/A/c/.",
	    "/v1/A/c/a%2fb", "/v1/A/c/a%00", "/v1/A/c/%ff", "/v1//c/a",
	    "/v1/A//a", "/v1/A/%2e%2e/a", "/v1/", "/v1",
	    "/v1/A/c/1/2/3/4/5/6/7/8/9/10" };

	(void)state;
	assert_int_equal(route(GET, "/v1/AUTH_p/logs/i%20d/m-general/log%2B1"),
	    OK);
	assert_string_equal(r.arg[0], "AUTH_p");
	assert_string_equal(r.arg[1], "logs");
	assert_string_equal(r.arg[2], "i d/m-general/log+1");
	assert_int_equal(route(GET, "/v1/AUTH_p/logs/a.xml?x=/y"), OK);
	assert_string_equal(r.arg[2], "a.xml");
	assert_int_equal(route(GET, "/v1/AUTH_p/logs/"), OK);
	assert_null(strstr(r.route->path, "{object}"));
	for (size_t i = 0; i < ROWS(bad); i++)
		if (route(GET, bad[i]) != ERR_NOT_FOUND)
			fail_msg("%s was found", bad[i]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_that_nobody_should_write_leads_nowhere),
		cmocka_unit_test(names_in_a_path_are_decoded_once),
		cmocka_unit_test(a_query_belongs_to_no_segment),
		cmocka_unit_test(only_the_methods_of_a_path_lead_to_it),
		cmocka_unit_test(a_form_is_cut_off_where_the_resource_has_one),
		cmocka_unit_test(the_tenant_is_known_even_without_a_route),
		cmocka_unit_test(a_literal_is_preferred_to_a_name),
		cmocka_unit_test(every_route_is_listed_once),
		cmocka_unit_test(every_route_can_be_reached),
		cmocka_unit_test(every_route_of_the_contract_is_there),
		cmocka_unit_test(a_route_that_may_be_refused_names_its_rule),
		cmocka_unit_test(nginx_sends_to_the_guest_pool_what_the_table_says),
		cmocka_unit_test(nginx_sends_objects_to_a_pool_of_their_own),
		cmocka_unit_test(an_objects_name_may_hold_slashes_and_no_tricks),
	};

	op_begin(&r.op, "test");
	op_begin(&kept, "test");
	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
