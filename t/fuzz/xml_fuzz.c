/*
 * XML both ways: whatever bytes come, the parser says yes or no and keeps to
 * its bounds; a tree that it made is written as JSON, that as XML, and this
 * must be read again.
 */
#include "fcgi/xmlw.h"
#include "lib/base/jsonw.h"
#include "lib/base/xml.h"
#include "t/fuzz/fuzz.h"

#include <string.h>

static struct xml_form
form_of(const void *arg, const char *path)
{
	static const struct { char c; enum json_kind kind; } by[] = {
		{ 'l', JSON_LIST }, { 'n', JSON_INT }, { 'r', JSON_REAL },
		{ 'b', JSON_BOOL },
	};
	size_t n = strlen(path);
	struct xml_form f = { JSON_STR, n > 0 && path[n - 1] == 'z' };

	(void)arg;
	for (int i = 0; n > 0 && i < 4; i++)
		if (path[n - 1] == by[i].c)
			f.kind = by[i].kind;
	return f;
}

static int
write_json(struct jsonw *w, const struct json *j)
{
	const struct json *v;
	const char *key;
	void *at = NULL;
	int n = 1;

	switch (json_kind(j)) {
	case JSON_LIST:
		jsonw_list(w);
		for (size_t i = 0; i < json_count(j); i++)
			n += write_json(w, json_at(j, i));
		jsonw_list_end(w);
		break;
	case JSON_MAP:
		jsonw_map(w);
		while (json_next(j, &at, &key, &v)) {
			jsonw_key(w, key);
			n += write_json(w, v);
		}
		jsonw_map_end(w);
		break;
	case JSON_INT:
		jsonw_int(w, json_int(j));
		break;
	case JSON_REAL:
		jsonw_real(w, json_real(j), 3);
		break;
	case JSON_BOOL:
		jsonw_bool(w, json_true(j));
		break;
	default:
		jsonw_str(w, json_str(j));
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct xml_forms forms = { form_of, NULL };
	const struct json *j;
	struct jsonw w;
	struct text xml;
	struct op op;

	op_begin(&op, "fuzz");
	if (xml_parse(&op, (const char *)data, n, &forms, &j) == OK) {
		jsonw_begin(&w, &op, 256);
		if (write_json(&w, j) > JSON_MEMBERS + 1)
			__builtin_trap();
		/* A root called "links" is given another, one level more. */
		if (!xmlw_document(&xml, &op, w.out.s, w.out.len, false) ||
		    (xml_parse(&op, xml.s, xml.len, &forms, &j) != OK &&
		    strstr(op.why, "too ") == NULL))
			__builtin_trap();
	}
	op_end(&op);
	return 0;
}
