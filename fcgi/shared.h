/*
 * shared - memory that all API processes of a host share, in one file: the
 * token cache, the rate limits, and how often the catalogue changed.  Nobody
 * holds a lock on it, so a process may die at any point: buckets are one atomic
 * word each, and a cached token carries a checksum and is ignored when it does
 * not fit.  Losing the file loses nothing but time.
 */
#ifndef FCGI_SHARED_H
#define FCGI_SHARED_H

#include "fcgi/api.h"
#include "lib/base/seal.h"

#include <stdatomic.h>

#define BUCKETS		8192		/* projects x methods seen at a time */
#define TOKENS		4096		/* tokens cached at a time */

/*
 * key 0: free.  full: the time, in microseconds of the steady clock, at which
 * the bucket will have run empty.
 */
struct bucket { _Atomic uint64_t key; _Atomic int64_t empty_at; };

#define CACHED_ID	68		/* an id and its end */
#define CACHED_NAME	132
struct cached_token {
	unsigned char	 sum[SEAL_HASH];	/* of all that follows */
	unsigned char	 token[SEAL_HASH];
	int64_t		 expires;	/* wall clock, seconds */
	int64_t		 until;		/* steady clock, ms: believed no longer */
	char		 user[CACHED_ID], user_name[CACHED_NAME];
	char		 project[CACHED_ID], project_name[CACHED_NAME];
	bool		 admin, member, reader, service;
};

struct shared {
	_Atomic uint64_t    made;	/* SHARED_MADE: the layout below */
	_Atomic uint64_t    catalog_changes;
	struct bucket	    bucket[BUCKETS];
	struct cached_token token[TOKENS];
};

/* Map the file, make it when it is not there; ERR_INTERNAL. */
enum err	 shared_open(struct op *, const char *path);
struct shared	*shared_memory(void);	/* after shared_open(); else a private one, for tests */

/* What is known of a token; false: ask.  The caller's texts are the op's. */
bool		 token_cached(struct op *, const unsigned char hash[SEAL_HASH],
		    struct caller *);
/* Believe it for secs seconds, but not past expires. */
void		 token_cache(const unsigned char hash[SEAL_HASH],
		    const struct caller *, int64_t expires, int secs);
void		 token_forget(const unsigned char hash[SEAL_HASH]);

#endif
