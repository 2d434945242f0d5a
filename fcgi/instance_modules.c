#include "fcgi/instance_modules.h"

#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/views.h"

#include <string.h>

const struct field modules_apply_fields[] = {
	{ "modules",      LIST, REQUIRED },
	{ "modules[]",    MAP },
	{ "modules[]/id", UUID, REQUIRED },
	{ 0 }
};

/* --- which ------------------------------------------------------------------------ */

static const char *
ids_of(struct op *op, const struct json *list)
{
	size_t n = json_count(list);
	const char **id = op_alloc(op, (n + 1) * sizeof(*id));

	for (size_t i = 0; i < n; i++)
		id[i] = json_str(json_get(json_at(list, i), "id"));
	return pg_array(op, id, (int)n);
}

static enum err
fits(struct op *op, const struct module *m, const struct version_row *v)
{
	const char *what = NULL;

	if (m->datastore_id != NULL && strcmp(m->datastore_id, v->of->id) != 0)
		what = "datastore";
	else if (m->version_id != NULL && strcmp(m->version_id, v->id) != 0)
		what = "datastore version";
	if (what == NULL)
		return OK;
	return op_fail(op, ERR_BAD_REQUEST, "The module is invalid: Module "
	    "'%s' cannot be applied (wrong %s).", m->name, what);
}

/* owner: also what applies by itself to his; or NULL. */
static enum err
wanted(struct request *r, const struct json *list,
    const struct version_row *v, const char *owner, struct module_list *out)
{
	const struct modules_wanted w = {
		.tenant = r->caller.admin ? NULL : r->tenant,
		.ids = ids_of(&r->op, list),
		.datastore = v->of->id, .version = v->id, .owner = owner,
	};
	int i;

	TRY(modules_wanted(&r->op, &w, &out->m, &out->n));
	for (i = 0; i < out->n; i++)
		TRY(fits(&r->op, &out->m[i], v));
	return OK;
}

enum err
wish_modules(struct request *r, const struct version_row *v,
    struct module_list *out)
{
	return wanted(r, body(r, "instance/modules"), v, r->tenant, out);
}

const char *
modules_ids(struct op *op, const struct module_list *l)
{
	const char **id = op_alloc(op, ((size_t)l->n + 1) * sizeof(*id));

	for (int i = 0; i < l->n; i++)
		id[i] = l->m[i].id;
	return pg_array(op, id, l->n);
}

const char *
modules_md5s(struct op *op, const struct module_list *l)
{
	const char **md5 = op_alloc(op, ((size_t)l->n + 1) * sizeof(*md5));

	for (int i = 0; i < l->n; i++)
		md5[i] = l->m[i].md5;
	return pg_array(op, md5, l->n);
}

/* --- orders ------------------------------------------------------------------------ */

enum err
modules_order(struct op *op, struct jsonw *w, const struct module_list *l)
{
	const char *contents;

	if (l->n == 0)
		return OK;
	jsonw_key(w, "modules");
	jsonw_list(w);
	for (int i = 0; i < l->n; i++) {
		TRY(module_contents(op, &l->m[i], &contents));
		order_module(w, &l->m[i], contents);
	}
	jsonw_list_end(w);
	return OK;
}

static enum err
apply_args(struct op *op, const struct module_list *l, const char **args)
{
	struct jsonw w;

	jsonw_begin(&w, op, 1024);
	jsonw_map(&w);
	TRY(modules_order(op, &w, l));
	*args = order_done(&w);
	return guest_fits(op, *args);
}

enum err
module_submit(struct request *r, const struct module *m,
    const struct module_user *u)
{
	struct module copy = *m;
	struct module_list one = { &copy, 1 };
	struct new_task task;
	const char *args;
	enum err e;

	TRY(apply_args(&r->op, &one, &args));
	new_task_begin(&r->op, &task, TASK_MODULE_APPLY, u->instance,
	    u->tenant, r->caller.user, args);
	e = instance_submit(&r->op, u->instance, &task);
	if (e == ERR_CONFLICT)
		return OK;
	TRY(e);
	tasks_ring(&r->op, task.id, NULL);
	return OK;
}

/* --- handlers ----------------------------------------------------------------------- */

static const struct module *
module_find(const struct module_list *l, const char *id)
{
	for (int i = 0; id != NULL && i < l->n; i++)
		if (strcmp(l->m[i].id, id) == 0)
			return &l->m[i];
	return NULL;
}

/* Contents that the guest still has as they are stored; else they are not known. */
static enum err
contents_of(struct request *r, const struct module *m,
    const struct json *said, const char **contents)
{
	const char *md5 = json_str(json_get(said, "md5"));

	*contents = NULL;
	if (md5 == NULL || strcmp(md5, m->md5) != 0)
		return OK;
	return module_contents(&r->op, m, contents);
}

/* What the guest says of those in the list. */
static enum err
reply_applied(struct request *r, const struct guest *g,
    const struct module_list *l, bool with_contents)
{
	const struct json *answer, *list, *said;
	const struct module *m;
	const struct catalog *c;
	const char *contents = NULL;
	size_t i;

	TRY(guest_read(r, g, ORDER_MODULES, NULL, &answer));
	TRY(catalog_read(&r->op, &c));
	list = json_get(answer, "modules");
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "modules");
	jsonw_list(&r->out);
	for (i = 0; i < json_count(list); i++) {
		said = json_at(list, i);
		m = module_find(l, json_str(json_get(said, "id")));
		if (m == NULL)
			continue;
		if (with_contents)
			TRY(contents_of(r, m, said, &contents));
		view_applied(r, c, m, said, contents);
	}
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

static bool
asked(const struct request *r, const char *name)
{
	const char *s = query(r, name);

	return s != NULL && *s != '\0';
}

enum err
instance_modules_list(struct request *r)
{
	struct module_list l;
	struct guest g;

	TRY(guest_of(r, &g));
	TRY(modules_of_instance(&r->op, g.in.id, &l.m, &l.n));
	return reply_applied(r, &g, &l, asked(r, "include_contents"));
}

enum err
instance_modules_apply(struct request *r)
{
	const struct version_row *v;
	const struct catalog *c;
	struct module_list l;
	const char *args;
	struct guest g;

	TRY(guest_of(r, &g));
	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, g.in.version_id, &v));
	TRY(wanted(r, body(r, "modules"), v, NULL, &l));
	if (l.n > 0) {
		TRY(apply_args(&r->op, &l, &args));
		TRY(guest_do(r, &g, TASK_MODULE_APPLY, args, NULL));
	}
	return reply_applied(r, &g, &l, false);
}

/* One that the instance has, even if it was deleted since. */
enum err
instance_module_remove(struct request *r)
{
	const struct module *m;
	struct module_list l;
	struct jsonw w;
	struct guest g;

	TRY(guest_of(r, &g));
	TRY(modules_of_instance(&r->op, g.in.id, &l.m, &l.n));
	m = module_find(&l, r->arg[2]);
	if (m == NULL || (!m->visible && !r->caller.admin))
		return op_fail(&r->op, ERR_NOT_FOUND,
		    "Module with ID %s could not be found.", r->arg[2]);
	jsonw_begin(&w, &r->op, 64);
	jsonw_map(&w);
	order_module_id(&w, m);
	TRY(guest_do(r, &g, TASK_MODULE_REMOVE, order_done(&w), NULL));
	return reply_empty(r, 200);
}
