/*
 * leases - a task in a worker's hand.  Every write names token and owner and
 * is refused with ERR_FENCED when the task went to another worker: whoever
 * gets that stops at once and leaves everything as it is.
 */
#ifndef LIB_STORE_LEASES_H
#define LIB_STORE_LEASES_H

#include "lib/store/homes.h"
#include "lib/store/tasks.h"

struct lease {
	const char	*id, *instance, *tenant, *user, *request, *owner, *token;
	const char	*word;		/* of its kind, as stored */
	enum task_kind	 kind;		/* TASK__MAX: one that this version does not know */
	const char	*args;		/* sealed; lease_args() opens them */
	const char	*step;		/* stored before it ran; NULL: none yet */
	bool		 undoing, cancel;
	const char	*failed_step, *error;
	int		 attempt, crashes;
	/*
	 * On the steady clock, from before the question was sent.
	 * step_deadline 0: the step was not begun in this direction.
	 */
	int64_t		 until, deadline, step_deadline;
	struct home	 home;
	struct guest_said guest;
};

/* owner: no other process was ever called so.  host: whose slots it looks after. */
struct lease_by { const char *owner, *host; };
/* *taken false: ended, owned, behind another of its instance, of another host. */
enum err	 lease_take(struct op *, const char *task,
		    const struct lease_by *, struct lease *, bool *taken);
/* The body as JSON text; NULL when there is none.  ERR_FORGED: not sealed by us. */
enum err	 lease_args(struct op *, const struct lease *, const char **json);

/* ERR_FENCED when the time is up: asked right before every external effect. */
enum err	 lease_check(struct op *, const struct lease *);

#define LEASE_CALLS 6
struct lease_step {
	const char	*name;
	int		 no, count, patience;
	bool		 undoing;
	const struct call *call;	/* what the step before made; at most LEASE_CALLS - 1 */
	int		 calls;
};
/* Before the step runs; renews the lease too, and looks whether it was cancelled. */
enum err	 lease_step(struct op *, struct lease *,
		    const struct lease_step *);
/* At most LEASE_CALLS writes in one transaction; rows NULL or one per call. */
enum err	 lease_write(struct op *, const struct lease *, struct rows *,
		    int n, const struct call *);

struct lease_pause {
	int		 ms;		/* until it is due */
	const char	*error;		/* what hinders it, or NULL */
	int64_t		 patience;	/* further ms for the step: it could not even be tried */
};
enum err	 lease_give_back(struct op *, struct lease *,
		    const struct lease_pause *);

/* From here on backwards: with secs more until the deadline. */
enum err	 lease_turn(struct op *, struct lease *, const char *failed_step,
		    const char *error, int secs);

struct lease_end {
	const char	*status;	/* SUCCEEDED, FAILED, CANCELLED */
	const char	*failed_step, *error;
	bool		 unless_cancelled;	/* then ERR_CONFLICT, and nothing is changed */
	const struct call *call;	/* in the same transaction; at most LEASE_CALLS - 1 */
	int		 calls;
};
/* *next: the next task of the same instance, or NULL. */
enum err	 lease_end(struct op *, struct lease *, const struct lease_end *,
		    const char **next);

/* Reads what the guest said, again. */
enum err	 lease_guest(struct op *, struct lease *);

/* --- who looks after all of them ------------------------------------------- */

/*
 * Ids of tasks that are due for late_ms and that nobody owns; they come again
 * after again_ms at the earliest.
 */
enum err	 tasks_sweep(struct op *, int late_ms, int again_ms,
		    const char ***ids, int *n);
enum err	 tasks_prune(struct op *, int days);

struct recoverable { const char *instance, *server_id, *engine, *version; int slot; };
enum err	 tasks_recoverable(struct op *, const char *host,
		    struct recoverable **, int *n);
/* Makes a RECOVER task unless the instance has another; *id NULL then. */
enum err	 task_recover(struct op *, const char *instance,
		    const char **id);

#endif
