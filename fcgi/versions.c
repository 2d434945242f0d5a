/* versions - what may be asked without knowing anything else. */
#include "fcgi/handlers.h"

#include "fcgi/auth.h"
#include "lib/store/store.h"

#include <string.h>

#define UPDATED "2012-08-01T00:00:00Z"	/* of the v1.0 API, as clients know it */

static void
view_version(struct request *r, struct jsonw *w)
{
	jsonw_map(w);
	jsonw_kstr(w, "id", "v1.0");
	jsonw_kstr(w, "status", "CURRENT");
	jsonw_kstr(w, "updated", UPDATED);
	jsonw_key(w, "links");
	jsonw_list(w);
	jsonw_map(w);
	jsonw_kstr(w, "rel", "self");
	jsonw_kstr(w, "href", op_printf(&r->op, "%s/v1.0/",
	    auth_base(r)));
	jsonw_map_end(w);
	jsonw_list_end(w);
	jsonw_map_end(w);
}

enum err
versions_list(struct request *r)
{
	struct jsonw *w = reply_json(r, 200);

	jsonw_map(w);
	jsonw_key(w, "versions");
	jsonw_list(w);
	view_version(r, w);
	jsonw_list_end(w);
	jsonw_map_end(w);
	return OK;
}

enum err
version_show(struct request *r)
{
	struct jsonw *w = reply_json(r, 200);

	jsonw_map(w);
	jsonw_key(w, "version");
	view_version(r, w);
	jsonw_map_end(w);
	return OK;
}

/* For load balancers: no JSON, and only good while requests can be served. */
enum err
health_check(struct request *r)
{
	struct jsonw *w;

	if (!store_up(&r->op))
		return op_fail(&r->op, ERR_UNAVAILABLE,
		    "health: PostgreSQL is away");
	w = reply_json(r, 200);
	r->type = "text/plain";
	text_add(&w->out, "OK");
	return OK;
}

/* --- extensions ----------------------------------------------------------------- */

static const struct {
	const char *alias, *name, *description, *namespace, *updated;
} extensions[] = {
	{ "Mgmt", "Mgmt", "MGMT services such as details diagnostics",
	    "http://TBD", "2011-01-22T13:25:27-06:00" },
	{ "MYSQL", "Mysql",
	    "Non essential MySQL services such as users and schemas",
	    "http://TBD", "2011-01-22T13:25:27-06:00" },
	{ "tasks", "Tasks",
	    "Coffer: what is being done to an instance, step by step",
	    "urn:coffer:tasks:v1", "2026-11-24T00:00:00Z" },
	{ "events", "Events",
	    "Coffer: what happened in a project, from any point on",
	    "urn:coffer:events:v1", "2026-11-26T00:00:00Z" },
	{ "backup-schedules", "Backup schedules",
	    "Coffer: backups that come by themselves, and how long they stay",
	    "urn:coffer:backup-schedules:v1", "2026-11-26T00:00:00Z" },
	{ "backup-verify", "Backup verify",
	    "Coffer: a backup is tried again when it is asked for",
	    "urn:coffer:backup-verify:v1", "2026-11-27T00:00:00Z" },
	{ "idempotency-key", "Idempotency-Key",
	    "Coffer: a POST that is repeated is answered as the first time",
	    "urn:coffer:idempotency-key:v1", "2026-11-26T00:00:00Z" },
	{ "dry-run", "Dry run",
	    "Coffer: ?dry_run=true tells what would be done, and does nothing",
	    "urn:coffer:dry-run:v1", "2026-11-26T00:00:00Z" },
};
#define EXTENSIONS (sizeof(extensions) / sizeof(*extensions))

static void
view_extension(struct jsonw *w, size_t i)
{
	jsonw_map(w);
	jsonw_kstr(w, "name", extensions[i].name);
	jsonw_kstr(w, "alias", extensions[i].alias);
	jsonw_kstr(w, "description", extensions[i].description);
	jsonw_kstr(w, "namespace", extensions[i].namespace);
	jsonw_kstr(w, "updated", extensions[i].updated);
	jsonw_key(w, "links");
	jsonw_list(w);
	jsonw_list_end(w);
	jsonw_map_end(w);
}

enum err
extensions_list(struct request *r)
{
	struct jsonw *w = reply_json(r, 200);

	jsonw_map(w);
	jsonw_key(w, "extensions");
	jsonw_list(w);
	for (size_t i = 0; i < EXTENSIONS; i++)
		view_extension(w, i);
	jsonw_list_end(w);
	jsonw_map_end(w);
	return OK;
}

enum err
extension_show(struct request *r)
{
	struct jsonw *w;
	size_t i = 0;

	while (i < EXTENSIONS && strcmp(extensions[i].alias, r->arg[1]) != 0)
		i++;
	if (i == EXTENSIONS)
		return op_fail(&r->op, ERR_NOT_FOUND,
		    "The resource could not be found.");
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "extension");
	view_extension(w, i);
	jsonw_map_end(w);
	return OK;
}
