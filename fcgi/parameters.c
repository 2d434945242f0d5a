/* What settings a datastore version has: for everybody, and for its operator. */
#include "fcgi/datastores.h"
#include "fcgi/handlers_configuration.h"
#include "fcgi/views.h"

#include <stdlib.h>
#include <string.h>

static const struct parameter_words to_all = { "max", "min" };
static const struct parameter_words to_operators = { "max_size", "min_size" };

static enum err
reply_parameters(struct request *r, const struct version_row *v,
    const struct parameter_words *words)
{
	struct parameter *p;
	int n;

	TRY(parameters_read(&r->op, v->id, &p, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "configuration-parameters");
	jsonw_list(&r->out);
	for (int i = 0; i < n; i++)
		view_parameter(r, v, &p[i], words);
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

/* It stands without a wrapper. */
static enum err
reply_parameter(struct request *r, const struct version_row *v,
    const char *name, const struct parameter_words *words)
{
	struct parameter p;

	TRY(parameter_read(&r->op, v->id, name, &p));
	reply_json(r, 200);
	view_parameter(r, v, &p, words);
	return OK;
}

enum err
parameters_list(struct request *r)
{
	const struct version_row *v;

	TRY(version_of_path(r, &v));
	return reply_parameters(r, v, &to_all);
}

enum err
parameter_show(struct request *r)
{
	const struct version_row *v;

	TRY(version_of_path(r, &v));
	return reply_parameter(r, v, r->arg[3], &to_all);
}

enum err
version_parameters_list(struct request *r)
{
	const struct version_row *v;

	TRY(version_of_id(r, &v));
	return reply_parameters(r, v, &to_all);
}

enum err
version_parameter_show(struct request *r)
{
	const struct version_row *v;

	TRY(version_of_id(r, &v));
	return reply_parameter(r, v, r->arg[2], &to_all);
}

/* --- the operator's ------------------------------------------------------------- */

/* POST and PUT of /mgmt/datastores/versions/{version}/parameters */
const struct field parameter_fields[] = {
	{ "configuration-parameter",        MAP,    REQUIRED },
	{ "configuration-parameter/name",   NES,    REQUIRED, 1, 128 },
	{ "configuration-parameter/restart_required", FLAG, REQUIRED },
	{ "configuration-parameter/data_type", NES, REQUIRED },
	{ "configuration-parameter/max_size", ANY },
	{ "configuration-parameter/min_size", ANY },
	{ 0 }
};

enum err
mgmt_parameters_list(struct request *r)
{
	const struct version_row *v;

	TRY(version_of_id(r, &v));
	return reply_parameters(r, v, &to_operators);
}

enum err
mgmt_parameter_show(struct request *r)
{
	const struct version_row *v;

	TRY(version_of_id(r, &v));
	return reply_parameter(r, v, r->arg[2], &to_operators);
}

/* A bound: an integer, or its digits; NULL when it is not given. */
static enum err
bound_of(struct request *r, const char *path, const char **out)
{
	const struct json *v = body(r, path), *n = v;
	const char *s = json_str(v);

	*out = NULL;
	if (json_kind(v) == JSON_NULL)
		return OK;
	if (s != NULL && json_parse(&r->op, s, strlen(s), &n) != OK)
		n = NULL;
	if (json_kind(n) == JSON_INT)
		*out = op_printf(&r->op, "%lld", (long long)json_int(n));
	else if (json_kind(n) == JSON_BIG)
		*out = op_printf(&r->op, "%llu",
		    (unsigned long long)json_big(n));
	else
		return op_fail(&r->op, ERR_BAD_REQUEST, "Validation error: "
		    "%s is not an integer", strrchr(path, '/') + 1);
	return OK;
}

static enum err
bounds_check(struct request *r, const struct parameter *p)
{
	if (strcmp(p->type, "integer") != 0)
		return OK;
	if (p->min == NULL || p->max == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "max_size and "
		    "min_size are required for integer data type.");
	if (strtold(p->max, NULL) < strtold(p->min, NULL))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "max_size must be greater than or equal to min_size.");
	return OK;
}

/* A name becomes a line of a file, and an element of XML. */
static enum err
name_check(struct request *r, const char *name)
{
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] == '\0')
		return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST, "Validation error: a "
	    "parameter's name is made of letters, digits, '_', '.' and '-'");
}

#define AT "configuration-parameter/"
static enum err
parameter_of_body(struct request *r, struct parameter *p)
{
	*p = (struct parameter){
		.name = body_str(r, AT "name"),
		.type = body_str(r, AT "data_type"),
		.restart = body_int(r, AT "restart_required") ? "t" : "f",
	};
	TRY(name_check(r, p->name));
	if (strcmp(p->type, "integer") != 0 && strcmp(p->type, "string") != 0)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Validation error: "
		    "data_type is neither 'integer' nor 'string'");
	TRY(bound_of(r, AT "max_size", &p->max));
	TRY(bound_of(r, AT "min_size", &p->min));
	return bounds_check(r, p);
}

static enum err
named_twice(struct request *r, enum err e, const struct version_row *v,
    const char *name)
{
	if (e != ERR_CONFLICT)
		return e;
	return op_fail(&r->op, ERR_BAD_REQUEST, "A configuration parameter "
	    "with the name '%s' already exists for datastore version %s.",
	    name, v->id);
}

enum err
mgmt_parameter_create(struct request *r)
{
	const struct version_row *v;
	struct parameter p;

	TRY(version_of_id(r, &v));
	TRY(parameter_of_body(r, &p));
	TRY(named_twice(r, parameter_insert(&r->op, v->id, &p), v, p.name));
	return reply_parameter(r, v, p.name, &to_operators);
}

enum err
mgmt_parameter_update(struct request *r)
{
	const struct version_row *v;
	struct parameter p;

	TRY(version_of_id(r, &v));
	TRY(parameter_of_body(r, &p));
	TRY(named_twice(r, parameter_change(&r->op, v->id, r->arg[2], &p), v,
	    p.name));
	return reply_parameter(r, v, p.name, &to_operators);
}

enum err
mgmt_parameter_delete(struct request *r)
{
	const struct version_row *v;
	enum err e;

	TRY(version_of_id(r, &v));
	e = parameter_remove(&r->op, v->id, r->arg[2]);
	if (e == ERR_NOT_FOUND)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Parameter %s does "
		    "not exist in the database.", r->arg[2]);
	TRY(e);
	return reply_empty(r, 204);
}
