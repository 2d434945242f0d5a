/*
 * catalog - datastores, their versions, and flavors.  They are few, change
 * rarely and are named in every answer, so each process keeps a copy.  It reads
 * it again after a change by a process of its host, when PostgreSQL tells of
 * another's, or when it is older than CATALOG_MS; who misses a row in it asks for
 * a newer one.  A copy stays as long as an op looks at it.  PostgreSQL's word may come
 * a moment after the commit; a host's own processes are exact.
 */
#ifndef LIB_STORE_CATALOG_H
#define LIB_STORE_CATALOG_H

#include "lib/base/op.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CATALOG_MS	 3000		/* age at which it is read again */
#define CATALOG_MISS_MS	  500		/* ... and after a miss */

struct datastore_row {
	const char	*id, *name;
	const char	*default_version;	/* id, or NULL */
};

struct version_row {
	const char	*id, *name;
	const char	*number;	/* column version: "10.11.6" */
	const char	*manager;	/* the engine: "mariadb" */
	const char	*image, *packages, *tags;	/* image may be NULL; lists have commas */
	const char	*registry_ext, *repl_strategy;	/* NULL: none */
	bool		 active;
	const struct datastore_row *of;
};

struct flavor_row {
	const char	*id, *name;
	int		 ram_mb, vcpus, disk_gb, ephemeral_gb;
};

struct catalog {
	const struct datastore_row *datastore;
	const struct version_row *version;	/* those of one datastore together */
	const struct flavor_row	*flavor;
	int		 datastores, versions, flavors;
};

enum err	 catalog_read(struct op *, const struct catalog **);
/* After a miss: a newer copy, unless the last one was read just now. */
enum err	 catalog_reread(struct op *, const struct catalog **);

/* As the store has it now: for who changes it. */
enum err	 catalog_fresh(struct op *, const struct catalog **);

/* NULL when there is none of this id, or for datastores of this id or name. */
const struct datastore_row *catalog_datastore(const struct catalog *,
		    const char *id_or_name);
const struct version_row *catalog_version(const struct catalog *,
		    const char *id);
const struct flavor_row	*catalog_flavor(const struct catalog *,
		    const char *id);

/* After store_open(): hear of the changes of others, also other hosts'. */
void		 catalog_listen(void);

/*
 * To be called after the commit of each change: no process that counts changes
 * in the same word looks at a copy from before it.
 */
void		 catalog_changed(void);
/* Memory that processes share; until then each counts for itself. */
void		 catalog_share(_Atomic uint64_t *changes);

#endif
