/* The bus, and what a guest's own user may do, against a real server. */
#include "t/unit/test.h"
#include "t/unit/bus_fixture.h"
#include "t/unit/redis_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/msg/admission.h"
#include "lib/msg/bus.h"
#include "lib/msg/guest.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static long long
length(const char *list)
{
	struct redis_reply r;

	assert_int_equal(redis_call(&op, bus_redis(), &r, ARGV("LLEN", list)),
	    OK);
	return r.number;
}

static void
the_oldest_task_is_taken_first_and_stands_in_the_workers_list(void **state)
{
	const char *id;

	(void)state;
	assert_int_equal(bus_ring(&op, ARGV("t1", "t2"), 2), OK);
	assert_int_equal(bus_ring(&op, ARGV("t3"), 1), OK);
	assert_int_equal(bus_take(&op, "w1", NULL, 100, &id), OK);
	assert_string_equal(id, "t1");
	assert_int_equal(length("coffer:tasks:w1"), 1);
	assert_int_equal(bus_take(&op, "w1", "t1", 100, &id), OK);
	assert_string_equal(id, "t2");
	assert_int_equal(length("coffer:tasks:w1"), 1);
	assert_int_equal(bus_ack(&op, "w1", "t2"), OK);
	assert_int_equal(length("coffer:tasks:w1"), 0);
	assert_int_equal(length("coffer:tasks"), 1);
}

static void
many_are_rung_at_once(void **state)
{
	const char *ids[500];

	(void)state;
	for (int i = 0; i < 500; i++)
		ids[i] = op_printf(&op, "task-%d", i);
	assert_int_equal(bus_ring(&op, ids, 500), OK);
	assert_int_equal(length("coffer:tasks"), 500);
	assert_int_equal(bus_ring(&op, ids, 0), OK);
}

static void
what_a_dead_worker_held_is_forgotten(void **state)
{
	const char *id;

	(void)state;
	assert_int_equal(bus_ring(&op, ARGV("t1"), 1), OK);
	assert_int_equal(bus_take(&op, "w1", NULL, 100, &id), OK);
	assert_int_equal(bus_forget(&op, "w1"), OK);
	assert_int_equal(length("coffer:tasks:w1"), 0);
}

static void
a_wait_without_tasks_ends(void **state)
{
	int64_t began = clock_ms();
	const char *id = "x";

	(void)state;
	assert_int_equal(bus_take(&op, "w1", NULL, 300, &id), OK);
	assert_null(id);
	assert_in_range(clock_ms() - began, 250, 900);
	assert_int_equal(bus_take(&op, "w1", NULL, 0, &id), OK);
	assert_null(id);
}

static void
the_end_of_a_task_wakes_whoever_waits_for_it(void **state)
{
	int64_t began = clock_ms();
	bool ended;
	pid_t child;

	(void)state;
	assert_int_equal(bus_wait_done(&op, "t1", 50, &ended), OK);
	assert_false(ended);
	if ((child = fork()) == 0) {
		bus_close();
		bus_open();
		usleep(100000);
		_exit(bus_ring_done(&op, "t1") == OK ? 0 : 1);
	}
	assert_int_equal(bus_wait_done(&op, "t1", 5000, &ended), OK);
	assert_true(ended);
	assert_true(clock_ms() - began < 2000);
	assert_int_equal(waitpid(child, NULL, 0), child);
	/* and whoever comes a little late, or second */
	assert_int_equal(bus_wait_done(&op, "t1", 50, &ended), OK);
	assert_true(ended);
}

/* --- what a guest's own user may do: reliability, 6.K ------------------------------ */

static struct redis *
as_guest(const char *id)
{
	return redis_fixture_user(guest_redis_user(&op, id),
	    guest_redis_password(&op, &master, id, 1));
}

static void
a_guest_hears_its_orders_and_is_heard(void **state)
{
	struct redis *in, *out;
	struct redis_message m;
	bool message;

	(void)state;
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	in = as_guest(A);
	out = as_guest(A);
	assert_int_equal(redis_listen(&op, in, false, guest_channel_in(&op, A)),
	    OK);
	assert_int_equal(guest_tell(&op, &master, A, 1, "t:s", ORDER_RESTART,
	    NULL), OK);
	assert_int_equal(redis_hear(&op, in, &m, &message, 1000), OK);
	assert_true(message);
	assert_int_equal(redis_call(&op, out, NULL, ARGV("PUBLISH",
	    guest_channel_out(&op, A), "x")), OK);
	assert_int_equal(redis_call(&op, out, NULL, ARGV("PING")), OK);
	redis_free(in);
	redis_free(out);
}

static void
everything_else_is_refused(void **state)
{
	static const char in_a[] =
	    "coffer:g:a:aaaaaaaa-1111-4222-8333-444444444444:in",
	    out_a[] = "coffer:g:a:aaaaaaaa-1111-4222-8333-444444444444:out",
	    in_b[] = "coffer:g:b:bbbbbbbb-1111-4222-8333-444444444444:in",
	    out_b[] = "coffer:g:b:bbbbbbbb-1111-4222-8333-444444444444:out";
	static const char *const tried[][6] = {
		{ "PUBLISH", in_a, "order" }, { "PUBLISH", out_b, "report" },
		{ "PUBLISH", in_b, "order" }, { "SPUBLISH", out_a, "x" },
		{ "SUBSCRIBE", out_a }, { "SUBSCRIBE", in_b },
		{ "SUBSCRIBE", out_b }, { "SUBSCRIBE", in_a, in_b },
		{ "PSUBSCRIBE", "*" }, { "PSUBSCRIBE", in_a },
		{ "SSUBSCRIBE", in_a }, { "PUBSUB", "CHANNELS" },
		{ "PUBSUB", "NUMSUB", in_b }, { "KEYS", "*" }, { "SCAN", "0" },
		{ "GET", "coffer:tasks" }, { "SET", "k", "v" },
		{ "DEL", "coffer:tasks" }, { "LPUSH", "coffer:tasks", "t" },
		{ "LRANGE", "coffer:tasks", "0", "-1" },
		{ "BLPOP", "coffer:tasks", "0.01" },
		{ "BLMOVE", "coffer:tasks", "k", "LEFT", "LEFT", "0.01" },
		{ "XADD", "s", "*", "a", "b" }, { "HGETALL", "h" },
		{ "EVAL", "return 1", "0" }, { "EVALSHA", "a", "0" },
		{ "FCALL", "f", "0" }, { "FUNCTION", "LIST" },
		{ "SCRIPT", "FLUSH" }, { "CLIENT", "LIST" },
		{ "CLIENT", "KILL", "TYPE", "normal" }, { "CLIENT", "ID" },
		{ "CONFIG", "GET", "*" }, { "CONFIG", "SET", "dir", "/tmp" },
		{ "ACL", "LIST" }, { "ACL", "WHOAMI" },
		{ "ACL", "SETUSER", "x", "on", "nopass", "+@all" },
		{ "INFO" }, { "MONITOR" }, { "FLUSHALL" }, { "FLUSHDB" },
		{ "SHUTDOWN", "NOSAVE" }, { "REPLICAOF", "127.0.0.1", "1" },
		{ "SELECT", "1" }, { "COMMAND", "COUNT" }, { "MULTI" },
		{ "WATCH", "k" }, { "DEBUG", "SLEEP", "0" }, { "SAVE" },
		{ "MODULE", "LIST" }, { "MEMORY", "DOCTOR" },
		{ "LATENCY", "LATEST" }, { "SLOWLOG", "GET" }, { "DBSIZE" },
		{ "TIME" }, { "SWAPDB", "0", "1" }, { "SORT", "k" },
		{ "OBJECT", "HELP" }, { "RESTORE", "k", "0", "x" },
		{ "MIGRATE", "h", "1", "k", "0", "1" }, { "CLUSTER", "INFO" },
		{ "UNSUBSCRIBE", out_b }, { "PUNSUBSCRIBE" }, { "ASKING" },
	};
	struct redis *r;
	size_t refused = 0;

	(void)state;
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	assert_int_equal(guest_admit(&op, bus_redis(), &master, B, 1), OK);
	r = as_guest(A);
	for (size_t i = 0; i < ROWS(tried); i++) {
		const char *argv[7] = { 0 };
		struct op each;
		enum err e;

		memcpy(argv, tried[i], sizeof(tried[i]));
		op_begin(&each, "t");
		e = redis_call(&each, r, NULL, argv);
		if (e == ERR_INTERNAL)
			refused++;
		else if (strcmp(argv[0], "UNSUBSCRIBE") != 0)
			fail_msg("%s %s: %s", argv[0], argv[1] ? argv[1] : "",
			    e == OK ? "allowed" : each.why);
		op_end(&each);
	}
	redis_free(r);
	/* to stop listening to nothing is no right */
	assert_int_equal(refused, ROWS(tried) - 1);
	assert_int_equal(length("coffer:tasks"), 0);
}

static void
a_new_epoch_ends_the_old_password(void **state)
{
	struct redis *r = as_guest(A);

	(void)state;
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")), OK);
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 2), OK);
	redis_free(r);
	r = as_guest(A);
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")),
	    ERR_UNAVAILABLE);
	redis_free(r);
	r = redis_fixture_user(guest_redis_user(&op, A),
	    guest_redis_password(&op, &master, A, 2));
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")), OK);
	redis_free(r);
}

static void
to_be_let_in_again_does_not_cut_the_line(void **state)
{
	struct redis_message m;
	struct redis *r;
	bool message;

	(void)state;
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	r = as_guest(A);
	assert_int_equal(redis_listen(&op, r, false, guest_channel_in(&op, A)),
	    OK);
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	assert_int_equal(guest_tell(&op, &master, A, 1, "t:s", ORDER_RESTART,
	    NULL), OK);
	assert_int_equal(redis_hear(&op, r, &m, &message, 1000), OK);
	assert_true(message);
	redis_free(r);
}

static void
an_expelled_guest_is_cut_off_at_once(void **state)
{
	struct redis_message m;
	struct redis *r;
	bool message;

	(void)state;
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	r = as_guest(A);
	assert_int_equal(redis_listen(&op, r, false, guest_channel_in(&op, A)),
	    OK);
	assert_int_equal(guest_expel(&op, bus_redis(), A), OK);
	assert_int_equal(redis_hear(&op, r, &m, &message, 1000),
	    ERR_UNAVAILABLE);
	assert_int_equal(redis_listen(&op, r, false, guest_channel_in(&op, A)),
	    ERR_UNAVAILABLE);
	redis_free(r);
	/* twice is no error */
	assert_int_equal(guest_expel(&op, bus_redis(), A), OK);
}

static void
all_are_let_in_at_once(void **state)
{
	struct admission g[] = { { A, 1 }, { B, 1 } };
	struct redis *r;

	(void)state;
	assert_int_equal(admission_make(&op, &master, g, 2), OK);
	r = as_guest(B);
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")), OK);
	redis_free(r);
}

/* --- asking ------------------------------------------------------------------------- */

enum how { ANSWERS, REFUSES, LATE, LIES };

/* A guest in a process of its own: answers as it is told, until it is killed. */
static pid_t
guest_start(enum how how)
{
	struct key key, other;
	struct redis *in, *out;
	int told = 0;
	pid_t parent = getpid(), child = fork();

	if (child != 0) {
		usleep(100000);
		return child;
	}
	guest_key(&key, &master, A, 1);
	guest_key(&other, &master, B, 1);
	in = as_guest(A);
	out = as_guest(A);
	redis_listen(&op, in, false, guest_channel_in(&op, A));
	while (getppid() == parent) {
		struct answer a = { .seq = guest_seq(), .err = OK };
		struct redis_command k = { { "PUBLISH",
		    guest_channel_out(&op, A) }, .n = 3 };
		struct redis_message m;
		struct order o;
		bool message;

		if (redis_hear(&op, in, &m, &message, 500) != OK || !message ||
		    guest_read_order(&op, &key, A, m.data, m.len, &o) != OK)
			continue;
		if (how == LATE && told++ < 2)
			continue;		/* lost twice */
		a.id = how == LIES ? "another" : o.id;
		if (how == REFUSES) {
			a.err = ERR_NOT_FOUND;
			a.why = "User x is not there.";
		}
		k.arg[2] = guest_write_answer(&op, &key, A, &a,
		    op_printf(&op, "{\"version\":\"%s\"}", o.id), &k.len[2]);
		redis_pipe(&op, out, &k, 1, NULL);
		/* somebody else's answer, and noise, on the same channel */
		k.arg[2] = guest_write_answer(&op, &other, A, &a, NULL,
		    &k.len[2]);
		redis_pipe(&op, out, &k, 1, NULL);
		redis_call(&op, out, NULL, ARGV("PUBLISH", k.arg[1], "a"));
	}
	_exit(0);
}

static void
guest_end(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void
each_question_gets_its_own_answer(void **state)
{
	const struct json *body;
	char before[64] = "";
	pid_t child;

	(void)state;
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	child = guest_start(ANSWERS);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(guest_ask(&op, &master, A, 1, ORDER_PING, NULL,
		    5000, &body), OK);
		assert_true(text_is_uuid(json_str(json_get(body, "version"))));
		assert_string_not_equal(json_str(json_get(body, "version")),
		    before);
		snprintf(before, sizeof(before), "%s",
		    json_str(json_get(body, "version")));
	}
	guest_end(child);
}

static void
a_guests_refusal_comes_back_with_its_text(void **state)
{
	pid_t child;

	(void)state;
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	child = guest_start(REFUSES);
	assert_int_equal(guest_ask(&op, &master, A, 1, ORDER_USER, "{}", 5000,
	    NULL), ERR_NOT_FOUND);
	assert_string_equal(op.why, "User x is not there.");
	guest_end(child);
}

static void
a_lost_question_is_asked_again(void **state)
{
	int64_t began;
	pid_t child;

	(void)state;
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	child = guest_start(LATE);
	began = clock_ms();
	assert_int_equal(guest_ask(&op, &master, A, 1, ORDER_PING, NULL, 8000,
	    NULL), OK);
	assert_in_range(clock_ms() - began, 1800, 4000);
	guest_end(child);
}

static void
silence_and_answers_to_others_time_out(void **state)
{
	int64_t began = clock_ms();
	pid_t child;

	(void)state;
	assert_int_equal(guest_ask(&op, &master, B, 1, ORDER_PING, NULL, 300,
	    NULL), ERR_GUEST);
	assert_string_equal(op.why,
	    "Timeout trying to connect to the Guest Agent.");
	assert_in_range(clock_ms() - began, 280, 900);
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	child = guest_start(LIES);
	assert_int_equal(guest_ask(&op, &master, A, 1, ORDER_PING, NULL, 500,
	    NULL), ERR_GUEST);
	guest_end(child);
}

#define T(name) cmocka_unit_test_setup_teardown(name, bus_fixture_begin, bus_fixture_end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(the_oldest_task_is_taken_first_and_stands_in_the_workers_list),
		T(many_are_rung_at_once),
		T(what_a_dead_worker_held_is_forgotten),
		T(a_wait_without_tasks_ends),
		T(the_end_of_a_task_wakes_whoever_waits_for_it),
		T(a_guest_hears_its_orders_and_is_heard),
		T(everything_else_is_refused),
		T(a_new_epoch_ends_the_old_password),
		T(to_be_let_in_again_does_not_cut_the_line),
		T(an_expelled_guest_is_cut_off_at_once),
		T(all_are_let_in_at_once),
		T(each_question_gets_its_own_answer),
		T(a_guests_refusal_comes_back_with_its_text),
		T(a_lost_question_is_asked_again),
		T(silence_and_answers_to_others_time_out),
	};

	return bus_fixture_run(tests, ROWS(tests));
}
