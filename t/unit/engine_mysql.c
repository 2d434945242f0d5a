/* What only MySQL can get wrong. */
#include "t/unit/engine_test.h"
#include "t/unit/mariadb_fixture.h"

static const char *const logs[] = { "general", "slow_query", NULL };

const struct engine_case case_mysql = {
	.engine = &datastore_mysql,
	.make = mysql_fixture_make,
	.use = mysql_fixture_use,
	.setting = "wait_timeout", .value = "77",
	.logs = logs,
	.user_most = 16, .hosts = true,
	.family = mariadb_family,
};
