#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/instances.h"
#include "fcgi/query.h"
#include "fcgi/status.h"
#include "fcgi/views.h"

#include "lib/store/catalog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INSTANCE_BYTES 900	/* what one takes in a list, about */

/* Shown newest first, though the page was cut in order of id. */
static int
newest_first(const void *pa, const void *pb)
{
	const struct instance *a = pa, *b = pb;
	int order = strcmp(b->created, a->created);

	return order != 0 ? order : strcmp(a->id, b->id);
}

enum err
reply_instances(struct request *r, struct instances_page *wish,
    enum instance_form form)
{
	const char *next = NULL;
	const struct version_row *v;
	const struct catalog *c;
	struct instance *in;
	struct page page;
	int i, n;

	TRY(page_by_id(r, &page));
	TRY(catalog_read(&r->op, &c));
	wish->marker = page.marker;
	wish->limit = page.limit;
	wish->detail = form != LIST_FORM;
	TRY(instances_read(&r->op, wish, &in, &n));
	if (n > page.limit)
		next = in[(n = page.limit) - 1].id;
	qsort(in, n, sizeof *in, newest_first);

	jsonw_begin(reply_json(r, 200), &r->op, (n + 1) * INSTANCE_BYTES);
	jsonw_map(&r->out);
	jsonw_key(&r->out, "instances");
	jsonw_list(&r->out);
	for (i = 0; i < n; i++) {
		TRY(version_of(&r->op, &c, in[i].version_id, &v));
		view_instance(r, v, &in[i], form);
	}
	jsonw_list_end(&r->out);
	if (next != NULL)
		page_links(r, "instances", next);
	jsonw_map_end(&r->out);
	return OK;
}

static enum err
list(struct request *r, enum instance_form form)
{
	const char *clustered = query(r, "include_clustered");

	return reply_instances(r, &(struct instances_page){
	    .tenant = r->tenant,
	    .clustered = clustered != NULL &&
	    strcasecmp(clustered, "true") == 0 }, form);
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
reply_instance(struct request *r, const struct instance *in)
{
	const struct version_row *v;
	const struct catalog *c;

	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, in->version_id, &v));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "instance");
	view_instance(r, v, in, SHOW_FORM);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
instance_show(struct request *r)
{
	struct instance in;

	TRY(instance_of(r, &in));
	return reply_instance(r, &in);
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
	if (in.replicas != NULL)
		return op_fail(op, ERR_FORBIDDEN, "Detach replicas before "
		    "deleting replica source.");
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
