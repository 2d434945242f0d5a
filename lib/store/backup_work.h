/*
 * backup_work - backups as workers see them: with the key, the segments and
 * the chain they stand upon, and how far the moving of their data has come.
 * What gives a call is for lease_write() and lease_end().
 */
#ifndef LIB_STORE_BACKUP_WORK_H
#define LIB_STORE_BACKUP_WORK_H

#include "lib/store/store.h"

struct backup_work {
	const char	*name, *container;
	const char	*key;		/* sealed; NULL: none was made yet */
	const char	*datastore, *version, *engine;	/* NULL: that version is gone */
	const char	*parent;	/* id, or NULL; then what is said of it: */
	bool		 parent_good;	/* completed, there, of the same instance */
	const char	*mark, *parent_location, *parent_checksum;
	int64_t		 moved;		/* bytes, as its task saw it last */
	bool		 deleted;
};
enum err	 backup_work_read(struct op *, const char *id,
		    struct backup_work *);	/* ERR_NOT_FOUND */

/* A new one begins, with this sealed key or, with NULL, without data of ours. */
struct call	 backup_begun(const char *id, const char *key);

struct backup_stored {			/* what stands there when it is complete */
	const char	*location, *gb, *checksum;
	const char	*mark;		/* or NULL */
	const char	*segments;	/* JSON, or NULL */
	int64_t		 stored, plain;	/* bytes; -1: not known */
	const char	*digest;	/* of the data, JSON; or NULL */
};
struct call	 backup_stored(struct op *, const char *id,
		    const struct backup_stored *);
/* verify_of: of so many of an instance one is tried; 0: none. */
struct call	 backup_ended(struct op *, const char *id,
		    const char *instance, const char *state, int verify_of);

struct backup_link {
	const char	*id, *tenant, *container;
	bool		 good;		/* complete, and not deleted */
	const char	*parent;	/* NULL: a full one */
	const char	*key;		/* sealed; NULL: no data of ours */
	const char	*segments;	/* JSON */
	int64_t		 stored, plain;
	const char	*location, *checksum;	/* may be NULL */
};
/* The full one first, this one last; n 0: there is no such backup. */
enum err	 backup_chain(struct op *, const char *id,
		    struct backup_link **, int *n);

/* Bytes moved so far (-1: no new word of it), of about so many (0: not known), of a task. */
struct call	 task_moved(struct op *, const char *task, int64_t bytes,
		    int64_t of, const char *instance);
/* Its row: ms since more was seen; ms since the guest was heard, -1: never. */
void		 task_moved_read(const struct rows *, int64_t *still,
		    int64_t *silent);

/* --- what is to go from storage ---------------------------------------------- */

struct backup_trace { const char *id, *tenant, *container; };
/* At most so many that are due; each is this caller's for a minute. */
enum err	 backups_sweep(struct op *, int most, struct backup_trace **,
		    int *n);
/* nothing: none of its objects was there; leave: seconds that one to write holds. */
enum err	 backup_swept(struct op *, const char *id, bool nothing,
		    int leave);

#endif
