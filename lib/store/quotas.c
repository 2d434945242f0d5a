#include "lib/store/quotas.h"

#include "lib/base/conf.h"
#include "lib/store/store.h"

static const struct { const char *resource, *setting; } presets[QUOTAS] = {
	{ "instances", "quota.instances" },
	{ "ram", "quota.ram" },
	{ "volumes", "quota.volumes" },
	{ "backups", "quota.backups" },
};

enum err
quotas_of_tenant(struct op *op, const char *tenant, struct quota q[QUOTAS])
{
	struct rows rows;
	int n;

	TRY(STORE_READ(op, &rows, QUOTA_OF_TENANT, tenant));
	n = rows_count(&rows);
	for (int i = 0; i < QUOTAS; i++) {
		q[i].resource = presets[i].resource;
		q[i].used = n > 0 ? row_int(&rows, 0, i) : 0;
		q[i].own = n > 0 && row_str(&rows, 0, QUOTAS + i) != NULL;
		q[i].limit = q[i].own ? row_int(&rows, 0, QUOTAS + i) :
		    conf_int(presets[i].setting);
	}
	return OK;
}
