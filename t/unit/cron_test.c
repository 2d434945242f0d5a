/* Times that come again, in zones whose clocks are put forward and back. */
#include "t/unit/test_op.h"
#include "lib/base/cron.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t
utc(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%d %H:%M", &tm);

	assert_non_null(rest);
	if (*rest == ':')
		tm.tm_sec = atoi(rest + 1);
	return timegm(&tm);
}

static const char *
show(int64_t t)
{
	time_t time = (time_t)t;
	char text[32];
	struct tm tm;

	gmtime_r(&time, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	return op_strdup(&op, text);
}

static const struct zone *
zone(const char *name)
{
	const struct zone *z;

	if (zone_load(&op, name, &z) != OK)
		fail_msg("%s", op.why);
	return z;
}

/* --- expressions ------------------------------------------------------------------ */

static const struct { const char *cron, *why; } refused[] = {
	{ "", "A cron expression is" },
	{ "* * * *", "A cron expression is" },
	{ "* * * * * *", "A cron expression is" },
	{ "@reboot", "A cron expression is" },
	{ "@", "A cron expression is" },
	{ "60 * * * *", "'60' is no minute" },
	{ "-1 * * * *", "'-1' is no minute" },
	{ "1- * * * *", "'1-' is no minute" },
	{ "5-1 * * * *", "'5-1' is no minute" },
	{ "1,,2 * * * *", "'1,,2' is no minute" },
	{ "1, * * * *", "'1,' is no minute" },
	{ ", * * * *", "',' is no minute" },
	{ "*/0 * * * *", "'*/0' is no minute" },
	{ "*/60 * * * *", "'*/60' is no minute" },
	{ "*/ * * * *", "'*/' is no minute" },
	{ "*/-5 * * * *", "'*/-5' is no minute" },
	{ "*5 * * * *", "'*5' is no minute" },
	{ "5/10 * * * *", "'5/10' is no minute" },
	{ "jan * * * *", "'jan' is no minute" },
	{ "0001 * * * *", "'0001' is no minute" },
	{ "99999999999999999999 * * * *", "no minute" },
	{ "\xc3\xa9 * * * *", "plain ASCII" }, { "1\n * * * *", "plain ASCII" },
	{ "1;2 * * * *", "'1;2' is no minute" },
	{ "0 24 * * *", "'24' is no hour" },
	{ "0 1.5 * * *", "'1.5' is no hour" },
	{ "0 0 0 * *", "'0' is no day of the month" },
	{ "0 0 32 * *", "'32' is no day of the month" },
	{ "0 0 L * *", "'L' is no day of the month" },
	{ "0 0 * 0 *", "'0' is no month" },
	{ "0 0 * 13 *", "'13' is no month" },
	{ "0 0 * january *", "'january' is no month" },
	{ "0 0 * mon *", "'mon' is no month" },
	{ "0 0 * * 8", "'8' is no day of the week" },
	{ "0 0 * * fri-mon", "'fri-mon' is no day of the week" },
	{ "0 0 * * mon#2", "'mon#2' is no day of the week" },
	{ "0 0 * * ?", "'?' is no day of the week" },
	/* days that never come */
	{ "0 0 30 2 *", "The day '30 2' of the cron expression never comes." },
	{ "0 0 30,31 feb *", "never comes" },
	{ "0 0 31 2,4,6,9,11 *", "never comes" },
	{ "0 0 31 4-6/2 */2", "never comes" },
};

static void
what_is_none_is_refused_with_the_part_that_is_wrong(void **state)
{
	struct cron c;

	(void)state;
	for (size_t i = 0; i < ROWS(refused); i++) {
		if (cron_parse(&op, refused[i].cron, &c) != ERR_BAD_REQUEST)
			fail_msg("'%s' is let through", refused[i].cron);
		if (strstr(op.why, refused[i].why) == NULL)
			fail_msg("'%s': %s", refused[i].cron, op.why);
	}
}

/* What a long one is refused with stays short. */
static void
a_long_one_is_not_repeated_in_full(void **state)
{
	char s[4096];
	struct cron c;

	(void)state;
	memset(s, '1', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	assert_int_equal(cron_parse(&op, s, &c), ERR_BAD_REQUEST);
	assert_true(strlen(op.why) < 300);
	for (int i = 1; i < 9; i += 2)
		s[i] = ' ';
	assert_int_equal(cron_parse(&op, s, &c), ERR_BAD_REQUEST);
	assert_non_null(strstr(op.why, "is no day of the week"));
	assert_true(strlen(op.why) < 300);
}

/* --- the next time ------------------------------------------------------------------ */

static const struct {
	const char *cron, *zone, *after, *next;		/* both UTC */
} nexts[] = {
	{ "* * * * *", "UTC", "2026-11-26 12:00", "2026-11-26 12:01" },
	{ "* * * * *", "UTC", "2026-11-26 12:00:59", "2026-11-26 12:01" },
	{ "*/15 * * * *", "UTC", "2026-11-26 12:45", "2026-11-26 13:00" },
	{ "7 * * * *", "UTC", "2026-11-26 12:06:59", "2026-11-26 12:07" },
	{ "7 * * * *", "UTC", "2026-11-26 12:07", "2026-11-26 13:07" },
	{ "5,10-20/5,59 3 * * *", "UTC", "2026-11-26 03:05", "2026-11-26 03:10" },
	{ "5,10-20/5,59 3 * * *", "UTC", "2026-11-26 03:20", "2026-11-26 03:59" },
	{ "5,10-20/5,59 3 * * *", "UTC", "2026-11-26 03:59", "2026-11-27 03:05" },
	{ "\t0  2\t* * *  ", "UTC", "2026-12-31 23:59", "2027-01-01 02:00" },
	{ "0 0 1 jan *", "UTC", "2026-01-01 00:00", "2027-01-01 00:00" },
	{ "0 0 1 JAN,Jul *", "UTC", "2026-01-01 00:00", "2026-07-01 00:00" },
	{ "@hourly", "UTC", "2026-11-26 12:00", "2026-11-26 13:00" },
	{ "@daily", "UTC", "2026-11-26 12:00", "2026-11-27 00:00" },
	{ "@Midnight", "UTC", "2026-11-26 12:00", "2026-11-27 00:00" },
	{ "@weekly", "UTC", "2026-11-26 12:00", "2026-11-29 00:00" },
	{ "@monthly", "UTC", "2026-11-26 12:00", "2026-12-01 00:00" },
	{ "@yearly", "UTC", "2026-11-26 12:00", "2027-01-01 00:00" },
	{ "@annually", "UTC", "2026-11-26 12:00", "2027-01-01 00:00" },
	/* weekdays: the 26th is a Thursday */
	{ "0 4 * * 0", "UTC", "2026-11-26 12:00", "2026-11-29 04:00" },
	{ "0 4 * * 7", "UTC", "2026-11-26 12:00", "2026-11-29 04:00" },
	{ "0 4 * * sun", "UTC", "2026-11-26 12:00", "2026-11-29 04:00" },
	{ "0 4 * * 5-7", "UTC", "2026-11-28 12:00", "2026-11-29 04:00" },
	{ "0 4 * * mon-fri", "UTC", "2026-11-27 12:00", "2026-11-30 04:00" },
	{ "0 4 * * Tue,SAT", "UTC", "2026-11-28 12:00", "2026-12-01 04:00" },
	/* both days: one is enough; a star restricts nothing */
	{ "0 4 1 * mon", "UTC", "2026-11-26 12:00", "2026-11-30 04:00" },
	{ "0 4 1 * mon", "UTC", "2026-11-30 12:00", "2026-12-01 04:00" },
	{ "0 4 30 2 mon", "UTC", "2026-03-01 00:00", "2027-02-01 04:00" },
	{ "0 4 */2 * mon", "UTC", "2026-11-26 12:00", "2026-12-07 04:00" },
	{ "0 4 13 * */5", "UTC", "2026-11-26 12:00", "2026-12-13 04:00" },
	/* days that do not come every month, every year, every century */
	{ "0 0 31 * *", "UTC", "2026-03-31 00:00", "2026-05-31 00:00" },
	{ "0 0 29 2 *", "UTC", "2026-11-26 12:00", "2028-02-29 00:00" },
	{ "0 0 29 feb *", "UTC", "2096-02-29 00:00", "2104-02-29 00:00" },
	{ "0 0 29 2 */7", "UTC", "2004-03-01 00:00", "2032-02-29 00:00" },
	{ "0 0 29 2 */7", "UTC", "2088-03-01 00:00", "2128-02-29 00:00" },
	/* a zone east, one west, and one with half an hour */
	{ "0 2 * * *", "Asia/Tokyo", "2026-11-26 16:59", "2026-11-26 17:00" },
	{ "30 23 * * *", "America/New_York", "2026-01-10 00:00", "2026-01-10 04:30" },
	{ "0 0 1 * *", "Asia/Kolkata", "2026-11-26 12:00", "2026-11-30 18:30" },
	/* Berlin, put forward on 29 March 2026 at 02:00 +01, 01:00 UTC */
	{ "30 1 * * *", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 00:30" },
	{ "30 2 * * *", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 01:00" },
	{ "30 2 * * *", "Europe/Berlin", "2026-03-29 01:00", "2026-03-30 00:30" },
	{ "0 3 * * *", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 01:00" },
	{ "*/10 2 * * *", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 01:00" },
	{ "*/10 2 * * *", "Europe/Berlin", "2026-03-29 01:00", "2026-03-30 00:00" },
	{ "30 * * * *", "Europe/Berlin", "2026-03-29 00:30", "2026-03-29 01:00" },
	{ "30 * * * *", "Europe/Berlin", "2026-03-29 01:00", "2026-03-29 01:30" },
	{ "30 2 29 3 *", "Europe/Berlin", "2025-12-01 00:00", "2026-03-29 01:00" },
	/* ... and back on 25 October at 03:00 +02, 01:00 UTC */
	{ "30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", "2026-10-25 00:30" },
	{ "30 2 * * *", "Europe/Berlin", "2026-10-25 00:30", "2026-10-26 01:30" },
	{ "30 2 * * *", "Europe/Berlin", "2026-10-25 01:10", "2026-10-26 01:30" },
	{ "0 3 * * *", "Europe/Berlin", "2026-10-24 12:00", "2026-10-25 02:00" },
	{ "0,30 * * * *", "Europe/Berlin", "2026-10-25 00:30", "2026-10-25 02:00" },
	/* New York, forward on 8 March at 02:00 -05, 07:00 UTC */
	{ "15 2 * * *", "America/New_York", "2026-03-07 12:00", "2026-03-08 07:00" },
	{ "15 2 * * *", "America/New_York", "2026-03-08 07:00", "2026-03-09 06:15" },
	{ "0 4 * * sun", "America/New_York", "2026-03-07 12:00", "2026-03-08 08:00" },
	/* ... and back on 1 November at 02:00 -04, 06:00 UTC */
	{ "30 1 * * *", "America/New_York", "2026-10-31 12:00", "2026-11-01 05:30" },
	{ "30 1 * * *", "America/New_York", "2026-11-01 05:30", "2026-11-02 06:30" },
	{ "0 0 1 11 *", "America/New_York", "2026-10-31 12:00", "2026-11-01 04:00" },
	/* far beyond what the file lists: by the rule at its end */
	{ "30 2 * * *", "Europe/Berlin", "2098-03-29 12:00", "2098-03-30 01:00" },
	{ "30 2 * * *", "Europe/Berlin", "2098-03-30 12:00", "2098-03-31 00:30" },
	{ "30 2 30 3 *", "Europe/Berlin", "2097-12-01 12:00", "2098-03-30 01:00" },
	{ "30 12 * * *", "Australia/Sydney", "2101-01-10 12:00", "2101-01-11 01:30" },
	{ "30 12 * * *", "Australia/Sydney", "2101-06-10 12:00", "2101-06-11 02:30" },
	/* Dublin's winter time is the one that is put back */
	{ "30 1 * * *", "Europe/Dublin", "2026-03-28 12:00", "2026-03-29 01:00" },
	/* Apia had no 30 December 2011: over the date line */
	{ "0 6 * * *", "Pacific/Apia", "2011-12-29 16:30", "2011-12-30 10:00" },
	{ "0 6 * * *", "Pacific/Apia", "2011-12-30 10:00", "2011-12-30 16:00" },
	/* Havana goes back to 00:00 over one o'clock, Lord Howe by half an hour */
	{ "30 0 * * *", "America/Havana", "2026-10-31 12:00", "2026-11-01 04:30" },
	{ "30 0 * * *", "America/Havana", "2026-11-01 04:30", "2026-11-02 05:30" },
	{ "45 1 * * *", "Australia/Lord_Howe", "2026-04-04 12:00", "2026-04-04 14:45" },
	{ "15 2 * * *", "Australia/Lord_Howe", "2026-10-03 12:00", "2026-10-03 15:30" },
};

static void
the_next_time_is_the_one_of_the_clock_on_the_wall(void **state)
{
	const char *next;
	struct cron c;

	(void)state;
	for (size_t i = 0; i < ROWS(nexts); i++) {
		if (cron_parse(&op, nexts[i].cron, &c) != OK)
			fail_msg("%s", op.why);
		next = show(cron_next(&c, zone(nexts[i].zone),
		    utc(nexts[i].after)));
		if (strcmp(next, nexts[i].next) != 0)
			fail_msg("'%s' in %s after %s: %s, not %s",
			    nexts[i].cron, nexts[i].zone, nexts[i].after, next,
			    nexts[i].next);
	}
}

/* A year of days: each of them once, whatever the clocks do. */
static void
a_daily_one_comes_as_often_as_there_are_days(void **state)
{
	static const char *const zones[] = { "UTC", "Europe/Berlin",
	    "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca" };
	static const char *const crons[] = { "30 2 * * *", "0 0 * * *",
	    "30 1 * * *", "59 23 * * *" };
	struct cron c;

	(void)state;
	for (size_t i = 0; i < ROWS(zones); i++)
		for (size_t k = 0; k < ROWS(crons); k++) {
			int64_t t = utc("2026-01-01 12:00"), last = t;
			int n = 0;

			assert_int_equal(cron_parse(&op, crons[k], &c), OK);
			while ((t = cron_next(&c, zone(zones[i]), t)) <=
			    utc("2027-01-01 12:00")) {
				assert_true(t - last <= 25 * 3600 || n == 0);
				last = t;
				n++;
			}
			if (n != 365)
				fail_msg("%s in %s: %d", crons[k], zones[i], n);
		}
}

/* --- zones ------------------------------------------------------------------------------ */

static void
zones_are_those_of_the_system_and_nothing_else(void **state)
{
	static const char *const none[] = { "", "utc", "Europe", "Europe/",
	    "Europe/Atlantis", "../../../etc/passwd", "/etc/localtime",
	    "Europe/../Europe/Berlin", "right/Europe/Berlin", "localtime",
	    "posix/Europe/Berlin", "tzdata.zi", "zone.tab", "Europe Berlin",
	    "EuropeEuropeEuropeEuropeEuropeEuropeEuropeEuropeEuropeEuropeEurope" };
	const struct zone *z;

	(void)state;
	for (size_t i = 0; i < ROWS(none); i++)
		if (zone_load(&op, none[i], &z) != ERR_BAD_REQUEST)
			fail_msg("'%s' is a zone", none[i]);
	assert_int_equal(zone_load(&op, "Mars/Base", &z), ERR_BAD_REQUEST);
	assert_string_equal(op.why, "The time zone 'Mars/Base' is not known.");
	assert_int_equal(zone_load(&op, "M\xc3\xa9xico", &z), ERR_BAD_REQUEST);
	assert_string_equal(op.why, "The time zone is not known.");
	assert_int_equal(zone_offset(zone("Etc/UTC"), 0), 0);
	assert_int_equal(zone_offset(zone("Etc/GMT+5"), 0), -5 * 3600);
	assert_int_equal(zone_offset(zone("EST5EDT"), utc("2026-07-01 00:00")),
	    -4 * 3600);
}

/* A file with no more than the rule at its end, as slim ones have it. */
static size_t
slim(unsigned char *out, const char *rule)
{
	static const unsigned char head[44] = { 'T', 'Z', 'i', 'f', '2',
	    [39] = 1, [43] = 4 };
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		memcpy(out + n, head, sizeof(head));
		n += sizeof(head);
		memcpy(out + n, "\0\0\0\0\0\0ABC", 10);
		n += 10;
	}
	return n + (size_t)sprintf((char *)out + n, "\n%s\n", rule);
}

static const struct {
	const char *rule, *at;
	int offset;				/* minutes; NONE: it is no rule */
} rules[] = {
#define NONE 9999
	{ "", "2026-07-01 00:00", 0 },
	{ "CET-1", "2026-07-01 00:00", 60 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 00:59", 60 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 01:00", 120 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 00:59", 120 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 01:00", 60 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "1931-07-01 00:00", 120 },
	{ "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01 00:00", 660 },
	{ "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01 00:00", 600 },
	{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01 00:00", 660 },
	{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-06-01 00:00", 630 },
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29 00:59", -120 },
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29 01:00", -60 },
	{ "AAA3BBB4,0/0,J365/23", "2026-01-01 04:00", -240 },
	{ "AAA0BBB,J60/0,J300/0", "2028-03-01 00:00", 60 },
	{ "AAA0BBB,J60/0,J300/0", "2028-02-29 23:59", 0 },
	{ "AAA0BBB,59/0,299/0", "2028-02-29 00:00", 60 },
	{ "AAA0BBB,59/0,299/0", "2028-02-28 23:59", 0 },
	{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01 00:00", 0 },
	{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01 00:00", 60 },
	{ "CE-1", "", NONE }, { "CET", "", NONE }, { "CET-", "", NONE },
	{ "CET-27", "", NONE }, { "CET-1CEST", "", NONE },
	{ "CET-1CEST,M3.5.0", "", NONE }, { "CET-1CEST,M13.5.0,M10.5.0", "", NONE },
	{ "CET-1CEST,M3.6.0,M10.5.0", "", NONE },
	{ "CET-1CEST,M3.5.7,M10.5.0", "", NONE },
	{ "CET-1CEST,M0.5.0,M10.5.0", "", NONE },
	{ "CET-1CEST,M3.5.0,M10.5.0/", "", NONE },
	{ "CET-1CEST,M3.5.0,M10.5.0/3x", "", NONE },
	{ "CET-1CEST,J0,J1", "", NONE }, { "CET-1CEST,366,1", "", NONE },
	{ "<CET-1", "", NONE }, { "CET-1:60", "", NONE },
};

static void
the_rule_at_the_end_is_followed(void **state)
{
	unsigned char file[256];
	const struct zone *z;

	(void)state;
	for (size_t i = 0; i < ROWS(rules); i++) {
		enum err e = zone_parse(&op, file,
		    slim(file, rules[i].rule), &z);

		if ((e == OK) != (rules[i].offset != NONE))
			fail_msg("'%s': %s", rules[i].rule, err_name(e));
		if (e == OK && zone_offset(z, utc(rules[i].at)) !=
		    rules[i].offset * 60)
			fail_msg("'%s' at %s: %d", rules[i].rule, rules[i].at,
			    zone_offset(z, utc(rules[i].at)) / 60);
	}
}

/* Cut off anywhere, or with any byte changed, it is refused or a zone: never read beyond. */
static void
broken_files_are_refused(void **state)
{
	unsigned char file[256], *cut;
	const struct zone *z;
	size_t n = slim(file, "CET-1CEST,M3.5.0,M10.5.0/3");

	(void)state;
	for (size_t i = 0; i < n; i++) {
		cut = malloc(i + 1);
		memcpy(cut, file, i);
		assert_int_equal(zone_parse(&op, cut, i, &z), ERR_BAD_REQUEST);
		free(cut);
		cut = malloc(n);
		memcpy(cut, file, n);
		for (int byte = 0; byte < 256; byte += 17) {
			cut[i] = (unsigned char)byte;
			if (zone_parse(&op, cut, n, &z) == OK)
				zone_time(z, zone_offset(z, 1) + byte);
		}
		free(cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
		TEST(what_is_none_is_refused_with_the_part_that_is_wrong),
		TEST(a_long_one_is_not_repeated_in_full),
		TEST(the_next_time_is_the_one_of_the_clock_on_the_wall),
		TEST(a_daily_one_comes_as_often_as_there_are_days),
		TEST(zones_are_those_of_the_system_and_nothing_else),
		TEST(the_rule_at_the_end_is_followed),
		TEST(broken_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
