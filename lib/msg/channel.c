#include "lib/msg/channel.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/msg/guest.h"
#include "lib/wire/redis.h"

#include <stdio.h>

static struct redis *hearing, *saying;
static unsigned subscribed;		/* epoch of the connection that did; 0: none */
static char in[128], out[128];

static struct redis *
connection(void)
{
	struct redis_where where = {
		.socket = conf_str("redis.socket"),
		.host = conf_str("redis.host"),
		.port = conf_int("redis.port"),
		.user = conf_str("redis.user"),
		.password = conf_secret("redis.password").never_log,
		.timeout_ms = conf_int("redis.timeout") * 1000,
	};

	return redis_new(&where);
}

void
channel_open(struct op *op, const char *instance)
{
	snprintf(in, sizeof(in), "%s", guest_channel_in(op, instance));
	snprintf(out, sizeof(out), "%s", guest_channel_out(op, instance));
	hearing = connection();
	saying = connection();
}

void
channel_close(void)
{
	redis_free(hearing);
	redis_free(saying);
	hearing = saying = NULL;
}

int
channel_fd(void)
{
	return channel_up() ? redis_fd(hearing) : -1;
}

bool
channel_up(void)
{
	return redis_up(hearing) && subscribed == redis_epoch(hearing);
}

bool
channel_turn(struct op *op)
{
	static bool said;		/* that it is away: once */
	enum err e;

	if (channel_up())
		return false;
	if ((e = redis_listen(op, hearing, false, in)) == OK) {
		subscribed = redis_epoch(hearing);
		log_info(op, "hears orders");
		said = false;
		return true;
	}
	subscribed = 0;
	if (!said)
		log_warn(op, "hears no orders: %s", op->why);
	said = true;
	return false;
}

const char *
channel_hear(struct op *op, size_t *len)
{
	struct redis_message m;
	bool message;

	if (!channel_up() || redis_hear(op, hearing, &m, &message, 0) != OK ||
	    !message)
		return NULL;
	*len = m.len;
	return m.data;
}

bool
channel_say(struct op *op, const char *bytes, size_t len, int *heard)
{
	struct redis_command k = {
		.arg = { "PUBLISH", out, bytes },
		.len = { 0, 0, len },
		.n = 3,
	};
	struct redis_reply reply = { 0 };

	if (redis_pipe(op, saying, &k, 1, &reply) != OK) {
		log_debug(op, "not said: %s", op->why);
		return false;
	}
	*heard = reply.kind == REDIS_NUMBER ? (int)reply.number : 0;
	return true;
}
