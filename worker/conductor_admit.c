/*
 * conductor_admit.c: lets guests in again after Redis forgot its users.
 *
 * Users made by ACL SETUSER live in Redis' memory.  So under the key
 * coffer:admitted:<digit> stands the run id of the Redis that has them all; a
 * Redis that was restarted has another.
 */
#include "worker/conductor.h"
#include "lib/base/log.h"
#include "lib/msg/bus.h"
#include "lib/wire/redis.h"

#include <stdio.h>
#include <string.h>

#define AT_ONCE 200

static const char *
mark(struct op *op, int digit)
{
	return op_printf(op, "coffer:admitted:%x", digit);
}

static enum err
run_id_read(struct op *op, struct conductor *c)
{
	struct redis_reply info = { 0 };
	const char *at;

	TRY(redis_call(op, bus_redis(), &info,
	    (const char *const[]){ "INFO", "server", NULL }));
	at = info.kind == REDIS_TEXT ? strstr(info.text, "\nrun_id:") : NULL;
	if (at == NULL)
		return op_fail(op, ERR_INTERNAL, "Redis: no run_id");
	at += strlen("\nrun_id:");
	snprintf(c->run_id, sizeof(c->run_id), "%.*s",
	    (int)strcspn(at, "\r\n"), at);
	return OK;
}

/* After each new connection to Redis: it may be another one. */
void
admit_begin(struct conductor *c)
{
	c->run_id[0] = '\0';
	for (int d = 0; d < SHARDS; d++)
		if (c->roll[d] != NULL) {
			c->roll[d]->admitting = true;
			c->roll[d]->admit_at = 0;
		}
}

static enum err
digit_check(struct op *op, const struct conductor *c, int digit, bool *done)
{
	struct redis_reply has = { 0 };

	TRY(redis_call(op, bus_redis(), &has, (const char *const[]){ "GET",
	    mark(op, digit), NULL }));
	*done = has.kind == REDIS_TEXT && strcmp(has.text, c->run_id) == 0;
	return OK;
}

static enum err
digit_admit(struct op *op, const struct conductor *c, int digit)
{
	struct roll *roll = c->roll[digit];
	struct guest_name name[AT_ONCE];
	int n = 0;
	size_t at = roll->admit_at;

	for (; at < roll->places && n < AT_ONCE; at++) {
		const struct guest *g = roll_at(roll, at);
		char *id;

		if (g == NULL)
			continue;
		id = op_alloc(op, 37);
		guest_id_write(id, g->id);
		name[n++] = (struct guest_name){ id, g->epoch };
	}
	TRY(guest_admit_all(op, bus_redis(), seal_master(), name, n));
	roll->admit_at = at;
	if (at < roll->places)
		return OK;
	roll->admitting = false;
	log_info(op, "Redis knows the %zu guests of %x again", roll->guests,
	    digit);
	return redis_call(op, bus_redis(), NULL, (const char *const[]){ "SET",
	    mark(op, digit), c->run_id, NULL });
}

static enum err
digit_go_on(struct op *op, struct conductor *c, int digit)
{
	bool done = false;

	if (*c->run_id == '\0')
		TRY(run_id_read(op, c));
	if (c->roll[digit]->admit_at == 0)
		TRY(digit_check(op, c, digit, &done));
	if (done) {
		c->roll[digit]->admitting = false;
		return OK;
	}
	return digit_admit(op, c, digit);
}

/* A part of what is to be done, so that reports are heard in between. */
void
admit_some(struct op *outer, struct conductor *c)
{
	for (int d = 0; d < SHARDS; d++) {
		struct op op;
		enum err e;

		if (c->roll[d] == NULL || !c->roll[d]->admitting)
			continue;
		op_begin(&op, outer->id);
		e = c->deaf ? OK : digit_go_on(&op, c, d);
		if (e == ERR_INTERNAL) {
			log_error(&op, "guests are not let in again: %s",
			    op.why);
			c->roll[d]->admitting = false;
		}
		op_end(&op);
		return;
	}
}
