/* view_openapi - the whole API as an OpenAPI 3.1 document. */
#ifndef FCGI_VIEW_OPENAPI_H
#define FCGI_VIEW_OPENAPI_H

#include "lib/base/jsonw.h"

void	 view_openapi(struct jsonw *);

#endif
