#include "lib/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t shifted_ms;

static int64_t
clock_us(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000 + shifted_ms;
}

int64_t
clock_wall_us(void)
{
	return clock_us(CLOCK_REALTIME) + shifted_ms * 1000;
}

void
clock_sleep_ms(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	if (ms > 0)
		nanosleep(&t, NULL);
}

void
clock_text(char out[CLOCK_TEXT], int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		snprintf(out, CLOCK_TEXT, "1970-01-01T00:00:00");
}

void
clock_shift(int64_t ms)
{
	shifted_ms += ms;
}
