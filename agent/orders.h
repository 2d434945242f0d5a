/*
 * orders - from sealed bytes to an outcome.
 *
 * An order of a task is carried out once per id, however often it comes; its
 * outcome is in the journal before anybody hears of it.  One whose server is
 * still coming up waits for it.  Orders that only ask are answered at once.
 * What does not open, is stale (two minutes) or was forgotten is dropped.
 */
#ifndef AGENT_ORDERS_H
#define AGENT_ORDERS_H

#include "lib/base/seal.h"

#define ORDERS_STALE_US	(120 * 1000000LL)

void	 orders_open(const char *instance, const struct key *);
void	 orders_take(const char *bytes, size_t len);
/* Those that wait: for the server to answer, or to have started. */
void	 orders_turn(void);

#endif
