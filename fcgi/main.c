/*
 * coffer-api: what nginx asks.  Three pools, so that silent guests, and those
 * who move large objects slowly, hold up only their own.
 */
#include "fcgi/auth.h"
#include "fcgi/request.h"
#include "fcgi/shared.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"
#include "lib/base/service.h"
#include "lib/cloud/origin.h"
#include "lib/msg/bus.h"
#include "lib/store/catalog.h"
#include "lib/store/store.h"

#include <string.h>

static const struct { const char *name, *processes; } pools[] = {
	[MAIN] = { "main", "api.processes" },
	[ASKS_GUEST] = { "guest", "api.guest_processes" },
	[STORES] = { "storage", "storage.processes" },
};
static enum pool pool = MAIN;

static bool
option(const char *name, const char *value)
{
	if (strcmp(name, "--pool") != 0)
		return false;
	for (pool = MAIN; pool <= STORES; pool++)
		if (strcmp(value, pools[pool].name) == 0)
			return true;
	return false;
}

/* The setting is not a format: only its first %s means something. */
static const char *
socket_path(struct op *op)
{
	const char *s = conf_str("api.socket"), *at = strstr(s, "%s");

	if (at == NULL)
		return s;
	return op_printf(op, "%.*s%s%s", (int)(at - s), s, pools[pool].name,
	    at + 2);
}

static enum err
start(struct op *op)
{
	TRY(seal_master_load(op));
	TRY(origin_open(op));
	TRY(shared_open(op, conf_str("api.shared")));
	catalog_share(&shared_memory()->catalog_changes);
	return request_listen(op, socket_path(op));
}

static int
processes(void)
{
	return conf_int(pools[pool].processes);
}

static enum err
begin(struct op *op)
{
	store_open("coffer_api");
	catalog_listen();
	bus_open();
	TRY(auth_open(op));
	request_open();
	return OK;
}

static enum err
once(struct op *op)
{
	return request_once(op, pool);
}

static void
stop(void)
{
	bus_close();
	store_close();
}

int
main(int argc, char **argv)
{
	static const struct service api = {
		.name = "coffer-api",
		.what = "Serves the database API to nginx over FastCGI.",
		.options = "  --pool POOL    main; guest: the requests that ask a "
		    "guest;\n                 storage: objects\n",
		.option = option, .start = start, .processes = processes,
		.begin = begin, .once = once, .stop = stop,
	};

	return service_run(&api, argc, argv);
}
