/* openapi_body - a table of fields as a JSON Schema. */
#ifndef FCGI_OPENAPI_BODY_H
#define FCGI_OPENAPI_BODY_H

#include "fcgi/fields.h"
#include "lib/base/jsonw.h"

void	 openapi_body(struct jsonw *, const struct field *);

#endif
