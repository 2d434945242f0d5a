/*
 * The OpenAPI 3.1 document, from the tables by which requests are served:
 * routes, fields of bodies, members of answers (openapi.tbl.h).
 */
#include "fcgi/view_openapi.h"

#include "fcgi/openapi_body.h"
#include "fcgi/route.h"

#include <stdio.h>
#include <string.h>

#define TENANT "/v1.0/{tenant}"

enum shape { NOTHING, ANYTHING, ONE, LIST_OF };

static const struct answer {
	enum method	 method;
	const char	*path;
	int		 status;
	const char	*root;		/* NULL: the view is the whole answer */
	enum shape	 shape;
	const char	*view;
} answers[] = {
#define VIEW(name, members)
#define ANSWER(method, path, status, root, shape, view)			\
	{ method, TENANT path, status, root, shape, view },
#include "fcgi/openapi.tbl.h"
#undef VIEW
#undef ANSWER
};

static const struct view { const char *name, *members; } views[] = {
#define VIEW(name, members) { #name, members },
#define ANSWER(method, path, status, root, shape, view)
#include "fcgi/openapi.tbl.h"
#undef VIEW
#undef ANSWER
};
#define ROWS_OF(table) (sizeof(table) / sizeof((table)[0]))

/* --- answers -------------------------------------------------------------------- */

static void
reference(struct jsonw *w, const char *view)
{
	jsonw_map(w);
	jsonw_kstr(w, "$ref", op_printf(w->out.op, "#/components/schemas/%s",
	    view));
	jsonw_map_end(w);
}

static void
list_of(struct jsonw *w, const char *view)
{
	jsonw_map(w);
	jsonw_kstr(w, "type", "array");
	jsonw_key(w, "items");
	reference(w, view);
	jsonw_map_end(w);
}

static void
view_kind(struct jsonw *w, const char *kind)
{
	static const struct { char letter; const char *schema; } kinds[] = {
		{ '\0', "{\"type\":[\"string\",\"null\"]}" },
		{ 'i', "{\"type\":[\"integer\",\"null\"]}" },
		{ 'n', "{\"type\":[\"number\",\"null\"]}" },
		{ 'b', "{\"type\":[\"boolean\",\"null\"]}" },
		{ 'o', "{\"type\":[\"object\",\"null\"]}" },
		{ 'a', "{\"type\":[\"array\",\"null\"]}" },
		{ 'l', "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}" },
		{ '*', "{}" },
	};
	size_t n = strlen(kind);

	if (*kind == '@')
		reference(w, kind + 1);
	else if (*kind == '[')
		list_of(w, op_strndup(w->out.op, kind + 1, n - 2));
	for (size_t i = 0; i < ROWS_OF(kinds); i++)
		if (kinds[i].letter == *kind)
			jsonw_raw(w, kinds[i].schema);
}

static void
view_members(struct jsonw *w, char **member)
{
	jsonw_key(w, "properties");
	jsonw_map(w);
	for (; *member != NULL; member++) {
		char *name = **member == '!' ? *member + 1 : *member;
		size_t n = strcspn(name, ":");

		jsonw_key(w, op_strndup(w->out.op, name, n));
		view_kind(w, name[n] == ':' ? name + n + 1 : "");
	}
	jsonw_map_end(w);
}

static void
view_schema(struct jsonw *w, const struct view *v)
{
	char **member = text_split(w->out.op, op_strdup(w->out.op,
	    v->members), " ");

	jsonw_key(w, v->name);
	jsonw_map(w);
	jsonw_kstr(w, "type", "object");
	view_members(w, member);
	jsonw_key(w, "required");
	jsonw_list(w);
	for (; *member != NULL; member++)
		if (**member == '!')
			jsonw_str(w, op_strndup(w->out.op, *member + 1,
			    strcspn(*member + 1, ":")));
	jsonw_list_end(w);
	jsonw_map_end(w);
}

static const struct answer *
answer_of(const struct route *t)
{
	for (size_t i = 0; i < ROWS_OF(answers); i++)
		if (answers[i].method == t->method &&
		    strcmp(answers[i].path, t->path) == 0)
			return &answers[i];
	return NULL;
}

static void
view_shape(struct jsonw *w, const struct answer *a)
{
	if (a->shape == ONE)
		reference(w, a->view);
	else if (a->shape == LIST_OF)
		list_of(w, a->view);
	else
		jsonw_raw(w, "{}");
}

static void
view_content(struct jsonw *w, const struct answer *a)
{
	jsonw_key(w, "content");
	jsonw_map(w);
	jsonw_key(w, "application/json");
	jsonw_map(w);
	jsonw_key(w, "schema");
	if (a->root == NULL) {
		view_shape(w, a);
	} else {
		jsonw_map(w);
		jsonw_kstr(w, "type", "object");
		jsonw_key(w, "properties");
		jsonw_map(w);
		jsonw_key(w, a->root);
		view_shape(w, a);
		jsonw_map_end(w);
		jsonw_key(w, "required");
		jsonw_list(w);
		jsonw_str(w, a->root);
		jsonw_list_end(w);
		jsonw_map_end(w);
	}
	jsonw_map_end(w);
	jsonw_map_end(w);
}

static void
view_answers(struct jsonw *w, const struct route *t)
{
	const struct answer *a = answer_of(t);

	jsonw_key(w, "responses");
	jsonw_map(w);
	if (t->handler != NULL) {
		jsonw_key(w, a != NULL ?
		    op_printf(w->out.op, "%d", a->status) : "2XX");
		jsonw_map(w);
		jsonw_kstr(w, "description", "done, or accepted");
		if (a != NULL && a->shape != NOTHING)
			view_content(w, a);
		jsonw_map_end(w);
	}
	jsonw_key(w, "default");
	jsonw_raw(w, "{\"$ref\":\"#/components/responses/fault\"}");
	jsonw_map_end(w);
}

/* --- requests ------------------------------------------------------------------- */

#define DRY_SAYS "Tells what would be done, and does nothing."
#define KEY_SAYS "The same request with the same key is done once, and its "  \
	"answer is given again for as long as the key is kept; another "      \
	"request with it is a 409. A request that fails, with 4xx or 5xx, "   \
	"leaves its key free: the next one with it is a fresh try, also "     \
	"with another body."

/* says: NULL where the name says all. */
static void
parameter(struct jsonw *w, const char *name, const char *in,
    const char *schema, const char *says)
{
	jsonw_map(w);
	jsonw_kstr(w, "name", name);
	if (says != NULL)
		jsonw_kstr(w, "description", says);
	jsonw_kstr(w, "in", in);
	jsonw_kbool(w, "required", strcmp(in, "path") == 0);
	jsonw_key(w, "schema");
	jsonw_raw(w, schema);
	jsonw_map_end(w);
}

static void
view_parameters(struct jsonw *w, const struct route *t)
{
	static const char any[] = "{\"type\":\"string\"}";
	bool changes = t->method != GET && t->method != HEAD;

	jsonw_key(w, "parameters");
	jsonw_list(w);
	for (const char *p = t->path; (p = strchr(p, '{')) != NULL; p++)
		parameter(w, op_strndup(w->out.op, p + 1,
		    strcspn(p + 1, "}")), "path", any, NULL);
	if (changes && strncmp(t->path, TENANT, strlen(TENANT)) == 0)
		parameter(w, "dry_run", "query", "{\"enum\":[\"true\","
		    "\"false\"]}", DRY_SAYS);
	if (t->method == POST && strncmp(t->path, TENANT, strlen(TENANT)) == 0)
		parameter(w, "Idempotency-Key", "header",
		    "{\"type\":\"string\",\"minLength\":1,\"maxLength\":255}",
		    KEY_SAYS);
	jsonw_list_end(w);
}

static void
view_request(struct jsonw *w, const struct route *t)
{
	if (t->body == NULL)
		return;
	jsonw_key(w, "requestBody");
	jsonw_map(w);
	jsonw_key(w, "content");
	jsonw_map(w);
	jsonw_key(w, "application/json");
	jsonw_map(w);
	jsonw_key(w, "schema");
	openapi_body(w, t->body);
	jsonw_map_end(w);
	jsonw_map_end(w);
	jsonw_map_end(w);
}

static void
view_operation(struct jsonw *w, const struct route *t)
{
	char word[16];
	size_t i;

	snprintf(word, sizeof(word), "%s", method_word(t->method));
	for (i = 0; word[i] != '\0'; i++)
		word[i] |= 0x20;	/* letters only: lower case */
	jsonw_key(w, word);
	jsonw_map(w);
	jsonw_kstr(w, "operationId", op_printf(w->out.op, "%s %s",
	    method_word(t->method), t->path));
	if (t->rule != NULL)
		jsonw_kstr(w, "x-policy", t->rule);
	jsonw_kbool(w, "x-built", t->handler != NULL);
	view_parameters(w, t);
	view_request(w, t);
	view_answers(w, t);
	if (t->who == ANYONE) {
		jsonw_key(w, "security");
		jsonw_list(w);
		jsonw_list_end(w);
	}
	jsonw_map_end(w);
}

/* A path stands once, with all its methods, where it is first in the table. */
static bool
is_first(const struct route *t)
{
	for (const struct route *u = routes; u < t; u++)
		if (strcmp(u->path, t->path) == 0)
			return false;
	return true;
}

static void
view_paths(struct jsonw *w)
{
	jsonw_key(w, "paths");
	jsonw_map(w);
	for (const struct route *t = routes; t->method != 0; t++) {
		if (!is_first(t))
			continue;
		jsonw_key(w, t->path);
		jsonw_map(w);
		for (const struct route *u = t; u->method != 0; u++)
			if (strcmp(u->path, t->path) == 0)
				view_operation(w, u);
		jsonw_map_end(w);
	}
	jsonw_map_end(w);
}

/* Any fault: one member, named after it, with code and message. */
#define FAULT "{\"fault\":{\"description\":\"refused\",\"content\":{"	\
	"\"application/json\":{\"schema\":{\"type\":\"object\","		\
	"\"minProperties\":1,\"maxProperties\":1,\"additionalProperties\":{"	\
	"\"type\":\"object\",\"required\":[\"code\",\"message\"],"		\
	"\"properties\":{\"code\":{\"type\":\"integer\"},\"message\":{"	\
	"\"type\":\"string\"}}}}}}}}"
#define TOKEN "{\"token\":{\"type\":\"apiKey\",\"in\":\"header\","		\
	"\"name\":\"X-Auth-Token\"}}"

void
view_openapi(struct jsonw *w)
{
	jsonw_map(w);
	jsonw_kstr(w, "openapi", "3.1.0");
	jsonw_key(w, "info");
	jsonw_raw(w, "{\"title\":\"Coffer\",\"version\":\"1.0\"}");
	jsonw_key(w, "security");
	jsonw_raw(w, "[{\"token\":[]}]");
	view_paths(w);
	jsonw_key(w, "components");
	jsonw_map(w);
	jsonw_key(w, "schemas");
	jsonw_map(w);
	for (size_t i = 0; i < ROWS_OF(views); i++)
		view_schema(w, &views[i]);
	jsonw_map_end(w);
	jsonw_key(w, "responses");
	jsonw_raw(w, FAULT);
	jsonw_key(w, "securitySchemes");
	jsonw_raw(w, TOKEN);
	jsonw_map_end(w);
	jsonw_map_end(w);
}
