/* What is wanted of TLS, kept over starts and failures; the server is a record. */
#include "t/unit/test_data.h"
#include "agent/datastore.h"
#include "agent/supervisor.h"
#include "agent/tls.h"
#include "agent/tls_files.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR_MS	(3600 * 1000)
#define DAY_MS	(24LL * HOUR_MS)

static enum tls_mode applied;		/* TLS__MAX: nothing was */
static int applies, fails;		/* so many of the next fail */

static enum err
apply(struct op *o, const struct tls *t)
{
	applies++;
	if (fails > 0) {
		fails--;
		return op_fail(o, ERR_GUEST, "the server would not");
	}
	if (t->mode != TLS_OFF)
		assert_int_equal(access(file_data(o, TLS_SERVER), R_OK), 0);
	applied = t->mode;
	return OK;
}

static enum err
is_on(struct op *o, bool *on)
{
	(void)o;
	*on = applied != TLS__MAX && applied != TLS_OFF;
	return OK;
}

static const struct tls_ways all_modes = { .apply = apply, .on = is_on,
    .mutual = true }, no_mutual = { .apply = apply, .on = is_on };
static struct datastore server;

/* An empty volume, and a server that has nothing. */
static int
fresh(void **state)
{
	data_begin(state);
	server = datastore_null;
	server.tls = &all_modes;
	supervisor_open(&op, &server);
	set("agent", "address", "10.0.0.7");
	set("agent", "instance", "7f0e1111-2222-4333-8444-555566667777");
	applied = TLS__MAX;
	applies = fails = 0;
	return 0;
}

static const struct json *
body_of(const char *text)
{
	const struct json *j = NULL;

	assert_int_equal(json_parse(&op, text, strlen(text), &j), OK);
	return j;
}

static enum err
switched(const char *body)
{
	enum err e = tls_check(&op, body_of(body));

	return e != OK ? e : tls_switch(&op, body_of(body), false, NULL);
}

static const char *
shown(void)
{
	struct jsonw w;

	jsonw_begin(&w, &op, 1024);
	jsonw_map(&w);
	assert_int_equal(tls_show(&op, NULL, false, &w), OK);
	jsonw_map_end(&w);
	return w.out.s;
}

static const char *
contents(const char *name)
{
	const char *bytes = NULL;
	size_t len;

	return file_get(&op, file_data(&op, name), &bytes, &len) == OK ?
	    bytes : NULL;
}

static enum tls_mode
wanted(void)
{
	struct tls t;

	assert_int_equal(tls_read(&op, &t), OK);
	return t.mode;
}

/* --- orders ------------------------------------------------------------------------- */

static const struct { const char *body; enum err e; } bodies[] = {
	{ "{}", ERR_BAD_REQUEST },
	{ "{\"mode\": null}", ERR_BAD_REQUEST },
	{ "{\"mode\": 7}", ERR_BAD_REQUEST },
	{ "{\"mode\": \"Basic\"}", ERR_BAD_REQUEST },
	{ "{\"mode\": \"mtls\"}", ERR_BAD_REQUEST },
	{ "{\"mode\": \"mtls\", \"clients\": \"no PEM\"}", ERR_BAD_REQUEST },
	{ "{\"mode\": \"basic\", \"addresses\": [\"x\"]}", ERR_BAD_REQUEST },
	{ "{\"mode\": \"basic\", \"addresses\": [7]}", ERR_BAD_REQUEST },
	{ "{\"mode\": \"basic\", \"addresses\": [\"::1\",\"::1\",\"::1\",\"::1\","
	  "\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\","
	  "\"::1\",\"::1\",\"::1\",\"::1\",\"::1\"]}", ERR_BAD_REQUEST },
	{ "{\"mode\": \"off\"}", OK },
	{ "{\"mode\": \"basic\"}", OK },
	{ "{\"mode\": \"enforced\", \"addresses\": [\"192.0.2.1\"]}", OK },
	{ "{\"mode\": \"basic\", \"clients\": \"of no use\"}", OK },
};

static void
an_order_is_a_mode_and_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(bodies); i++)
		if (switched(bodies[i].body) != bodies[i].e)
			fail_msg("%s: not %s", bodies[i].body,
			    err_name(bodies[i].e));
}

static void
what_is_refused_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(switched("{\"mode\": \"mtls\", \"clients\": \"x\"}"),
	    ERR_BAD_REQUEST);
	assert_int_equal(applies, 0);
	assert_int_equal(wanted(), TLS_OFF);
	assert_null(contents(TLS_SERVER));
	assert_null(contents(TLS_CLIENTS));
}

static void
a_server_that_cannot_says_so(void **state)
{
	(void)state;
	server.tls = &no_mutual;
	assert_int_equal(switched("{\"mode\": \"mtls\", \"clients\": \"x\"}"),
	    ERR_BAD_REQUEST);
	server.tls = NULL;
	assert_int_equal(switched("{\"mode\": \"basic\"}"), ERR_NOT_BUILT);
	set("agent", "address", "0.0.0.0");
	server.tls = &all_modes;
	assert_int_equal(switched("{\"mode\": \"basic\"}"), ERR_BAD_REQUEST);
}

static void
what_holds_is_shown_without_a_key(void **state)
{
	const char *s;

	(void)state;
	assert_string_equal(shown(), "{\"on\":false,\"at_start\":false,"
	    "\"asks\":true,\"mode\":\"off\",\"clients\":null}");
	assert_int_equal(switched("{\"mode\": \"enforced\", \"addresses\": "
	    "[\"192.0.2.1\"]}"), OK);
	s = shown();
	assert_non_null(strstr(s, "\"mode\":\"enforced\""));
	assert_non_null(strstr(s, "\"addresses\":[\"10.0.0.7\",\"192.0.2.1\"]"));
	assert_non_null(strstr(s, "\"before\":{\"mode\":\"off\""));
	assert_non_null(strstr(s, "BEGIN CERTIFICATE"));
	assert_null(strstr(s, "PRIVATE"));
}

static void
a_failure_leaves_what_was(void **state)
{
	(void)state;
	assert_int_equal(switched("{\"mode\": \"basic\"}"), OK);
	fails = 1;
	assert_int_equal(switched("{\"mode\": \"enforced\"}"), ERR_GUEST);
	assert_string_equal(op.why, "the server would not");
	assert_int_equal(wanted(), TLS_BASIC);
	assert_int_equal(applied, TLS_BASIC);
	assert_non_null(strstr(shown(), "\"before\":{\"mode\":\"off\""));
}

/* Told again, after an agent that died between the two: the way back stays. */
static void
an_order_told_again_keeps_the_way_back(void **state)
{
	(void)state;
	assert_int_equal(switched("{\"mode\": \"basic\"}"), OK);
	assert_int_equal(switched("{\"mode\": \"enforced\"}"), OK);
	assert_int_equal(switched("{\"mode\": \"enforced\"}"), OK);
	assert_non_null(strstr(shown(), "\"before\":{\"mode\":\"basic\""));
}

/* --- over starts and years ------------------------------------------------------------ */

static void
a_start_finishes_what_was_wanted(void **state)
{
	struct tls t;

	(void)state;
	tls_settle(&op, &server);
	assert_int_equal(applies, 0);		/* nothing ever was */
	assert_int_equal(switched("{\"mode\": \"enforced\"}"), OK);
	applied = TLS__MAX;
	assert_int_equal(tls_start(&op, &t), OK);
	assert_int_equal(t.mode, TLS_ENFORCED);
	tls_settle(&op, &server);
	assert_int_equal(applied, TLS_ENFORCED);
}

static void
a_start_at_another_address_has_a_certificate_of_it(void **state)
{
	const char *was;
	struct tls t;

	(void)state;
	assert_int_equal(switched("{\"mode\": \"basic\"}"), OK);
	was = contents(TLS_SERVER);
	assert_int_equal(tls_start(&op, &t), OK);
	assert_string_equal(contents(TLS_SERVER), was);
	set("agent", "address", "10.0.0.8");
	assert_int_equal(tls_start(&op, &t), OK);
	assert_string_not_equal(contents(TLS_SERVER), was);
	assert_string_equal(t.addresses[0], "10.0.0.8");
	was = contents(TLS_SERVER);
	assert_int_equal(unlink(file_data(&op, TLS_SERVER)), 0);
	assert_int_equal(tls_start(&op, &t), OK);
	assert_string_not_equal(contents(TLS_SERVER), was);
}

static void
it_is_made_anew_before_it_ends_by_the_same_authority(void **state)
{
	const char *was, *authority;

	(void)state;
	set("agent", "certificate_days", "90");
	assert_int_equal(switched("{\"mode\": \"basic\"}"), OK);
	tls_settle(&op, &server);
	was = contents(TLS_SERVER);
	authority = contents("agent/tls.authority");
	tls_turn(&op, &server);
	clock_shift(59 * DAY_MS);
	tls_turn(&op, &server);
	assert_string_equal(contents(TLS_SERVER), was);
	applies = 0;
	clock_shift(2 * DAY_MS);
	tls_turn(&op, &server);
	assert_string_not_equal(contents(TLS_SERVER), was);
	assert_string_equal(contents("agent/tls.authority"), authority);
	assert_int_equal(applies, 1);
	tls_turn(&op, &server);			/* looked at once an hour */
	assert_int_equal(applies, 1);
	clock_shift(-61 * DAY_MS);
}

static void
a_damaged_wish_is_an_error_and_no_crash(void **state)
{
	static const char *const wrong[] = { "", "{", "[]", "{\"mode\": \"x\"}",
	    "{\"mode\": \"basic\", \"addresses\": [\"x\"]}",
	    "{\"mode\": \"basic\", \"before\": {\"mode\": 1}}" };
	struct tls t;

	(void)state;
	for (size_t i = 0; i < ROWS(wrong); i++) {
		assert_int_equal(file_put(&op, file_data(&op,
		    "agent/tls.state"), wrong[i], strlen(wrong[i])), OK);
		assert_int_not_equal(tls_read(&op, &t), OK);
		assert_int_not_equal(tls_start(&op, &t), OK);
		tls_settle(&op, &server);
	}
	assert_int_equal(applies, 0);
}

/* Who reads the server's files cannot sign as the instance. */
static void
keys_are_their_owners_alone(void **state)
{
	static const char *const names[] = { TLS_SERVER, "agent/tls.authority",
	    "agent/tls.state" };
	struct stat st;

	(void)state;
	assert_int_equal(switched("{\"mode\": \"basic\"}"), OK);
	for (size_t i = 0; i < ROWS(names); i++) {
		assert_int_equal(stat(file_data(&op, names[i]), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	assert_null(strstr(contents(TLS_SERVER), contents("agent/tls.authority")));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, data_end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_order_is_a_mode_and_addresses),
		TEST(what_is_refused_changes_nothing),
		TEST(a_server_that_cannot_says_so),
		TEST(what_holds_is_shown_without_a_key),
		TEST(a_failure_leaves_what_was),
		TEST(an_order_told_again_keeps_the_way_back),
		TEST(a_start_finishes_what_was_wanted),
		TEST(a_start_at_another_address_has_a_certificate_of_it),
		TEST(it_is_made_anew_before_it_ends_by_the_same_authority),
		TEST(a_damaged_wish_is_an_error_and_no_crash),
		TEST(keys_are_their_owners_alone),
	};

	log_init("tls_test", LOG_ERROR);
	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
