/*
 * modules - what tenants put beside their database: each is applied by its
 * type and written down, in <data>/agent/modules/<id>, so that it can be shown
 * and removed.  No type runs anything of the tenant's.
 *
 *	ping	says what stands behind "message=" in its contents
 *	file	contents in base64, written to <data>/modules/<name>
 */
#ifndef AGENT_MODULES_H
#define AGENT_MODULES_H

#include "lib/base/json.h"
#include "lib/base/jsonw.h"

/*
 * A list of {id, name, type, md5, contents}; NULL is an empty one.  ERR_BAD_REQUEST
 * for what is none.  A module that cannot be applied is written down as that.
 */
enum err	 modules_check(struct op *, const struct json *list);
enum err	 modules_apply(struct op *, const struct json *list);
enum err	 modules_remove(struct op *, const char *id);	/* ERR_NOT_FOUND */
/* "modules": [{id, name, type, md5, status, message, created, updated}] */
enum err	 modules_list(struct op *, struct jsonw *);

#endif
