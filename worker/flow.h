/*
 * flow - what a task does, as a table of steps.  The runner stores a step's
 * name before it runs it and resumes there after a crash, in either direction;
 * so a step may run again, and first looks whether its work is already there.
 */
#ifndef WORKER_FLOW_H
#define WORKER_FLOW_H

#include "lib/cloud/cloud.h"
#include "lib/msg/guest.h"
#include "lib/store/leases.h"

/*
 * WAIT gives the worker back; the step runs again when the task's bell rings
 * or its time comes.  FAIL: w->err and op->why say why.
 */
enum verdict { DONE, WAIT, FAIL };

#define RECORDS 3

struct work {				/* one taking of a task */
	struct op	*op;
	struct lease	 lease;
	const struct flow *flow;
	const struct step *step;	/* the one that runs, or ran last */
	const struct step *stored;	/* the one that the store knows of */

	/* what a step says besides its verdict */
	enum err	 err;		/* of FAIL; of WAIT: what hinders it, it will be tried again */
	int		 wait_ms;	/* WAIT: until then at the latest */
	const char	*late;		/* WAIT: the guest's fault when patience ends; or NULL */
	bool		 watch;		/* WAIT: for a report, not for an order's end */
	int		 more_ms;	/* WAIT: patience that is given on top, as things go on */
	struct { enum order_kind kind; const char *id, *body; } tell;
					/* WAIT: the order, sent once the task is given back */
	struct call	 record[RECORDS];	/* DONE: written with the next step's name */
	int		 records;

	const char	*rings;		/* end: a task that it made, or NULL */
	bool		 guest_fresh;	/* lease.guest was read after the last step */
	bool		 cancelled;
};

struct step {
	const char	 *name;
	enum verdict	(*run)(struct work *);
	enum verdict	(*undo)(struct work *);	/* NULL: nothing to take back */
	int		  patience;	/* seconds until WAIT turns into FAIL */
	const char	 *blame;	/* instances.task of a create that failed here */
};

struct flow {
	const struct step *steps;	/* ends with a NULL name */
	/* What is written together with the task's end; at most ENDS calls. */
	int		(*ended)(struct work *, bool good, struct call *);
};
#define ENDS 2

extern const struct flow flows[TASK__MAX];	/* flows.c: all of them on one page */

/* --- for steps ------------------------------------------------------------- */

enum verdict	 work_fail(struct work *, enum err, const char *, ...)
		    __attribute__((format(printf, 3, 4)));
enum verdict	 work_verdict(struct work *, enum err);	/* OK: DONE, else FAIL */
enum err	 work_guest(struct work *);	/* makes lease.guest fresh */
void		 work_record(struct work *, struct call);
int64_t		 work_elapsed(const struct work *);	/* ms since the step was first begun */
void		 work_place(const struct work *, struct place *);	/* of its instance */
const char	*agent_conf(struct work *);	/* what place.agent_conf is */

enum verdict	 slot_ensure(struct work *), slot_remove(struct work *);
enum verdict	 port_ensure(struct work *), port_remove(struct work *);
enum verdict	 port_access(struct work *), port_access_back(struct work *);
enum verdict	 volume_ensure(struct work *), volume_remove(struct work *);
enum verdict	 server_ensure(struct work *), server_remove(struct work *);
enum verdict	 server_move(struct work *);
enum verdict	 guest_in(struct work *), guest_out(struct work *);
enum verdict	 guest_boot(struct work *), guest_prepare(struct work *);
enum verdict	 guest_ready(struct work *), guest_back(struct work *);
enum verdict	 guest_settle(struct work *);
enum verdict	 guest_order(struct work *), guest_stop(struct work *);
enum verdict	 guest_start(struct work *);
enum verdict	 guest_root(struct work *);
enum verdict	 backup_begin(struct work *), backup_clear(struct work *);
enum verdict	 backup_order(struct work *), backup_cancel(struct work *);
enum verdict	 backup_collect(struct work *), backup_tidy(struct work *);
enum verdict	 guest_restore(struct work *);
enum verdict	 verify_restore(struct work *), verify_check(struct work *);
enum verdict	 log_switch(struct work *), log_forget(struct work *);
enum verdict	 log_clear(struct work *), log_publish(struct work *);
enum verdict	 log_cancel(struct work *);
enum verdict	 rehearse(struct work *);
enum verdict	 volume_grow(struct work *);
enum verdict	 limits_most(struct work *), limits_old(struct work *);
enum verdict	 limits_new(struct work *);
enum verdict	 guest_retune(struct work *), guest_retune_back(struct work *);
enum verdict	 work_order(struct work *, enum order_kind, const char *body);

int		 create_ended(struct work *, bool, struct call *);
int		 delete_ended(struct work *, bool, struct call *);
int		 restart_ended(struct work *, bool, struct call *);
int		 resize_ended(struct work *, bool, struct call *);
int		 upgrade_ended(struct work *, bool, struct call *);
int		 detach_ended(struct work *, bool, struct call *);
int		 promote_ended(struct work *, bool, struct call *);
int		 access_ended(struct work *, bool, struct call *);
int		 recover_ended(struct work *, bool, struct call *);
int		 rebuild_ended(struct work *, bool, struct call *);
int		 migrate_ended(struct work *, bool, struct call *);
int		 configure_ended(struct work *, bool, struct call *);
int		 tls_ended(struct work *, bool, struct call *);
int		 root_enable_ended(struct work *, bool, struct call *);
int		 root_disable_ended(struct work *, bool, struct call *);
int		 modules_ended(struct work *, bool, struct call *);
int		 module_gone(struct work *, bool, struct call *);
int		 backup_done(struct work *, bool, struct call *);
int		 verify_ended(struct work *, bool, struct call *);

#endif
