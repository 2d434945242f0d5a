/* TLS of an instance, as its guest tells of it, and as it is told. */
#include "fcgi/ssl.h"
#include "fcgi/views.h"

#include <string.h>
#include <time.h>

static void
end_of(struct request *r, int64_t ends)
{
	char text[32];
	time_t t = (time_t)ends;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(text, sizeof(text),
	    "%Y-%m-%dT%H:%M:%S.000000", &tm) == 0)
		jsonw_kstr(&r->out, "expire_at", NULL);
	else
		jsonw_kstr(&r->out, "expire_at", text);
}

static void
view_certificate(struct request *r, const struct json *c, bool payload)
{
	const struct json *list = json_get(c, "addresses");
	struct jsonw *w = &r->out;
	const char *s;

	jsonw_key(w, "certificate");
	jsonw_map(w);
	jsonw_kstr(w, "cn", json_str(json_get(c, "cn")));
	end_of(r, json_int(json_get(c, "ends")));
	jsonw_key(w, "san");
	jsonw_list(w);
	for (size_t i = 0; i < json_count(list); i++)
		if ((s = json_str(json_at(list, i))) != NULL)
			jsonw_str(w, op_printf(&r->op, "IP:%s", s));
	jsonw_list_end(w);
	if (payload)
		jsonw_kstr(w, "payload", json_str(json_get(c, "pem")));
	jsonw_map_end(w);
}

void
view_ssl(struct request *r, const struct ssl_said *s, bool payload)
{
	struct jsonw *w = &r->out;

	jsonw_key(w, "ssl");
	jsonw_map(w);
	jsonw_kstr(w, "status", s == NULL ? "not implemented" :
	    s->on ? "on" : "off");
	jsonw_kstr(w, "mode", s == NULL || strcmp(s->mode, "off") == 0 ?
	    "builtin" : s->mode);
	if (s != NULL)
		jsonw_kbool(w, "restart_required", ssl_waits(s));
	if (s != NULL && s->on && json_has(s->answer, "certificate"))
		view_certificate(r, json_get(s->answer, "certificate"),
		    payload);
	jsonw_map_end(w);
}

void
view_ssl_switched(struct request *r, const struct ssl_said *to, bool rollback)
{
	struct jsonw *w = &r->out;
	bool off = strcmp(to->mode, "off") == 0;

	jsonw_key(w, "ssl");
	jsonw_map(w);
	if (rollback) {
		jsonw_kstr(w, "status", to->on ? "on" : "off");
		jsonw_kstr(w, "mode", off ? "builtin" : to->mode);
	}
	jsonw_kbool(w, "restart_required", ssl_waits(to));
	jsonw_map_end(w);
}

const char *
order_ssl(struct op *op, const struct ssl_said *to,
    const char *const *addresses)
{
	struct jsonw w;

	jsonw_begin(&w, op, 512);
	jsonw_map(&w);
	jsonw_kstr(&w, "mode", to->mode);
	jsonw_kstr(&w, "clients", to->clients);
	jsonw_key(&w, "addresses");
	jsonw_list(&w);
	for (; *addresses != NULL; addresses++)
		jsonw_str(&w, *addresses);
	jsonw_list_end(&w);
	jsonw_kbool(&w, "restart", ssl_waits(to));
	return order_done(&w);
}
