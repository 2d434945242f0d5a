/* coffer-agent: the supervisor beside a database server. */
#include "agent/datastore.h"
#include "agent/duties.h"
#include "agent/host.h"
#include "agent/journal.h"
#include "agent/logs.h"
#include "agent/orders.h"
#include "agent/report.h"
#include "agent/supervisor.h"
#include "agent/transfer.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/base/service.h"
#include "lib/base/text.h"
#include "lib/msg/channel.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define AWAY_MS	100			/* between attempts to reach Redis */

static struct key key;

static enum err
agent_begin(struct op *op)
{
	const char *instance = conf_str("agent.instance");
	const char *hex = conf_secret("agent.key").never_log;
	const struct datastore *engine =
	    datastore_find(conf_str("agent.engine"));

	if (!text_is_uuid(instance))
		return op_fail(op, ERR_BAD_REQUEST,
		    "agent.instance is no instance's id");
	if (strlen(hex) != 2 * SEAL_KEY || !text_unhex(key.b, hex, SEAL_KEY))
		return op_fail(op, ERR_BAD_REQUEST,
		    "agent.key is not %d hex digits", 2 * SEAL_KEY);
	if (engine == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "agent.engine: no %s",
		    conf_str("agent.engine"));
	op->instance = instance;
	TRY(journal_open(op, conf_str("agent.data")));
	supervisor_open(op, engine);
	orders_open(instance, &key);
	report_open(instance, &key);
	channel_open(op, instance);
	return OK;
}

static int
wait_ms(void)
{
	int ms = supervisor_wait_ms(), report = report_wait_ms();

	if (report < ms)
		ms = report;
	return !channel_up() && ms > AWAY_MS ? AWAY_MS : ms;
}

/* Once, when all that a start needs has been done. */
static void
trim_once(void)
{
	static bool trimmed;

	if (trimmed || !supervisor_ready() || journal_prepared() != PREPARED)
		return;
	service_trim();
	trimmed = true;
}

/* Wait for an order, for the server's end, or for what is due; then do it. */
static enum err
agent_once(struct op *op)
{
	struct pollfd fds[] = {
		{ .fd = channel_fd(), .events = POLLIN },
		{ .fd = supervisor_watch(), .events = POLLIN },
		{ .fd = transfer_watch(), .events = POLLIN },
	};
	const char *bytes;
	size_t len;

	op->instance = conf_str("agent.instance");
	poll(fds, 3, wait_ms());
	if (channel_turn(op))
		report_due();
	while ((bytes = channel_hear(op, &len)) != NULL)
		orders_take(bytes, len);
	supervisor_turn(op);
	orders_turn();
	logs_turn(op);
	report_turn(op);
	if (duties_leaving() && channel_up()) {
		log_info(op, "makes room for the next agent");
		_exit(0);	/* the server goes on, and is adopted */
	}
	trim_once();
	return OK;
}

static void
agent_stop(void)
{
	struct op op;

	op_begin(&op, "agent");
	op.instance = conf_str("agent.instance");
	log_info(&op, "ends, and the server with it");
	transfer_kill();
	supervisor_end(&op);
	channel_close();
	seal_wipe(&key, sizeof(key));
	op_end(&op);
}

int
main(int argc, char **argv)
{
	static const struct service service = {
		.name = "coffer-agent",
		.what = "The supervisor inside an instance: keeps the database "
		    "server running, carries out orders, reports.",
		.begin = agent_begin,
		.once = agent_once,
		.stop = agent_stop,
	};

	return service_run(&service, argc, argv);
}
