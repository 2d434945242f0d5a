#include "t/unit/test.h"
#include "t/unit/http_fixture.h"

#include "lib/base/clock.h"
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
		TEST(one_connection_is_kept_and_made_again_after_a_loss),
		TEST(a_header_is_found_whatever_its_letters_and_only_whole),
		TEST(a_value_with_a_line_break_is_not_sent),
		TEST(an_answer_has_its_bounds),
		TEST(what_is_no_http_and_where_nobody_is_are_errors),
		TEST(who_is_slow_is_given_up_and_left_alone_for_a_moment),
	};

	return cmocka_run_group_tests_name("http", tests, http_fixture_start,
	    http_fixture_stop);
}
