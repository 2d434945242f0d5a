/*
 * cost - CPU time of one thing, to be held against that of another: a ratio of
 * one run is the same under valgrind, sanitizers and beside neighbours.
 */
#ifndef T_UNIT_COST_H
#define T_UNIT_COST_H

#include <time.h>

#define COST_TRIES 25

/* The least of some tries, as others disturb; in clock ticks, never 0. */
static inline double
cost(void (*work)(void))
{
	clock_t least = 0;

	for (int i = 0; i < COST_TRIES; i++) {
		clock_t began = clock(), took;

		work();
		took = clock() - began;
		if (i == 0 || took < least)
			least = took;
	}
	return least > 0 ? (double)least : 1;
}

#endif
