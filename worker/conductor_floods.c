/*
 * conductor_floods.c: shuts out who shouts everybody else down.  Redis hands us
 * whatever a guest publishes, and cuts us off when we cannot read as fast; the
 * words of all others are lost with it.
 */
#include "worker/conductor.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/msg/bus.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE		100		/* bytes that any message costs beside its own */
#define A_SECOND	(32 << 20)	/* as many are no guest's honest work */
#define OUT_MS		30000
#define ID_AT		(sizeof("coffer:g:0:") - 1)

/* Of an id that stands in a channel; any mixture will do. */
static uint64_t
who_says(const char *channel)
{
	uint64_t part[4], h = 0xcbf29ce484222325ULL;

	if (strnlen(channel, ID_AT + sizeof(part)) < ID_AT + sizeof(part))
		return 0;
	memcpy(part, channel + ID_AT, sizeof(part));
	for (int i = 0; i < 4; i++)
		h = (h ^ part[i]) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

static struct outlaw *
outlaw_find(struct conductor *c, uint64_t who)
{
	for (int i = 0; i < c->outlaws; i++)
		if (c->outlaw[i].who == who)
			return &c->outlaw[i];
	return NULL;
}

/*
 * The mark goes first: should we die, the next conductor lets all guests of
 * this digit in again, and with them this one.
 */
static void
shut_out(struct conductor *c, uint64_t who, const char *channel)
{
	struct outlaw *o = &c->outlaw[c->outlaws];
	const char *instance;
	struct op op;

	if (c->outlaws == OUTLAWS)
		return;
	op_begin(&op, c->owner);
	instance = guest_channel_instance(&op, channel);
	if (instance != NULL) {
		log_warn(&op, "guest %s says more than %d MB in a second: "
		    "shut out for %d s", instance, A_SECOND >> 20,
		    OUT_MS / 1000);
		*o = (struct outlaw){ .who = who, .until = clock_ms() + OUT_MS };
		snprintf(o->instance, sizeof(o->instance), "%s", instance);
		c->outlaws++;
		if (admission_note(&op, guest_shard(instance), "") != OK ||
		    guest_expel(&op, bus_redis(), instance) != OK)
			log_warn(&op, "it is not shut out: %s", op.why);
	}
	op_end(&op);
}

/*
 * One count for many guests, kept by whoever says most: what others say is taken
 * from it, so only one that says more than all of them together gets far.
 */
bool
flood_of(struct conductor *c, const struct heard *m)
{
	int64_t second = clock_ms() / 1000;
	uint64_t who = who_says(m->channel);
	struct loudest *l = &c->loudest[who % LOUDEST];
	int64_t cost = (int64_t)m->len + MESSAGE;

	if (c->outlaws > 0 && outlaw_find(c, who) != NULL)
		return true;
	if (l->second != second)
		*l = (struct loudest){ .who = who, .second = second };
	if (l->who == who)
		l->bytes += cost;
	else if (l->bytes >= cost)
		l->bytes -= cost;
	else
		*l = (struct loudest){ who, second, cost };
	if (l->who != who || l->bytes < A_SECOND)
		return false;
	shut_out(c, who, m->channel);
	return true;
}

/* In again, if it is still there and still ours. */
static void
pardon(struct op *op, const struct conductor *c, const struct outlaw *o)
{
	const struct roll *roll = c->roll[guest_shard(o->instance)];
	const struct guest *g;
	unsigned char id[16];

	if (roll == NULL || !guest_id_read(id, o->instance) ||
	    (g = roll_find(roll, id)) == NULL)
		return;
	if (guest_admit(op, bus_redis(), seal_master(), o->instance,
	    g->epoch) != OK)
		log_warn(op, "guest %s is not let in again: %s", o->instance,
		    op->why);
}

void
floods_end(struct op *outer, struct conductor *c)
{
	int64_t now;
	struct op op;

	if (c->outlaws == 0 || c->deaf)
		return;
	now = clock_ms();
	op_begin(&op, outer->id);
	for (int i = c->outlaws; i-- > 0;) {
		if (c->outlaw[i].until > now)
			continue;
		pardon(&op, c, &c->outlaw[i]);
		c->outlaw[i] = c->outlaw[--c->outlaws];
	}
	op_end(&op);
}
