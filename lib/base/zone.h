/*
 * zone - time zones as the system's zoneinfo has them (TZif, RFC 8536).  Pure:
 * neither a clock nor the process's own zone plays a part.  Times are seconds
 * since 1970; wall times are what a clock on the wall there shows, counted in
 * the same way as if it were UTC.
 */
#ifndef LIB_BASE_ZONE_H
#define LIB_BASE_ZONE_H

#include "lib/base/op.h"

#include <stddef.h>
#include <stdint.h>

struct zone;				/* the op's */

/* By an IANA name; "UTC" needs no file.  ERR_BAD_REQUEST: there is no such. */
enum err	 zone_load(struct op *, const char *name, const struct zone **);
/* From a file's bytes; ERR_BAD_REQUEST: they are none of a zone. */
enum err	 zone_parse(struct op *, const void *, size_t,
		    const struct zone **);

/* Seconds east of UTC at that time. */
int		 zone_offset(const struct zone *, int64_t time);
/*
 * When clocks there show this: the first time, where they show it twice; where
 * they never do, the moment at which they jump over it.
 */
int64_t		 zone_time(const struct zone *, int64_t wall);

#endif
