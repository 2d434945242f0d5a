/*
 * log_places - where published logs lie: an account, a container, and what the
 * names of one log's objects begin with.
 */
#ifndef LIB_STORE_LOG_PLACES_H
#define LIB_STORE_LOG_PLACES_H

#include "lib/store/store.h"

struct log_where { const char *tenant, *container, *prefix; };

/* There will be some; looked at after so many seconds.  For lease_write(). */
struct call	 log_place_note(struct op *, const struct log_where *,
		    int secs);
/* At most so many that are due; the next look at each is so many seconds away. */
enum err	 log_places_sweep(struct op *, int most, int secs,
		    struct log_where **, int *n);
/* Nothing lies there any more. */
enum err	 log_place_empty(struct op *, const struct log_where *);

#endif
