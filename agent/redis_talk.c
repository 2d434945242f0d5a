/*
 * The agent's one connection to its server.  It is kept: when all others are
 * taken, orders still get through.
 */
#include "agent/redis_server.h"
#include "lib/base/seal.h"

#include <string.h>

#define PROBE_MS	2000		/* a probe's patience */
#define WORK_MS		50000		/* an order's: less than a task's minute */

static struct redis *kept;

void
redis_hang_up(void)
{
	redis_free(kept);
	kept = NULL;
}

static enum err
be_open(struct op *op)
{
	struct redis_where where = { .socket = redis_socket(op),
	    .user = REDIS_ADMIN, .timeout_ms = PROBE_MS };

	if (kept != NULL)
		return OK;
	TRY(redis_admin_password(op, &where.password));
	kept = redis_new(&where);
	return OK;
}

static bool
says(const struct op *op, const char *what)
{
	return op->why != NULL && strstr(op->why, what) != NULL;
}

/*
 * DBSIZE is refused while data are loaded, unlike most that touch no data, and
 * answered when the disk is full, unlike PING.  A script that holds the server
 * is the tenant's affair: it is alive.
 */
enum err
redis_probe(struct op *op, bool *let_in)
{
	const char *const dbsize[] = { "DBSIZE", NULL };
	enum err e;

	*let_in = true;
	TRY(be_open(op));
	e = redis_call(op, kept, NULL, dbsize);
	if (e == OK || says(op, "Redis: BUSY"))
		return OK;
	*let_in = false;
	if (says(op, "Redis: LOADING"))
		return op_fail(op, ERR_GUEST, "%s", op->why);
	redis_hang_up();		/* the next look does not wait to try again */
	return says(op, "max number of clients") ? OK :
	    op_fail(op, ERR_GUEST, "%s", op->why);
}

static enum err
ask(struct op *op, struct redis_reply *reply, const char *const *argv,
    int wait_ms)
{
	*reply = (struct redis_reply){ .kind = REDIS_NIL };
	TRY(be_open(op));
	if (redis_call_wait(op, kept, reply, argv, wait_ms) == OK)
		return OK;
	return op_fail(op, ERR_GUEST, "%s", op->why);
}

enum err
redis_ask(struct op *op, struct redis_reply *reply, const char *const *argv)
{
	return ask(op, reply, argv, WORK_MS - PROBE_MS);
}

enum err
redis_ask_soon(struct op *op, struct redis_reply *reply,
    const char *const *argv)
{
	return ask(op, reply, argv, 0);
}
