/*
 * conductor - the one process that writes what guests say.  It leases shards
 * (conductor_shards.c), knows their guests from the store (_roll), takes their
 * sealed reports from Redis (_reports), writes what is new in batches, the rest
 * as a cheap "seen", and silence when the clock says so (_writes).  After Redis
 * forgot its users it lets the guests in again (_admit), and it shuts out whoever
 * shouts the others down (_floods).  Should two conductors
 * hold one shard for a moment, the numbers in the rows keep writes to once.
 */
#ifndef WORKER_CONDUCTOR_H
#define WORKER_CONDUCTOR_H

#include "lib/msg/admission.h"
#include "lib/msg/ears.h"
#include "lib/msg/guest.h"
#include "lib/store/guests.h"
#include "worker/conductor_roll.h"

/* Who says most, of those that share a count; and who said too much. */
#define LOUDEST	256
#define OUTLAWS	64
struct loudest { uint64_t who; int64_t second, bytes; };
struct outlaw { uint64_t who; int64_t until; char instance[37]; };

/* Where a walk over all guests is. */
struct walk_at { int digit; size_t place; int64_t time; };

enum count { TAKEN, CHANGED, STALE, FORGED, TOO_LARGE, TOO_MANY, UNKNOWN,
	     NOT_OURS, COUNT__MAX };
extern const char *const count_words[COUNT__MAX];

struct conductor {
	char		 owner[128];
	struct roll	*roll[SHARDS];	/* by first digit; NULL: not ours */
	bool		 leased[SHARDS];	/* by shard: digit modulo shards */
	int64_t		 lease_at;	/* when to look after the leases */
	int64_t		 lease_end;	/* ours end here, by the steady clock */
	unsigned	 ears;		/* ears_epoch() of what we listen to */
	bool		 deaf;		/* Redis is away */
	char		 run_id[ADMISSION_ID];	/* of Redis, when guests were let in */

	struct news	*first, **last;	/* what is to be written, oldest first */
	int		 waiting, batch;
	int64_t		 write_at;	/* no attempt before: the store is away */
	int64_t		 read_until;	/* nor before this: it was just written to */
	int		 pause_ms;
	struct walk_at	 seen, silent;
	int64_t		 turned_at;

	struct { uint64_t id; int64_t second; } nobody[256];	/* looked up lately */
	int64_t		 look_at, said_at;	/* look-ups and log lines: second */
	int		 looks, said;		/* and how many in it */
	struct loudest	 loudest[LOUDEST];
	struct outlaw	 outlaw[OUTLAWS];
	int		 outlaws;
	uint64_t	 count[COUNT__MAX], told[COUNT__MAX];
	int64_t		 told_at;
};

void		 conductor_begin(struct conductor *, const char *owner);
/* One turn: hears for at most wait_ms.  Never fails: what cannot be done now is tried later. */
void		 conductor_turn(struct op *, struct conductor *, int wait_ms);
void		 conductor_end(struct op *, struct conductor *);

void		 shards_tend(struct op *, struct conductor *);	/* leases */
void		 shards_load(struct op *, struct conductor *);	/* their guests */
void		 shards_listen(struct op *, struct conductor *);	/* channels */
void		 shards_drop(struct conductor *);
int		 shard_of(int digit);
/* What a row says, for a guest that is new or whose row is not what we thought. */
void		 guest_learn(struct conductor *, const struct guest_row *);

void		 reports_take(struct op *, struct conductor *,
		    const struct heard *);
uint64_t	 state_digest(const char *status, const char *version,
		    const char *order, const char *err, const char *why);

/* True: it comes from one that says too much, and is shut out. */
bool		 flood_of(struct conductor *, const struct heard *);
void		 floods_end(struct op *, struct conductor *);

bool		 writes_due(const struct conductor *, bool idle);
void		 writes_flush(struct op *, struct conductor *);
void		 writes_walk(struct op *, struct conductor *);
/* The store said no; it did what it was asked. */
void		 writes_put_off(struct op *, struct conductor *, enum err);
void		 writes_went_well(struct op *, struct conductor *);
/* How long until it may be asked, and until it may be written to; 0: now. */
int64_t		 writes_pause(const struct conductor *);
int64_t		 writes_rest(const struct conductor *);
void		 news_drop(struct conductor *, struct guest *);
void		 news_clean(struct conductor *);
/* Its row is gone, so it goes, and its Redis user. */
void		 guest_forget(struct op *, struct conductor *, struct guest *);

void		 admit_begin(struct conductor *);
void		 admit_some(struct op *, struct conductor *);

#endif
