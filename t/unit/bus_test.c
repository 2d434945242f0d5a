/* Redis, the bus, and what a guest's own user may do, against a real server. */
#include "t/unit/test.h"
#include "t/unit/redis_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"
#include "lib/msg/admission.h"
#include "lib/msg/bus.h"
#include "lib/msg/guest.h"
#include "lib/wire/redis.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char A[] = "aaaaaaaa-1111-4222-8333-444444444444";
static const char B[] = "bbbbbbbb-1111-4222-8333-444444444444";
static struct key master;
static struct op op;

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static int
begin(void **state)
{
	(void)state;
	op_begin(&op, "req-1");
	memset(&master, 7, sizeof(master));
	bus_open();
	assert_int_equal(redis_call(&op, bus_redis(), NULL, ARGV("FLUSHALL")),
	    OK);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	bus_close();
	op_end(&op);
	return 0;
}

/* --- redis --------------------------------------------------------------------- */

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

/* --- bus ------------------------------------------------------------------------- */

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

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

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

	if (system("command -v redis-server >/dev/null") != 0) {
		printf("1..0 # SKIP no redis-server here\n");
		return 0;
	}
	seal_init();
	return cmocka_run_group_tests(tests, redis_fixture_start,
	    redis_fixture_stop);
}
