/*
 * operator - what operators ask of all projects' instances, hosts and quotas,
 * and how they change the catalogue.
 */
#ifndef LIB_STORE_OPERATOR_H
#define LIB_STORE_OPERATOR_H

#include "lib/store/instances.h"

struct managed {
	struct instance	 in;		/* server_id and volume_id: also of one that is gone */
	const char	*deleted_at;	/* NULL: it lives */
	const char	*root_by, *root_at;	/* NULL: root was never enabled */
	const char	*host;		/* NULL: no server */
};

struct managed_page {
	const char	*deleted;	/* "t", "f"; NULL: both */
	bool		 clustered;	/* members of clusters too */
	const char	*tenant, *host;	/* NULL: any */
	int64_t		 limit, offset;
};
/* Last changed first. */
enum err	 managed_list(struct op *, const struct managed_page *,
		    struct managed **, int *n);
enum err	 managed_show(struct op *, const char *id, bool deleted_too,
		    struct managed *);	/* ERR_NOT_FOUND */

struct account { const char *tenant; int64_t instances; };
enum err	 accounts_list(struct op *, struct account **, int *n);

struct host {
	const char	*name, *driver;
	int64_t		 ram_mb, ram_used_mb, instances;
	int64_t		 disk_mb, disk_free_mb, promised_gb;
};
/* name NULL: all of them. */
enum err	 hosts_list(struct op *, const char *name, struct host **,
		    int *n);
enum err	 host_seen(struct op *, const struct host *);

/* NULL: stays as it is.  instances, ram, volumes, backups. */
enum err	 quota_limits(struct op *, const char *tenant,
		    const char *const limit[4]);

struct version_new {
	const char	*id, *datastore, *name, *number, *manager;
	const char	*image, *packages, *tags, *registry_ext, *repl_strategy;
	const char	*active, *preset;	/* "t", "f"; preset may be NULL */
};
/* Its datastore comes into being with it.  ERR_CONFLICT: it is there already. */
enum err	 version_insert(struct op *, const struct version_new *);
/* NULL members stay; datastore and number always do. */
enum err	 version_change(struct op *, const struct version_new *);
/* ERR_CONFLICT, with the contract's text, while something uses it. */
enum err	 version_delete(struct op *, const char *id);
enum err	 datastore_delete(struct op *, const char *id);

#endif
