#include "t/unit/test.h"
#include "t/unit/api_fixture.h"

#include "fcgi/route.h"
#include "fcgi/shared.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T "/v1.0/" PROJECT

static int
empty_buckets(void **state)
{
	(void)state;
	memset(shared_memory()->bucket, 0, sizeof(shared_memory()->bucket));
	return 0;
}

static const char *
member(void)
{
	return token_for(PROJECT, "member");
}

/* The fault's name, code and text; fails unless the body holds just that. */
static void
expect_fault(int status, const char *name, const char *message)
{
	const struct json *j = answer_json(), *fault = json_get(j, name);

	if (fault == NULL)
		fail_msg("%s is no %s", answer(), name);
	assert_int_equal(json_count(j), 1);
	assert_int_equal(json_int(json_get(fault, "code")), status);
	if (message != NULL)
		assert_string_equal(json_str(json_get(fault, "message")),
		    message);
}

static void
nobody_learns_which_paths_exist(void **state)
{
	static const char *const paths[] = {
		T "/instances", T "/nothing", "/v1.0/x", "/v1.0/x/y/z",
		T "//instances", T "/instances/%00", "/v1.0/%ff/instances",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(paths); i++) {
		assert_int_equal(ask_status(GET, paths[i], NULL, NULL), 401);
		expect_fault(401, "error",
		    "The request you have made requires authentication.");
		assert_string_equal(answer_header("WWW-Authenticate"),
		    "Keystone uri=\"http://api.example:8779/v3\"");
	}
	assert_int_equal(ask_status(GET, "/nothing", NULL, NULL), 404);
	assert_int_equal(ask_status(GET, "", NULL, NULL), 404);
	assert_int_equal(ask_status(GET, "*", NULL, NULL), 404);
}

static void
unknown_paths_and_methods_are_not_found(void **state)
{
	(void)state;
	assert_int_equal(ask_status(GET, T "/nothing", member(), NULL), 404);
	expect_fault(404, "itemNotFound", "The resource could not be found.");
	assert_int_equal(ask_status(HEAD, T "/instances", member(), NULL),
	    404);
	assert_int_equal(ask_status(METHOD_OTHER, T "/instances", member(),
	    NULL), 404);
	assert_int_equal(ask_status(GET, T "/instances/", member(), NULL),
	    404);
	assert_int_equal(ask_status(GET, T "//instances", member(), NULL),
	    404);
}

static void
a_token_opens_only_its_own_projects_paths(void **state)
{
	(void)state;
	assert_int_equal(ask_status(GET, "/v1.0/" OTHER_PROJECT "/limits", member(),
	    NULL), 403);
	expect_fault(403, "forbidden", "User with tenant id " PROJECT
	    " cannot access this resource.");
	assert_int_equal(ask_status(GET, "/v1.0/" OTHER_PROJECT "/limits",
	    token_for(PROJECT, "admin"), NULL), 403);
	assert_int_equal(ask_status(GET, T "/limits", token_for(NULL, ""),
	    NULL), 403);
	assert_int_equal(ask_status(GET, "/v1.0/x", member(), NULL), 403);
}

static void
versions_are_shown_to_anybody(void **state)
{
	(void)state;
	assert_int_equal(ask_status(GET, "/", NULL, NULL), 200);
	assert_string_equal(answer(), "{\"versions\":[{\"id\":\"v1.0\","
	    "\"status\":\"CURRENT\",\"updated\":\"2012-08-01T00:00:00Z\","
	    "\"links\":[{\"rel\":\"self\","
	    "\"href\":\"http://api.example:8779/v1.0/\"}]}]}");
	assert_int_equal(ask_status(GET, "/v1.0/", NULL, NULL), 200);
	assert_string_equal(answer_str("version/id"), "v1.0");
	assert_int_equal(ask_status(GET, "/v1.0", NULL, NULL), 200);
	assert_int_equal(ask_status(GET, "/v3", NULL, NULL), 200);
	assert_string_equal(answer_str("version/status"), "stable");
}

static void
extensions_are_the_references_and_ours(void **state)
{
	(void)state;
	assert_int_equal(ask_status(GET, T "/extensions", member(), NULL),
	    200);
	assert_int_equal(json_count(json_get(answer_json(), "extensions")), 8);
	ask(GET, T "/extensions/MYSQL", member(), NULL);
	assert_string_equal(answer_str("extension/name"), "Mysql");
	assert_int_equal(ask_status(GET, T "/extensions/mysql", member(),
	    NULL), 404);
}

static void
a_host_that_is_none_gets_into_no_link(void **state)
{
	struct request *r;

	(void)state;
	r = ask(GET, "/", NULL, NULL);
	r->host = "evil\"},{\"x\":\"";
	request_serve(r);
	assert_null(strstr(answer(), "evil"));
}

/* --- bodies ---------------------------------------------------------------------- */

static int
login_status(const char *type, const char *json)
{
	struct request *r = ask(POST, "/v3/auth/tokens", NULL, json);

	r->content_type = type;
	r->body = NULL;
	request_serve(r);
	return r->status;
}

static void
a_body_must_be_json_and_say_so(void **state)
{
	static const char *const broken[] = {
		"{", "}", "{\"auth\":}", "[1,]", "{}x", "\xff", "{\"a\":1,\"a\":2}",
		"nul", "\"", "{\"auth\":\"\\ud800\"}", "{\"auth\":1e999}",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(broken); i++) {
		assert_int_equal(login_status("application/json", broken[i]),
		    400);
		assert_string_equal(answer_str("error/message"),
		    "Malformed request body");
	}
	assert_int_equal(login_status("application/xml", "<auth/>"), 415);
	assert_string_equal(answer_str("error/message"),
	    "Unsupported Content-Type");
	assert_int_equal(login_status("application/jsonp", "{}"), 415);
	assert_int_equal(login_status("application/json; charset=utf-8",
	    "{}"), 400);
	assert_string_equal(answer_str("error/message"),
	    "Validation error: 'auth' is a required property");
	assert_int_equal(login_status(NULL, "{\"auth\":{}}"), 400);
	assert_string_equal(answer_str("error/message"),
	    "Validation error: 'auth' is a required property");
}

static void
a_body_that_is_not_wanted_is_not_looked_at(void **state)
{
	(void)state;
	assert_int_equal(ask_status(GET, T "/extensions", member(), "{{{"),
	    200);
}

static void
a_body_too_large_is_refused_unread(void **state)
{
	struct request *r = ask(POST, "/v3/auth/tokens", NULL, NULL);

	(void)state;
	r->raw_too_large = true;
	request_serve(r);
	assert_int_equal(r->status, 413);
}

/* --- queries ---------------------------------------------------------------------- */

static void
a_query_that_does_not_decode_is_refused(void **state)
{
	static const char *const bad[] = {
		"?limit=%", "?%zz=1", "?a=%ff", "?a=%00", "?limit=%c0%af",
	};
	char uri[2000] = T "/extensions?";

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		snprintf(uri, sizeof(uri), T "/extensions%s", bad[i]);
		assert_int_equal(ask_status(GET, uri, member(), NULL), 400);
		expect_fault(400, "badRequest",
		    "The query is not properly encoded.");
	}
	strcpy(uri, T "/extensions?");
	for (int i = 0; i < 65; i++)
		strcat(uri, "a=b&");
	assert_int_equal(ask_status(GET, uri, member(), NULL), 400);
}

/* The request's op ends with the next: what goes into that one is kept here. */
static const char *
kept(const char *s)
{
	static char buf[1000];

	snprintf(buf, sizeof(buf), "%s", s);
	return buf;
}

static struct request *
paged(const char *q)
{
	static char uri[2000];

	snprintf(uri, sizeof(uri), T "/extensions?%s", q);
	return ask(GET, uri, member(), NULL);
}

static void
pages_are_at_most_as_long_as_the_setting(void **state)
{
	static const struct { const char *query; int limit; } good[] = {
		{ "", 20 }, { "limit=5", 5 }, { "limit=20", 20 },
		{ "limit=21", 20 }, { "limit=9223372036854775807", 20 },
		{ "limit=", 20 },
	};
	static const char *const bad[] = {
		"limit=0", "limit=-1", "limit=x", "limit=1.5", "limit=+1",
		"limit=99999999999999999999", "limit=0x10",
	};
	struct page p;

	(void)state;
	for (size_t i = 0; i < ROWS(good); i++) {
		assert_int_equal(page_of(paged(good[i].query), &p), OK);
		assert_int_equal(p.limit, good[i].limit);
		assert_null(p.marker);
	}
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_int_equal(page_of(paged(bad[i]), &p), ERR_BAD_REQUEST);
}

/* What a client makes of the link: it decodes once, or follows it as it is. */
static void
markers_survive_both_kinds_of_clients(void **state)
{
	static const char *const markers[] = {
		"joe@%", "joe@10.0.0.%", "a b&c=d", "\xc3\xa9@%", "plain",
	};
	struct request *r;
	struct page p;

	(void)state;
	for (size_t i = 0; i < ROWS(markers); i++) {
		const char *m = markers[i], *once, *href;

		r = paged("limit=3&marker=old&x=%26y");
		jsonw_map(reply_json(r, 200));
		page_links(r, "users", m);
		jsonw_map_end(&r->out);
		href = json_str(json_get(json_at(json_get(answer_json(),
		    "users_links"), 0), "href"));
		assert_non_null(href);
		assert_string_equal(href, json_str(json_get(json_at(json_get(
		    answer_json(), "links"), 0), "href")));
		assert_int_equal(strncmp(href, "https://api.example:8779"
		    T "/extensions?limit=3&x=%26y&marker=", 24), 0);
		assert_null(strstr(href, "old"));
		r = paged(kept(strstr(href, "marker=")));
		assert_int_equal(page_of(r, &p), OK);
		assert_string_equal(p.marker, m);
		once = text_unescape(&r->op, r->query, strlen(r->query));
		assert_int_equal(page_of(paged(kept(once)), &p), OK);
		assert_string_equal(p.marker, m);
	}
}

static void
links_are_the_contracts(void **state)
{
	struct request *r = paged("");

	(void)state;
	jsonw_map(reply_json(r, 200));
	jsonw_kstr(&r->out, "id", "1");
	view_links(r, "instances", "0-a");
	view_links(r, "flavors", "\"/x");
	jsonw_kstr(&r->out, "end", "1");
	jsonw_map_end(&r->out);
	assert_string_equal(answer(), "{\"id\":\"1\",\"links\":[{\"href\":"
	    "\"https://api.example:8779" T "/instances/0-a\",\"rel\":\"self\"},"
	    "{\"href\":\"https://api.example:8779/instances/0-a\",\"rel\":"
	    "\"bookmark\"}],\"links\":[{\"href\":\"https://api.example:8779" T
	    "/flavors/%22%2Fx\",\"rel\":\"self\"},{\"href\":"
	    "\"https://api.example:8779/flavors/%22%2Fx\",\"rel\":"
	    "\"bookmark\"}],\"end\":\"1\"}");
}

/* --- errors ----------------------------------------------------------------------- */

static void
every_error_becomes_one_fault(void **state)
{
	(void)state;
	for (int e = OK + 1; e < ERR__MAX; e++) {
		struct request *r = paged("");

		r->retry_after = 7;
		op_fail(&r->op, (enum err)e, "pq: password=hunter2");
		reply_error(r, (enum err)e);
		assert_int_equal(r->status, err_status((enum err)e));
		expect_fault(r->status, err_fault((enum err)e), NULL);
		if (r->status >= 500 && e != ERR_NOT_BUILT)
			assert_null(strstr(answer(), "hunter2"));
		else
			assert_non_null(strstr(answer(), "hunter2"));
	}
}

static void
an_unexpected_failure_shows_an_id_and_nothing_else(void **state)
{
	struct request *r = paged("");

	(void)state;
	op_fail(&r->op, ERR_INTERNAL, "secret");
	reply_error(r, ERR_INTERNAL);
	assert_int_equal(strncmp(answer_str("instanceFault/message"),
	    "Internal Server Error. Please keep this ID to help us figure "
	    "out what went wrong: (", 82), 0);
}

static void
who_is_told_to_come_back_is_told_when(void **state)
{
	struct request *r = ask(GET, T "/limits", member(), NULL);

	(void)state;
	assert_int_equal(r->status, 503);	/* there is no PostgreSQL here */
	assert_string_equal(answer_header("Retry-After"), "1");
	expect_fault(503, "serviceUnavailable", NULL);
	assert_int_equal(ask_status(GET, "/healthcheck", NULL, NULL), 503);
}

static void
too_many_requests_get_the_contracts_answer(void **state)
{
	struct request *r = NULL;

	(void)state;
	for (int i = 0; i < 201; i++)
		r = ask(GET, T "/extensions", member(), NULL);
	assert_int_equal(r->status, 413);
	assert_string_equal(answer(), "{\"overLimit\":{\"code\":413,"
	    "\"message\":\"This request was rate-limited.\",\"details\":\"Only "
	    "200 GET request(s) can be made to * every minute.\","
	    "\"retryAfter\":\"1\"}}");
	assert_string_equal(answer_header("Retry-After"), "1");
	assert_int_equal(ask_status(PATCH, T "/nothing", member(), NULL),
	    404);
	clock_shift(60000);
	assert_int_equal(ask_status(GET, T "/extensions", member(), NULL),
	    200);
}

/* --- every route, everybody ------------------------------------------------------ */

/* The path with something for each {name}; an id that is nobody's. */
static const char *
path_of(const struct route *t)
{
	static char path[500];
	char *to = path;

	for (const char *p = t->path; *p != '\0'; p++) {
		if (*p != '{') {
			*to++ = *p;
			continue;
		}
		to += sprintf(to, "%s", strncmp(p, "{tenant}", 8) == 0 ?
		    PROJECT : strncmp(p, "{account}", 9) == 0 ? "AUTH_" PROJECT
		    : "01234567-89ab-cdef-0123-456789abcdef");
		p += strcspn(p, "}");
	}
	*to = '\0';
	return path;
}

static int
status_for(const struct route *t, const char *token)
{
	struct request *r;

	empty_buckets(NULL);
	r = ask(t->method, path_of(t), token, t->method == GET ? NULL : "{}");
	assert_in_range(r->status, 200, 503);
	if (r->status >= 400 && strstr(t->path, "/v3") == NULL)
		assert_int_equal(json_count(answer_json()), 1);
	return r->status;
}

static void
nobody_gets_past_a_route_that_wants_a_token(void **state)
{
	(void)state;
	for (const struct route *t = routes; t->method != 0; t++)
		if ((status_for(t, NULL) == 401) != (t->who != ANYONE) &&
		    strcmp(t->path, "/v3/auth/tokens") != 0)
			fail_msg("%s", t->path);
	for (const struct route *t = routes; t->method != 0; t++)
		if (t->who != ANYONE)
			assert_int_equal(status_for(t, "no such token"),
			    503);	/* nobody can be asked about it */
}

static void
another_project_gets_past_no_route_of_this_one(void **state)
{
	(void)state;
	for (const struct route *t = routes; t->method != 0; t++)
		if (strstr(t->path, "{tenant}") != NULL)
			assert_int_equal(status_for(t, token_for(OTHER_PROJECT,
			    "admin member reader")), 403);
}

static void
a_reader_reads_and_no_more(void **state)
{
	(void)state;
	for (const struct route *t = routes; t->method != 0; t++) {
		int status = status_for(t, token_for(PROJECT, "reader"));

		if (strstr(t->path, "{tenant}") == NULL)
			continue;
		if (t->who == MGMT)	/* its body was looked at first */
			assert_true(status == 401 ||
			    (status == 400 && t->body != NULL));
		else if (t->who == ADMIN ||
		    (t->who == OWNER && t->method != GET))
			assert_int_equal(status, 403);
		else if (status == 401)
			fail_msg("%s", t->path);
	}
}

static void
a_member_does_all_but_what_is_an_admins(void **state)
{
	(void)state;
	for (const struct route *t = routes; t->method != 0; t++) {
		int status = status_for(t, member());

		if (strstr(t->path, "{tenant}") == NULL)
			continue;
		if (t->who == MGMT) {
			assert_true(status == 401 ||
			    (status == 400 && t->body != NULL));
			if (status == 401)
				expect_fault(401, "unauthorized", "User does "
				    "not have admin privileges.");
		} else if (t->who == ADMIN) {
			assert_int_equal(status, 403);
			assert_non_null(strstr(answer(), t->rule));
		} else if (status == 401)
			fail_msg("%s", t->path);
	}
}

static void
an_admin_is_refused_nothing(void **state)
{
	(void)state;
	for (const struct route *t = routes; t->method != 0; t++) {
		int status = status_for(t, token_for(PROJECT, "admin"));

		if (strstr(t->path, "{tenant}") != NULL &&
		    (status == 401 || status == 403))
			fail_msg("%s: %d", t->path, status);
	}
}

static void
what_is_not_built_says_so(void **state)
{
	(void)state;
	for (const struct route *t = routes; t->method != 0; t++)
		if (t->handler == NULL) {
			assert_int_equal(status_for(t, token_for(PROJECT,
			    "admin")), 501);
			expect_fault(501, "notImplemented", NULL);
		}
}

static void
the_main_pool_asks_no_guest(void **state)
{
	(void)state;
	for (const struct route *t = routes; t->method != 0; t++) {
		struct request *r;

		if (t->pool == MAIN)
			continue;
		r = ask(GET, "/", NULL, NULL);
		r->pool = MAIN;
		r->method = t->method;
		r->uri = path_of(t);
		r->token = token_for(PROJECT, "admin");
		request_serve(r);
		assert_int_equal(r->status, 500);
		empty_buckets(NULL);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, empty_buckets)
	static const struct CMUnitTest tests[] = {
		TEST(nobody_learns_which_paths_exist),
		TEST(unknown_paths_and_methods_are_not_found),
		TEST(a_token_opens_only_its_own_projects_paths),
		TEST(versions_are_shown_to_anybody),
		TEST(extensions_are_the_references_and_ours),
		TEST(a_host_that_is_none_gets_into_no_link),
		TEST(a_body_must_be_json_and_say_so),
		TEST(a_body_that_is_not_wanted_is_not_looked_at),
		TEST(a_body_too_large_is_refused_unread),
		TEST(a_query_that_does_not_decode_is_refused),
		TEST(pages_are_at_most_as_long_as_the_setting),
		TEST(markers_survive_both_kinds_of_clients),
		TEST(links_are_the_contracts),
		TEST(every_error_becomes_one_fault),
		TEST(an_unexpected_failure_shows_an_id_and_nothing_else),
		TEST(who_is_told_to_come_back_is_told_when),
		TEST(too_many_requests_get_the_contracts_answer),
		TEST(nobody_gets_past_a_route_that_wants_a_token),
		TEST(another_project_gets_past_no_route_of_this_one),
		TEST(a_reader_reads_and_no_more),
		TEST(a_member_does_all_but_what_is_an_admins),
		TEST(an_admin_is_refused_nothing),
		TEST(what_is_not_built_says_so),
		TEST(the_main_pool_asks_no_guest),
	};

	return cmocka_run_group_tests_name("serve", tests, api_fixture_start,
	    NULL);
}
