/* view_objects - headers and listings of object storage, as Swift writes them. */
#ifndef FCGI_VIEW_OBJECTS_H
#define FCGI_VIEW_OBJECTS_H

#include "fcgi/api.h"
#include "lib/cloud/objects.h"

void	 view_account_head(struct request *, int containers,
	    const struct container_is *sum);
void	 view_container_head(struct request *, const struct container_is *);
void	 view_object_head(struct request *, const struct object_is *);
void	 view_object_made(struct request *, const struct object_is *);
/* The bodies: JSON, or a name a line; then 204 when there are none. */
void	 view_containers(struct request *, const struct container_is *, int n,
	    bool json);
/* A row without a digest is a "subdir". */
void	 view_objects(struct request *, const struct object_row *, int n,
	    bool json);
void	 view_object_removed(struct request *, int n);

#endif
