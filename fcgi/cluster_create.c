/*
 * POST /clusters: all that the contract checks is checked; then it is refused,
 * as no engine forms clusters here yet.
 */
#include "fcgi/handlers.h"
#include "fcgi/wishes.h"

#include "lib/base/conf.h"
#include "lib/base/engines.h"
#include "lib/store/quotas.h"

#include <inttypes.h>
#include <string.h>

const struct field cluster_new_fields[] = {
	{ "cluster",                                MAP,    REQUIRED },
	{ "cluster/name",                           NES,    REQUIRED },
	{ "cluster/datastore",                      MAP,    REQUIRED },
	{ "cluster/datastore/type",                 NES,    REQUIRED },
	{ "cluster/datastore/version",              NES,    REQUIRED },
	{ "cluster/instances",                      LIST,   REQUIRED },
	{ "cluster/instances[]",                    MAP },
	{ "cluster/instances[]/flavorRef",          FLAVOR, REQUIRED },
	{ "cluster/instances[]/volume",             MAP },
	{ "cluster/instances[]/volume/size",        SIZE,   REQUIRED },
	{ "cluster/instances[]/volume/type",        NES,    NULLABLE },
	{ "cluster/instances[]/nics",               LIST,   0, 0, 1 },
	{ "cluster/instances[]/nics[]",             MAP,    CLOSED },
	{ "cluster/instances[]/nics[]/net-id",      UUID },
	{ "cluster/instances[]/nics[]/network_id",  UUID },
	{ "cluster/instances[]/nics[]/subnet_id",   UUID },
	{ "cluster/instances[]/nics[]/ip_address",  IPV4 },
	{ "cluster/instances[]/availability_zone",  NES },
	{ "cluster/instances[]/modules",            LIST },
	{ "cluster/instances[]/modules[]",          MAP },
	{ "cluster/instances[]/modules[]/id",       UUID,   REQUIRED },
	{ "cluster/instances[]/region_name",        NES },
	{ "cluster/locality",                       NES },
	{ "cluster/configuration",                  STR,    NULLABLE, 0, 255 },
	{ "cluster/extended_properties",            MAP },
	{ "cluster/extended_properties/num_configsvr", SIZE },
	{ "cluster/extended_properties/num_mongos", SIZE },
	{ "cluster/extended_properties/configsvr_volume_size", SIZE },
	{ "cluster/extended_properties/configsvr_volume_type", NES, NULLABLE },
	{ "cluster/extended_properties/mongos_volume_size", SIZE },
	{ "cluster/extended_properties/mongos_volume_type", NES, NULLABLE },
	{ 0 }
};

static enum err
unsupported(struct op *op, const struct version_row *v)
{
	return op_fail(op, ERR_NOT_BUILT, "Clusters not supported for %s-%s.",
	    v->of->name, v->name);
}

static enum err
rule_of(struct op *op, const struct version_row *v,
    const struct engine_contract **rule)
{
	const struct engine *e = engine_find(v->manager);

	*rule = e != NULL ? e->contract : NULL;
	return e != NULL && e->contract->cluster > 0 ? OK : unsupported(op, v);
}

static enum err
locality_check(struct request *r)
{
	const char *l = body_str(r, "cluster/locality");

	if (l == NULL || strcmp(l, "affinity") == 0 ||
	    strcmp(l, "anti-affinity") == 0)
		return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST, "Invalid locality '%s'. Must "
	    "be one of ['affinity', 'anti-affinity']", l);
}

static enum err
count_check(struct op *op, const struct engine_contract *rule, size_t n)
{
	if (n == (size_t)rule->cluster ||
	    (n > (size_t)rule->cluster && !rule->cluster_exact))
		return OK;
	return op_fail(op, ERR_BAD_REQUEST, "The number of instances for your "
	    "initial cluster must be %s%d.", rule->cluster_exact ? "" : "at least ",
	    rule->cluster);
}

static enum err
differ(struct op *op, const char *what)
{
	return op_fail(op, ERR_BAD_REQUEST, "The %s for each instance in a "
	    "cluster must be the same.", what);
}

static enum err
flavors_check(struct request *r, const struct catalog *c,
    const struct json *nodes)
{
	const struct flavor_row *f, *first = NULL;

	for (size_t i = 0; i < json_count(nodes); i++) {
		TRY(wish_flavor(r, c, json_get(json_at(nodes, i), "flavorRef"),
		    &f));
		if (first == NULL)
			first = f;
		if (strcmp(first->id, f->id) != 0)
			return differ(&r->op, "flavor");
	}
	return OK;
}

static int64_t
size_of(const struct json *size)
{
	int64_t n = json_int(size);

	if (json_str(size) != NULL && !text_number(json_str(size), 1,
	    INT64_MAX, &n))
		return INT64_MAX;
	return n;
}

/* gb: of one. */
static enum err
volumes_check(struct op *op, const struct json *nodes, int64_t *gb)
{
	int max = conf_int("quota.volume_max");

	for (size_t i = 0; i < json_count(nodes); i++) {
		const struct json *size = json_get(json_at(nodes, i),
		    "volume/size");
		int64_t n = size_of(size);

		if (size == NULL)
			return op_fail(op, ERR_BAD_REQUEST, "A volume size is "
			    "required for each instance in the cluster.");
		if (n > max)
			return op_fail(op, ERR_OVER_LIMIT, "Volume 'size' "
			    "cannot exceed maximum of %d GB, %" PRId64
			    " cannot be accepted.", max, n);
		if (i > 0 && n != *gb)
			return differ(op, "volume size");
		*gb = n;
	}
	return OK;
}

static enum err
networks_check(struct op *op, const struct json *nodes)
{
	const char *first = NULL, *net;

	for (size_t i = 0; i < json_count(nodes); i++) {
		const struct json *nic = json_at(json_get(json_at(nodes, i),
		    "nics"), 0);

		net = json_str(json_get(nic, "network_id"));
		if (net == NULL)
			net = json_str(json_get(nic, "net-id"));
		if (net == NULL)
			net = "";
		if (first != NULL && strcmp(first, net) != 0)
			return differ(op, "network");
		first = net;
	}
	return OK;
}

/* What all of them would need at once. */
static enum err
quota_check(struct request *r, int64_t n, int64_t gb)
{
	struct quota q[QUOTAS];
	const char *over = "";

	TRY(quotas_of_tenant(&r->op, r->tenant, q));
	for (int i = 0; i < QUOTAS; i++) {
		int64_t more = strcmp(q[i].resource, "instances") == 0 ? n :
		    strcmp(q[i].resource, "volumes") == 0 ? n * gb : 0;

		if (more > 0 && q[i].limit >= 0 && q[i].used + more >
		    q[i].limit)
			over = op_printf(&r->op, "%s%s'%s'", over,
			    *over != '\0' ? ", " : "", q[i].resource);
	}
	return *over == '\0' ? OK : op_fail(&r->op, ERR_OVER_LIMIT,
	    "Quota exceeded for resources: [%s].", over);
}

enum err
cluster_create(struct request *r)
{
	const struct json *nodes = body(r, "cluster/instances");
	const struct engine_contract *rule;
	const struct version_row *v;
	const struct catalog *c;
	struct op *op = &r->op;
	int64_t gb = 0;

	TRY(catalog_read(op, &c));
	TRY(wish_version(r, c, body(r, "cluster/datastore"), &v));
	TRY(rule_of(op, v, &rule));
	TRY(locality_check(r));
	if (body_str(r, "cluster/configuration") != NULL && !rule->cluster_configurable)
		return op_fail(op, ERR_BAD_REQUEST, "Configuration groups are "
		    "not supported for clusters of %s.", v->of->name);
	TRY(count_check(op, rule, json_count(nodes)));
	TRY(flavors_check(r, c, nodes));
	TRY(volumes_check(op, nodes, &gb));
	TRY(networks_check(op, nodes));
	TRY(quota_check(r, (int64_t)json_count(nodes), gb));
	return unsupported(op, v);
}
