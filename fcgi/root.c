/* The database superuser of an instance. */
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/names.h"
#include "fcgi/views.h"

#include "lib/base/seal.h"
#include "lib/store/tasks.h"

#define PASSWORD_LENGTH 36	/* as long as Trove's, so that no client is surprised */

/* Only in its own project, for admins, too: the contract asks by the path. */
static enum err
root_of(struct request *r, struct guest *g)
{
	TRY(instance_read(&r->op, r->arg[1], r->tenant, &g->in));
	r->op.instance = g->in.id;
	return guest_check(r, g);
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
	const char *password = body_str(r, "password");
	struct guest g;
	struct jsonw w;

	TRY(root_of(r, &g));
	if (password == NULL || *password == '\0')
		password = seal_password(&r->op, PASSWORD_LENGTH);
	TRY(name_password(&r->op, "", password));
	jsonw_begin(&w, &r->op, 128);
	jsonw_map(&w);
	jsonw_kstr(&w, "password", password);
	TRY(guest_do(r, &g, TASK_ROOT_ENABLE, order_done(&w), NULL));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "user");
	view_root(r, password);
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
