#include "fcgi/xmlw.h"

#include "lib/base/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX	14		/* attributes of one element */
#define TIME_LEN	19		/* YYYY-MM-DDTHH:MM:SS */
#define BARE		"configuration-parameter"	/* the one answer without a root */

enum { MAP, LIST, STRING, NUMBER, WORD };

/*
 * The JSON text as a row of tokens: a map is followed by its keys and values,
 * a list by its elements, and next is where they end.  So each byte is looked
 * at twice, however deep it lies.
 */
struct token {
	const char	*s;		/* of a string: behind the quote */
	unsigned	 n, next;
	unsigned char	 kind;
	bool		 done;		/* already written as an attribute */
};

struct walk {
	struct text	*out;
	struct token	*t;
	unsigned	 count, room;
	bool		 fault, one_line;
};

struct element { const char *name, *only_with, *attribute[NAMES_MAX]; };

/* clang-format off */
static const struct element elements[] = {
#define XML_ELEMENT(name, only_with, ...) { name, only_with, { __VA_ARGS__ } },
#include "fcgi/xml_names.tbl.h"
	{ NULL, NULL, { NULL } }
};
/* The rate limit's alone has the second. */
static const struct element fault = { NULL, NULL, { "code", "retryAfter" } };
static const struct { const char *list, *item; } lists[] = {
#define XML_LIST(list, item) { list, item },
#include "fcgi/xml_names.tbl.h"
};
static const char *const times[] = {
#define XML_TIME(member) member,
#include "fcgi/xml_names.tbl.h"
};
/* clang-format on */

/* Most differ in their first byte. */
static bool
is(const struct token *t, const char *word)
{
	return *t->s == *word && strncmp(t->s, word, t->n) == 0 &&
	    word[t->n] == '\0';
}

/* What a byte may be: of a name, the first of a name, not written as it is. */
enum { IN_NAME = 1, BEGINS_NAME = 2, SPECIAL = 4 };

static const unsigned char bytes[256] = {
	['a' ... 'z'] = IN_NAME | BEGINS_NAME,
	['A' ... 'Z'] = IN_NAME | BEGINS_NAME,
	['_'] = IN_NAME | BEGINS_NAME,
	['0' ... '9'] = IN_NAME, ['-'] = IN_NAME, ['.'] = IN_NAME,
	['&'] = SPECIAL, ['<'] = SPECIAL, ['>'] = SPECIAL,
	['\\'] = SPECIAL,	/* of a JSON escape */
	[0xef] = SPECIAL,	/* U+FFFE and U+FFFF begin so */
};

/* --- from the text to tokens ------------------------------------------------------- */

static struct token *
token_new(struct walk *w, struct op *op)
{
	if (w->count == w->room) {
		struct token *more = op_alloc(op, 2 * w->room * sizeof(*more));

		memcpy(more, w->t, w->count * sizeof(*more));
		w->t = more;
		w->room *= 2;
	}
	return &w->t[w->count++];
}

/* The quote that is not part of an escape. */
static const char *
string_end(const char *s, const char *end)
{
	const char *q = s, *slash;

	while (q < end && (q = memchr(q, '"', (size_t)(end - q))) != NULL) {
		slash = q;
		while (slash > s && slash[-1] == '\\')
			slash--;
		if ((q - slash) % 2 == 0)
			return q;
		q++;
	}
	return end;
}

/* One token from s on; returns what follows it. */
static const char *
token_read(struct token *t, const char *s, const char *end)
{
	switch (*s) {
	case '{':
	case '[':
		*t = (struct token){ .s = s, .kind = *s == '{' ? MAP : LIST };
		return s + 1;
	case '"':
		*t = (struct token){ .s = s + 1, .kind = STRING };
		s = string_end(s + 1, end);
		t->n = (unsigned)(s - t->s);
		return s + 1;
	default:
		*t = (struct token){ .s = s, .kind = *s == '-' ||
		    (*s >= '0' && *s <= '9') ? NUMBER : WORD };
		t->n = (unsigned)strcspn(s, ",]} \t\r\n");
		return s + t->n;
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* It is our own JSON; only its depth is not known. */
static bool
tokens(struct walk *w, struct op *op, const char *s, size_t n)
{
	const char *end = s + n;
	unsigned open[XMLW_DEPTH];
	int depth = 0;

	while (s < end) {
		struct token *t;

		if (*s == ',' || *s == ':' || is_blank(*s)) {
			s++;
			continue;
		}
		if (*s == '}' || *s == ']') {
			if (depth == 0)
				return false;
			w->t[open[--depth]].next = w->count;
			s++;
			continue;
		}
		t = token_new(w, op);
		s = token_read(t, s, end);
		t->next = w->count;
		if (t->kind > LIST)
			continue;
		if (depth == XMLW_DEPTH)
			return false;
		open[depth++] = w->count - 1;
	}
	return depth == 0 && w->count > 0 && w->t[0].kind == MAP &&
	    w->t[0].next == w->count;
}

/* --- scalars ----------------------------------------------------------------------- */

static unsigned
hex4(const char *s)
{
	char digits[5];

	memcpy(digits, s, 4);
	digits[4] = '\0';
	return (unsigned)strtoul(digits, NULL, 16);
}

static const char *
entity(unsigned c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

/* What XML has no way to say becomes U+FFFD. */
static void
char_add(struct text *out, unsigned c)
{
	if (entity(c) != NULL)
		text_add(out, entity(c));
	else if (c == '\t' || c == '\n' || c == '\r')
		text_printf(out, "&#%u;", c);
	else if (c < 0x20 || c == 0xfffe || c == 0xffff)
		text_add(out, "\xef\xbf\xbd");
	else if (c < 0x80)
		text_addc(out, (char)c);
	else if (c < 0x800)
		text_printf(out, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
	else if (c < 0x10000)
		text_printf(out, "%c%c%c", 0xe0 | c >> 12,
		    0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
	else
		text_printf(out, "%c%c%c%c", 0xf0 | c >> 18,
		    0x80 | (c >> 12 & 0x3f), 0x80 | (c >> 6 & 0x3f),
		    0x80 | (c & 0x3f));
}

/* Behind a backslash; returns the last byte of the escape. */
static const char *
escape_add(struct text *out, const char *s, bool attribute)
{
	static const char letters[] = "bfnrt", is_for[] = "\b\f\n\r\t";
	const char *l = strchr(letters, *s);
	unsigned c = (unsigned char)(l != NULL ? is_for[l - letters] : *s);

	if (*s == 'u') {
		c = hex4(s + 1);
		s += 4;
		if (c >= 0xd800 && c < 0xdc00 && s[1] == '\\' && s[2] == 'u') {
			c = 0x10000 + ((c - 0xd800) << 10) +
			    (hex4(s + 3) - 0xdc00);
			s += 6;
		}
	}
	/* A reader folds line ends of attributes, and of texts all but \n. */
	if (!attribute && (c == '\n' || c == '\t'))
		text_addc(out, (char)c);
	else
		char_add(out, c);
	return s;
}

/* The bytes that JSON passes and XML does not: U+FFFE and U+FFFF. */
static bool
is_nonchar(const char *s, const char *end)
{
	return *s == '\xef' && end - s >= 3 && s[1] == '\xbf' &&
	    (s[2] == '\xbe' || s[2] == '\xbf');
}

/* Runs of plain bytes are copied whole: most strings are one run. */
static void
string_add(struct text *out, const struct token *t, bool attribute)
{
	const char *s = t->s, *end = s + t->n, *run = s;

	for (; s < end; s++) {
		const char *ref;
		bool nonchar;

		if (!(bytes[(unsigned char)*s] & SPECIAL))
			continue;
		ref = entity((unsigned char)*s);
		nonchar = is_nonchar(s, end);
		if (*s == '\xef' && !nonchar)
			continue;
		text_addn(out, run, (size_t)(s - run));
		if (ref != NULL)
			text_add(out, ref);
		else if (nonchar)
			char_add(out, 0xffff);
		else
			s = escape_add(out, s + 1, attribute);
		s += nonchar ? 2 : 0;
		run = s + 1;
	}
	text_addn(out, run, (size_t)(s - run));
}

/* Integers as they are; others as clients of old read them: 12 digits, always a point. */
static void
number_add(struct text *out, const struct token *t)
{
	char digits[32];

	if (strcspn(t->s, ".eE") >= t->n) {
		text_addn(out, t->s, t->n);
		return;
	}
	snprintf(digits, sizeof(digits), "%.12g", strtod(t->s, NULL));
	text_add(out, digits);
	if (strpbrk(digits, ".e") == NULL)
		text_add(out, ".0");
}

static bool
is_time(const struct token *key, const struct token *t)
{
	if (key == NULL || t->n != TIME_LEN || t->s[10] != 'T')
		return false;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (is(key, times[i]))
			return strspn(t->s, "0123456789-T:") == TIME_LEN;
	return false;
}

static void
scalar_add(struct text *out, const struct token *key, const struct token *t,
    bool attribute)
{
	if (t->kind == STRING && is_time(key, t))
		text_printf(out, "%.10s %.8s", t->s, t->s + 11);
	else if (t->kind == STRING)
		string_add(out, t, attribute);
	else if (t->kind == NUMBER)
		number_add(out, t);
	else
		text_add(out, *t->s == 'n' ? "None" :
		    *t->s == 't' ? "True" : "False");
}

/* --- elements ---------------------------------------------------------------------- */

/* What a key cannot be is said beside <item>. */
static bool
is_name(const struct token *key)
{
	const unsigned char *s = (const unsigned char *)key->s;
	unsigned i = 0;

	while (i < key->n && (bytes[s[i]] & IN_NAME))
		i++;
	return i > 0 && i == key->n && (bytes[s[0]] & BEGINS_NAME);
}

static struct token
word(const char *s)
{
	return (struct token){ .s = s, .n = (unsigned)strlen(s),
	    .kind = STRING };
}

static struct token
singular(const struct token *list)
{
	struct token item = *list;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (is(list, lists[i].list))
			return word(lists[i].item);
	if (list->n < 2 || list->s[list->n - 1] != 's')
		return word("item");
	item.n--;
	return item;
}

static struct token *
member(struct walk *w, const struct token *map, const char *key)
{
	struct token *t = w->t + (map - w->t) + 1, *end = w->t + map->next;

	while (t < end && !is(t, key))
		t = w->t + t[1].next;
	return t < end ? t : NULL;
}

static const struct element *
element_of(struct walk *w, const struct token *name, const struct token *map)
{
	for (const struct element *e = elements; e->name != NULL; e++)
		if (is(name, e->name))
			return e->only_with == NULL || member(w, map,
			    e->only_with) != NULL ? e : NULL;
	return NULL;
}

/* Returns how many members are left to be children. */
static unsigned
attributes_add(struct walk *w, const struct element *e,
    const struct token *map)
{
	unsigned left = 0;

	for (int i = 0; e != NULL && i < NAMES_MAX &&
	    e->attribute[i] != NULL; i++) {
		struct token *key = member(w, map, e->attribute[i]);

		if (key == NULL || key[1].kind <= LIST)
			continue;
		text_addn(w->out, " ", 1);
		text_add(w->out, e->attribute[i]);
		text_addn(w->out, "=\"", 2);
		scalar_add(w->out, key, key + 1, true);
		text_addc(w->out, '"');
		key->done = true;
	}
	for (unsigned i = (unsigned)(map - w->t) + 1; i < map->next;
	    i = w->t[i + 1].next)
		left += !w->t[i].done;
	return left;
}

/* Blanks of the layout; room for n bytes more behind them. */
static char *
line_begin(struct walk *w, int depth, size_t n)
{
	size_t blanks = w->one_line ? 0 : 4 * (size_t)depth;
	char *p = text_room(w->out, blanks + n);

	return (char *)memset(p, ' ', blanks) + blanks;
}

static void
line_end(struct walk *w)
{
	if (!w->one_line)
		text_addn(w->out, "\n", 1);
}

static void
tag_open(struct walk *w, const struct token *key, int depth)
{
	bool named = is_name(key);
	char *p = line_begin(w, depth, key->n + 1);

	*p++ = '<';
	if (named)
		p = (char *)memcpy(p, key->s, key->n) + key->n;
	text_end(w->out, p);
	if (named)
		return;
	text_add(w->out, "item key=\"");
	string_add(w->out, key, true);
	text_addn(w->out, "\"", 1);
}

static void
tag_close(struct walk *w, const struct token *key, int depth)
{
	static const struct token item = { .s = "item", .n = 4 };
	char *p;

	if (!is_name(key))
		key = &item;
	p = line_begin(w, depth, key->n + sizeof("</>\n"));
	*p++ = '<';
	*p++ = '/';
	p = (char *)memcpy(p, key->s, key->n) + key->n;
	*p++ = '>';
	if (!w->one_line)
		*p++ = '\n';
	text_end(w->out, p);
}

static void
no_children(struct walk *w)
{
	text_addn(w->out, "/>", 2);
	line_end(w);
}

static void
children_begin(struct walk *w)
{
	text_addn(w->out, ">", 1);
	line_end(w);
}

static void
scalar_close(struct walk *w, const struct token *key, const struct token *t)
{
	text_addn(w->out, ">", 1);
	scalar_add(w->out, key, t, false);
	tag_close(w, key, 0);
}

static void element(struct walk *, const struct token *key,
    const struct token *, int depth);

static void
children(struct walk *w, const struct token *key, const struct token *of,
    int depth)
{
	struct token item = of->kind == LIST ? singular(key) : *key;
	unsigned i = (unsigned)(of - w->t) + 1;

	while (i < of->next) {
		struct token *t = w->t + i;

		if (of->kind == LIST)
			element(w, &item, t, depth);
		else if (!t->done)
			element(w, t, t + 1, depth);
		i = of->kind == LIST ? t->next : t[1].next;
	}
}

static void
element(struct walk *w, const struct token *key, const struct token *t,
    int depth)
{
	unsigned left = t->next > (unsigned)(t - w->t) + 1;

	tag_open(w, key, depth);
	if (t->kind > LIST) {
		scalar_close(w, key, t);
		return;
	}
	if (t->kind == MAP)
		left = attributes_add(w, element_of(w, key, t), t);
	if (left == 0) {
		no_children(w);
		return;
	}
	children_begin(w);
	children(w, key, t, depth + 1);
	tag_close(w, key, depth);
}

/* --- the document ------------------------------------------------------------------ */

/* "links", and the like of "instances_links", which only some JSON readers want. */
static bool
is_links(const struct token *key)
{
	return key->n >= 5 && memcmp(key->s + key->n - 5, "links", 5) == 0 &&
	    (key->n == 5 || key->s[key->n - 6] == '_');
}

/* The one member that is no links; NULL: there are none or several. */
static struct token *
root_of(struct walk *w)
{
	struct token *root = NULL;

	for (unsigned i = 1; i < w->count; i = w->t[i + 1].next) {
		if (is_links(&w->t[i]))
			continue;
		if (root != NULL)
			return NULL;
		root = &w->t[i];
	}
	return root;
}

static void
root_add(struct walk *w, const struct token *key, const struct token *t,
    const struct token *links)
{
	const struct element *e = w->fault ? &fault : element_of(w, key, t);
	unsigned left = t->next > (unsigned)(t - w->t) + 1;

	tag_open(w, key, 0);
	if (t->kind == MAP)
		left = attributes_add(w, e, t);
	if (!w->fault || w->one_line)
		text_add(w->out, " xmlns=\"" XML_NAMESPACE "\"");
	if (t->kind > LIST) {
		scalar_close(w, key, t);
		return;
	}
	if (left == 0 && links == NULL) {
		no_children(w);
		return;
	}
	children_begin(w);
	children(w, key, t, 1);
	if (links != NULL)
		element(w, links, links + 1, 1);
	tag_close(w, key, 0);
}

bool
xmlw_document(struct text *out, struct op *op, const char *json, size_t n,
    bool is_fault)
{
	struct walk w = { .out = out, .room = (unsigned)(n / 12 + 16),
	    .fault = is_fault };
	struct token *root, bare = word(BARE);

	w.t = op_alloc(op, w.room * sizeof(*w.t));
	if (!tokens(&w, op, json, n))
		return false;
	text_begin(out, op, 2 * n);
	root = root_of(&w);
	if (root == NULL) {
		root_add(&w, &bare, w.t, NULL);
		return true;
	}
	w.one_line = is_fault && root[1].kind == MAP &&
	    member(&w, root + 1, "retryAfter") != NULL;
	root_add(&w, root, root + 1, member(&w, w.t, "links"));
	return true;
}
