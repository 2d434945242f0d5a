/*
 * transfer_job - what an order of a transfer says, checked; and the same once
 * more, for the program that does it (coffer-transfer), with the settings that
 * its engine needs.
 */
#ifndef AGENT_TRANSFER_JOB_H
#define AGENT_TRANSFER_JOB_H

#include "agent/objects.h"
#include "lib/msg/digest.h"
#include "agent/stream_old.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"
#include "lib/base/md5.h"
#include "lib/base/seal.h"

#include <stdbool.h>
#include <stdint.h>

/* An object of a backup is held whole: so much, twice, is the bound of a transfer's memory. */
#define SEGMENT_MOST	(16 << 20)
#define SEGMENT_LEAST	4096
#define SEGMENT_SMALL	(8 << 20)	/* ... of an instance of less than 1 GiB */

struct job_part {			/* one backup, to be made or taken back */
	const char	*backup;
	struct key	 key;
	struct leave	 leave;
	struct segment	*segment;	/* NULL: "00000000" and so on, all but the last of one size */
	size_t		 n;		/* 0: it is to be made */
	int64_t		 each, bytes;	/* of one of those, of all */
	/* Trove made it: one object, whose parts of these sizes have these digests. */
	bool		 old, gzip, salted;
	struct salted_key salted_key;
};
struct job {
	bool		 restore, verify;
	const struct digest *digest;	/* verify: what is known, or NULL */
	int		 digest_ms;	/* backup: of each look at the data; 0: none */
	const char	*since;		/* backup: the mark of the one before; NULL: in full */
	size_t		 segment_bytes;	/* of each but the last; at most */
	struct job_part	*part;		/* restore: the full one first */
	size_t		 n;
};

/* All ERR_BAD_REQUEST. */
enum err	 job_of_backup(struct op *, const struct json *body,
		    struct job *);
enum err	 job_of_restore(struct op *, const struct json *body,
		    struct job *);

enum err	 job_of_verify(struct op *, const struct json *body,
		    struct job *);

/* The nth to be read; it lasts until the next is asked for. */
const struct segment *job_segment(const struct job_part *, size_t nth);

/* To the program and in it. */
const char	*job_write(struct op *, const struct job *);
enum err	 job_read(struct op *, const struct json *, struct job *);
void		 job_wipe(struct job *);	/* its keys */

/* Parts that jobs of other kinds have, too. */
enum err	 leave_read(struct op *, const struct json *, struct leave *);
void		 leave_write(struct jsonw *, const char *name,
		    const struct leave *);
void		 settings_of_agent(struct jsonw *);	/* "settings": ... */
enum err	 settings_take(struct op *, const struct json *job);	/* in the program */

#endif
