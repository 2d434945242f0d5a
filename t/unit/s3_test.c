/*
 * Signatures of Amazon's kind, by what Amazon documents; and what S3 may
 * answer, by one that is played: t/scenario/0085 asks a real one.
 */
#include "t/unit/test_op.h"
#include "t/unit/http_fixture.h"
#include "t/unit/key_fixture.h"

#include "lib/base/clock.h"
#include "lib/cloud/aws4.h"
#include "lib/cloud/cloud.h"
#include "lib/cloud/origin.h"
#include "lib/cloud/storage_s3.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MD5 "0123456789abcdef0123456789abcdef"

static const struct storage_driver *const storage = &storage_s3;
static char file[] = "/tmp/coffer-s3-test.XXXXXX";

/* The drivers of a machine need more than there is here. */
const struct compute_driver compute_local = { .name = "local" };
const struct volume_driver volume_local = { .name = "local" };
const struct network_driver network_local = { .name = "local" };

static void
secret(const char *text, mode_t mode)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	fclose(f);
	chmod(file, mode);
}

static int
fresh(void **state)
{
	begin(state);
	set("compute", "driver", "null");
	set("volume", "driver", "null");
	set("network", "driver", "null");
	set("storage", "driver", "s3");
	secret("canary-secret\n", 0600);
	set("s3", "endpoint", http_fixture_url());
	set("s3", "bucket", "cellar");
	set("s3", "prefix", "up/");
	set("s3", "key_id", "AKIDEXAMPLE");
	set("s3", "secret_file", file);
	set("s3", "path_style", "yes");
	assert_int_equal(cloud_open(&op), OK);
	return 0;
}

static int
start(void **state)
{
	static struct op keys;
	int fd = mkstemp(file);

	assert_return_code(fd, 0);
	close(fd);
	op_begin(&keys, "test");
	key_fixture(&keys);
	op_end(&keys);
	return http_fixture_start(state);
}

static int
stop(void **state)
{
	unlink(file);
	return http_fixture_stop(state);
}

static void
bucket(const char *name)
{
	set("s3", "bucket", name);
	assert_int_equal(storage->open(&op), OK);
}

/* "Authenticating Requests: Using Query Parameters", the example. */
static void
signatures_are_those_that_amazon_documents(void **state)
{
	const struct aws4_key key = { "AKIAIOSFODNN7EXAMPLE",
		"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1" };
	const struct aws4 a = { .method = "GET", .path = "/test.txt",
		.host = "examplebucket.s3.amazonaws.com", .query = "",
		.now = 1369353600, .seconds = 86400 };
	const char *query = aws4_query(&op, &key, &a);

	(void)state;
	assert_string_equal(query, "X-Amz-Algorithm=AWS4-HMAC-SHA256"
	    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2F"
	    "s3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
	    "&X-Amz-SignedHeaders=host");
	assert_string_equal(aws4_sign(&op, &key, &a, query), "aeeed9bbccd4d02e"
	    "e5c0109b86d86835f995330da4c265957d157751f604d404");
}

static void
all_that_is_asked_for_is_signed(void **state)
{
	static const char *const headers[] = { "x-amz-a", "1", NULL };
	static const char *const others[] = { "x-amz-a", "2", NULL };
	const struct aws4_key key = { "id", "secret", "r" };
	const struct aws4 a = { .method = "PUT", .path = "/b/k", .host = "h",
		.query = "uploads=", .headers = headers, .now = 1, .seconds = 9 };
	const char *query = aws4_query(&op, &key, &a);
	const char *is = aws4_sign(&op, &key, &a, query);
	struct aws4 b[] = { a, a, a, a, a };

	(void)state;
	assert_non_null(strstr(query,
	    "&X-Amz-SignedHeaders=host%3Bx-amz-a&uploads="));
	b[0].method = "GET";
	b[1].path = "/b/l";
	b[2].host = "i";
	b[3].headers = others;
	b[4].now = 86401;
	for (size_t i = 0; i < ROWS(b); i++)
		assert_string_not_equal(aws4_sign(&op, &key, &b[i],
		    aws4_query(&op, &key, &b[i])), is);
}

static void
settings_that_cannot_be_are_refused(void **state)
{
	static const struct { const char *name, *value, *good; } rows[] = {
		{ "endpoint", "", NULL }, { "endpoint", "s3.example", NULL },
		{ "endpoint", "https://", NULL },
		{ "bucket", "", "cellar" }, { "bucket", "a/b", "cellar" },
		{ "key_id", "", "id" }, { "secret_file", "/nowhere", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		set("s3", rows[i].name, rows[i].value);
		assert_int_equal(storage->open(&op), ERR_BAD_REQUEST);
		assert_non_null(strstr(op.why, op_printf(&op, "s3.%s",
		    rows[i].name)));
		end(state);
		fresh(state);
	}
	secret("canary-secret\n", 0640);
	assert_int_equal(storage->open(&op), ERR_BAD_REQUEST);
	assert_non_null(strstr(op.why, "others may not read"));
	secret("\n", 0600);
	assert_int_equal(storage->open(&op), ERR_BAD_REQUEST);
	assert_non_null(strstr(op.why, "no secret"));
}

static void
addresses_are_of_the_path_or_of_the_host(void **state)
{
	(void)state;
	set("s3", "endpoint", "https://s3.example:443/");
	assert_int_equal(storage->open(&op), OK);
	assert_string_equal(storage->location(&op, "p", "c", "a b"),
	    "https://s3.example/cellar/up/p/c/a%20b");
	set("s3", "path_style", "no");
	assert_int_equal(storage->open(&op), OK);
	assert_string_equal(storage->location(&op, "p", "c", "a"),
	    "https://cellar.s3.example/up/p/c/a");
	set("s3", "endpoint", "http://s3.example:9000");
	assert_int_equal(storage->open(&op), OK);
	assert_string_equal(storage->location(&op, "p", "c", "a"),
	    "http://cellar.s3.example:9000/up/p/c/a");
}

static void
a_leave_has_a_signature_for_each_name_and_no_secret(void **state)
{
	static const char *const names[] = { "0", "1" };
	struct lend ask = { "p", "c", "b_", names, 2, .write = true,
		.seconds = 60 };
	struct leave l, again;
	struct jsonw w;

	(void)state;
	assert_int_equal(storage->lend(&op, &ask, &l), OK);
	assert_int_equal(strlen(l.signature[0]), 64);
	assert_string_not_equal(l.signature[0], l.signature[1]);
	ask.write = false;
	assert_int_equal(storage->lend(&op, &ask, &again), OK);
	assert_string_not_equal(l.signature[0], again.signature[0]);
	jsonw_begin(&w, &op, 256);
	leave_write(&w, &ask, &l);
	assert_non_null(strstr(w.out.s, op_printf(&op,
	    "\"signed\":{\"0\":\"%s\",\"1\":\"%s\"}", l.signature[0],
	    l.signature[1])));
	assert_null(strstr(w.out.s, "canary"));
}

static void
lists_come_in_pages(void **state)
{
	struct object *o;
	int n;

	(void)state;
	bucket("s3-pages");
	assert_int_equal(storage->list(&op, "p", "c", "o", &o, &n), OK);
	assert_int_equal(n, 3);
	assert_string_equal(o[0].name, "o1&");
	assert_string_equal(o[0].md5, "11");
	assert_string_equal(o[1].md5, "22");
	assert_string_equal(o[2].md5, "33-2");
	assert_int_equal(o[2].bytes, 3);
	bucket("s3-text");
	assert_int_equal(storage->list(&op, "p", "c", "o", &o, &n), ERR_CLOUD);
}

static void
what_may_pass_is_told_from_what_will_not(void **state)
{
	static const struct { const char *bucket; enum err e; const char *why; }
	    rows[] = {
		{ "s3-503-SlowDown", ERR_UNAVAILABLE, "503 SlowDown: because" },
		{ "s3-500-", ERR_UNAVAILABLE, "500" },
		{ "s3-429-", ERR_UNAVAILABLE, "429" },
		{ "s3-400-RequestTimeout", ERR_UNAVAILABLE, "400" },
		{ "s3-403-", ERR_FORBIDDEN, "403" },
		{ "s3-403-AccessDenied", ERR_FORBIDDEN, "s3.key_id" },
		{ "s3-403-InvalidAccessKeyId", ERR_FORBIDDEN, "s3.key_id" },
		{ "s3-403-SignatureDoesNotMatch", ERR_FORBIDDEN, "s3.secret_file" },
		{ "s3-403-RequestTimeTooSkewed", ERR_FORBIDDEN, "clocks" },
		{ "s3-301-PermanentRedirect", ERR_FORBIDDEN, "s3.endpoint" },
		{ "s3-404-NoSuchBucket", ERR_FORBIDDEN, "s3.bucket" },
		{ "s3-507-", ERR_NO_SPACE, "507" },
		{ "s3-400-Odd", ERR_CLOUD, "400 Odd: because" },
	};
	const char *bytes;
	size_t len;
	int n;
	struct object *o;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		bucket(rows[i].bucket);
		assert_int_equal(storage->list(&op, "p", "c", "o", &o, &n),
		    rows[i].e);
		assert_non_null(strstr(op.why, rows[i].why));
		assert_null(strstr(op.why, "Signature="));
		assert_int_equal(storage->read(&op, "p", "c", "o", 10, &bytes,
		    &len), rows[i].e);
		assert_int_equal(storage->remove(&op, "p", "c", "o"),
		    rows[i].e);
		assert_int_equal(storage->abandon(&op, "p", "c", "o"),
		    rows[i].e);
	}
	bucket("s3-404-NoSuchKey");
	assert_int_equal(storage->read(&op, "p", "c", "o", 10, &bytes, &len),
	    ERR_NOT_FOUND);
	assert_int_equal(storage->remove(&op, "p", "c", "o"), OK);
}

static void
no_more_is_read_than_was_asked_for(void **state)
{
	const char *bytes;
	size_t len;

	(void)state;
	bucket("s3-text");
	assert_int_equal(storage->read(&op, "p", "c", "o", 13, &bytes, &len),
	    OK);
	assert_string_equal(bytes, "hello <Error>");
	assert_int_equal(storage->read(&op, "p", "c", "o", 12, &bytes, &len),
	    ERR_CLOUD);
}

static enum err
joined(const char *at, int n)
{
	static const struct object o[2] = { { "b_0", 5, MD5 },
		{ "b_1", 5, MD5 } };
	const char *sum;

	bucket(at);
	return storage->join(&op, "p", "c", "b", o, n, NULL, &sum);
}

static void
copies_are_compared_and_errors_may_come_late(void **state)
{
	const struct s3_limits usual = s3_limits;

	(void)state;
	for (int n = 1; n <= 2; n++) {
		assert_int_equal(joined("s3-damage", n), ERR_CLOUD);
		assert_non_null(strstr(op.why, "b_0 was damaged"));
	}
	assert_int_equal(joined("s3-late", 1), ERR_UNAVAILABLE);
	assert_int_equal(joined("s3-404-NoSuchKey", 1), ERR_NOT_FOUND);
	assert_int_equal(joined("cellar", 0), ERR_CLOUD);
	s3_limits.parts = 1;			/* two need a group, and so large none may be */
	s3_limits.group = 9;
	assert_int_equal(joined("cellar", 2), ERR_CLOUD);
	assert_non_null(strstr(op.why, "2 segments"));
	s3_limits.group = 10;
	assert_int_equal(joined("s3-damage", 2), ERR_CLOUD);
	assert_non_null(strstr(op.why, "b_0 was damaged"));
	s3_limits = usual;
}

static void
metadata_are_sorted_and_bounded(void **state)
{
	const struct object o = { "b_0", 5, MD5 };
	const char *meta[101] = { NULL }, *sum;

	(void)state;
	bucket("s3-damage");
	for (int i = 0; i < 100; i++)
		meta[i] = "a";
	assert_int_equal(storage->join(&op, "p", "c", "b", &o, 1, meta, &sum),
	    ERR_BAD_REQUEST);
	meta[1] = "b\r\nX-Evil: 1";
	meta[2] = NULL;
	assert_int_equal(storage->join(&op, "p", "c", "b", &o, 1, meta, &sum),
	    ERR_BAD_REQUEST);
}

static void
sums_of_parts_are_those_of_s3(void **state)
{
	const struct object o[] = {
		{ "0", 1, "0cc175b9c0f1b6a831c399e269772661" },
		{ "1", 1, "92eb5ffee6ae2fec3ad71c777531578f" },
	};

	(void)state;
	/* printf of both digests' bytes | md5sum */
	assert_string_equal(object_parts_checksum(&op, o, 2),
	    "96e024ba2074fe77e8e965ba43a704be-2");
}

static enum err
old_one(const char *at, struct origin *o)
{
	bucket(at);
	TRY(origin_place(&op, "p", op_printf(&op, "http://elsewhere/%s/up/p/c/"
	    "a%%20b.gz", at), o));
	return origin_look(&op, "p", NULL, o);
}

static void
what_lies_below_the_project_is_a_backup_of_elsewhere(void **state)
{
	unsigned char bytes[5];
	struct origin o;

	(void)state;
	assert_int_equal(old_one("s3-old-" MD5, &o), OK);
	assert_string_equal(o.container, "c");
	assert_string_equal(o.name, "a b.gz");
	assert_string_equal(o.etag, MD5);
	assert_int_equal(o.bytes, 5);
	assert_string_equal(o.parent_location, "there");
	assert_string_equal(o.parent_checksum, "sum");
	assert_int_equal(o.n, 1);
	assert_string_equal(o.part->md5, MD5);
	assert_int_equal(origin_begin(&op, "p", &o, bytes, 5), OK);
	assert_memory_equal(bytes, "hello", 5);
	assert_int_equal(origin_begin(&op, "p", &o, bytes, 6), ERR_CLOUD);
	o.bytes = 9;
	assert_int_equal(origin_begin(&op, "p", &o, bytes, 6), ERR_CLOUD);
	set("s3", "path_style", "no");
	bucket("cellar");
	assert_int_equal(origin_place(&op, "p", "https://cellar.s3/up/p/c/n",
	    &o), OK);
	assert_string_equal(o.name, "n");
	assert_int_equal(origin_place(&op, "p", "https://cellar.s3/up/q/c/n",
	    &o), ERR_NOT_FOUND);
}

/* It takes connections, and never says a word: a worker has a lease to keep. */
static void
who_looks_waits_for_no_longer_than_a_lease(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), n;
	int64_t began = clock_ms();
	socklen_t len = sizeof(a);
	struct object *list;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	set("s3", "endpoint", op_printf(&op, "http://127.0.0.1:%d",
	    ntohs(a.sin_port)));
	set("task", "lease", "1");
	assert_int_equal(storage->open(&op), OK);
	assert_int_equal(storage->list(&op, "p", "c", "o", &list, &n),
	    ERR_UNAVAILABLE);
	/* storage.timeout is for what takes its time */
	assert_in_range(clock_ms() - began, 0, 30000);
	set("task", "lease", "15");
	close(fd);
}

/* Who asks for such an address asks for another one: ways up are taken at once. */
static void
an_address_has_no_ways_up(void **state)
{
	static const char *const bad[] = { "c/../x", "c/%2e%2e/x", "c/.",
	    "c/a/../../../q/c/n", "c/a%2F..%2F..%2F..%2Fq/c/n", "c/./x",
	    "c/x/..", "../c/x", NULL };
	static const char *const good[] = { "c/a..b", "c/..a/b", "c/a/.b",
	    "c/a//b", "c/...", NULL };
	struct origin o;

	(void)state;
	set("s3", "path_style", "no");
	bucket("cellar");
	for (int i = 0; bad[i] != NULL; i++)
		if (origin_place(&op, "p", op_printf(&op,
		    "https://cellar.s3/up/p/%s", bad[i]), &o) != ERR_NOT_FOUND)
			fail_msg("%s is %s of %s", bad[i], o.name, o.container);
	for (int i = 0; good[i] != NULL; i++)
		if (origin_place(&op, "p", op_printf(&op,
		    "https://cellar.s3/up/p/%s", good[i]), &o) != OK)
			fail_msg("%s: %s", good[i], op.why);
}

static void
an_upload_in_parts_has_no_digests_that_could_be_compared(void **state)
{
	static const char *const bad[] = { "s3-old-12-2", "s3-old-" MD5 "-",
	    "s3-old-" MD5 "-x", "s3-old-" MD5 "1", "s3-old-", NULL };
	struct origin o;

	(void)state;
	assert_int_equal(old_one("s3-old-" MD5 "-12", &o), OK);
	assert_true(o.in_parts);
	assert_int_equal(o.n, 1);
	assert_null(o.part->md5);
	assert_int_equal(o.part->bytes, 5);
	for (int i = 0; bad[i] != NULL; i++)
		assert_int_equal(old_one(bad[i], &o), ERR_CLOUD);
	assert_int_equal(old_one("s3-404-", &o), ERR_NOT_FOUND);
	assert_int_equal(old_one("s3-403-", &o), ERR_FORBIDDEN);
	assert_int_equal(old_one("s3-503-SlowDown", &o), ERR_UNAVAILABLE);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, end)
	static const struct CMUnitTest tests[] = {
		TEST(signatures_are_those_that_amazon_documents),
		TEST(all_that_is_asked_for_is_signed),
		TEST(settings_that_cannot_be_are_refused),
		TEST(addresses_are_of_the_path_or_of_the_host),
		TEST(a_leave_has_a_signature_for_each_name_and_no_secret),
		TEST(lists_come_in_pages),
		TEST(what_may_pass_is_told_from_what_will_not),
		TEST(no_more_is_read_than_was_asked_for),
		TEST(copies_are_compared_and_errors_may_come_late),
		TEST(metadata_are_sorted_and_bounded),
		TEST(sums_of_parts_are_those_of_s3),
		TEST(what_lies_below_the_project_is_a_backup_of_elsewhere),
		TEST(an_address_has_no_ways_up),
		TEST(who_looks_waits_for_no_longer_than_a_lease),
		TEST(an_upload_in_parts_has_no_digests_that_could_be_compared),
	};

	return cmocka_run_group_tests_name("s3", tests, start, stop);
}
