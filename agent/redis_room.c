/*
 * A volume without room.  With no memory to grow into, Redis refuses what adds
 * data and takes what removes them.  What was removed stays in the log until it
 * is written anew, which is done as soon as that gives something back, and where
 * the disk was full: such a log may have holes (redis_mend.c), memory has none.
 */
#include "agent/redis_server.h"
#include "agent/settings.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <stdlib.h>
#include <string.h>

#define WORTH	((int64_t)16 << 20)	/* bytes that a new log has to give back */
#define TRY_MS	10000			/* after one that may have failed */

static enum err
memory_set(struct op *op, const char *bytes, const char *policy)
{
	const char *const argv[] = { "CONFIG", "SET", "maxmemory-policy", policy,
	    "maxmemory", bytes, NULL };
	struct redis_reply reply;

	return redis_ask(op, &reply, argv);
}

static int64_t
number_of(const char *info, const char *name)
{
	const char *at = strstr(info, name);

	return at != NULL ? strtoll(at + strlen(name), NULL, 10) : 0;
}

/* A new log is about as large as the data in memory, and stands beside the old. */
static void
log_shrink(struct op *op, bool *full)
{
	static const char *const ask[] = { "INFO", "all", NULL };
	static const char *const rewrite[] = { "BGREWRITEAOF", NULL };
	static int64_t next;
	struct redis_reply reply;
	int64_t has, needs;

	if ((clock_ms() < next && !*full) || redis_ask(op, &reply, ask) != OK ||
	    reply.text == NULL)
		return;
	has = number_of(reply.text, "\naof_current_size:");
	needs = number_of(reply.text, "\nused_memory_dataset:");
	if ((has - needs < WORTH && !*full) || !disk_holds(needs) ||
	    strstr(reply.text, "\naof_last_write_status:ok") == NULL)
		return;
	next = clock_ms() + TRY_MS;
	log_info(op, "the log of %lld MB is written anew",
	    (long long)(has >> 20));
	if (redis_ask(op, &reply, rewrite) != OK)
		log_warn(op, "%s", op->why);
	else
		*full = false;
}

static enum err
release(struct op *op, bool *full)
{
	const struct db_setting *s, *policy;

	TRY(settings_read(op, &s));
	policy = settings_find(s, "maxmemory-policy");
	TRY(memory_set(op, redis_conf_value(op, "maxmemory"),
	    policy != NULL ? policy->value : "noeviction"));
	if (*full)
		log_shrink(op, full);
	return OK;
}

/* Said again each time: a configuration group may have said otherwise meanwhile. */
enum err
redis_room(struct op *op, enum db_room room, bool news)
{
	static bool full;

	full |= news && room == DB_LAST;
	if (room == DB_ROOM)
		return release(op, &full);
	TRY(memory_set(op, "1", "noeviction"));
	log_shrink(op, &full);
	return OK;
}
