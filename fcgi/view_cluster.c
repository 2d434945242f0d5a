#include "fcgi/views.h"

#include "fcgi/status.h"

#include <string.h>

static const struct cluster_task { const char *name, *text; } cluster_tasks[] = {
	/* in the order of their numbers, from 1 */
	{ "NONE",               "No tasks for the cluster." },
	{ "BUILDING",           "Building the initial cluster." },
	{ "DELETING",           "Deleting the cluster." },
	{ "ADDING_SHARD",       "Adding a shard to the cluster." },
	{ "GROWING_CLUSTER",    "Increasing the size of the cluster." },
	{ "SHRINKING_CLUSTER",  "Decreasing the size of the cluster." },
	{ "UPGRADING_CLUSTER",  "Upgrading the cluster to new version." },
	{ "RESTARTING_CLUSTER", "Restarting the cluster." },
	{ "UPDATING_CLUSTER",   "Updating cluster configuration." },
};
#define TASKS (sizeof(cluster_tasks) / sizeof(cluster_tasks[0]))

static void
task(struct jsonw *w, const struct cluster *c)
{
	size_t i = 0;

	while (i < TASKS - 1 && strcmp(cluster_tasks[i].name, c->task) != 0)
		i++;
	jsonw_key(w, "task");
	jsonw_map(w);
	jsonw_kint(w, "id", (int64_t)i + 1);
	jsonw_kstr(w, "name", cluster_tasks[i].name);
	jsonw_kstr(w, "description", cluster_tasks[i].text);
	jsonw_map_end(w);
}

static void
address(struct jsonw *w, const struct instance *in)
{
	jsonw_map(w);
	jsonw_kstr(w, "address", in->address);
	jsonw_kstr(w, "type", "private");
	jsonw_kstr(w, "network",
	    in->network_id != NULL ? in->network_id : "local");
	jsonw_map_end(w);
}

/* in NULL: as in lists. */
static void
member(struct request *r, const struct json *m, const struct instance *in)
{
	const char *id = json_str(json_get(m, "id"));
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", id);
	jsonw_kstr(w, "name", json_str(json_get(m, "name")));
	jsonw_kstr(w, "type", json_str(json_get(m, "type")));
	view_links(r, "instances", id);
	if (in != NULL) {
		jsonw_kstr(w, "status", status_of(in));
		jsonw_key(w, "volume");
		jsonw_map(w);
		jsonw_kint(w, "size", in->volume_gb);
		jsonw_map_end(w);
		jsonw_key(w, "flavor");
		jsonw_map(w);
		jsonw_kstr(w, "id", in->flavor_id);
		view_links(r, "flavors", in->flavor_id);
		jsonw_map_end(w);
		jsonw_key(w, "ip");
		jsonw_list(w);
		if (in->address != NULL)
			address(w, in);
		jsonw_list_end(w);
	}
	jsonw_map_end(w);
}

/* Both lists are in order of id; one that came or went between them has no state. */
static const struct instance *
state_of(const struct json *m, const struct instance *in, int n)
{
	const char *id = json_str(json_get(m, "id"));

	for (int i = 0; id != NULL && i < n; i++)
		if (strcmp(in[i].id, id) == 0)
			return &in[i];
	return NULL;
}

static void
addresses(struct jsonw *w, const struct instance *in, int n)
{
	jsonw_key(w, "ip");
	jsonw_list(w);
	for (int i = 0; i < n; i++)
		if (in[i].address != NULL)
			address(w, &in[i]);
	jsonw_list_end(w);
}

void
view_cluster(struct request *r, const struct version_row *v,
    const struct cluster *c, const struct cluster_view *as)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", c->id);
	jsonw_kstr(w, "name", c->name);
	task(w, c);
	view_time(r, "created", c->created);
	view_time(r, "updated", c->updated);
	view_links(r, "clusters", c->id);
	jsonw_key(w, "datastore");
	jsonw_map(w);
	jsonw_kstr(w, "type", v != NULL ? v->of->name : NULL);
	jsonw_kstr(w, "version", v != NULL ? v->name : NULL);
	jsonw_map_end(w);
	jsonw_key(w, "instances");
	jsonw_list(w);
	for (size_t i = 0; i < json_count(c->members); i++) {
		const struct json *m = json_at(c->members, i);

		member(r, m, state_of(m, as->members, as->n));
	}
	jsonw_list_end(w);
	if (as->n > 0)
		addresses(w, as->members, as->n);
	if (c->locality != NULL)
		jsonw_kstr(w, "locality", c->locality);
	if (c->configuration_id != NULL)
		jsonw_kstr(w, "configuration", c->configuration_id);
	if (as->mgmt) {
		jsonw_kstr(w, "tenant_id", c->tenant);
		jsonw_kbool(w, "deleted", c->deleted != NULL);
		if (c->deleted != NULL)
			view_time(r, "deleted_at", c->deleted);
	}
	jsonw_map_end(w);
}
