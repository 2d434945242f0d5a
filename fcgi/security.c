/*
 * Security groups, of an older contract: one group per instance, whose rules
 * are the networks of its access; so there is one truth, and two ways to say
 * it.  Ids are made from what they stand for.
 */
#include "fcgi/guest.h"
#include "fcgi/handlers_mgmt.h"
#include "fcgi/security.h"
#include "fcgi/views.h"

#include "lib/base/seal.h"
#include "lib/store/operator.h"

#include <string.h>

const struct field rule_fields[] = {
	{ "security_group_rule",            MAP,    REQUIRED },
	{ "security_group_rule/group_id",   UUID,   REQUIRED },
	{ "security_group_rule/cidr",       CIDR,   REQUIRED },
	{ 0 }
};

/* A UUID for one thing of an instance, always the same. */
static const char *
id_of(struct op *op, const char *instance, const char *what)
{
	const char *s = op_printf(op, "%s %s", instance, what);
	unsigned char h[SEAL_HASH];

	seal_hash(h, s, strlen(s));
	return op_printf(op, "%02x%02x%02x%02x-%02x%02x-5%x%02x-8%x%02x-"
	    "%02x%02x%02x%02x%02x%02x", h[0], h[1], h[2], h[3], h[4], h[5],
	    h[6] & 15, h[7], h[8] & 15, h[9], h[10], h[11], h[12], h[13],
	    h[14], h[15]);
}

/* Where nothing was said everybody is let in. */
static enum err
rules_of(struct op *op, struct security_group *g)
{
	static const char *const everybody[] = { "0.0.0.0/0", NULL };
	const struct json *access = NULL, *list;
	size_t n;

	g->id = id_of(op, g->in.id, "group");
	if (g->in.access != NULL)
		TRY(json_parse(op, g->in.access, strlen(g->in.access),
		    &access));
	list = json_get(access, "allowed_cidrs");
	n = list != NULL ? json_count(list) : 1;
	g->rule = op_alloc(op, (n + 1) * sizeof(*g->rule));
	g->rules = (int)n;
	for (size_t i = 0; i < n; i++) {
		g->rule[i].cidr = list != NULL ? json_str(json_at(list, i)) :
		    everybody[i];
		g->rule[i].id = id_of(op, g->in.id, g->rule[i].cidr);
	}
	return OK;
}

/* All groups of the caller's project. */
static enum err
groups_read(struct request *r, struct security_group **out, int *n)
{
	struct managed_page p = { .deleted = "f", .clustered = true,
	    .tenant = r->tenant, .limit = ROWS_MOST };
	struct managed *m;

	TRY(managed_list(&r->op, &p, &m, n));
	*out = op_alloc(&r->op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++) {
		(*out)[i].in = m[i].in;
		TRY(rules_of(&r->op, &(*out)[i]));
	}
	return OK;
}

enum err
security_groups_list(struct request *r)
{
	struct security_group *g;
	int n;

	TRY(groups_read(r, &g, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "security_groups");
	jsonw_list(&r->out);
	for (int i = 0; i < n; i++)
		view_security_group(r, &g[i]);
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

/* By its own id or its instance's. */
static enum err
group_of(struct request *r, const char *id, struct security_group *out)
{
	struct security_group *g;
	int n;

	TRY(groups_read(r, &g, &n));
	for (int i = 0; i < n; i++)
		if (strcmp(g[i].id, id) == 0 || strcmp(g[i].in.id, id) == 0) {
			*out = g[i];
			r->op.instance = out->in.id;
			return OK;
		}
	return op_fail(&r->op, ERR_NOT_FOUND,
	    "Resource %s cannot be found.", id);
}

enum err
security_group_show(struct request *r)
{
	struct security_group g;

	TRY(group_of(r, r->arg[1], &g));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "security_group");
	view_security_group(r, &g);
	jsonw_map_end(&r->out);
	return OK;
}

/* --- rules ------------------------------------------------------------------------- */

/* The rules of a group, less one and with one more, become the access. */
static enum err
change(struct request *r, const struct security_group *g, const char *less,
    const char *more)
{
	struct new_task task;
	struct jsonw w;
	enum err e;

	jsonw_begin(&w, &r->op, 128);
	jsonw_map(&w);
	jsonw_key(&w, "allowed_cidrs");
	jsonw_list(&w);
	for (int i = 0; i < g->rules; i++)
		if (less == NULL || strcmp(g->rule[i].id, less) != 0)
			jsonw_str(&w, g->rule[i].cidr);
	if (more != NULL)
		jsonw_str(&w, more);
	jsonw_list_end(&w);
	new_task_begin(&r->op, &task, TASK_ACCESS, g->in.id, g->in.tenant,
	    r->caller.user, order_done(&w));
	e = instance_begin(&r->op, g->in.id, "UPDATING", &task);
	if (e == ERR_CONFLICT)
		return op_fail(&r->op, ERR_UNPROCESSABLE, "Instance %s is not "
		    "currently available for an action to be performed (task "
		    "status was %s).", g->in.id,
		    strcmp(g->in.task, "NONE") != 0 ? g->in.task : "UPDATING");
	TRY(e);
	tasks_ring(&r->op, task.id, NULL);
	return OK;
}

enum err
security_rule_create(struct request *r)
{
	const char *group = body_str(r, "security_group_rule/group_id");
	struct security_rule rule = {
		.cidr = body_str(r, "security_group_rule/cidr"),
	};
	struct security_group g;

	TRY(group_of(r, group, &g));
	rule.id = id_of(&r->op, g.in.id, rule.cidr);
	for (int i = 0; i < g.rules; i++)
		if (strcmp(g.rule[i].id, rule.id) == 0)
			return op_fail(&r->op, ERR_BAD_REQUEST, "A rule for "
			    "%s is there already.", rule.cidr);
	TRY(change(r, &g, NULL, rule.cidr));
	jsonw_map(reply_json(r, 201));
	jsonw_key(&r->out, "security_group_rule");
	view_security_rule_new(r, &g, &rule);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
security_rule_delete(struct request *r)
{
	struct security_group *g;
	int n;

	TRY(groups_read(r, &g, &n));
	for (int i = 0; i < n; i++)
		for (int k = 0; k < g[i].rules; k++)
			if (strcmp(g[i].rule[k].id, r->arg[1]) == 0) {
				TRY(change(r, &g[i], r->arg[1], NULL));
				return reply_empty(r, 204);
			}
	return op_fail(&r->op, ERR_NOT_FOUND,
	    "Resource %s cannot be found.", r->arg[1]);
}
