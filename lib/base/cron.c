#include "lib/base/cron.h"
#include "lib/base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DAY		86400
#define DAYS_MOST	(50 * 366)	/* a 29th of February on a given weekday: 40 years at most */

static const struct part {
	const char	*name;
	int		 low, high;
	const char	*words;		/* of three letters each, from low on */
} parts[CRON_PARTS] = {
	[CRON_MINUTE]	= { "minute",           0, 59, "" },
	[CRON_HOUR]	= { "hour",             0, 23, "" },
	[CRON_MONTHDAY]	= { "day of the month", 1, 31, "" },
	[CRON_MONTH]	= { "month",            1, 12, "janfebmaraprmayjunjulaugsepoctnovdec" },
	[CRON_WEEKDAY]	= { "day of the week",  0, 7,  "sunmontuewedthufrisat" },
};

static const struct { const char *name, *is; } nicks[] = {
	{ "@hourly",   "0 * * * *" },
	{ "@daily",    "0 0 * * *" },
	{ "@midnight", "0 0 * * *" },
	{ "@weekly",   "0 0 * * 0" },
	{ "@monthly",  "0 0 1 * *" },
	{ "@yearly",   "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" },
	{ NULL }
};

static bool
among(uint64_t set, int bit)
{
	return (set >> bit & 1) != 0;
}

/* --- reading ------------------------------------------------------------------------- */

static bool
number_read(const char **s, int low, int high, int *n)
{
	const char *p = *s;

	for (*n = 0; isdigit((unsigned char)*p) && p - *s < 3; p++)
		*n = *n * 10 + *p - '0';
	if (p == *s || isdigit((unsigned char)*p) || *n < low || *n > high)
		return false;
	*s = p;
	return true;
}

static bool
value_read(const char **s, const struct part *p, int *n)
{
	if (isdigit((unsigned char)**s))
		return number_read(s, p->low, p->high, n);
	for (*n = p->low; p->words[3 * (*n - p->low)] != '\0'; (*n)++) {
		if (strncasecmp(*s, p->words + 3 * (*n - p->low), 3) != 0)
			continue;
		*s += 3;
		return true;
	}
	return false;
}

/* "*", "*" "/5", "7", "1-5", "1-31/2"; "7/2" could mean two things: it is refused. */
static bool
range_read(const char **s, const struct part *p, uint64_t *set)
{
	int from = p->low, to = p->high, step = 1;
	bool many = **s == '*';

	if (many)
		(*s)++;
	else if (!value_read(s, p, &from))
		return false;
	else
		to = from;
	if (!many && **s == '-') {
		many = true;
		(*s)++;
		if (!value_read(s, p, &to) || to < from)
			return false;
	}
	if (**s == '/') {
		(*s)++;
		if (!many || !number_read(s, 1, p->high, &step))
			return false;
	}
	for (; from <= to; from += step)
		*set |= UINT64_C(1) << from;
	return true;
}

static bool
part_read(const char *s, const struct part *p, uint64_t *set)
{
	for (; range_read(&s, p, set); s++)
		if (*s != ',')
			return *s == '\0';
	return false;
}

/* Where one of both days is enough, a weekday always comes. */
static bool
ever_comes(const struct cron *c)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };

	for (int month = 1; month <= 12 && !c->either; month++)
		if (among(c->set[CRON_MONTH], month) &&
		    (c->set[CRON_MONTHDAY] &
		    ((UINT64_C(2) << days[month - 1]) - 1)) != 0)
			return true;
	return c->either;
}

static enum err
parts_read(struct op *op, char **word, struct cron *c)
{
	for (int i = 0; i < CRON_PARTS; i++)
		if (!part_read(word[i], &parts[i], &c->set[i]))
			return op_fail(op, ERR_BAD_REQUEST, "'%.80s' is no %s "
			    "of a cron expression.", word[i], parts[i].name);
	c->set[CRON_WEEKDAY] |= among(c->set[CRON_WEEKDAY], 7);
	/* As in cron: a day with a star in front restricts nothing. */
	c->either = *word[CRON_MONTHDAY] != '*' &&
	    *word[CRON_WEEKDAY] != '*';
	if (ever_comes(c))
		return OK;
	return op_fail(op, ERR_BAD_REQUEST, "The day '%.80s %.80s' of the "
	    "cron expression never comes.", word[CRON_MONTHDAY],
	    word[CRON_MONTH]);
}

enum err
cron_parse(struct op *op, const char *s, struct cron *c)
{
	char **word;
	int n = 0;

	memset(c, 0, sizeof(*c));
	for (const char *p = s; *p != '\0'; p++)
		if ((*p < ' ' && *p != '\t') || *p > '~')
			return op_fail(op, ERR_BAD_REQUEST, "A cron "
			    "expression is plain ASCII.");
	for (int i = 0; nicks[i].name != NULL; i++)
		if (strcasecmp(s, nicks[i].name) == 0)
			s = nicks[i].is;
	word = text_split(op, s, " \t");
	while (word[n] != NULL)
		n++;
	if (n == CRON_PARTS)
		return parts_read(op, word, c);
	return op_fail(op, ERR_BAD_REQUEST, "A cron expression is a minute, an "
	    "hour, a day of the month, a month and a day of the week, or "
	    "@daily: '%.80s' is none.", s);
}

/* --- asking ---------------------------------------------------------------------------- */

static bool
day_fits(const struct cron *c, int64_t day)
{
	time_t t = (time_t)(day * DAY);
	bool monthday, weekday;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    !among(c->set[CRON_MONTH], tm.tm_mon + 1))
		return false;
	monthday = among(c->set[CRON_MONTHDAY], tm.tm_mday);
	weekday = among(c->set[CRON_WEEKDAY], tm.tm_wday);
	return c->either ? monthday || weekday : monthday && weekday;
}

/* Wall times in their order give times in theirs. */
static bool
next_in_day(const struct cron *c, const struct zone *z, int64_t day,
    int64_t after, int64_t *next)
{
	for (int minute = 0; minute < 24 * 60; minute++) {
		if (!among(c->set[CRON_HOUR], minute / 60) ||
		    !among(c->set[CRON_MINUTE], minute % 60))
			continue;
		*next = zone_time(z, day * DAY + (int64_t)minute * 60);
		if (*next > after)
			return true;
	}
	return false;
}

int64_t
cron_next(const struct cron *c, const struct zone *z, int64_t after)
{
	int64_t wall = after + zone_offset(z, after), next;
	int64_t day = wall / DAY - (wall % DAY < 0);

	/* From the day before: clocks may have been put back over midnight. */
	for (int64_t d = day - 1; d < day + DAYS_MOST; d++)
		if (day_fits(c, d) && next_in_day(c, z, d, after, &next))
			return next;
	return INT64_MAX;		/* not of what cron_parse() let through */
}
