/*
 * TLS between a database and its users.  The guest makes the certificate: no
 * key is sent to it, and none is told.
 */
#include "fcgi/attempt.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/ssl.h"
#include "fcgi/status.h"
#include "fcgi/views.h"

#include <string.h>

/* client_ca is ours: PEM of whoever signs the clients' certificates, for mtls. */
const struct field ssl_fields[] = {
	{ "ssl",                            MAP,    REQUIRED | CLOSED },
	{ "ssl/enable",                     BOOL },
	{ "ssl/disable",                    BOOL },
	{ "ssl/rollback",                   BOOL },
	{ "ssl/mode",                       NES },
	{ "ssl/client_ca",                  STR,    0, 0, 16384 },
	{ "ssl/container_ref",              NES,    0, 0, 1024 },
	{ "ssl/password_ref",               NES,    0, 0, 1024 },
	{ 0 }
};

bool
ssl_waits(const struct ssl_said *s)
{
	return s->on != (strcmp(s->mode, "off") != 0) ||
	    (s->on && !s->asks && strcmp(s->mode, "mtls") == 0);
}

/* What an agent before this one does not know it cannot switch either. */
static enum err
ask(struct request *r, const struct guest *g, struct ssl_said *s)
{
	const struct json *a;
	const char *mode;

	TRY(guest_read(r, g, ORDER_TLS_SHOW, NULL, &a));
	mode = json_str(json_get(a, "mode"));
	*s = (struct ssl_said){
		.answer = a,
		.on = json_true(json_get(a, "on")),
		.at_start = json_true(json_get(a, "at_start")),
		/* an agent before this one had no engine that waits with it */
		.asks = !json_has(a, "asks") || json_true(json_get(a, "asks")),
		.mode = mode != NULL ? mode : "off",
		.clients = json_str(json_get(a, "clients")),
	};
	return OK;
}

static enum err
guest_of_ssl(struct request *r, struct guest *g)
{
	TRY(instance_of(r, &g->in));
	return guest_engine(r, g);
}

enum err
ssl_show(struct request *r)
{
	struct ssl_said said;
	struct guest g;
	enum err e;

	TRY(guest_of_ssl(r, &g));
	TRY(status_guest_ready(&r->op, &g.in));
	e = ask(r, &g, &said);
	if (e != ERR_NOT_BUILT)
		TRY(e);
	jsonw_map(reply_json(r, 200));
	view_ssl(r, e == OK ? &said : NULL,
	    query_true(r, "include_certificate"));
	jsonw_map_end(&r->out);
	return OK;
}

static enum err
mode_check(struct request *r, const char *mode)
{
	static const char *const modes[] = { "basic", "enforced", "mtls" };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (mode == NULL || strcmp(mode, modes[i]) == 0)
			return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST, "The mode must be one of "
	    "basic, enforced and mtls.");
}

static enum err
wish_check(struct request *r)
{
	const char *mode = body_str(r, "ssl/mode");
	bool enable = json_true(body(r, "ssl/enable"));
	bool mutual = enable && mode != NULL && strcmp(mode, "mtls") == 0;
	int wishes = enable + json_true(body(r, "ssl/disable")) +
	    json_true(body(r, "ssl/rollback"));

	if (wishes != 1)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Exactly one of "
		    "enable, disable and rollback must be true.");
	TRY(mode_check(r, mode));
	if (body(r, "ssl/container_ref") != NULL ||
	    body(r, "ssl/password_ref") != NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "There is no key "
		    "manager here to read a container from: without "
		    "container_ref the instance makes its own certificate.");
	if (mutual != (body(r, "ssl/client_ca") != NULL))
		return op_fail(&r->op, ERR_BAD_REQUEST, mutual ? "The mode "
		    "mtls needs client_ca: in PEM, the certificate of the "
		    "authority that signs the clients'." : "A client_ca goes "
		    "with the mode mtls only.");
	return OK;
}

/* What the request makes of it: a way back leads to what the guest remembers. */
static enum err
aim(struct request *r, struct ssl_said *to)
{
	const struct json *before = json_get(to->answer, "before");
	const char *mode = body_str(r, "ssl/mode");

	if (json_true(body(r, "ssl/rollback"))) {
		mode = json_str(json_get(before, "mode"));
		to->clients = json_str(json_get(before, "clients"));
		if (mode == NULL)
			return op_fail(&r->op, ERR_BAD_REQUEST, "There is no "
			    "earlier SSL configuration to go back to.");
	} else {
		to->clients = body_str(r, "ssl/client_ca");
		mode = json_true(body(r, "ssl/disable")) ? "off" :
		    mode != NULL ? mode : "basic";
	}
	to->mode = mode;
	if (!to->at_start)
		to->on = strcmp(mode, "off") != 0;
	return OK;
}

static enum err
replica_check(struct request *r, const struct guest *g)
{
	if (g->in.replica_of == NULL || json_true(body(r, "ssl/rollback")))
		return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST, "The SSL configuration of a "
	    "replica is its source's.");
}

enum err
ssl_act(struct request *r)
{
	const char *addresses[3] = { NULL };
	struct ssl_said to;
	struct guest g;
	int n = 0;
	enum err e;

	TRY(guest_of_ssl(r, &g));
	TRY(wish_check(r));
	TRY(replica_check(r, &g));
	TRY(status_actionable(&r->op, &g.in));
	e = ask(r, &g, &to);
	if (e == ERR_NOT_BUILT)
		return op_fail(&r->op, e, "SSL is not implemented for "
		    "datastore %s.", g.manager);
	TRY(e);
	TRY(aim(r, &to));
	if (g.in.address != NULL)
		addresses[n++] = g.in.address;
	if (g.in.public_address != NULL)
		addresses[n++] = g.in.public_address;
	attempt_restart(r, ssl_waits(&to));
	TRY(guest_do(r, &g, TASK_TLS, order_ssl(&r->op, &to, addresses),
	    NULL));
	jsonw_map(reply_json(r, 200));
	view_ssl_switched(r, &to, json_true(body(r, "ssl/rollback")));
	jsonw_map_end(&r->out);
	return OK;
}
