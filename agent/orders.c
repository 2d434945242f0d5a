#include "agent/orders.h"
#include "agent/duties.h"
#include "agent/journal.h"
#include "agent/report.h"
#include "agent/supervisor.h"
#include "agent/transfer.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/msg/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MOST	16
#define START_MS	120000		/* until a started server must answer */

/* An order whose server is not up yet, sealed as it came. */
struct waiting {
	char		 id[JOURNAL_ID];
	enum order_kind	 kind;
	size_t		 len;		/* 0: this place is free */
	char		 bytes[GUEST_MAX];
};

/* An order that ends later than it was taken. */
struct later { char id[JOURNAL_ID]; int64_t seq; };	/* id "": none */

static struct {
	const char	*instance;
	const struct key *key;
	struct waiting	 waiting[WAITING_MOST];
	/* The restart or start that is done when the server answers. */
	struct later	 starting;
	int64_t		 starting_until;
	struct later	 moving;	/* the backup or restore under way */
} orders;

void
orders_open(const char *instance, const struct key *key)
{
	orders.instance = instance;
	orders.key = key;
	orders.starting = orders.moving = (struct later){ 0 };
}

static void
answer(struct op *op, const char *id, enum err e, const char *why,
    const char *body)
{
	struct answer a = {
		.id = id, .seq = guest_seq(), .err = e, .why = why,
	};
	const char *bytes;
	size_t len;
	int heard;

	bytes = guest_write_answer(op, orders.key, orders.instance, &a, body,
	    &len);
	channel_say(op, bytes, len, &heard);
}

/* Clients are told of a clash as of any other wrong request. */
static enum err
outcome(enum err e)
{
	return e == ERR_CONFLICT ? ERR_BAD_REQUEST : e;
}

static void
task_end(struct op *op, const char *id, int64_t seq, enum err e)
{
	const char *why = e == OK ? NULL :
	    op->why != NULL ? op->why : err_name(e);
	const struct journal_order *kept;

	if (e == OK)
		log_info(op, "done");
	else
		log_warn(op, "failed: %s", why);
	if (journal_end(op, id, seq, outcome(e), why) != OK)
		log_error(op, "the journal is not written: %s", op->why);
	kept = journal_find(id);
	report_due();
	answer(op, id, kept->err, kept->why, NULL);
}

/* --- orders that wait for the server -------------------------------------------- */

static struct waiting *
place_for(const char *id)
{
	struct waiting *free_one = NULL;

	for (int i = 0; i < WAITING_MOST; i++) {
		if (orders.waiting[i].len == 0)
			free_one = free_one != NULL ? free_one :
			    &orders.waiting[i];
		else if (strcmp(orders.waiting[i].id, id) == 0)
			return &orders.waiting[i];
	}
	return free_one;		/* NULL: its teller will repeat it */
}

static void
wait_for_server(struct op *op, const struct order *o, const char *bytes,
    size_t len)
{
	struct waiting *w = place_for(o->id);

	if (w == NULL)
		return;
	if (w->len == 0)
		log_debug(op, "waits for the server");
	snprintf(w->id, sizeof(w->id), "%s", o->id);
	w->kind = o->kind;
	memmove(w->bytes, bytes, len);
	w->len = len;
}

static void
waiting_turn(void)
{
	for (int i = 0; i < WAITING_MOST && supervisor_ready(); i++) {
		struct waiting *w = &orders.waiting[i];
		size_t len = w->len;

		if (len == 0)
			continue;
		w->len = 0;
		orders_take(w->bytes, len);
	}
}

/* A backup that was called off must not begin when the server is back. */
static void
waiting_forget(enum order_kind kind)
{
	for (int i = 0; i < WAITING_MOST; i++)
		if (orders.waiting[i].kind == kind)
			orders.waiting[i].len = 0;
}

/* --- orders that end later ------------------------------------------------------ */

static void
later_set(struct later *l, const char *id, int64_t seq)
{
	snprintf(l->id, sizeof(l->id), "%s", id);
	l->seq = seq;
}

static void
later_begin(struct op *op, const struct later *l)
{
	op_begin(op, "agent");
	op->instance = orders.instance;
	op->task = op_strndup(op, l->id, strcspn(l->id, ":"));
}

static void
later_end(struct op *op, struct later *l, enum err e)
{
	task_end(op, l->id, l->seq, e);
	l->id[0] = '\0';
}

/* It answers, but perhaps not as it was told to start. */
static enum err
started(struct op *op)
{
	const struct datastore *db = supervisor_engine();
	const char *why = db->complaint != NULL ? db->complaint(op) : NULL;

	return why == NULL ? OK : op_fail(op, ERR_UNPROCESSABLE, "%s", why);
}

static void
starting_turn(void)
{
	struct op op;

	if (orders.starting.id[0] == '\0')
		return;
	if (!supervisor_ready() && clock_ms() < orders.starting_until)
		return;
	later_begin(&op, &orders.starting);
	later_end(&op, &orders.starting, supervisor_ready() ? started(&op) :
	    op_fail(&op, ERR_GUEST,
	    "The database server does not answer after its start."));
	op_end(&op);
}

/* One start at a time: what another waited for is this one's now. */
static void
starting_set(const char *id, int64_t seq)
{
	later_set(&orders.starting, id, seq);
	orders.starting_until = clock_ms() + START_MS;
	report_due();
}

/* Written once more: a restore has stopped the server, and that is to be remembered. */
static void
moving_set(struct op *op, const struct order *o)
{
	later_set(&orders.moving, o->id, o->seq);
	if (journal_begin(op, o->id, o->seq) != OK)
		log_error(op, "the journal is not written: %s", op->why);
}

/* A restore is done when the server answers with what was restored. */
static void
moving_turn(void)
{
	struct later *l = &orders.moving;
	bool start = false;
	struct op op;
	enum err e;

	if (l->id[0] == '\0')
		return;
	later_begin(&op, l);
	if (transfer_ended(&op, &e, &start)) {
		if (start && (e = supervisor_start(&op)) == OK) {
			starting_set(l->id, l->seq);
			l->id[0] = '\0';
		} else
			later_end(&op, l, e);
	}
	op_end(&op);
}

void
orders_turn(void)
{
	moving_turn();
	starting_turn();
	waiting_turn();
}

/* --- orders of tasks ------------------------------------------------------------ */

/* A repeated order is not carried out again; it is said again how it ended. */
static bool
task_was_done(struct op *op, const struct order *o)
{
	const struct journal_order *was = journal_find(o->id);

	/* A backup takes hours: the journal may have forgotten its beginning. */
	if (strcmp(orders.starting.id, o->id) == 0 ||
	    strcmp(orders.moving.id, o->id) == 0)
		return true;
	if (was == NULL)
		return false;
	journal_seen(o->id, o->seq);
	if (!was->ended)
		return false;
	journal_name(o->id);
	report_due();
	answer(op, o->id, was->err, was->why, NULL);
	return true;
}

static enum err
task_begin(struct op *op, const struct order *o, bool again)
{
	const struct duty *d = &duties[o->kind];

	if (d->starts_server && transfer_holds_server())
		return op_fail(op, ERR_CONFLICT, "A restore is under way.");
	if (!again && d->check != NULL)
		TRY(d->check(op, o->body));
	if (journal_begin(op, o->id, o->seq) != OK)
		return op_fail(op, ERR_GUEST, "The volume cannot be written: "
		    "%s", op->why);
	return OK;
}

static void
task_run(struct op *op, const struct order *o)
{
	const struct duty *d = &duties[o->kind];
	const struct journal_order *was = journal_find(o->id);
	bool again = was != NULL;
	struct jsonw nothing;
	enum err e;

	log_info(op, "order %s%s", order_word(o->kind), again ? ", again" : "");
	jsonw_begin(&nothing, op, 64);
	if (o->kind == ORDER_CANCEL)
		waiting_forget(ORDER_BACKUP);
	if ((e = task_begin(op, o, again)) == OK)
		e = d->run(op, o->body, again, &nothing);
	if (e == OK && d->starts_server)
		starting_set(o->id, o->seq);
	else if (e == OK && d->moves)
		moving_set(op, o);
	else
		task_end(op, o->id, o->seq, e);
}

static void
task_take(struct op *op, const struct order *o, const char *bytes, size_t len)
{
	if (task_was_done(op, o))
		return;
	if (journal_find(o->id) == NULL && o->seq <= journal_floor()) {
		log_warn(op, "order dropped: it is older than the journal");
		return;
	}
	/* A server that is just starting may be deaf to a signal to end. */
	if (o->kind == ORDER_RESTORE && supervisor_starting())
		wait_for_server(op, o, bytes, len);
	else if (!duties[o->kind].needs_server || supervisor_ready())
		task_run(op, o);
	else if (supervisor_status() == DB_SHUTDOWN && journal_stopped())
		task_end(op, o->id, o->seq, op_fail(op, ERR_GUEST,
		    "The database server is stopped."));
	else
		wait_for_server(op, o, bytes, len);
}

/* --- questions -------------------------------------------------------------------- */

static void
ask_take(struct op *op, const struct order *o, const char *bytes, size_t len)
{
	const struct duty *d = &duties[o->kind];
	struct jsonw w;
	enum err e;

	if (d->needs_server && supervisor_starting()) {
		wait_for_server(op, o, bytes, len);
		return;
	}
	jsonw_begin(&w, op, 1024);
	jsonw_map(&w);
	if (d->needs_server && !supervisor_ready())
		e = op_fail(op, ERR_GUEST, "The database server is not running.");
	else
		e = d->run(op, o->body, false, &w);
	jsonw_map_end(&w);
	log_debug(op, "%s: %s", order_word(o->kind), err_name(e));
	answer(op, o->id, outcome(e), e == OK ? NULL :
	    op->why != NULL ? op->why : err_name(e), e == OK ? w.out.s : NULL);
}

/* --- arrival ---------------------------------------------------------------------- */

static enum err
order_check(struct op *op, const struct order *o)
{
	if (llabs(clock_wall_us() - o->seq) > ORDERS_STALE_US)
		return op_fail(op, ERR_FORGED, "stale");
	if (strlen(o->id) >= JOURNAL_ID || duties[o->kind].run == NULL)
		return op_fail(op, ERR_FORGED, "no such order");
	return OK;
}

void
orders_take(const char *bytes, size_t len)
{
	struct order o;
	struct op op;

	op_begin(&op, "agent");
	op.instance = orders.instance;
	if (guest_read_order(&op, orders.key, orders.instance, bytes, len,
	    &o) != OK || order_check(&op, &o) != OK)
		log_warn(&op, "order dropped: %s", op.why);
	else {
		op.id = o.request != NULL ? o.request : op.id;
		op.task = op_strndup(&op, o.id, strcspn(o.id, ":"));
		if (order_kept(o.kind) == ASK)
			ask_take(&op, &o, bytes, len);
		else
			task_take(&op, &o, bytes, len);
	}
	op_end(&op);
}
