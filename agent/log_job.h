/*
 * log_job - what an order to publish a log says, checked; and the same for the
 * program that does it, as of transfer_job.
 */
#ifndef AGENT_LOG_JOB_H
#define AGENT_LOG_JOB_H

#include "agent/datastore.h"
#include "agent/objects.h"
#include "lib/base/json.h"

/* Bytes of a log in one object, and objects of one order. */
#define LOG_CHUNK	1000000
#define LOG_OBJECTS	100

struct log_job {
	const char	*name;		/* of the log */
	const struct db_log_file *file;
	int64_t		 at;		/* wall clock, us: the first object's name; each next is one later */
	int64_t		 expiry;	/* seconds that storage shall keep one */
	struct leave	 leave;		/* for "/log-..." and "_metafile" */
};

/* ERR_BAD_REQUEST; ERR_NOT_BUILT for an engine that keeps its logs elsewhere. */
enum err	 log_job_read(struct op *, const struct datastore *,
		    const struct json *body, struct log_job *);
/* {settings, log: body} */
const char	*log_job_write(struct op *, const struct log_job *);

/* All that is not published and whole lines; log_ship.c. */
enum err	 log_ship(struct op *, const struct log_job *);

#endif
