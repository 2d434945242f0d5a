/* Into which container backups go: of a project, or of one instance. */
#include "fcgi/handlers.h"
#include "fcgi/views.h"

#include <string.h>

const struct field strategy_new_fields[] = {
	{ "backup_strategy",                 MAP,  REQUIRED | CLOSED },
	{ "backup_strategy/instance_id",     UUID },
	{ "backup_strategy/swift_container", NES,  REQUIRED },
	{ 0 }
};

/* Another project's are an admin's only. */
static enum err
tenant_of(struct request *r, const char **tenant)
{
	const char *asked = query(r, "project_id");

	*tenant = asked != NULL && *asked != '\0' ? asked : r->tenant;
	if (r->caller.admin || strcmp(*tenant, r->tenant) == 0)
		return OK;
	return op_fail(&r->op, ERR_FORBIDDEN,
	    "Operation not allowed for tenant %s.", *tenant);
}

enum err
strategies_list(struct request *r)
{
	struct strategy *s;
	const char *tenant;
	int i, n;

	TRY(tenant_of(r, &tenant));
	TRY(strategies_read(&r->op, tenant, query(r, "instance_id"), &s, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "backup_strategies");
	jsonw_list(&r->out);
	for (i = 0; i < n; i++)
		view_strategy(r, &s[i]);
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
strategy_create(struct request *r)
{
	const char *instance = body_str(r, "backup_strategy/instance_id");
	const struct strategy s = {
		.tenant = r->tenant,
		.instance = instance != NULL ? instance : "",
		.container = body_str(r, "backup_strategy/swift_container"),
	};

	TRY(strategy_set(&r->op, &s));
	jsonw_map(reply_json(r, 202));
	jsonw_key(&r->out, "backup_strategy");
	view_strategy(r, &s);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
strategy_remove(struct request *r)
{
	const char *instance = query(r, "instance_id");
	const char *tenant;

	TRY(tenant_of(r, &tenant));
	TRY(strategy_delete(&r->op, tenant, instance != NULL ? instance : ""));
	return reply_empty(r, 202);
}
