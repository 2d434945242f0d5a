/*
 * op - one unit of work: a request, a task attempt, an order to an agent.
 *
 * Everything acquired while it runs is given to the op: bytes with op_alloc(),
 * handles with op_defer().  op_end() gives it all back, newest first.  Nobody
 * else frees, so a function may return at any point.
 */
#ifndef LIB_BASE_OP_H
#define LIB_BASE_OP_H

#include <stddef.h>

enum err {
	OK,
#define ERR(name, status, fault) ERR_##name,
#include "lib/base/err.tbl.h"
#undef ERR
	ERR__MAX
};

struct op {
	const char	 *id;		/* request id; prefixes every log line */
	const char	 *instance;	/* instance id, or NULL */
	const char	 *task;		/* task id, or NULL */
	char		 *why;		/* text of the last failure, or NULL */
	struct op_held	 *held;		/* what op_end() gives back */
	struct op_chunk	 *chunk;	/* where the next bytes come from */
	_Alignas(16) char first[2048];	/* most ops need no more than this */
	size_t		 used;		/* of first, or of the chunk */
};

/* id is kept, not copied. */
void		 op_begin(struct op *, const char *id);
void		 op_end(struct op *);

/* Bytes live until op_end(); never NULL: out of memory ends the process. */
void		*op_alloc(struct op *, size_t);	/* zeroed, aligned to 16 */
char		*op_strdup(struct op *, const char *);	/* NULL gives NULL */
char		*op_strndup(struct op *, const char *, size_t);
char		*op_printf(struct op *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));
void		 op_defer(struct op *, void (*give_back)(void *), void *what);

/* Records the text and returns the error: return op_fail(op, ERR_X, "..."). */
enum err	 op_fail(struct op *, enum err, const char *, ...)
		    __attribute__((format(printf, 3, 4)));

int		 err_status(enum err);		/* HTTP status; 200 for OK */
const char	*err_fault(enum err);		/* "itemNotFound" */
const char	*err_name(enum err);		/* "NOT_FOUND"; "OK" */
enum err	 err_find(const char *name);	/* the reverse; unknown: ERR_INTERNAL */

/* Pass a failure up.  Safe everywhere, because cleaning up is the op's work. */
#define TRY(call) do {							\
	enum err e_ = (call);						\
	if (e_ != OK)							\
		return e_;						\
} while (0)

#endif
