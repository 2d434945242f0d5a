#include "fcgi/openapi_body.h"

#include <string.h>

/* What every kind is, without the limits of its row. */
static const char *const kinds[FIELD__MAX] = {
	[ANY]	 = "{\"description\":\"any value\"",
	[STR]	 = "{\"type\":\"string\"",
	[NES]	 = "{\"type\":\"string\",\"pattern\":\"[0-9A-Za-z]\"",
	[UUID]	 = "{\"type\":\"string\",\"format\":\"uuid\"",
	[INT]	 = "{\"type\":\"integer\"",
	[NUMBER] = "{\"type\":\"number\"",
	[SIZE]	 = "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":1},"
	    "{\"type\":\"string\",\"pattern\":\"^[0-9]{1,40}$\"}]",
	[FLAG]	 = "{\"type\":\"integer\",\"enum\":[0,1]",
	[BOOL]	 = "{\"type\":\"boolean\"",
	[FLAVOR] = "{\"type\":[\"string\",\"integer\"]",
	[HOST]	 = "{\"type\":\"string\",\"pattern\":\"^%?[\\\\w().]*%?$\"",
	[CIDR]	 = "{\"type\":\"string\",\"pattern\":"
	    "\"^[0-9]{1,3}([.][0-9]{1,3}){3}(/[0-9]{1,2})?$\"",
	[IPV4]	 = "{\"type\":\"string\",\"format\":\"ipv4\"",
	[LIST]	 = "{\"type\":\"array\"",
	[MAP]	 = "{\"type\":\"object\"",
	[MAP_OR_SIZE] = "{\"type\":[\"object\",\"integer\",\"string\"]",
};

/* Which words say the row's min and max. */
static const struct { enum field_kind kind; const char *min, *max; } limits[] = {
	{ STR,  "minLength", "maxLength" },
	{ NES,  "minLength", "maxLength" },
	{ INT,  "minimum", "maximum" },
	{ NUMBER, "minimum", "maximum" },
	{ LIST, "minItems", "maxItems" },
	{ MAP,  "minProperties", "maxProperties" },
};

static void value(struct jsonw *, const struct field *, const char *path);

/* Does the row stand right below this path?  Its own name then. */
static const char *
member(const struct field *f, const char *path)
{
	size_t n = strlen(path);

	if (*f->path == '\0' || strncmp(f->path, path, n) != 0)
		return NULL;
	if (n > 0 && f->path[n++] != '/')
		return NULL;
	return strpbrk(f->path + n, "/[") == NULL ? f->path + n : NULL;
}

static void
members(struct jsonw *w, const struct field *table, const char *path)
{
	const char *name;

	jsonw_key(w, "properties");
	jsonw_map(w);
	for (const struct field *f = table; f->path != NULL; f++)
		if ((name = member(f, path)) != NULL) {
			jsonw_key(w, name);
			value(w, table, f->path);
		}
	jsonw_map_end(w);
	jsonw_key(w, "required");
	jsonw_list(w);
	for (const struct field *f = table; f->path != NULL; f++)
		if ((f->flags & REQUIRED) != 0 &&
		    (name = member(f, path)) != NULL)
			jsonw_str(w, name);
	jsonw_list_end(w);
}

static const struct field *
row(const struct field *table, const char *path)
{
	for (; table->path != NULL; table++)
		if (strcmp(table->path, path) == 0)
			return table;
	return NULL;
}

static void
limit(struct jsonw *w, const struct field *f)
{
	size_t i = 0;

	while (i < sizeof(limits) / sizeof(limits[0]) &&
	    limits[i].kind != f->kind)
		i++;
	if (i == sizeof(limits) / sizeof(limits[0]))
		return;
	if (f->min != 0 || f->kind == NES)
		jsonw_kint(w, limits[i].min, f->min != 0 ? f->min : 1);
	if (f->max != 0 || f->kind == NES)
		jsonw_kint(w, limits[i].max, f->max != 0 ? f->max : 255);
}

/* The kind's own words, then what the row adds, in one map. */
static void
plain(struct jsonw *w, const struct field *table, const struct field *f)
{
	const char *items = op_printf(w->out.op, "%s[]", f->path);

	jsonw_raw(w, kinds[f->kind]);
	limit(w, f);
	if ((f->flags & UNIQUE) != 0)
		jsonw_kbool(w, "uniqueItems", true);
	if ((f->flags & CLOSED) != 0)
		jsonw_kbool(w, "additionalProperties", false);
	if ((f->flags & HIDDEN) != 0)
		jsonw_kbool(w, "writeOnly", true);
	if (f->kind == MAP || f->kind == MAP_OR_SIZE || f->kind == ANY)
		members(w, table, f->path);
	if (f->kind == LIST && row(table, items) != NULL) {
		jsonw_key(w, "items");
		value(w, table, items);
	}
	jsonw_map_end(w);
}

static void
value(struct jsonw *w, const struct field *table, const char *path)
{
	const struct field *f = row(table, path);
	const char *items = op_printf(w->out.op, "%s[]", path);
	bool other = (f->flags & (NULLABLE | ONE_OR_LIST)) != 0;

	if (other) {
		jsonw_map(w);
		jsonw_key(w, "anyOf");
		jsonw_list(w);
	}
	plain(w, table, f);
	if ((f->flags & ONE_OR_LIST) != 0 && row(table, items) != NULL)
		value(w, table, items);
	if ((f->flags & NULLABLE) != 0)
		jsonw_raw(w, "{\"type\":\"null\"}");
	if (other) {
		jsonw_list_end(w);
		jsonw_map_end(w);
	}
}

void
openapi_body(struct jsonw *w, const struct field *table)
{
	jsonw_map(w);
	jsonw_kstr(w, "type", "object");
	members(w, table, "");
	jsonw_map_end(w);
}
