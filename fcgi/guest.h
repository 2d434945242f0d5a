/*
 * guest - what handlers ask of the guest of an instance.  Reading goes straight
 * to it; every change is a task, whose end is waited for as long as
 * api.guest_wait allows, so that who lists afterwards sees what was changed.
 */
#ifndef FCGI_GUEST_H
#define FCGI_GUEST_H

#include "fcgi/api.h"
#include "lib/msg/guest.h"
#include "lib/store/instances.h"

/*
 * The instance of arg[1], if the caller may see it: ERR_NOT_FOUND, the same for
 * one of another project.  Admins see all.
 */
enum err	 instance_of(struct request *, struct instance *);

/*
 * The same, when its engine has users and its guest is ready to
 * be asked; else ERR_UNPROCESSABLE.  manager is that of its version.
 */
struct guest { struct instance in; const char *manager; };
enum err	 guest_of(struct request *, struct guest *);
enum err	 guest_engine(struct request *, struct guest *);	/* only g->manager */
enum err	 guest_check(struct request *, struct guest *);	/* in is there already */

/* body is the map that orders.tbl.h tells of, or NULL; so is the answer. */
enum err	 guest_read(struct request *, const struct guest *,
		    enum order_kind, const char *body, const struct json **);

/*
 * Submit a task and wait for its end.  ended false: still at it when the wait
 * was over; it goes on by itself.  NULL where the caller must know the end:
 * then the task is cancelled and the answer ERR_GUEST.
 */
enum err	 guest_do(struct request *, const struct guest *,
		    enum task_kind, const char *args, bool *ended);

/* For args and orders alike: no longer than a guest takes. */
enum err	 guest_fits(struct op *, const char *args);

/* Ring for tasks just committed; that it failed is only logged. */
void		 tasks_ring(struct op *, const char *task,
		    const char *const *also);
/*
 * While a transaction is held, tasks_ring() only remembers; this rings, once
 * all is kept, or forgets.
 */
void		 tasks_ring_held(struct op *, bool kept);

#endif
