/* The identity driver "keystone", against a Keystone that says what it likes. */
#include "t/unit/test_op.h"
#include "t/unit/http_fixture.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/cloud/identity.h"
#include "lib/cloud/keystone.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct identity is;

static int
fresh(void **state)
{
	log_init("test", LOG_ERROR);
	begin(state);
	set("keystone", "auth_url", http_fixture_url());
	set("keystone", "user", "coffer");
	set("keystone", "password", "a-good-password");
	set("keystone", "member_roles", "member");
	set("keystone", "timeout", "1");
	return identity_keystone.open(&op);
}

static enum err
about(const char *token)
{
	const struct identity_ask ask = { .token = token };

	memset(&is, 0, sizeof(is));
	return identity_keystone.authenticate(&op, &ask, &is);
}

static void
roles_become_ours(void **state)
{
	static const struct { const char *token; bool admin, member, reader,
	    service; } table[] = {
		{ "member", false, true, false, false },
		{ "admin", true, false, false, false },
		{ "reader", false, false, true, false },
		{ "service", false, false, false, true },
		{ "none", false, false, false, false },
		{ "trust", false, true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		assert_int_equal(about(table[i].token), OK);
		assert_int_equal(is.admin, table[i].admin);
		assert_int_equal(is.member, table[i].member);
		assert_int_equal(is.reader, table[i].reader);
		assert_int_equal(is.service, table[i].service);
	}
	assert_string_equal(is.user, "u1");
	assert_string_equal(is.user_name, "tester");
	assert_string_equal(is.project, "p1");
	assert_string_equal(is.project_name, "demo");
	assert_int_equal(is.expires, keystone_time("2099-01-01T00:00:00Z"));
}

static void
a_star_makes_members_of_all_who_have_a_project(void **state)
{
	(void)state;
	set("keystone", "member_roles", "*");
	assert_int_equal(about("none"), OK);
	assert_true(is.member);
	assert_int_equal(about("unscoped"), OK);
	assert_false(is.member);
	assert_null(is.project);
}

static void
a_token_that_keystone_does_not_know_is_nobodys(void **state)
{
	(void)state;
	assert_int_equal(about("gone"), ERR_UNAUTHORIZED);
	assert_int_equal(about("two\nlines"), ERR_UNAUTHORIZED);
}

static void
what_ran_out_counts_when_a_service_vouches(void **state)
{
	const struct identity_ask vouched = { .token = "expired",
	    .expired_too = true };

	(void)state;
	assert_int_equal(about("expired"), ERR_UNAUTHORIZED);
	assert_int_equal(identity_keystone.authenticate(&op, &vouched, &is),
	    OK);
	assert_true(is.member);
}

static void
nonsense_is_no_identity(void **state)
{
	static const char *const table[] = { "path", "forever", "list", "text",
	    "numbers", "down", "refused" };

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++)
		if (about(table[i]) != ERR_UNAVAILABLE)
			fail_msg("%s is taken", table[i]);
	assert_int_equal(about("member"), OK);
}

static void
our_own_token_is_renewed_when_it_is_refused(void **state)
{
	(void)state;
	assert_int_equal(about("member"), OK);
	/* It is revoked while it is used: one new login, then the same again. */
	assert_int_equal(about("revoking"), ERR_UNAVAILABLE);
	assert_int_equal(about("member"), OK);
	assert_int_equal(about("admin"), OK);
}

static void
without_an_account_nothing_can_be_told(void **state)
{
	(void)state;
	set("keystone", "user", "wrong");
	assert_int_equal(about("member"), ERR_UNAVAILABLE);
	assert_null(strstr(op.why, "a-good-password"));
	set("keystone", "auth_url", "");
	assert_int_equal(identity_keystone.open(&op), ERR_BAD_REQUEST);
}

static void
a_keystone_that_is_away_holds_nobody_up(void **state)
{
	int64_t since = clock_ms();

	(void)state;
	set("keystone", "auth_url", "http://127.0.0.1:1/v3/");
	assert_int_equal(identity_keystone.open(&op), OK);
	for (int i = 0; i < 50; i++)
		assert_int_equal(about("member"), ERR_UNAVAILABLE);
	assert_true(clock_ms() - since < 2000);
}

static void
times_are_understood_or_zero(void **state)
{
	(void)state;
	assert_int_equal(keystone_time("1970-01-02T00:00:01.000000Z"), 86401);
	assert_int_equal(keystone_time("tomorrow"), 0);
	assert_int_equal(keystone_time(""), 0);
	assert_int_equal(keystone_time(NULL), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end)
	static const struct CMUnitTest tests[] = {
		TEST(roles_become_ours),
		TEST(a_star_makes_members_of_all_who_have_a_project),
		TEST(a_token_that_keystone_does_not_know_is_nobodys),
		TEST(what_ran_out_counts_when_a_service_vouches),
		TEST(nonsense_is_no_identity),
		TEST(our_own_token_is_renewed_when_it_is_refused),
		TEST(without_an_account_nothing_can_be_told),
		TEST(a_keystone_that_is_away_holds_nobody_up),
		TEST(times_are_understood_or_zero),
	};

	return cmocka_run_group_tests_name("keystone", tests,
	    http_fixture_start, http_fixture_stop);
}
