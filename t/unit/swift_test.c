/* What Swift may answer, by one that is played; t/scenario/0074 asks a real one. */
#include "t/unit/test_op.h"
#include "t/unit/http_fixture.h"
#include "t/unit/key_fixture.h"

#include "lib/base/seal.h"
#include "lib/cloud/cloud.h"
#include "lib/cloud/keystone.h"
#include "lib/cloud/storage.h"

#include <string.h>

#define T "0123456789abcdef0123456789abcdef"
#define MD5 "0123456789abcdef0123456789abcdef"	/* as it says of all that is put */

static const struct storage_driver *const storage = &storage_swift;

/* The drivers of a machine need more than there is here. */
const struct compute_driver compute_local = { .name = "local" };
const struct volume_driver volume_local = { .name = "local" };
const struct network_driver network_local = { .name = "local" };

static enum err
lent(const char *container, const char *prefix, bool write, int seconds,
    struct leave *leave)
{
	const struct lend ask = { T, container, prefix, NULL, 0, write,
		seconds };

	return storage->lend(&op, &ask, leave);
}

static int
fresh(void **state)
{
	begin(state);
	key_fixture(&op);
	set("keystone", "auth_url", http_fixture_url());
	set("keystone", "user", "coffer");
	set("keystone", "interface", "internal");
	assert_int_equal(storage->open(&op), OK);
	return 0;
}

static enum err
listed(const char *container, int *n)
{
	struct object *list;

	return storage->list(&op, T, container, "o", &list, n);
}

static void
a_leave_is_at_the_public_address(void **state)
{
	struct leave l;

	(void)state;
	assert_int_equal(lent("c d", "b_", true, 60, &l), OK);
	assert_null(l.socket);
	assert_string_equal(l.before,
	    "http://public.example/v1/AUTH_" T "/c%20d/b_");
	assert_non_null(strstr(l.after, "&temp_url_prefix=b_"));
	assert_string_equal(storage->location(&op, T, "c", "b.x"),
	    "http://public.example/v1/AUTH_" T "/c/b.x");
	assert_int_equal(lent("status-404", "b_", false, 60, &l),
	    ERR_NOT_FOUND);
	assert_int_equal(lent("status-403", "b_", true, 60, &l), ERR_CLOUD);
	assert_non_null(strstr(op.why, "reseller admin"));
}

static void
long_lists_come_in_pages(void **state)
{
	struct object *list;
	int n;

	(void)state;
	assert_int_equal(storage->list(&op, T, "many", "o", &list, &n), OK);
	assert_int_equal(n, 1005);
	for (int i = 0; i < n; i++) {
		assert_string_equal(list[i].name, op_printf(&op, "o%05d", i));
		assert_int_equal(list[i].bytes, i);
	}
}

static void
lists_that_are_none_are_refused(void **state)
{
	int n = 5;

	(void)state;
	assert_int_equal(listed("nonsense", &n), ERR_CLOUD);
	assert_int_equal(listed("text", &n), ERR_CLOUD);
	assert_int_equal(listed("status-404", &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(listed("status-204", &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(listed("status-403", &n), ERR_CLOUD);
}

static void
what_may_pass_is_no_verdict(void **state)
{
	static const struct { const char *container; enum err e; } rows[] = {
		{ "status-503", ERR_UNAVAILABLE },
		{ "status-500", ERR_UNAVAILABLE },
		{ "status-429", ERR_UNAVAILABLE },
		{ "status-401", ERR_UNAVAILABLE },
		{ "status-507", ERR_NO_SPACE },
	};
	const char *bytes;
	size_t len;
	int n;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(listed(rows[i].container, &n), rows[i].e);
		assert_int_equal(storage->read(&op, T, rows[i].container, "x",
		    10, &bytes, &len), rows[i].e);
		assert_int_equal(storage->remove(&op, T, rows[i].container,
		    "x"), rows[i].e);
	}
}

static void
a_token_that_was_revoked_is_replaced(void **state)
{
	const struct keystone_ask ask = { "GET", "/auth/tokens",
	    (const char *const[]){ "X-Subject-Token", "revoking", NULL } };
	struct keystone_answer answer;
	int n;

	(void)state;
	assert_int_equal(listed("many", &n), OK);
	/* The fixture knows none of our tokens after that. */
	keystone_call(&op, &ask, &answer);
	assert_int_equal(listed("many", &n), OK);
	assert_int_equal(n, 1005);
}

static void
no_more_is_read_than_was_asked_for(void **state)
{
	const char *bytes;
	size_t len;

	(void)state;
	assert_int_equal(storage->read(&op, T, "text", "x", 5, &bytes, &len),
	    OK);
	assert_string_equal(bytes, "hello");
	assert_int_equal(storage->read(&op, T, "text", "x", 4, &bytes, &len),
	    ERR_CLOUD);
	assert_int_equal(storage->read(&op, T, "status-404", "x", 4, &bytes,
	    &len), ERR_NOT_FOUND);
}

static void
a_manifest_that_stays_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(storage->remove(&op, T, "stuck", "m"), ERR_CLOUD);
	assert_non_null(strstr(op.why, "400 Bad Request"));
	assert_int_equal(storage->remove(&op, T, "text", "m"), ERR_CLOUD);
	assert_int_equal(storage->remove(&op, T, "status-404", "m"), OK);
}

static void
a_copy_is_compared(void **state)
{
	struct object o = { "b_0", 5, MD5 };
	const char *sum;

	(void)state;
	/* Removing the segment is answered with 201: one that is there was asked for. */
	storage->join(&op, T, "c", "b", &o, 1, NULL, &sum);
	assert_string_equal(sum, MD5);
	o.md5 = "ffffffffffffffffffffffffffffffff";
	assert_int_equal(storage->join(&op, T, "c", "b", &o, 1, NULL, &sum),
	    ERR_CLOUD);
	assert_non_null(strstr(op.why, "damaged"));
	assert_int_equal(storage->join(&op, T, "status-404", "b", &o, 1, NULL,
	    &sum), ERR_CLOUD);
	assert_non_null(strstr(op.why, "not in storage"));
}

/* Manifests and what they name, so far. */
static const char *
counts(void)
{
	const char *bytes;
	size_t len;

	assert_int_equal(storage->read(&op, T, "counts", "x", 64, &bytes,
	    &len), OK);
	return bytes;
}

static void
more_than_a_thousand_segments_take_manifests_of_manifests(void **state)
{
	static struct object o[2001];
	const char *sum, *want;
	struct object part[3];

	(void)state;
	for (int i = 0; i < 2001; i++)
		o[i] = (struct object){ op_printf(&op, "b_%08d", i), 1, MD5 };
	assert_int_equal(storage->join(&op, T, "c", "b", o, 1000, NULL, &sum),
	    OK);
	assert_string_equal(sum, object_checksum(&op, o, 1000));
	assert_string_equal(counts(), "1 1000");
	assert_int_equal(storage->join(&op, T, "c", "b", o, 2001, NULL, &sum),
	    OK);
	part[0].md5 = part[1].md5 = object_checksum(&op, o, 1000);
	part[2].md5 = MD5;		/* alone in its part: itself */
	want = object_checksum(&op, part, 3);
	assert_string_equal(sum, want);
	assert_string_equal(counts(), "4 3003");
}

static void
metadata_that_are_too_many_are_refused(void **state)
{
	const char *meta[200] = { NULL }, *sum;
	const struct object o[2] = { { "b_0", 1, MD5 }, { "b_1", 1, MD5 } };

	(void)state;
	for (int i = 0; i < 198; i++)
		meta[i] = "a";
	assert_int_equal(storage->join(&op, T, "c", "b", o, 2, meta, &sum),
	    ERR_BAD_REQUEST);
	meta[0] = "a";
	meta[1] = "b\r\nX-Evil: 1";
	meta[2] = NULL;
	assert_int_equal(storage->join(&op, T, "c", "b", o, 2, meta, &sum),
	    ERR_BAD_REQUEST);
}

static void
a_catalog_without_storage_is_an_error(void **state)
{
	int n;

	(void)state;
	set("coffer", "region", "RegionTwo");
	assert_int_equal(storage->open(&op), OK);
	assert_int_equal(listed("many", &n), ERR_CLOUD);
	assert_non_null(strstr(op.why, "no object-store"));
	set("keystone", "interface", "public");
	assert_int_equal(listed("many", &n), ERR_CLOUD);
	assert_non_null(strstr(op.why, "does not end with the project"));
	set("coffer", "region", "RegionOne");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, end)
	static const struct CMUnitTest tests[] = {
		TEST(a_leave_is_at_the_public_address),
		TEST(long_lists_come_in_pages),
		TEST(lists_that_are_none_are_refused),
		TEST(what_may_pass_is_no_verdict),
		TEST(a_token_that_was_revoked_is_replaced),
		TEST(no_more_is_read_than_was_asked_for),
		TEST(a_manifest_that_stays_is_an_error),
		TEST(a_copy_is_compared),
		TEST(more_than_a_thousand_segments_take_manifests_of_manifests),
		TEST(metadata_that_are_too_many_are_refused),
		TEST(a_catalog_without_storage_is_an_error),
	};

	return cmocka_run_group_tests_name("swift", tests, http_fixture_start,
	    http_fixture_stop);
}
