/* conductor_writes.c: what is new, who was seen, who fell silent. */
#include "worker/conductor.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/msg/bus.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_FIRST	50
#define PAUSE_MOST	2000
#define WALK_MS		100		/* between two parts of the walks */
#define WALK_MOST_MS	500		/* a part is not larger than this time's */
#define WALK_BATCHES	8		/* nor writes more than this at once */
#define SILENCE_MS	1000		/* one look at every guest in this time */
#define ROWS_A_SECOND	25000		/* "seen" that the store is asked to bear */

/* --- when --------------------------------------------------------------------------- */

static int64_t
until(int64_t at)
{
	int64_t left = at - clock_ms();

	return left > 0 ? left : 0;
}

int64_t
writes_pause(const struct conductor *c)
{
	return until(c->write_at);
}

/*
 * As long as a write took, reports are read before the next one.  The store may
 * be slow, but Redis cuts off whoever does not listen; and since only the
 * newest state is kept, waiting means to write less.
 */
int64_t
writes_rest(const struct conductor *c)
{
	return until(c->write_at > c->read_until ? c->write_at :
	    c->read_until);
}

static void
wrote(struct conductor *c, int64_t began)
{
	int64_t now = clock_ms();

	c->read_until = now + (now - began);
}

/*
 * With nothing else to read a change is written at once: that is what a
 * waiting task feels.  Under load a batch fills, or its time runs out.
 */
bool
writes_due(const struct conductor *c, bool idle)
{
	const struct news *n = c->first;

	if (n == NULL || writes_rest(c) > 0)
		return false;
	return idle || c->waiting >= conf_int("conductor.batch") ||
	    clock_ms() - n->since >= conf_int("conductor.flush_ms");
}

/* The store said no: everything stays as it is, and is tried again later. */
void
writes_put_off(struct op *op, struct conductor *c, enum err e)
{
	if (c->pause_ms == 0 || e != ERR_UNAVAILABLE)
		log_warn(op, "guests' states are kept for later: %s", op->why);
	c->pause_ms = c->pause_ms == 0 ? PAUSE_FIRST : c->pause_ms * 2;
	if (c->pause_ms > PAUSE_MOST)
		c->pause_ms = PAUSE_MOST;
	c->write_at = clock_ms() + c->pause_ms;
}

void
writes_went_well(struct op *op, struct conductor *c)
{
	if (c->pause_ms > 0)
		log_info(op, "the store takes guests' states again");
	c->pause_ms = 0;
	c->write_at = 0;
}

/* --- news --------------------------------------------------------------------------- */

/* It stays in the line without a guest until its turn comes. */
void
news_drop(struct conductor *c, struct guest *g)
{
	if (g->news == NULL)
		return;
	g->news->guest = NULL;
	g->news = NULL;
	c->waiting--;
}

void
news_clean(struct conductor *c)
{
	struct news *n;

	while ((n = c->first) != NULL && n->guest == NULL) {
		if ((c->first = n->next) == NULL)
			c->last = &c->first;
		free(n->text);
		free(n);
	}
}

void
guest_forget(struct op *op, struct conductor *c, struct guest *g)
{
	struct roll *roll = c->roll[g->id[0] >> 4];
	char id[UUID_LEN + 1];

	guest_id_write(id, g->id);
	log_info(op, "guest %s is gone", id);
	/* Let in again by mistake while it was being deleted: out for good. */
	if (guest_expel(op, bus_redis(), id) != OK)
		log_warn(op, "its Redis user stays: %s", op->why);
	news_drop(c, g);
	roll_forget(roll, g);
}

static struct guest *
guest_of(const struct conductor *c, const char *uuid)
{
	unsigned char id[16];

	if (uuid == NULL || !guest_id_read(id, uuid) ||
	    c->roll[id[0] >> 4] == NULL)
		return NULL;
	return roll_find(c->roll[id[0] >> 4], id);
}

/*
 * Rows that did not take a write: gone, or written by another conductor, or
 * rolled back with a server that lost its last second.  What they say now
 * counts.  False: the store could not be asked.
 */
static bool
look_again(struct op *op, struct conductor *c, const char *const *ids, int n)
{
	struct guest_row *row;
	int found;
	enum err e;

	if (n == 0)
		return true;
	e = guests_find(op, ids, n, &row, &found);
	if (e != OK) {
		writes_put_off(op, c, e);
		return false;
	}
	for (int i = 0; i < n; i++) {
		struct guest *g = guest_of(c, ids[i]);
		int at = 0;

		while (at < found && strcmp(row[at].id, ids[i]) != 0)
			at++;
		if (at < found)
			guest_learn(c, &row[at]);
		else if (g != NULL)
			guest_forget(op, c, g);
	}
	return true;
}

/* The first n of the line; their texts stay where they are. */
static int
batch_take(struct op *op, const struct conductor *c, int most,
    struct guest_state *out)
{
	int n = 0;

	for (const struct news *w = c->first; w != NULL && n < most;
	    w = w->next) {
		char *id;

		if (w->guest == NULL)
			continue;
		id = op_alloc(op, UUID_LEN + 1);
		guest_id_write(id, w->guest->id);
		out[n++] = (struct guest_state){ id, w->guest->seq,
		    w->guest->used_bytes, w->guest->total_bytes, w->status,
		    w->version, w->order, w->err, w->why };
	}
	return n;
}

static void
written(struct conductor *c, struct guest *g)
{
	g->state = g->news->state;
	g->stored_seq = g->seq;
	g->unseen = g->silent = false;
	news_drop(c, g);
}

static void
ring(struct op *op, const struct guest_ids *tasks)
{
	if (tasks->n > 0 && bus_ring(op, tasks->id, tasks->n) != OK)
		log_warn(op, "%d tasks are not rung: %s", tasks->n, op->why);
}

/* Those of the batch that still have their news were not taken. */
static void
batch_settle(struct op *op, struct conductor *c,
    const struct guest_state *batch, int n, const struct guest_ids *done)
{
	const char **odd = op_alloc(op, (size_t)n * sizeof(*odd));
	int odds = 0;

	for (int i = 0; i < done->n; i++) {
		struct guest *g = guest_of(c, done->id[i]);

		if (g != NULL && g->news != NULL)
			written(c, g);
	}
	for (int i = 0; i < n && done->n < n; i++) {
		struct guest *g = guest_of(c, batch[i].id);

		if (g != NULL && g->news != NULL)
			odd[odds++] = batch[i].id;
	}
	look_again(op, c, odd, odds);
}

/* One bad state must not hold up the others: halve the batch until it stands alone. */
static void
batch_refused(struct op *op, struct conductor *c,
    const struct guest_state *batch, int n)
{
	struct guest *g = guest_of(c, batch[0].id);

	if (n > 1) {
		c->batch = n / 2;
		return;
	}
	log_error(op, "state of guest %s refused: %s", batch[0].id, op->why);
	if (g != NULL && g->news != NULL) {
		g->state = 0;		/* again with its next report */
		news_drop(c, g);
	}
}

void
writes_flush(struct op *outer, struct conductor *c)
{
	int most = c->waiting < c->batch ? c->waiting : c->batch, n;
	struct guest_ids done, tasks;
	int64_t began = clock_ms();
	struct guest_state *batch;
	struct op op;
	enum err e;

	op_begin(&op, outer->id);
	batch = op_alloc(&op, ((size_t)most + 1) * sizeof(*batch));
	n = batch_take(&op, c, most, batch);
	e = n == 0 ? OK : guests_write(&op, batch, n, &done, &tasks);
	if (e == OK && n > 0) {
		writes_went_well(&op, c);
		ring(&op, &tasks);
		batch_settle(&op, c, batch, n, &done);
		if (c->batch < conf_int("conductor.batch"))
			c->batch++;
	} else if (e == ERR_UNAVAILABLE)
		writes_put_off(&op, c, e);
	else if (e != OK)
		batch_refused(&op, c, batch, n);
	news_clean(c);
	op_end(&op);
	wrote(c, began);
}

/* --- seen, and silent ------------------------------------------------------------------ */

struct walk {
	struct op	*op;
	struct conductor *c;
	bool		 silent;	/* or seen */
	int64_t		 now;
	struct guest_seen *batch;
	int		 n, batches;
};

static void
walk_add(struct walk *w, const struct guest *g)
{
	char *id = op_alloc(w->op, UUID_LEN + 1);

	guest_id_write(id, g->id);
	w->batch[w->n++] = (struct guest_seen){ id, g->stored_seq, g->seq,
	    g->used_bytes, g->total_bytes };
}

static bool
concerns(const struct walk *w, const struct roll *roll, const struct guest *g)
{
	int64_t from = g->heard > roll->since ? g->heard : roll->since;

	if (g->news != NULL)
		return false;		/* its turn comes anyway */
	if (!w->silent)
		return g->unseen;
	/* One that was never heard of is new, and stays so. */
	return !g->silent && g->seq > 0 &&
	    w->now - from > conf_int("guest.report") * 2000 + 1000;
}

static void
remember(const struct walk *w, struct guest *g)
{
	if (w->silent) {
		g->silent = true;
		g->state = 0;		/* whatever it says next is news */
		return;
	}
	g->stored_seq = g->seq;
	g->unseen = false;
}

/* Remember what was written, and look after those whose row refused. */
static void
walk_settle(struct walk *w, const struct guest_ids *done)
{
	const char **odd = op_alloc(w->op, ((size_t)w->n + 1) * sizeof(*odd));
	int odds = 0;

	for (int i = 0; i < done->n; i++) {
		struct guest *g = guest_of(w->c, done->id[i]);

		if (g != NULL)
			remember(w, g);
	}
	for (int i = 0; i < w->n && done->n < w->n; i++) {
		const struct guest *g = guest_of(w->c, w->batch[i].id);

		if (g != NULL && (w->silent ? !g->silent : g->unseen))
			odd[odds++] = w->batch[i].id;
	}
	look_again(w->op, w->c, odd, odds);
}

static bool
walk_write(struct walk *w)
{
	struct guest_ids done;
	enum err e;

	if (w->n == 0)
		return true;
	e = w->silent ? guests_silent(w->op, w->batch, w->n, &done) :
	    guests_seen(w->op, w->batch, w->n, &done);
	if (e != OK) {
		writes_put_off(w->op, w->c, e);
		return false;
	}
	writes_went_well(w->op, w->c);
	walk_settle(w, &done);
	w->n = 0;
	return ++w->batches < WALK_BATCHES;
}

/* The next guest after this place, over all rolls; NULL where a place is empty. */
static struct guest *
walk_next(const struct conductor *c, struct walk_at *at)
{
	const struct roll *roll = c->roll[at->digit];

	if (roll != NULL && at->place < roll->places)
		return roll_at(roll, at->place++);
	at->digit = (at->digit + 1) % SHARDS;
	at->place = 0;
	return NULL;
}

static size_t
places_in_all(const struct conductor *c)
{
	size_t n = SHARDS;		/* the step to the next roll is one, too */

	for (int d = 0; d < SHARDS; d++)
		if (c->roll[d] != NULL)
			n += c->roll[d]->places;
	return n;
}

/*
 * Goes on through as much as belongs to the time that has passed: no turn takes
 * long, and every guest has its turn once a round, or later when there is more
 * to write than the store takes.
 */
static void
walk(struct walk *w, struct walk_at *at, int64_t round)
{
	size_t all = places_in_all(w->c);
	int64_t passed = w->now - at->time;
	int most = conf_int("conductor.batch");
	size_t part;

	at->time = w->now;
	if (passed > WALK_MOST_MS)
		passed = WALK_MOST_MS;
	part = passed >= round ? all : (size_t)((int64_t)all * passed / round) + 1;
	w->batch = op_alloc(w->op, (size_t)most * sizeof(*w->batch));
	for (; part > 0; part--) {
		int digit = at->digit;
		const struct guest *g = walk_next(w->c, at);

		if (g == NULL || !concerns(w, w->c->roll[digit], g))
			continue;
		walk_add(w, g);
		if (w->n == most && !walk_write(w))
			return;
	}
	walk_write(w);
}

/*
 * "Seen" goes once a round for whoever was heard of: with many guests the round
 * gets longer, up to two reports, which is as old as the API lets it be.
 */
static int64_t
seen_round(const struct conductor *c)
{
	int64_t round = conf_int("conductor.seen") * 1000;
	int64_t most = conf_int("guest.report") * 2000;
	int64_t borne = (int64_t)places_in_all(c) * 1000 / ROWS_A_SECOND;

	if (borne > most)
		borne = most;
	return round > borne ? round : borne;
}

void
writes_walk(struct op *outer, struct conductor *c)
{
	struct op op;
	struct walk w = { .op = &op, .c = c, .now = clock_ms() };

	if (w.now - c->seen.time < WALK_MS || writes_rest(c) > 0)
		return;
	op_begin(&op, outer->id);
	walk(&w, &c->seen, seen_round(c));
	w.silent = true;
	w.n = w.batches = 0;
	/* Nobody is called silent while we hear nothing, or own nothing. */
	if (!c->deaf && w.now < c->lease_end && writes_pause(c) == 0)
		walk(&w, &c->silent, SILENCE_MS);
	op_end(&op);
	wrote(c, w.now);
}
