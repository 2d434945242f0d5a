/*
 * The steps that ask the drivers.  Each makes sure of its lease right before
 * the effect; what the drivers named is stored with the name of the next step.
 */
#include "worker/flow.h"
#include "worker/runner.h"
#include "lib/base/conf.h"
#include "lib/base/json.h"

#include <string.h>

#define POLL_MS		500		/* begun and not ready yet */
#define RETRY_MS	2000		/* a thing that could not be removed */

static bool
is_public(const struct json *access)
{
	return json_true(json_get(access, "is_public"));
}

/* What it was stored as; a text that is none is as good as none. */
static bool
stored_public(const struct work *w)
{
	const char *access = w->lease.home.access;
	const struct json *j;

	return access != NULL &&
	    json_parse(w->op, access, strlen(access), &j) == OK &&
	    is_public(j);
}

void
work_place(const struct work *w, struct place *p)
{
	const struct home *h = &w->lease.home;

	*p = (struct place){
		.instance = w->lease.instance, .tenant = w->lease.tenant,
		.name = h->name, .engine = h->engine, .version = h->version,
		.ram_mb = h->ram_mb, .vcpus = h->vcpus,
		.volume_gb = h->volume_gb, .slot = h->slot,
		.server_id = h->server_id, .volume_id = h->volume_id,
		.port_id = h->port_id, .address = h->address,
		.public_address = h->public_address,
		.is_public = stored_public(w),
		.network = h->network, .zone = h->zone,
		.host = worker_host(w->op),
		.access = h->access,
	};
}

/* What a driver said of something that is to be there. */
static enum verdict
ensured(struct work *w, enum err e, bool ready)
{
	w->wait_ms = POLL_MS;
	return e != OK ? work_verdict(w, e) : ready ? DONE : WAIT;
}

/* ... and of something that is to go: an error is no reason to give up yet. */
static enum verdict
removed(struct work *w, enum err e, bool ready)
{
	w->wait_ms = e == OK ? POLL_MS : RETRY_MS;
	w->err = e;
	if (e == ERR_FENCED || e == ERR_UNAVAILABLE)
		return FAIL;
	return e == OK && ready ? DONE : WAIT;
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* --- slot ---------------------------------------------------------------------- */

enum verdict
slot_ensure(struct work *w)
{
	const char *host = worker_host(w->op);
	/* What tries backups has its own: it takes no tenant's place. */
	int all = conf_int("local.slots"), first = all + 1;
	const struct call call[] = {
		slot_lock(host),
		w->lease.home.verifies == NULL ?
		    slot_take(w->op, host, w->lease.instance, 0, all) :
		    slot_take(w->op, host, w->lease.instance, first,
		    first + conf_int("backup.verify_slots")),
	};
	struct rows r[2];

	if (cloud_compute()->guestless || w->lease.home.slot >= 0)
		return DONE;
	if (work_verdict(w, lease_write(w->op, &w->lease, r, 2, call)) != DONE)
		return FAIL;
	if (rows_count(&r[1]) == 0)
		return work_fail(w, ERR_CLOUD, "Host %s has no room.", host);
	w->lease.home.slot = (int)row_int(&r[1], 0, 0);
	return DONE;
}

enum verdict
slot_remove(struct work *w)
{
	if (w->lease.home.slot >= 0)
		work_record(w, slot_drop(w->lease.instance));
	w->lease.home.slot = -1;
	return DONE;
}

/* --- network -------------------------------------------------------------------- */

static enum err
port_make(struct work *w, const struct place *p, bool *ready)
{
	struct home *h = &w->lease.home;
	struct port port = { 0 };

	TRY(cloud_network()->ensure(w->op, p, ready, &port));
	if (!*ready || (same(port.id, h->port_id) &&
	    same(port.address, h->address) &&
	    same(port.public_address, h->public_address)))
		return OK;
	h->port_id = port.id;
	h->address = port.address;
	h->public_address = port.public_address;
	work_record(w, home_port(w->lease.instance, port.id, port.address,
	    port.public_address));
	return OK;
}

enum verdict
port_ensure(struct work *w)
{
	bool ready = false;
	struct place p;
	enum err e;

	work_place(w, &p);
	e = lease_check(w->op, &w->lease);
	if (e == OK)
		e = port_make(w, &p, &ready);
	return ensured(w, e, ready);
}

static enum err
port_take_away(struct work *w, bool *ready)
{
	struct place p;

	work_place(w, &p);
	TRY(lease_check(w->op, &w->lease));
	TRY(cloud_network()->remove(w->op, &p, ready));
	if (*ready && (p.port_id != NULL || p.address != NULL))
		work_record(w, home_port(w->lease.instance, NULL, NULL,
		    NULL));
	return OK;
}

enum verdict
port_remove(struct work *w)
{
	bool ready = false;
	enum err e = port_take_away(w, &ready);

	return removed(w, e, ready);
}

/* A port that is there gets its public address, or loses it, with the rest. */
static enum verdict
port_let_in(struct work *w, const struct place *p)
{
	bool ready = p->port_id == NULL;
	enum err e = lease_check(w->op, &w->lease);

	if (e == OK)
		e = cloud_network()->access(w->op, p);
	if (e == OK && !ready)
		e = port_make(w, p, &ready);
	return ensured(w, e, ready);
}

/* What the change does not speak of stays as it is. */
enum verdict
port_access(struct work *w)
{
	const char *change;
	const struct json *j;
	struct place p;
	enum err e = lease_args(w->op, &w->lease, &change);

	if (e == OK)
		e = json_parse(w->op, change, strlen(change), &j);
	if (e != OK)
		return work_verdict(w, e);
	work_place(w, &p);
	if (json_has(j, "allowed_cidrs"))
		p.access = change;
	if (json_has(j, "is_public"))
		p.is_public = is_public(j);
	return port_let_in(w, &p);
}

enum verdict
port_access_back(struct work *w)
{
	struct place p;

	work_place(w, &p);
	return port_let_in(w, &p);
}

/* --- volume ----------------------------------------------------------------------- */

static enum err
volume_make(struct work *w, bool *ready)
{
	struct home *h = &w->lease.home;
	const char *id = NULL;
	struct place p;
	struct call call;

	work_place(w, &p);
	TRY(lease_check(w->op, &w->lease));
	TRY(cloud_volume()->ensure(w->op, &p, ready, &id));
	if (id == NULL || same(id, h->volume_id))
		return OK;
	h->volume_id = id;
	if (*ready) {
		work_record(w, home_volume(w->lease.instance, id));
		return OK;
	}
	/* It exists from now on, whatever becomes of it. */
	call = home_volume(w->lease.instance, id);
	return lease_write(w->op, &w->lease, NULL, 1, &call);
}

enum verdict
volume_ensure(struct work *w)
{
	bool ready = false;
	enum err e = volume_make(w, &ready);

	return ensured(w, e, ready);
}

static enum err
volume_take_away(struct work *w, bool *ready)
{
	struct place p;

	work_place(w, &p);
	TRY(lease_check(w->op, &w->lease));
	TRY(cloud_volume()->remove(w->op, &p, ready));
	if (*ready && p.volume_id != NULL)
		work_record(w, home_volume(w->lease.instance, NULL));
	return OK;
}

enum verdict
volume_remove(struct work *w)
{
	bool ready = false;
	enum err e = volume_take_away(w, &ready);

	return removed(w, e, ready);
}

/* --- server ------------------------------------------------------------------------ */

static enum err
server_make(struct work *w, bool *ready)
{
	struct home *h = &w->lease.home;
	const char *id = NULL;
	struct place p;

	work_place(w, &p);
	p.agent_conf = agent_conf(w);
	TRY(lease_check(w->op, &w->lease));
	TRY(cloud_compute()->ensure(w->op, &p, ready, &id));
	if (!*ready || same(id, h->server_id))
		return OK;
	h->server_id = id;
	work_record(w, home_server(w->lease.instance, id,
	    worker_host(w->op)));
	return OK;
}

enum verdict
server_ensure(struct work *w)
{
	bool ready = false;
	enum err e = server_make(w, &ready);

	return ensured(w, e, ready);
}

static enum err
server_take_away(struct work *w, bool *ready)
{
	struct place p;

	work_place(w, &p);
	TRY(lease_check(w->op, &w->lease));
	TRY(cloud_compute()->remove(w->op, &p, ready));
	if (*ready && p.server_id != NULL)
		work_record(w, home_server(w->lease.instance, NULL, NULL));
	if (*ready)
		w->lease.home.server_id = NULL;
	return OK;
}

enum verdict
server_remove(struct work *w)
{
	bool ready = false;
	enum err e = server_take_away(w, &ready);

	return removed(w, e, ready);
}

static enum err
server_take_elsewhere(struct work *w, bool *ready)
{
	const char *body, *host, *now = NULL;
	const struct json *args;
	struct place p;

	if (cloud_compute()->move == NULL)
		return op_fail(w->op, ERR_NOT_BUILT,
		    "This driver cannot migrate.");
	TRY(lease_args(w->op, &w->lease, &body));
	TRY(json_parse(w->op, body, strlen(body), &args));
	host = json_str(json_get(args, "host"));
	work_place(w, &p);
	TRY(lease_check(w->op, &w->lease));
	TRY(cloud_compute()->move(w->op, &p, host, ready, &now));
	if (*ready)
		work_record(w, home_server(w->lease.instance, p.server_id,
		    now));
	return OK;
}

enum verdict
server_move(struct work *w)
{
	bool ready = false;
	enum err e = server_take_elsewhere(w, &ready);

	return ensured(w, e, ready);
}
