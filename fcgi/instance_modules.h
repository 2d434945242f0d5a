/*
 * instance_modules - modules on their way to guests: with a create, by
 * request, or again after they were changed.
 */
#ifndef FCGI_INSTANCE_MODULES_H
#define FCGI_INSTANCE_MODULES_H

#include "fcgi/api.h"
#include "lib/store/catalog.h"
#include "lib/store/modules.h"

/*
 * What a create asks for, and what applies by itself to such an instance; ids
 * that nobody knows are passed over.  ERR_BAD_REQUEST for one that is not for
 * this version.
 */
struct module_list { struct module *m; int n; };
enum err	 wish_modules(struct request *, const struct version_row *,
		    struct module_list *);
/* "modules": [...] with their contents, into an order's body. */
enum err	 modules_order(struct op *, struct jsonw *,
		    const struct module_list *);
/* An array of their ids, and one of their md5, for modules_applied(). */
const char	*modules_ids(struct op *, const struct module_list *);
const char	*modules_md5s(struct op *, const struct module_list *);

/* A task that applies this one; one whose instance goes is passed over. */
enum err	 module_submit(struct request *, const struct module *,
		    const struct module_user *);

#endif
