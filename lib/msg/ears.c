#include "lib/msg/ears.h"
#include "lib/msg/bus.h"
#include "lib/wire/redis.h"

static const char *
pattern(struct op *op, int digit)
{
	return op_printf(op, "coffer:g:%x:*:out", digit);
}

unsigned
ears_epoch(void)
{
	return redis_up(bus_ears()) ? redis_epoch(bus_ears()) : 0;
}

enum err
ears_listen(struct op *op, int digit)
{
	return redis_listen(op, bus_ears(), true, pattern(op, digit));
}

enum err
ears_unlisten(struct op *op, int digit)
{
	return redis_unlisten(op, bus_ears(), true, pattern(op, digit));
}

enum err
ears_hear(struct op *op, struct heard *h, bool *any, int wait_ms)
{
	struct redis_message m;

	TRY(redis_hear(op, bus_ears(), &m, any, wait_ms));
	if (*any)
		*h = (struct heard){ m.channel, m.data, m.len };
	return OK;
}
