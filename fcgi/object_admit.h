/*
 * object_admit - who may pass a route of ACCOUNT: whoever has a temp URL for
 * it; else a token of the account's project.
 */
#ifndef FCGI_OBJECT_ADMIT_H
#define FCGI_OBJECT_ADMIT_H

#include "fcgi/api.h"

/*
 * Parses the query as well.  ERR_UNAUTHORIZED: no token, or a temp URL that is
 * not for this; ERR_FORBIDDEN: another project's account, or a role that may
 * not.  Sets r->tenant.
 */
enum err	 object_admit(struct request *);
/* Did it pass by a temp URL? */
bool		 object_by_temp_url(const struct request *);

#endif
