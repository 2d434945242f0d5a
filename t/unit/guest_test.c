/* What stands in a message, and that nothing else opens as one. */
#include "t/unit/test.h"
#include "lib/base/clock.h"
#include "lib/base/jsonw.h"
#include "lib/base/text.h"
#include "lib/msg/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char A[] = "aaaaaaaa-1111-4222-8333-444444444444";
static const char B[] = "bbbbbbbb-1111-4222-8333-444444444444";
static struct key master, key_a, key_b;
static struct op op;

static int
begin(void **state)
{
	(void)state;
	op_begin(&op, "req-1");
	memset(&master, 7, sizeof(master));
	guest_key(&key_a, &master, A, 1);
	guest_key(&key_b, &master, B, 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static struct report
healthy(void)
{
	return (struct report){ .seq = 42, .status = "healthy",
	    .used_bytes = 10, .total_bytes = 20, .version = "0.1.0",
	    .order = "0000-1:prepare", .err = "OK" };
}

/* A report whose JSON is the test's own. */
static enum err
read_json(const char *json, struct report *r)
{
	size_t n = strlen(json);
	char *m = op_alloc(&op, 1 + n + SEAL_MORE), about[64];

	m[0] = 'r';
	snprintf(about, sizeof(about), "coffer:out:r:%s", A);
	seal_close((unsigned char *)m + 1, &key_a, about, strlen(about), json,
	    n);
	return guest_read_report(&op, &key_a, A, m, 1 + n + SEAL_MORE, r);
}

/* --- names ------------------------------------------------------------------ */

static void
channels_lead_back_to_the_instance(void **state)
{
	const char *in = guest_channel_in(&op, A);

	(void)state;
	assert_string_equal(in, "coffer:g:a:aaaaaaaa-1111-4222-8333-"
	    "444444444444:in");
	assert_string_equal(guest_channel_instance(&op, in), A);
	assert_string_equal(guest_channel_instance(&op,
	    guest_channel_out(&op, A)), A);
	assert_int_equal(guest_shard("0f"), 0);
	assert_int_equal(guest_shard("9"), 9);
	assert_int_equal(guest_shard("f"), 15);
}

static void
no_other_channel_is_a_guests(void **state)
{
	static const char *const bad[] = { "", "coffer:g:", "coffer:tasks",
	    "coffer:g:b:aaaaaaaa-1111-4222-8333-444444444444:out",
	    "coffer:g:a:aaaaaaaa-1111-4222-8333-444444444444",
	    "coffer:g:a:aaaaaaaa-1111-4222-8333-444444444444:",
	    "coffer:g:a:aaaaaaaa-1111-4222-8333-444444444444:outer",
	    "coffer:g:a:AAAAAAAA-1111-4222-8333-444444444444:out",
	    "coffer:g:a:aaaaaaaa-1111-4222-8333-44444444444B:out",
	    "coffer:g:a:aaaaaaaa+1111-4222-8333-444444444444:out",
	    "coffer:g:a:aaaaaaaa-1111-4222-8333-4444:out",
	    "coffer:g:aaaaaaaaa-1111-4222-8333-444444444444:out" };

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		if (guest_channel_instance(&op, bad[i]) != NULL)
			fail_msg("taken: %s", bad[i]);
}

static void
every_order_is_found_by_its_word(void **state)
{
	(void)state;
	for (int k = ORDER_NONE + 1; k < ORDER__MAX; k++) {
		assert_int_equal(order_find(order_word(k)), k);
		assert_true(order_kept(k) == TASK || order_kept(k) == ASK);
	}
	assert_int_equal(order_find("format_disk"), ORDER_NONE);
	assert_int_equal(order_find(""), ORDER_NONE);
}

static void
keys_and_passwords_differ_by_guest_epoch_and_purpose(void **state)
{
	const char *a1 = guest_redis_password(&op, &master, A, 1);
	char hex[2 * SEAL_KEY + 1];
	struct key again;

	(void)state;
	assert_memory_not_equal(&key_a, &key_b, sizeof(key_a));
	guest_key(&again, &master, A, 2);
	assert_memory_not_equal(&key_a, &again, sizeof(again));
	assert_string_not_equal(a1, guest_redis_password(&op, &master, A, 2));
	assert_string_not_equal(a1, guest_redis_password(&op, &master, B, 1));
	text_hex(hex, key_a.b, SEAL_KEY);
	assert_string_not_equal(a1, hex);
}

static void
sequence_numbers_grow_even_when_the_clock_goes_back(void **state)
{
	int64_t last = guest_seq();

	(void)state;
	clock_shift(-5000);
	for (int i = 0; i < 1000; i++) {
		int64_t next = guest_seq();

		assert_true(next > last);
		last = next;
	}
	clock_shift(5000);
}

/* --- there and back ----------------------------------------------------------- */

static void
an_order_arrives_as_it_was_given(void **state)
{
	struct order o;
	size_t n;
	const char *m = guest_write_order(&op, &key_a, A, "t1:databases",
	    ORDER_DATABASE_CREATE, "{\"databases\":[{\"name\":\"app\"}]}", &n);

	(void)state;
	assert_int_equal(guest_read_order(&op, &key_a, A, m, n, &o), OK);
	assert_string_equal(o.id, "t1:databases");
	assert_string_equal(o.request, "req-1");
	assert_int_equal(o.kind, ORDER_DATABASE_CREATE);
	assert_int_equal(json_count(json_get(o.body, "databases")), 1);
	assert_true(o.seq > 0);
}

static void
an_order_without_a_body_has_none(void **state)
{
	struct order o;
	size_t n;
	const char *m = guest_write_order(&op, &key_a, A, "t1:restart",
	    ORDER_RESTART, NULL, &n);

	(void)state;
	assert_int_equal(guest_read_order(&op, &key_a, A, m, n, &o), OK);
	assert_null(o.body);
}

static void
an_answer_arrives_as_it_was_given(void **state)
{
	struct answer a = { "q1", 7, ERR_NOT_FOUND, "no such user", NULL }, b;
	size_t n;
	const char *m = guest_write_answer(&op, &key_a, A, &a, "{\"x\":1}", &n);

	(void)state;
	assert_int_equal(guest_read_answer(&op, &key_a, A, m, n, &b), OK);
	assert_string_equal(b.id, "q1");
	assert_int_equal(b.seq, 7);
	assert_int_equal(b.err, ERR_NOT_FOUND);
	assert_string_equal(b.why, "no such user");
	assert_int_equal(json_int(json_get(b.body, "x")), 1);
}

static void
assert_same_report(const struct report *a, const struct report *b)
{
	assert_int_equal(a->seq, b->seq);
	assert_string_equal(a->status, b->status);
	assert_int_equal(a->used_bytes, b->used_bytes);
	assert_int_equal(a->total_bytes, b->total_bytes);
	assert_string_equal(a->version, b->version);
	if (a->order == NULL)
		assert_null(b->order);
	else
		assert_string_equal(a->order, b->order);
	assert_string_equal(a->err, b->err);
	if (a->why == NULL)
		assert_null(b->why);
	else
		assert_string_equal(a->why, b->why);
}

static void
a_report_arrives_as_it_was_given(void **state)
{
	struct report a = healthy(), b;
	size_t n;
	const char *m;

	(void)state;
	for (const char *const *s = guest_statuses; *s != NULL; s++) {
		a.status = *s;
		m = guest_write_report(&op, &key_a, A, &a, &n);
		assert_int_equal(guest_read_report(&op, &key_a, A, m, n, &b),
		    OK);
		assert_same_report(&a, &b);
	}
	a.order = NULL;
	a.used_bytes = a.total_bytes = -1;
	a.err = "CONFLICT";
	a.why = "it said \"no\" \xc3\xa4 \\ twice";	/* needs the long way */
	m = guest_write_report(&op, &key_a, A, &a, &n);
	assert_int_equal(guest_read_report(&op, &key_a, A, m, n, &b), OK);
	assert_same_report(&a, &b);
}

static void
what_is_too_long_says_so_or_is_not_written(void **state)
{
	char *body = op_alloc(&op, GUEST_MAX + 10);
	struct answer a = { "q1", 7, OK, NULL, NULL }, b;
	const char *m;
	size_t n;

	(void)state;
	memset(body, ' ', GUEST_MAX);
	memcpy(body, "{}", 2);
	assert_null(guest_write_order(&op, &key_a, A, "t:s", ORDER_PREPARE,
	    body, &n));
	m = guest_write_answer(&op, &key_a, A, &a, body, &n);
	assert_in_range(n, 1, GUEST_MAX);
	assert_int_equal(guest_read_answer(&op, &key_a, A, m, n, &b), OK);
	assert_int_equal(b.err, ERR_GUEST);
	assert_string_equal(b.id, "q1");
}

/* --- forged --------------------------------------------------------------------- */

static void
another_guests_key_opens_nothing(void **state)
{
	struct report r = healthy(), out;
	size_t n;
	const char *m = guest_write_report(&op, &key_b, A, &r, &n);

	(void)state;
	assert_int_equal(guest_read_report(&op, &key_a, A, m, n, &out),
	    ERR_FORGED);
	/* nor does the same key speak for another instance */
	m = guest_write_report(&op, &key_a, B, &r, &n);
	assert_int_equal(guest_read_report(&op, &key_a, A, m, n, &out),
	    ERR_FORGED);
}

static void
a_word_of_one_kind_or_direction_is_none_of_another(void **state)
{
	struct report r = healthy();
	struct answer a = { "q1", 7, OK, NULL, NULL };
	struct order o;
	size_t n[3];
	const char *m[3] = {
		guest_write_order(&op, &key_a, A, "q1", ORDER_PING, NULL, &n[0]),
		guest_write_answer(&op, &key_a, A, &a, NULL, &n[1]),
		guest_write_report(&op, &key_a, A, &r, &n[2]),
	};

	(void)state;
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++) {	/* also with its kind byte forged */
			char *c = memcpy(op_alloc(&op, n[i]), m[i], n[i]);

			c[0] = "oar"[k];
			assert_int_equal(guest_read_order(&op, &key_a, A, c,
			    n[i], &o), i == 0 && k == 0 ? OK : ERR_FORGED);
			assert_int_equal(guest_read_answer(&op, &key_a, A, c,
			    n[i], &a), i == 1 && k == 1 ? OK : ERR_FORGED);
			assert_int_equal(guest_read_report(&op, &key_a, A, c,
			    n[i], &r), i == 2 && k == 2 ? OK : ERR_FORGED);
		}
}

static void
no_flipped_bit_and_no_cut_gets_through(void **state)
{
	struct report r = healthy(), out;
	size_t n;
	const char *m = guest_write_report(&op, &key_a, A, &r, &n);
	char *c = op_alloc(&op, n);

	(void)state;
	for (size_t i = 0; i < n * 8; i++) {
		struct op each;

		op_begin(&each, "t");
		memcpy(c, m, n);
		c[i / 8] ^= (char)(1 << i % 8);
		assert_int_equal(guest_read_report(&each, &key_a, A, c, n,
		    &out), ERR_FORGED);
		op_end(&each);
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(guest_read_report(&op, &key_a, A, m, i, &out),
		    ERR_FORGED);
}

static void
an_oversized_message_is_not_even_opened(void **state)
{
	char *m = op_alloc(&op, GUEST_MAX + 1);
	struct report out;

	(void)state;
	m[0] = 'r';
	assert_int_equal(guest_read_report(&op, &key_a, A, m, GUEST_MAX + 1,
	    &out), ERR_FORGED);
	assert_string_equal(op.why, "no such message");
}

/* --- what a guest may say ---------------------------------------------------------- */

#define REST ",\"used\":1,\"total\":2,\"version\":\"1\",\"order\":null,"	\
	"\"err\":\"OK\",\"why\":null}"

static void
sealed_nonsense_is_forged(void **state)
{
	static const char *const bad[] = { "", "null", "[]", "{}", "{\"seq\":1}",
	    "{\"seq\":1,\"status\":\"healthy\"", "{\"seq\":0,\"status\":\"new\"}",
	    "{\"seq\":-5,\"status\":\"new\"}", "{\"seq\":\"1\",\"status\":\"new\"}",
	    "{\"seq\":1.5,\"status\":\"new\"}", "{\"seq\":1e3,\"status\":\"new\"}",
	    "{\"seq\":99999999999999999999,\"status\":\"new\"}",
	    "{\"seq\":1,\"status\":\"silent\"}", "{\"seq\":1,\"status\":\"ACTIVE\"}",
	    "{\"seq\":1,\"status\":null" REST, "{\"seq\":1,\"status\":\"\"" REST,
	    "{\"seq\":0,\"status\":\"new\"" REST,
	    "{\"seq\":1,\"seq\":2,\"status\":\"new\"}",
	    "{\"seq\":1,\"status\":\"ne\xff\"}" };
	struct report r;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		if (read_json(bad[i], &r) != ERR_FORGED)
			fail_msg("taken: %s", bad[i]);
}

static void
members_that_nobody_asked_for_are_dropped(void **state)
{
	struct report r;

	(void)state;
	assert_int_equal(read_json("{\"tenant_id\":\"x\",\"status\":\"healthy\","
	    "\"seq\":3,\"size\":-1,\"backup\":{\"state\":\"COMPLETED\"},"
	    "\"used\":-7,\"total\":\"many\",\"order\":{},\"err\":[],"
	    "\"version\":1}", &r), OK);
	assert_int_equal(r.seq, 3);
	assert_int_equal(r.used_bytes, -1);
	assert_int_equal(r.total_bytes, -1);
	assert_null(r.version);
	assert_null(r.order);
	assert_string_equal(r.err, "GUEST");
	assert_null(r.why);
}

static void
the_fast_way_and_the_long_way_read_the_same(void **state)
{
	struct report fast, slow;

	(void)state;
	assert_int_equal(read_json("{\"seq\":5,\"status\":\"crashed\",\"used\":0,"
	    "\"total\":9223372036854775807,\"version\":\"1.2\",\"order\":\"a:b\","
	    "\"err\":\"NOT_FOUND\",\"why\":\"gone\"}", &fast), OK);
	assert_int_equal(read_json("{ \"seq\":5,\"status\":\"crashed\",\"used\":0,"
	    "\"total\":9223372036854775807,\"version\":\"1.2\",\"order\":\"a:b\","
	    "\"err\":\"NOT_FOUND\",\"why\":\"gone\"}", &slow), OK);
	assert_same_report(&slow, &fast);
}

static void
texts_are_cut_and_their_control_bytes_shown(void **state)
{
	char json[4096], longer[1024];
	struct report r;

	(void)state;
	assert_int_equal(read_json("{\"seq\":1,\"status\":\"failed\",\"why\":"
	    "\"a\\u001b[2Jb\\nc\\u007fd\\u009be\"}", &r), OK);
	assert_string_equal(r.why, "a\\x1b[2Jb\\x0ac\\x7fd\\x9be");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	snprintf(json, sizeof(json), "{\"seq\":1,\"status\":\"failed\",\"used\":1,"
	    "\"total\":2,\"version\":\"%s\",\"order\":\"%.200s\",\"err\":\"OK\","
	    "\"why\":\"%s\"}", longer, longer, longer);
	assert_int_equal(read_json(json, &r), OK);
	assert_int_equal(strlen(r.why), GUEST_WHY);
	assert_int_equal(strlen(r.version), 64);
	assert_null(r.order);
	/* 254 bytes and a character of two: not cut in the middle */
	memcpy(longer + GUEST_WHY - 1, "\xc3\xa4", 2);
	snprintf(json, sizeof(json), "{\"seq\":1,\"status\":\"failed\","
	    "\"why\":\"%s\"}", longer);
	assert_int_equal(read_json(json, &r), OK);
	assert_int_equal(strlen(r.why), GUEST_WHY - 1);
}

static void
a_guest_has_no_say_about_tokens_or_leases(void **state)
{
	static const char *const said[][2] = { { "FENCED", "GUEST" },
	    { "UNAUTHORIZED", "GUEST" }, { "FORBIDDEN", "GUEST" },
	    { "nonsense", "GUEST" }, { "", "GUEST" }, { "INTERNAL", "GUEST" },
	    { "CONFLICT", "CONFLICT" }, { "NOT_BUILT", "NOT_BUILT" },
	    { "OK", "OK" } };
	struct report r;

	(void)state;
	for (size_t i = 0; i < ROWS(said); i++) {
		assert_int_equal(read_json(op_printf(&op, "{\"seq\":1,\"status\":"
		    "\"healthy\",\"err\":\"%s\"}", said[i][0]), &r), OK);
		assert_string_equal(r.err, said[i][1]);
	}
}

static void
an_order_of_a_newer_control_plane_opens_as_none(void **state)
{
	static const char json[] = "{\"id\":\"t:s\",\"seq\":1,\"request\":\"r\","
	    "\"order\":\"teleport\"}";
	char m[sizeof(json) + SEAL_MORE], about[64];
	struct order o;

	(void)state;
	m[0] = 'o';
	snprintf(about, sizeof(about), "coffer:in:o:%s", A);
	seal_close((unsigned char *)m + 1, &key_a, about, strlen(about), json,
	    sizeof(json) - 1);
	assert_int_equal(guest_read_order(&op, &key_a, A, m, sizeof(m), &o), OK);
	assert_int_equal(o.kind, ORDER_NONE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(channels_lead_back_to_the_instance),
		T(no_other_channel_is_a_guests),
		T(every_order_is_found_by_its_word),
		T(keys_and_passwords_differ_by_guest_epoch_and_purpose),
		T(sequence_numbers_grow_even_when_the_clock_goes_back),
		T(an_order_arrives_as_it_was_given),
		T(an_order_without_a_body_has_none),
		T(an_answer_arrives_as_it_was_given),
		T(a_report_arrives_as_it_was_given),
		T(what_is_too_long_says_so_or_is_not_written),
		T(another_guests_key_opens_nothing),
		T(a_word_of_one_kind_or_direction_is_none_of_another),
		T(no_flipped_bit_and_no_cut_gets_through),
		T(an_oversized_message_is_not_even_opened),
		T(sealed_nonsense_is_forged),
		T(members_that_nobody_asked_for_are_dropped),
		T(the_fast_way_and_the_long_way_read_the_same),
		T(texts_are_cut_and_their_control_bytes_shown),
		T(a_guest_has_no_say_about_tokens_or_leases),
		T(an_order_of_a_newer_control_plane_opens_as_none),
	};

	seal_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
