#include "agent/journal.h"
#include "agent/file.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <string.h>

static struct {
	char			 path[512];
	struct journal_order	 order[JOURNAL_ORDERS];	/* oldest first */
	int			 count;
	char			 last[JOURNAL_ID];	/* named in reports */
	int64_t			 floor;
	enum journal_prepared	 prepared;
	bool			 stopped;
} journal;

static struct journal_order *
order_find(const char *id)
{
	for (int i = journal.count - 1; i >= 0; i--)
		if (strcmp(journal.order[i].id, id) == 0)
			return &journal.order[i];
	return NULL;
}

/* The oldest makes room; what it knew is kept as the floor. */
static struct journal_order *
order_add(const char *id, int64_t seq)
{
	struct journal_order *o;

	if (journal.count == JOURNAL_ORDERS) {
		if (journal.order[0].seq > journal.floor)
			journal.floor = journal.order[0].seq;
		journal.count--;
		memmove(journal.order, journal.order + 1,
		    (size_t)journal.count * sizeof(*o));
	}
	o = &journal.order[journal.count++];
	*o = (struct journal_order){ .seq = seq };
	snprintf(o->id, sizeof(o->id), "%s", id);
	return o;
}

static void
order_write(struct jsonw *w, const struct journal_order *o)
{
	jsonw_map(w);
	jsonw_kstr(w, "id", o->id);
	jsonw_kint(w, "seq", o->seq);
	jsonw_kbool(w, "ended", o->ended);
	jsonw_kstr(w, "err", err_name(o->err));
	jsonw_kstr(w, "why", o->why);
	jsonw_map_end(w);
}

static enum err
journal_write(struct op *op)
{
	struct jsonw w;

	jsonw_begin(&w, op, 4096);
	jsonw_map(&w);
	jsonw_kint(&w, "prepared", journal.prepared);
	jsonw_kbool(&w, "stopped", journal.stopped);
	jsonw_kint(&w, "floor", journal.floor);
	jsonw_kstr(&w, "last", journal.last);
	jsonw_key(&w, "orders");
	jsonw_list(&w);
	for (int i = 0; i < journal.count; i++)
		order_write(&w, &journal.order[i]);
	jsonw_list_end(&w);
	jsonw_map_end(&w);
	return file_put(op, journal.path, w.out.s, w.out.len);
}

static enum err
order_read(struct op *op, const struct json *j)
{
	const char *id = json_str(json_get(j, "id"));
	const char *why = json_str(json_get(j, "why"));
	const char *err = json_str(json_get(j, "err"));
	struct journal_order *o;

	if (id == NULL || why == NULL || err == NULL)
		return op_fail(op, ERR_INTERNAL, "%s is damaged", journal.path);
	o = order_add(id, json_int(json_get(j, "seq")));
	o->ended = json_true(json_get(j, "ended"));
	o->err = err_find(err);
	snprintf(o->why, sizeof(o->why), "%s", why);
	return OK;
}

static enum err
journal_read(struct op *op, const char *s, size_t len)
{
	const struct json *j, *orders;
	const char *last;
	int64_t prepared;

	if (json_parse(op, s, len, &j) != OK)
		return op_fail(op, ERR_INTERNAL, "%s is damaged: %s",
		    journal.path, op->why);
	orders = json_get(j, "orders");
	last = json_str(json_get(j, "last"));
	prepared = json_int(json_get(j, "prepared"));
	if (last == NULL || json_kind(orders) != JSON_LIST ||
	    prepared < UNPREPARED || prepared > PREPARE_FAILED)
		return op_fail(op, ERR_INTERNAL, "%s is damaged", journal.path);
	for (size_t i = 0; i < json_count(orders); i++)
		TRY(order_read(op, json_at(orders, i)));
	journal.prepared = (enum journal_prepared)prepared;
	journal.stopped = json_true(json_get(j, "stopped"));
	journal.floor = json_int(json_get(j, "floor"));
	snprintf(journal.last, sizeof(journal.last), "%s", last);
	return OK;
}

/*
 * What was done before now is unknown, so nothing from before now is done
 * again; the database is somebody's and has to run.
 */
static void
journal_forget(void)
{
	journal.count = 0;
	journal.last[0] = '\0';
	journal.floor = clock_wall_us();
	journal.prepared = PREPARED;
	journal.stopped = false;
}

enum err
journal_open(struct op *op, const char *data)
{
	const char *s, *aside;
	size_t len;
	enum err e;

	memset(&journal, 0, sizeof(journal));
	TRY(file_directory(op, op_printf(op, "%s/agent", data)));
	snprintf(journal.path, sizeof(journal.path), "%s/agent/journal", data);
	e = file_get(op, journal.path, &s, &len);
	if (e == ERR_NOT_FOUND)
		return OK;
	TRY(e);
	if (journal_read(op, s, len) == OK)
		return OK;
	aside = op_printf(op, "%s.damaged", journal.path);
	log_error(op, "%s: kept as %s", op->why, aside);
	rename(journal.path, aside);
	journal_forget();
	return OK;
}

const struct journal_order *
journal_find(const char *id)
{
	return order_find(id);
}

void
journal_seen(const char *id, int64_t seq)
{
	struct journal_order *o = order_find(id);

	if (o != NULL && seq > o->seq)
		o->seq = seq;
}

int64_t
journal_floor(void)
{
	return journal.floor;
}

const struct journal_order *
journal_last(void)
{
	const struct journal_order *o = order_find(journal.last);

	return o != NULL && o->ended ? o : NULL;
}

void
journal_name(const char *id)
{
	snprintf(journal.last, sizeof(journal.last), "%s", id);
}

enum err
journal_begin(struct op *op, const char *id, int64_t seq)
{
	struct journal_order *o = order_find(id);

	if (o == NULL)
		order_add(id, seq);
	return journal_write(op);
}

/* Cut between two characters: what is no UTF-8 could not be read again. */
static void
why_keep(char kept[JOURNAL_WHY], const char *why)
{
	size_t len;

	snprintf(kept, JOURNAL_WHY, "%s", why);
	for (len = strlen(kept); len > 0 && !text_is_utf8(kept, len);)
		kept[--len] = '\0';
}

enum err
journal_end(struct op *op, const char *id, int64_t seq, enum err e,
    const char *why)
{
	struct journal_order *o = order_find(id);

	if (o == NULL)
		o = order_add(id, seq);
	o->ended = true;
	o->err = e;
	why_keep(o->why, why != NULL ? why : "");
	journal_name(id);
	return journal_write(op);
}

enum journal_prepared
journal_prepared(void)
{
	return journal.prepared;
}

bool
journal_stopped(void)
{
	return journal.stopped;
}

void
journal_set_prepared(enum journal_prepared prepared)
{
	journal.prepared = prepared;
}

void
journal_set_stopped(bool stopped)
{
	journal.stopped = stopped;
}
