/*
 * channel - a guest's two ends of Redis: it hears its orders on one
 * connection and says its reports and answers on another.  Losing them never
 * touches the database; they are made again for ever.
 */
#ifndef LIB_MSG_CHANNEL_H
#define LIB_MSG_CHANNEL_H

#include "lib/base/op.h"

#include <stdbool.h>

void	 channel_open(struct op *, const char *instance);
void	 channel_close(void);
int	 channel_fd(void);		/* readable when there may be a message; -1 */

/* Subscribe where that is needed.  True when it just was: say how things are. */
bool	 channel_turn(struct op *);
bool	 channel_up(void);
/* The next message, NULL when there is none; it lives until the next call. */
const char *channel_hear(struct op *, size_t *len);
/* False: not sent.  *heard: how many listened. */
bool	 channel_say(struct op *, const char *bytes, size_t len, int *heard);

#endif
