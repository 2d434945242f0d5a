#include "fcgi/engines.h"

#include "lib/base/conf.h"
#include "lib/base/engines.h"

#include <string.h>

static bool
takes_backups(const char *manager)
{
	const char *compute = conf_str("compute.driver");
	const struct engine *e;

	if (strcmp(compute, "null") == 0 || strcmp(compute, "fake") == 0)
		manager = "null";
	e = engine_find(manager);
	return e != NULL && e->suffix != NULL;
}

enum err
engine_check(struct op *op, const struct version_row *v, const char *operation)
{
	if (v != NULL && takes_backups(v->manager))
		return OK;
	return op_fail(op, ERR_NOT_BUILT, "The '%s' operation is not "
	    "supported for the '%s' datastore.", operation,
	    v != NULL ? v->of->name : "unknown");
}
