/*
 * TLS between a database and its users.  No engine does it yet, which the
 * contract has a word for; what would ask for it is checked all the same.
 */
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/status.h"
#include "fcgi/views.h"

#include <string.h>

const struct field ssl_fields[] = {
	{ "ssl",                            MAP,    REQUIRED | CLOSED },
	{ "ssl/enable",                     BOOL },
	{ "ssl/disable",                    BOOL },
	{ "ssl/rollback",                   BOOL },
	{ "ssl/mode",                       NES },
	{ "ssl/container_ref",              NES,    0, 0, 1024 },
	{ "ssl/password_ref",               NES,    0, 0, 1024 },
	{ 0 }
};

enum err
ssl_show(struct request *r)
{
	struct instance in;

	TRY(instance_of(r, &in));
	jsonw_map(reply_json(r, 200));
	view_ssl(r, "not implemented", "builtin");
	jsonw_map_end(&r->out);
	return OK;
}

static enum err
wish_check(struct request *r)
{
	static const char *const modes[] = { "basic", "enforced", "mtls" };
	const char *mode = body_str(r, "ssl/mode");
	bool enable = json_true(body(r, "ssl/enable")), known = mode == NULL;
	int wishes = enable + json_true(body(r, "ssl/disable")) +
	    json_true(body(r, "ssl/rollback"));

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		known = known || strcmp(mode, modes[i]) == 0;
	if (wishes != 1)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Exactly one of "
		    "enable, disable and rollback must be true.");
	if (!known)
		return op_fail(&r->op, ERR_BAD_REQUEST, "The mode must be one "
		    "of basic, enforced and mtls.");
	if (enable && body(r, "ssl/container_ref") == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "A container_ref is needed to enable SSL.");
	return OK;
}

enum err
ssl_act(struct request *r)
{
	struct guest g;

	TRY(instance_of(r, &g.in));
	TRY(guest_engine(r, &g));
	TRY(wish_check(r));
	TRY(status_actionable(&r->op, &g.in));
	return op_fail(&r->op, ERR_NOT_BUILT,
	    "SSL is not implemented for datastore %s.", g.manager);
}
