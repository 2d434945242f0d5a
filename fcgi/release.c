#include "fcgi/release.h"

#include "lib/base/conf.h"

enum err
historical(struct request *r)
{
	if (!conf_bool("api.stock"))
		return OK;
	return op_fail(&r->op, ERR_NOT_FOUND,
	    "The resource could not be found.");
}
