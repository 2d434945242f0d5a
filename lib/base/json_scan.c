#include "lib/base/json_scan.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	struct op	*op;
	const char	*s;
	char		*copy;		/* of s, once a number was respelled; or NULL */
	size_t		 at, n;
	int		 values;
	int		 depth;
	char		 open[JSON_DEPTH];	/* '{' or '[' */
	struct seen	*keys[JSON_DEPTH];	/* of each open map */
};

/* Keys of one map, in a hash tree: four ways by two bits of the hash each level. */
struct seen {
	uint64_t	 hash;
	const char	*key;
	size_t		 len;
	struct seen	*way[4];
};

static enum err
refuse(struct scan *c, const char *why)
{
	return op_fail(c->op, ERR_BAD_REQUEST, "byte %zu: %s", c->at, why);
}

static void
skip_blanks(struct scan *c)
{
	while (c->at < c->n && strchr(" \t\r\n", c->s[c->at]) != NULL &&
	    c->s[c->at] != '\0')
		c->at++;
}

static bool
escape_hex(const struct scan *c, size_t at, unsigned *out)
{
	*out = 0;
	if (c->n - at < 4)
		return false;
	for (size_t i = at; i < at + 4; i++) {
		if (!isxdigit((unsigned char)c->s[i]))
			return false;
		*out = *out << 4 | (unsigned)(isdigit((unsigned char)c->s[i]) ?
		    c->s[i] - '0' : (c->s[i] | 32) - 'a' + 10);
	}
	return true;
}

/* At the byte behind \u; leaves c->at on the last byte of the escape. */
static enum err
scan_unicode(struct scan *c)
{
	unsigned hi, lo;

	if (!escape_hex(c, c->at + 1, &hi))
		return refuse(c, "bad \\u escape");
	c->at += 4;
	if (hi == 0)
		return refuse(c, "NUL in a string");
	if (hi >= 0xdc00 && hi <= 0xdfff)
		return refuse(c, "lone surrogate");
	if (hi < 0xd800 || hi > 0xdbff)
		return OK;
	if (c->n - c->at < 7 || c->s[c->at + 1] != '\\' ||
	    c->s[c->at + 2] != 'u' || !escape_hex(c, c->at + 3, &lo) ||
	    lo < 0xdc00 || lo > 0xdfff)
		return refuse(c, "lone surrogate");
	c->at += 6;
	return OK;
}

static enum err
scan_string(struct scan *c, const char **start, size_t *len)
{
	*start = c->s + ++c->at;
	for (; c->at < c->n && c->s[c->at] != '"'; c->at++) {
		if ((unsigned char)c->s[c->at] < 0x20)
			return refuse(c, "control byte in a string");
		if (c->s[c->at] != '\\')
			continue;
		if (++c->at >= c->n)
			break;
		if (c->s[c->at] == 'u')
			TRY(scan_unicode(c));
		else if (strchr("\"\\/bfnrt", c->s[c->at]) == NULL ||
		    c->s[c->at] == '\0')
			return refuse(c, "bad escape");
	}
	if (c->at >= c->n)
		return refuse(c, "string does not end");
	*len = (size_t)(c->s + c->at++ - *start);
	return text_is_utf8(*start, *len) ? OK : refuse(c, "not UTF-8");
}

/*
 * Two spellings of one key ("a", "\u0061") would pass here; json-c then keeps
 * the last.  Nothing reads a key twice, so that does no harm.
 */
static enum err
key_new(struct scan *c, const char *key, size_t len)
{
	uint64_t hash = 14695981039346656037u;
	struct seen **at = &c->keys[c->depth - 1];

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)key[i]) * 1099511628211u;
	for (uint64_t h = hash; *at != NULL; h = h >> 2 | h << 62) {
		if ((*at)->hash == hash && (*at)->len == len &&
		    memcmp((*at)->key, key, len) == 0)
			return refuse(c, "duplicate key");
		at = &(*at)->way[h & 3];
	}
	*at = op_alloc(c->op, sizeof(**at));
	**at = (struct seen){ .hash = hash, .key = key, .len = len };
	return OK;
}

static size_t
digits(const struct scan *c, size_t at)
{
	size_t from = at;

	while (at < c->n && isdigit((unsigned char)c->s[at]))
		at++;
	return at - from;
}

static bool
is_64_bits(const char *number)
{
	errno = 0;
	if (*number == '-')
		(void)strtoll(number, NULL, 10);
	else
		(void)strtoull(number, NULL, 10);
	return errno != ERANGE;
}

/* It takes no more room so: it had twenty digits at least. */
static void
respell(struct scan *c, size_t from, const char *number)
{
	char real[32];
	int len = snprintf(real, sizeof(real), "%.11e", strtod(number, NULL));

	if (c->copy == NULL)
		c->copy = op_strndup(c->op, c->s, c->n);
	memset(c->copy + from, ' ', strlen(number));
	memcpy(c->copy + from, real, (size_t)len);
}

static enum err
scan_number(struct scan *c)
{
	size_t from = c->at, whole, at = c->at + (c->s[c->at] == '-');
	bool real = false;
	char copy[64];

	whole = digits(c, at);
	if (whole == 0 || (whole > 1 && c->s[at] == '0'))
		return refuse(c, "bad number");
	at += whole;
	if (at < c->n && c->s[at] == '.') {
		real = true;
		if (digits(c, at + 1) == 0)
			return refuse(c, "bad number");
		at += 1 + digits(c, at + 1);
	}
	if (at < c->n && (c->s[at] | 32) == 'e') {
		real = true;
		at++;
		at += at < c->n && (c->s[at] == '+' || c->s[at] == '-');
		if (digits(c, at) == 0)
			return refuse(c, "bad number");
		at += digits(c, at);
	}
	if (at - from >= sizeof(copy))
		return refuse(c, "number too long");
	memcpy(copy, c->s + from, at - from);
	copy[at - from] = '\0';
	if (!isfinite(strtod(copy, NULL)))
		return refuse(c, "number out of range");
	if (!real && !is_64_bits(copy))
		respell(c, from, copy);
	c->at = at;
	return OK;
}

static enum err
scan_word(struct scan *c)
{
	static const char *const words[] = { "true", "false", "null" };

	for (int i = 0; i < 3; i++) {
		size_t len = strlen(words[i]);

		if (c->n - c->at >= len &&
		    memcmp(c->s + c->at, words[i], len) == 0) {
			c->at += len;
			return OK;
		}
	}
	return refuse(c, "not a JSON value");
}

static enum err
scan_key(struct scan *c)
{
	const char *key;
	size_t len;

	skip_blanks(c);
	if (c->at >= c->n || c->s[c->at] != '"')
		return refuse(c, "a key is missing");
	TRY(scan_string(c, &key, &len));
	TRY(key_new(c, key, len));
	skip_blanks(c);
	if (c->at >= c->n || c->s[c->at] != ':')
		return refuse(c, "':' is missing");
	c->at++;
	skip_blanks(c);
	return OK;
}

/* Begin a list or map; *empty when it ended at once. */
static enum err
scan_open(struct scan *c, bool *empty)
{
	char open = c->s[c->at++], close = open == '{' ? '}' : ']';

	if (c->depth == JSON_DEPTH)
		return refuse(c, "nested too deep");
	skip_blanks(c);
	*empty = c->at < c->n && c->s[c->at] == close;
	if (*empty) {
		c->at++;
		return OK;
	}
	c->open[c->depth] = open;
	c->keys[c->depth++] = NULL;
	return open == '{' ? scan_key(c) : OK;
}

/* A value has ended: close what ends with it, or step to the next. */
static enum err
scan_after(struct scan *c, bool *done)
{
	for (;;) {
		char open, close;

		skip_blanks(c);
		*done = c->depth == 0;
		if (*done)
			return c->at == c->n ? OK : refuse(c, "trailing bytes");
		open = c->open[c->depth - 1];
		close = open == '{' ? '}' : ']';
		if (c->at >= c->n || (c->s[c->at] != ',' && c->s[c->at] != close))
			return refuse(c, "',' or the end is missing");
		if (c->s[c->at++] == ',') {
			skip_blanks(c);
			return open == '{' ? scan_key(c) : OK;
		}
		c->depth--;
	}
}

static enum err
scan_value(struct scan *c, bool *opened)
{
	const char *start;
	size_t len;
	bool empty;

	*opened = false;
	if (c->at >= c->n)
		return refuse(c, "the text ends too early");
	if (++c->values > JSON_MEMBERS)
		return refuse(c, "too many values");
	switch (c->s[c->at]) {
	case '{':
	case '[':
		TRY(scan_open(c, &empty));
		*opened = !empty;
		return OK;
	case '"':
		return scan_string(c, &start, &len);
	case '-':
	case '0' ... '9':
		return scan_number(c);
	default:
		return scan_word(c);
	}
}

enum err
json_scan(struct op *op, const char *s, size_t n, const char **text)
{
	struct scan c = { .op = op, .s = s, .n = n };
	bool done = false, opened;

	skip_blanks(&c);
	while (!done) {
		TRY(scan_value(&c, &opened));
		if (!opened)
			TRY(scan_after(&c, &done));
	}
	*text = c.copy != NULL ? c.copy : s;
	return OK;
}
