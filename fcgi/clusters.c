/* Clusters that are there; what would change their members is refused so far. */
#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/instances.h"
#include "fcgi/query.h"
#include "fcgi/views.h"

#include <string.h>

const struct field cluster_action_fields[] = {
	{ "grow",                           LIST },
	{ "grow[]",                         MAP },
	{ "grow[]/flavorRef",               FLAVOR, REQUIRED },
	{ "grow[]/name",                    NES },
	{ "grow[]/volume",                  MAP },
	{ "grow[]/volume/size",             SIZE,   REQUIRED },
	{ "grow[]/nics",                    LIST,   0, 0, 1 },
	{ "grow[]/modules",                 LIST },
	{ "grow[]/type",                    NES },
	{ "grow[]/related_to",              NES },
	{ "grow[]/availability_zone",       NES },
	{ "grow[]/region_name",             NES },
	{ "shrink",                         LIST },
	{ "shrink[]",                       MAP },
	{ "shrink[]/id",                    UUID,   REQUIRED },
	{ "add_shard",                      MAP },
	{ "restart",                        MAP },
	{ "upgrade",                        MAP },
	{ "upgrade/datastore_version",      NES,    REQUIRED },
	{ "configuration_attach",           MAP },
	{ "configuration_attach/configuration_id", UUID, REQUIRED },
	{ "configuration_detach",           MAP },
	{ "reset-status",                   MAP },
	{ 0 }
};

const struct field mgmt_cluster_fields[] = {
	{ "reset-task",                     MAP,    NULLABLE },
	{ 0 }
};

/* --- looking -------------------------------------------------------------------- */

/* The cluster of arg[1], if the caller may see it. */
static enum err
cluster_of(struct request *r, struct cluster *c)
{
	return cluster_read(&r->op, r->arg[1],
	    r->caller.admin ? NULL : r->tenant, c);
}

static enum err
reply_clusters(struct request *r, const struct cluster *c, int n,
    const struct cluster_view *as)
{
	const struct version_row *v;
	const struct catalog *cat;

	TRY(catalog_read(&r->op, &cat));
	jsonw_key(&r->out, "clusters");
	jsonw_list(&r->out);
	for (int i = 0; i < n; i++) {
		TRY(version_of(&r->op, &cat, c[i].version_id, &v));
		view_cluster(r, v, &c[i], as);
	}
	jsonw_list_end(&r->out);
	return OK;
}

enum err
clusters_list(struct request *r)
{
	static const struct cluster_view as = { 0 };
	const char *next = NULL;
	struct cluster *c;
	struct page page;
	int n;

	TRY(page_by_id(r, &page));
	TRY(clusters_read(&r->op, &(struct clusters_page){
	    .tenant = r->tenant, .marker = page.marker, .limit = page.limit,
	    .deleted = "f" }, &c, &n));
	if (n > page.limit)
		next = c[(n = page.limit) - 1].id;
	jsonw_map(reply_json(r, 200));
	TRY(reply_clusters(r, c, n, &as));
	if (next != NULL)
		page_links(r, "clusters", next);
	jsonw_map_end(&r->out);
	return OK;
}

static enum err
reply_cluster(struct request *r, int status, const struct cluster *c,
    bool mgmt)
{
	struct cluster_view as = { .mgmt = mgmt };
	const struct version_row *v;
	const struct catalog *cat;

	TRY(cluster_members(&r->op, c->id, &as.members, &as.n));
	TRY(catalog_read(&r->op, &cat));
	TRY(version_of(&r->op, &cat, c->version_id, &v));
	jsonw_map(reply_json(r, status));
	jsonw_key(&r->out, "cluster");
	view_cluster(r, v, c, &as);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
cluster_show(struct request *r)
{
	struct cluster c;

	TRY(cluster_of(r, &c));
	return reply_cluster(r, 200, &c, false);
}

enum err
cluster_instance_show(struct request *r)
{
	struct instance in;
	struct cluster c;

	TRY(cluster_of(r, &c));
	TRY(instance_read(&r->op, r->arg[2], c.tenant, &in));
	if (in.cluster_id == NULL || strcmp(in.cluster_id, c.id) != 0)
		return op_fail(&r->op, ERR_NOT_FOUND,
		    "Resource %s cannot be found.", r->arg[2]);
	return reply_instance(r, &in);
}

/* --- changing ------------------------------------------------------------------- */

static enum err
unsupported(struct request *r, const struct cluster *c)
{
	const struct version_row *v;
	const struct catalog *cat;

	TRY(catalog_read(&r->op, &cat));
	TRY(version_of(&r->op, &cat, c->version_id, &v));
	return op_fail(&r->op, ERR_NOT_BUILT, "Clusters not supported for "
	    "%s-%s.", v != NULL ? v->of->name : "unknown",
	    v != NULL ? v->name : "unknown");
}

static enum err
free_check(struct request *r, const struct cluster *c, const char *also)
{
	if (strcmp(c->task, "NONE") == 0 || strcmp(c->task, also) == 0)
		return OK;
	return op_fail(&r->op, ERR_UNPROCESSABLE, "This action cannot be "
	    "performed on the cluster while the current cluster task is '%s'.",
	    c->task);
}

enum err
cluster_remove(struct request *r)
{
	struct cluster c;

	TRY(cluster_of(r, &c));
	TRY(free_check(r, &c, "DELETING"));
	return unsupported(r, &c);
}

/* Each member, then the cluster: a second reset does what is left of the first. */
static enum err
reset(struct request *r, const struct cluster *c)
{
	const char *const *also;

	for (size_t i = 0; i < json_count(c->members); i++) {
		TRY(instance_reset(&r->op, json_str(json_get(json_at(
		    c->members, i), "id")), true, &also));
		tasks_ring(&r->op, NULL, also);
	}
	return cluster_reset(&r->op, c->id);
}

static enum err
members_check(struct request *r, const struct cluster *c,
    const struct json *list)
{
	for (size_t i = 0; i < json_count(list); i++) {
		const char *id = json_str(json_get(json_at(list, i), "id"));
		size_t k = 0;

		while (k < json_count(c->members) && strcmp(id, json_str(
		    json_get(json_at(c->members, k), "id"))) != 0)
			k++;
		if (k == json_count(c->members))
			return op_fail(&r->op, ERR_NOT_FOUND,
			    "Resource %s cannot be found.", id);
	}
	if (json_count(list) < json_count(c->members))
		return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST, "Must leave at least one "
	    "instance in the cluster when shrinking.");
}

/* The one that the body names, if it is one. */
static enum err
action_of(struct request *r, const char **action)
{
	static const char *const actions[] = { "grow", "shrink", "add_shard",
	    "restart", "upgrade", "configuration_attach",
	    "configuration_detach", "reset-status" };
	const struct json *v;
	void *at = NULL;

	if (json_count(r->body) != 1)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Action request should "
		    "have exactly one action specified in body");
	json_next(r->body, &at, action, &v);
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(*action, actions[i]) == 0)
			return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST, "Action '%.64s' not supported",
	    *action);
}

enum err
cluster_action(struct request *r)
{
	const char *action;
	struct cluster c;

	TRY(cluster_of(r, &c));
	TRY(action_of(r, &action));
	if (strcmp(action, "reset-status") == 0) {
		if (!r->caller.admin &&
		    !json_has(body(r, "reset-status"), "force_delete"))
			return op_fail(&r->op, ERR_FORBIDDEN, "Policy doesn't "
			    "allow cluster:reset-status to be performed.");
		TRY(reset(r, &c));
		TRY(cluster_of(r, &c));
		return reply_cluster(r, 202, &c, false);
	}
	TRY(free_check(r, &c, "NONE"));
	if (strcmp(action, "shrink") == 0)
		TRY(members_check(r, &c, body(r, "shrink")));
	return unsupported(r, &c);
}

/* --- root ----------------------------------------------------------------------- */

static enum err
no_root(struct request *r, const char *operation)
{
	struct cluster c;

	TRY(cluster_of(r, &c));
	return op_fail(&r->op, ERR_BAD_REQUEST,
	    "The '%s' operation is not supported for cluster.", operation);
}

enum err
cluster_root_show(struct request *r)
{
	return no_root(r, "show_root");
}

enum err
cluster_root_enable(struct request *r)
{
	return no_root(r, "enable_root");
}

/* --- the operator's --------------------------------------------------------------- */

enum err
mgmt_clusters_list(struct request *r)
{
	static const struct cluster_view as = { .mgmt = true };
	const char *asked = query(r, "deleted");
	struct cluster *c;
	int n;

	TRY(clusters_read(&r->op, &(struct clusters_page){
	    .deleted = asked == NULL || *asked == '\0' ? NULL :
	    query_true(r, "deleted") ? "t" : "f" }, &c, &n));
	jsonw_map(reply_json(r, 200));
	TRY(reply_clusters(r, c, n, &as));
	jsonw_map_end(&r->out);
	return OK;
}

enum err
mgmt_cluster_show(struct request *r)
{
	struct cluster c;

	TRY(cluster_of(r, &c));
	return reply_cluster(r, 200, &c, true);
}

enum err
mgmt_cluster_action(struct request *r)
{
	struct cluster c;

	TRY(cluster_of(r, &c));
	if (json_count(r->body) != 1 || !json_has(r->body, "reset-task"))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Invalid cluster action requested.");
	TRY(cluster_reset(&r->op, c.id));
	return reply_empty(r, 202);
}
