/* The API's own description, made once per process. */
#include "fcgi/handlers.h"

#include "fcgi/view_openapi.h"

#define BYTES 262144		/* about */

enum err
openapi_show(struct request *r)
{
	static struct op kept = { .id = "openapi" };
	static struct jsonw document;

	if (document.out.s == NULL) {
		jsonw_begin(&document, &kept, BYTES);
		view_openapi(&document);
	}
	text_addn(&reply_json(r, 200)->out, document.out.s,
	    document.out.len);
	return OK;
}
