#include "agent/tls.h"
#include "agent/file.h"
#include "agent/supervisor.h"
#include "agent/tls_files.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#include <string.h>
#include <unistd.h>

#define LOOK_MS		(3600 * 1000)	/* between looks at its end */
#define DAY_S		86400
#define CLIENTS_MOST	16384		/* bytes of an authority */

static int64_t look_at;			/* 0: at once */

static int64_t
now_s(void)
{
	return clock_wall_us() / 1000000;
}

/* A third of its life is left for whatever keeps it from being made anew. */
static bool
is_due(const struct tls *t)
{
	return t->ends - now_s() <
	    (int64_t)conf_int("agent.certificate_days") * DAY_S / 3;
}

/* An address that stands for all of them is nobody's. */
static bool
is_listed(const struct tls *t, const char *address)
{
	if (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0)
		return true;
	for (const char *const *a = t->addresses; *a != NULL; a++)
		if (strcmp(*a, address) == 0)
			return true;
	return false;
}

static void
list_add(struct op *op, struct tls *t, const char *address)
{
	const char **list;
	size_t n = 0;

	if (is_listed(t, address))
		return;
	while (t->addresses[n] != NULL)
		n++;
	list = op_alloc(op, (n + 2) * sizeof(*list));
	list[0] = address;
	memcpy(list + 1, t->addresses, n * sizeof(*list));
	t->addresses = list;
}

enum err
tls_read(struct op *op, struct tls *t)
{
	struct tls before;

	return tls_kept(op, t, &before);
}

static enum err
renew(struct op *op, struct tls *t, const struct tls *before)
{
	TRY(tls_files_make(op, t));
	return tls_keep(op, t, before);
}

/*
 * A server that cannot have its certificate starts all the same: whoever must
 * have TLS is refused, and the agent tries again.
 */
enum err
tls_start(struct op *op, struct tls *t)
{
	const char *address = conf_str("agent.address");
	struct tls before;

	look_at = 0;
	TRY(file_directory(op, file_data(op, TLS_DIRECTORY)));
	TRY(tls_kept(op, t, &before));
	if (t->mode == TLS_OFF ||
	    (access(file_data(op, TLS_SERVER), R_OK) == 0 &&
	    is_listed(t, address) && t->ends > now_s()))
		return OK;
	list_add(op, t, address);
	if (renew(op, t, &before) != OK)
		log_error(op, "no certificate: %s", op->why);
	return OK;
}

void
tls_settle(struct op *op, const struct datastore *db)
{
	struct tls now, before;

	look_at = 0;
	if (db->tls == NULL || tls_kept(op, &now, &before) != OK ||
	    (now.mode == TLS_OFF && before.mode == TLS__MAX))
		return;
	if (db->tls->apply(op, &now) != OK)
		log_error(op, "TLS is not %s: %s", tls_modes[now.mode],
		    op->why);
}

void
tls_turn(struct op *op, const struct datastore *db)
{
	int64_t now = clock_ms();
	struct tls t, before;

	if (db->tls == NULL || now < look_at)
		return;
	look_at = now + LOOK_MS;
	if (tls_kept(op, &t, &before) != OK || t.mode == TLS_OFF || !is_due(&t))
		return;
	if (renew(op, &t, &before) == OK && db->tls->apply(op, &t) == OK)
		log_info(op, "the server has a new certificate");
	else
		log_error(op, "the certificate is not renewed: %s", op->why);
}

/* --- orders ------------------------------------------------------------------------------- */

static enum err
wish(struct op *op, const struct datastore *db, const struct json *body,
    struct tls *t)
{
	*t = (struct tls){
		.mode = tls_mode_find(json_str(json_get(body, "mode"))),
		.clients = json_str(json_get(body, "clients")),
	};
	if (t->mode == TLS__MAX)
		return op_fail(op, ERR_BAD_REQUEST, "No mode is named.");
	if (t->mode != TLS_MUTUAL)
		t->clients = NULL;
	else if (!db->tls->mutual)
		return op_fail(op, ERR_BAD_REQUEST, "The server of this "
		    "datastore cannot ask all clients for certificates.");
	else if (t->clients == NULL || strlen(t->clients) > CLIENTS_MOST)
		return op_fail(op, ERR_BAD_REQUEST, "The mode mtls needs the "
		    "certificate of the clients' authority.");
	TRY(tls_addresses(op, json_get(body, "addresses"), &t->addresses));
	list_add(op, t, conf_str("agent.address"));
	return t->mode == TLS_OFF || *t->addresses != NULL ? OK :
	    op_fail(op, ERR_BAD_REQUEST, "The instance has no address.");
}

static enum err
engine(struct op *op, const struct datastore **db)
{
	*db = supervisor_engine();
	return (*db)->tls != NULL ? OK : op_fail(op, ERR_NOT_BUILT,
	    "%s has no TLS", (*db)->name);
}

enum err
tls_check(struct op *op, const struct json *body)
{
	const struct datastore *db;
	struct tls t;

	TRY(engine(op, &db));
	return wish(op, db, body, &t);
}

static void
back(struct op *op, const struct datastore *db, struct tls *was,
    const struct tls *before)
{
	/* The clients' authority may be another's by now. */
	if (was->clients != NULL && tls_files_make(op, was) != OK)
		log_error(op, "the files of TLS are not as before: %s", op->why);
	if (tls_keep(op, was, before) != OK || db->tls->apply(op, was) != OK)
		log_error(op, "TLS is not as before: %s", op->why);
}

static bool
is_same(const struct tls *a, const struct tls *b)
{
	return a->mode == b->mode && (a->clients == NULL) ==
	    (b->clients == NULL) && (a->clients == NULL ||
	    strcmp(a->clients, b->clients) == 0);
}

/* What an order told again finds done already is no step to go back to. */
enum err
tls_switch(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const struct datastore *db;
	struct tls to, was, before;
	const char *why;
	enum err e;

	(void)again;
	(void)answer;
	TRY(engine(op, &db));
	TRY(wish(op, db, body, &to));
	TRY(tls_kept(op, &was, &before));
	if (to.mode != TLS_OFF)
		TRY(tls_files_make(op, &to));
	TRY(tls_keep(op, &to, is_same(&to, &was) ? &before : &was));
	if ((e = db->tls->apply(op, &to)) == OK)
		return OK;
	why = op->why;
	back(op, db, &was, &before);
	return op_fail(op, e, "%s", why);
}

static enum err
certificate_show(struct op *op, const struct tls *t, struct jsonw *w)
{
	const char *pem;

	TRY(tls_certificate(op, &pem));
	jsonw_key(w, "certificate");
	jsonw_map(w);
	jsonw_kstr(w, "cn", conf_str("agent.instance"));
	jsonw_kint(w, "ends", t->ends);
	jsonw_key(w, "addresses");
	jsonw_list(w);
	for (const char *const *a = t->addresses; *a != NULL; a++)
		jsonw_str(w, *a);
	jsonw_list_end(w);
	jsonw_kstr(w, "pem", pem);
	jsonw_map_end(w);
	return OK;
}

enum err
tls_show(struct op *op, const struct json *body, bool again, struct jsonw *w)
{
	const struct datastore *db;
	struct tls now, before;
	bool on, asks = true;

	(void)body;
	(void)again;
	TRY(engine(op, &db));
	TRY(tls_kept(op, &now, &before));
	TRY(db->tls->on(op, &on));
	if (db->tls->asks != NULL)
		TRY(db->tls->asks(op, &asks));
	jsonw_kbool(w, "on", on);
	jsonw_kbool(w, "at_start", db->tls->at_start);
	jsonw_kbool(w, "asks", asks);	/* clients for certificates, when that is wanted */
	jsonw_kstr(w, "mode", tls_modes[now.mode]);
	jsonw_kstr(w, "clients", now.clients);
	if (before.mode != TLS__MAX) {
		jsonw_key(w, "before");
		jsonw_map(w);
		jsonw_kstr(w, "mode", tls_modes[before.mode]);
		jsonw_kstr(w, "clients", before.clients);
		jsonw_map_end(w);
	}
	return now.mode == TLS_OFF ? OK : certificate_show(op, &now, w);
}
