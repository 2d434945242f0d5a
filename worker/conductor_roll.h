/*
 * conductor_roll - the guests that a conductor keeps the state of, by id.
 */
#ifndef WORKER_CONDUCTOR_ROLL_H
#define WORKER_CONDUCTOR_ROLL_H

#include "lib/base/seal.h"

#include <stdint.h>

/* A state that is not in the store yet.  Of one guest only the newest is kept. */
struct news {
	struct news	*next;
	struct guest	*guest;
	int64_t		 since;		/* clock_ms() when the first one came */
	uint64_t	 state;		/* digest of what follows */
	const char	*status, *version, *order, *err, *why;
	char		*text;		/* where they stand */
};

/* 160 bytes each with the index: 150 MB for a million (bench/heartbeats). */
struct guest {
	unsigned char	 id[16];
	struct key	 key;
	int64_t		 seq;		/* of the last report accepted */
	int64_t		 stored_seq;	/* and of the last one stored */
	uint64_t	 state;		/* digest of the state stored; 0 unknown */
	int64_t		 heard;		/* clock_ms(); 0 not yet */
	int64_t		 used_bytes, total_bytes;
	struct news	*news;
	int		 epoch;		/* of the key */
	uint8_t		 second, reports;	/* how many came in this second */
	bool		 there;		/* the place is taken */
	bool		 unseen;	/* heard of since "seen" was written */
	bool		 silent;	/* and stored so */
};

/* The guests whose ids begin with one digit.  They never move in memory. */
struct roll {
	struct guest   **page;
	size_t		 pages, places, guests;
	size_t		 free_places, free_from;	/* given back; the first of them */
	uint32_t	*index;		/* open addressing; place + 1 */
	size_t		 slots;
	int64_t		 since;		/* no silence is counted from before */
	size_t		 admit_at;	/* how far its guests are let in again */
	bool		 admitting;
};

struct roll	*roll_new(int64_t now);
void		 roll_free(struct roll *);
struct guest	*roll_find(const struct roll *, const unsigned char id[16]);
struct guest	*roll_add(struct roll *, const unsigned char id[16]);
void		 roll_forget(struct roll *, struct guest *);
/* The n-th place, NULL when it is empty. */
struct guest	*roll_at(const struct roll *, size_t n);

/* "xxxxxxxx-xxxx-..." with lower-case digits. */
bool		 guest_id_read(unsigned char id[16], const char *uuid);
void		 guest_id_write(char uuid[37], const unsigned char id[16]);

#endif
