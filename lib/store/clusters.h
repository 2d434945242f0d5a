/* clusters - rows of clusters, with the instances that are in them. */
#ifndef LIB_STORE_CLUSTERS_H
#define LIB_STORE_CLUSTERS_H

#include "lib/base/json.h"
#include "lib/store/instances.h"

struct cluster {
	const char	*id, *tenant, *name, *version_id;
	const char	*task;		/* a word of the table in fcgi/view_cluster.c */
	const char	*configuration_id, *locality;	/* or NULL */
	const char	*created, *updated, *deleted;	/* the last may be NULL */
	const struct json *members;	/* of {id, name, type}, in order of id */
};

/* Each may be NULL, limit 0: all of them.  deleted: "t", "f", or NULL for both. */
struct clusters_page { const char *tenant, *marker, *deleted; int limit; };
/* In order of id; one more than limit says that there is a next page. */
enum err	 clusters_read(struct op *, const struct clusters_page *,
		    struct cluster **, int *n);
/* ERR_NOT_FOUND "Cluster '<id>' cannot be found." */
enum err	 cluster_read(struct op *, const char *id, const char *tenant,
		    struct cluster *);
/* In the order of members. */
enum err	 cluster_members(struct op *, const char *id,
		    struct instance **, int *n);
enum err	 cluster_reset(struct op *, const char *id);

#endif
