/*
 * The steps that speak with the guest.  It is told by a message that may get
 * lost, so each look that finds no outcome tells it again; it carries an order
 * out once, by its id, and its reports name the last one.
 */
#include "worker/flow.h"
#include "lib/base/conf.h"
#include "lib/base/jsonw.h"
#include "lib/base/seal.h"
#include "lib/msg/bus.h"

#include <string.h>

#define SILENT		"Timeout trying to connect to the Guest Agent."
#define ADMIT_MS	1000		/* a guest needs less than this to be heard */
#define STOP_MS		2000		/* a delete does not wait longer for a clean stop */

/* --- credentials ---------------------------------------------------------------- */

enum verdict
guest_in(struct work *w)
{
	enum err e;

	if (cloud_compute()->guestless)
		return DONE;
	e = lease_check(w->op, &w->lease);
	if (e == OK)
		e = guest_admit(w->op, bus_redis(), seal_master(),
		    w->lease.instance, w->lease.home.key_epoch);
	return work_verdict(w, e);
}

enum verdict
guest_out(struct work *w)
{
	enum err e;

	if (cloud_compute()->guestless)
		return DONE;
	e = lease_check(w->op, &w->lease);
	if (e == OK)
		e = guest_expel(w->op, bus_redis(), w->lease.instance);
	return work_verdict(w, e);
}

/* --- reports ------------------------------------------------------------------------ */

static enum verdict
wait_report(struct work *w)
{
	w->late = SILENT;
	w->watch = true;
	return WAIT;
}

/*
 * A guest that nobody heard yet may stand before a Redis that was restarted
 * since it was let in.  The conductor lets in again only those it knows.
 */
static enum verdict
wait_first_report(struct work *w)
{
	if (work_elapsed(w) >= ADMIT_MS && guest_in(w) != DONE)
		return FAIL;
	return wait_report(w);
}

/* Heard of at all: it is there, it has its keys, it listens. */
enum verdict
guest_boot(struct work *w)
{
	if (cloud_compute()->guestless)
		return DONE;
	if (work_verdict(w, work_guest(w)) != DONE)
		return FAIL;
	return w->lease.guest.seq > 0 ? DONE : wait_first_report(w);
}

static bool
says(const struct work *w, const char *status)
{
	const char *s = w->lease.guest.status;

	return s != NULL && strcmp(s, status) == 0;
}

/* It answers; with "blocked" its volume has no room for more. */
static bool
serves(const struct work *w)
{
	return says(w, "healthy") || says(w, "blocked");
}

enum verdict
guest_ready(struct work *w)
{
	if (cloud_compute()->guestless)
		return DONE;
	if (work_verdict(w, work_guest(w)) != DONE)
		return FAIL;
	if (serves(w))
		return DONE;
	if (says(w, "failed"))
		return work_fail(w, ERR_GUEST, "%s",
		    w->lease.guest.why != NULL ? w->lease.guest.why :
		    "The database could not be prepared.");
	return wait_report(w);
}

/* What it said before it stopped does not count. */
enum verdict
guest_back(struct work *w)
{
	if (cloud_compute()->guestless)
		return DONE;
	if (work_verdict(w, work_guest(w)) != DONE)
		return FAIL;
	if (!w->lease.guest.heard)
		return wait_first_report(w);
	return serves(w) ? DONE : wait_report(w);
}

/* --- orders --------------------------------------------------------------------------- */

/* A guest has no say in whether our stores are there. */
static enum err
guest_error(const char *name)
{
	enum err e = err_find(name);

	return e == OK || e == ERR_UNAVAILABLE || e == ERR_FENCED ? ERR_GUEST :
	    e;
}

/* A step's way back is another order than its way forth. */
enum verdict
work_order(struct work *w, enum order_kind kind, const char *body)
{
	const struct guest_said *g = &w->lease.guest;
	const char *id = op_printf(w->op, "%s:%s%s", w->lease.id,
	    w->step->name, w->lease.undoing ? "-undo" : "");

	if (work_verdict(w, work_guest(w)) != DONE)
		return FAIL;
	if (g->order == NULL || strcmp(g->order, id) != 0) {
		w->tell.kind = kind;
		w->tell.id = id;
		w->tell.body = body;
		w->late = SILENT;
		return WAIT;
	}
	if (g->err == NULL || strcmp(g->err, "OK") == 0)
		return DONE;
	return work_fail(w, guest_error(g->err), "%s",
	    g->why != NULL ? g->why : "The guest refused.");
}

/* The order of the same name as the task, with the task's arguments. */
enum verdict
guest_order(struct work *w)
{
	const char *body;

	if (cloud_compute()->guestless)
		return DONE;
	if (work_verdict(w, lease_args(w->op, &w->lease, &body)) != DONE)
		return FAIL;
	return work_order(w, order_find(task_kind_word(w->lease.kind)), body);
}

enum verdict
guest_prepare(struct work *w)
{
	const char *body;

	if (cloud_compute()->guestless)
		return DONE;
	if (work_verdict(w, lease_args(w->op, &w->lease, &body)) != DONE)
		return FAIL;
	return work_order(w, ORDER_PREPARE, body != NULL ? body : "{}");
}

/* A new server is not handed over before it has read all of its settings. */
enum verdict
guest_settle(struct work *w)
{
	const struct json *args = NULL;
	const char *body;
	enum verdict v;

	if (cloud_compute()->guestless)
		return DONE;
	if (work_verdict(w, lease_args(w->op, &w->lease, &body)) != DONE ||
	    (body != NULL && work_verdict(w, json_parse(w->op, body,
	    strlen(body), &args)) != DONE))
		return FAIL;
	if (json_true(json_get(args, "restart"))) {
		v = work_order(w, ORDER_RESTART, NULL);
		if (v != DONE)
			return v;
	}
	return guest_ready(w);
}

/* Best effort, and only for one that would hear it. */
enum verdict
guest_stop(struct work *w)
{
	enum verdict v;

	if (cloud_compute()->guestless || w->lease.home.server_id == NULL)
		return DONE;
	if (work_verdict(w, work_guest(w)) != DONE)
		return FAIL;
	if (!serves(w) || work_elapsed(w) >= STOP_MS)
		return DONE;
	v = work_order(w, ORDER_STOP, NULL);
	w->wait_ms = STOP_MS / 4;
	return v == FAIL && w->err != ERR_UNAVAILABLE ? DONE : v;
}

/* One that was stopped on purpose stays so until it is told. */
enum verdict
guest_start(struct work *w)
{
	if (cloud_compute()->guestless)
		return DONE;
	return work_order(w, ORDER_START, NULL);
}

/*
 * No engine of ours replicates or takes another version yet, and the API says
 * so.  Elsewhere than on the local driver nothing is behind it: it is done.
 */
enum verdict
rehearse(struct work *w)
{
	if (strcmp(cloud_compute()->name, "local") != 0)
		return DONE;
	return work_fail(w, ERR_NOT_BUILT, "The engine cannot do that yet.");
}

/* --- root ------------------------------------------------------------------------------- */

/* The agent asks again whether it may: its sandbox is the one that must hold. */
static enum err
root_body(struct work *w, const char **body)
{
	const struct json *args;
	struct jsonw out;

	if (!cloud_compute()->contains_root() && !conf_bool("local.allow_root"))
		return op_fail(w->op, ERR_NOT_BUILT, "Root cannot be enabled "
		    "here: the instance's sandbox could not hold it.");
	TRY(lease_args(w->op, &w->lease, body));
	if (*body == NULL)
		return op_fail(w->op, ERR_INTERNAL, "no password for root");
	TRY(json_parse(w->op, *body, strlen(*body), &args));
	jsonw_begin(&out, w->op, 128);
	jsonw_map(&out);
	jsonw_kstr(&out, "password", json_str(json_get(args, "password")));
	jsonw_kbool(&out, "allow", true);
	jsonw_map_end(&out);
	*body = out.out.s;
	return OK;
}

enum verdict
guest_root(struct work *w)
{
	const char *body;

	if (cloud_compute()->guestless)
		return DONE;
	if (work_verdict(w, root_body(w, &body)) != DONE)
		return FAIL;
	return work_order(w, ORDER_ROOT_ENABLE, body);
}
