/*
 * instances - rows of instances, with what their guests last said.  Writing
 * functions change the instance, its quota and its task in one transaction:
 * either all of it is there afterwards, or nothing.
 */
#ifndef LIB_STORE_INSTANCES_H
#define LIB_STORE_INSTANCES_H

#include "lib/store/tasks.h"

struct instance {
	const char	*id, *tenant, *name, *version_id, *flavor_id;
	int		 volume_gb;
	const char	*task, *server_status;	/* words of the tables in fcgi/status.c */
	const char	*region;
	const char	*access;	/* JSON, or NULL */
	const char	*address, *network_id;	/* NULL: none yet */
	const char	*public_address;	/* a second one, from outside; or NULL */
	const char	*replica_of;
	const char	*created;	/* times begin YYYY-MM-DD?HH:MM:SS, UTC */
	const char	*guest_status;	/* "unknown": silent since a reset; NULL: no row of guests */
	int64_t		 guest_age;	/* seconds since its last report; -1 none yet */
	bool		 backing_up;	/* a backup of it runs */
	const char	*replicas;	/* their ids, by blanks; NULL: none */

	/* not in lists without detail */
	const char	*updated, *guest_seen;
	int		 key_epoch;
	const char	*locality, *server_id, *volume_id;
	const char	*configuration_id, *configuration;	/* and the group's name */
	const char	*fault, *fault_details, *fault_at;
	const char	*root_enabled_at;	/* NULL: not enabled */
	const char	*cluster_id;
	int64_t		 used_bytes, total_bytes;	/* 0: not known */
	int		 ram_mb;
};

struct instances_page {
	const char	*tenant, *marker;	/* marker NULL: from the start */
	const char	*module;	/* those that have it, and tenant may be NULL: of all; or NULL */
	int		 limit;
	bool		 clustered, detail;
};
/* In order of id; one more than limit says that there is a next page. */
enum err	 instances_read(struct op *, const struct instances_page *,
		    struct instance **, int *n);
/* tenant NULL: anybody's.  ERR_NOT_FOUND "Resource <id> cannot be found." */
enum err	 instance_read(struct op *, const char *id, const char *tenant,
		    struct instance *);

/* For statements that begin with INSTANCE_LEAN INSTANCE_FULL; the column after them. */
int		 instance_take(const struct rows *, int row, struct instance *);

struct new_instance {
	char		 id[UUID_LEN + 1];
	const char	*tenant, *name, *version_id, *flavor_id;
	int		 ram_mb, vcpus, volume_gb;
	const char	*region, *access, *locality;	/* the last two may be NULL */
	const char	*network, *address, *zone;	/* asked for; may be NULL */
	const char	*replica_of;	/* or NULL */
	const char	*restores;	/* the backup it is made of, or NULL */
	const char	*configuration_id;	/* or NULL; of this revision: */
	int		 configuration_revision;
	const char	*module_ids, *module_md5s;	/* arrays, or NULL */
};
/*
 * ERR_OVER_LIMIT with the contract's text when the quota does not allow it.
 * ERR_CONFLICT when the group, or the source, is not any more as it was read.
 * n replicas of one source, else one; the row of the last one, as it was
 * stored, comes back.
 */
#define REPLICAS_MOST 3
enum err	 instances_insert(struct op *, const struct new_instance *, int n,
		    const struct new_task *, struct instance *);

enum err	 instance_rename(struct op *, const char *id, const char *name);

/*
 * What follows answers ERR_CONFLICT, and changes nothing, when the instance is
 * not (or no longer) in a state that allows it: read it again and say why.
 * also[] gets the ids of other tasks to ring, those that were cancelled; it
 * ends with NULL and may be NULL itself.
 */
/* A request was refused with this text: it becomes the instance's fault, if it has a server or is to get one. */
enum err	 instance_refused(struct op *, const char *id, const char *why);
enum err	 instance_remove(struct op *, const char *id,
		    const struct new_task *, const char *const **also);
enum err	 instance_remove_again(struct op *, const char *id,
		    const struct new_task *);
enum err	 instance_restart(struct op *, const char *id,
		    const struct new_task *);
/* task_word: "REBOOTING", "MIGRATING" ... */
enum err	 instance_begin(struct op *, const char *id,
		    const char *task_word, const struct new_task *);
/* The same, and what changes at once with it; NULL: stays. */
struct alteration { const char *word, *name, *version_id; };
enum err	 instance_alter(struct op *, const char *id,
		    const struct alteration *, const struct new_task *);
enum err	 instance_promote(struct op *, const char *id,
		    const struct new_task *);
struct flavor_row;
/* in: as it was read.  ERR_OVER_LIMIT as with instance_insert(). */
enum err	 instance_reflavor(struct op *, const struct instance *in,
		    const struct flavor_row *to, const struct new_task *);
/* The volumes of n instances of one size, all or none; a task for each. */
enum err	 instances_grow(struct op *, const struct instance *in, int n,
		    int gb, const struct new_task *);
enum err	 instance_submit(struct op *, const char *id,
		    const struct new_task *);

/* guest: what its guest said so far counts no more, either. */
enum err	 instance_reset(struct op *, const char *id, bool guest,
		    const char *const **also);
enum err	 instance_cancel_task(struct op *, const char *id,
		    const char *task);

#endif
