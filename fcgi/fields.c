#include "fcgi/fields_kinds.h"

#include "lib/base/text.h"

#include <stdbool.h>
#include <string.h>

#define NESTED_LISTS 4

struct walk {
	struct op	*op;
	const struct field *table, *row;
	size_t		 item[NESTED_LISTS];	/* which element of each [] */
	int		 items;
};

size_t
items_count(const struct json *j)
{
	return json_kind(j) == JSON_MAP ? 1 : json_count(j);
}

const struct json *
items_at(const struct json *j, size_t i)
{
	return json_kind(j) == JSON_MAP ? j : json_at(j, i);
}

/* "instance/users[]/name" with element 2 is instance['users'][2]['name']. */
static const char *
path_show(const struct walk *w, size_t len)
{
	const char *s = w->row->path, *end = s + len;
	struct text t;
	int list = 0;

	text_begin(&t, w->op, 64);
	while (s < end) {
		size_t n = strcspn(s, "/[");

		if (n > (size_t)(end - s))
			n = (size_t)(end - s);
		text_printf(&t, t.len == 0 ? "%.*s" : "['%.*s']", (int)n, s);
		s += n;
		if (s < end && *s == '[') {
			text_printf(&t, "[%zu]", w->item[list++]);
			s += 2;
		}
		s += s < end;
	}
	if (t.len > 0)
		text_addc(&t, ' ');
	return t.s;
}

static enum err
refuse(const struct walk *w, size_t len, const char *problem)
{
	return op_fail(w->op, ERR_BAD_REQUEST, "Validation error: %s%s",
	    path_show(w, len), problem);
}

/* The length of a path without its last part: "a/b" gives that of "a". */
static size_t
parent_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash - path) : 0;
}

static bool
siblings(const char *a, const char *b)
{
	size_t n = parent_len(a);

	return n == parent_len(b) && strncmp(a, b, n) == 0;
}

static bool
has_either(const struct walk *w, const struct json *map)
{
	for (const struct field *f = w->table; f->path != NULL; f++) {
		size_t n = parent_len(f->path);

		if ((f->flags & EITHER) && siblings(f->path, w->row->path) &&
		    json_has(map, f->path + n + (n > 0)))
			return true;
	}
	return false;
}

static enum err
missing(const struct walk *w, const struct json *map)
{
	size_t n = parent_len(w->row->path);
	const char *name = w->row->path + n + (n > 0);

	if (!(w->row->flags & REQUIRED) &&
	    (!(w->row->flags & EITHER) || has_either(w, map)))
		return OK;
	return refuse(w, n, op_printf(w->op, "'%s' is a required property",
	    name));
}

static bool
has_row(const struct walk *w, const char *key)
{
	size_t n = strlen(w->row->path);

	for (const struct field *f = w->table; f->path != NULL; f++)
		if (strncmp(f->path, w->row->path, n) == 0 &&
		    f->path[n] == '/' && strcmp(f->path + n + 1, key) == 0)
			return true;
	return false;
}

static enum err
check_closed(const struct walk *w, const struct json *map)
{
	const struct json *v;
	const char *key;
	void *at = NULL;

	while (json_next(map, &at, &key, &v)) {
		if (has_row(w, key))
			continue;
		if (strlen(key) > 64)
			key = "...";
		return refuse(w, strlen(w->row->path), op_printf(w->op,
		    "Additional properties are not allowed ('%s' was "
		    "unexpected)", key));
	}
	return OK;
}

static enum err
check(const struct walk *w, const struct json *v)
{
	const char *bad = value_problem(w->op, w->row, v);

	if (bad != NULL)
		return refuse(w, strlen(w->row->path), bad);
	return w->row->flags & CLOSED ? check_closed(w, v) : OK;
}

static enum err walk(struct walk *, const struct json *, const char *rest);

/* after: what follows the "[]", "" or "/...". */
static enum err
walk_items(struct walk *w, const struct json *list, const char *after)
{
	int mine = w->items++;

	for (size_t i = 0; i < items_count(list); i++) {
		const struct json *v = items_at(list, i);

		w->item[mine] = i;
		TRY(*after == '\0' ? check(w, v) : walk(w, v, after + 1));
	}
	w->items--;
	return OK;
}

/* Only the outermost map may be absent; any other wrong parent has a row of its own. */
static enum err
walk(struct walk *w, const struct json *at, const char *rest)
{
	size_t n = strcspn(rest, "/["), each = rest[n] == '[' ? 2 : 0;
	const char *after = rest + n + each;
	char name[64];

	if (json_kind(at) != JSON_MAP && rest != w->row->path)
		return OK;
	memcpy(name, rest, n);
	name[n] = '\0';
	if (!json_has(at, name))
		return *after == '\0' && !each ? missing(w, at) : OK;
	at = json_get(at, name);
	if (each)
		return walk_items(w, at, after);
	return *after == '\0' ? check(w, at) : walk(w, at, after + 1);
}

enum err
fields_check(struct op *op, const struct field *table,
    const struct json *body)
{
	struct walk w = { .op = op, .table = table };

	if (body != NULL && json_kind(body) != JSON_MAP &&
	    table->path != NULL && *table->path == '\0')
		return OK;
	if (body != NULL && json_kind(body) != JSON_MAP)
		return op_fail(op, ERR_BAD_REQUEST,
		    "Validation error: the body is not of type 'object'");
	for (w.row = table; w.row->path != NULL; w.row++)
		TRY(walk(&w, body, w.row->path));
	return OK;
}
