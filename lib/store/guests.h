/*
 * guests - rows of what guests say, written by conductors; and shards, the
 * shares into which guests are divided among conductors.
 */
#ifndef LIB_STORE_GUESTS_H
#define LIB_STORE_GUESTS_H

#include "lib/store/store.h"

#include <stdbool.h>

struct guest_row {			/* NULL where the column is */
	const char	*id;
	int		 key_epoch;
	int64_t		 seq;
	const char	*status, *version, *order, *err, *why;
};
/* Live guests whose id begins with this hex digit (0 to 15), in heap order. */
enum err	 guests_load(struct op *, int digit, struct guest_row **, int *n);
/* Those of n ids that are there and live. */
enum err	 guests_find(struct op *, const char *const *ids, int n,
		    struct guest_row **, int *found);

/* A changed state.  Texts may be NULL; a size of -1 is not known. */
struct guest_state {
	const char	*id;
	int64_t		 seq, used_bytes, total_bytes;
	const char	*status, *version, *order, *err, *why;
};
struct guest_ids { const char **id; int n; };
/*
 * One statement for all.  written: those whose row took it; the row of the
 * others is gone, or newer.  waiting: tasks that wait on one of them.
 */
enum err	 guests_write(struct op *, const struct guest_state *, int n,
		    struct guest_ids *written, struct guest_ids *waiting);

/* was: the sequence number that the row must have. */
struct guest_seen {
	const char	*id;
	int64_t		 was, seq, used_bytes, total_bytes;
};
/* Seen a moment ago, nothing else new.  Not waited for: a crash may undo it. */
enum err	 guests_seen(struct op *, const struct guest_seen *, int n,
		    struct guest_ids *written);
enum err	 guests_silent(struct op *, const struct guest_seen *, int n,
		    struct guest_ids *written);

#define SHARDS 16
/* owned[i]: the row still says so, and does for another secs. */
enum err	 shards_renew(struct op *, const char *owner, int secs, int n,
		    bool owned[SHARDS]);
/* Owners of live leases; NULL: nobody. */
enum err	 shards_list(struct op *, int n, const char *owner[SHARDS]);
/* ERR_CONFLICT unless it still is from's (NULL: nobody's). */
enum err	 shards_take(struct op *, int shard, const char *owner, int secs,
		    const char *from);
enum err	 shards_release(struct op *, const char *owner);

#endif
