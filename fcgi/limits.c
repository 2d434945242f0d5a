/* limits - what a project may have, and how often it may ask. */
#include "fcgi/handlers.h"

#include "fcgi/ratelimit.h"
#include "fcgi/route.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/store/quotas.h"

static void
view_absolute(struct request *r, const struct quota q[QUOTAS])
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "verb", "ABSOLUTE");
	for (int i = 0; i < QUOTAS; i++)
		jsonw_kint(w, op_printf(&r->op, "max_%s", q[i].resource),
		    q[i].limit);
	jsonw_map_end(w);
}

/* Below one left, the next is let through when another has leaked out. */
static const char *
next_available(struct request *r, int left, int rate)
{
	char now[CLOCK_TEXT];
	int64_t at = clock_wall_us() / 1000000;

	if (left < 1)
		at += (60 + rate - 1) / rate;
	clock_text(now, at);
	return op_printf(&r->op, "%sZ", now);
}

static void
view_rate(struct request *r, const struct rate *t, int rate, int left)
{
	struct jsonw *w = &r->out;
	bool mgmt = t == &rate_mgmt;

	if (rate <= 0)
		return;
	jsonw_map(w);
	jsonw_kstr(w, "verb", method_word(t->method));
	jsonw_kstr(w, "uri", mgmt ? "*/mgmt" : "*");
	jsonw_kstr(w, "regex", mgmt ? "^/mgmt" : ".*");
	jsonw_kint(w, "value", rate);
	jsonw_kstr(w, "unit", "MINUTE");
	jsonw_kint(w, "remaining", left);
	jsonw_kstr(w, "nextAvailable", next_available(r, left, rate));
	jsonw_map_end(w);
}

static void
view_rates(struct request *r)
{
	int rate;

	for (const struct rate *t = rates; t->method != 0; t++) {
		rate = conf_int(t->setting);
		view_rate(r, t, rate, ratelimit_left(r->caller.project,
		    t->method, rate));
	}
	rate = conf_int(rate_mgmt.setting);
	view_rate(r, &rate_mgmt, rate, rate);
}

enum err
limits_list(struct request *r)
{
	struct quota q[QUOTAS];
	struct jsonw *w;

	TRY(quotas_of_tenant(&r->op, r->tenant, q));
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "limits");
	jsonw_list(w);
	view_absolute(r, q);
	view_rates(r);
	jsonw_list_end(w);
	jsonw_map_end(w);
	return OK;
}
