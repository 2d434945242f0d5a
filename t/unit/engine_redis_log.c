/* Slow commands of Redis, which the agent writes down. */
#include "t/unit/engine_redis.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/log_pieces.h"

#include <string.h>
#include <unistd.h>

static const struct db_setting none[] = { { 0 } };

#define SLOW	"agent/slow_query.log"
#define SLOWLY_SAID	"SET", "word", "slow\nand \"odd\" \xff"
#define AS_TEXT	"\"SET\" \"word\" \"slow\\x0aand \\\"odd\\\" \\xff\""

static int
times(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* All are slow, of a server that keeps so many. */
static struct redis *
slow(const char *kept)
{
	const struct db_setting s[] = {
		{ "slowlog-log-slower-than", "0", true },
		{ "slowlog-max-len", kept, true }, { 0 } };
	struct db_user ann = user("ann", "%");

	unlink(file_data(&op, SLOW));
	db->start(&op);			/* the next agent's: it adopts */
	ok(db->user_create(&op, &ann));
	ok(db->configure(&op, s));
	return client("ann", ann.password);
}

static int
quick(void **state)
{
	ok(db->log_set(&op, "slow_query", false));
	ok(db->configure(&op, none));
	unlink(file_data(&op, SLOW ".1"));
	return redis_end(state);
}

static void
say(struct redis *r, int n)
{
	for (int i = 0; i < n; i++)
		assert_string_equal(says(r, ARGV(SLOWLY_SAID)), "OK");
}

static void
slow_commands_are_lines_of_a_file_and_the_agent_s_are_not(void **state)
{
	struct redis *r = slow("128");
	const char *all;

	(void)state;
	say(r, 1);
	ok(db->log_write(&op));
	assert_int_equal(access(file_data(&op, SLOW), F_OK), -1);
	ok(db->log_set(&op, "slow_query", true));
	says(r, ARGV("CLIENT", "SETNAME", "hers"));
	say(r, 3);
	says(client("ann", "no-Secret"), ARGV("PING"));
	for (int i = 0; i < 2; i++) {
		ok(db->log_write(&op));
		all = file_text(SLOW);
		assert_int_equal(times(all, AS_TEXT "\n"), 3);
		assert_int_equal(times(all, " client=127."), times(all, "\n"));
		assert_int_equal(times(all, " name=\"hers\" "), 4);
		for (size_t k = 0; k < 4; k++)
			assert_null(strstr(all, ARGV("lost=", "INFO", "DBSIZE",
			    "Secret")[k]));
	}
	ok(db->log_set(&op, "slow_query", false));
	say(r, 2);
	ok(db->log_write(&op));
	ok(db->log_set(&op, "slow_query", true));
	say(r, 1);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT "\n"), 4);
}

/* Whatever it had written when it was killed, and wherever the file is now. */
static void
the_next_agent_writes_no_slow_command_twice(void **state)
{
	struct redis *r = slow("128");
	const char *all, *aside = file_data(&op, SLOW ".1");

	(void)state;
	ok(db->log_set(&op, "slow_query", true));
	say(r, 3);
	ok(db->log_write(&op));
	all = file_text(SLOW);
	assert_int_equal(truncate(file_data(&op, SLOW),
	    (off_t)strlen(all) - 5), 0);
	ok(db->start(&op));
	ok(db->log_write(&op));
	assert_string_equal(file_text(SLOW), all);
	say(r, 1);
	ok(db->log_write(&op));
	assert_true(log_rotate(&op, SLOW, 0));
	ok(db->start(&op));
	ok(db->log_write(&op));
	assert_int_equal(access(file_data(&op, SLOW), F_OK), -1);
	say(r, 2);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT "\n"), 2);
	assert_int_equal(times(file_text(SLOW ".1"), AS_TEXT "\n"), 4);
	unlink(aside);
}

static void
slow_commands_outlive_their_server(void **state)
{
	struct redis *r = slow("128");

	(void)state;
	ok(db->log_set(&op, "slow_query", true));
	say(r, 3);
	restart();
	say(client("ann", user("ann", "%").password), 2);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT "\n"), 5);
	kill_and_start();
	say(client("ann", user("ann", "%").password), 1);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT "\n"), 6);
}

static void
what_the_server_forgot_of_them_is_told(void **state)
{
	struct redis *r = slow("4");
	struct redis_reply reply;

	(void)state;
	ok(db->log_set(&op, "slow_query", true));
	say(r, 10);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), " lost="), 1);
	assert_in_range(times(file_text(SLOW), AS_TEXT), 2, 4);
	ok(redis_ask(&op, &reply, ARGV("SLOWLOG", "RESET")));
	ok(db->log_write(&op));
	say(r, 1);
	ok(db->log_write(&op));
	assert_in_range(times(file_text(SLOW), AS_TEXT), 3, 5);
}

/* Its file may be anything: of another hand, or of a disk that is full. */
static void
a_slow_log_that_cannot_be_written_holds_nothing_up(void **state)
{
	struct redis *r = slow("128");
	const struct db_log *l;

	(void)state;
	ok(db->log_set(&op, "slow_query", true));
	assert_int_equal(symlink(file_data(&op, "redis.conf"),
	    file_data(&op, SLOW)), 0);
	say(r, 1);
	assert_int_equal(db->log_write(&op), ERR_INTERNAL);
	assert_null(strstr(file_text("redis.conf"), "SET"));
	ok(db->log_list(&op, &l));
	unlink(file_data(&op, SLOW));
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT), 1);
}

#define SLOWLY(f) cmocka_unit_test_setup_teardown(f, engine_begin, quick)
const struct CMUnitTest redis_slow_log[] = {
	SLOWLY(slow_commands_are_lines_of_a_file_and_the_agent_s_are_not),
	SLOWLY(the_next_agent_writes_no_slow_command_twice),
	SLOWLY(slow_commands_outlive_their_server),
	SLOWLY(what_the_server_forgot_of_them_is_told),
	SLOWLY(a_slow_log_that_cannot_be_written_holds_nothing_up),
	{ 0 }
};
