/*
 * clock - the only two clocks.  Leases and waits are measured on the steady
 * one; the wall one is shown to people and bound into messages.
 */
#ifndef LIB_BASE_CLOCK_H
#define LIB_BASE_CLOCK_H

#include <stdint.h>

int64_t	 clock_ms(void);		/* steady, milliseconds */
int64_t	 clock_wall_us(void);		/* since 1970, microseconds, UTC */
void	 clock_sleep_ms(int64_t);	/* ends early on a signal */

/* "2026-08-14T09:31:07", UTC, no zone: what v1.0 clients parse. */
#define CLOCK_TEXT 20
void	 clock_text(char out[CLOCK_TEXT], int64_t seconds);

/* For tests: moves both clocks by this much from now on. */
void	 clock_shift(int64_t ms);

#endif
