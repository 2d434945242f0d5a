#include "lib/base/xml.h"
#include "lib/base/text.h"

#include <libxml/parserInternals.h>
#include <string.h>
#include <strings.h>

#define DEPTH	(JSON_DEPTH - 1)	/* the key of the root is one level, too */
#define SPACES	" \t\r\n"

struct element {
	struct json	*value;		/* map of attributes and children, or the list */
	const char	*name;
	struct xml_form	 form;
	bool		 parent;	/* has elements in it, so text is none */
	size_t		 path;		/* length of the path down to it */
};

struct reader {
	struct op	*op;
	const struct xml_forms *forms;
	xmlParserCtxtPtr ctxt;
	struct json	*root;
	struct element	 open[DEPTH];
	int		 depth, values, namespaces;
	struct text	 path;
	struct text	 text;		/* since the last start of an element */
	const char	*why;		/* the first refusal */
};

/* --- before the library sees it ------------------------------------------------- */

/* The end of a comment or CDATA section, NULL when there is none. */
static const char *
section_end(const char *s, const char *end, const char *mark)
{
	size_t n = strlen(mark);

	for (; (size_t)(end - s) >= n; s++)
		if (memcmp(s, mark, n) == 0)
			return s + n;
	return NULL;
}

/*
 * At a '<'.  The library compares each attribute with each before it lets us
 * count them; a value cannot hold its own quote.
 */
static const char *
scan_tag(const char *s, const char *end, const char **why)
{
	int attributes = 0;

	for (; s < end && *s != '>'; s++) {
		attributes += *s == '=';
		if (*s != '"' && *s != '\'')
			continue;
		s = memchr(s + 1, *s, (size_t)(end - s - 1));
		if (s == NULL)
			break;
	}
	if (attributes > XML_ATTRIBUTES)
		*why = "too many attributes";
	else if (s == NULL || s >= end)
		*why = "a tag does not end";
	return *why == NULL ? s + 1 : NULL;
}

/* At "<?xml ": the bytes were found to be UTF-8, so another word would be a lie. */
static const char *
scan_declaration(const char *s, const char *end, const char **why)
{
	static const char word[] = "encoding";
	const char *close = section_end(s, end, "?>");
	const char *is = close == NULL ? NULL :
	    section_end(s, close, word);

	if (close == NULL)
		*why = "the declaration does not end";
	if (is == NULL)
		return close;
	is += strspn(is, SPACES "=\"'");
	if (strncasecmp(is, "utf-8", 5) != 0 &&
	    strncasecmp(is, "us-ascii", 8) != 0)
		*why = "not in UTF-8";
	return close;
}

/* From one '<' to behind its end; NULL with a reason. */
static const char *
scan_markup(const char *s, const char *end, const char **why)
{
	static const struct { const char *begin, *end; } section[] = {
		{ "<!--", "-->" }, { "<![CDATA[", "]]>" },
	};

	for (int i = 0; i < 2; i++) {
		size_t n = strlen(section[i].begin);

		if (strncmp(s, section[i].begin, n) != 0)
			continue;
		s = section_end(s + n, end, section[i].end);
		if (s == NULL)
			*why = "a section does not end";
		return s;
	}
	if (s[1] != '!' && s[1] != '?')
		return scan_tag(s, end, why);
	*why = s[1] == '!' ? "a DOCTYPE" : "a processing instruction";
	return NULL;
}

/* The text ends with a NUL that is not counted, and holds none. */
static const char *
scan(const char *s, size_t n)
{
	const char *end = s + n, *why = NULL;

	if (!text_is_utf8(s, n))
		return "not UTF-8, or a NUL in it";
	if (strncmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3;
	if (strncmp(s, "<?xml", 5) == 0 && strchr(SPACES, s[5]) != NULL)
		s = scan_declaration(s, end, &why);
	while (why == NULL && (s = memchr(s, '<', (size_t)(end - s))) != NULL)
		s = scan_markup(s, end, &why);
	return why;
}

/* --- what the library calls -------------------------------------------------------- */

static void
refuse(struct reader *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	xmlStopParser(r->ctxt);
}

static bool
is_ours(const xmlChar *uri)
{
	return uri != NULL && strcmp((const char *)uri, XML_NAMESPACE) == 0;
}

static void
path_cut(struct reader *r, size_t len)
{
	text_end(&r->path, r->path.s + len);
}

/* Below a list every element is an item; its name says nothing. */
static void
path_add(struct reader *r, const char *name)
{
	const struct element *in = r->depth > 0 ? &r->open[r->depth - 1] :
	    NULL;

	if (in != NULL && in->form.kind == JSON_LIST)
		text_add(&r->path, "[]");
	else
		text_printf(&r->path, in == NULL ? "%s" : "/%s", name);
}

static void
put(struct reader *r, const char *name, const struct json *value)
{
	struct element *in = r->depth > 0 ? &r->open[r->depth - 1] : NULL;

	if (in == NULL)
		json_put(r->root, name, value);
	else
		json_put(in->value, in->form.kind == JSON_LIST ? NULL : name,
		    value);
}

/* A text that is not what it should be stays a text: whoever checks it says so. */
static const struct json *
value_of(struct reader *r, struct xml_form form, const char *text)
{
	const struct json *v = json_of_text(r->op, form.kind, text);

	if (*text == '\0' && form.nullable)
		return NULL;
	return v != NULL ? v : json_of_text(r->op, JSON_STR, text);
}

static bool
count(struct reader *r)
{
	if (++r->values > JSON_MEMBERS)
		refuse(r, "too many values");
	return r->why == NULL;
}

/* The library leaves an ampersand as a reference when it expands nothing. */
static char *
attribute_text(struct reader *r, const char *s, const char *end)
{
	char *copy = op_strndup(r->op, s, (size_t)(end - s)), *to = copy;

	for (const char *from = copy; *from != '\0'; from++) {
		*to++ = *from;
		if (strncmp(from, "&#38;", 5) == 0)
			from += 4;
	}
	*to = '\0';
	return copy;
}

/* Each is local name, prefix, namespace, begin and end of the value. */
static void
attributes(struct reader *r, int n, const xmlChar **a)
{
	for (; n > 0 && count(r); n--, a += 5) {
		const char *name = (const char *)a[0];
		size_t len = r->path.len;
		struct xml_form form;

		if (a[1] != NULL && !is_ours(a[2]))
			continue;
		path_add(r, name);
		form = r->forms->of(r->forms->arg, r->path.s);
		path_cut(r, len);
		put(r, name, value_of(r, form, attribute_text(r,
		    (const char *)a[3], (const char *)a[4])));
	}
}

static void
element_starts(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int namespaces, const xmlChar **declared, int n,
    int defaulted, const xmlChar **a)
{
	struct reader *r = arg;
	struct element *e;

	(void)declared;
	(void)defaulted;
	r->namespaces += namespaces;
	if (prefix != NULL && !is_ours(uri))
		refuse(r, "an element of another namespace");
	else if (r->depth == DEPTH)
		refuse(r, "nested too deep");
	else if (r->namespaces > XML_ATTRIBUTES)
		refuse(r, "too many namespaces");
	if (r->why != NULL || !count(r))
		return;
	if (r->depth > 0)
		r->open[r->depth - 1].parent = true;
	e = &r->open[r->depth];
	*e = (struct element){ .name = (const char *)name,
	    .path = r->path.len };
	path_add(r, e->name);
	e->form = r->forms->of(r->forms->arg, r->path.s);
	e->value = json_new(r->op, e->form.kind == JSON_LIST ? JSON_LIST :
	    JSON_MAP);
	r->depth++;
	text_end(&r->text, r->text.s);
	if (e->form.kind != JSON_LIST)
		attributes(r, n, a);
}

/* The text without the blanks at its ends. */
static const char *
trimmed(struct text *t)
{
	size_t from = strspn(t->s, SPACES), to = t->len;

	while (to > from && strchr(SPACES, t->s[to - 1]) != NULL)
		to--;
	t->s[to] = '\0';
	return t->s + from;
}

static void
element_ends(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri)
{
	struct reader *r = arg;
	struct element *e;
	const struct json *v;
	const char *text;

	(void)name;
	(void)prefix;
	(void)uri;
	if (r->why != NULL || r->depth == 0)
		return;
	e = &r->open[--r->depth];
	v = e->value;
	text = trimmed(&r->text);
	if (!e->parent && *text != '\0')
		v = value_of(r, e->form, text);
	else if (json_count(v) == 0 && e->form.nullable &&
	    e->form.kind != JSON_MAP && e->form.kind != JSON_LIST)
		v = NULL;
	path_cut(r, e->path);
	put(r, e->name, v);
	text_end(&r->text, r->text.s);
}

static void
text_comes(void *arg, const xmlChar *s, int n)
{
	struct reader *r = arg;

	text_addn(&r->text, (const char *)s, (size_t)n);
}

static void
be_quiet(void *arg, xmlErrorPtr e)
{
	(void)arg;
	(void)e;
}

/* What is not named here is not heard of: no entities, no comments. */
static const xmlSAXHandler calls = {
	.initialized = XML_SAX2_MAGIC,
	.startElementNs = element_starts, .endElementNs = element_ends,
	.characters = text_comes, .ignorableWhitespace = text_comes,
	.cdataBlock = text_comes, .serror = be_quiet,
};

static enum err
refused(struct op *op, const char *why)
{
	return op_fail(op, ERR_BAD_REQUEST, "%s", why);
}

static void
forget(void *ctxt)
{
	xmlFreeParserCtxt(ctxt);
}

enum err
xml_parse(struct op *op, const char *s, size_t n,
    const struct xml_forms *forms, const struct json **out)
{
	struct reader r = { .op = op, .forms = forms };

	*out = NULL;
	/* With a NUL behind it, and short enough for an int. */
	s = op_strndup(op, s, n);
	r.why = n == 0 || n > INT32_MAX ? "empty, or too long" : scan(s, n);
	if (r.why != NULL)
		return refused(op, r.why);
	r.ctxt = xmlCreateMemoryParserCtxt(s, (int)n);
	if (r.ctxt == NULL)
		return op_fail(op, ERR_INTERNAL, "out of memory");
	op_defer(op, forget, r.ctxt);
	xmlCtxtUseOptions(r.ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	*r.ctxt->sax = calls;
	r.ctxt->userData = &r;
	r.root = json_new(op, JSON_MAP);
	text_begin(&r.path, op, 128);
	text_begin(&r.text, op, 256);
	xmlParseDocument(r.ctxt);
	if (r.why != NULL)
		return refused(op, r.why);
	if (!r.ctxt->wellFormed || !r.ctxt->nsWellFormed)
		return refused(op, "not well-formed");
	*out = r.root;
	return OK;
}
