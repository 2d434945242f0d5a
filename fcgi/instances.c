#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/status.h"
#include "fcgi/views.h"

#include "lib/store/catalog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INSTANCE_BYTES 900	/* what one takes in a list, about */

/* A copy of the catalogue may be older than an instance's version. */
static enum err
version_of(struct request *r, const struct catalog **c, const char *id,
    const struct version_row **v)
{
	if ((*v = catalog_version(*c, id)) == NULL) {
		TRY(catalog_reread(&r->op, c));
		*v = catalog_version(*c, id);
	}
	return OK;
}

/* Shown newest first, though the page was cut in order of id. */
static int
newest_first(const void *pa, const void *pb)
{
	const struct instance *a = pa, *b = pb;
	int order = strcmp(b->created, a->created);

	return order != 0 ? order : strcmp(a->id, b->id);
}

/* pyrax starts with marker=0. */
static enum err
marker_check(struct request *r, struct page *page)
{
	if (page->marker != NULL && strcmp(page->marker, "0") == 0)
		page->marker = NULL;
	if (page->marker != NULL && !text_is_uuid(page->marker))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "The marker %s is not the id of an instance.",
		    page->marker);
	return OK;
}

static enum err
list(struct request *r, enum instance_form form)
{
	const char *clustered = query(r, "include_clustered"), *next = NULL;
	const struct version_row *v;
	const struct catalog *c;
	struct instance *in;
	struct page page;
	int i, n;

	TRY(page_of(r, &page));
	TRY(marker_check(r, &page));
	TRY(catalog_read(&r->op, &c));
	TRY(instances_read(&r->op, &(struct instances_page){
	    .tenant = r->tenant, .marker = page.marker, .limit = page.limit,
	    .clustered = clustered != NULL && strcasecmp(clustered, "true") == 0,
	    .detail = form != LIST_FORM }, &in, &n));
	if (n > page.limit)
		next = in[(n = page.limit) - 1].id;
	qsort(in, n, sizeof *in, newest_first);

	jsonw_begin(reply_json(r, 200), &r->op, (n + 1) * INSTANCE_BYTES);
	jsonw_map(&r->out);
	jsonw_key(&r->out, "instances");
	jsonw_list(&r->out);
	for (i = 0; i < n; i++) {
		TRY(version_of(r, &c, in[i].version_id, &v));
		view_instance(r, v, &in[i], form);
	}
	jsonw_list_end(&r->out);
	if (next != NULL)
		page_links(r, "instances", next);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
instances_list(struct request *r)
{
	return list(r, LIST_FORM);
}

enum err
instances_detail(struct request *r)
{
	return list(r, DETAIL_FORM);
}

enum err
instance_show(struct request *r)
{
	const struct version_row *v;
	const struct catalog *c;
	struct instance in;

	TRY(instance_of(r, &in));
	TRY(catalog_read(&r->op, &c));
	TRY(version_of(r, &c, in.version_id, &v));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "instance");
	view_instance(r, v, &in, SHOW_FORM);
	jsonw_map_end(&r->out);
	return OK;
}

/* --- PUT, PATCH --------------------------------------------------------------- */

/* What is not the name: at most one of it, and not all of it is built. */
static enum err
change_check(struct request *r, const struct instance *in)
{
	const struct json *wish = body(r, "instance"), *v;
	size_t others = json_count(wish) - json_has(wish, "name");

	if (others > 1)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Only one attribute (except 'name') is allowed to update.");
	if (json_has(wish, "replica_of") || json_has(wish, "slave_of"))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Instance %s is not a replica.", in->id);
	if (json_has(wish, "datastore_version"))
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Upgrading an instance is not implemented yet.");
	v = json_get(wish, "configuration");
	if (json_kind(v) != JSON_NULL)
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Configuration groups are not implemented yet.");
	return OK;
}

/* An empty map, or a configuration of null, detaches what is not attached: nothing to do. */
enum err
instance_update(struct request *r)
{
	const struct json *access = body(r, "instance/access");
	const char *name = body_str(r, "instance/name");
	struct instance in;
	struct jsonw w;

	TRY(instance_of(r, &in));
	TRY(change_check(r, &in));
	if (access != NULL) {
		jsonw_begin(&w, &r->op, 128);
		store_access(&w, access);
	}
	if (name != NULL || access != NULL)
		TRY(instance_change(&r->op, in.id, name,
		    access != NULL ? w.out.s : NULL));
	return reply_empty(r, 202);
}

/* --- DELETE ------------------------------------------------------------------- */

/* ERR_CONFLICT: the instance changed between reading and writing. */
static enum err
try_delete(struct request *r)
{
	const char *const *also = NULL;
	struct op *op = &r->op;
	struct new_task task;
	struct instance in;
	enum err e;

	TRY(instance_of(r, &in));
	if (strcmp(status_of(&in), "BUILD") == 0)
		return op_fail(op, ERR_UNPROCESSABLE,
		    "Instance %s is not ready. (Status is BUILD).", in.id);
	if (in.cluster_id != NULL)
		return op_fail(op, ERR_NOT_BUILT, "Operation not supported "
		    "for instances that are part of a cluster.");
	new_task_begin(op, &task, TASK_DELETE, in.id, in.tenant,
	    r->caller.user, NULL);
	if (status_is_deleting(&in)) {
		e = instance_remove_again(op, in.id, &task);
		if (e == ERR_CONFLICT)	/* the first delete is at work */
			return OK;
	} else {
		e = instance_remove(op, in.id, &task, &also);
	}
	TRY(e);
	tasks_ring(op, task.id, also);
	return OK;
}

enum err
instance_delete(struct request *r)
{
	enum err e = ERR_CONFLICT;
	int turn;

	for (turn = 0; turn < 3 && e == ERR_CONFLICT; turn++)
		e = try_delete(r);
	TRY(e);
	return reply_empty(r, 202);
}

/* --- actions ------------------------------------------------------------------ */

static enum err
restart(struct request *r, struct instance *in)
{
	struct op *op = &r->op;
	struct new_task task;
	enum err e;

	TRY(status_actionable(op, in));
	new_task_begin(op, &task, TASK_RESTART, in->id, in->tenant,
	    r->caller.user, NULL);
	e = instance_restart(op, in->id, &task);
	if (e == ERR_CONFLICT) {
		/* Another was faster; should it be done already, say which. */
		TRY(instance_of(r, in));
		TRY(status_actionable(op, in));
		in->task = "REBOOTING";
		return status_actionable(op, in);
	}
	TRY(e);
	tasks_ring(op, task.id, NULL);
	return reply_empty(r, 202);
}

/* With force_delete in it, it is the first half of an owner's delete. */
static enum err
reset_status(struct request *r, struct instance *in)
{
	const char *const *also = NULL;

	if (!r->caller.admin &&
	    !json_has(body(r, "reset_status"), "force_delete"))
		return op_fail(&r->op, ERR_FORBIDDEN, "Policy doesn't allow "
		    "instance:reset_status to be performed.");
	TRY(instance_reset(&r->op, in->id, &also));
	tasks_ring(&r->op, NULL, also);
	return reply_empty(r, 202);
}

/* NULL: not built yet. */
static const struct action {
	const char *name;
	enum err (*run)(struct request *, struct instance *);
} actions[] = {
	{ "restart",                   restart },
	{ "reset_status",              reset_status },
	{ "resize",                    NULL },
	{ "promote_to_replica_source", NULL },
	{ "eject_replica_source",      NULL },
	{ NULL }
};

enum err
instance_action(struct request *r)
{
	const struct json *v;
	const struct action *a;
	const char *name = NULL;
	struct instance in;
	void *at = NULL;

	TRY(instance_of(r, &in));
	if (json_count(r->body) != 1 || !json_next(r->body, &at, &name, &v))
		return op_fail(&r->op, ERR_BAD_REQUEST, "Action request should "
		    "have exactly one action specified in body");
	for (a = actions; a->name != NULL; a++)
		if (strcmp(a->name, name) == 0)
			break;
	if (a->name == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Action %.64s not supported", name);
	if (a->run == NULL)
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Action %s is not implemented yet.", name);
	return a->run(r, &in);
}
