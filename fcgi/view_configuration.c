/* Configuration groups, their values, and the parameters there are. */
#include "fcgi/views.h"

#include "fcgi/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* As short as it is exact, and a real when it is read again. */
static void
real_write(struct jsonw *w, double n)
{
	char s[40];
	int digits = 1;

	do
		snprintf(s, sizeof(s) - 2, "%.*g", digits, n);
	while (strtod(s, NULL) != n && ++digits < 18);
	if (strpbrk(s, ".e") == NULL)
		memcpy(s + strlen(s), ".0", sizeof(".0"));
	jsonw_raw(w, s);
}

static void
value_write(struct jsonw *w, const struct json *value)
{
	char big[24];

	switch (json_kind(value)) {
	case JSON_BOOL:
		jsonw_bool(w, json_true(value));
		break;
	case JSON_INT:
		jsonw_int(w, json_int(value));
		break;
	case JSON_BIG:
		snprintf(big, sizeof(big), "%" PRIu64, json_big(value));
		jsonw_raw(w, big);
		break;
	case JSON_REAL:
		real_write(w, json_real(value));
		break;
	default:
		jsonw_str(w, json_str(value));
	}
}

/* What it says would log somebody in. */
static bool
is_secret(const char *name)
{
	static const char *const words[] = { "password", "passphrase",
	    "requirepass", "masterauth", "secret", NULL };

	for (const char *const *w = words; *w != NULL; w++)
		if (strcasestr(name, *w) != NULL)
			return true;
	return false;
}

static void
values(struct jsonw *w, const struct json *map)
{
	const struct json *value;
	const char *name;
	void *at = NULL;

	jsonw_key(w, "values");
	jsonw_map(w);
	while (json_next(map, &at, &name, &value)) {
		jsonw_key(w, name);
		if (json_kind(value) == JSON_STR && is_secret(name))
			jsonw_str(w, "***");
		else
			value_write(w, value);
	}
	jsonw_map_end(w);
}

void
view_configuration(struct request *r, const struct version_row *v,
    const struct configuration *c, const struct json *map)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", c->id);
	jsonw_kstr(w, "name", c->name);
	jsonw_kstr(w, "description", c->description);
	if (map != NULL)
		values(w, map);
	view_time(r, "created", c->created);
	view_time(r, "updated", c->updated);
	if (map != NULL)
		jsonw_kint(w, "instance_count", c->instances);
	jsonw_kstr(w, "datastore_name", v != NULL ? v->of->name : NULL);
	jsonw_kstr(w, "datastore_version_id", c->version_id);
	jsonw_kstr(w, "datastore_version_name", v != NULL ? v->name : NULL);
	if (map != NULL)
		jsonw_kstr(w, "datastore_version_number",
		    v != NULL ? v->number : NULL);
	jsonw_map_end(w);
}

void
view_holder(struct request *r, const struct holder *h)
{
	jsonw_map(&r->out);
	jsonw_kstr(&r->out, "id", h->id);
	jsonw_kstr(&r->out, "name", h->name);
	jsonw_map_end(&r->out);
}

/* Bounds are kept as the operator wrote them; what is no number is none. */
static void
bound(struct request *r, const char *key, const char *text)
{
	const struct json *number;
	enum json_kind kind;

	if (text == NULL || json_parse(&r->op, text, strlen(text), &number) !=
	    OK)
		return;
	kind = json_kind(number);
	if (kind != JSON_INT && kind != JSON_BIG && kind != JSON_REAL)
		return;
	jsonw_key(&r->out, key);
	jsonw_raw(&r->out, text);
}

void
view_parameter(struct request *r, const struct version_row *v,
    const struct parameter *p, const struct parameter_words *words)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "name", p->name);
	jsonw_kstr(w, "datastore_version_id", v->id);
	jsonw_kbool(w, "restart_required", *p->restart == 't');
	jsonw_kstr(w, "type", p->type);
	bound(r, words->max, p->max);
	bound(r, words->min, p->min);
	jsonw_map_end(w);
}

/* Read again, an integer is an integer. */
static void
setting_write(struct jsonw *w, const struct setting *s)
{
	jsonw_key(w, s->name);
	if (s->of != NULL && strcmp(s->of->type, "integer") == 0 &&
	    json_kind(s->value) == JSON_BOOL)
		jsonw_int(w, json_true(s->value));
	else
		value_write(w, s->value);
}

const char *
store_settings(const struct settings *s)
{
	struct jsonw w;

	jsonw_begin(&w, s->op, 256);
	jsonw_map(&w);
	for (int i = 0; i < s->n; i++)
		setting_write(&w, &s->list[i]);
	jsonw_map_end(&w);
	return w.out.s;
}

void
order_settings(struct jsonw *w, const char *settings, bool restart)
{
	jsonw_key(w, "values");
	jsonw_raw(w, settings);
	jsonw_kbool(w, "restart", restart);
}

const char *
order_configure(struct op *op, const struct attachment *a)
{
	struct jsonw w;

	jsonw_begin(&w, op, 512);
	jsonw_map(&w);
	order_settings(&w, a->now != NULL ? a->now->settings : "{}",
	    a->restart);
	jsonw_kstr(&w, "was", a->was);
	jsonw_kstr(&w, "now", a->now != NULL ? a->now->id : NULL);
	return order_done(&w);
}
