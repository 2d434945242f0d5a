/*
 * journal - what the agent must not forget when it dies: which orders it has
 * carried out and how they ended, whether the database was prepared, whether
 * it was told to stay down.  One file, <data>/agent/journal.
 *
 * The life of an entry: journal_begin() before the order's work,
 * journal_end() after it and before anybody hears of it.  An entry that is
 * begun and not ended was cut off by a crash: its work may be there or not.
 */
#ifndef AGENT_JOURNAL_H
#define AGENT_JOURNAL_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

#define JOURNAL_ORDERS	64		/* remembered; older ones are refused */
#define JOURNAL_ID	129		/* room for the id of an order */
#define JOURNAL_WHY	256

enum journal_prepared { UNPREPARED, PREPARED, PREPARE_FAILED };

struct journal_order {
	char		 id[JOURNAL_ID];
	int64_t		 seq;		/* the latest it came with */
	bool		 ended;
	enum err	 err;
	char		 why[JOURNAL_WHY];
};

/* Reads what is there.  A damaged file is put aside; orders from before now are refused then. */
enum err	 journal_open(struct op *, const char *data);

/* NULL: never seen, or so long ago that it is forgotten. */
const struct journal_order *journal_find(const char *id);
/* It came once more. */
void		 journal_seen(const char *id, int64_t seq);
/* Unknown orders that are not newer than this were forgotten: refuse them. */
int64_t		 journal_floor(void);
/* The order that reports name; NULL: none yet. */
const struct journal_order *journal_last(void);
void		 journal_name(const char *id);	/* a repeated one is named again */

/* Both are on the disk before they return; journal_end() holds in memory even when that fails. */
enum err	 journal_begin(struct op *, const char *id, int64_t seq);
enum err	 journal_end(struct op *, const char *id, int64_t seq,
		    enum err, const char *why);

enum journal_prepared journal_prepared(void);
bool		 journal_stopped(void);
/* Written with the next journal_begin() or journal_end(). */
void		 journal_set_prepared(enum journal_prepared);
void		 journal_set_stopped(bool);

#endif
