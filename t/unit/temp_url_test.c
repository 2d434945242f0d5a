#include "t/unit/test.h"
#include "t/unit/key_fixture.h"

#include "lib/base/seal.h"
#include "lib/base/text.h"
#include "lib/cloud/temp_url.h"

#include <string.h>

#define NOW 1700000000

static struct op op;

static int
begin(void **state)
{
	(void)state;
	op_begin(&op, "test");
	key_fixture(&op);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static struct temp_url
of(const char *method, const char *object)
{
	return (struct temp_url){ .key = "mykey", .method = method,
	    .account = "AUTH_account", .container = "container",
	    .object = object, .expires = NOW + 60 };
}

/* One value of a query. */
static const char *
value(const char *query, const char *name)
{
	const char *at = strstr(query, name);

	at += strlen(name) + 1;
	return text_unescape(&op, at, strcspn(at, "&"));
}

static struct temp_url_asked
asked(const char *query)
{
	return (struct temp_url_asked){ value(query, "temp_url_sig"),
		value(query, "temp_url_expires"),
		value(query, "temp_url_prefix") };
}

/* What printf 'GET\n1700000060\n/v1/...' | openssl dgst -sha256 -hmac mykey says. */
static void
signatures_are_swifts(void **state)
{
	struct temp_url t = of("GET", "object");
	const char *body = "GET\n1700000060\n/v1/AUTH_account/container/object";
	unsigned char mac[SEAL_HASH];
	struct temp_url_asked a = { .expires = "1700000060" };
	char hex[2 * SEAL_HASH + 1];

	(void)state;
	seal_hmac(mac, "mykey", strlen("mykey"), body);
	text_hex(hex, mac, sizeof(mac));
	assert_string_equal(hex, "2862ceee005e8b70463f60cf6bdeea2f"
	    "5199d108ebe92ed2e9d8ba97d27b91c0");
	a.sig = hex;
	assert_int_equal(temp_url_check(&op, &t, &a, NOW), OK);
}

static void
what_is_lent_is_accepted_for_every_object_of_the_prefix(void **state)
{
	static const char *const objects[] = { "b_", "b_0", "b_00000001",
	    "b_/x" };
	struct temp_url t = of("PUT", "b_");
	const char *q = temp_url_query(&op, &t);
	struct temp_url_asked a = asked(q);

	(void)state;
	for (size_t i = 0; i < ROWS(objects); i++) {
		t = of("PUT", objects[i]);
		t.expires = 0;
		assert_int_equal(temp_url_check(&op, &t, &a, NOW), OK);
	}
}

static void
nothing_else_is_accepted(void **state)
{
	const struct temp_url lent = of("GET", "b_");
	const struct temp_url_asked good = asked(temp_url_query(&op, &lent));
	static const struct { const char *method, *account, *container,
	    *object, *key; } rows[] = {
		{ "PUT", "AUTH_account", "container", "b_1", "mykey" },
		{ "DELETE", "AUTH_account", "container", "b_1", "mykey" },
		{ "POST", "AUTH_account", "container", "b_1", "mykey" },
		{ "GET", "AUTH_other", "container", "b_1", "mykey" },
		{ "GET", "AUTH_account", "other", "b_1", "mykey" },
		{ "GET", "AUTH_account", "container", "c_1", "mykey" },
		{ "GET", "AUTH_account", "container", "b", "mykey" },
		{ "GET", "AUTH_account", "container", "", "mykey" },
		{ "GET", "AUTH_account", "container", "b_1", "yourkey" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct temp_url t = { .key = rows[i].key,
		    .method = rows[i].method, .account = rows[i].account,
		    .container = rows[i].container, .object = rows[i].object };

		if (temp_url_check(&op, &t, &good, NOW) != ERR_UNAUTHORIZED)
			fail_msg("row %zu was accepted", i);
	}
}

static void
a_signature_that_was_touched_is_none(void **state)
{
	const struct temp_url t = of("GET", "b_1");
	const struct temp_url_asked good = asked(temp_url_query(&op, &t));
	struct temp_url_asked a;

	(void)state;
	assert_int_equal(temp_url_check(&op, &t, &good, NOW), OK);
	for (size_t i = 0; i < 2 * SEAL_HASH; i++) {
		char *sig = op_strdup(&op, good.sig);

		sig[i] = sig[i] == '0' ? '1' : '0';
		a = good;
		a.sig = sig;
		assert_int_equal(temp_url_check(&op, &t, &a, NOW),
		    ERR_UNAUTHORIZED);
	}
#define TOUCHED(member, to) do {					\
	a = good;							\
	a.member = to;							\
	assert_int_equal(temp_url_check(&op, &t, &a, NOW),		\
	    ERR_UNAUTHORIZED);						\
} while (0)
	TOUCHED(sig, NULL);
	TOUCHED(sig, "");
	TOUCHED(sig, op_strndup(&op, good.sig, 63));
	TOUCHED(sig, op_printf(&op, "%s0", good.sig));
	TOUCHED(expires, NULL);
	TOUCHED(expires, "");
	TOUCHED(expires, "1700000061");
	TOUCHED(expires, "-1");
	TOUCHED(expires, "99999999999999999999");
	TOUCHED(prefix, NULL);
	TOUCHED(prefix, "");
	TOUCHED(prefix, "b_");
}

static void
it_ends_when_it_says(void **state)
{
	const struct temp_url t = of("GET", "b_1");
	const struct temp_url_asked a = asked(temp_url_query(&op, &t));

	(void)state;
	assert_int_equal(temp_url_check(&op, &t, &a, NOW + 59), OK);
	assert_int_equal(temp_url_check(&op, &t, &a, NOW + 60),
	    ERR_UNAUTHORIZED);
}

static void
who_may_write_or_read_may_look(void **state)
{
	static const char *const lent[] = { "GET", "PUT", "HEAD" };
	const struct temp_url head = of("HEAD", "b_1");

	(void)state;
	for (size_t i = 0; i < ROWS(lent); i++) {
		const struct temp_url t = of(lent[i], "b_1");
		const struct temp_url_asked a = asked(temp_url_query(&op, &t));

		assert_int_equal(temp_url_check(&op, &head, &a, NOW), OK);
	}
}

static void
paths_are_escaped_but_for_their_slashes(void **state)
{
	(void)state;
	assert_string_equal(temp_url_path(&op, "AUTH_a", "c d", "e/f g/\xc3\xa4"),
	    "/v1/AUTH_a/c%20d/e/f%20g/%C3%A4");
	assert_string_equal(temp_url_path(&op, "AUTH_a", "c", ""),
	    "/v1/AUTH_a/c/");
}

static void
each_account_has_a_key_of_its_own(void **state)
{
	(void)state;
	assert_string_equal(temp_url_key(&op, "a"), temp_url_key(&op, "a"));
	assert_string_not_equal(temp_url_key(&op, "a"), temp_url_key(&op, "b"));
	assert_int_equal(strlen(temp_url_key(&op, "a")), 2 * SEAL_KEY);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		TEST(signatures_are_swifts),
		TEST(what_is_lent_is_accepted_for_every_object_of_the_prefix),
		TEST(nothing_else_is_accepted),
		TEST(a_signature_that_was_touched_is_none),
		TEST(it_ends_when_it_says),
		TEST(who_may_write_or_read_may_look),
		TEST(paths_are_escaped_but_for_their_slashes),
		TEST(each_account_has_a_key_of_its_own),
	};

	return cmocka_run_group_tests_name("temp_url", tests, NULL, NULL);
}
