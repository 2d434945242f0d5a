/* conductor_shards.c: which guests are ours, and what the store knows of them. */
#include "worker/conductor.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#include <string.h>

int
shard_of(int digit)
{
	return digit % conf_int("conductor.shards");
}

/* --- guests ------------------------------------------------------------------------- */

/*
 * The row is the truth about what is stored; what we heard last may be newer.
 * News that the row is ahead of are no news any more.
 */
void
guest_learn(struct conductor *c, const struct guest_row *row)
{
	struct roll *roll = c->roll[guest_shard(row->id)];
	unsigned char id[16];
	struct guest *g;

	if (roll == NULL || !guest_id_read(id, row->id))
		return;
	if ((g = roll_find(roll, id)) == NULL) {
		g = roll_add(roll, id);
		g->used_bytes = g->total_bytes = -1;
		g->heard = clock_ms();	/* silence counts from now */
	}
	if (g->epoch != row->key_epoch)
		guest_key(&g->key, seal_master(), row->id, row->key_epoch);
	g->epoch = row->key_epoch;
	g->stored_seq = row->seq;
	g->silent = strcmp(row->status, "silent") == 0;
	g->state = state_digest(row->status, row->version, row->order,
	    row->err, row->why);
	if (g->seq <= row->seq) {
		g->seq = row->seq;
		news_drop(c, g);
	}
}

static void
digit_load(struct op *outer, struct conductor *c, int digit)
{
	struct guest_row *row;
	struct op op;
	enum err e;
	int n = 0;

	op_begin(&op, outer->id);
	e = guests_load(&op, digit, &row, &n);
	if (e == OK) {
		c->roll[digit] = roll_new(clock_ms());
		for (int i = 0; i < n; i++)
			guest_learn(c, &row[i]);
		c->roll[digit]->admitting = true;
		log_info(&op, "%d guests of %x are known", n, digit);
	} else
		writes_put_off(&op, c, e);
	op_end(&op);
}

static void
digit_drop(struct conductor *c, int digit)
{
	struct roll *roll = c->roll[digit];

	for (size_t i = 0; i < roll->places; i++) {
		struct guest *g = roll_at(roll, i);

		if (g != NULL)
			news_drop(c, g);
	}
	c->roll[digit] = NULL;
	roll_free(roll);
}

void
shards_drop(struct conductor *c)
{
	for (int d = 0; d < SHARDS; d++)
		if (c->roll[d] != NULL)
			digit_drop(c, d);
	news_clean(c);
}

/* --- channels ------------------------------------------------------------------------ */

/* After each new connection; what was said before it is lost, so clocks start anew. */
void
shards_listen(struct op *op, struct conductor *c)
{
	if (c->ears == ears_epoch() && c->ears != 0)
		return;
	for (int d = 0; d < SHARDS; d++) {
		if (c->roll[d] == NULL)
			continue;
		if (ears_listen(op, d) != OK) {
			if (!c->deaf)
				log_warn(op, "not listening: %s", op->why);
			c->deaf = true;
			return;
		}
		c->roll[d]->since = clock_ms();
	}
	if (ears_epoch() == 0)
		return;
	if (c->deaf)
		log_info(op, "listening again");
	c->deaf = false;
	c->ears = ears_epoch();
	admit_begin(c);
}

/*
 * One digit a turn, so that reports are heard and leases renewed in between.
 * Listen first, then load: what is said meanwhile waits in the connection.
 */
void
shards_load(struct op *op, struct conductor *c)
{
	int d = 0;

	while (d < SHARDS && (c->roll[d] != NULL || !c->leased[shard_of(d)]))
		d++;
	if (d == SHARDS || writes_pause(c) > 0)
		return;
	if (ears_epoch() != 0 && ears_listen(op, d) != OK)
		log_warn(op, "not listening yet: %s", op->why);
	digit_load(op, c, d);
}

static void
shard_end(struct op *op, struct conductor *c, int shard)
{
	for (int d = 0; d < SHARDS; d++) {
		if (shard_of(d) != shard || c->roll[d] == NULL)
			continue;
		digit_drop(c, d);
		if (ears_unlisten(op, d) != OK)
			log_warn(op, "still listening: %s", op->why);
	}
	log_info(op, "shard %d is another's", shard);
}

/* --- leases -------------------------------------------------------------------------- */

struct shares {
	const char	*owner[SHARDS];
	int		 n, mine, owners;	/* owners: with us */
};

static int
shards_of(const struct shares *s, const char *owner)
{
	int n = 0;

	for (int i = 0; i < s->n; i++)
		n += s->owner[i] != NULL && strcmp(s->owner[i], owner) == 0;
	return n;
}

static enum err
shares_read(struct op *op, const struct conductor *c, struct shares *s)
{
	s->n = conf_int("conductor.shards");
	TRY(shards_list(op, s->n, s->owner));
	s->mine = shards_of(s, c->owner);
	s->owners = s->mine == 0;
	for (int i = 0; i < s->n; i++) {
		int first = 0;

		while (s->owner[i] != NULL && (s->owner[first] == NULL ||
		    strcmp(s->owner[first], s->owner[i]) != 0))
			first++;
		s->owners += s->owner[i] != NULL && first == i;
	}
	return OK;
}

/*
 * One that is free while we have less than our share; else one of whoever has
 * at least two more than we: so a newcomer gets its share at once, and shards
 * do not wander between equals.  The loser sees it when it renews; until then
 * both write, and the sequence numbers keep it to once.  -1: none.
 */
static int
shard_wanted(const struct shares *s)
{
	int best = -1, most = s->mine + 1;

	for (int i = 0; i < s->n; i++)
		if (s->owner[i] == NULL)
			return s->mine * s->owners < s->n ? i : -1;
	for (int i = 0; i < s->n; i++)
		if (shards_of(s, s->owner[i]) > most) {
			most = shards_of(s, s->owner[i]);
			best = i;
		}
	return best;
}

static enum err
shares_take(struct op *op, const struct conductor *c, struct shares *s)
{
	int secs = conf_int("conductor.lease"), i;

	while ((i = shard_wanted(s)) >= 0) {
		enum err e = shards_take(op, i, c->owner, secs, s->owner[i]);

		if (e == ERR_CONFLICT)
			return OK;	/* another was faster: look again later */
		TRY(e);
		s->owner[i] = c->owner;
		s->mine++;
	}
	return OK;
}

/* Counted from before the question: our lease never ends later than the store's. */
static enum err
leases_renew(struct op *op, struct conductor *c, bool owned[SHARDS])
{
	int secs = conf_int("conductor.lease"), n = conf_int("conductor.shards");
	int64_t asked = clock_ms();
	struct shares s = { 0 };

	TRY(shards_renew(op, c->owner, secs, n, owned));
	TRY(shares_read(op, c, &s));
	TRY(shares_take(op, c, &s));
	for (int i = 0; i < n; i++)
		owned[i] = s.owner[i] != NULL &&
		    strcmp(s.owner[i], c->owner) == 0;
	c->lease_end = asked + secs * 1000;
	return OK;
}

void
shards_tend(struct op *outer, struct conductor *c)
{
	bool owned[SHARDS] = { false };
	int64_t now = clock_ms();
	struct op op;
	enum err e;

	if (now < c->lease_at || writes_pause(c) > 0)
		return;
	c->lease_at = now + conf_int("conductor.lease") * 1000 / 3;
	op_begin(&op, outer->id);
	e = leases_renew(&op, c, owned);
	if (e != OK) {
		writes_put_off(&op, c, e);
		c->lease_at = now;
	} else
		writes_went_well(&op, c);
	for (int i = 0; i < conf_int("conductor.shards") && e == OK; i++) {
		if (owned[i] && !c->leased[i])
			log_info(&op, "shard %d is ours", i);
		else if (!owned[i] && c->leased[i])
			shard_end(&op, c, i);
		c->leased[i] = owned[i];
	}
	op_end(&op);
}
