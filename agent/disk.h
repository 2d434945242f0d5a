/*
 * disk - room on the instance's volume.  A database that finds its disk full
 * dies of it, or loses what it was just writing: so the agent looks ahead, and
 * stops its writes while there is room to end in order.  It keeps a reserve, a
 * file that nobody else may write, and gives it up when all else is used.
 *
 *   left: what may still be written without the reserve
 *   DB_ROOM   enough
 *   DB_SHORT  under the mark: no more writes, until left is half as much again
 *   DB_LAST   under a quarter of it: whatever runs is ended, too
 *
 * Only what grows the volume, or drops data, leads back.
 */
#ifndef AGENT_DISK_H
#define AGENT_DISK_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

enum db_room { DB_ROOM, DB_SHORT, DB_LAST, DB_ROOM__MAX };
struct datastore;

/* Bytes, of the volume's size: 3 %, 5 % and the rest; less of what is large. */
struct disk_marks { int64_t reserve, stop, last, resume; };
struct disk_marks disk_marks(int64_t total);
/* How many ms the fastest writer needs to get from here to the mark: 25 to 1000. */
int		 disk_pause(int64_t left, const struct disk_marks *);

void		 disk_open(struct op *);
/* A look, if one is due; and the engine is told, when its server answers. */
void		 disk_turn(struct op *, const struct datastore *, bool answers);
int		 disk_wait_ms(void);	/* until the next look */
enum db_room	 disk_room(void);
int64_t		 disk_reserved(void);	/* bytes of the volume that are the agent's */
bool		 disk_fits(int64_t bytes);	/* and there is still room then */
bool		 disk_holds(int64_t bytes);	/* ... or not */

/*
 * The server is to be started: false when there is no room for that, or when it
 * died twice for want of it.  The reserve is given up for it.
 */
bool		 disk_start(struct op *);
void		 disk_died(struct op *);	/* ... and it ended by itself */

#endif
