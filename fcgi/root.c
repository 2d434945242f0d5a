/* The database superuser of an instance. */
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/names.h"
#include "fcgi/views.h"

#include "fcgi/status.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"
#include "lib/base/seal.h"
#include "lib/store/tasks.h"

#include <inttypes.h>
#include <string.h>

#define PASSWORD_LENGTH 36	/* as long as Trove's, so that no client is surprised */

/* Only in its own project, for admins, too: the contract asks by the path. */
static enum err
root_of(struct request *r, struct guest *g)
{
	const struct engine *e;

	TRY(instance_read(&r->op, r->arg[1], r->tenant, &g->in));
	r->op.instance = g->in.id;
	TRY(guest_engine(r, g));
	e = engine_find(g->manager);
	if (!names_known(g->manager) &&
	    (e == NULL || !e->contract->root_always))
		return op_fail(&r->op, ERR_UNPROCESSABLE,
		    "Operation not supported for datastore %s.", g->manager);
	return status_guest_ready(&r->op, &g->in);
}

static const char *
superuser(const char *manager)
{
	const struct engine *e = engine_serving(manager);

	return e != NULL && e->contract->superuser != NULL ?
	    e->contract->superuser : "root";
}

/* None, an empty one and what cannot be one ask for a new one. */
static const char *
password_of(struct request *r)
{
	const struct json *asked = body(r, "password");
	const char *preset = conf_secret("guest.root_password").never_log;

	if (json_kind(asked) == JSON_INT)
		return op_printf(&r->op, "%" PRId64, json_int(asked));
	if (json_str(asked) != NULL && *json_str(asked) != '\0')
		return json_str(asked);
	return *preset != '\0' ? preset :
	    seal_password(&r->op, PASSWORD_LENGTH);
}

/* From the store: the guest is not asked. */
enum err
root_show(struct request *r)
{
	struct guest g;

	TRY(root_of(r, &g));
	jsonw_map(reply_json(r, 200));
	jsonw_kbool(&r->out, "rootEnabled", g.in.root_enabled_at != NULL);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
root_enable(struct request *r)
{
	const struct json *asked = body(r, "password");
	const char *password = password_of(r);
	struct guest g;
	struct jsonw w;

	TRY(root_of(r, &g));
	TRY(name_password(&r->op, "", password));
	jsonw_begin(&w, &r->op, 128);
	jsonw_map(&w);
	jsonw_kstr(&w, "password", password);
	TRY(guest_do(r, &g, TASK_ROOT_ENABLE, order_done(&w), NULL));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "user");
	view_root(r, superuser(g.manager), password,
	    json_kind(asked) == JSON_INT);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
root_disable(struct request *r)
{
	struct guest g;

	TRY(root_of(r, &g));
	if (g.in.root_enabled_at == NULL)
		return op_fail(&r->op, ERR_NOT_FOUND,
		    "Root user has never been enabled on the instance.");
	TRY(guest_do(r, &g, TASK_ROOT_DISABLE, NULL, NULL));
	return reply_empty(r, 204);
}
