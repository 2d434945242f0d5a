/* POST /mgmt/instances/{id}/action: what operators do to an instance. */
#include "fcgi/handlers_mgmt.h"
#include "fcgi/mgmt.h"
#include "fcgi/status.h"
#include "fcgi/views.h"

#include "lib/base/conf.h"

#include <string.h>

const struct field mgmt_action_fields[] = {
	{ "stop",                           MAP },
	{ "reboot",                         MAP },
	{ "migrate",                        MAP },
	{ "migrate/host",                   NES },
	{ "reset-task-status",              MAP },
	{ "rebuild",                        MAP,    CLOSED },
	{ "rebuild/image_id",               UUID,   REQUIRED },
	{ 0 }
};

/* The guest's server stops, and stays so until a restart or reboot. */
static enum err
stop(struct request *r, struct guest *g)
{
	TRY(guest_do(r, g, TASK_STOP, NULL, NULL));
	return reply_empty(r, 202);
}

/* ERR_CONFLICT: another task was faster; say which. */
static enum err
submit(struct request *r, struct guest *g, enum task_kind kind,
    const char *args, const char *word)
{
	struct new_task task;
	enum err e;

	new_task_begin(&r->op, &task, kind, g->in.id, g->in.tenant,
	    r->caller.user, args);
	e = instance_begin(&r->op, g->in.id, word, &task);
	if (e == ERR_CONFLICT)
		return op_fail(&r->op, ERR_UNPROCESSABLE, "Instance %s is not "
		    "currently available for an action to be performed (task "
		    "status was %s).", g->in.id,
		    strcmp(g->in.task, "NONE") != 0 ? g->in.task : word);
	TRY(e);
	tasks_ring(&r->op, task.id, NULL);
	return reply_empty(r, 202);
}

static enum err
reboot(struct request *r, struct guest *g)
{
	return submit(r, g, TASK_REBOOT, NULL, "REBOOTING");
}

static enum err
migrate(struct request *r, struct guest *g)
{
	const char *host = body_str(r, "migrate/host");
	struct jsonw w;

	TRY(status_actionable(&r->op, &g->in));
	if (strcmp(conf_str("compute.driver"), "local") == 0)
		return op_fail(&r->op, ERR_NOT_BUILT, "Migrating is not "
		    "supported: a local volume cannot leave its host.");
	jsonw_begin(&w, &r->op, 64);
	jsonw_map(&w);
	jsonw_kstr(&w, "host", host);
	return submit(r, g, TASK_MIGRATE, order_done(&w), "MIGRATING");
}

static enum err
reset_task(struct request *r, struct guest *g)
{
	const char *const *also = NULL;

	TRY(instance_reset(&r->op, g->in.id, false, &also));
	tasks_ring(&r->op, NULL, also);
	return reply_empty(r, 202);
}

/* The volume stays; the server around it is made anew from its template. */
static enum err
rebuild(struct request *r, struct guest *g)
{
	const char *image = body_str(r, "rebuild/image_id");
	const struct catalog *c;
	bool known = false;

	TRY(catalog_fresh(&r->op, &c));
	for (int i = 0; i < c->versions; i++)
		known |= c->version[i].image != NULL &&
		    strcmp(c->version[i].image, image) == 0;
	if (!known)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Image %s cannot be found.", image);
	return submit(r, g, TASK_REBUILD, NULL, "BUILDING");
}

static const struct action {
	const char *name;
	bool wants_server;
	enum err (*run)(struct request *, struct guest *);
} actions[] = {
	{ "stop",              true,  stop },
	{ "reboot",            true,  reboot },
	{ "migrate",           true,  migrate },
	{ "reset-task-status", false, reset_task },
	{ "rebuild",           true,  rebuild },
	{ 0 }
};

enum err
mgmt_instance_action(struct request *r)
{
	const struct action *a = actions;
	const char *name = "";
	const struct json *v;
	struct managed m;
	void *at = NULL;

	TRY(mgmt_instance_of(r, &m));
	if (json_count(r->body) > 1)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Only one action can be specified per request.");
	if (json_kind(r->body) == JSON_MAP)
		json_next(r->body, &at, &name, &v);
	while (a->name != NULL && strcmp(a->name, name) != 0)
		a++;
	if (a->name == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Invalid instance action: %.64s", name);
	if (a->wants_server && m.in.server_id == NULL)
		return op_fail(&r->op, ERR_UNPROCESSABLE,
		    "Instance %s is not ready.", m.in.id);
	return a->run(r, &(struct guest){ .in = m.in });
}
