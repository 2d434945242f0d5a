/*
 * What is done with one log at a wish: switched, taken out of storage, put
 * there.  What of it was put there, and where that goes on, its guest knows.
 */
#include "worker/flow.h"
#include "worker/logs.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"
#include "lib/cloud/storage.h"

#include <string.h>

#define LEAVE_LEAST	60
#define CANCEL_MS	20000
#define LOG_NAMES	100		/* objects of one order (agent/log_job.h) */

struct wish {
	const char	*name;
	struct log_where where;
	int64_t		 at;		/* us: the first object's name; each next is one later */
	const char	*again;		/* an object that was under way, or NULL */
	bool		 switched, on, discard, publish;
};

static enum err
wish_read(struct work *w, struct wish *out)
{
	const struct json *j;
	const char *args;

	TRY(lease_args(w->op, &w->lease, &args));
	if (args == NULL)
		return op_fail(w->op, ERR_INTERNAL, "no log is named");
	TRY(json_parse(w->op, args, strlen(args), &j));
	*out = (struct wish){
		.name = json_str(json_get(j, "name")),
		.where = { json_str(json_get(j, "account")),
		    json_str(json_get(j, "container")),
		    json_str(json_get(j, "prefix")) },
		.at = json_int(json_get(j, "at")),
		.again = json_str(json_get(j, "again")),
		.switched = json_has(j, "on"),
		.on = json_true(json_get(j, "on")),
		.discard = json_true(json_get(j, "discard")),
		.publish = json_true(json_get(j, "publish")),
	};
	return OK;
}

/* False: it is read no further. */
static bool
wished(struct work *w, struct wish *out, enum verdict *v)
{
	*v = DONE;
	if (cloud_compute()->guestless)
		return false;
	*v = work_verdict(w, wish_read(w, out));
	return *v == DONE;
}

static const char *
named(struct work *w, const struct wish *wish, const bool *on)
{
	struct jsonw out;

	jsonw_begin(&out, w->op, 128);
	jsonw_map(&out);
	jsonw_kstr(&out, "name", wish->name);
	if (on != NULL)
		jsonw_kbool(&out, "on", *on);
	jsonw_map_end(&out);
	return out.out.s;
}

enum verdict
log_switch(struct work *w)
{
	struct wish wish;
	enum verdict v;

	if (!wished(w, &wish, &v) || !wish.switched)
		return v;
	return work_order(w, ORDER_LOG_SET, named(w, &wish, &wish.on));
}

/* Before anything is taken away: whoever dies in between has lost nothing that is on the disk. */
enum verdict
log_forget(struct work *w)
{
	struct wish wish;
	enum verdict v;

	if (!wished(w, &wish, &v) || !wish.discard)
		return v;
	return work_order(w, ORDER_LOG_FORGET, named(w, &wish, NULL));
}

enum verdict
log_clear(struct work *w)
{
	struct wish wish;
	enum verdict v;
	enum err e;
	int left;

	if (!wished(w, &wish, &v))
		return v;
	if (wish.discard) {
		e = lease_check(w->op, &w->lease);
		if (e == OK)
			e = log_objects_remove(w->op, &wish.where, INT64_MAX,
			    &left);
		if (e != OK)
			return work_verdict(w, e);
	}
	if (wish.publish)
		work_record(w, log_place_note(w->op, &wish.where,
		    conf_int("logs.expiry")));
	return DONE;
}

/* In the order in which its guest uses them, and the one that it was about to when it was cut off. */
static void
names_give(struct work *w, const struct wish *wish, struct lend *ask)
{
	const char **names = op_alloc(w->op, (LOG_NAMES + 2) *
	    sizeof(*names));

	for (int i = 0; i < LOG_NAMES; i++)
		names[i] = log_object_name(w->op, wish->at + i);
	ask->n = LOG_NAMES;
	names[ask->n++] = "_metafile";
	if (wish->again != NULL)
		names[ask->n++] = op_printf(w->op, "/%s", wish->again);
	ask->names = names;
}

static enum err
publish_body(struct work *w, const struct wish *wish, const char **body)
{
	int64_t left = (w->lease.deadline - clock_ms()) / 1000;
	struct lend ask = { wish->where.tenant, wish->where.container,
		wish->where.prefix, .write = true,
		.seconds = left < LEAVE_LEAST ? LEAVE_LEAST : (int)left };
	struct leave leave;
	struct jsonw out;

	TRY(lease_check(w->op, &w->lease));
	names_give(w, wish, &ask);
	TRY(cloud_storage()->lend(w->op, &ask, &leave));
	jsonw_begin(&out, w->op, 1024);
	jsonw_map(&out);
	jsonw_kstr(&out, "name", wish->name);
	jsonw_kint(&out, "at", wish->at);
	jsonw_kint(&out, "expiry", conf_int("logs.expiry"));
	jsonw_key(&out, "put");
	leave_write(&out, &ask, &leave);
	jsonw_map_end(&out);
	*body = out.out.s;
	return OK;
}

enum verdict
log_publish(struct work *w)
{
	struct wish wish;
	enum verdict v;
	enum err e;

	if (!wished(w, &wish, &v) || !wish.publish)
		return v;
	v = work_order(w, ORDER_LOG_PUBLISH, NULL);
	if (v != WAIT)
		return v;
	e = publish_body(w, &wish, &w->tell.body);
	return e == OK ? WAIT : work_verdict(w, e);
}

/* What was stored stays: its guest knows of it. */
enum verdict
log_cancel(struct work *w)
{
	struct wish wish;
	enum verdict v;

	if (!wished(w, &wish, &v) || !wish.publish ||
	    work_elapsed(w) >= CANCEL_MS)
		return DONE;
	v = work_order(w, ORDER_CANCEL, "{}");
	return v == FAIL && w->err != ERR_UNAVAILABLE && w->err != ERR_FENCED ?
	    DONE : v;
}
