/*
 * replicas - instances that follow another one.  No engine of ours replicates
 * yet: on the local driver all of it is refused as for an engine that cannot.
 */
#ifndef FCGI_REPLICAS_H
#define FCGI_REPLICAS_H

#include "fcgi/api.h"
#include "lib/store/catalog.h"
#include "lib/store/instances.h"

/* What does not go together with replica_of, or without it. */
enum err	 replica_check(struct request *);
/* Of the source that is named: what a replica has from it. */
enum err	 replica_wish(struct request *, const struct catalog **,
		    struct new_instance *, const struct version_row **);

enum err	 replica_detach(struct request *, struct instance *,
		    const char *name);
enum err	 replica_promote(struct request *, struct instance *);
enum err	 replica_eject(struct request *, struct instance *);

#endif
