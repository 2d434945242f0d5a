/*
 * What a database server writes down.  Publishing wants an object store, and
 * there is none to put a log into: that one is refused, all else works.
 */
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/views.h"

#include <string.h>

/* POST .../log: not wrapped. */
const struct field log_fields[] = {
	{ "name",                           NES,    REQUIRED },
	{ "enable",                         FLAG },
	{ "disable",                        FLAG },
	{ "publish",                        FLAG },
	{ "discard",                        FLAG },
	{ 0 }
};

static bool
is_system(const struct json *log)
{
	return json_true(json_get(log, "system"));
}

static const char *
status_of_log(const struct json *log)
{
	bool on = json_true(json_get(log, "on"));
	bool empty = json_int(json_get(log, "size")) <= 0;

	if (is_system(log))
		return empty ? "Unavailable" : "Ready";
	return !on ? "Disabled" : empty ? "Enabled" : "Ready";
}

/* Nothing is published, so its place is "None", as clients know it. */
static void
view_log(struct request *r, const struct guest *g, const struct json *log)
{
	const char *name = json_str(json_get(log, "name"));
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "name", name);
	jsonw_kstr(w, "type", is_system(log) ? "SYS" : "USER");
	jsonw_kstr(w, "status", status_of_log(log));
	jsonw_kint(w, "published", 0);
	jsonw_kint(w, "pending", json_int(json_get(log, "size")));
	jsonw_kstr(w, "container", "None");
	jsonw_kstr(w, "prefix", "None");
	jsonw_kstr(w, "metafile", op_printf(&r->op, "%s/%s-%s_metafile",
	    g->in.id, g->manager, name));
	jsonw_map_end(w);
}

/* System logs tell of the service itself: they are the operator's. */
static bool
is_shown(const struct request *r, const struct json *log)
{
	return json_str(json_get(log, "name")) != NULL &&
	    (r->caller.admin || !is_system(log));
}

static enum err
logs_of(struct request *r, const struct guest *g, const struct json **list)
{
	const struct json *answer;

	TRY(guest_read(r, g, ORDER_LOGS, NULL, &answer));
	*list = json_get(answer, "logs");
	return OK;
}

enum err
logs_list(struct request *r)
{
	const struct json *list;
	struct guest g;

	TRY(guest_of(r, &g));
	TRY(logs_of(r, &g, &list));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "logs");
	jsonw_list(&r->out);
	for (size_t i = 0; i < json_count(list); i++)
		if (is_shown(r, json_at(list, i)))
			view_log(r, &g, json_at(list, i));
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

static enum err
log_find(struct request *r, const struct guest *g, const struct json **log)
{
	const char *name = body_str(r, "name");
	const struct json *list;

	TRY(logs_of(r, g, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		const char *s;

		*log = json_at(list, i);
		s = json_str(json_get(*log, "name"));
		if (s == NULL || strcmp(s, name) != 0)
			continue;
		if (is_shown(r, *log))
			return OK;
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "You must be admin to use the log '%s'.", name);
	}
	return op_fail(&r->op, ERR_BAD_REQUEST, "Log '%s' is not defined.",
	    name);
}

static enum err
act_check(struct request *r, const struct json *log)
{
	bool on = body_int(r, "enable") == 1, off = body_int(r, "disable") == 1;

	if (on && off)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Cannot enable and disable log '%s'.", body_str(r, "name"));
	if (body_int(r, "publish") == 1)
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Log actions are not supported.");
	if ((on || off) && is_system(log))
		return op_fail(&r->op, ERR_BAD_REQUEST, "Cannot %s a SYSTEM "
		    "log '%s'.", on ? "enable" : "disable",
		    body_str(r, "name"));
	return OK;
}

static enum err
log_switch(struct request *r, const struct guest *g, bool on)
{
	struct jsonw w;

	jsonw_begin(&w, &r->op, 64);
	jsonw_map(&w);
	jsonw_kstr(&w, "name", body_str(r, "name"));
	jsonw_kbool(&w, "on", on);
	return guest_do(r, g, TASK_LOG_SET, order_done(&w), NULL);
}

/* There is never anything published that discard could take away. */
enum err
log_act(struct request *r)
{
	const struct json *log;
	struct guest g;

	TRY(guest_of(r, &g));
	TRY(log_find(r, &g, &log));
	TRY(act_check(r, log));
	if (body_int(r, "enable") == 1 || body_int(r, "disable") == 1) {
		TRY(log_switch(r, &g, body_int(r, "enable") == 1));
		TRY(log_find(r, &g, &log));
	}
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "log");
	view_log(r, &g, log);
	jsonw_map_end(&r->out);
	return OK;
}
