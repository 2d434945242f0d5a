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

/* An order as it travels: {"id","seq","request","order","body"}. */
struct order {
	const char	*id;		/* "<task>:<step>" of a task; a UUID of an ask */
	int64_t		 seq;
	const char	*request;	/* request id, for the log */
	enum order_kind	 kind;
	const struct json *body;	/* a map, or NULL */
};

/* An answer: {"id","seq","err","why","body"}. */
struct answer {
	const char	*id;
	int64_t		 seq;
	enum err	 err;
	const char	*why;		/* at most GUEST_WHY bytes, printable */
	const struct json *body;
};

/*
 * A guest's whole state: {"seq","status","used","total","version","order","err","why"}.
 * Read, it holds nothing else than what is said here: a word of another list
 * becomes ERR_FORGED, a size below zero -1, an id with odd bytes NULL; texts are
 * cut and their control bytes written as \xNN.
 */
struct report {
	int64_t		 seq;
	const char	*status;	/* a word of guest_statuses[] */
	int64_t		 used_bytes, total_bytes;	/* of the volume; -1 unknown */
	const char	*version;	/* of the agent */
	const char	*order;		/* id of the last TASK order carried out; NULL: none */
	const char	*err;		/* "OK" or the name of an error */
	const char	*why;
};
extern const char *const guest_statuses[];	/* the words a guest may say; ends with NULL */

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
/* Many at once. */
struct guest_name { const char *instance; int epoch; };
enum err	 guest_admit_all(struct op *, struct redis *,
		    const struct key *master, const struct guest_name *, int n);
enum err	 guest_expel(struct op *, struct redis *, const char *instance);

/*
 * A word as bytes for PUBLISH, the op's; *len out.  NULL when an order would be
 * over GUEST_MAX; an answer that would be is written as an error that says so.
 */
const char	*guest_write_order(struct op *, const struct key *,
		    const char *instance, const char *id, enum order_kind,
		    const char *body_json, size_t *len);
const char	*guest_write_answer(struct op *, const struct key *,
		    const char *instance, const struct answer *,
		    const char *body_json, size_t *len);
const char	*guest_write_report(struct op *, const struct key *,
		    const char *instance, const struct report *, size_t *len);
/*
 * And back; ERR_FORGED for whatever does not open or is no such thing.  An
 * order of a kind that a newer control plane knows opens as ORDER_NONE.  An
 * error that is no guest's to give comes as ERR_GUEST.
 */
enum err	 guest_read_order(struct op *, const struct key *,
		    const char *instance, const char *, size_t, struct order *);
enum err	 guest_read_answer(struct op *, const struct key *,
		    const char *instance, const char *, size_t, struct answer *);
enum err	 guest_read_report(struct op *, const struct key *,
		    const char *instance, const char *, size_t, struct report *);

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
