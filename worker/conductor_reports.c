/* conductor_reports.c: from a message of a channel to what a guest's state is. */
#include "worker/conductor.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define FUTURE_US	300000000	/* a guest's clock may be this far ahead */
#define IN_A_SECOND	50		/* reports of one guest looked at */
#define LOOKS		200		/* unknown guests looked up in a second */
#define NOBODY_SECS	2		/* and the same one no sooner again */
#define LINES		10		/* log lines about bad reports in a second */

const char *const count_words[COUNT__MAX] = {
	[TAKEN] = "taken", [CHANGED] = "changed", [STALE] = "stale",
	[FORGED] = "forged", [TOO_LARGE] = "too large",
	[TOO_MANY] = "too many", [UNKNOWN] = "unknown",
	[NOT_OURS] = "not ours",
};

static void
drop(struct conductor *c, enum count what, const char *channel)
{
	int64_t second = clock_ms() / 1000;

	c->count[what]++;
	if (c->said_at != second) {
		c->said_at = second;
		c->said = 0;
	}
	if (c->said++ < LINES)
		log_warn(NULL, "report dropped (%s) on %.80s",
		    count_words[what], channel);
}

/* FNV-1a over the texts and their ends; never 0, which is "unknown". */
uint64_t
state_digest(const char *status, const char *version, const char *order,
    const char *err, const char *why)
{
	const char *const text[] = { status, version, order, err, why };
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		const char *s = text[i] != NULL ? text[i] : "";

		for (; *s != '\0'; s++)
			h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
		h = (h ^ 0xff) * 0x100000001b3ULL;
	}
	return h | 1;
}

/* --- news -------------------------------------------------------------------------- */

static char *
put(const char **member, char *at, const char *text)
{
	size_t n = text == NULL ? 1 : strlen(text) + 1;

	*member = memcpy(at, text == NULL ? "" : text, n);
	return at + n;
}

static size_t
room_for(const char *s)
{
	return s == NULL ? 1 : strlen(s) + 1;
}

static void
news_fill(struct news *n, const struct report *r, uint64_t state)
{
	char *at = malloc(room_for(r->status) + room_for(r->version) +
	    room_for(r->order) + room_for(r->err) + room_for(r->why));

	if (at == NULL)
		err(1, "out of memory");
	free(n->text);
	n->text = at;
	n->state = state;
	at = put(&n->status, at, r->status);
	at = put(&n->version, at, r->version);
	at = put(&n->order, at, r->order);
	at = put(&n->err, at, r->err);
	put(&n->why, at, r->why);
}

/* A newer state takes the place of the older one in the line: one per guest. */
static void
news_put(struct conductor *c, struct guest *g, const struct report *r,
    uint64_t state)
{
	struct news *n = g->news;

	c->count[CHANGED]++;
	if (n == NULL) {
		if ((n = calloc(1, sizeof(*n))) == NULL)
			err(1, "out of memory");
		n->guest = g;
		n->since = clock_ms();
		g->news = n;
		*c->last = n;
		c->last = &n->next;
		c->waiting++;
	}
	news_fill(n, r, state);
}

/* --- taking ------------------------------------------------------------------------- */

/* More than IN_A_SECOND costs no cryptography; the next second it is heard again. */
static bool
floods(struct guest *g, int64_t now)
{
	uint8_t second = (uint8_t)(now / 1000);

	if (g->second != second) {
		g->second = second;
		g->reports = 0;
	}
	if (g->reports >= IN_A_SECOND)
		return true;
	g->reports++;
	return false;
}

/* Not those that were looked up a moment ago, and not too many at once. */
static bool
may_look(struct conductor *c, const unsigned char id[16], int64_t now)
{
	uint64_t who;

	memcpy(&who, id, sizeof(who));
	if (c->nobody[id[15]].id == who &&
	    now / 1000 - c->nobody[id[15]].second < NOBODY_SECS)
		return false;
	if (c->look_at != now / 1000) {
		c->look_at = now / 1000;
		c->looks = 0;
	}
	if (writes_pause(c) > 0 || c->looks++ >= LOOKS)
		return false;
	c->nobody[id[15]].id = who;
	c->nobody[id[15]].second = now / 1000;
	return true;
}

/*
 * Somebody who was not there when the shard was taken: a new instance, or a
 * guest whose key was changed.  Its first report is worth a look at the store.
 */
static struct guest *
look_up(struct conductor *c, struct roll *roll, const char *instance,
    const unsigned char id[16])
{
	struct guest_row *row;
	struct op op;
	int n = 0;
	enum err e;

	if (!may_look(c, id, clock_ms()))
		return NULL;
	op_begin(&op, c->owner);
	e = guests_find(&op, &instance, 1, &row, &n);
	if (e != OK)
		writes_put_off(&op, c, e);
	else if (n == 1)
		guest_learn(c, &row[0]);
	op_end(&op);
	return e == OK && n == 1 ? roll_find(roll, id) : NULL;
}

static void
accept(struct conductor *c, struct guest *g, const struct report *r,
    int64_t now)
{
	uint64_t state = state_digest(r->status, r->version, r->order, r->err,
	    r->why);

	c->count[TAKEN]++;
	g->seq = r->seq;
	g->heard = now;
	g->used_bytes = r->used_bytes;
	g->total_bytes = r->total_bytes;
	g->unseen = true;
	if (state != (g->news != NULL ? g->news->state : g->state))
		news_put(c, g, r, state);
}

/* What the seal did not open may be sealed with a newer key than we know. */
static struct guest *
renewed(struct conductor *c, const struct guest *g, const char *instance)
{
	int epoch = g->epoch;
	struct guest *now;
	unsigned char id[16];

	memcpy(id, g->id, sizeof(id));
	now = look_up(c, c->roll[guest_shard(instance)], instance, id);
	return now == NULL || now->epoch == epoch ? NULL : now;
}

static void
take(struct op *op, struct conductor *c, const char *instance,
    const struct heard *m)
{
	struct roll *roll = c->roll[guest_shard(instance)];
	int64_t now = clock_ms();
	unsigned char id[16];
	struct report r;
	struct guest *g;
	enum err e;

	if (roll == NULL || !guest_id_read(id, instance)) {
		drop(c, NOT_OURS, m->channel);
		return;
	}
	g = roll_find(roll, id);
	if (g == NULL)
		g = look_up(c, roll, instance, id);
	if (g == NULL) {
		drop(c, UNKNOWN, m->channel);
		return;
	}
	if (floods(g, now)) {
		drop(c, TOO_MANY, m->channel);
		return;
	}
	e = guest_read_report(op, &g->key, instance, m->data, m->len, &r);
	if (e != OK && (g = renewed(c, g, instance)) != NULL)
		e = guest_read_report(op, &g->key, instance, m->data, m->len,
		    &r);
	if (e != OK) {
		drop(c, FORGED, m->channel);
		return;
	}
	if (r.seq <= g->seq || r.seq > clock_wall_us() + FUTURE_US) {
		drop(c, STALE, m->channel);
		return;
	}
	accept(c, g, &r, now);
}

/* The cheapest questions come first; answers on the channel are others' business. */
void
reports_take(struct op *outer, struct conductor *c,
    const struct heard *m)
{
	const char *instance;
	struct op op;

	if (flood_of(c, m)) {
		c->count[TOO_MANY]++;
		return;
	}
	if (m->len == 0 || m->data[0] != 'r')
		return;
	if (m->len > GUEST_MAX) {
		drop(c, TOO_LARGE, m->channel);
		return;
	}
	op_begin(&op, outer->id);
	instance = guest_channel_instance(&op, m->channel);
	if (instance == NULL)
		drop(c, NOT_OURS, m->channel);
	else
		take(&op, c, instance, m);
	op_end(&op);
}
