/* coffer-conductor - hears what guests report, and keeps it in the metadata store. */
#include "worker/conductor.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/service.h"
#include "lib/msg/bus.h"

#include <stdio.h>
#include <unistd.h>

#define TURN_MS 100

static struct conductor conductor;

static enum err
read_key(struct op *op)
{
	int shards = conf_int("conductor.shards");

	if (shards < 1 || shards > SHARDS)
		return op_fail(op, ERR_BAD_REQUEST,
		    "conductor.shards: %d is not 1 to %d", shards, SHARDS);
	return seal_master_load(op);
}

/* The same name after a restart: it has its shards back at once. */
static enum err
begin(struct op *op)
{
	char host[64] = "localhost", owner[128];

	(void)op;
	gethostname(host, sizeof(host) - 1);
	snprintf(owner, sizeof(owner), "%s/%s", host, service_instance());
	store_open("coffer_conductor");
	bus_open();
	conductor_begin(&conductor, owner);
	return OK;
}

static enum err
turn(struct op *op)
{
	conductor_turn(op, &conductor, TURN_MS);
	return OK;
}

static void
stop(void)
{
	struct op op;

	op_begin(&op, "stop");
	conductor_end(&op, &conductor);
	op_end(&op);
	bus_close();
	store_close();
}

int
main(int argc, char **argv)
{
	static const struct service service = {
		.name  = "coffer-conductor",
		.what  = "Hears what guests report and keeps it in the "
		    "metadata store.",
		.start = read_key,
		.begin = begin,
		.once  = turn,
		.stop  = stop,
	};

	return service_run(&service, argc, argv);
}
