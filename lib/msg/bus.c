#include "lib/msg/bus.h"
#include "lib/base/conf.h"
#include "lib/wire/redis.h"

#include <assert.h>

#define TASKS	"coffer:tasks"
#define DONE_SECS "60"

static struct redis *commands, *ears;

void
bus_open(void)
{
	struct redis_where w = {
		.socket = conf_str("redis.socket"),
		.host = conf_str("redis.host"),
		.port = conf_int("redis.port"),
		.user = conf_str("redis.user"),
		.password = conf_secret("redis.password").never_log,
		.timeout_ms = conf_int("redis.timeout") * 1000,
	};

	assert(commands == NULL);
	commands = redis_new(&w);
	ears = redis_new(&w);
}

void
bus_close(void)
{
	redis_free(commands);
	redis_free(ears);
	commands = ears = NULL;
}

struct redis *
bus_redis(void)
{
	assert(commands != NULL);
	return commands;
}

struct redis *
bus_ears(void)
{
	assert(ears != NULL);
	return ears;
}

/* "0.250": what blocking commands take; 0 would mean for ever. */
static const char *
seconds(struct op *op, int ms)
{
	return op_printf(op, "%d.%03d", ms / 1000, ms % 1000);
}

static enum err
cut(struct op *op, const struct redis_reply *length)
{
	if (length->kind != REDIS_NUMBER || length->number <= BUS_MOST)
		return OK;
	return redis_call(op, bus_redis(), NULL, (const char *const[]){
	    "LTRIM", TASKS, "0", op_printf(op, "%d", BUS_MOST - 1), NULL });
}

enum err
bus_ring(struct op *op, const char *const *ids, int n)
{
	struct redis_reply length = { 0 };

	while (n > 0) {
		struct redis_command k = { { "LPUSH", TASKS }, .n = 2 };

		while (n > 0 && k.n < REDIS_ARGS) {
			k.arg[k.n++] = *ids++;
			n--;
		}
		TRY(redis_pipe(op, bus_redis(), &k, 1, &length));
	}
	return cut(op, &length);
}

/*
 * The oldest id goes to the worker's list in the same instant in which it
 * leaves the common one, so that it stands somewhere at any moment.
 */
enum err
bus_take(struct op *op, const char *worker, const char *done, int wait_ms,
    const char **task_id)
{
	const char *own = op_printf(op, TASKS ":%s", worker);
	struct redis_command k[2];
	struct redis_reply reply[2] = { { 0 } };
	int n = 0;

	*task_id = NULL;
	if (done != NULL)
		k[n++] = (struct redis_command){
		    { "LREM", own, "1", done }, .n = 4 };
	if (wait_ms > 0)
		k[n++] = (struct redis_command){ { "BLMOVE", TASKS, own,
		    "RIGHT", "LEFT", seconds(op, wait_ms) }, .n = 6 };
	else
		k[n++] = (struct redis_command){ { "LMOVE", TASKS, own,
		    "RIGHT", "LEFT" }, .n = 5 };
	TRY(redis_pipe_wait(op, bus_redis(), k, n, reply, wait_ms));
	if (reply[n - 1].kind == REDIS_TEXT)
		*task_id = reply[n - 1].text;
	return OK;
}

enum err
bus_ack(struct op *op, const char *worker, const char *task_id)
{
	return redis_call(op, bus_redis(), NULL, (const char *const[]){ "LREM",
	    op_printf(op, TASKS ":%s", worker), "1", task_id, NULL });
}

enum err
bus_forget(struct op *op, const char *worker)
{
	return redis_call(op, bus_redis(), NULL, (const char *const[]){ "DEL",
	    op_printf(op, TASKS ":%s", worker), NULL });
}

enum err
bus_ring_done(struct op *op, const char *task_id)
{
	const char *key = op_printf(op, "coffer:done:%s", task_id);
	const struct redis_command k[] = {
		{ { "LPUSH", key, "1" }, .n = 3 },
		{ { "EXPIRE", key, DONE_SECS }, .n = 3 },
	};

	return redis_pipe(op, bus_redis(), k, 2, NULL);
}

/* Moved from the list to itself: it is there for the next who waits. */
enum err
bus_wait_done(struct op *op, const char *task_id, int wait_ms, bool *ended)
{
	const char *key = op_printf(op, "coffer:done:%s", task_id);
	struct redis_reply reply = { 0 };

	*ended = false;
	TRY(redis_call_wait(op, bus_redis(), &reply, (const char *const[]){
	    "BLMOVE", key, key, "LEFT", "LEFT",
	    seconds(op, wait_ms > 0 ? wait_ms : 1), NULL },
	    wait_ms > 0 ? wait_ms : 1));
	*ended = reply.kind == REDIS_TEXT;
	return OK;
}
