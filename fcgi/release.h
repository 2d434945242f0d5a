/* release - which release of the API is spoken where several differ. */
#ifndef FCGI_RELEASE_H
#define FCGI_RELEASE_H

#include "fcgi/api.h"

/* The setting api.release says so. */
bool		 release_is_zed(void);
/* ERR_NOT_FOUND, as of no route at all, where the release has none such. */
enum err	 historical(struct request *);

#endif
