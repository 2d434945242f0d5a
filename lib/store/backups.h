/*
 * backups - rows of backups and of strategies, which say into which container
 * backups go.  As with instances, what changes them changes quota and task in
 * the same transaction.
 */
#ifndef LIB_STORE_BACKUPS_H
#define LIB_STORE_BACKUPS_H

#include "lib/store/tasks.h"

struct backup {
	const char	*id, *tenant, *name;
	const char	*instance;	/* NULL: taken elsewhere */
	const char	*description, *parent;	/* may be NULL */
	const char	*state;		/* NEW, BUILDING, COMPLETED ... */
	const char	*version_id;	/* NULL: that version is gone */
	const char	*container;
	const char	*location;	/* NULL until it is stored */
	const char	*size;		/* GB as a JSON number, or NULL */
	const char	*created, *updated;
	bool		 ours;		/* its data are where we wrote them */
	const char	*verified;	/* "t", "f"; NULL: it was not tried, or not yet */
	const char	*verified_at, *verify_error;	/* or NULL */
	const char	*checksum;	/* what storage calls the whole, or NULL */
};

/* Each of the first three may be NULL.  Last changed first. */
struct backups_page {
	const char	*tenant, *instance, *datastore;
	int		 limit;
	int64_t		 offset;
};
enum err	 backups_read(struct op *, const struct backups_page *,
		    struct backup **, int *n);
/* tenant NULL: anybody's.  ERR_NOT_FOUND "Resource <id> cannot be found." */
enum err	 backup_read(struct op *, const char *id, const char *tenant,
		    struct backup *);
/* The last that was completed; *id NULL when there is none. */
enum err	 backup_latest(struct op *, const char *instance,
		    const char **id);
/* What the strategies say, or where no strategy does. */
#define BACKUPS_CONTAINER "database_backups"
enum err	 backup_container(struct op *, const char *tenant,
		    const char *instance, const char **container);

/* What its task is to know; a JSON map. */
const char	*backup_args(struct op *, const struct backup *);
/*
 * A new one.  id is the task's, or, with task NULL, its own: then it is taken
 * elsewhere and only recorded.  ERR_CONFLICT: the instance has changed;
 * ERR_NOT_FOUND: the parent is gone; ERR_OVER_LIMIT.
 */
enum err	 backup_insert(struct op *, const struct backup *,
		    const struct new_task *);
/*
 * With all those incremental upon it; the quota goes back to the owner, and
 * what is in storage goes later.  ERR_UNPROCESSABLE, and nothing changes, when
 * one of them runs; with also: those are told to stop, and *also holds the ids
 * of their tasks, ends with NULL.
 */
enum err	 backup_delete(struct op *, const char *id,
		    const char *const **also);

/* instance "": what holds for the project's others. */
struct strategy { const char *tenant, *instance, *container; };
/* instance NULL: all of the tenant. */
enum err	 strategies_read(struct op *, const char *tenant,
		    const char *instance, struct strategy **, int *n);
enum err	 strategy_set(struct op *, const struct strategy *);
enum err	 strategy_delete(struct op *, const char *tenant,
		    const char *instance);

#endif
