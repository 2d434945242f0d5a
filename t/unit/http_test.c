#include "t/unit/test.h"
#include "t/unit/http_fixture.h"

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/wire/http.h"

#include <stdlib.h>
#include <string.h>

static struct op op;
static struct http *http;
static struct http_answer a;

static int
begin(void **state)
{
	const struct http_how how = { .connect_ms = 500, .total_ms = 500,
	    .most = 100000 };

	(void)state;
	op_begin(&op, "test");
	http = http_new(&how);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	http_free(http);
	op_end(&op);
	return 0;
}

static enum err
get(const char *path)
{
	const struct http_request q = { .method = "GET",
	    .url = op_printf(&op, "%s%s", http_fixture_url(), path) };

	return http_send(&op, http, &q, &a);
}

static void
a_request_arrives_as_it_was_asked(void **state)
{
	const char *const headers[] = { "X-Auth-Token", "t", NULL };
	const struct http_request q = { .method = "PATCH", .headers = headers,
	    .body = "{\"a\":1}",
	    .url = op_printf(&op, "%s/echo?x=1", http_fixture_url()) };

	(void)state;
	assert_int_equal(http_send(&op, http, &q, &a), OK);
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.body, "PATCH /echo?x=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(a.body, "X-Auth-Token: t\r\n"));
	assert_non_null(strstr(a.body, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(a.body, "\r\n\r\n{\"a\":1}"));
	assert_null(strcasestr(a.body, "Expect:"));
	assert_int_equal(a.len, strlen(a.body));
}

static bool
add(void *arg, const char *bytes, size_t n)
{
	text_addn(arg, bytes, n);
	return ((struct text *)arg)->len <= 500000;
}

/* Far more than is collected of an answer. */
static void
bytes_are_sent_and_a_good_answer_goes_where_it_is_wanted(void **state)
{
	struct http_request q = { .method = "PUT", .bytes = "no JSON at all", .len = 7,
	    .url = op_printf(&op, "%s/echo", http_fixture_url()) };
	struct http_request get_it = { .method = "GET", .sink = add,
	    .url = op_printf(&op, "%s/long", http_fixture_url()) };
	struct text t;

	(void)state;
	assert_int_equal(http_send(&op, http, &q, &a), OK);
	assert_non_null(strstr(a.body, "PUT /echo"));
	assert_non_null(strstr(a.body, "Content-Length: 7\r\n"));
	assert_non_null(strstr(a.body,
	    "Content-Type: application/octet-stream\r\n"));
	text_begin(&t, &op, 64);
	get_it.arg = &t;
	assert_int_equal(http_send(&op, http, &get_it, &a), ERR_CLOUD);
	assert_in_range(t.len, 500001, 1 << 20);
	t.len = 0;
	get_it.url = op_printf(&op, "%s/echo?x", http_fixture_url());
	assert_int_equal(http_send(&op, http, &get_it, &a), OK);
	assert_non_null(strstr(t.s, "GET /echo?x"));
	assert_int_equal(a.len, 0);
	t.len = 0;
	get_it.url = op_printf(&op, "%s/none", http_fixture_url());
	assert_int_equal(http_send(&op, http, &get_it, &a), OK);
	assert_int_equal(a.status, 404);
	assert_int_equal(t.len, 0);	/* what is no answer is told, not kept */
	assert_string_equal(a.body, "{}");
}

static void
what_a_url_was_signed_with_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(get("/close?signed=canary"), ERR_UNAVAILABLE);
	assert_non_null(strstr(op.why, "/close"));
	assert_null(strstr(op.why, "canary"));
	assert_int_equal(get("/echo?signed=canary"), ERR_UNAVAILABLE);
	assert_null(strstr(op.why, "canary"));
}

static void
a_socket_is_gone_through_and_silence_ends(void **state)
{
	const struct http_how through = { .connect_ms = 500, .most = 100000,
	    .socket = "/nowhere/sock" }, patient = { .connect_ms = 500,
	    .most = 100000, .silent_s = 1 };

	(void)state;
	http_free(http);
	http = http_new(&through);
	assert_int_equal(get("/echo"), ERR_UNAVAILABLE);
	http_free(http);
	http = http_new(&patient);
	assert_int_equal(get("/slow"), ERR_UNAVAILABLE);
}

static void
one_connection_is_kept_and_made_again_after_a_loss(void **state)
{
	int first;

	(void)state;
	assert_int_equal(get("/echo"), OK);
	first = atoi(http_header(&op, &a, "x-connection"));
	assert_int_equal(get("/echo"), OK);
	assert_int_equal(atoi(http_header(&op, &a, "X-CONNECTION")), first);
	assert_int_equal(get("/close"), ERR_UNAVAILABLE);
	clock_shift(1100);
	assert_int_equal(get("/echo"), OK);
	assert_true(atoi(http_header(&op, &a, "X-Connection")) > first);
}

static void
a_header_is_found_whatever_its_letters_and_only_whole(void **state)
{
	(void)state;
	assert_int_equal(get("/moved"), OK);
	assert_int_equal(a.status, 302);	/* nobody went there */
	assert_string_equal(http_header(&op, &a, "location"), "/echo");
	assert_null(http_header(&op, &a, "ocation"));
	assert_null(http_header(&op, &a, "Locatio"));
	assert_null(http_header(&op, &a, "HTTP/1.1 302 Said"));
}

static void
a_value_with_a_line_break_is_not_sent(void **state)
{
	const char *const headers[] = { "X-A", "b\r\nX-Evil: 1", NULL };
	const struct http_request q = { .method = "GET", .headers = headers,
	    .url = op_printf(&op, "%s/echo", http_fixture_url()) };

	(void)state;
	assert_int_equal(http_send(&op, http, &q, &a), ERR_BAD_REQUEST);
}

static void
an_answer_has_its_bounds(void **state)
{
	(void)state;
	assert_int_equal(get("/long"), ERR_CLOUD);
	assert_non_null(strstr(op.why, "too long"));
	assert_int_equal(get("/echo"), OK);	/* and the next one is whole */
	assert_non_null(strstr(a.body, "GET /echo"));
}

static void
who_is_slow_is_given_up_and_left_alone_for_a_moment(void **state)
{
	int64_t since = clock_ms();

	(void)state;
	assert_int_equal(get("/slow"), ERR_UNAVAILABLE);
	assert_in_range(clock_ms() - since, 400, 3000);
	since = clock_ms();
	assert_int_equal(get("/echo"), ERR_UNAVAILABLE);
	assert_true(clock_ms() - since < 200);
}

static void
what_is_no_http_and_where_nobody_is_are_errors(void **state)
{
	const struct http_request away = { .method = "GET",
	    .url = "http://127.0.0.1:1/" };
	const struct http_request file = { .method = "GET",
	    .url = "file:///etc/passwd" };

	(void)state;
	assert_int_equal(http_send(&op, http, &file, &a), ERR_CLOUD);
	assert_int_equal(get("/nonsense"), ERR_CLOUD);
	assert_int_equal(http_send(&op, http, &away, &a), ERR_UNAVAILABLE);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	static const struct CMUnitTest tests[] = {
		TEST(a_request_arrives_as_it_was_asked),
		TEST(bytes_are_sent_and_a_good_answer_goes_where_it_is_wanted),
		TEST(what_a_url_was_signed_with_is_not_told),
		TEST(one_connection_is_kept_and_made_again_after_a_loss),
		TEST(a_header_is_found_whatever_its_letters_and_only_whole),
		TEST(a_value_with_a_line_break_is_not_sent),
		TEST(an_answer_has_its_bounds),
		TEST(what_is_no_http_and_where_nobody_is_are_errors),
		TEST(who_is_slow_is_given_up_and_left_alone_for_a_moment),
		TEST(a_socket_is_gone_through_and_silence_ends),
	};

	return cmocka_run_group_tests_name("http", tests, http_fixture_start,
	    http_fixture_stop);
}
