#include "t/unit/test.h"
#include "t/unit/bus_fixture.h"
#include "t/unit/redis_fixture.h"
#include "lib/msg/bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct op op;
struct key master;

int
bus_fixture_begin(void **state)
{
	(void)state;
	op_begin(&op, "req-1");
	memset(&master, 7, sizeof(master));
	bus_open();
	assert_int_equal(redis_call(&op, bus_redis(), NULL, ARGV("FLUSHALL")),
	    OK);
	return 0;
}

int
bus_fixture_end(void **state)
{
	(void)state;
	bus_close();
	op_end(&op);
	return 0;
}

int
bus_fixture_run(const struct CMUnitTest *tests, size_t n)
{
	if (system("command -v redis-server >/dev/null") != 0) {
		printf("1..0 # SKIP no redis-server here\n");
		return 0;
	}
	seal_init();
	return _cmocka_run_group_tests("bus", tests, n, redis_fixture_start,
	    redis_fixture_stop);
}
