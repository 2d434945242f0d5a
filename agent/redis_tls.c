/*
 * Redis speaks TLS at a port of its own, the next one: enforced, the other is
 * closed, and whoever had TLS before finds it where it was.
 */
#include "agent/redis_server.h"
#include "agent/file.h"
#include "agent/tls.h"
#include "lib/base/conf.h"

#include <string.h>

struct parameter { const char *name, *value; };

#define PARAMETERS 7

/* The ports last: with the files they are all taken, or none. */
static size_t
parameters(struct op *op, const struct tls *t, struct parameter *p)
{
	const char *file = file_data(op, TLS_SERVER);
	int port = conf_int("agent.port");
	bool on = t->mode != TLS_OFF;
	size_t n = 0;

	if (on) {
		p[n++] = (struct parameter){ "tls-cert-file", file };
		p[n++] = (struct parameter){ "tls-key-file", file };
	}
	if (t->mode == TLS_MUTUAL)
		p[n++] = (struct parameter){ "tls-ca-cert-file",
		    file_data(op, TLS_CLIENTS) };
	p[n++] = (struct parameter){ "tls-auth-clients",
	    t->mode == TLS_MUTUAL ? "yes" : "no" };
	p[n++] = (struct parameter){ "port", t->mode > TLS_BASIC ? "0" :
	    op_printf(op, "%d", port) };
	p[n++] = (struct parameter){ "tls-port",
	    on ? op_printf(op, "%d", port + 1) : "0" };
	return n;
}

enum err
redis_tls_settings(struct op *op, const char **lines)
{
	struct parameter p[PARAMETERS];
	struct text text;
	struct tls t;
	size_t n;

	*lines = "";
	TRY(tls_start(op, &t));
	if (t.mode == TLS_OFF)
		return OK;
	n = parameters(op, &t, p);
	text_begin(&text, op, 512);
	for (size_t i = 0; i < n; i++) {
		text_printf(&text, "%s ", p[i].name);
		redis_conf_quote(&text, p[i].value);
		text_addc(&text, '\n');
	}
	*lines = text.s;
	return OK;
}

static enum err
is_on(struct op *op, bool *on)
{
	const char *const argv[] = { "CONFIG", "GET", "tls-port", NULL };
	struct redis_reply reply;

	TRY(redis_ask(op, &reply, argv));
	*on = reply.items == 2 && reply.item[1].text != NULL &&
	    strcmp(reply.item[1].text, "0") != 0;
	return OK;
}

static enum err
apply(struct op *op, const struct tls *t)
{
	struct parameter p[PARAMETERS];
	const char *argv[2 * PARAMETERS + 3] = { "CONFIG", "SET" };
	size_t n = parameters(op, t, p), k = 2;
	struct redis_reply reply;

	for (size_t i = 0; i < n; i++) {
		argv[k++] = p[i].name;
		argv[k++] = p[i].value;
	}
	return redis_ask(op, &reply, argv);
}

const struct tls_ways redis_tls_ways = {
	.apply = apply,
	.on = is_on,
	.mutual = true,
};
