/*
 * redis - the only owner of hiredis: one connection, commands as argument
 * vectors (never format strings), pipelines, and messages of channels.
 */
#ifndef LIB_WIRE_REDIS_H
#define LIB_WIRE_REDIS_H

#include "lib/base/op.h"

#include <stdbool.h>

struct redis_where {
	const char	*socket;	/* "" or NULL: use host and port */
	const char	*host;
	int		 port;
	const char	*user, *password;	/* password "": do not authenticate */
	int		 timeout_ms;
};

struct redis;

/* Connects lazily and again after a loss; never fails.  Copies where. */
struct redis	*redis_new(const struct redis_where *);
void		 redis_free(struct redis *);
bool		 redis_up(const struct redis *);	/* connected as far as is known */
int		 redis_fd(struct redis *);		/* for poll(2); -1 while away */
/* Counts connections made: a change says that subscriptions must be renewed. */
unsigned	 redis_epoch(const struct redis *);

enum redis_kind { REDIS_NIL, REDIS_TEXT, REDIS_NUMBER, REDIS_LIST };
struct redis_reply {			/* belongs to the op */
	enum redis_kind	 kind;
	const char	*text;		/* terminated; may hold NULs: see len */
	size_t		 len;
	long long	 number;
	struct redis_reply *item;	/* of a list */
	size_t		 items;
};

#define REDIS_ARGS 64
struct redis_command { const char *arg[REDIS_ARGS]; size_t len[REDIS_ARGS]; int n; };
/* len 0 means strlen(). */

/*
 * ERR_UNAVAILABLE: away, too slow, or not able to for now (loading, read-only,
 * out of memory).  ERR_INTERNAL: Redis refused, with its text.  While Redis is
 * away these fail at once between two attempts to connect; those with a wait
 * of their own sleep through it, so that a loop around them does not spin.
 * reply may be NULL; of a refused command it is REDIS_NIL with the text.
 */
enum err	 redis_call(struct op *, struct redis *, struct redis_reply *,
		    const char *const *argv);	/* of any length; ends with NULL */
/* n commands in one write; replies may be NULL.  The first refusal is returned, all are run. */
enum err	 redis_pipe(struct op *, struct redis *,
		    const struct redis_command *, int n, struct redis_reply *);

/* The same with a wait of its own, for blocking commands (BLMOVE, BLPOP). */
enum err	 redis_call_wait(struct op *, struct redis *,
		    struct redis_reply *, const char *const *argv, int wait_ms);
enum err	 redis_pipe_wait(struct op *, struct redis *,
		    const struct redis_command *, int n, struct redis_reply *,
		    int wait_ms);

/*
 * Channels.  A connection that subscribed is used for nothing else but
 * further subscriptions.  redis_hear() gives the next message already read
 * or waits for it; OK and *message = false when the wait ends.  The channel
 * and data live until the next call.  After a loss it gives ERR_UNAVAILABLE
 * and the next call connects again and returns without a message: whoever
 * sees another redis_epoch() than at its last redis_listen() listens anew.
 */
enum err	 redis_listen(struct op *, struct redis *, bool pattern,
		    const char *channel);
enum err	 redis_unlisten(struct op *, struct redis *, bool pattern,
		    const char *channel);
struct redis_message { const char *channel; const char *data; size_t len; };
enum err	 redis_hear(struct op *, struct redis *, struct redis_message *,
		    bool *message, int wait_ms);

#endif
