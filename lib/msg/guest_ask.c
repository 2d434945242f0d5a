/* guest_ask.c: the control side: give an order, or ask and wait. */
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/msg/bus.h"
#include "lib/msg/guest.h"
#include "lib/wire/redis.h"

#include <string.h>

#define REPEAT_MS 1000

struct ask {
	const struct key *key;
	const char	*instance, *id, *body, *channel;
	enum order_kind	 kind;
};

static enum err
publish(struct op *op, const struct ask *a)
{
	struct redis_command k = { { "PUBLISH",
	    guest_channel_in(op, a->instance) }, .n = 3 };

	k.arg[2] = guest_write_order(op, a->key, a->instance, a->id, a->kind,
	    a->body, &k.len[2]);
	if (k.arg[2] == NULL)
		return op_fail(op, ERR_OVER_LIMIT,
		    "The request is too long for the guest.");
	return redis_pipe(op, bus_redis(), &k, 1, NULL);
}

enum err
guest_tell(struct op *op, const struct key *master, const char *instance,
    int epoch, const char *order_id, enum order_kind kind,
    const char *body_json)
{
	struct key key;
	struct ask a = { &key, instance, order_id, body_json, NULL, kind };
	enum err e;

	guest_key(&key, master, instance, epoch);
	e = publish(op, &a);
	seal_wipe(&key, sizeof(key));
	return e;
}

/*
 * A message of this guest that opens and answers this very question.  Looked
 * at with an op of its own first: a guest that floods us with answers to
 * nothing must not fill the asker's.
 */
static bool
answers(struct op *op, const struct ask *a, const struct redis_message *m,
    struct answer *out)
{
	struct op look;
	bool ours;

	if (strcmp(m->channel, a->channel) != 0 || m->len == 0 ||
	    m->data[0] != 'a')
		return false;
	op_begin(&look, op->id);
	ours = guest_read_answer(&look, a->key, a->instance, m->data, m->len,
	    out) == OK && strcmp(out->id, a->id) == 0;
	op_end(&look);
	return ours && guest_read_answer(op, a->key, a->instance, m->data,
	    m->len, out) == OK;
}

/* Reports and answers to others pass by on the same channel. */
static enum err
listen_for(struct op *op, const struct ask *a, int64_t until,
    struct answer *out, bool *found)
{
	*found = false;
	while (!*found && clock_ms() < until) {
		struct redis_message m;
		bool message;

		TRY(redis_hear(op, bus_ears(), &m, &message,
		    (int)(until - clock_ms())));
		*found = message && answers(op, a, &m, out);
	}
	return OK;
}

static enum err
ask(struct op *op, const struct ask *a, int wait_ms, struct answer *out)
{
	int64_t now = clock_ms(), deadline = now + wait_ms;
	unsigned epoch = 0;
	bool found = false;

	while (!found && now < deadline) {
		if (epoch == 0 || epoch != redis_epoch(bus_ears())) {
			TRY(redis_listen(op, bus_ears(), false, a->channel));
			epoch = redis_epoch(bus_ears());
		}
		TRY(publish(op, a));
		TRY(listen_for(op, a, now + REPEAT_MS < deadline ?
		    now + REPEAT_MS : deadline, out, &found));
		now = clock_ms();
	}
	if (!found)
		return op_fail(op, ERR_GUEST,
		    "Timeout trying to connect to the Guest Agent.");
	return OK;
}

enum err
guest_ask(struct op *op, const struct key *master, const char *instance,
    int epoch, enum order_kind kind, const char *body_json, int wait_ms,
    const struct json **answer_body)
{
	struct key key;
	struct answer got;
	char id[UUID_LEN + 1];
	struct ask a = { &key, instance, id, body_json,
	    guest_channel_out(op, instance), kind };
	struct op end;
	enum err e;

	text_uuid(id);
	guest_key(&key, master, instance, epoch);
	e = ask(op, &a, wait_ms, &got);
	seal_wipe(&key, sizeof(key));
	op_begin(&end, op->id);		/* keeps the text of the failure before */
	if (redis_unlisten(&end, bus_ears(), false, a.channel) != OK)
		log_warn(&end, "end of a subscription: %s", end.why);
	op_end(&end);
	TRY(e);
	if (got.err != OK)
		return op_fail(op, got.err, "%s", got.why == NULL ||
		    *got.why == '\0' ? "The guest refused." : got.why);
	if (answer_body != NULL)
		*answer_body = got.body;
	return OK;
}
