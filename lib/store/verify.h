/*
 * verify - backups that are tried: rows of hidden instances, and what was
 * found.  What gives a call is for lease_end().
 */
#ifndef LIB_STORE_VERIFY_H
#define LIB_STORE_VERIFY_H

#include "lib/store/backups.h"
#include "lib/store/store.h"

/* How many are tried at a time (backup.verify_slots); 0: none is tried here. */
int		 verify_slots(void);
/*
 * Of one of ours, whatever was found before and whether it would have been
 * chosen: as soon as a slot is free.  ERR_UNPROCESSABLE, ERR_NOT_BUILT: it
 * cannot be tried, and why.
 */
enum err	 verify_ask(struct op *, const struct backup *);
/* Of the one whose turn it is, with at most so many at a time; *task NULL: none. */
enum err	 verify_begin(struct op *, int slots, const char *region,
		    const char **task);

struct verify_work {
	int		 tries;		/* this one counted */
	const char	*digest;	/* JSON, or NULL */
};
enum err	 verify_read(struct op *, const char *backup,
		    struct verify_work *);

/* What came of it: it is good, it is not (why), or, with again_s, not known yet; -1: nor will it be. */
struct call	 verify_good(const char *backup);
struct call	 verify_bad(const char *backup, const char *why);
struct call	 verify_unknown(struct op *, const char *backup,
		    const char *why, int again_s);

/* A task that removes one, and its id; unless another task has it. */
struct call	 verify_remove(struct op *, const char *instance,
		    const char **task);
/* The same for whatever has no task any more. */
enum err	 verify_sweep(struct op *, const char ***tasks, int *n);
enum err	 verify_prune(struct op *);

#endif
