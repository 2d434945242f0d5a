/*
 * modules - rows of modules, and which instances have which.  Contents stand
 * there sealed, and are opened only for a guest that is to have them.
 */
#ifndef LIB_STORE_MODULES_H
#define LIB_STORE_MODULES_H

#include "lib/store/store.h"

struct module {
	const char	*id, *name, *type, *md5;
	const char	*tenant;	/* NULL: of all */
	const char	*description;	/* may be NULL */
	const char	*datastore_id, *version_id;	/* NULL: for any */
	bool		 auto_apply, visible, live_update, priority_apply;
	bool		 is_admin;
	int		 apply_order;
	const char	*created, *updated;
	const char	*sealed;	/* contents; NULL in lists */
	int64_t		 instances;	/* that have it; module_read() only */
};

/* tenant: what it may see; NULL sees all. */
struct modules_wish {
	const char	*tenant;
	const char	*datastore;	/* NULL: of any */
	bool		 for_any;	/* only those of no datastore */
};
enum err	 modules_read(struct op *, const struct modules_wish *,
		    struct module **, int *n);
/* ERR_NOT_FOUND "Module with ID <id> could not be found." */
enum err	 module_read(struct op *, const char *id, const char *tenant,
		    struct module *);
/*
 * In order of application: those of ids (an array as pg_array() writes it)
 * that are there, and, with owner, those that apply by themselves to a new
 * instance of that project and of datastore and version.
 */
struct modules_wanted {
	const char	*tenant, *ids, *datastore, *version, *owner;
};
enum err	 modules_wanted(struct op *, const struct modules_wanted *,
		    struct module **, int *n);
enum err	 modules_of_instance(struct op *, const char *instance,
		    struct module **, int *n);

/* Opened; ERR_FORGED when it does not belong to the row. */
enum err	 module_contents(struct op *, const struct module *,
		    const char **);
/* Sets md5 and sealed; the id is there already. */
void		 module_seal(struct op *, struct module *,
		    const char *contents);

/* ERR_CONFLICT: there is one of this name, type, project, datastore and version. */
enum err	 module_insert(struct op *, const struct module *);
/*
 * updated as it was read.  sealed NULL: contents stay.  ERR_CONFLICT as above,
 * or with *held: instances have it and it may not change under them.
 */
enum err	 module_update(struct op *, const struct module *, bool *held);
enum err	 module_delete(struct op *, const char *id);	/* ERR_CONFLICT: held */

/* For transactions of instances and of workers; arrays as of pg_array(). */
struct call	 modules_applied(const char *instance, const char *ids,
		    const char *md5s);
struct call	 modules_removed(const char *instance,
		    const char *module);	/* NULL: all */

struct module_user { const char *instance, *tenant; };
struct module_users {
	const char	*module, *tenant;	/* tenant NULL: of all projects */
	const char	*md5;		/* only those that have this; or NULL */
	const char	*but;		/* none that have that; or NULL */
	bool		 clustered;
};
enum err	 module_users(struct op *, const struct module_users *,
		    struct module_user **, int *n);

struct module_count { const char *md5, *first, *last; int64_t n; };
enum err	 module_counts(struct op *, const struct module_users *,
		    struct module_count **, int *n);

#endif
