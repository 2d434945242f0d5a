#include "lib/base/text.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void
text_begin(struct text *t, struct op *op, size_t room)
{
	*t = (struct text){ .op = op, .room = room < 64 ? 64 : room };
	t->s = op_alloc(op, t->room);
}

/* The old bytes stay with the op: doubling wastes no more than the text's length. */
void
text_grow(struct text *t, size_t more)
{
	size_t room = t->room;
	char *s;

	while (room - t->len <= more)
		room *= 2;
	s = op_alloc(t->op, room);
	memcpy(s, t->s, t->len + 1);
	t->s = s;
	t->room = room;
}

void
text_addn(struct text *t, const char *s, size_t n)
{
	char *p = text_room(t, n);

	memcpy(p, s, n);
	text_end(t, p + n);
}

void
text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->s + t->len, t->room - t->len, fmt, ap);
	va_end(ap);
	if (n < 0)
		err(1, "%s", fmt);
	if ((size_t)n >= t->room - t->len) {
		text_grow(t, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(t->s + t->len, t->room - t->len, fmt, ap);
		va_end(ap);
	}
	t->len += (size_t)n;
}

bool
text_is_uuid(const char *s)
{
	for (int i = 0; i < UUID_LEN; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return false;
		} else if (!isxdigit((unsigned char)s[i]))
			return false;
	}
	return s[UUID_LEN] == '\0';
}

void
text_uuid(char out[UUID_LEN + 1])
{
	unsigned char b[16];

	while (getrandom(b, sizeof(b), 0) != sizeof(b))
		if (errno != EINTR)
			err(1, "getrandom");
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (int i = 0, o = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[o++] = '-';
		text_hex(out + o, b + i, 1);
		o += 2;
	}
}

/* Length of the sequence that starts here, 0 when it is none (RFC 3629). */
static size_t
utf8_length(const unsigned char *s, size_t n)
{
	static const struct { unsigned char lo, hi, lo2, hi2; size_t len; } row[] = {
		{ 0x01, 0x7f, 0,    0,    1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t r = 0; r < sizeof(row) / sizeof(row[0]); r++) {
		if (s[0] < row[r].lo || s[0] > row[r].hi)
			continue;
		if (row[r].len > n)
			return 0;
		if (row[r].len > 1 && (s[1] < row[r].lo2 || s[1] > row[r].hi2))
			return 0;
		for (size_t i = 2; i < row[r].len; i++)
			if ((s[i] & 0xc0) != 0x80)
				return 0;
		return row[r].len;
	}
	return 0;
}

bool
text_is_utf8(const char *s, size_t n)
{
	size_t len;

	for (; n > 0; s += len, n -= len)
		if ((len = utf8_length((const unsigned char *)s, n)) == 0)
			return false;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *
text_unescape(struct op *op, const char *s, size_t n)
{
	char *out = op_alloc(op, n + 1), *o = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '%') {
			*o++ = s[i];
			continue;
		}
		if (n - i < 3 || hex_digit(s[i + 1]) < 0 ||
		    hex_digit(s[i + 2]) < 0)
			return NULL;
		*o++ = (char)(hex_digit(s[i + 1]) << 4 | hex_digit(s[i + 2]));
		i += 2;
	}
	*o = '\0';
	return text_is_utf8(out, (size_t)(o - out)) ? out : NULL;
}

static char *
escape(struct op *op, const char *s, const char *stays)
{
	struct text t;

	text_begin(&t, op, strlen(s) * 3 + 1);
	for (; *s != '\0'; s++) {
		if (isalnum((unsigned char)*s) || strchr(stays, *s) != NULL)
			text_addc(&t, *s);
		else
			text_printf(&t, "%%%02X", (unsigned char)*s);
	}
	return t.s;
}

char *
text_escape(struct op *op, const char *s)
{
	return escape(op, s, "-._~");
}

char *
text_escape_path(struct op *op, const char *s)
{
	return escape(op, s, "-._~/");
}

/* Where a line may break: what stands there, what ends it, what begins the next. */
static const struct { const char *at, *end, *begin; } breaks[] = {
	{ ". ", ".", "" }, { " (", "", "(" }, { ": ", ":", "    " },
};
#define BREAKS (sizeof(breaks) / sizeof(breaks[0]))
#define LINE_MOST 79

static char *
fold(struct op *op, char *line, size_t turn)
{
	const char *at;

	if (strlen(line) <= LINE_MOST)
		return line;
	for (size_t i = 0; i < BREAKS; i++, turn++) {
		size_t b = turn % BREAKS;

		if ((at = strstr(line, breaks[b].at)) == NULL)
			continue;
		return op_printf(op, "%s\n%s", fold(op, op_printf(op,
		    "%.*s%s", (int)(at - line), line, breaks[b].end),
		    turn + 1), fold(op, op_printf(op, "%s%s",
		    breaks[b].begin, at + strlen(breaks[b].at)), turn + 1));
	}
	return line;
}

char *
text_fold(struct op *op, const char *s)
{
	return fold(op, op_strdup(op, s), 0);
}

bool
text_number(const char *s, int64_t lo, int64_t hi, int64_t *out)
{
	char *end;
	long long n;

	if (!isdigit((unsigned char)*s) && *s != '-')
		return false;
	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0' || n < lo || n > hi)
		return false;
	*out = n;
	return true;
}

void
text_hex(char *out, const unsigned char *b, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[b[i] >> 4];
		out[2 * i + 1] = digits[b[i] & 15];
	}
	out[2 * n] = '\0';
}

bool
text_unhex(unsigned char *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(s[2 * i]);
		int lo = hi < 0 ? -1 : hex_digit(s[2 * i + 1]);

		if (lo < 0)
			return false;
		out[i] = (unsigned char)(hi << 4 | lo);
	}
	return true;
}

char *
text_unbase64(struct op *op, const char *s, size_t *n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(s), used = 0;
	char *out = op_alloc(op, len / 4 * 3 + 1);
	uint32_t bits = 0;

	if (len % 4 != 0)
		return NULL;
	*n = len / 4 * 3;
	for (size_t pad = 0; pad < 2 && len > 0 && s[len - 1] == '='; pad++) {
		len--;
		--*n;
	}
	for (size_t i = 0; i < len; i++) {
		const char *d = strchr(digits, s[i]);

		if (d == NULL)
			return NULL;
		bits = bits << 6 | (uint32_t)(d - digits);
		if (i % 4 != 0)
			out[used++] = (char)(bits >> (6 - i % 4 * 2));
	}
	out[*n] = '\0';
	return out;
}

char **
text_split(struct op *op, const char *s, const char *seps)
{
	size_t most = 2, n = 0;
	char **parts;

	for (const char *p = s; *p != '\0'; p++)
		most += strchr(seps, *p) != NULL;
	parts = op_alloc(op, most * sizeof(*parts));
	while (*s != '\0') {
		size_t len = strcspn(s, seps), from = 0, to = len;

		while (from < to && isspace((unsigned char)s[from]))
			from++;
		while (to > from && isspace((unsigned char)s[to - 1]))
			to--;
		if (to > from)
			parts[n++] = op_strndup(op, s + from, to - from);
		s += len + (s[len] != '\0');
	}
	return parts;
}

const char *
text_one_line(struct op *op, const char *s)
{
	struct text t;
	size_t n;

	text_begin(&t, op, 128);
	for (; *s != '\0'; s += n + (s[n] == '\n')) {
		s += strspn(s, " \t");
		n = strcspn(s, "\n");
		if (n == 0 || (n == 1 && *s == '^'))
			continue;
		if (t.len > 0)
			text_add(&t, "; ");
		text_addn(&t, s, n);
	}
	return t.s;
}
