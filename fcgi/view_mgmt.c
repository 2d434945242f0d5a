/* What only operators see. */
#include "fcgi/mgmt.h"

#include "fcgi/status.h"
#include "fcgi/views.h"
#include "lib/base/conf.h"

#include <stdio.h>
#include <string.h>

#define GB (1024.0 * 1024 * 1024)

/* --- instances ---------------------------------------------------------------- */

static void
server(struct request *r, const struct managed *m, enum managed_form form)
{
	struct jsonw *w = &r->out;
	bool gone = m->deleted_at != NULL;

	jsonw_key(w, "server");
	if (m->in.server_id == NULL || (gone && form == MANAGED_LIST)) {
		jsonw_null(w);
		return;
	}
	jsonw_map(w);
	jsonw_kstr(w, "id", m->in.server_id);
	if (!gone) {
		jsonw_kstr(w, "name", m->in.name);
		jsonw_kstr(w, "status", m->in.server_status);
		jsonw_kstr(w, "tenant_id", "service");
		jsonw_kstr(w, "host", m->host);
		if (form == MANAGED_SHOW) {
			jsonw_key(w, "addresses");
			jsonw_raw(w, "{}");
		}
	}
	jsonw_map_end(w);
}

static void
gigabytes(struct jsonw *w, const char *key, int64_t bytes)
{
	jsonw_key(w, key);
	if (bytes > 0)
		jsonw_real(w, (double)bytes / GB, 2);
	else
		jsonw_null(w);
}

/* As block storage tells of it: no such volume is ever without a device. */
static void
volume(struct request *r, const struct managed *m)
{
	struct jsonw *w = &r->out;
	bool failed = strcmp(m->in.task, "BUILDING_ERROR_VOLUME") == 0;

	jsonw_key(w, "volume");
	if (m->in.volume_id == NULL) {
		jsonw_null(w);
		return;
	}
	jsonw_map(w);
	jsonw_key(w, "attachments");
	jsonw_list(w);
	if (m->in.server_id != NULL) {
		jsonw_map(w);
		jsonw_kstr(w, "server_id", m->in.server_id);
		jsonw_kstr(w, "device", "/dev/vdb");
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
	jsonw_kstr(w, "availability_zone", "nova");
	view_time(r, "created_at", m->in.created);
	jsonw_kstr(w, "id", m->in.volume_id);
	jsonw_kint(w, "size", m->in.volume_gb);
	jsonw_kstr(w, "status", failed ? "error" :
	    m->in.server_id != NULL ? "in-use" : "available");
	gigabytes(w, "used", m->in.used_bytes);
	gigabytes(w, "total", m->in.total_bytes);
	jsonw_map_end(w);
}

void
view_managed(struct request *r, const struct version_row *v,
    const struct managed *m, enum managed_form form)
{
	struct instance in = m->in;
	const char *guest = in.guest_status;
	struct jsonw *w = &r->out;
	bool gone = m->deleted_at != NULL;

	if (strcmp(in.task, "BUILDING_ERROR_TIMEOUT_GA") == 0)
		guest = "guestagent error";
	if (gone) {
		in.server_status = "SHUTDOWN";
		in.access = NULL;
		guest = "deleted";
	}
	jsonw_map(w);
	view_instance_members(r, v, &in,
	    gone || form == MANAGED_SHOW ? MGMT_FORM : DETAIL_FORM);
	server(r, m, form);
	jsonw_kstr(w, "service_status", status_service(guest));
	jsonw_kbool(w, "deleted", gone);
	view_time(r, "deleted_at", m->deleted_at);
	jsonw_kstr(w, "task_description", status_task_text(in.task));
	if (form == MANAGED_SHOW) {
		if (m->root_at != NULL) {
			view_time(r, "root_enabled", m->root_at);
			jsonw_kstr(w, "root_enabled_by", m->root_by);
		}
		volume(r, m);
		jsonw_key(w, "guest_status");
		jsonw_map(w);
		jsonw_kstr(w, "state_description", guest);
		jsonw_map_end(w);
	}
	jsonw_map_end(w);
}

void
view_root_history(struct request *r, const struct managed *m)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", m->in.id);
	if (m->root_at != NULL)
		view_time(r, "enabled", m->root_at);
	else
		jsonw_kstr(w, "enabled", "Never");
	jsonw_kstr(w, "user", m->root_at != NULL ? m->root_by : "Nobody");
	jsonw_map_end(w);
}

/* --- what guests say ------------------------------------------------------------ */

static void
numbers(struct jsonw *w, const struct json *answer, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		jsonw_kint(w, *keys, json_int(json_get(answer, *keys)));
}

void
view_hwinfo(struct request *r, const struct json *answer)
{
	static const char *const keys[] = { "mem_total", "num_cpus", NULL };

	jsonw_map(&r->out);
	numbers(&r->out, answer, keys);
	jsonw_map_end(&r->out);
}

void
view_diagnostics(struct request *r, const struct json *answer)
{
	static const char *const keys[] = { "threads", "fdSize", "vmSize",
	    "vmPeak", "vmRss", "vmHwm", NULL };

	jsonw_map(&r->out);
	jsonw_kstr(&r->out, "version", json_str(json_get(answer, "version")));
	numbers(&r->out, answer, keys);
	jsonw_map_end(&r->out);
}

/* --- hosts, storage, accounts ------------------------------------------------------ */

void
view_host(struct request *r, const struct host *h)
{
	jsonw_map(&r->out);
	jsonw_kstr(&r->out, "name", h->name);
	jsonw_kint(&r->out, "instanceCount", h->instances);
	jsonw_map_end(&r->out);
}

static int64_t
percent(int64_t part, int64_t whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void
short_instance(struct request *r, const struct managed *m)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", m->in.id);
	jsonw_kstr(w, "name", m->in.name);
	jsonw_kstr(w, "server_id", m->in.server_id);
	jsonw_kstr(w, "tenant_id", m->in.tenant);
	jsonw_kstr(w, "status", status_of(&m->in));
	jsonw_kstr(w, "host", m->host);
	jsonw_map_end(w);
}

static void
short_instances(struct request *r, const struct managed *m, int n)
{
	jsonw_key(&r->out, "instances");
	jsonw_list(&r->out);
	for (int i = 0; i < n; i++)
		short_instance(r, &m[i]);
	jsonw_list_end(&r->out);
}

void
view_host_whole(struct request *r, const struct host *h,
    const struct managed *m, int n)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "name", h->name);
	jsonw_kint(w, "percentUsed", percent(h->ram_used_mb, h->ram_mb));
	jsonw_kint(w, "totalRAM", h->ram_mb);
	jsonw_kint(w, "usedRAM", h->ram_used_mb);
	short_instances(r, m, n);
	jsonw_map_end(w);
}

/* In GB; "provision" is what volumes were promised, used or not. */
void
view_device(struct request *r, const struct host *h)
{
	int64_t total = h->disk_mb / 1024, left = h->disk_free_mb / 1024;
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "name", h->name);
	jsonw_kstr(w, "type", h->driver);
	jsonw_kint(w, "used", total - left);
	jsonw_key(w, "capacity");
	jsonw_map(w);
	jsonw_kint(w, "total", total);
	jsonw_kint(w, "available", left);
	jsonw_map_end(w);
	jsonw_key(w, "provision");
	jsonw_map(w);
	jsonw_kint(w, "total", total);
	jsonw_kint(w, "available", total - h->promised_gb);
	jsonw_kint(w, "percent", percent(h->promised_gb, total));
	jsonw_map_end(w);
	jsonw_map_end(w);
}

void
view_account(struct request *r, const struct account *a)
{
	jsonw_map(&r->out);
	jsonw_kstr(&r->out, "id", a->tenant);
	jsonw_kint(&r->out, "num_instances", a->instances);
	jsonw_map_end(&r->out);
}

/* Two generations of clients: some want ids, some want them whole. */
void
view_account_whole(struct request *r, const char *tenant,
    const struct managed *m, int n)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", tenant);
	jsonw_key(w, "instance_ids");
	jsonw_list(w);
	for (int i = 0; i < n; i++)
		jsonw_str(w, m[i].in.id);
	jsonw_list_end(w);
	short_instances(r, m, n);
	jsonw_map_end(w);
}

/* --- the catalogue ------------------------------------------------------------------- */

/* None is a list of one empty word, as the reference has it. */
static void
words(struct jsonw *w, const char *key, const char *list)
{
	if (list != NULL && *list != '\0') {
		view_words(w, key, list);
		return;
	}
	jsonw_key(w, key);
	jsonw_raw(w, "[\"\"]");
}

void
view_managed_version(struct request *r, const struct version_row *v)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", v->id);
	jsonw_kstr(w, "name", v->name);
	jsonw_kstr(w, "version", v->number);
	jsonw_kstr(w, "datastore_id", v->of->id);
	jsonw_kstr(w, "datastore_name", v->of->name);
	jsonw_kstr(w, "datastore_manager", v->manager);
	jsonw_kstr(w, "image", v->image);
	words(w, "image_tags", v->tags);
	words(w, "packages", v->packages);
	jsonw_kbool(w, "active", v->active);
	jsonw_kstr(w, "registry_ext", v->registry_ext);
	jsonw_kstr(w, "repl_strategy", v->repl_strategy);
	jsonw_kbool(w, "default", v->of->default_version != NULL &&
	    strcmp(v->of->default_version, v->id) == 0);
	jsonw_map_end(w);
}
