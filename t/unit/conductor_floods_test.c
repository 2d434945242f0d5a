/* What a conductor drops: forged, old, too much; and whom it shuts out. */
#include "t/unit/test.h"
#include "t/unit/conductor_fixture.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/clock.h"
#include "lib/msg/bus.h"

#include <stdlib.h>
#include <string.h>

static void
what_is_forged_or_foreign_changes_nothing(void **state)
{
	struct report r = state_of("failed");
	char *big = op_alloc(&op, GUEST_MAX + 100);
	const char *m, *out1, *out2;
	size_t len;

	(void)state;
	one_is_healthy(2);
	out1 = guest_channel_out(&op, name_of(1));
	out2 = guest_channel_out(&op, name_of(2));
	m = sealed(2, 1, &r, &len);		/* another guest's credentials */
	publish(out1, m, len);
	m = sealed(1, 1, &r, &len);		/* its own, on another's channel */
	publish(out2, m, len);
	m = sealed(1, 9, &r, &len);		/* a key it does not have */
	publish(out1, m, len);
	publish(out1, m, len / 2);
	publish(out1, "r", 1);
	publish(out1, "rubbish that is long enough to be something sealed", 50);
	memset(big, 'r', GUEST_MAX + 100);
	publish(out1, big, GUEST_MAX + 100);
	publish("coffer:g:1:not-an-id:out", m, len);
	publish("coffer:g:1:20000002-1111-4222-8333-444444444444:out", m, len);
	publish(out1, "a", 1);			/* an answer: not ours to judge */
	publish(out1, "o", 1);
	turns(200);
	assert_int_equal(con->count[TAKEN], 1);
	assert_int_equal(con->count[FORGED], 6);
	assert_int_equal(con->count[TOO_LARGE], 1);
	assert_int_equal(con->count[NOT_OURS], 2);
	assert_int_equal(status_is(1, "healthy"), 1);
	assert_int_equal(status_is(2, "new"), 1);
}

static void
old_repeated_and_future_reports_are_stale(void **state)
{
	struct report r = state_of("building");
	const char *m, *out = guest_channel_out(&op, name_of(1));
	size_t len;

	(void)state;
	guests_add(1, 1);
	settle();
	m = sealed(1, 1, &r, &len);
	say(1, "healthy");
	publish(out, m, len);			/* older */
	until_status(1, "healthy");
	r = state_of("crashed");
	m = sealed(1, 1, &r, &len);
	publish(out, m, len);
	publish(out, m, len);			/* twice */
	until_status(1, "crashed");
	r = state_of("failed");
	r.seq += 400LL * 1000000;		/* from tomorrow */
	report(1, &r);
	turns(100);
	assert_int_equal(con->count[STALE], 3);
	assert_int_equal(status_is(1, "crashed"), 1);
	/* and a restart of the conductor does not make it forget */
	conductor_again();
	publish(out, m, len);
	turns(100);
	assert_int_equal(con->count[STALE], 1);
	assert_int_equal(con->count[TAKEN], 0);
}

static void
a_flood_of_one_guest_is_cut_before_it_costs(void **state)
{
	struct report r;

	(void)state;
	guests_add(1, 2);
	settle();
	for (int i = 0; i < 400; i++)
		say(1, i % 2 == 0 ? "healthy" : "crashed");
	say(2, "healthy");
	until_status(2, "healthy");
	assert_in_range(con->count[TAKEN], 51, 103);
	assert_in_range(con->count[TOO_MANY], 298, 350);
	clock_shift(1000);
	r = state_of("failed");
	report(1, &r);
	until_status(1, "failed");
}

/* Not by ACL LIST: it takes Redis seconds to describe thousands of users. */
static bool
is_let_in(int n)
{
	struct redis_reply r = { 0 };

	assert_int_equal(redis_call(&op, bus_redis(), &r, ARGV("ACL", "GETUSER",
	    guest_redis_user(&op, name_of(n)))), OK);
	return r.kind == REDIS_LIST;
}

/*
 * 17 MB at a time, until it is more than 32 MB in one second.  Only reading them
 * takes time: a slow machine would not say so much in a second.
 */
static void
shouts(int n, char kind)
{
	static char junk[60000];

	junk[0] = kind;
	clock_shift(1000 - clock_ms() % 1000);
	for (int round = 0; round < 20 && is_let_in(n); round++) {
		int64_t began = clock_ms();

		for (int i = 0; i < 290; i++)
			publish(guest_channel_out(&op, name_of(n)), junk,
			    sizeof(junk));
		clock_shift(began - clock_ms());
		turns(20);
	}
	assert_false(is_let_in(n));
}

static void
who_shouts_others_down_is_shut_out_for_a_while(void **state)
{
	static char junk[60000] = "r";

	(void)state;
	guests_add(1, 3);
	settle();
	for (int n = 1; n <= 3; n++)
		assert_int_equal(guest_admit(&op, bus_redis(), seal_master(),
		    name_of(n), 1), OK);
	/* Much, but not too much: 6 MB in a second. */
	clock_shift(1000);
	for (int i = 0; i < 100; i++)
		publish(guest_channel_out(&op, name_of(1)), junk, sizeof(junk));
	turns(100);
	assert_true(is_let_in(1));
	shouts(2, 'a');
	assert_true(is_let_in(1));
	assert_true(is_let_in(3));
	say(2, "failed");
	clock_shift(1000);
	say(3, "shutdown");
	until_status(3, "shutdown");
	assert_int_equal(status_is(2, "failed"), 0);
	time_passes(20000);
	assert_false(is_let_in(2));
	time_passes(12000);
	assert_true(is_let_in(2));
	say(2, "failed");
	until_status(2, "failed");
}

/* Who was deleted meanwhile stays out, and a conductor that dies leaves nobody so. */
static void
who_was_shut_out_is_neither_forgotten_nor_revived(void **state)
{
	(void)state;
	guests_add(1, 2);
	settle();
	for (int n = 1; n <= 2; n++)
		assert_int_equal(guest_admit(&op, bus_redis(), seal_master(),
		    name_of(n), 1), OK);
	shouts(1, 'r');
	shouts(2, 'r');
	pg_fixture_sql("DELETE FROM guests WHERE instance_id = '%s'",
	    name_of(2));
	conductor_again();
	assert_true(is_let_in(1));
	assert_false(is_let_in(2));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(what_is_forged_or_foreign_changes_nothing),
		T(old_repeated_and_future_reports_are_stale),
		T(a_flood_of_one_guest_is_cut_before_it_costs),
		T(who_shouts_others_down_is_shut_out_for_a_while),
		T(who_was_shut_out_is_neither_forgotten_nor_revived),
	};

	return conductor_fixture_run(tests, ROWS(tests));
}
