/*
 * POST /instances: what is asked for is checked in the contract's order, then
 * the instance, its guest, its task and the quota come into being at once.
 */
#include "fcgi/accounts.h"
#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/names.h"
#include "fcgi/views.h"

#include "lib/base/conf.h"
#include "lib/store/catalog.h"

#include <inttypes.h>
#include <string.h>

/* What belongs to later parts of the API; null and empty lists ask for nothing. */
static const struct { const char *path, *text; } not_built[] = {
	{ "instance/replica_of",    "Replicas are not implemented yet." },
	{ "instance/restorePoint",  "Restoring a backup is not implemented yet." },
	{ "instance/configuration", "Configuration groups are not implemented yet." },
	{ "instance/modules",       "Modules are not implemented yet." },
	{ NULL, NULL }
};

static enum err
combination_check(struct request *r)
{
	const struct json *v;
	int i;

	if (body_int(r, "instance/replica_count") > 1 &&
	    body(r, "instance/replica_of") == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Replica count only "
		    "valid when creating replicas. Cannot create %" PRId64
		    " instances.", body_int(r, "instance/replica_count"));
	for (i = 0; not_built[i].path != NULL; i++) {
		v = body(r, not_built[i].path);
		if (json_kind(v) == JSON_NULL ||
		    (json_kind(v) == JSON_LIST && json_count(v) == 0))
			continue;
		return op_fail(&r->op, ERR_NOT_BUILT, "%s", not_built[i].text);
	}
	return OK;
}

/* The datastore that is meant when none is named: the configured, or the only one. */
static const struct datastore_row *
default_datastore(const struct catalog *c)
{
	const char *name = conf_str("api.default_datastore");

	if (*name != '\0')
		return catalog_datastore(c, name);
	return c->datastores == 1 ? &c->datastore[0] : NULL;
}

static enum err
pick_version(struct request *r, const struct catalog *c,
    const struct version_row **v)
{
	const char *type = body_str(r, "instance/datastore/type");
	struct version_wish wish = {
		.name = body_str(r, "instance/datastore/version"),
		.number = body_str(r, "instance/datastore/version_number"),
	};
	const struct datastore_row *d;

	d = type != NULL ? catalog_datastore(c, type) : default_datastore(c);
	if (d == NULL && type != NULL)
		return op_fail(&r->op, ERR_NOT_FOUND,
		    "Datastore '%s' cannot be found.", type);
	if (d == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Please specify "
		    "datastore. No default datastore is defined.");
	TRY(version_find(&r->op, c, d, &wish, v));
	if (!(*v)->active)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Datastore version '%s' is not active.", (*v)->name);
	return OK;
}

/* The local network is the only one, and nobody can name it by an id. */
static enum err
nics_check(struct request *r)
{
	const struct json *nic = json_at(body(r, "instance/nics"), 0);
	const char *net = json_str(json_get(nic, "network_id"));
	const char *subnet = json_str(json_get(nic, "subnet_id"));

	if (nic == NULL)
		return OK;
	if (net == NULL)
		net = json_str(json_get(nic, "net-id"));
	if (net == NULL && subnet == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Instance network or subnet needs to be specified.");
	if (subnet == NULL && json_has(nic, "ip_address"))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Instance subnet needs to be specified.");
	return op_fail(&r->op, ERR_BAD_REQUEST,
	    "Network Resource %s cannot be found.", net != NULL ? net : subnet);
}

static enum err
place_check(struct request *r)
{
	const char *locality = body_str(r, "instance/locality");
	const char *region = body_str(r, "instance/region_name");

	TRY(nics_check(r));
	if (locality != NULL && strcmp(locality, "affinity") != 0 &&
	    strcmp(locality, "soft-affinity") != 0 &&
	    strcmp(locality, "anti-affinity") != 0 &&
	    strcmp(locality, "soft-anti-affinity") != 0)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Invalid locality "
		    "'%s'. Must be one of ['affinity', 'soft-affinity', "
		    "'anti-affinity', 'soft-anti-affinity']", locality);
	if (region != NULL && strcmp(region, conf_str("coffer.region")) != 0)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Region '%s' is not served here.", region);
	return OK;
}

/* An id, as a number or a string, or an address that ends in one. */
static enum err
pick_flavor(struct request *r, const struct catalog *c,
    const struct flavor_row **f)
{
	const struct json *ref = body(r, "instance/flavorRef");
	const char *id = json_str(ref), *slash;

	if (json_kind(ref) == JSON_INT)
		id = op_printf(&r->op, "%" PRId64, json_int(ref));
	if (id != NULL && (slash = strrchr(id, '/')) != NULL)
		id = slash + 1;
	if ((*f = catalog_flavor(c, id)) == NULL) {
		TRY(catalog_reread(&r->op, &c));
		*f = catalog_flavor(c, id);
	}
	if (*f == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Resource %s cannot "
		    "be found.", id != NULL ? id : "None");
	return OK;
}

static enum err
pick_volume(struct request *r, const struct version_row *v, int *gb)
{
	const char *type = body_str(r, "instance/volume/type");
	int64_t size = body_int(r, "instance/volume/size");
	int max = conf_int("quota.volume_max");

	if (body(r, "instance/volume") == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Volume size was not specified.");
	if (type != NULL && strcmp(type, conf_str("volume.driver")) != 0)
		return op_fail(&r->op, ERR_BAD_REQUEST, "The volume type %s is "
		    "not valid for datastore version %s.", type, v->id);
	if (size > max)
		return op_fail(&r->op, ERR_OVER_LIMIT, "Volume 'size' cannot "
		    "exceed maximum of %d GB, %" PRId64 " cannot be accepted.",
		    max, size);
	*gb = (int)size;
	return OK;
}

/* Databases and users, as the order that prepares the guest. */
static enum err
pick_accounts(struct request *r, const struct version_row *v,
    const char **args)
{
	const struct json *databases = body(r, "instance/databases");
	const struct json *users = body(r, "instance/users");
	struct jsonw w;

	if (items_count(databases) + items_count(users) > 0) {
		TRY(databases_check(&r->op, v->manager, databases));
		TRY(users_check(&r->op, v->manager, "", users));
		TRY(users_databases_check(&r->op, v->manager, "", users));
		TRY(users_subset_check(&r->op, users, databases));
	}
	jsonw_begin(&w, &r->op, 256);
	jsonw_map(&w);
	order_databases(&w, databases);
	order_users(&w, users);
	*args = order_done(&w);
	return guest_fits(&r->op, *args);
}

static enum err
reply_created(struct request *r, const struct version_row *v,
    const struct instance *in)
{
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "instance");
	view_instance(r, v, in, SHOW_FORM);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
instance_create(struct request *r)
{
	const struct json *access = body(r, "instance/access");
	struct new_instance new = {
		.tenant = r->tenant,
		.name = body_str(r, "instance/name"),
		.locality = body_str(r, "instance/locality"),
		.region = conf_str("coffer.region"),
	};
	const struct catalog *c;
	const struct version_row *v;
	const struct flavor_row *f;
	const char *args;
	struct new_task task;
	struct instance in;
	struct jsonw w;

	TRY(combination_check(r));
	TRY(catalog_read(&r->op, &c));
	TRY(pick_version(r, c, &v));
	TRY(pick_accounts(r, v, &args));
	TRY(place_check(r));
	TRY(pick_flavor(r, c, &f));
	TRY(pick_volume(r, v, &new.volume_gb));

	new.version_id = v->id;
	new.flavor_id = f->id;
	new.ram_mb = f->ram_mb;
	new.vcpus = f->vcpus;
	if (access != NULL) {
		jsonw_begin(&w, &r->op, 128);
		store_access(&w, access);
		new.access = w.out.s;
	}
	text_uuid(new.id);
	r->op.instance = new.id;
	new_task_begin(&r->op, &task, TASK_CREATE, new.id, new.tenant,
	    r->caller.user, args);
	TRY(instance_insert(&r->op, &new, &task, &in));
	tasks_ring(&r->op, task.id, NULL);
	r->op.instance = in.id;
	return reply_created(r, v, &in);
}
