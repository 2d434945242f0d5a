#include "fcgi/release.h"

#include "lib/base/conf.h"

#include <string.h>

bool
release_is_zed(void)
{
	return strcmp(conf_str("api.release"), "zed") == 0;
}

enum err
historical(struct request *r)
{
	if (!release_is_zed())
		return OK;
	return op_fail(&r->op, ERR_NOT_FOUND,
	    "The resource could not be found.");
}
