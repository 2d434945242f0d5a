/* Datastore, place, flavor and volume, as bodies ask for them. */
#include "fcgi/wishes.h"
#include "fcgi/volume_types.h"

#include "fcgi/datastores.h"

#include "lib/base/conf.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

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
    const struct json *datastore, const struct version_row **v)
{
	const char *type = json_str(json_get(datastore, "type"));
	struct version_wish wish = {
		.name = json_str(json_get(datastore, "version")),
		.number = json_str(json_get(datastore, "version_number")),
	};
	const struct datastore_row *d;

	if (conf_bool("api.stock"))		/* it knows no numbers */
		wish.number = NULL;
	if (type != NULL)
		TRY(datastore_find(&r->op, &c, type, &d));
	else if ((d = default_datastore(c)) == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Please specify "
		    "datastore. No default datastore is defined.");
	TRY(version_find(&r->op, &c, d, &wish, v));
	if (!(*v)->active)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Datastore version '%s' is not active.", (*v)->name);
	return OK;
}

/* The network that a subnet is in, from network.subnets; NULL: not known. */
static const char *
network_of(struct op *op, const char *subnet)
{
	size_t n = strlen(subnet);
	char **s = text_split(op, conf_str("network.subnets"), ",");

	for (; *s != NULL; s++)
		if (strncasecmp(*s, subnet, n) == 0 && (*s)[n] == ':')
			return *s + n + 1;
	return NULL;
}

/* Where no subnets are listed there is one network, and nobody can name it. */
static enum err
wish_nic(struct request *r, struct new_instance *new)
{
	const struct json *nic = json_at(body(r, "instance/nics"), 0);
	const char *net = json_str(json_get(nic, "network_id"));
	const char *subnet = json_str(json_get(nic, "subnet_id")), *in;

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
	new->network = net;
	new->address = json_str(json_get(nic, "ip_address"));
	if (*conf_str("network.subnets") == '\0')
		return op_fail(&r->op, ERR_BAD_REQUEST, "Network Resource %s "
		    "cannot be found.", net != NULL ? net : subnet);
	if (subnet == NULL)
		return OK;
	if ((in = network_of(&r->op, subnet)) == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Subnet Resource %s cannot be found.", subnet);
	if (net != NULL && strcasecmp(net, in) != 0)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Subnet %s not found "
		    "in the network %s.", subnet, net);
	new->network = in;
	return OK;
}

enum err
wish_place(struct request *r, struct new_instance *new)
{
	const char *locality = body_str(r, "instance/locality");
	const char *region = body_str(r, "instance/region_name");

	TRY(wish_nic(r, new));
	new->zone = body_str(r, "instance/availability_zone");
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

static bool
has_volume(struct op *op, const struct version_row *v)
{
	char **s = text_split(op, conf_str("volume.without"), ",");

	while (*s != NULL && strcmp(*s, v->manager) != 0)
		s++;
	return *s == NULL;
}

enum err
wish_storage(struct request *r, const struct version_row *v,
    const struct flavor_row *f)
{
	if (has_volume(&r->op, v) || f->ephemeral_gb > 0)
		return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST,
	    "Local storage not specified in flavor ID: %s.", f->id);
}

enum err
wish_volume(struct request *r, const struct version_row *v, int *gb)
{
	const char *type = body_str(r, "instance/volume/type");
	int64_t size = body_int(r, "instance/volume/size");
	int max = conf_int("quota.volume_max");

	*gb = 0;
	if (body(r, "instance/volume") == NULL)
		return !has_volume(&r->op, v) ? OK : op_fail(&r->op,
		    ERR_BAD_REQUEST, "Volume size was not specified.");
	if (!has_volume(&r->op, v))
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Volume support is not enabled.");
	if (type != NULL && !volume_type_known(&r->op, type) &&
	    strcmp(conf_str("volume.driver"), "local") == 0)
		return op_fail(&r->op, ERR_BAD_REQUEST, "The volume type %s is "
		    "not valid for datastore version %s.", type, v->id);
	if (size > max)
		return op_fail(&r->op, ERR_OVER_LIMIT, "Volume 'size' cannot "
		    "exceed maximum of %d GB, %" PRId64 " cannot be accepted.",
		    max, size);
	*gb = (int)size;
	return OK;
}
