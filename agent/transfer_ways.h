/*
 * transfer_ways - the two ways of data, as coffer-transfer goes them: from the
 * engine to storage, and back.  Never more than 64 MiB of memory.
 */
#ifndef AGENT_TRANSFER_WAYS_H
#define AGENT_TRANSFER_WAYS_H

#include "agent/datastore.h"
#include "agent/transfer_job.h"

/*
 * Objects "00000000" and so on, and at the end, when the engine has said that
 * all is well, "result": {"segments" (lib/msg/segments.h), "bytes",
 * "plain_bytes", "mark", "digest"}.  *mark: the engine's.
 */
enum err	 transfer_out(struct op *, const struct datastore *,
		    const struct job *, const char **mark);
/*
 * All of a chain, each part whole and right before the next begins, and only
 * then in place of the data that are there.
 */
enum err	 transfer_in(struct op *, const struct datastore *,
		    const struct job *);

#endif
