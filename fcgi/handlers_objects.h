/* handlers_objects - what routes.c may name for object storage. */
#ifndef FCGI_HANDLERS_OBJECTS_H
#define FCGI_HANDLERS_OBJECTS_H

#include "fcgi/api.h"

/* containers.c */
enum err	 account_show(struct request *);
enum err	 container_show(struct request *);

/* objects.c */
enum err	 object_show(struct request *);
enum err	 object_put(struct request *);
enum err	 object_delete(struct request *);

#endif
