#include "lib/base/json.h"
#include "lib/base/json_scan.h"

#include <json-c/json.h>
#include <string.h>

/* struct json is json-c's object under a name that its users can keep. */
static json_object *
object(const struct json *j)
{
	return (json_object *)(uintptr_t)j;
}

static void
give_back(void *object)
{
	json_object_put(object);
}

enum err
json_parse(struct op *op, const char *s, size_t n, const struct json **out)
{
	struct json_tokener *tok;
	json_object *o;
	enum json_tokener_error e;

	*out = NULL;
	TRY(json_scan(op, s, n, &s));
	/* The scan took it, so the library must; its depth counts one more. */
	tok = json_tokener_new_ex(JSON_DEPTH + 2);
	if (tok == NULL)
		return op_fail(op, ERR_INTERNAL, "out of memory");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, s, (int)n);
	e = json_tokener_get_error(tok);
	if (e == json_tokener_continue) {	/* a bare number ends with the text */
		o = json_tokener_parse_ex(tok, "", 1);
		e = json_tokener_get_error(tok);
	}
	json_tokener_free(tok);
	if (e != json_tokener_success)
		return op_fail(op, ERR_BAD_REQUEST, "%s",
		    json_tokener_error_desc(e));
	if (o != NULL)
		op_defer(op, give_back, o);
	*out = (const struct json *)o;
	return OK;
}

enum json_kind
json_kind(const struct json *j)
{
	switch (json_object_get_type(object(j))) {
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_int:
		return json_object_get_uint64(object(j)) > INT64_MAX ?
		    JSON_BIG : JSON_INT;
	case json_type_double:
		return JSON_REAL;
	case json_type_string:
		return JSON_STR;
	case json_type_array:
		return JSON_LIST;
	case json_type_object:
		return JSON_MAP;
	case json_type_null:
	default:
		return JSON_NULL;
	}
}

const struct json *
json_member(const struct json *j, const char *key)
{
	json_object *o = object(j);

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &o))
		return NULL;
	return (const struct json *)o;
}

const struct json *
json_get(const struct json *j, const char *path)
{
	char key[256];
	json_object *o = object(j);

	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		if (len >= sizeof(key) ||
		    !json_object_is_type(o, json_type_object))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		if (!json_object_object_get_ex(o, key, &o))
			return NULL;
		path += len + (path[len] == '/');
	}
	return (const struct json *)o;
}

bool
json_has(const struct json *j, const char *key)
{
	return json_object_is_type(object(j), json_type_object) &&
	    json_object_object_get_ex(object(j), key, NULL);
}

size_t
json_count(const struct json *j)
{
	switch (json_kind(j)) {
	case JSON_LIST:
		return json_object_array_length(object(j));
	case JSON_MAP:
		return (size_t)json_object_object_length(object(j));
	default:
		return 0;
	}
}

const struct json *
json_at(const struct json *j, size_t i)
{
	if (json_kind(j) != JSON_LIST || i >= json_count(j))
		return NULL;
	return (const struct json *)json_object_array_get_idx(object(j), i);
}

bool
json_next(const struct json *map, void **at, const char **key,
    const struct json **value)
{
	struct lh_entry *e;

	if (json_kind(map) != JSON_MAP)
		return false;
	e = *at == NULL ? json_object_get_object(object(map))->head :
	    lh_entry_next((struct lh_entry *)*at);
	if (e == NULL)
		return false;
	*at = e;
	*key = lh_entry_k(e);
	*value = (const struct json *)lh_entry_v(e);
	return true;
}

const char *
json_str(const struct json *j)
{
	return json_kind(j) == JSON_STR ? json_object_get_string(object(j)) :
	    NULL;
}

int64_t
json_int(const struct json *j)
{
	return json_kind(j) == JSON_INT ? json_object_get_int64(object(j)) : 0;
}

uint64_t
json_big(const struct json *j)
{
	return json_kind(j) == JSON_BIG ? json_object_get_uint64(object(j)) :
	    0;
}

double
json_real(const struct json *j)
{
	enum json_kind k = json_kind(j);

	return k == JSON_REAL || k == JSON_INT || k == JSON_BIG ?
	    json_object_get_double(object(j)) : 0;
}

bool
json_true(const struct json *j)
{
	return json_kind(j) == JSON_BOOL && json_object_get_boolean(object(j));
}

/* --- made by hand -------------------------------------------------------------- */

static struct json *
keep(struct op *op, json_object *o)
{
	op_defer(op, give_back, o);
	return (struct json *)o;
}

const char *
json_text(struct op *op, const struct json *j)
{
	return op_strdup(op, json_object_to_json_string_ext(object(j),
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

struct json *
json_new(struct op *op, enum json_kind kind)
{
	return keep(op, kind == JSON_LIST ? json_object_new_array() :
	    json_object_new_object());
}

/* As Python and XML Schema spell them. */
static json_object *
bool_of(const char *s)
{
	static const char *const word[] = { "false", "0", "False",
		"true", "1", "True" };

	for (int i = 0; i < 6; i++)
		if (strcmp(s, word[i]) == 0)
			return json_object_new_boolean(i >= 3);
	return NULL;
}

static const struct json *
number_of(struct op *op, const char *s)
{
	const struct json *n;

	if (json_parse(op, s, strlen(s), &n) != OK)
		return NULL;
	switch (json_kind(n)) {
	case JSON_INT:
	case JSON_BIG:
	case JSON_REAL:
		return n;
	default:
		return NULL;
	}
}

const struct json *
json_of_text(struct op *op, enum json_kind kind, const char *s)
{
	json_object *o = NULL;

	if (kind == JSON_INT || kind == JSON_REAL)
		return number_of(op, s);
	if (kind == JSON_STR)
		o = json_object_new_string(s);
	else if (kind == JSON_BOOL)
		o = bool_of(s);
	return o == NULL ? NULL : keep(op, o);
}

/* The op keeps its own hold, so a value may be put anywhere or nowhere. */
void
json_put(struct json *in, const char *key, const struct json *value)
{
	json_object *v = json_object_get(object(value));

	if (key == NULL)
		json_object_array_add(object(in), v);
	else
		json_object_object_add(object(in), key, v);
}
