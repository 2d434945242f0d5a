#include "lib/base/jsonw.h"

#include <stdio.h>
#include <string.h>

void
jsonw_begin(struct jsonw *w, struct op *op, size_t room)
{
	text_begin(&w->out, op, room);
	w->comma = false;
}

static void
value_begins(struct jsonw *w)
{
	if (w->comma)
		text_addc(&w->out, ',');
	w->comma = true;
}

static void
group_begin(struct jsonw *w, char c)
{
	value_begins(w);
	text_addc(&w->out, c);
	w->comma = false;
}

static void
group_end(struct jsonw *w, char c)
{
	text_addc(&w->out, c);
	w->comma = true;
}

void
jsonw_map(struct jsonw *w)
{
	group_begin(w, '{');
}

void
jsonw_map_end(struct jsonw *w)
{
	group_end(w, '}');
}

void
jsonw_list(struct jsonw *w)
{
	group_begin(w, '[');
}

void
jsonw_list_end(struct jsonw *w)
{
	group_end(w, ']');
}

/* Keys and strings are nearly all of an answer: room is made for each once. */
void
jsonw_key(struct jsonw *w, const char *key)
{
	size_t n = strlen(key);
	char *p = text_room(&w->out, n + sizeof(",\"\":"));

	if (w->comma)
		*p++ = ',';
	*p++ = '"';
	p = (char *)memcpy(p, key, n) + n;
	*p++ = '"';
	*p++ = ':';
	text_end(&w->out, p);
	w->comma = false;
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

/* Runs of plain bytes are copied whole: most strings are one run. */
static void
string_add(struct text *out, const char *s)
{
	const char *run = s;
	char esc[8];

	for (;; s++) {
		unsigned char c = (unsigned char)*s;

		if (is_plain(c))
			continue;
		text_addn(out, run, (size_t)(s - run));
		if (c == '\0')
			return;
		if (c == '"' || c == '\\')
			snprintf(esc, sizeof(esc), "\\%c", c);
		else
			snprintf(esc, sizeof(esc), "\\u%04x", c);
		text_add(out, esc);
		run = s + 1;
	}
}

void
jsonw_str(struct jsonw *w, const char *s)
{
	char *p;

	if (s == NULL) {
		jsonw_null(w);
		return;
	}
	p = text_room(&w->out, strlen(s) + sizeof(",\"\""));
	if (w->comma)
		*p++ = ',';
	*p++ = '"';
	while (is_plain((unsigned char)*s))
		*p++ = *s++;
	if (*s == '\0')
		*p++ = '"';
	text_end(&w->out, p);
	if (*s != '\0') {
		string_add(&w->out, s);
		text_addn(&w->out, "\"", 1);
	}
	w->comma = true;
}

void
jsonw_int(struct jsonw *w, int64_t n)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do
		*--p = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	if (n < 0)
		*--p = '-';
	value_begins(w);
	text_addn(&w->out, p, (size_t)(digits + sizeof(digits) - p));
}

void
jsonw_real(struct jsonw *w, double d, int decimals)
{
	value_begins(w);
	text_printf(&w->out, "%.*f", decimals, d);
}

void
jsonw_bool(struct jsonw *w, bool b)
{
	value_begins(w);
	text_add(&w->out, b ? "true" : "false");
}

void
jsonw_null(struct jsonw *w)
{
	value_begins(w);
	text_addn(&w->out, "null", 4);
}

void
jsonw_raw(struct jsonw *w, const char *json)
{
	value_begins(w);
	text_add(&w->out, json);
}

void
jsonw_kstr(struct jsonw *w, const char *key, const char *s)
{
	jsonw_key(w, key);
	jsonw_str(w, s);
}

void
jsonw_kint(struct jsonw *w, const char *key, int64_t n)
{
	jsonw_key(w, key);
	jsonw_int(w, n);
}

void
jsonw_kbool(struct jsonw *w, const char *key, bool b)
{
	jsonw_key(w, key);
	jsonw_bool(w, b);
}
