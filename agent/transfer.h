/*
 * transfer - backups, restores and published logs: a process beside the agent moves the data
 * between the engine and the storage, and the order ends when it does.  One at a
 * time.  It dies with the agent; the order, told again, begins anew.
 */
#ifndef AGENT_TRANSFER_H
#define AGENT_TRANSFER_H

#include "lib/base/json.h"
#include "lib/base/jsonw.h"

#include <stdbool.h>

/* Duties; ERR_NOT_BUILT where the engine takes no backups. */
enum err	 transfer_backup(struct op *, const struct json *body,
		    bool again, struct jsonw *answer);
enum err	 transfer_restore(struct op *, const struct json *body,
		    bool again, struct jsonw *answer);
enum err	 transfer_log(struct op *, const struct json *body,
		    bool again, struct jsonw *answer);
enum err	 transfer_verify(struct op *, const struct json *body,
		    bool again, struct jsonw *answer);
enum err	 transfer_cancel(struct op *, const struct json *body,
		    bool again, struct jsonw *answer);

int		 transfer_watch(void);	/* readable when it has ended; -1: none runs */
bool		 transfer_holds_server(void);	/* a restore: nobody may start it */
/*
 * True once when one has ended: *e and op->why are what it came to; *start: it
 * was a restore, and the server is to start now.
 */
bool		 transfer_ended(struct op *, enum err *e, bool *start);
void		 transfer_kill(void);	/* the agent ends */

#endif
