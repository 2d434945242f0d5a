/* What operators see of everybody's instances. */
#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/handlers_mgmt.h"
#include "fcgi/mgmt.h"
#include "fcgi/views.h"

#include "lib/base/conf.h"

#include <strings.h>

#define INSTANCE_BYTES 1500	/* what one takes in a list, about */

/* Any other word means both. */
static const char *
deleted_wish(const struct request *r)
{
	const char *v = query(r, "deleted");

	if (v == NULL)
		return NULL;
	return strcasecmp(v, "true") == 0 ? "t" :
	    strcasecmp(v, "false") == 0 ? "f" : NULL;
}

/* A deleted instance shows no datastore, and the catalogue may have lost it. */
static enum err
view_one(struct request *r, const struct managed *m, enum managed_form form)
{
	const struct version_row *v = NULL;
	const struct catalog *c;

	if (m->deleted_at == NULL) {
		TRY(catalog_read(&r->op, &c));
		TRY(version_of(&r->op, &c, m->in.version_id, &v));
	}
	view_managed(r, v, m, form);
	return OK;
}

enum err
mgmt_instances_list(struct request *r)
{
	struct managed_page p = {
		.deleted = deleted_wish(r),
		.clustered = query_true(r, "include_clustered"),
		.tenant = query(r, "project_id"),
	};
	struct row_page page;
	struct managed *m;
	int n;

	TRY(row_page_of(r, &page));
	p.limit = conf_bool("api.stock") ? INT64_MAX : page.limit;
	p.offset = page.offset;
	TRY(managed_list(&r->op, &p, &m, &n));
	jsonw_begin(reply_json(r, 200), &r->op,
	    ((size_t)n + 1) * INSTANCE_BYTES);
	jsonw_map(&r->out);
	jsonw_key(&r->out, "instances");
	jsonw_list(&r->out);
	for (int i = 0; i < n; i++)
		TRY(view_one(r, &m[i], MANAGED_LIST));
	jsonw_list_end(&r->out);
	if (!conf_bool("api.stock"))
		row_page_links(r, "instances", &page, n);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
mgmt_instance_of(struct request *r, struct managed *m)
{
	TRY(managed_show(&r->op, r->arg[1], query_true(r, "deleted"), m));
	r->op.instance = m->in.id;
	return OK;
}

enum err
mgmt_instance_show(struct request *r)
{
	struct managed m;

	TRY(mgmt_instance_of(r, &m));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "instance");
	TRY(view_one(r, &m, MANAGED_SHOW));
	jsonw_map_end(&r->out);
	return OK;
}

enum err
mgmt_root_history(struct request *r)
{
	struct managed m;

	TRY(mgmt_instance_of(r, &m));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "root_history");
	view_root_history(r, &m);
	jsonw_map_end(&r->out);
	return OK;
}

/* --- what only the guest knows ------------------------------------------------ */

enum err
mgmt_guest_of(struct request *r, struct guest *g)
{
	struct managed m;

	TRY(mgmt_instance_of(r, &m));
	if (m.in.server_id == NULL)
		return op_fail(&r->op, ERR_UNPROCESSABLE,
		    "Instance %s is not ready.", m.in.id);
	*g = (struct guest){ .in = m.in };
	return OK;
}

/* The numbers of an answer, as they are. */
static enum err
figures(struct request *r, enum order_kind order, const char *root,
    void (*view)(struct request *, const struct json *))
{
	const struct json *answer;
	struct guest g;

	TRY(mgmt_guest_of(r, &g));
	TRY(guest_read(r, &g, order, NULL, &answer));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, root);
	view(r, answer);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
mgmt_hwinfo(struct request *r)
{
	return figures(r, ORDER_HWINFO, "hwinfo", view_hwinfo);
}

enum err
mgmt_diagnostics(struct request *r)
{
	return figures(r, ORDER_DIAGNOSTICS, "diagnostics", view_diagnostics);
}

enum err
mgmt_rpc_ping(struct request *r)
{
	struct guest g;

	TRY(mgmt_guest_of(r, &g));
	TRY(guest_read(r, &g, ORDER_PING, NULL, NULL));
	return reply_empty(r, 204);
}

const struct field mgmt_upgrade_fields[] = {
	{ "upgrade",                        MAP,    REQUIRED },
	{ "upgrade/instance_version",       NES },
	{ "upgrade/location",               STR },
	{ "upgrade/metadata",               MAP },
	{ 0 }
};

/* It never worked elsewhere either; agents here come with their server. */
enum err
mgmt_upgrade(struct request *r)
{
	struct guest g;

	TRY(mgmt_guest_of(r, &g));
	return op_fail(&r->op, ERR_BAD_REQUEST, "The agent of an instance "
	    "comes with its server: rebuild the instance to upgrade it.");
}
