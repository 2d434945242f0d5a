/*
 * backup - what the steps of backups and of restores share: whose data are
 * real, what lies in storage, and the words of a guest about it.
 */
#ifndef WORKER_BACKUP_H
#define WORKER_BACKUP_H

#include "lib/cloud/storage.h"
#include "lib/store/backup_work.h"
#include "worker/flow.h"

#include <stdint.h>

#define BACKUP_LEAVE	86400		/* seconds after its creation in which a guest may write it */
#define BACKUP_LINKS	60		/* of a chain: an order that restores it has to hold a leave for each */

/* No guest moves data here: drivers and an engine of tests. */
bool		 backup_rehearsed(const struct work *);
/* The key of a backup, for its row and from it; hex. */
const char	*backup_key_new(struct op *, const char *id);
enum err	 backup_key_open(struct op *, const char *id,
		    const char *sealed, const char **hex);

/* What a backup's guest says that it stored. */
struct backup_result {
	struct object	*segment;	/* whole names, in order */
	int		 n;
	const char	*checksum;	/* of the whole, where one is known; NULL */
	int64_t		 bytes, plain;
	const char	*mark;		/* or NULL */
	const char	*digest;	/* of its data, or NULL */
};
/*
 * A stranger's word: ERR_GUEST for whatever is not exactly a list of the
 * segments of this backup.
 */
enum err	 backup_result_read(struct op *, const char *id, const char *,
		    size_t, struct backup_result *);
/* ... or that does not lie there: ERR_GUEST that names the object. */
enum err	 backup_result_check(struct op *, const struct backup_result *,
		    const struct object *there, int n);
/*
 * Is that what holds n segments, one behind the other?  checksum: what it was
 * called when it was made, or NULL.
 */
bool		 backup_object_is(struct op *, const struct object *there,
		    const struct object *segment, int n, const char *checksum);
/* Bytes of each but the last, which is no larger; 0: they are of many sizes. */
int64_t		 backup_segments_each(const struct object *, int n);
/* As it stands in the row, and from there; ERR_INTERNAL. */
const char	*backup_segments_text(struct op *, const struct object *,
		    int n);
enum err	 backup_segments_read(struct op *, const char *text,
		    struct object **, int *n);

/*
 * Tells the store how much was moved (-1: no new word of it) of about how
 * much.  ERR_GUEST when that did not change for backup.stall, or when the
 * guest fell silent.
 */
enum err	 backup_moved(struct work *, int64_t bytes, int64_t of);

/* Of so many backups of an instance one is tried (steps_verify.c); 0: none. */
int		 verify_of(void);

/* ERR_GUEST only when it fell silent. */
enum err	 backup_heard(struct work *);

/* What a step says that has such an order under way; ERR_CLOUD: storage is away, so not told now. */
enum verdict	 backup_goes_on(struct work *, enum err, const char *body);

/*
 * What there is of a backup, as much as a worker has time for: *found objects
 * were there, and *left of them are to be removed by another call.
 */
#define BACKUP_REMOVE_MOST 100
enum err	 backup_remove(struct op *, const char *tenant,
		    const char *container, const char *id, int *found,
		    int *left);

#endif
