#include "t/unit/test.h"
#include "t/unit/api_fixture.h"

#include "fcgi/ratelimit.h"
#include "fcgi/shared.h"
#include "fcgi/stream.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/md5.h"
#include "lib/cloud/objects.h"
#include "lib/cloud/temp_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define A "/v1/AUTH_" PROJECT
#define C A "/backups"

static char root[] = "/tmp/coffer-objects.XXXXXX";
static struct op op;		/* what outlives a request */
static struct request r;
static struct stream stream;
static struct text poured;

/* --- a connection --------------------------------------------------------------- */

static const char *sent, *params[8];
static size_t sent_len;
static bool breaks_off, goes_away;

static enum err
take(struct request *q, void *buf, size_t n, size_t *got)
{
	*got = n < 5 ? n : 5;		/* in pieces */
	if (*got > sent_len)
		*got = sent_len;
	if (*got == 0 && breaks_off)
		return op_fail(&q->op, ERR_TOO_SLOW, "broke off");
	memcpy(buf, sent, *got);
	sent += *got;
	sent_len -= *got;
	return OK;
}

static enum err
give(struct request *q, const void *buf, size_t n)
{
	if (goes_away)
		return op_fail(&q->op, ERR_TOO_SLOW, "went away");
	text_addn(&poured, buf, n);
	return OK;
}

/* The status, and poured what came with it. */
static int
ask_store(enum method m, const char *uri, const char *token)
{
	op_end(&r.op);
	memset(&r, 0, sizeof(r));
	op_begin(&r.op, "req-test");
	stream = (struct stream){ .params = params, .take = take,
	    .length = sent != NULL ? (int64_t)sent_len : -1, .answer = -1,
	    .give = give };
	r.stream = &stream;
	r.pool = STORES;
	r.method = m;
	r.uri = uri;
	r.host = "api.example:8779";
	r.token = token;
	request_serve(&r);
	text_begin(&poured, &op, 64);
	if (stream.answer >= 0 && m != HEAD &&
	    stream.pour(&r) == OK)
		assert_int_equal(poured.len, stream.answer);
	else if (r.has_body)
		text_addn(&poured, r.out.out.s, r.out.out.len);
	return r.status;
}

static const char *
header(const char *name)
{
	const char *line = strstr(r.headers.s, op_printf(&op, "%s: ", name));

	if (line == NULL)
		return "";
	line += strlen(name) + 2;
	return op_strndup(&op, line, strcspn(line, "\r"));
}

static const char *
reader(void)
{
	return token_for(PROJECT, "reader");
}

static const char *
member(void)
{
	return token_for(PROJECT, "member");
}

/* --- what is there ---------------------------------------------------------------- */

static void
set(const char *section, const char *name, const char *value)
{
	assert_int_equal(conf_set(&op, section, name, value), OK);
}

static struct object
put(const char *container, const char *name, const char *text)
{
	static const char *const meta[] = { "Lines", "3", "Log-Type", "x",
		NULL };
	const struct object_key k = { PROJECT, container, name };
	struct object_is is = { .meta = meta, .type = "text/x" };
	struct draft *d;

	assert_int_equal(container_make(&op, &k), OK);
	assert_int_equal(object_draft(&op, &k, &d), OK);
	assert_int_equal(draft_add(d, text, strlen(text)), OK);
	assert_int_equal(draft_keep(d, &is), OK);
	return (struct object){ name, is.bytes, is.md5 };
}

static int
begin(void **state)
{
	(void)state;
	op_begin(&op, "test");
	return api_fixture_start(state) != 0 || mkdtemp(root) == NULL;
}

static int
fresh(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s/*", root);
	assert_int_equal(system(command), 0);
	op_end(&op);
	op_begin(&op, "test");
	memset(shared_memory()->bucket, 0, sizeof(shared_memory()->bucket));
	set("local", "root", root);
	set("storage", "driver", "file");
	set("storage", "spare_mb", "0");
	sent = NULL;
	breaks_off = goes_away = false;
	memset(params, 0, sizeof(params));
	return 0;
}

static int
end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* With a signature for all that begins with prefix. */
static const char *
lent(const char *method, const char *container, const char *prefix,
    const char *name)
{
	const struct temp_url t = { .key = temp_url_key(&op, PROJECT),
	    .method = method, .account = "AUTH_" PROJECT,
	    .container = container, .object = prefix,
	    .expires = clock_wall_us() / 1000000 + 60 };

	return op_printf(&op, "%s?%s", temp_url_path(&op, t.account,
	    container, name), temp_url_query(&op, &t));
}

static int
send_to(const char *uri, const char *text)
{
	sent = text;
	sent_len = strlen(text);
	return ask_store(PUT, uri, NULL);
}

/* --- reading ------------------------------------------------------------------------ */

static void
an_object_is_read_with_what_is_known_of_it(void **state)
{
	struct object o;

	(void)state;
	o = put("backups", "i/log-1", "hello world");
	assert_int_equal(ask_store(GET, C "/i/log-1", reader()), 200);
	assert_string_equal(poured.s, "hello world");
	assert_string_equal(header("ETag"), o.md5);
	assert_string_equal(header("X-Object-Meta-Lines"), "3");
	assert_string_equal(header("X-Object-Meta-Log-Type"), "x");
	assert_string_equal(r.type, "text/x");
	assert_int_equal(strlen(header("Last-Modified")), 29);
	assert_string_equal(header("X-Static-Large-Object"), "");
	assert_int_equal(ask_store(HEAD, C "/i/log-1", reader()), 200);
	assert_int_equal(stream.answer, 11);
	assert_string_equal(header("ETag"), o.md5);
	assert_int_equal(ask_store(GET, C "/i/log-2", reader()), 404);
	assert_int_equal(ask_store(GET, A "/none/log-1", reader()), 404);
}

static void
a_range_is_a_part(void **state)
{
	static const struct { const char *range; int status;
	    const char *text, *content_range; } rows[] = {
		{ "bytes=0-4", 206, "hello", "bytes 0-4/11" },
		{ "bytes=6-", 206, "world", "bytes 6-10/11" },
		{ "bytes=-3", 206, "rld", "bytes 8-10/11" },
		{ "bytes=0-", 206, "hello world", "bytes 0-10/11" },
		{ "bytes=4-100", 206, "o world", "bytes 4-10/11" },
		{ "bytes=-100", 206, "hello world", "bytes 0-10/11" },
		{ "bytes=10-10", 206, "d", "bytes 10-10/11" },
		{ "bytes=11-", 416, NULL, "bytes */11" },
		{ "bytes=-0", 416, NULL, "bytes */11" },
		{ "bytes=4-2", 200, "hello world", "" },
		{ "bytes=-", 200, "hello world", "" },
		{ "bytes=0-1,4-5", 200, "hello world", "" },
		{ "bytes=x-", 200, "hello world", "" },
		{ "bytes=99999999999999999999-", 200, "hello world", "" },
		{ "lines=1-2", 200, "hello world", "" },
		{ "", 200, "hello world", "" },
	};

	(void)state;
	put("backups", "a", "hello world");
	for (size_t i = 0; i < ROWS(rows); i++) {
		params[0] = op_printf(&op, "HTTP_RANGE=%s", rows[i].range);
		if (ask_store(GET, C "/a", reader()) != rows[i].status)
			fail_msg("%s: %d", rows[i].range, r.status);
		if (rows[i].text != NULL)
			assert_string_equal(poured.s, rows[i].text);
		assert_string_equal(header("Content-Range"),
		    rows[i].content_range);
	}
}

static void
a_manifest_is_one_object(void **state)
{
	struct object s[2];
	const struct object_key k = { PROJECT, "backups", "m" };
	struct object_is is = { 0 };

	(void)state;
	s[0] = put("backups", "m_0", "hello ");
	s[1] = put("backups", "m_1", "world");
	assert_int_equal(object_join(&op, &k, s, 2, &is), OK);
	assert_int_equal(ask_store(GET, C "/m", reader()), 200);
	assert_string_equal(poured.s, "hello world");
	assert_string_equal(header("X-Static-Large-Object"), "True");
	assert_string_equal(header("ETag"), op_printf(&op, "\"%s\"", is.md5));
	params[0] = "HTTP_RANGE=bytes=4-7";
	assert_int_equal(ask_store(GET, C "/m", reader()), 206);
	assert_string_equal(poured.s, "o wo");
	object_remove(&op, &(struct object_key){ PROJECT, "backups", "m_1" },
	    false, NULL);
	put("backups", "m_1", "WORLD");
	params[0] = NULL;
	ask_store(GET, C "/m", reader());
	assert_int_equal(stream.answer, 11);	/* promised */
	assert_string_equal(poured.s, "hello ");	/* and broken off */
}

static void
a_reader_that_goes_away_ends_it(void **state)
{
	(void)state;
	put("backups", "a", "hello");
	goes_away = true;
	assert_int_equal(ask_store(GET, C "/a", reader()), 200);
	assert_int_equal(poured.len, 0);
}

/* --- lists ------------------------------------------------------------------------------ */

static void
containers_are_listed_as_text_and_as_json(void **state)
{
	(void)state;
	assert_int_equal(ask_store(GET, A, reader()), 204);
	put("backups", "b_1", "12345");
	put("backups", "b_2", "1");
	put("logs", "x/y", "1");
	assert_int_equal(ask_store(GET, A, reader()), 200);
	assert_string_equal(poured.s, "backups\nlogs\n");
	assert_string_equal(r.type, "text/plain; charset=utf-8");
	assert_string_equal(header("X-Account-Container-Count"), "2");
	assert_string_equal(header("X-Account-Object-Count"), "3");
	assert_string_equal(header("X-Account-Bytes-Used"), "7");
	assert_int_equal(ask_store(GET, A "?format=json&marker=backups",
	    reader()), 200);
	assert_string_equal(poured.s,
	    "[{\"bytes\":1,\"count\":1,\"name\":\"logs\"}]");
	assert_int_equal(ask_store(HEAD, A, reader()), 204);
}

static void
objects_are_listed_by_prefix_marker_limit_and_delimiter(void **state)
{
	static const struct { const char *query, *text; } rows[] = {
		{ "", "a\nb/1\nb/2\nc/d/1\n" }, { "?prefix=b/", "b/1\nb/2\n" },
		{ "?limit=1", "a\n" }, { "?marker=b/1", "b/2\nc/d/1\n" },
		{ "?marker=a&limit=2", "b/1\nb/2\n" }, { "?limit=0", "" },
		{ "?delimiter=/", "a\nb/\nc/\n" },
		{ "?delimiter=/&marker=b/", "c/\n" },
		{ "?delimiter=/&limit=2", "a\nb/\n" },
		{ "?delimiter=/&prefix=c/", "c/d/\n" },
		{ "?prefix=x", "" }, { "?marker=x", "" },
	};

	(void)state;
	put("backups", "b/2", "x");
	put("backups", "b/1", "x");
	put("backups", "a", "x");
	put("backups", "c/d/1", "x");
	for (size_t i = 0; i < ROWS(rows); i++) {
		int status = ask_store(GET, op_printf(&op, C "%s",
		    rows[i].query), reader());

		if (strcmp(poured.s, rows[i].text) != 0)
			fail_msg("%s: %s", rows[i].query, poured.s);
		assert_int_equal(status, *rows[i].text != '\0' ? 200 : 204);
	}
	assert_string_equal(header("X-Container-Object-Count"), "4");
	assert_int_equal(ask_store(GET, C "?limit=10001", reader()), 400);
	assert_int_equal(ask_store(GET, C "?limit=x", reader()), 400);
	assert_int_equal(ask_store(GET, A "/none", reader()), 404);
	assert_int_equal(ask_store(HEAD, C, reader()), 204);
}

static void
a_row_of_json_is_swifts(void **state)
{
	const struct json *list, *row;
	struct object o;

	(void)state;
	o = put("backups", "a", "hello");
	assert_int_equal(ask_store(GET, C "/?format=json&delimiter=/",
	    reader()), 200);
	assert_int_equal(json_parse(&op, poured.s, poured.len, &list), OK);
	row = json_at(list, 0);
	assert_string_equal(json_str(json_get(row, "name")), "a");
	assert_string_equal(json_str(json_get(row, "hash")), o.md5);
	assert_int_equal(json_int(json_get(row, "bytes")), 5);
	assert_string_equal(json_str(json_get(row, "content_type")),
	    "text/x");
	assert_int_equal(strlen(json_str(json_get(row, "last_modified"))),
	    strlen("2026-11-26T18:00:00.000000"));
	put("backups", "b/1", "x");
	ask_store(GET, C "/?format=json&delimiter=/", reader());
	assert_int_equal(json_parse(&op, poured.s, poured.len, &list), OK);
	assert_string_equal(json_str(json_get(json_at(list, 1), "subdir")),
	    "b/");
	ask_store(GET, C "?format=json&prefix=x", reader());
	assert_string_equal(poured.s, "[]");
}

/* --- writing ---------------------------------------------------------------------------- */

static void
who_has_a_temp_url_writes(void **state)
{
	char md5[MD5_HEX + 1];

	(void)state;
	put("backups", "a", "x");
	params[0] = "HTTP_X_OBJECT_META_LINES=12";
	params[1] = "HTTP_X_OBJECT_META_LOG_FILE=mysql_slow";
	assert_int_equal(send_to(lent("PUT", "backups", "b_", "b_1"),
	    "hello world"), 201);
	md5_hex(md5, "hello world", 11);
	assert_string_equal(header("ETag"), md5);
	assert_int_equal(ask_store(GET, C "/b_1", reader()), 200);
	assert_string_equal(poured.s, "hello world");
	assert_string_equal(header("X-Object-Meta-Lines"), "12");
	assert_string_equal(header("X-Object-Meta-Log-File"), "mysql_slow");
	assert_int_equal(ask_store(HEAD, lent("PUT", "backups", "b_", "b_1"),
	    NULL), 200);
	assert_int_equal(ask_store(GET, lent("GET", "backups", "b_", "b_1"),
	    NULL), 200);
	assert_string_equal(poured.s, "hello world");
	assert_int_equal(send_to(lent("PUT", "none", "b_", "b_1"), "x"), 404);
}

static void
a_body_is_all_there_or_nothing_is(void **state)
{
	const char *uri;

	(void)state;
	put("backups", "a", "x");
	uri = lent("PUT", "backups", "b_", "b_1");
	breaks_off = true;
	assert_int_equal(send_to(uri, "hello world"), 408);
	breaks_off = false;
	sent = "hello";
	sent_len = 5;
	params[0] = "HTTP_ETAG=0123456789abcdef0123456789abcdef";
	assert_int_equal(ask_store(PUT, uri, NULL), 422);
	set("storage", "spare_mb", "1000000000");
	params[0] = NULL;
	assert_int_equal(send_to(uri, "hello"), 507);
	set("storage", "spare_mb", "0");
	assert_int_equal(ask_store(GET, C "/b_1", reader()), 404);
	params[0] = "HTTP_ETAG=\"5d41402abc4b2a76b9719d911017c592\"";
	assert_int_equal(send_to(uri, "hello"), 201);
	params[0] = op_printf(&op, "HTTP_X_OBJECT_META_A=%05000d", 1);
	assert_int_equal(send_to(uri, "hello"), 400);
}

static void
a_token_writes_nothing(void **state)
{
	(void)state;
	put("backups", "a", "x");
	sent = "y";
	sent_len = 1;
	assert_int_equal(ask_store(PUT, C "/a", token_for(PROJECT, "admin")),
	    403);
	assert_int_equal(ask_store(PUT, op_printf(&op,
	    "%s&multipart-manifest=put", lent("PUT", "backups", "a", "a")),
	    NULL), 501);
	assert_int_equal(ask_store(GET, C "/a", reader()), 200);
	assert_string_equal(poured.s, "x");
}

/* Who took over a guest has its leave to write, which may hold for a day. */
static void
what_became_part_of_another_is_not_written_again(void **state)
{
	const struct object_key k = { PROJECT, "backups", "b" };
	struct object_is is = { 0 };
	struct object s[2];

	(void)state;
	s[0] = put("backups", "b_0", "hello ");
	s[1] = put("backups", "b_1", "world");
	assert_int_equal(send_to(lent("PUT", "backups", "b_", "b_1"),
	    "world"), 201);
	assert_int_equal(object_join(&op, &k, s, 2, &is), OK);
	assert_int_equal(send_to(lent("PUT", "backups", "b_", "b_1"),
	    "WORLD"), 403);
	assert_int_equal(send_to(lent("PUT", "backups", "b_", "b_2"), "x"),
	    201);
	assert_int_equal(ask_store(GET, C "/b", reader()), 200);
	assert_string_equal(poured.s, "hello world");
	assert_int_equal(object_remove(&op, &k, true, NULL), OK);
	assert_int_equal(send_to(lent("PUT", "backups", "b_", "b_1"), "x"),
	    201);
}

static void
its_project_removes_an_object(void **state)
{
	struct object s[2];
	struct object_is is = { 0 };

	(void)state;
	put("backups", "a", "x");
	assert_int_equal(ask_store(DELETE, C "/a", reader()), 403);
	assert_int_equal(ask_store(DELETE, C "/a", member()), 204);
	assert_int_equal(ask_store(DELETE, C "/a", member()), 404);
	s[0] = put("backups", "m_0", "hello ");
	s[1] = put("backups", "m_1", "world");
	assert_int_equal(object_join(&op, &(struct object_key){ PROJECT,
	    "backups", "m" }, s, 2, &is), OK);
	assert_int_equal(ask_store(DELETE, C "/m?multipart-manifest=delete",
	    member()), 200);
	assert_non_null(strstr(poured.s, "\"Number Deleted\":3"));
	assert_int_equal(ask_store(GET, C, reader()), 204);
}

/* --- who may ------------------------------------------------------------------------------ */

static void
nobody_reads_anothers_objects(void **state)
{
	static const char *const paths[] = { A, A "/", C, C "/", C "/a",
	    C "/none", "/v1/AUTH_none", ("/v1/" PROJECT), "/v1/AUTH_" };

	(void)state;
	put("backups", "a", "secret");
	for (size_t i = 0; i < ROWS(paths); i++) {
		assert_int_equal(ask_store(GET, paths[i], NULL), 401);
		assert_int_equal(ask_store(GET, paths[i],
		    token_for(OTHER_PROJECT, "admin member reader")), 403);
		assert_int_equal(ask_store(GET, paths[i], token_for(NULL,
		    "admin")), 403);
		assert_null(strstr(poured.s, "secret"));
	}
	assert_int_equal(ask_store(GET, C "/a", token_for(PROJECT, "none")),
	    403);
}

static void
a_temp_url_is_for_what_it_was_made(void **state)
{
	const char *get, *put_url, *sig;

	(void)state;
	put("backups", "b_1", "secret");
	put("backups", "c_1", "secret");
	get = lent("GET", "backups", "b_", "b_1");
	put_url = lent("PUT", "backups", "b_", "b_1");
	sig = strchr(get, '?');
	assert_int_equal(ask_store(GET, get, NULL), 200);
	assert_int_equal(ask_store(GET, put_url, NULL), 401);
	assert_int_equal(send_to(get, "x"), 401);
	assert_int_equal(ask_store(DELETE, put_url, NULL), 401);
	/* A token beside it does not help. */
	assert_int_equal(ask_store(GET, op_printf(&op, C "/c_1%s", sig),
	    reader()), 401);
	assert_int_equal(ask_store(GET, op_printf(&op, C "%s", sig), NULL),
	    401);
	assert_int_equal(ask_store(GET, op_printf(&op, A "%s", sig), NULL),
	    401);
	assert_int_equal(ask_store(GET, op_printf(&op, "/v1/AUTH_"
	    OTHER_PROJECT "/backups/b_1%s", sig), NULL), 401);
	assert_int_equal(ask_store(GET, C "/b_1?temp_url_sig=", NULL), 401);
	assert_int_equal(ask_store(GET, C "/b_1?temp_url_expires=1", NULL),
	    401);
	clock_shift(61000);
	assert_int_equal(ask_store(GET, get, NULL), 401);
	clock_shift(-61000);
}

static void
a_guests_door_takes_no_token(void **state)
{
	(void)state;
	put("backups", "b_1", "x");
	params[0] = "COFFER_DOOR=guest";
	assert_int_equal(ask_store(GET, C "/b_1", reader()), 401);
	assert_int_equal(ask_store(GET, lent("GET", "backups", "b_", "b_1"),
	    NULL), 200);
	params[0] = "COFFER_DOOR=";
	assert_int_equal(ask_store(GET, C "/b_1", reader()), 200);
}

static void
tokens_are_counted_and_temp_urls_are_not(void **state)
{
	(void)state;
	put("backups", "b_1", "x");
	set("api", "get_rate", "2");
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask_store(GET, lent("GET", "backups", "b_",
		    "b_1"), NULL), 200);
	assert_int_equal(ask_store(GET, C "/b_1", reader()), 200);
	assert_int_equal(ask_store(GET, C "/b_1", reader()), 200);
	assert_int_equal(ask_store(GET, C "/b_1", reader()), 413);
	assert_true(r.retry_after > 0);
	set("api", "get_rate", "200");
}

static void
without_the_driver_there_is_nothing(void **state)
{
	(void)state;
	put("backups", "b_1", "x");
	set("storage", "driver", "none");
	assert_int_equal(ask_store(GET, C "/b_1", reader()), 404);
	assert_int_equal(ask_store(GET, lent("GET", "backups", "b_", "b_1"),
	    NULL), 404);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
	static const struct CMUnitTest tests[] = {
		TEST(an_object_is_read_with_what_is_known_of_it),
		TEST(a_range_is_a_part),
		TEST(a_manifest_is_one_object),
		TEST(a_reader_that_goes_away_ends_it),
		TEST(containers_are_listed_as_text_and_as_json),
		TEST(objects_are_listed_by_prefix_marker_limit_and_delimiter),
		TEST(a_row_of_json_is_swifts),
		TEST(who_has_a_temp_url_writes),
		TEST(a_body_is_all_there_or_nothing_is),
		TEST(a_token_writes_nothing),
		TEST(what_became_part_of_another_is_not_written_again),
		TEST(its_project_removes_an_object),
		TEST(nobody_reads_anothers_objects),
		TEST(a_temp_url_is_for_what_it_was_made),
		TEST(a_guests_door_takes_no_token),
		TEST(tokens_are_counted_and_temp_urls_are_not),
		TEST(without_the_driver_there_is_nothing),
	};

	return cmocka_run_group_tests_name("objects", tests, begin, end);
}
