#include "fcgi/engines.h"

#include "lib/base/engines.h"

#include <string.h>

/* The engine that takes the backups of a version; NULL: none does. */
static const struct engine *
engine_of(const struct version_row *v)
{
	const struct engine *e = v != NULL ? engine_serving(v->manager) : NULL;

	return e != NULL && e->suffix != NULL ? e : NULL;
}

static enum err
refused(struct op *op, const struct version_row *v, const char *operation)
{
	return op_fail(op, ERR_NOT_BUILT, "The '%s' operation is not "
	    "supported for the '%s' datastore.", operation,
	    v != NULL ? v->of->name : "unknown");
}

enum err
engine_check(struct op *op, const struct version_row *v, const char *operation)
{
	return engine_of(v) != NULL ? OK : refused(op, v, operation);
}

enum err
engine_increments_check(struct op *op, const struct version_row *v)
{
	const struct engine *e = engine_of(v);

	return e != NULL && e->increments ? OK :
	    refused(op, v, "create_incremental_backup");
}

bool
engine_rehearses(const struct version_row *v)
{
	const struct engine *e = engine_of(v);

	return e != NULL && strcmp(e->name, "null") == 0;
}
