/* The coffer.conf of one agent.  Its secrets are derived; none is stored. */
#include "worker/flow.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"
#include "lib/base/seal.h"

#include <string.h>

/* Where the sandbox shows an instance the directories it may see. */
#define DATA	"/data"
#define BUS	"/run/coffer"

static void
agent_part(struct work *w, struct text *t)
{
	const struct lease *l = &w->lease;
	const struct engine *e = engine_find(l->home.engine);
	char hex[2 * SEAL_KEY + 1];
	struct key key;

	guest_key(&key, seal_master(), l->instance, l->home.key_epoch);
	text_hex(hex, key.b, SEAL_KEY);
	text_printf(t, "[agent]\ninstance = %s\nkey = %s\nengine = %s\n"
	    "data = %s\naddress = %s\nport = %d\nmemory_mb = %d\n"
	    "contained = %s\n", l->instance, hex, l->home.engine, DATA,
	    l->home.verifies != NULL ? "" :	/* nobody gets in */
	    l->home.address != NULL ? l->home.address : "0.0.0.0",
	    e != NULL ? e->port : 0, l->home.ram_mb,
	    cloud_compute()->contains_root() ? "yes" : "no");
	if (e != NULL && e->home != NULL)
		text_printf(t, "mysql = %s\n", engine_home(e));
	seal_wipe(&key, sizeof(key));
	seal_wipe(hex, sizeof(hex));
}

static void
redis_part(struct work *w, struct text *t)
{
	const struct lease *l = &w->lease;
	const char *socket = conf_str("guest.redis_socket"), *base;

	if (*socket == '\0')
		socket = conf_str("redis.socket");
	base = strrchr(socket, '/');
	text_add(t, "[redis]\n");
	if (base != NULL)
		text_printf(t, "socket = %s%s\n", BUS, base);
	else
		text_printf(t, "host = %s\nport = %d\n",
		    conf_str("redis.host"), conf_int("redis.port"));
	text_printf(t, "user = %s\npassword = %s\n",
	    guest_redis_user(w->op, l->instance),
	    guest_redis_password(w->op, seal_master(), l->instance,
	    l->home.key_epoch));
}

const char *
agent_conf(struct work *w)
{
	struct text t;

	text_begin(&t, w->op, 1024);
	agent_part(w, &t);
	redis_part(w, &t);
	text_printf(&t, "[guest]\nreport = %d\n", conf_int("guest.report"));
	return t.s;
}
