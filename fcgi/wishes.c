/* Datastore, place, flavor and volume, as bodies ask for them. */
#include "fcgi/wishes.h"
#include "fcgi/volume_types.h"

#include "fcgi/datastores.h"

#include "lib/base/conf.h"

#include <inttypes.h>
#include <string.h>

/* The datastore that is meant when none is named: the configured, or the only one. */
static const struct datastore_row *
default_datastore(const struct catalog *c)
{
	const char *name = conf_str("api.default_datastore");

	if (*name != '\0')
		return catalog_datastore(c, name);
	return c->datastores == 1 ? &c->datastore[0] : NULL;
}

enum err
wish_version(struct request *r, const struct catalog *c,
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

enum err
wish_place(struct request *r)
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
enum err
wish_flavor(struct request *r, const struct catalog *c,
    const struct json *ref, const struct flavor_row **f)
{
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

enum err
wish_volume(struct request *r, const struct version_row *v, int *gb)
{
	const char *type = body_str(r, "instance/volume/type");
	int64_t size = body_int(r, "instance/volume/size");
	int max = conf_int("quota.volume_max");

	if (body(r, "instance/volume") == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Volume size was not specified.");
	if (type != NULL && !volume_type_known(&r->op, type))
		return op_fail(&r->op, ERR_BAD_REQUEST, "The volume type %s is "
		    "not valid for datastore version %s.", type, v->id);
	if (size > max)
		return op_fail(&r->op, ERR_OVER_LIMIT, "Volume 'size' cannot "
		    "exceed maximum of %d GB, %" PRId64 " cannot be accepted.",
		    max, size);
	*gb = (int)size;
	return OK;
}
