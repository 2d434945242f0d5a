/*
 * guest_words - orders, answers and reports: what stands in them, and how they
 * become sealed bytes and are read again.  A part of guest.h; include that.
 */
#ifndef LIB_MSG_GUEST_WORDS_H
#define LIB_MSG_GUEST_WORDS_H

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

#endif
