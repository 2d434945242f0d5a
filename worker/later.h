/*
 * later - a worker's own timers: tasks that it gave back and that are to be
 * looked at again.  Only a shortcut: what does not fit, or is lost with the
 * process, is rung by the sweep.
 */
#ifndef WORKER_LATER_H
#define WORKER_LATER_H

#include "lib/base/text.h"

void		 later_add(const char *task, int ms);
/* The id of one whose time has come, until the next call; NULL: none. */
const char	*later_due(void);
/* ms until the next one's time, at most limit. */
int		 later_wait(int limit);

#endif
