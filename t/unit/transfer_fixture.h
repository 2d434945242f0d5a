/*
 * transfer_fixture - an agent's rooms in a test program, without Redis: orders
 * are given, turns are taken until they end.  Storage is object_fixture.
 */
#ifndef T_UNIT_TRANSFER_FIXTURE_H
#define T_UNIT_TRANSFER_FIXTURE_H

#include "agent/datastore.h"
#include "agent/journal.h"
#include "lib/msg/guest.h"

#define TRANSFER_GUEST "7f0e1111-2222-4333-8444-555566667777"

/* Where coffer-transfer can be run from by anybody; before rights are given up. */
void		 transfer_fixture_program(void);
/* An agent begins, on the volume of agent.data; again: as after a crash. */
void		 transfer_fixture_begin(struct op *, const struct datastore *);
void		 transfer_fixture_give(const char *id, enum order_kind,
		    const char *body);
void		 transfer_fixture_turn(void);
/* Until it has ended, a minute at the most; NULL never. */
const struct journal_order *transfer_fixture_await(const char *id);
/* The same from the order on. */
enum err	 transfer_fixture_do(const char *id, enum order_kind,
		    const char *body);

/* A child of this process, and of that one, by its name; 0: there is none. */
int		 transfer_fixture_child(int parent, const char *name);
bool		 transfer_fixture_alive(int pid);	/* and no zombie */

/* Bodies.  backup is the id of one; its key is made of that. */
const char	*transfer_fixture_backup(struct op *, const char *backup,
		    int segment_bytes, const char *since);
/* Of what lies in storage: backups of a chain, ending with NULL. */
const char	*transfer_fixture_restore(struct op *,
		    const char *const *backups);
const struct json *transfer_fixture_result(struct op *, const char *backup);

#endif
