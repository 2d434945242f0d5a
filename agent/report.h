/*
 * report - the guest's whole state, said every guest.report seconds and at
 * once when it changed.  Reports get lost on the way: the next says it all.
 */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "lib/base/seal.h"

#include <stdint.h>

void	 report_open(const char *instance, const struct key *);
void	 report_due(void);		/* say it with the next turn */
void	 report_turn(struct op *);
int	 report_wait_ms(void);		/* until the next is due */

/* Bytes of the volume; -1 unknown. */
void	 report_volume(int64_t *used, int64_t *total);

#endif
