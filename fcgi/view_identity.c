#include "fcgi/view_identity.h"

#include "fcgi/auth.h"
#include "fcgi/handlers.h"
#include "lib/base/conf.h"
#include "lib/cloud/storage.h"

#include <string.h>

static void
view_domain(struct jsonw *w)
{
	jsonw_key(w, "domain");
	jsonw_map(w);
	jsonw_kstr(w, "id", "default");
	jsonw_kstr(w, "name", "Default");
	jsonw_map_end(w);
}

static void
view_owner(struct jsonw *w, const char *key, const char *id,
    const char *name)
{
	jsonw_key(w, key);
	jsonw_map(w);
	jsonw_kstr(w, "id", id);
	jsonw_kstr(w, "name", name);
	view_domain(w);
	if (strcmp(key, "user") == 0)
		jsonw_kstr(w, "password_expires_at", NULL);
	jsonw_map_end(w);
}

static void
view_role(struct jsonw *w, const char *role, bool has)
{
	if (!has)
		return;
	jsonw_map(w);
	jsonw_kstr(w, "id", role);
	jsonw_kstr(w, "name", role);
	jsonw_map_end(w);
}

/* One service with its three endpoints, all at the same address. */
static void
view_service(struct request *r, const char *type, const char *url)
{
	static const char *const faces[] = { "public", "internal", "admin" };
	const char *region = conf_str("coffer.region");
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", op_printf(&r->op, "coffer-%s", type));
	jsonw_kstr(w, "type", type);
	jsonw_kstr(w, "name", "coffer");
	jsonw_key(w, "endpoints");
	jsonw_list(w);
	for (int i = 0; i < 3; i++) {
		jsonw_map(w);
		jsonw_kstr(w, "id", op_printf(&r->op, "coffer-%s-%s", type,
		    faces[i]));
		jsonw_kstr(w, "interface", faces[i]);
		jsonw_kstr(w, "region", region);
		jsonw_kstr(w, "region_id", region);
		jsonw_kstr(w, "url", url);
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
	jsonw_map_end(w);
}

void
view_catalog(struct request *r, const char *project)
{
	const char *base = auth_base(r);

	jsonw_key(&r->out, "catalog");
	jsonw_list(&r->out);
	view_service(r, "identity", op_printf(&r->op, "%s/v3", base));
	view_service(r, "database", op_printf(&r->op, "%s/v1.0/%s", base,
	    project));
	if (storage_is_served())
		view_service(r, "object-store", op_printf(&r->op,
		    "%s/v1/AUTH_%s", base, project));
	jsonw_list_end(&r->out);
}

/* Keystone's times: with fractions and a Z, unlike those of v1.0. */
static const char *
time_of(struct request *r, const char *t)
{
	return op_printf(&r->op, "%s.000000Z", t);
}

void
view_token(struct request *r, int status, const char *method,
    const struct token_row *t)
{
	struct jsonw *w = reply_json(r, status);

	jsonw_map(w);
	jsonw_key(w, "token");
	jsonw_map(w);
	jsonw_key(w, "methods");
	jsonw_list(w);
	jsonw_str(w, method);
	jsonw_list_end(w);
	view_owner(w, "user", t->user, t->user_name);
	jsonw_key(w, "audit_ids");
	jsonw_list(w);
	jsonw_str(w, t->audit);
	jsonw_list_end(w);
	jsonw_kstr(w, "issued_at", time_of(r, t->issued));
	jsonw_kstr(w, "expires_at", time_of(r, t->expires));
	if (t->project != NULL) {
		jsonw_kbool(w, "is_domain", false);
		view_owner(w, "project", t->project, t->project_name);
		jsonw_key(w, "roles");
		jsonw_list(w);
		view_role(w, "admin", t->admin);
		view_role(w, "member", t->member);
		view_role(w, "reader", t->reader);
		jsonw_list_end(w);
		if (query(r, "nocatalog") == NULL)
			view_catalog(r, t->project);
	}
	jsonw_map_end(w);
	jsonw_map_end(w);
}

static void
view_self(struct jsonw *w, const char *href, bool page)
{
	jsonw_key(w, "links");
	jsonw_map(w);
	jsonw_kstr(w, "self", href);
	if (page) {
		jsonw_kstr(w, "next", NULL);
		jsonw_kstr(w, "previous", NULL);
	}
	jsonw_map_end(w);
}

static void
view_one(struct request *r, const struct project_row *p)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", p->id);
	jsonw_kstr(w, "name", p->name);
	jsonw_kstr(w, "description", "");
	jsonw_kstr(w, "domain_id", "default");
	jsonw_kstr(w, "parent_id", "default");
	jsonw_kbool(w, "enabled", true);
	jsonw_kbool(w, "is_domain", false);
	view_self(w, op_printf(&r->op, "%s/v3/projects/%s", auth_base(r),
	    p->id), false);
	jsonw_map_end(w);
}

void
view_project(struct request *r, const struct project_row *p)
{
	struct jsonw *w = reply_json(r, 200);

	jsonw_map(w);
	jsonw_key(w, "project");
	view_one(r, p);
	jsonw_map_end(w);
}

void
view_projects(struct request *r, const char *path,
    const struct project_row *p, int n)
{
	struct jsonw *w = reply_json(r, 200);

	jsonw_map(w);
	jsonw_key(w, "projects");
	jsonw_list(w);
	for (int i = 0; i < n; i++)
		view_one(r, &p[i]);
	jsonw_list_end(w);
	view_self(w, op_printf(&r->op, "%s%s", auth_base(r), path), true);
	jsonw_map_end(w);
}

enum err
identity_version(struct request *r)
{
	struct jsonw *w = reply_json(r, 200);

	jsonw_map(w);
	jsonw_key(w, "version");
	jsonw_map(w);
	jsonw_kstr(w, "id", "v3.14");
	jsonw_kstr(w, "status", "stable");
	jsonw_kstr(w, "updated", "2020-04-07T00:00:00Z");
	jsonw_key(w, "links");
	jsonw_list(w);
	jsonw_map(w);
	jsonw_kstr(w, "rel", "self");
	jsonw_kstr(w, "href", op_printf(&r->op, "%s/v3/", auth_base(r)));
	jsonw_map_end(w);
	jsonw_list_end(w);
	jsonw_key(w, "media-types");
	jsonw_raw(w, "[{\"base\":\"application/json\",\"type\":"
	    "\"application/vnd.openstack.identity-v3+json\"}]");
	jsonw_map_end(w);
	jsonw_map_end(w);
	return OK;
}
