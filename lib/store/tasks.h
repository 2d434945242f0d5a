/*
 * tasks - rows of the tasks table: submitted by the API in the transaction
 * of the change they carry out, walked by workers under a lease.
 *
 * Life of a task:  QUEUED -> RUNNING <-> WAITING -> SUCCEEDED | FAILED | CANCELLED
 * A worker owns it while lease_until lies ahead; token grows with each taking,
 * and every write of an owner names it, so that a worker that slept past its
 * lease changes nothing (ERR_FENCED).
 */
#ifndef LIB_STORE_TASKS_H
#define LIB_STORE_TASKS_H

#include "lib/base/text.h"
#include "lib/store/store.h"

enum task_kind {
#define KIND(name, word, secs) TASK_##name,
#include "lib/store/task_kinds.tbl.h"
#undef KIND
	TASK__MAX
};
const char	*task_kind_word(enum task_kind);
int		 task_kind_secs(enum task_kind);
enum task_kind	 task_kind_find(const char *word);	/* TASK__MAX: unknown */
/* For who asks before it is done; both know TASK__MAX, too. */
const char *const *task_steps(enum task_kind);	/* names; ends with NULL */
bool		 task_kind_restarts(enum task_kind);	/* the database server */

/* --- submitting (API) ---------------------------------------------------- */

struct new_task {
	char		 id[UUID_LEN + 1];	/* made by new_task_begin() */
	enum task_kind	 kind;
	const char	*instance, *tenant, *user, *request;
	const char	*args;		/* sealed with the task's id, or NULL */
	int		 secs;		/* until its deadline: more than its kind's, or 0 */
};

/* Fills id and seals args_json (NULL: none) with the master key. */
void		 new_task_begin(struct op *, struct new_task *, enum task_kind,
		    const char *instance, const char *tenant, const char *user,
		    const char *args_json);
/*
 * The INSERT, for a transaction's list of calls.  Before it stands a statement
 * that locks the instance's row against other submitters, so that the order of
 * seq is the order in which tasks become visible.
 */
struct call	 new_task_call(struct op *, const struct new_task *);
/* The probe for store_write_sure(): a row when the task is there. */
struct call	 new_task_probe(struct op *, const struct new_task *);

/* --- showing (API, operator) --------------------------------------------- */

/*
 * error: of an active task, what it waits for or what hinders it; of an ended
 * one, the cause.  "<name of an error> <text>", as in "GUEST Timeout trying to
 * connect to the Guest Agent."; task_error_read() takes it apart.
 */
struct task_row {
	const char	*id, *instance, *tenant, *kind, *status, *step, *request;
	int		 step_no, step_count, attempt;
	bool		 undoing;
	const char	*failed_step, *error;
	const char	*created, *started, *ended, *deadline;	/* "YYYY-MM-DDTHH:MM:SS" or NULL */
	bool		 moves;		/* data; then so far, of about (0: not known), and for how many ms */
	int64_t		 moved_bytes, total_bytes, moving_ms;
	const char	*waits_for;	/* a task of the same instance that has to end first; or NULL */
};
/* Newest first, at most limit.  *n out. */
enum err	 tasks_of_instance(struct op *, const char *instance, int limit,
		    struct task_row **, int *n);
enum err	 task_show(struct op *, const char *instance, const char *id,
		    struct task_row *);		/* ERR_NOT_FOUND */

const char	*task_error_text(struct op *, enum err, const char *why);
/* What has no such form, or NULL: ERR_INTERNAL with the whole as text. */
enum err	 task_error_read(struct op *, const char *error,
		    const char **why);

#endif
