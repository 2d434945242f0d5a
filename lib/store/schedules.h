/*
 * schedules - rows of backups that come by themselves: when, how many are
 * kept, how the last run went.  Times are seconds since 1970 going in.
 */
#ifndef LIB_STORE_SCHEDULES_H
#define LIB_STORE_SCHEDULES_H

#include "lib/store/backups.h"

#define SCHEDULES_MOST	10		/* of one instance */
#define SCHEDULE_NEVER	INT64_MAX	/* next, of one that is not enabled */

struct schedule {
	const char	*id, *tenant, *user, *instance, *name;
	const char	*description;	/* or NULL */
	const char	*cron, *zone;
	int		 keep_last, keep_days;	/* 0: that is no reason */
	int		 full_every;
	bool		 enabled;
	const char	*next_run, *last_run;	/* NULL: none */
	const char	*last_backup, *last_state;	/* NULL: none, or it is gone */
	const char	*last_error;	/* NULL: none */
	const char	*created, *updated;
};

/* Each of the first three may be NULL.  In order of id, one more than limit. */
struct schedules_page {
	const char	*tenant, *instance, *marker;
	int		 limit;
};
enum err	 schedules_read(struct op *, const struct schedules_page *,
		    struct schedule **, int *n);
/* tenant NULL: anybody's.  ERR_NOT_FOUND "Resource <id> cannot be found." */
enum err	 schedule_read(struct op *, const char *id,
		    const char *tenant, struct schedule *);
/* ERR_NOT_FOUND: the instance is gone; ERR_OVER_LIMIT: it has so many. */
enum err	 schedule_insert(struct op *, const struct schedule *,
		    int64_t next);
/* ERR_CONFLICT: it is not (updated) as it was read.  next NULL: as it was. */
enum err	 schedule_change(struct op *, const struct schedule *,
		    const int64_t *next);
enum err	 schedule_delete(struct op *, const char *id);

/* --- for workers -------------------------------------------------------------- */

struct run {
	const char	*id, *tenant, *user, *instance, *name, *description;
	const char	*cron, *zone, *due;
	int		 full_every;
	int64_t		 now;		/* the store's clock, seconds */
	const char	*version_id, *manager;	/* NULL: that version is gone */
	const char	*state;		/* in which no backup can be taken, or NULL */
	bool		 busy;		/* its instance has a task, or another backup runs */
};
/*
 * One that is due, claimed until the transaction that is held (store_hold())
 * ends; *found false: there is none.
 */
enum err	 schedule_claim(struct op *, struct run *, bool *found);
/*
 * Upon which the next one may stand; NULL: it is a full one.  unmarked: the
 * engine needs no word of where to go on.
 */
enum err	 schedule_parent(struct op *, const struct run *, bool unmarked,
		    const char **parent);
/* The last call of the claim's transaction. */
struct call	 schedule_ran(struct op *, const struct run *,
		    const char *backup, int64_t next);
/* In its own transaction: no backup this time; or later, why NULL: soon. */
enum err	 schedule_missed(struct op *, const struct run *,
		    int64_t next, const char *why);
enum err	 schedule_later(struct op *, const struct run *, int secs,
		    const char *why);

/* One whose old backups are to be looked for, at once by one worker; or NULL. */
enum err	 schedule_tidy(struct op *, const char **id);
/* Its backups that are kept no longer; what stands upon one goes with it. */
enum err	 schedule_expired(struct op *, const char *id,
		    const char ***backups, int *n);
enum err	 schedule_tidied(struct op *, const char *id);

#endif
