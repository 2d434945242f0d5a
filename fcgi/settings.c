#include "fcgi/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum err
settings_begin(struct op *op, const struct version_row *v, struct settings *s)
{
	*s = (struct settings){ .op = op, .version = v };
	return parameters_read(op, v->id, &s->parameter, &s->parameters);
}

static const struct parameter *
parameter_of(const struct settings *s, const char *name)
{
	for (int i = 0; i < s->parameters; i++)
		if (strcasecmp(s->parameter[i].name, name) == 0)
			return &s->parameter[i];
	return NULL;
}

/* --- one value ------------------------------------------------------------------ */

/* An integer may be given as true or false, as the reference takes it; a real may not be whole. */
static bool
is_of_type(const char *type, enum json_kind kind)
{
	if (strcmp(type, "integer") == 0)
		return kind == JSON_INT || kind == JSON_BIG ||
		    kind == JSON_BOOL;
	if (strcmp(type, "float") == 0)
		return kind == JSON_REAL;
	if (strcmp(type, "boolean") == 0)
		return kind == JSON_BOOL;
	return kind == JSON_STR;
}

static enum json_kind
kind_of(const struct parameter *p)
{
	if (p == NULL)
		return JSON_STR;
	if (strcmp(p->type, "integer") == 0)
		return JSON_INT;
	if (strcmp(p->type, "float") == 0)
		return JSON_REAL;
	return strcmp(p->type, "boolean") == 0 ? JSON_BOOL : JSON_STR;
}

/* What is no text of its type is left to be refused. */
const struct json *
settings_typed(const struct settings *s, const struct json *values)
{
	struct json *typed = json_new(s->op, JSON_MAP);
	const struct json *value, *is;
	const char *name;
	void *at = NULL;

	while (json_next(values, &at, &name, &value)) {
		is = json_str(value) == NULL ? NULL : json_of_text(s->op,
		    kind_of(parameter_of(s, name)), json_str(value));
		json_put(typed, name, is != NULL ? is : value);
	}
	return typed;
}

/* Exact for what has 64 bits: the mantissa of a long double has as many. */
static long double
number(const struct json *value)
{
	switch (json_kind(value)) {
	case JSON_INT:
		return json_int(value);
	case JSON_BIG:
		return json_big(value);
	case JSON_BOOL:
		return json_true(value);
	default:
		return json_real(value);
	}
}

static bool
has_bound(const char *bound)
{
	return bound != NULL && *bound != '\0';
}

static enum err
range_check(struct op *op, const struct parameter *p, const char *name,
    const struct json *value)
{
	if (has_bound(p->min) && number(value) < strtold(p->min, NULL))
		return op_fail(op, ERR_UNPROCESSABLE, "The value for the "
		    "configuration parameter %s is less than the minimum "
		    "allowed: %s", name, p->min);
	if (has_bound(p->max) && number(value) > strtold(p->max, NULL))
		return op_fail(op, ERR_UNPROCESSABLE, "The value for the "
		    "configuration parameter %s is greater than the maximum "
		    "allowed: %s", name, p->max);
	return OK;
}

/* It will stand in a file, on one line. */
static enum err
text_check(struct op *op, const char *name, const char *s)
{
	int characters = 0;

	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return op_fail(op, ERR_UNPROCESSABLE, "The value for "
			    "the configuration parameter %s has a control "
			    "character in it.", name);
		characters += (*s & 0xc0) != 0x80;
	}
	if (characters > SETTING_MAX)
		return op_fail(op, ERR_UNPROCESSABLE, "The value for the "
		    "configuration parameter %s is longer than %d characters.",
		    name, SETTING_MAX);
	return OK;
}

static enum err
setting_check(const struct settings *s, const struct setting *one)
{
	const struct version_row *v = s->version;

	if (one->of == NULL)
		return op_fail(s->op, ERR_UNPROCESSABLE, "The configuration "
		    "parameter %.128s is not supported for this datastore: "
		    "%s %s.", one->name, v->of->name, v->name);
	if (!is_of_type(one->of->type, json_kind(one->value)))
		return op_fail(s->op, ERR_UNPROCESSABLE, "The value provided "
		    "for the configuration parameter %s is not of type %s.",
		    one->name, one->of->type);
	if (json_kind(one->value) == JSON_STR)
		return text_check(s->op, one->name, json_str(one->value));
	return range_check(s->op, one->of, one->name, one->value);
}

/* --- all of them ---------------------------------------------------------------- */

/* first: those before it may be replaced; a second one of this map may not. */
static enum err
setting_put(struct settings *s, const struct setting *one, int first)
{
	int i = 0;

	while (i < s->n && strcasecmp(s->list[i].name, one->name) != 0)
		i++;
	if (i >= first && i < s->n)
		return op_fail(s->op, ERR_UNPROCESSABLE, "The configuration "
		    "parameter %s is given twice.", one->name);
	s->list[i] = *one;
	s->n += i == s->n;
	return OK;
}

static enum err
add(struct settings *s, const struct json *values, bool check)
{
	struct setting *more = op_alloc(s->op,
	    ((size_t)s->n + json_count(values) + 1) * sizeof(*more));
	struct setting one;
	int first = s->n;
	void *at = NULL;

	if (s->n > 0)
		memcpy(more, s->list, (size_t)s->n * sizeof(*more));
	s->list = more;
	while (json_next(values, &at, &one.name, &one.value)) {
		one.of = parameter_of(s, one.name);
		if (check)
			TRY(setting_check(s, &one));
		TRY(setting_put(s, &one, first));
	}
	return OK;
}

enum err
settings_add(struct settings *s, const struct json *values)
{
	if (s->parameters == 0)
		return op_fail(s->op, ERR_UNPROCESSABLE, "Configuration groups "
		    "are not supported for this datastore: %s %s",
		    s->version->of->name, s->version->name);
	return add(s, values, true);
}

enum err
settings_add_stored(struct settings *s, const char *text)
{
	const struct json *values;

	TRY(json_parse(s->op, text, strlen(text), &values));
	return add(s, values, false);
}

bool
settings_need_restart(const struct settings *s)
{
	for (int i = 0; i < s->n; i++)
		if (s->list[i].of == NULL || *s->list[i].of->restart == 't')
			return true;
	return false;
}
