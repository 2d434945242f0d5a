/*
 * configurations - configuration groups, found for those who may see them, and
 * attached to instances.
 */
#ifndef FCGI_CONFIGURATIONS_H
#define FCGI_CONFIGURATIONS_H

#include "fcgi/api.h"
#include "lib/store/configurations.h"
#include "lib/store/instances.h"

/*
 * A group by its id, or by an address that ends in one, and whether its
 * settings need a restart.  For an instance of a version; ERR_NOT_FOUND,
 * ERR_BAD_REQUEST: of another version.
 */
struct pick { struct configuration group; bool restart; };
enum err	 configuration_pick(struct request *, const char *id,
		    const char *version_id, struct pick *);

/* PUT and PATCH of an instance.  name: its new one, or NULL. */
enum err	 instance_attach(struct request *, struct instance *,
		    const char *id, const char *name);
enum err	 instance_detach(struct request *, struct instance *,
		    const char *name);

#endif
