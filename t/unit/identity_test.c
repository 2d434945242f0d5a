#include "t/unit/test.h"
#include "t/unit/api_fixture.h"
#include "t/unit/pg_fixture.h"

#include "fcgi/handlers.h"
#include "fcgi/ratelimit.h"
#include "fcgi/shared.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"

#include <stdio.h>
#include <string.h>

static struct op op;

static int
start(void **state)
{
	const char *hash;

	if (pg_fixture_start(state) != 0)
		return -1;
	op_begin(&op, "test");
	/* Without a name in it, so that the API's own role is used. */
	assert_int_equal(conf_set(&op, "pg", "dsn", pg_fixture_dsn()), OK);
	api_fixture_start(state);
	hash = seal_password_hash(&op, "s3cret");
	pg_fixture_sql("INSERT INTO projects (id, name, enabled) VALUES"
	    " ('" PROJECT "', 'demo', true), ('" OTHER_PROJECT "', 'other',"
	    " true), ('p3', 'closed', false)");
	pg_fixture_sql("INSERT INTO users (id, name, password_hash, enabled)"
	    " VALUES ('ua', 'alice', '%s', true), ('ub', 'bob', '%s', false),"
	    " ('ur', 'root', '%s', true)", hash, hash, hash);
	pg_fixture_sql("INSERT INTO assignments VALUES"
	    " ('ua', '" PROJECT "', 'member'), ('ub', '" PROJECT "', 'member'),"
	    " ('ua', 'p3', 'member'), ('ur', '" PROJECT "', 'admin')");
	return 0;
}

static int
fresh(void **state)
{
	(void)state;
	memset(shared_memory()->bucket, 0, sizeof(shared_memory()->bucket));
	memset(shared_memory()->token, 0, sizeof(shared_memory()->token));
	return 0;
}

/* Log in; the token, or NULL. */
static const char *
login(const char *user, const char *scope)
{
	static char body[1000];
	char *token = op_alloc(&op, 100);

	snprintf(body, sizeof(body), "{\"auth\":{\"identity\":{\"methods\":"
	    "[\"password\"],\"password\":{\"user\":%s}}%s%s}}", user,
	    *scope != '\0' ? ",\"scope\":" : "", scope);
	if (ask_status(POST, "/v3/auth/tokens", NULL, body) != 201)
		return NULL;
	snprintf(token, 100, "%s", answer_header("X-Subject-Token"));
	return token;
}

#define ALICE "{\"name\":\"alice\",\"domain\":{\"name\":\"Default\"}," \
	"\"password\":\"s3cret\"}"
#define ROOT "{\"id\":\"ur\",\"password\":\"s3cret\"}"
#define DEMO "{\"project\":{\"name\":\"demo\",\"domain\":{\"id\":\"default\"}}}"

static int
about_status(enum method m, const char *token, const char *subject)
{
	struct request *r = ask(GET, "/", NULL, NULL);

	r->method = m;
	r->uri = "/v3/auth/tokens";
	r->token = token;
	r->subject_token = subject;
	r->has_body = false;
	memset(&r->caller, 0, sizeof(r->caller));
	request_serve(r);
	return r->status;
}

static void
a_user_that_is_not_there_takes_as_long_as_one_that_is(void **state)
{
	const char *hash = seal_password_hash(&op, "x");
	size_t n = (size_t)(strstr(hash, "p=1$") - hash);

	(void)state;
	assert_int_equal(strncmp(hash, identity_no_hash, n + 4), 0);
	assert_int_equal(strlen(hash), strlen(identity_no_hash));
}

static void
a_login_answers_as_keystone_does(void **state)
{
	const char *token = login(ALICE, DEMO);
	const struct json *t, *c;

	(void)state;
	assert_non_null(token);
	assert_int_equal(strlen(token), 64);
	t = json_get(answer_json(), "token");
	assert_string_equal(json_str(json_get(t, "user/id")), "ua");
	assert_string_equal(json_str(json_get(t, "user/name")), "alice");
	assert_string_equal(json_str(json_get(t, "user/domain/id")),
	    "default");
	assert_string_equal(json_str(json_get(t, "project/id")), PROJECT);
	assert_string_equal(json_str(json_get(t, "project/domain/name")),
	    "Default");
	assert_int_equal(json_count(json_get(t, "roles")), 1);
	assert_string_equal(json_str(json_get(json_at(json_get(t, "roles"),
	    0), "name")), "member");
	assert_string_equal(json_str(json_at(json_get(t, "methods"), 0)),
	    "password");
	assert_int_equal(strlen(json_str(json_get(t, "expires_at"))),
	    strlen("2026-01-01T00:00:00.000000Z"));
	c = json_at(json_get(t, "catalog"), 1);
	assert_string_equal(json_str(json_get(c, "type")), "database");
	assert_int_equal(json_count(json_get(c, "endpoints")), 3);
	assert_string_equal(json_str(json_get(json_at(json_get(c,
	    "endpoints"), 0), "url")), "http://api.example:8779/v1.0/" PROJECT);
}

static void
users_and_projects_are_known_by_id_too(void **state)
{
	(void)state;
	assert_non_null(login("{\"id\":\"ua\",\"password\":\"s3cret\"}",
	    "{\"project\":{\"id\":\"" PROJECT "\"}}"));
	assert_non_null(login("{\"name\":\"alice\",\"domain\":{\"id\":"
	    "\"default\"},\"password\":\"s3cret\"}",
	    "{\"project\":{\"id\":\"" PROJECT "\"}}"));
}

static void
whoever_is_refused_learns_no_reason(void **state)
{
	static const struct { const char *user, *scope; } bad[] = {
		{ "{\"name\":\"alice\",\"password\":\"s3cre\"}", DEMO },
		{ "{\"name\":\"alice\",\"password\":\"\"}", DEMO },
		{ "{\"name\":\"nobody\",\"password\":\"s3cret\"}", DEMO },
		{ "{\"id\":\"alice\",\"password\":\"s3cret\"}", DEMO },
		{ "{\"name\":\"bob\",\"password\":\"s3cret\"}", DEMO },
		{ "{\"name\":\"alice\",\"domain\":{\"name\":\"Other\"},"
		    "\"password\":\"s3cret\"}", DEMO },
		{ ALICE, "{\"project\":{\"name\":\"other\"}}" },
		{ ALICE, "{\"project\":{\"name\":\"closed\"}}" },
		{ ALICE, "{\"project\":{\"name\":\"nothing\"}}" },
		{ ALICE, "{\"project\":{\"name\":\"demo\",\"domain\":"
		    "{\"id\":\"x\"}}}" },
		{ ALICE, "{\"domain\":{\"id\":\"default\"}}" },
		{ ALICE, "{\"system\":{\"all\":true}}" },
		{ "{\"name\":\"' OR 1=1 --\",\"password\":\"x\"}", DEMO },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		if (login(bad[i].user, bad[i].scope) != NULL)
			fail_msg("row %zu gets in", i);
		assert_string_equal(answer(), "{\"error\":{\"code\":401,"
		    "\"title\":\"Unauthorized\",\"message\":\"The request you "
		    "have made requires authentication.\"}}");
	}
}

static void
a_login_of_another_form_is_refused(void **state)
{
	static const struct { const char *body; int status; } bad[] = {
		{ "{}", 400 }, { "{\"auth\":{}}", 400 },
		{ "{\"auth\":{\"identity\":{\"methods\":[]}}}", 400 },
		{ "{\"auth\":{\"identity\":{\"methods\":[\"password\"]}}}",
		    401 },
		{ "{\"auth\":{\"identity\":{\"methods\":[\"token\"]}}}", 401 },
		{ "{\"auth\":{\"identity\":{\"methods\":[\"totp\"]}}}", 401 },
		{ "{\"auth\":{\"identity\":{\"methods\":[\"password\","
		    "\"token\"],\"password\":{\"user\":" ROOT "}}}}", 401 },
		{ "{\"auth\":{\"identity\":{\"methods\":[\"password\"],"
		    "\"password\":{\"user\":{\"password\":\"x\"}}}}}", 400 },
		{ "{\"auth\":{\"identity\":{\"methods\":[\"token\"],"
		    "\"token\":{\"id\":\"nonsense\"}}}}", 401 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		if (ask_status(POST, "/v3/auth/tokens", NULL, bad[i].body) !=
		    bad[i].status)
			fail_msg("%s: %s", bad[i].body, answer());
}

static void
an_unscoped_token_is_good_for_identity_only(void **state)
{
	const char *token = login(ALICE, "");

	(void)state;
	assert_non_null(token);
	assert_null(json_get(answer_json(), "token/project"));
	assert_null(json_get(answer_json(), "token/catalog"));
	assert_int_equal(ask_status(GET, "/v3/auth/projects", token, NULL),
	    200);
	assert_int_equal(json_count(json_get(answer_json(), "projects")), 1);
	assert_int_equal(ask_status(GET, "/v1.0/" PROJECT "/extensions", token,
	    NULL), 403);
	assert_int_equal(ask_status(GET, "/v3/auth/catalog", token, NULL),
	    403);
}

static void
a_token_can_be_exchanged_and_lives_no_longer_for_it(void **state)
{
	const char *first = login(ALICE, ""), *second;
	char body[500];

	(void)state;
	pg_fixture_sql("UPDATE tokens SET expires = now() + '10 s'"
	    " WHERE user_id = 'ua'");
	snprintf(body, sizeof(body), "{\"auth\":{\"identity\":{\"methods\":"
	    "[\"token\"],\"token\":{\"id\":\"%s\"}},\"scope\":" DEMO "}}",
	    first);
	assert_int_equal(ask_status(POST, "/v3/auth/tokens", NULL, body),
	    201);
	second = op_strdup(&op, answer_header("X-Subject-Token"));
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tokens"
	    " WHERE expires > now() + '11 s'::interval AND user_id = 'ua'"), 0);
	assert_int_equal(ask_status(GET, "/v1.0/" PROJECT "/extensions", second,
	    NULL), 200);
}

static void
tokens_stand_nowhere_as_they_are(void **state)
{
	const char *token = login(ALICE, DEMO);

	(void)state;
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tokens t"
	    " WHERE t::text LIKE '%%%s%%'", token), 0);
}

static void
a_token_may_be_asked_about_by_its_holder_and_by_an_admin(void **state)
{
	const char *mine = login(ALICE, DEMO), *admin = login(ROOT, DEMO);
	const char *other = login(ALICE, DEMO);

	(void)state;
	assert_int_equal(about_status(GET, mine, mine), 200);
	assert_string_equal(answer_str("token/user/name"), "alice");
	assert_string_equal(answer_header("X-Subject-Token"), mine);
	assert_int_equal(about_status(HEAD, mine, mine), 200);
	assert_int_equal(about_status(GET, mine, other), 200);
	assert_int_equal(about_status(GET, mine, admin), 403);
	assert_int_equal(about_status(DELETE, mine, admin), 403);
	assert_int_equal(about_status(GET, admin, mine), 200);
	assert_int_equal(about_status(GET, admin, "nonsense"), 404);
	assert_int_equal(about_status(GET, mine, "nonsense"), 404);
	assert_int_equal(about_status(DELETE, mine, other), 204);
	assert_int_equal(about_status(GET, other, mine), 401);
	assert_int_equal(about_status(GET, mine, NULL), 400);
	assert_int_equal(about_status(GET, NULL, mine), 401);
}

static void
a_revoked_token_ends_at_once(void **state)
{
	const char *token = login(ALICE, DEMO);

	(void)state;
	assert_int_equal(ask_status(GET, "/v1.0/" PROJECT "/extensions", token,
	    NULL), 200);
	assert_int_equal(about_status(DELETE, token, token), 204);
	assert_int_equal(ask_status(GET, "/v1.0/" PROJECT "/extensions", token,
	    NULL), 401);
}

/* Each case undoes what it did. */
static void
a_token_ends_with_what_it_stood_for(void **state)
{
	static const struct { const char *what, *undo; } ends[] = {
		{ "UPDATE users SET enabled = false WHERE id = 'ua'",
		    "UPDATE users SET enabled = true WHERE id = 'ua'" },
		{ "UPDATE projects SET enabled = false WHERE name = 'demo'",
		    "UPDATE projects SET enabled = true WHERE name = 'demo'" },
		{ "DELETE FROM assignments WHERE user_id = 'ua' AND "
		    "project_id = '" PROJECT "'", "INSERT INTO assignments "
		    "VALUES ('ua', '" PROJECT "', 'member')" },
		{ "UPDATE tokens SET expires = now() - '1 s'::interval",
		    "SELECT 1" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(ends); i++) {
		const char *token = login(ALICE, DEMO);

		assert_int_equal(ask_status(GET, "/v1.0/" PROJECT "/extensions",
		    token, NULL), 200);
		pg_fixture_sql("%s", ends[i].what);
		clock_shift(conf_int("identity.cache") * 1000 + 1);
		assert_int_equal(ask_status(GET, "/v1.0/" PROJECT "/extensions",
		    token, NULL), 401);
		pg_fixture_sql("%s", ends[i].undo);
	}
}

static void
passwords_cannot_be_tried_without_end(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++)
		assert_non_null(login(ALICE, DEMO));
	for (int i = 0; i < 29; i++)
		ratelimit_take("login alice", POST, 30);
	assert_null(login("{\"name\":\"alice\",\"password\":\"x\"}", DEMO));
	assert_int_equal(json_int(json_get(answer_json(), "error/code")), 401);
	assert_null(login(ALICE, DEMO));
	assert_int_equal(json_int(json_get(answer_json(), "error/code")), 413);
	assert_non_null(login(ROOT, DEMO));
	clock_shift(2001);
	assert_non_null(login(ALICE, DEMO));
}

static void
projects_are_listed_to_whom_they_concern(void **state)
{
	const char *mine = login(ALICE, DEMO), *admin = login(ROOT, DEMO);

	(void)state;
	ask(GET, "/v3/projects", mine, NULL);
	assert_int_equal(json_count(json_get(answer_json(), "projects")), 1);
	ask(GET, "/v3/projects", admin, NULL);
	assert_int_equal(json_count(json_get(answer_json(), "projects")), 2);
	ask(GET, "/v3/projects?name=other", admin, NULL);
	assert_int_equal(json_count(json_get(answer_json(), "projects")), 1);
	ask(GET, "/v3/projects/" PROJECT, mine, NULL);
	assert_string_equal(answer_str("project/name"), "demo");
	assert_int_equal(ask_status(GET, "/v3/projects/" OTHER_PROJECT, mine,
	    NULL), 404);
}

static void
limits_show_quotas_and_rates_in_the_contracts_order(void **state)
{
	static const char *const verbs[] = { "ABSOLUTE", "POST", "PUT",
		"DELETE", "GET", "POST" };
	const char *token = login(ALICE, DEMO);
	const struct json *limits, *get;

	(void)state;
	pg_fixture_sql("INSERT INTO quotas (tenant_id, instances, max_ram)"
	    " VALUES ('" PROJECT "', 3, 4096)");
	assert_int_equal(ask_status(GET, "/v1.0/" PROJECT "/limits", token,
	    NULL), 200);
	limits = json_get(answer_json(), "limits");
	assert_int_equal(json_count(limits), ROWS(verbs));
	for (size_t i = 0; i < ROWS(verbs); i++)
		assert_string_equal(json_str(json_get(json_at(limits, i),
		    "verb")), verbs[i]);
	assert_int_equal(json_int(json_get(json_at(limits, 0),
	    "max_instances")), 10);
	assert_int_equal(json_int(json_get(json_at(limits, 0), "max_ram")),
	    4096);
	assert_int_equal(json_int(json_get(json_at(limits, 0),
	    "max_volumes")), 40);
	get = json_at(limits, 4);
	assert_int_equal(json_int(json_get(get, "value")), 200);
	assert_int_equal(json_int(json_get(get, "remaining")), 199);
	assert_string_equal(json_str(json_get(get, "unit")), "MINUTE");
	assert_string_equal(json_str(json_get(json_at(limits, 5), "uri")),
	    "*/mgmt");
	assert_int_equal(strlen(json_str(json_get(get, "nextAvailable"))),
	    strlen("2026-08-14T09:31:07Z"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, fresh)
	static const struct CMUnitTest tests[] = {
		TEST(a_user_that_is_not_there_takes_as_long_as_one_that_is),
		TEST(a_login_answers_as_keystone_does),
		TEST(users_and_projects_are_known_by_id_too),
		TEST(whoever_is_refused_learns_no_reason),
		TEST(a_login_of_another_form_is_refused),
		TEST(an_unscoped_token_is_good_for_identity_only),
		TEST(a_token_can_be_exchanged_and_lives_no_longer_for_it),
		TEST(tokens_stand_nowhere_as_they_are),
		TEST(a_token_may_be_asked_about_by_its_holder_and_by_an_admin),
		TEST(a_revoked_token_ends_at_once),
		TEST(a_token_ends_with_what_it_stood_for),
		TEST(passwords_cannot_be_tried_without_end),
		TEST(projects_are_listed_to_whom_they_concern),
		TEST(limits_show_quotas_and_rates_in_the_contracts_order),
	};

	return cmocka_run_group_tests_name("identity", tests, start,
	    pg_fixture_stop);
}
