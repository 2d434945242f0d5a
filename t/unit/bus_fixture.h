/* bus_fixture - the bus of a private Redis, emptied for each test. */
#ifndef T_UNIT_BUS_FIXTURE_H
#define T_UNIT_BUS_FIXTURE_H

#include "lib/base/seal.h"
#include "lib/wire/redis.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })
/* Guests. */
#define A "aaaaaaaa-1111-4222-8333-444444444444"
#define B "bbbbbbbb-1111-4222-8333-444444444444"

extern struct op op;		/* of the test at hand */
extern struct key master;

int		 bus_fixture_begin(void **state);
int		 bus_fixture_end(void **state);
int		 bus_fixture_run(const struct CMUnitTest *, size_t n);	/* main() */

#endif
