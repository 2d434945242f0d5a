/*
 * configurations - groups of settings that tenants give to their instances.
 * Writing functions change the group, the instances and their tasks in one
 * transaction, as instances.h says; ERR_CONFLICT: look again.
 */
#ifndef LIB_STORE_CONFIGURATIONS_H
#define LIB_STORE_CONFIGURATIONS_H

#include "lib/store/tasks.h"

struct configuration {
	const char	*id, *tenant, *name, *version_id;
	const char	*description;	/* may be NULL */
	const char	*created, *updated;

	/* not in lists */
	const char	*settings;	/* a JSON map; sealed where it is stored */
	int		 revision;
	int64_t		 instances;
};

struct configurations_page {
	const char	*tenant;	/* NULL: everybody's */
	const char	*marker;	/* NULL: from the start */
	int		 limit;
};
/* In order of id; one more than limit says that there is a next page. */
enum err	 configurations_read(struct op *,
		    const struct configurations_page *,
		    struct configuration **, int *n);
/* tenant NULL: anybody's.  ERR_NOT_FOUND, without a text. */
enum err	 configuration_read(struct op *, const char *id,
		    const char *tenant, struct configuration *);

/* With a new id; the row as it was stored comes back in the last argument. */
enum err	 configuration_insert(struct op *, const struct configuration *,
		    struct configuration *);
/* ERR_CONFLICT: it is attached. */
enum err	 configuration_remove(struct op *, const char *id);

/* An instance that has a group; told: it has a server that can be told. */
struct holder { const char *id, *name, *tenant; bool told; };
/* A page of them, with id and name; */
enum err	 configuration_instances(struct op *, const char *id,
		    const struct configurations_page *, struct holder **,
		    int *n);
/* all of them, without names. */
enum err	 configuration_holders(struct op *, const char *id,
		    struct holder **, int *n);

/*
 * name and description NULL: as they were; id, revision and settings are
 * needed.  task[i] is for holder[i], which must be all of them.
 */
struct reconfiguration {
	struct configuration to;
	const struct holder *holder;
	const struct new_task *task;
	int		 holders;
	bool		 restart;	/* they need one */
};
enum err	 configuration_change(struct op *,
		    const struct reconfiguration *);

/* Attach or detach; what is not there is NULL. */
struct attachment {
	const char	*was;		/* the group's id before */
	const struct configuration *now;
	bool		 restart;
	const char	*name;		/* of the instance, when it changes too */
};
enum err	 instance_configure(struct op *, const char *instance,
		    const struct attachment *, const struct new_task *);

#endif
