#include "fcgi/security.h"

#include "fcgi/datastores.h"
#include "fcgi/views.h"
#include "lib/base/clock.h"
#include "lib/base/engines.h"

#define PORT 3306		/* of those that are not on the engines' page */

static int
port_of(struct request *r, const struct security_group *g)
{
	const struct version_row *v = NULL;
	const struct engine *e;
	const struct catalog *c;

	if (catalog_read(&r->op, &c) == OK)
		v = catalog_version(c, g->in.version_id);
	e = v != NULL ? engine_find(v->manager) : NULL;
	return e != NULL ? e->port : PORT;
}

static void
rule_members(struct request *r, const struct security_group *g,
    const struct security_rule *rule)
{
	struct jsonw *w = &r->out;
	int port = port_of(r, g);

	jsonw_kstr(w, "id", rule->id);
	jsonw_kstr(w, "protocol", "tcp");
	jsonw_kint(w, "from_port", port);
	jsonw_kint(w, "to_port", port);
	jsonw_kstr(w, "cidr", rule->cidr);
}

/* Its own link and no bookmark. */
static void
link(struct request *r, const char *id)
{
	struct jsonw *w = &r->out;

	jsonw_key(w, "links");
	jsonw_list(w);
	jsonw_map(w);
	jsonw_kstr(w, "rel", "self");
	jsonw_kstr(w, "href", op_printf(&r->op, "%s/v1.0/%s/security-groups/%s",
	    r->base, r->tenant, id));
	jsonw_map_end(w);
	jsonw_list_end(w);
}

void
view_security_group(struct request *r, const struct security_group *g)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", g->id);
	jsonw_kstr(w, "name", op_printf(&r->op, "SecGroup_%s", g->in.id));
	jsonw_kstr(w, "description", op_printf(&r->op, "Security Group for %s",
	    g->in.id));
	jsonw_kstr(w, "instance_id", g->in.id);
	jsonw_key(w, "rules");
	jsonw_list(w);
	for (int i = 0; i < g->rules; i++) {
		jsonw_map(w);
		rule_members(r, g, &g->rule[i]);
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
	link(r, g->id);
	view_time(r, "created", g->in.created);
	view_time(r, "updated", g->in.updated);
	jsonw_map_end(w);
}

void
view_security_rule_new(struct request *r, const struct security_group *g,
    const struct security_rule *rule)
{
	struct jsonw *w = &r->out;
	char now[CLOCK_TEXT];

	clock_text(now, clock_wall_us() / 1000000);
	jsonw_list(w);
	jsonw_map(w);
	rule_members(r, g, rule);
	jsonw_kstr(w, "security_group_id", g->id);
	jsonw_kstr(w, "created", now);
	jsonw_map_end(w);
	jsonw_list_end(w);
}
