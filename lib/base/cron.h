/*
 * cron - times that come again, as crontab(5) writes them: minute, hour, day of
 * the month, month, day of the week; lists, ranges, steps, names of months and
 * days; "@hourly", "@daily", "@weekly", "@monthly", "@yearly".  Where both
 * days are restricted, one of them is enough.
 *
 * They are times of a clock on the wall of some zone: one that is skipped when
 * clocks are put forward comes when they are, one that is there twice comes
 * the first time only.  No clock inside.
 */
#ifndef LIB_BASE_CRON_H
#define LIB_BASE_CRON_H

#include "lib/base/op.h"
#include "lib/base/zone.h"

#include <stdbool.h>
#include <stdint.h>

enum cron_part {
	CRON_MINUTE, CRON_HOUR, CRON_MONTHDAY, CRON_MONTH, CRON_WEEKDAY,
	CRON_PARTS
};

struct cron {
	uint64_t	 set[CRON_PARTS];	/* a bit for each value; Sunday is 0 */
	bool		 either;		/* one of the two days is enough */
};

/* ERR_BAD_REQUEST says which part is wrong, or that no such day ever comes. */
enum err	 cron_parse(struct op *, const char *, struct cron *);
/* The first time after this one, in seconds since 1970. */
int64_t		 cron_next(const struct cron *, const struct zone *,
		    int64_t after);

#endif
