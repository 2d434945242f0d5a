#include "lib/base/zone.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ZONEINFO	"/usr/share/zoneinfo/"
#define NAME_MOST	64
#define FILE_MOST	(64 << 10)
#define HEAD		44
#define HOUR		3600
#define DAY		86400
#define OFFSET_MAX	(26 * HOUR)	/* of RFC 8536 */

/* One of the two changes of every year that the end of a file tells of. */
struct change {
	char	 kind;			/* 'M' month.week.day, 'J' 1 to 365, '0' 0 to 365 */
	int	 month, week, day;
	int	 secs;			/* of the wall clock, from midnight */
};

struct zone {
	int		 n;		/* changes that the file lists */
	int64_t		*at;
	int		*offset;	/* from at[i] on */
	int		 first;		/* before at[0] */
	/* After the last one, when rules is set. */
	bool		 rules, has_summer;
	int		 standard, summer;
	struct change	 begins, ends;	/* summer time does */
};

static const struct zone utc;

/* --- the rule at the end: "CET-1CEST,M3.5.0,M10.5.0/3" ------------------------------ */

static bool
name_skip(const char **s)
{
	const char *from = *s, *close;

	if (*from == '<') {
		if ((close = strchr(from, '>')) == NULL)
			return false;
		*s = close + 1;
		return true;
	}
	while (isalpha((unsigned char)**s))
		(*s)++;
	return *s - from >= 3;
}

static bool
digits(const char **s, int most, int *n)
{
	if (!isdigit((unsigned char)**s))
		return false;
	for (*n = 0; isdigit((unsigned char)**s); (*s)++)
		if ((*n = *n * 10 + **s - '0') > most)
			return false;
	return true;
}

/* "[+-]hh[:mm[:ss]]" */
static bool
hms(const char **s, int *secs)
{
	static const int unit[] = { HOUR, 60, 1 };
	int sign = **s == '-' ? -1 : 1, n;

	if (**s == '-' || **s == '+')
		(*s)++;
	*secs = 0;
	for (int i = 0; i < 3; i++) {
		if (i > 0 && **s != ':')
			break;
		*s += i > 0;
		if (!digits(s, i == 0 ? 167 : 59, &n))
			return false;
		*secs += sign * n * unit[i];
	}
	return true;
}

/* There west is positive. */
static bool
offset_read(const char **s, int *east)
{
	if (!hms(s, east) || abs(*east) > OFFSET_MAX)
		return false;
	*east = -*east;
	return true;
}

static bool
change_read(const char **s, struct change *c)
{
	if (*(*s)++ != ',')
		return false;
	c->secs = 2 * HOUR;
	c->kind = isdigit((unsigned char)**s) ? '0' : *(*s)++;
	if (c->kind == 'M') {
		if (!digits(s, 12, &c->month) || *(*s)++ != '.' ||
		    !digits(s, 5, &c->week) || *(*s)++ != '.' ||
		    !digits(s, 6, &c->day) || c->month < 1 || c->week < 1)
			return false;
	} else if ((c->kind != 'J' && c->kind != '0') ||
	    !digits(s, 365, &c->day) || c->day < (c->kind == 'J'))
		return false;
	if (**s != '/')
		return true;
	(*s)++;
	return hms(s, &c->secs);
}

static bool
rules_read(const char *s, struct zone *z)
{
	if (!name_skip(&s) || !offset_read(&s, &z->standard))
		return false;
	z->rules = true;
	if (*s == '\0')
		return true;
	z->has_summer = true;
	if (!name_skip(&s))
		return false;
	z->summer = z->standard + HOUR;
	if (*s != ',' && !offset_read(&s, &z->summer))
		return false;
	return change_read(&s, &z->begins) && change_read(&s, &z->ends) &&
	    *s == '\0';
}

static bool
leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
midnight(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1,
	    .tm_mday = day };

	return timegm(&tm);
}

/* The wall clock's seconds at a change in that year. */
static int64_t
change_wall(const struct change *c, int year)
{
	int64_t first = midnight(year, c->kind == 'M' ? c->month : 1, 1);
	int day = c->day;

	if (c->kind == 'J')
		day = c->day - 1 + (leap(year) && c->day >= 60);
	if (c->kind == 'M') {
		int weekday = (int)((first / DAY % 7 + 7 + 4) % 7);

		day = (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
		if (first + (int64_t)day * DAY >=
		    midnight(year, c->month + 1, 1))
			day -= 7;
	}
	return first + (int64_t)day * DAY + c->secs;
}

static int
rules_offset(const struct zone *z, int64_t t)
{
	time_t there = (time_t)(t + z->standard);
	int64_t begin, end;
	bool in;
	struct tm tm;

	if (!z->has_summer || gmtime_r(&there, &tm) == NULL)
		return z->standard;
	begin = change_wall(&z->begins, tm.tm_year + 1900) - z->standard;
	end = change_wall(&z->ends, tm.tm_year + 1900) - z->summer;
	in = begin < end ? t >= begin && t < end : t >= begin || t < end;
	return in ? z->summer : z->standard;
}

/* --- the file --------------------------------------------------------------------------- */

struct counts { size_t utc, standard, leaps, times, types, chars; };

static uint64_t
big_endian(const unsigned char *p, int bytes)
{
	uint64_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | *p++;
	return n;
}

static bool
counts_read(const unsigned char *p, size_t n, struct counts *c)
{
	size_t *to = &c->utc;

	if (n < HEAD || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	for (int i = 0; i < 6; i++)
		to[i] = (size_t)big_endian(p + 20 + 4 * i, 4);
	for (int i = 0; i < 6; i++)
		if (to[i] > FILE_MOST)
			return false;
	return true;
}

static size_t
block_size(const struct counts *c, size_t time_size)
{
	return c->times * (time_size + 1) + c->types * 6 + c->chars +
	    c->leaps * (time_size + 4) + c->standard + c->utc;
}

/* times, their types, then the types: offset, is it summer, name */
static bool
block_read(struct op *op, const unsigned char *p, const struct counts *c,
    struct zone *z)
{
	const unsigned char *which = p + 8 * c->times;
	const unsigned char *types = which + c->times;
	int *offset = op_alloc(op, (c->types + 1) * sizeof(*offset));

	z->n = (int)c->times;
	z->at = op_alloc(op, (c->times + 1) * sizeof(*z->at));
	z->offset = op_alloc(op, (c->times + 1) * sizeof(*z->offset));
	for (size_t i = 0; i < c->types; i++) {
		offset[i] = (int32_t)big_endian(types + 6 * i, 4);
		if (offset[i] < -OFFSET_MAX || offset[i] > OFFSET_MAX)
			return false;
	}
	z->first = offset[0];
	for (size_t i = 0; i < c->times; i++) {
		z->at[i] = (int64_t)big_endian(p + 8 * i, 8);
		if (which[i] >= c->types || (i > 0 && z->at[i] <= z->at[i - 1]))
			return false;
		z->offset[i] = offset[which[i]];
	}
	return true;
}

static bool
file_read(struct op *op, const unsigned char *p, size_t n, struct zone *z)
{
	const char *rules, *end;
	struct counts c;
	size_t skip;

	/* The first block, of 32 bits, is only passed over. */
	if (!counts_read(p, n, &c) ||
	    (skip = HEAD + block_size(&c, 4)) >= n)
		return false;
	p += skip;
	n -= skip;
	if (!counts_read(p, n, &c) || c.types == 0 || c.leaps > 0 ||
	    (skip = HEAD + block_size(&c, 8)) >= n ||
	    !block_read(op, p + HEAD, &c, z))
		return false;
	rules = (const char *)p + skip;
	if (*rules++ != '\n' ||
	    (end = memchr(rules, '\n', n - skip - 1)) == NULL)
		return false;
	rules = op_strndup(op, rules, (size_t)(end - rules));
	return *rules == '\0' || rules_read(rules, z);
}

enum err
zone_parse(struct op *op, const void *bytes, size_t n, const struct zone **out)
{
	struct zone *z = op_alloc(op, sizeof(*z));

	*out = z;
	return file_read(op, bytes, n, z) ? OK :
	    op_fail(op, ERR_BAD_REQUEST, "Not a time zone.");
}

/* Names begin with a capital: what else lies there is no zone, or counts leap seconds. */
static bool
name_fits(const char *name)
{
	const char *p = name;

	while (isalnum((unsigned char)*p) || (*p != '\0' &&
	    strchr("_+-/", *p) != NULL))
		p++;
	return *p == '\0' && isupper((unsigned char)*name) &&
	    p - name <= NAME_MOST;
}

enum err
zone_load(struct op *op, const char *name, const struct zone **z)
{
	unsigned char *bytes = NULL;
	struct stat st;
	ssize_t n = -1;
	int fd = -1;

	*z = &utc;
	if (strcmp(name, "UTC") == 0)
		return OK;
	if (name_fits(name))
		fd = open(op_printf(op, ZONEINFO "%s", name),
		    O_RDONLY | O_CLOEXEC);
	if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		bytes = op_alloc(op, FILE_MOST);
		n = read(fd, bytes, FILE_MOST);
	}
	if (fd != -1)
		close(fd);
	if (n > 0 && zone_parse(op, bytes, (size_t)n, z) == OK)
		return OK;
	return op_fail(op, ERR_BAD_REQUEST, "The time zone %s%s%sis not known.",
	    name_fits(name) ? "'" : "", name_fits(name) ? name : "",
	    name_fits(name) ? "' " : "");
}

/* --- asking --------------------------------------------------------------------------------- */

int
zone_offset(const struct zone *z, int64_t t)
{
	int low = 0, high = z->n;	/* at[low - 1] <= t < at[high] */

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (z->at[middle] <= t)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == z->n && z->rules)
		return rules_offset(z, t);
	return low == 0 ? z->first : z->offset[low - 1];
}

int64_t
zone_time(const struct zone *z, int64_t wall)
{
	int64_t low = wall - 2 * DAY, high = wall + 2 * DAY, middle;
	int before = zone_offset(z, low), after = zone_offset(z, high);

	if (zone_offset(z, wall - before) == before)
		return wall - before;
	if (before == after || zone_offset(z, wall - after) == after)
		return wall - after;
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (zone_offset(z, middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high;
}
