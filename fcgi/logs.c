/*
 * What a database server writes down, and what of it is published to storage:
 * the guest knows how far.
 */
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/views.h"

#include "lib/base/clock.h"
#include "lib/base/conf.h"

#include <string.h>

#define DAY_US ((int64_t)86400 * 1000000)

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

static int64_t
bytes(const struct json *log, const char *key)
{
	int64_t n = json_int(json_get(log, key));

	return n > 0 ? n : 0;
}

static const char *
status_of_log(const struct json *log)
{
	bool some = bytes(log, "published") > 0;
	bool more = bytes(log, "pending") > 0;

	if (!is_system(log) && !json_true(json_get(log, "on")))
		return "Disabled";
	if (more && some && json_true(json_get(log, "moved")))
		return "Rotated";
	if (more)
		return some ? "Partial" : "Ready";
	return some ? "Published" : is_system(log) ? "Unavailable" : "Enabled";
}

/* What the names of its objects begin with. */
static const char *
prefix_of(struct request *r, const struct guest *g, const char *name)
{
	return op_printf(&r->op, "%s/%s-%s", g->in.id, g->manager, name);
}

/* Where nothing is published the place is "None", as clients know it. */
static void
view_log(struct request *r, const struct guest *g, const struct json *log)
{
	const char *name = json_str(json_get(log, "name"));
	const char *prefix = prefix_of(r, g, name);
	bool some = bytes(log, "published") > 0;
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "name", name);
	jsonw_kstr(w, "type", is_system(log) ? "SYS" : "USER");
	jsonw_kstr(w, "status", status_of_log(log));
	jsonw_kint(w, "published", bytes(log, "published"));
	jsonw_kint(w, "pending", bytes(log, "pending"));
	jsonw_kstr(w, "container", some ? conf_str("logs.container") : "None");
	jsonw_kstr(w, "prefix", some ? op_printf(&r->op, "%s/", prefix) :
	    "None");
	jsonw_kstr(w, "metafile", op_printf(&r->op, "%s_metafile", prefix));
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

static bool
asks(const struct request *r, const char *flag)
{
	return body_int(r, flag) == 1;
}

static enum err
act_check(struct request *r, const struct json *log)
{
	bool on = asks(r, "enable"), off = asks(r, "disable");

	if (on && off)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Cannot enable and disable log '%s'.", body_str(r, "name"));
	if ((asks(r, "publish") || asks(r, "discard")) &&
	    strcmp(conf_str("storage.driver"), "none") == 0)
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

/* Behind the newest, whosever clock named that; a guest that makes it up gets no further than a day. */
static int64_t
name_next(const struct json *log)
{
	int64_t now = clock_wall_us(), last = bytes(log, "last");

	return last < now || last > now + DAY_US ? now : last + 1;
}

/* "log-2026-11-26T21:18:34.000001" */
static const char *
name_again(const struct json *log)
{
	const char *s = json_str(json_get(log, "again"));

	return s != NULL && strlen(s) == 30 && strncmp(s, "log-", 4) == 0 &&
	    strspn(s + 4, "0123456789-:.T") == 26 ? s : NULL;
}

/*
 * A tenant's log goes to the account of the instance's project, whoever asks;
 * a system's to that of the operator who does, where no tenant reads it.
 * Publishing enables, unless it is told otherwise.
 */
static enum err
log_move(struct request *r, const struct guest *g, const struct json *log)
{
	bool system = is_system(log), ended;
	const char *name = body_str(r, "name");
	struct jsonw w;

	jsonw_begin(&w, &r->op, 512);
	jsonw_map(&w);
	jsonw_kstr(&w, "name", name);
	jsonw_kstr(&w, "account", system ? r->tenant : g->in.tenant);
	jsonw_kstr(&w, "container", conf_str("logs.container"));
	jsonw_kstr(&w, "prefix", prefix_of(r, g, name));
	jsonw_kint(&w, "at", name_next(log));
	if (name_again(log) != NULL)
		jsonw_kstr(&w, "again", name_again(log));
	if (asks(r, "disable"))
		jsonw_kbool(&w, "on", false);
	else if (asks(r, "enable") || (!system && asks(r, "publish")))
		jsonw_kbool(&w, "on", true);
	jsonw_kbool(&w, "discard", asks(r, "discard"));
	jsonw_kbool(&w, "publish", asks(r, "publish"));
	/* A long one goes on by itself: the answer says how far it is. */
	return guest_do(r, g, TASK_LOG_PUBLISH, order_done(&w), &ended);
}

enum err
log_act(struct request *r)
{
	const struct json *log;
	struct guest g;

	TRY(guest_of(r, &g));
	TRY(log_find(r, &g, &log));
	TRY(act_check(r, log));
	if (asks(r, "publish") || asks(r, "discard")) {
		TRY(log_move(r, &g, log));
		TRY(log_find(r, &g, &log));
	} else if (asks(r, "enable") || asks(r, "disable")) {
		TRY(log_switch(r, &g, asks(r, "enable")));
		TRY(log_find(r, &g, &log));
	}
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "log");
	view_log(r, &g, log);
	jsonw_map_end(&r->out);
	return OK;
}
