/* guest.c: who a guest is: its channels, its key, its Redis user. */
#include "lib/msg/guest.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/wire/redis.h"

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

/*
 * A flat pattern would allow both SUBSCRIBE and PUBLISH on a channel, and a
 * guest could then order itself about: hence the two selectors (Redis 7).
 * "reset" first: an older password must not go on working.
 */
static void
admission(struct op *op, struct redis_command *k, const struct key *master,
    const struct guest_name *g)
{
	*k = (struct redis_command){ { "ACL", "SETUSER",
	    guest_redis_user(op, g->instance), "reset", "on",
	    op_printf(op, ">%s", guest_redis_password(op, master, g->instance,
		g->epoch)),
	    "resetkeys", "resetchannels", "-@all", "+ping",
	    op_printf(op, "(+subscribe +unsubscribe resetchannels &%s)",
		guest_channel_in(op, g->instance)),
	    op_printf(op, "(+publish resetchannels &%s)",
		guest_channel_out(op, g->instance)) }, .n = 12 };
}

enum err
guest_admit_all(struct op *op, struct redis *redis, const struct key *master,
    const struct guest_name *g, int n)
{
	struct redis_command *k = op_alloc(op, ((size_t)n + 1) * sizeof(*k));

	for (int i = 0; i < n; i++)
		admission(op, &k[i], master, &g[i]);
	return n == 0 ? OK : redis_pipe(op, redis, k, n, NULL);
}

enum err
guest_admit(struct op *op, struct redis *redis, const struct key *master,
    const char *instance, int epoch)
{
	const struct guest_name g = { instance, epoch };

	return guest_admit_all(op, redis, master, &g, 1);
}

/* Redis closes the connections of a user that it forgets. */
enum err
guest_expel(struct op *op, struct redis *redis, const char *instance)
{
	return redis_call(op, redis, NULL, (const char *const[]){ "ACL",
	    "DELUSER", guest_redis_user(op, instance), NULL });
}

int64_t
guest_seq(void)
{
	static int64_t last;
	int64_t now = clock_wall_us();

	last = now > last ? now : last + 1;
	return last;
}
