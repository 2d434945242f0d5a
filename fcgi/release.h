/* release - what only older releases of the API have. */
#ifndef FCGI_RELEASE_H
#define FCGI_RELEASE_H

#include "fcgi/api.h"

/* ERR_NOT_FOUND, as of no route at all, where api.stock hides such. */
enum err	 historical(struct request *);

#endif
