/*
 * salted - what "openssl enc -aes-256-cbc -salt" wrote: "Salted__", 8 bytes of
 * salt, AES-256 in CBC mode.  It is no authenticated encryption: only its padding, and
 * what lies inside, can say that it was changed.  For reading old backups.
 */
#ifndef LIB_BASE_SALTED_H
#define LIB_BASE_SALTED_H

#include "lib/base/op.h"

#include <stdbool.h>

#define SALTED_LOOK 48			/* bytes of the beginning that salted_find() wants */
#define SALTED_OPENED 32		/* of which it opens so many */

/* Of one stream: it opens that and no other. */
struct salted_key { unsigned char key[32], iv[16]; };

/*
 * The key of the stream that begins so, from a pass phrase, by whichever way of
 * openssl's four leads to data that fit (32 opened bytes).  False: none does.
 */
bool		 salted_find(const char *phrase,
		    const unsigned char look[SALTED_LOOK],
		    bool (*fit)(const unsigned char *opened),
		    struct salted_key *);

struct salted;				/* the op's */
enum err	 salted_begin(struct op *, const struct salted_key *,
		    struct salted **);
/* *opened lasts until the next call.  ERR_FORGED: it does not begin as one. */
enum err	 salted_put(struct op *, struct salted *, const void *bytes,
		    size_t n, const unsigned char **opened, size_t *len);
/* The rest; ERR_FORGED: it was cut off, or its padding is none. */
enum err	 salted_end(struct op *, struct salted *,
		    const unsigned char **opened, size_t *len);

#endif
