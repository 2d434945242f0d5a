/* logs - objects of published logs, as steps and sweeps see them. */
#ifndef WORKER_LOGS_H
#define WORKER_LOGS_H

#include "lib/store/log_places.h"

#include <stdint.h>

/* Of "<prefix>/log-2026-11-26T21:18:34.000001": seconds since 1970; -1: no such name. */
int64_t		 log_object_time(const struct log_where *, const char *name);
/* And the other way, without the prefix; from microseconds. */
const char	*log_object_name(struct op *, int64_t wall_us);
/* All of a log's objects of before that time; *left: how many there are still.  With the last goes the metafile. */
enum err	 log_objects_remove(struct op *, const struct log_where *,
		    int64_t before, int *left);

#endif
