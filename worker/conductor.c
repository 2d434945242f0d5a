#include "worker/conductor.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <string.h>

#define HEARD_AT_ONCE	2000		/* messages between two looks at the rest */
#define TELL_MS		60000
#define LAST_BATCHES	100		/* written before it ends */
#define STALLED_MS	1000		/* a turn longer than this: we were stopped */

void
conductor_begin(struct conductor *c, const char *owner)
{
	*c = (struct conductor){ .batch = conf_int("conductor.batch") };
	snprintf(c->owner, sizeof(c->owner), "%s", owner);
	c->last = &c->first;
	c->seen.time = c->silent.time = c->turned_at = c->told_at = clock_ms();
}

/* What was dropped since the last line, if anything. */
static void
tell(struct op *op, struct conductor *c)
{
	struct text t;
	bool bad = false;

	if (clock_ms() - c->told_at < TELL_MS)
		return;
	c->told_at = clock_ms();
	text_begin(&t, op, 256);
	for (int i = 0; i < COUNT__MAX; i++) {
		text_printf(&t, "%s%llu %s", i > 0 ? ", " : "",
		    (unsigned long long)(c->count[i] - c->told[i]),
		    count_words[i]);
		bad = bad || (i > CHANGED && c->count[i] != c->told[i]);
	}
	memcpy(c->told, c->count, sizeof(c->told));
	if (bad)
		log_warn(op, "reports in a minute: %s", t.s);
	else
		log_debug(op, "reports in a minute: %s", t.s);
}

/* True when there was nothing more to hear. */
static bool
hear(struct op *op, struct conductor *c, int wait_ms)
{
	struct heard word;
	bool any = true;

	for (int i = 0; i < HEARD_AT_ONCE && any; i++) {
		if (ears_hear(op, &word, &any, i == 0 ? wait_ms : 0) != OK) {
			if (!c->deaf)
				log_warn(op, "not listening: %s", op->why);
			c->deaf = true;
			return true;
		}
		if (any)
			reports_take(op, c, &word);
	}
	return !any;
}

/*
 * Reports that came while this process was stopped are still in the socket:
 * nobody is silent because we did not listen.
 */
static void
mind_the_gap(struct conductor *c)
{
	int64_t now = clock_ms();

	if (now - c->turned_at > STALLED_MS)
		for (int d = 0; d < SHARDS; d++)
			if (c->roll[d] != NULL)
				c->roll[d]->since = now;
	c->turned_at = now;
}

static int
patience(const struct conductor *c, int wait_ms)
{
	int64_t pause = writes_rest(c);

	if (c->waiting > 0 && pause < wait_ms)
		return (int)pause;
	for (int d = 0; d < SHARDS; d++)
		if (c->roll[d] == NULL ? c->leased[shard_of(d)] && pause == 0 :
		    c->roll[d]->admitting && !c->deaf)
			return 0;
	return wait_ms;
}

void
conductor_turn(struct op *op, struct conductor *c, int wait_ms)
{
	bool idle;

	shards_tend(op, c);
	shards_load(op, c);
	shards_listen(op, c);
	idle = hear(op, c, patience(c, wait_ms));
	if (writes_due(c, idle))
		writes_flush(op, c);
	mind_the_gap(c);
	writes_walk(op, c);
	admit_some(op, c);
	floods_end(op, c);
	tell(op, c);
}

void
conductor_end(struct op *op, struct conductor *c)
{
	for (int i = 0; i < LAST_BATCHES && c->waiting > 0 &&
	    writes_pause(c) == 0; i++)
		writes_flush(op, c);
	shards_drop(c);
	if (shards_release(op, c->owner) != OK)
		log_warn(op, "the leases run out by themselves: %s", op->why);
}
