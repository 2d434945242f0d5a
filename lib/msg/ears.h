/*
 * ears - a conductor's hearing: whatever guests say whose ids begin with the
 * digits it listens to.
 */
#ifndef LIB_MSG_EARS_H
#define LIB_MSG_EARS_H

#include "lib/base/op.h"

#include <stdbool.h>

/*
 * Counts connections to Redis, 0 while there is none.  When it changes, words
 * were lost, and whoever listened listens anew.
 */
unsigned	 ears_epoch(void);
/* 0 to 15.  ERR_UNAVAILABLE: Redis is away. */
enum err	 ears_listen(struct op *, int digit);
enum err	 ears_unlisten(struct op *, int digit);

/* Lives until the next call.  channel is terminated; data is the sender's. */
struct heard {
	const char	*channel, *data;
	size_t		 len;
};
/* The next one, or *any = false when the wait ends.  Connects when it must. */
enum err	 ears_hear(struct op *, struct heard *, bool *any, int wait_ms);

#endif
