/*
 * admin - what the operator's tool reads and changes.  "which" is an id or a
 * name; ERR_NOT_FOUND when there is none, ERR_CONFLICT when it is there already.
 */
#ifndef LIB_STORE_ADMIN_H
#define LIB_STORE_ADMIN_H

#include "lib/store/parameters.h"
#include "lib/store/store.h"

/* --- listings ---------------------------------------------------------------- */

enum admin_list {
	LIST_DATASTORES, LIST_VERSIONS, LIST_PARAMETERS, LIST_FLAVORS,
	LIST_PROJECTS, LIST_USERS, LIST_ROLES, LIST_TOKENS,
	LIST_TASKS, LIST_TASK, LIST_INSTANCES, LIST_SCHEDULES, LIST_QUOTA,
	LIST_AUDIT_LIVE, LIST_AUDIT_SLOTS, LIST_AUDIT_GUESTLESS,
	LIST_AUDIT_GUESTS, LIST_AUDIT_QUOTAS, LIST_AUDIT_STUCK,
	LIST__MAX
};

/* Column names; a first '#' marks numbers, '?' yes or no. */
struct listing {
	const char *const *column;	/* ends with NULL */
	struct rows	 rows;
};

/* args as the statement in sql_admin.tbl.h wants them; NULL for one that has none. */
enum err	 admin_list(struct op *, enum admin_list, const char *const *args,
		    struct listing *);

/* --- catalogue ------------------------------------------------------------------ */

struct new_version {
	const char	*id, *datastore, *name, *version, *manager;
	const char	*image, *packages;	/* NULL: none */
	bool		 active, preset;	/* preset: the datastore's default */
};
struct version_change {			/* NULL members stay */
	const char	*name, *manager, *active, *image, *packages;
	bool		 preset;
};
struct flavor {
	const char	*id, *name, *ram_mb, *vcpus, *disk_gb, *ephemeral_gb;
	const char	*position;	/* NULL: last, or as it was */
};

enum err	 admin_datastore_add(struct op *, const char *id,
		    const char *name);
enum err	 admin_datastore_remove(struct op *, const char *which);
enum err	 admin_datastore_is_there(struct op *, const char *which);
/* which: an id, DATASTORE/NAME or DATASTORE/NAME/VERSION; ERR_CONFLICT: several. */
enum err	 admin_version_find(struct op *, const char *which,
		    const char **id);
enum err	 admin_version_add(struct op *, const struct new_version *);
enum err	 admin_version_set(struct op *, const char *id,
		    const struct version_change *);
enum err	 admin_version_remove(struct op *, const char *id);
/* All of a version's, at once, instead of what it had. */
enum err	 admin_parameters_load(struct op *, const char *version_id,
		    const struct parameter *, int n);
enum err	 admin_flavors_put(struct op *, const struct flavor *, int n);
enum err	 admin_flavor_remove(struct op *, const char *id);

/* --- identity ---------------------------------------------------------------------- */

enum err	 admin_project_add(struct op *, const char *id,
		    const char *name);
enum err	 admin_project_enable(struct op *, const char *which, bool);
enum err	 admin_user_add(struct op *, const char *id, const char *name,
		    const char *hash);
enum err	 admin_user_is_there(struct op *, const char *which);
/* Both end the user's tokens. */
enum err	 admin_user_password(struct op *, const char *which,
		    const char *hash);
enum err	 admin_user_enable(struct op *, const char *which, bool);
/* Granting what was granted and revoking what was not is ERR_CONFLICT, ERR_NOT_FOUND. */
enum err	 admin_role_grant(struct op *, const char *user,
		    const char *project, const char *role);
enum err	 admin_role_revoke(struct op *, const char *user,
		    const char *project, const char *role);
enum err	 admin_tokens_revoke(struct op *, const char *user, int *n);

/* --- quotas, tasks, audit -------------------------------------------------------- */

/* Any tenant that has a project, a quota or an instance. */
enum err	 admin_tenant_find(struct op *, const char *which,
		    const char **id);
#define QUOTA_RESOURCES 4
/* "instances", "ram", "volumes", "backups", in this order everywhere. */
extern const char *const quota_resources[QUOTA_RESOURCES];
/* A number, "default", or NULL to leave it as it is. */
enum err	 admin_quota_set(struct op *, const char *tenant,
		    const char *const limit[QUOTA_RESOURCES]);
/* A new task like the failed one of this id; its own id out. */
enum err	 admin_task_retry(struct op *, const char *task,
		    const char **new_id);
/* Rows that stand for nothing any more; each looks again before it removes. */
enum err	 admin_audit_forget_guest(struct op *, const char *instance);
enum err	 admin_audit_forget_slot(struct op *, const char *instance);
enum err	 admin_audit_fix_quota(struct op *, const char *tenant);

#endif
