/*
 * transfer - backups and restores: a process beside the agent moves the data
 * between the engine and the storage, and the order ends when it does.
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
enum err	 transfer_cancel(struct op *, const struct json *body,
		    bool again, struct jsonw *answer);

#endif
