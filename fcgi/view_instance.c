#include "fcgi/views.h"

#include "fcgi/status.h"

#include <string.h>

#define GB (1024.0 * 1024 * 1024)

void
view_time(struct request *r, const char *key, const char *time)
{
	char t[] = "YYYY-MM-DDTHH:MM:SS";

	if (time != NULL && strlen(time) >= sizeof t - 1) {
		memcpy(t, time, sizeof t - 1);
		t[10] = 'T';
		time = t;
	}
	jsonw_kstr(&r->out, key, time);
}

static void
datastore(struct jsonw *w, const struct version_row *v, enum instance_form form)
{
	jsonw_key(w, "datastore");
	jsonw_map(w);
	jsonw_kstr(w, "type", v != NULL ? v->of->name : NULL);
	jsonw_kstr(w, "version", v != NULL ? v->name : NULL);
	if (v != NULL && form != LIST_FORM)
		jsonw_kstr(w, "version_number", v->number);
	jsonw_map_end(w);
}

/* As it was given; where nothing was, what the addresses make of it. */
static void
access(struct jsonw *w, const struct instance *in, bool addresses)
{
	jsonw_key(w, "access");
	if (in->access != NULL && strcmp(in->access, "{}") != 0)
		jsonw_raw(w, in->access);
	else
		jsonw_raw(w, addresses ? "{\"is_public\":false}" : "{}");
}

/* Old clients read ip, new ones addresses. */
static void
addresses(struct jsonw *w, const struct instance *in)
{
	jsonw_key(w, "ip");
	jsonw_list(w);
	jsonw_str(w, in->address);
	if (in->public_address != NULL)
		jsonw_str(w, in->public_address);
	jsonw_list_end(w);
	jsonw_key(w, "addresses");
	jsonw_list(w);
	jsonw_map(w);
	jsonw_kstr(w, "address", in->address);
	jsonw_kstr(w, "type", "private");
	jsonw_kstr(w, "network",
	    in->network_id != NULL ? in->network_id : "local");
	jsonw_map_end(w);
	if (in->public_address != NULL) {
		jsonw_map(w);
		jsonw_kstr(w, "address", in->public_address);
		jsonw_kstr(w, "type", "public");
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
}

/* What the guest last said of its volume; older than the report's period. */
static void
used(struct jsonw *w, const struct instance *in)
{
	jsonw_key(w, "used");
	jsonw_real(w, in->used_bytes / GB, 2);
	if (in->total_bytes > 0) {
		jsonw_key(w, "used_percent");
		jsonw_real(w, 100.0 * in->used_bytes / in->total_bytes, 2);
	}
}

/* Where there is no volume it is the server's own storage that is used. */
static void
volume(struct jsonw *w, const struct instance *in, const char *status,
    enum instance_form form)
{
	bool told = form == SHOW_FORM && in->used_bytes > 0 &&
	    strstr("BUILD REBOOT RESIZE PROMOTE EJECT UPGRADE SHUTDOWN",
	    status) == NULL;

	if (in->volume_gb == 0 && !told)
		return;
	jsonw_key(w, in->volume_gb == 0 ? "local_storage" : "volume");
	jsonw_map(w);
	if (in->volume_gb != 0)
		jsonw_kint(w, "size", in->volume_gb);
	if (told)
		used(w, in);
	jsonw_map_end(w);
}

/* What its guest says of a volume that has no room: the way back stands in it. */
static void
disk(struct jsonw *w, const struct instance *in)
{
	static const char *const states[][2] = {
		{ "blocked", "The volume is nearly full: writes are refused "
		    "until it has grown or data were dropped." },
		{ "full", "The volume is full and the database server is down: "
		    "it starts again when the volume has grown." },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (in->guest_status == NULL ||
		    strcmp(states[i][0], in->guest_status) != 0)
			continue;
		jsonw_key(w, "disk");
		jsonw_map(w);
		jsonw_kstr(w, "state", states[i][0]);
		jsonw_kstr(w, "message", states[i][1]);
		jsonw_map_end(w);
	}
}

/* Its details may show how the service is built. */
static void
fault(struct request *r, const struct instance *in)
{
	struct jsonw *w = &r->out;

	jsonw_key(w, "fault");
	jsonw_map(w);
	jsonw_kstr(w, "message", in->fault);
	view_time(r, "created", in->fault_at);
	jsonw_kstr(w, "details", r->caller.admin ? in->fault_details : NULL);
	jsonw_map_end(w);
}

static void
detail(struct request *r, const struct instance *in, enum instance_form form)
{
	struct jsonw *w = &r->out;

	view_time(r, "created", in->created);
	view_time(r, "updated", in->updated);
	view_time(r, "service_status_updated",
	    in->guest_seen != NULL ? in->guest_seen : in->updated);
	if (in->fault != NULL)
		fault(r, in);
	disk(w, in);
	if (in->configuration_id != NULL) {
		jsonw_key(w, "configuration");
		jsonw_map(w);
		jsonw_kstr(w, "id", in->configuration_id);
		jsonw_kstr(w, "name", in->configuration);
		view_links(r, "configurations", in->configuration_id);
		jsonw_map_end(w);
	}
	if (in->locality != NULL && form == SHOW_FORM)
		jsonw_kstr(w, "locality", in->locality);
	if (!r->caller.admin)
		return;
	jsonw_kstr(w, "server_id", in->server_id);
	jsonw_kstr(w, "volume_id", in->volume_id);
	jsonw_kbool(w, "encrypted_rpc_messaging", true);
}

static void
related(struct request *r, const char *key, const char *id)
{
	if (key != NULL)
		jsonw_key(&r->out, key);
	jsonw_map(&r->out);
	jsonw_kstr(&r->out, "id", id);
	view_links(r, "instances", id);
	jsonw_map_end(&r->out);
}

static void
replicas(struct request *r, const char *ids)
{
	char **id = text_split(&r->op, ids, " ");

	jsonw_key(&r->out, "replicas");
	jsonw_list(&r->out);
	for (; *id != NULL; id++)
		related(r, NULL, *id);
	jsonw_list_end(&r->out);
}

void
view_instance_members(struct request *r, const struct version_row *v,
    const struct instance *in, enum instance_form form)
{
	const char *status = status_of(in);
	bool address = in->address != NULL && strcmp(status, "BUILD") != 0;
	struct jsonw *w = &r->out;

	jsonw_kstr(w, "id", in->id);
	jsonw_kstr(w, "name", in->name);
	jsonw_kstr(w, "status", status);
	jsonw_kstr(w, "operating_status", status_operating(in));
	view_links(r, "instances", in->id);
	jsonw_key(w, "flavor");
	jsonw_map(w);
	jsonw_kstr(w, "id", in->flavor_id);
	view_links(r, "flavors", in->flavor_id);
	jsonw_map_end(w);
	datastore(w, v, form);
	jsonw_kstr(w, "region", in->region);
	access(w, in, address);
	if (r->caller.admin)
		jsonw_kstr(w, "tenant_id", in->tenant);
	if (form != MGMT_FORM)
		volume(w, in, status, form);
	if (address)
		addresses(w, in);
	if (in->replica_of != NULL)
		related(r, "replica_of", in->replica_of);
	if (in->replicas != NULL)
		replicas(r, in->replicas);
	if (form != LIST_FORM)
		detail(r, in, form);
}

void
view_instance(struct request *r, const struct version_row *v,
    const struct instance *in, enum instance_form form)
{
	jsonw_map(&r->out);
	view_instance_members(r, v, in, form);
	jsonw_map_end(&r->out);
}
