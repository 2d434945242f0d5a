/*
 * wishes - what a body asks for, looked up and checked with the
 * contract's faults: the datastore's version, where it stands, flavor, volume.
 */
#ifndef FCGI_WISHES_H
#define FCGI_WISHES_H

#include "fcgi/api.h"
#include "lib/store/catalog.h"
#include "lib/store/instances.h"

/* datastore: {"type", "version", "version_number"}, or NULL. */
enum err	 wish_version(struct request *, const struct catalog *,
		    const struct json *datastore, const struct version_row **);
enum err	 wish_place(struct request *, struct new_instance *);	/* nics, zone, locality, region */
/* ref: the value of a flavorRef, NULL when there is none. */
enum err	 wish_flavor(struct request *, const struct catalog *,
		    const struct json *ref, const struct flavor_row **);
/* An engine without volumes lives on its server's own storage. */
enum err	 wish_storage(struct request *, const struct version_row *,
		    const struct flavor_row *);
enum err	 wish_volume(struct request *, const struct version_row *,
		    int *gb);
/*
 * backups.c: may the backup that is named become one of this version and size
 * (0: no volume)?  *secs: how much longer the create may take.
 */
enum err	 wish_backup(struct request *, const struct version_row *,
		    int gb, int *secs);

#endif
