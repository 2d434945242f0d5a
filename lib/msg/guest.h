/*
 * guest - words between the control plane and one guest, over Redis channels:
 *
 *   coffer:g:<shard>:<instance>:in    orders to it
 *   coffer:g:<shard>:<instance>:out   its reports and answers
 *
 * shard is the first hex digit of the instance id.  Each guest has a Redis
 * user of its own that can SUBSCRIBE to :in and PUBLISH on :out and nothing
 * else.  Every message is sealed with the guest's key (seal_derive, purpose
 * "guest", name = instance id); direction, kind and instance id are bound in, so
 * another guest's or a turned-round message does not open.  Inside stands a
 * sequence number: wall-clock microseconds, always growing.  A message is
 *   kind byte ('o' order, 'a' answer, 'r' report), then seal_close(JSON).
 * The JSON is a map; messages over GUEST_MAX bytes are dropped unread.
 */
#ifndef LIB_MSG_GUEST_H
#define LIB_MSG_GUEST_H

#include "lib/base/json.h"
#include "lib/base/seal.h"

#include <stdbool.h>
#include <stdint.h>

#define GUEST_MAX	65536
#define GUEST_WHY	255		/* bytes of an error text kept */

enum order_kind {
	ORDER_NONE,
#define ORDER(name, word, kept) ORDER_##name,
#include "lib/msg/orders.tbl.h"
#undef ORDER
	ORDER__MAX
};
enum order_kept { TASK = 1, ASK };

const char	*order_word(enum order_kind);	/* "" for ORDER_NONE */
enum order_kind	 order_find(const char *word);	/* ORDER_NONE: unknown */
enum order_kept	 order_kept(enum order_kind);

#include "lib/msg/guest_words.h"

int		 guest_shard(const char *instance);		/* 0 to 15 */
const char	*guest_channel_in(struct op *, const char *instance);
const char	*guest_channel_out(struct op *, const char *instance);
/* The instance id in a channel's name, or NULL when it is none of ours. */
const char	*guest_channel_instance(struct op *, const char *channel);
void		 guest_key(struct key *, const struct key *master,
		    const char *instance, int epoch);
/* Name and password of its Redis user; the password is derived, like the key. */
const char	*guest_redis_user(struct op *, const char *instance);
const char	*guest_redis_password(struct op *, const struct key *master,
		    const char *instance, int epoch);
/* Make, or remove and cut off at once, its Redis user; redis is a connection that may. */
struct redis;
enum err	 guest_admit(struct op *, struct redis *, const struct key *master,
		    const char *instance, int epoch);
enum err	 guest_expel(struct op *, struct redis *, const char *instance);

int64_t		 guest_seq(void);	/* the next: grows even when the clock does not */

/*
 * Control side.  guest_tell(): publish an order; lost when nobody listens, so
 * tellers repeat it until a report names it.  guest_ask(): publish and wait for
 * the answer, repeating each second; ERR_GUEST "Timeout trying to connect to the
 * Guest Agent." when none comes.  An answer's error comes back as the error, with its text.
 */
enum err	 guest_tell(struct op *, const struct key *master,
		    const char *instance, int epoch, const char *order_id,
		    enum order_kind, const char *body_json);
enum err	 guest_ask(struct op *, const struct key *master,
		    const char *instance, int epoch, enum order_kind,
		    const char *body_json, int wait_ms,
		    const struct json **answer_body);

#endif
