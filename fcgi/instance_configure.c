/* A configuration group is attached to an instance, or leaves it. */
#include "fcgi/attempt.h"
#include "fcgi/configurations.h"
#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/settings.h"
#include "fcgi/status.h"
#include "fcgi/views.h"

#include <string.h>

#define TURNS 3				/* when the instance or the group changes meanwhile */

static enum err
needs_restart(struct request *r, struct pick *p)
{
	const struct version_row *v;
	const struct catalog *c;
	struct settings s;

	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, p->group.version_id, &v));
	p->restart = true;
	if (v == NULL)
		return OK;
	TRY(settings_begin(&r->op, v, &s));
	TRY(settings_add_stored(&s, p->group.settings));
	p->restart = settings_need_restart(&s);
	return OK;
}

/* A group that sets nothing goes with every version. */
enum err
configuration_pick(struct request *r, const char *id, const char *version_id,
    struct pick *p)
{
	const char *slash = strrchr(id, '/');
	enum err e;

	if (slash != NULL)
		id = slash + 1;
	e = configuration_read(&r->op, id, r->caller.admin ? NULL : r->tenant,
	    &p->group);
	if (e == ERR_NOT_FOUND)
		return op_fail(&r->op, e, "Configuration group id: %s could "
		    "not be found.", id);
	TRY(e);
	if (strcmp(p->group.version_id, version_id) != 0 &&
	    strcmp(p->group.settings, "{}") != 0)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Datastore Version on "
		    "Configuration %s does not match the Datastore Version on "
		    "the instance %s.", p->group.version_id, version_id);
	return needs_restart(r, p);
}

static enum err
state_check(struct request *r, const struct instance *in)
{
	bool running = strcmp(in->server_status, "ACTIVE") == 0;

	if (running && strcmp(in->task, "NONE") == 0)
		return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST, "The operation you have "
	    "requested cannot be executed because the instance status is "
	    "currently: %s.", running ? in->task : status_of(in));
}

static enum err
submit(struct request *r, const struct instance *in,
    const struct attachment *a)
{
	const char *args = order_configure(&r->op, a);
	struct new_task task;

	attempt_restart(r, a->restart);
	TRY(guest_fits(&r->op, args));
	new_task_begin(&r->op, &task, TASK_CONFIGURE, in->id, in->tenant,
	    r->caller.user, args);
	TRY(instance_configure(&r->op, in->id, a, &task));
	tasks_ring(&r->op, task.id, NULL);
	return OK;
}

static enum err
try_attach(struct request *r, const struct instance *in, const char *id,
    const char *name)
{
	struct pick p;

	TRY(state_check(r, in));
	TRY(configuration_pick(r, id, in->version_id, &p));
	return submit(r, in, &(struct attachment){ .now = &p.group,
	    .restart = p.restart, .name = name });
}

enum err
instance_attach(struct request *r, struct instance *in, const char *id,
    const char *name)
{
	enum err e;

	for (int turn = 1;; turn++) {
		if (in->configuration_id != NULL)
			return op_fail(&r->op, ERR_BAD_REQUEST, "Instance %s "
			    "already has a Configuration Group attached: %s.",
			    in->id, in->configuration_id);
		e = try_attach(r, in, id, name);
		if (e != ERR_CONFLICT || turn == TURNS)
			return e;
		TRY(instance_of(r, in));
	}
}

/* The restart that the group's settings need, their defaults need too. */
static enum err
try_detach(struct request *r, const struct instance *in, const char *name)
{
	struct pick p;
	enum err e;

	TRY(state_check(r, in));
	e = configuration_read(&r->op, in->configuration_id, NULL, &p.group);
	if (e == ERR_NOT_FOUND)		/* detached and deleted just now */
		return ERR_CONFLICT;
	TRY(e);
	TRY(needs_restart(r, &p));
	return submit(r, in, &(struct attachment){ .was = in->configuration_id,
	    .restart = p.restart, .name = name });
}

enum err
instance_detach(struct request *r, struct instance *in, const char *name)
{
	enum err e;

	for (int turn = 1;; turn++) {
		if (in->configuration_id == NULL)
			return name == NULL ? OK :
			    instance_rename(&r->op, in->id, name);
		e = try_detach(r, in, name);
		if (e != ERR_CONFLICT || turn == TURNS)
			return e;
		TRY(instance_of(r, in));
	}
}
