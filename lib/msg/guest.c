/* guest.c: who a guest is: its channels, its key, its Redis user. */
#include "lib/msg/guest.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#include <assert.h>
#include <string.h>

#define CHANNEL		"coffer:g:"
#define CHANNEL_LEN	(sizeof(CHANNEL) - 1)

const char *const guest_statuses[] = {
	"new",				/* not prepared yet */
	"building",			/* being prepared */
	"healthy",			/* answers queries */
	"shutdown",			/* stopped on purpose */
	"crashed",			/* should run and does not answer */
	"failed",			/* could not be prepared */
	"blocked",			/* answers; there is no room for writes */
	"full",				/* down, as there is no room at all */
	NULL
};

static const struct {
	const char	*word;
	enum order_kept	 kept;
} orders[ORDER__MAX] = {
	[ORDER_NONE] = { "", 0 },
#define ORDER(name, word, kept) [ORDER_##name] = { word, kept },
#include "lib/msg/orders.tbl.h"
#undef ORDER
};
_Static_assert(sizeof(orders) / sizeof(orders[0]) == ORDER__MAX,
    "every order has a row");

const char *
order_word(enum order_kind k)
{
	assert(k < ORDER__MAX);
	return orders[k].word;
}

enum order_kind
order_find(const char *word)
{
	for (int k = ORDER_NONE + 1; k < ORDER__MAX; k++)
		if (strcmp(orders[k].word, word) == 0)
			return (enum order_kind)k;
	return ORDER_NONE;
}

enum order_kept
order_kept(enum order_kind k)
{
	assert(k < ORDER__MAX);
	return orders[k].kept;
}

int
guest_shard(const char *instance)
{
	char c = *instance;

	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

const char *
guest_channel_in(struct op *op, const char *instance)
{
	return op_printf(op, CHANNEL "%x:%s:in", guest_shard(instance),
	    instance);
}

const char *
guest_channel_out(struct op *op, const char *instance)
{
	return op_printf(op, CHANNEL "%x:%s:out", guest_shard(instance),
	    instance);
}

const char *
guest_channel_instance(struct op *op, const char *channel)
{
	const char *end;
	char *id;

	if (strncmp(channel, CHANNEL, CHANNEL_LEN) != 0 ||
	    strlen(channel) < CHANNEL_LEN + 2 + UUID_LEN)
		return NULL;
	channel += CHANNEL_LEN;
	end = channel + 2 + UUID_LEN;
	id = op_strndup(op, channel + 2, UUID_LEN);
	if (channel[1] != ':' || channel[0] != id[0] || !text_is_uuid(id) ||
	    strpbrk(id, "ABCDEF") != NULL ||	/* two names of one guest */
	    (strcmp(end, ":in") != 0 && strcmp(end, ":out") != 0))
		return NULL;
	return id;
}

void
guest_key(struct key *k, const struct key *master, const char *instance,
    int epoch)
{
	seal_derive(k, master, "guest", instance, epoch);
}

const char *
guest_redis_user(struct op *op, const char *instance)
{
	return op_printf(op, "agent-%s", instance);
}

const char *
guest_redis_password(struct op *op, const struct key *master,
    const char *instance, int epoch)
{
	char *hex = op_alloc(op, 2 * SEAL_KEY + 1);
	struct key k;

	seal_derive(&k, master, "guest redis", instance, epoch);
	text_hex(hex, k.b, SEAL_KEY);
	seal_wipe(&k, sizeof(k));
	return hex;
}

int64_t
guest_seq(void)
{
	static int64_t last;
	int64_t now = clock_wall_us();

	last = now > last ? now : last + 1;
	return last;
}
