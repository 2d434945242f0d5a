/*
 * repeats - requests with an Idempotency-Key.  The first one claims the key in
 * the transaction of its change and leaves its answer there; who comes with
 * the same key again finds it.
 */
#ifndef LIB_STORE_REPEATS_H
#define LIB_STORE_REPEATS_H

#include "lib/store/store.h"

struct repeat {
	const char	*project, *key;
	const char	*fingerprint;	/* of what was asked */
	int		 status;	/* of the answer */
	const char	*answer;	/* NULL: none yet */
};

/* The request that has the key; *found false: it is free. */
enum err	 repeat_find(struct op *, const struct repeat *wanted,
		    struct repeat *found_one, bool *found);
/* For store_hold(): ERR_REPEATED when the key is taken. */
struct call	 repeat_claim(struct op *, const struct repeat *);
/* For store_keep(): the answer, sealed here, and the look whether it is there. */
struct call	 repeat_answer(struct op *, struct repeat *, int status,
		    const char *plain);
struct call	 repeat_probe(struct op *, const struct repeat *);
/* ERR_FORGED: sealed by somebody else. */
enum err	 repeat_open(struct op *, const struct repeat *,
		    const char **plain);
/* After a failure: the key is free again. */
enum err	 repeat_forget(struct op *, const struct repeat *);

enum err	 repeats_prune(struct op *);

#endif
