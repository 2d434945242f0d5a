/* conductor_admit.c: lets guests in again after Redis forgot its users. */
#include "worker/conductor.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define AT_ONCE 200

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
digit_admit(struct op *op, const struct conductor *c, int digit)
{
	struct roll *roll = c->roll[digit];
	struct admission name[AT_ONCE];
	int n = 0;
	size_t at = roll->admit_at;

	for (; at < roll->places && n < AT_ONCE; at++) {
		const struct guest *g = roll_at(roll, at);
		char *id;

		if (g == NULL)
			continue;
		id = op_alloc(op, UUID_LEN + 1);
		guest_id_write(id, g->id);
		name[n++] = (struct admission){ id, g->epoch };
	}
	TRY(admission_make(op, seal_master(), name, n));
	roll->admit_at = at;
	if (at < roll->places)
		return OK;
	roll->admitting = false;
	log_info(op, "Redis knows the %zu guests of %x again", roll->guests,
	    digit);
	return admission_note(op, digit, c->run_id);
}

static enum err
digit_go_on(struct op *op, struct conductor *c, int digit)
{
	bool done = false;

	if (*c->run_id == '\0')
		TRY(admission_server(op, c->run_id));
	if (c->roll[digit]->admit_at == 0)
		TRY(admission_known(op, digit, c->run_id, &done));
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
