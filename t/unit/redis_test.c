/* Redis as a client sees it, against a real server. */
#include "t/unit/test.h"
#include "t/unit/bus_fixture.h"
#include "t/unit/redis_fixture.h"
#include "lib/base/clock.h"
#include "lib/msg/bus.h"
#include "lib/msg/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void
replies_are_copied_whatever_their_kind(void **state)
{
	struct redis_reply r;
	const struct redis_command k = { { "SET", "k", "a\0b" }, { 0, 0, 3 },
	    .n = 3 };

	(void)state;
	assert_int_equal(redis_pipe(&op, bus_redis(), &k, 1, NULL), OK);
	assert_int_equal(redis_call(&op, bus_redis(), &r, ARGV("GET", "k")), OK);
	assert_int_equal(r.kind, REDIS_TEXT);
	assert_int_equal(r.len, 3);
	assert_memory_equal(r.text, "a\0b", 4);
	assert_int_equal(redis_call(&op, bus_redis(), &r, ARGV("GET", "no")),
	    OK);
	assert_int_equal(r.kind, REDIS_NIL);
	assert_int_equal(redis_call(&op, bus_redis(), &r,
	    ARGV("RPUSH", "l", "x", "y")), OK);
	assert_int_equal(r.number, 2);
	assert_int_equal(redis_call(&op, bus_redis(), &r,
	    ARGV("LRANGE", "l", "0", "-1")), OK);
	assert_int_equal(r.kind, REDIS_LIST);
	assert_int_equal(r.items, 2);
	assert_string_equal(r.item[1].text, "y");
}

static void
one_refusal_in_a_pipeline_does_not_stop_the_others(void **state)
{
	const struct redis_command k[] = {
		{ { "SET", "k", "1" }, .n = 3 },
		{ { "LPUSH", "k", "x" }, .n = 3 },
		{ { "INCR", "k" }, .n = 2 },
	};
	struct redis_reply r[3];

	(void)state;
	assert_int_equal(redis_pipe(&op, bus_redis(), k, 3, r), ERR_INTERNAL);
	assert_non_null(strstr(op.why, "WRONGTYPE"));
	assert_int_equal(r[1].kind, REDIS_NIL);
	assert_int_equal(r[2].number, 2);
}

/* More than the socket's buffers hold in both directions at once. */
static void
a_long_pipeline_does_not_wait_for_itself(void **state)
{
	static char big[100000];
	struct redis_command *k = op_alloc(&op, 200 * sizeof(*k));
	struct redis_reply *r = op_alloc(&op, 200 * sizeof(*r));

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	for (int i = 0; i < 200; i++)
		k[i] = (struct redis_command){ { "ECHO", big }, .n = 2 };
	assert_int_equal(redis_pipe(&op, bus_redis(), k, 200, r), OK);
	assert_int_equal(r[199].len, sizeof(big) - 1);
}

/* More words than a struct redis_command has room for. */
static void
a_command_may_be_of_any_length(void **state)
{
	const char *argv[202] = { "RPUSH", "many" };
	struct redis_reply r;

	(void)state;
	for (size_t i = 2; i < ROWS(argv) - 1; i++)
		argv[i] = "x";
	assert_int_equal(redis_call(&op, bus_redis(), &r, argv), OK);
	assert_int_equal(r.number, 199);
}

static double
cpu_now(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
a_redis_that_is_away_is_noticed_and_found_again(void **state)
{
	int64_t began;
	double cpu;
	const char *id;
	unsigned epoch = redis_epoch(bus_redis());

	(void)state;
	redis_fixture_kill();
	assert_int_equal(redis_call(&op, bus_redis(), NULL, ARGV("PING")),
	    ERR_UNAVAILABLE);
	began = clock_ms();
	cpu = cpu_now();
	while (clock_ms() - began < 1000)	/* what a worker's loop does */
		assert_int_equal(bus_take(&op, "w", NULL, 1000, &id),
		    ERR_UNAVAILABLE);
	assert_true(cpu_now() - cpu < 0.05);
	redis_fixture_again();
	began = clock_ms();
	while (redis_call_wait(&op, bus_redis(), NULL, ARGV("PING"), 500) != OK)
		assert_true(clock_ms() - began < 4000);
	assert_int_not_equal(redis_epoch(bus_redis()), epoch);
}

static void
a_connection_that_broke_while_idle_costs_no_call(void **state)
{
	(void)state;
	redis_fixture_kill();
	redis_fixture_again();
	assert_int_equal(redis_call(&op, bus_redis(), NULL, ARGV("PING")), OK);
}

static void
a_redis_that_hangs_costs_one_time_out(void **state)
{
	int64_t began = clock_ms(), took;

	(void)state;
	redis_fixture_pause(1);
	assert_int_equal(redis_call(&op, bus_redis(), NULL, ARGV("PING")),
	    ERR_UNAVAILABLE);
	took = clock_ms() - began;
	redis_fixture_pause(0);
	assert_in_range(took, 900, 1500);
	/* and the late answer is not taken for another's */
	assert_int_equal(redis_call_wait(&op, bus_redis(), NULL,
	    ARGV("SET", "k", "v"), 1000), OK);
}

static void
a_wrong_password_is_said_and_not_shown(void **state)
{
	struct redis *r;

	(void)state;
	assert_int_equal(guest_admit(&op, bus_redis(), &master, A, 1), OK);
	r = redis_fixture_user(guest_redis_user(&op, A), "guessed");
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")),
	    ERR_UNAVAILABLE);
	assert_non_null(strstr(op.why, "WRONGPASS"));
	assert_null(strstr(op.why, "guessed"));
	/* the next attempt is put off */
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")), ERR_UNAVAILABLE);
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")), ERR_UNAVAILABLE);
	assert_non_null(strstr(op.why, "not tried again yet"));
	redis_free(r);
}

/* Takes n connections on the socket, says no and closes them at once. */
static void
doorkeeper(int door, int n)
{
	static const char no[] = "-ERR max number of clients reached\r\n";

	while (n-- > 0) {
		int fd = accept(door, NULL, NULL);

		if (write(fd, no, sizeof(no) - 1) == -1)
			_exit(1);
		close(fd);
	}
	_exit(0);
}

/* However soon it hangs up: with or without what is being sent. */
static void
the_reason_of_a_server_that_hangs_up_is_heard(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct redis_where where = { .socket = a.sun_path, .user = "u",
	    .password = "p", .timeout_ms = 5000 };
	int door = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	(void)state;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s.door",
	    redis_fixture_socket());
	assert_int_equal(bind(door, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(door, 5), 0);
	if ((pid = fork()) == 0)
		doorkeeper(door, 100);
	for (int i = 0; i < 100; i++) {
		struct redis *r = redis_new(&where);

		assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")),
		    ERR_UNAVAILABLE);
		if (strstr(op.why, "max number of clients") == NULL)
			fail_msg("%d: %s", i, op.why);
		redis_free(r);
	}
	waitpid(pid, NULL, 0);
	close(door);
}

static void
messages_that_come_during_a_subscription_are_kept(void **state)
{
	struct redis *ears = bus_ears();
	struct redis_message m;
	bool message;

	(void)state;
	assert_int_equal(redis_listen(&op, ears, false, "c1"), OK);
	for (int i = 0; i < 100; i++)
		assert_int_equal(redis_call(&op, bus_redis(), NULL,
		    ARGV("PUBLISH", "c1", op_printf(&op, "%d", i))), OK);
	assert_int_equal(redis_listen(&op, ears, true, "c[23]"), OK);
	assert_int_equal(redis_call(&op, bus_redis(), NULL,
	    ARGV("PUBLISH", "c2", "last")), OK);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(redis_hear(&op, ears, &m, &message, 1000), OK);
		assert_true(message);
		assert_string_equal(m.channel, "c1");
		assert_int_equal(atoi(m.data), i);
	}
	assert_int_equal(redis_hear(&op, ears, &m, &message, 1000), OK);
	assert_true(message);
	assert_string_equal(m.channel, "c2");
	assert_int_equal(redis_hear(&op, ears, &m, &message, 10), OK);
	assert_false(message);
	assert_int_equal(redis_unlisten(&op, ears, false, "c1"), OK);
	assert_int_equal(redis_call(&op, bus_redis(), NULL,
	    ARGV("PUBLISH", "c1", "x")), OK);
	assert_int_equal(redis_hear(&op, ears, &m, &message, 20), OK);
	assert_false(message);
}

static void
a_lost_subscription_shows_in_the_epoch(void **state)
{
	struct redis_message m;
	unsigned epoch;
	bool message;
	enum err e;

	(void)state;
	assert_int_equal(redis_listen(&op, bus_ears(), false, "c1"), OK);
	epoch = redis_epoch(bus_ears());
	redis_fixture_kill();
	assert_int_equal(redis_hear(&op, bus_ears(), &m, &message, 1000),
	    ERR_UNAVAILABLE);
	assert_int_equal(redis_fd(bus_ears()), -1);
	redis_fixture_again();
	while ((e = redis_hear(&op, bus_ears(), &m, &message, 500)) != OK)
		assert_int_equal(e, ERR_UNAVAILABLE);
	assert_false(message);
	assert_int_not_equal(redis_epoch(bus_ears()), epoch);
}

#define T(name) cmocka_unit_test_setup_teardown(name, bus_fixture_begin, bus_fixture_end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(replies_are_copied_whatever_their_kind),
		T(one_refusal_in_a_pipeline_does_not_stop_the_others),
		T(a_long_pipeline_does_not_wait_for_itself),
		T(a_command_may_be_of_any_length),
		T(a_redis_that_is_away_is_noticed_and_found_again),
		T(a_connection_that_broke_while_idle_costs_no_call),
		T(a_redis_that_hangs_costs_one_time_out),
		T(a_wrong_password_is_said_and_not_shown),
		T(the_reason_of_a_server_that_hangs_up_is_heard),
		T(messages_that_come_during_a_subscription_are_kept),
		T(a_lost_subscription_shows_in_the_epoch),
	};

	return bus_fixture_run(tests, ROWS(tests));
}
