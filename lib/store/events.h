/*
 * events - what happened, oldest first: rows that triggers write in the
 * transaction of each change (sql/0006_events.sql).  A reader that goes on
 * after the id it saw last misses nothing, however late something was
 * committed.
 */
#ifndef LIB_STORE_EVENTS_H
#define LIB_STORE_EVENTS_H

#include "lib/base/jsonw.h"
#include "lib/store/store.h"

struct event {
	const char	*id;		/* "8123.44": a marker */
	const char	*tenant, *type;
	const char	*at;		/* "2026-11-26 14:05:09.123456", UTC */
	const char	*payload;	/* a JSON map */
	const char	*server;	/* the kind of program it came from; NULL: not known */
	const char	*task_kind;	/* of events_of_mine(): or NULL */
};

/* marker NULL: from the oldest that is kept.  ERR_BAD_REQUEST: it is none. */
enum err	 events_page(struct op *, const char *tenant,
		    const char *marker, int limit, struct event **, int *n);
/* Those of the transaction that is held (store_hold()). */
enum err	 events_of_mine(struct op *, struct event **, int *n);

/*
 * The log: inside a transaction that is held, takes up to limit events after
 * its cursor and moves it.  *n 0 when there are none or another has the log.
 */
enum err	 events_take(struct op *, int limit, struct event **, int *n);
/* Forgets those older than so many days; *n: how many. */
enum err	 events_prune(struct op *, int days, int *n);

/* One event in the contract's envelope: alike for clients and in the log. */
void		 view_event(struct jsonw *, const struct event *);

#endif
