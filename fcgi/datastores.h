/*
 * datastores - which version of which datastore a request means.
 */
#ifndef FCGI_DATASTORES_H
#define FCGI_DATASTORES_H

#include "fcgi/api.h"
#include "lib/store/catalog.h"

/* All of these read the catalogue anew when the copy does not have the name. */

/* A datastore by id or name; ERR_NOT_FOUND. */
enum err	 datastore_find(struct op *, const struct catalog **,
		    const char *id_or_name, const struct datastore_row **);

/*
 * One version of a datastore: by id or name, by its number when two have one
 * name, or, both NULL, the datastore's default.  ERR_BAD_REQUEST says what is
 * wrong; inactive ones are found, too.
 */
struct version_wish { const char *name, *number; };	/* either may be NULL */
enum err	 version_find(struct op *, const struct catalog **,
		    const struct datastore_row *, const struct version_wish *,
		    const struct version_row **);

/* The version of an id; NULL: there is none, or id is NULL. */
enum err	 version_of(struct op *, const struct catalog **, const char *id,
		    const struct version_row **);
/* The version that a path names, /datastores/{datastore}/versions/{version}; */
enum err	 version_of_path(struct request *, const struct version_row **);
/* or /datastores/versions/{version}. */
enum err	 version_of_id(struct request *, const struct version_row **);

#endif
