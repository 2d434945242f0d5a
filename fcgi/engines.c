#include "fcgi/engines.h"

#include "lib/base/conf.h"

#include <string.h>

static const struct engine {
	const char *manager;
	bool can[ABILITY__MAX];
} engines[] = {
	/*             backups, restores */
	{ "mariadb", { false,   false } },
	{ "null",    { true,    true } },
	{ NULL }
};

bool
engine_can(const char *manager, enum ability a)
{
	const char *compute = conf_str("compute.driver");
	const struct engine *e = engines;

	if (strcmp(compute, "null") == 0 || strcmp(compute, "fake") == 0)
		manager = "null";
	while (e->manager != NULL && strcmp(e->manager, manager) != 0)
		e++;
	return e->can[a];
}

enum err
engine_check(struct op *op, const struct version_row *v, enum ability a,
    const char *operation)
{
	if (v != NULL && engine_can(v->manager, a))
		return OK;
	return op_fail(op, ERR_NOT_BUILT, "The '%s' operation is not "
	    "supported for the '%s' datastore.", operation,
	    v != NULL ? v->of->name : "unknown");
}
