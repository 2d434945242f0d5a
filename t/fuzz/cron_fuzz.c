/*
 * A cron expression, a NUL, a file of a time zone: refused, or the next time
 * lies ahead and is one that the expression names.
 */
#include "lib/base/cron.h"
#include "t/fuzz/fuzz.h"

#include <string.h>
#include <time.h>

static void
must(bool holds)
{
	if (!holds)
		__builtin_trap();
}

/* In UTC no time is skipped. */
static void
check_fits(const struct cron *c, int64_t next)
{
	time_t t = (time_t)next;
	struct tm tm;

	must(gmtime_r(&t, &tm) != NULL && tm.tm_sec == 0);
	must(c->set[CRON_MINUTE] >> tm.tm_min & 1);
	must(c->set[CRON_HOUR] >> tm.tm_hour & 1);
	must(c->set[CRON_MONTH] >> (tm.tm_mon + 1) & 1);
	must((c->set[CRON_MONTHDAY] >> tm.tm_mday & 1) +
	    (c->set[CRON_WEEKDAY] >> tm.tm_wday & 1) >= (c->either ? 1 : 2));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int64_t from[] = { 0, 951782399, 1795000000, 4102444799 };
	const uint8_t *nul = n > 0 ? memchr(data, '\0', n) : NULL;
	size_t text = nul != NULL ? (size_t)(nul - data) : n;
	const struct zone *zone = NULL, *utc;
	struct cron c;
	struct op op;
	bool good;

	op_begin(&op, "fuzz");
	if (nul != NULL && zone_parse(&op, nul + 1, n - text - 1, &zone) != OK)
		zone = NULL;
	good = cron_parse(&op, op_strndup(&op, (const char *)data, text),
	    &c) == OK;
	must(good || op.why != NULL);
	must(zone_load(&op, "UTC", &utc) == OK);
	for (size_t i = 0; good && i < sizeof(from) / sizeof(from[0]); i++) {
		int64_t next = cron_next(&c, utc, from[i]);

		must(next > from[i] && next < INT64_MAX);
		check_fits(&c, next);
		if (zone != NULL)
			must(cron_next(&c, zone, from[i]) > from[i]);
	}
	op_end(&op);
	return 0;
}
