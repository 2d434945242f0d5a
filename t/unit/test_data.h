/* test_data - for tests of the agent: each has an op, and an agent.data of its own. */
#ifndef T_UNIT_TEST_DATA_H
#define T_UNIT_TEST_DATA_H

#include "t/unit/test_op.h"
#include "agent/file.h"

#include <stdio.h>
#include <stdlib.h>

static char data[64];

static int
data_begin(void **state)
{
	begin(state);
	snprintf(data, sizeof(data), "/tmp/coffer-data.XXXXXX");
	assert_non_null(mkdtemp(data));
	set("agent", "data", data);
	assert_int_equal(file_directory(&op, file_data(&op, "agent")), OK);
	return 0;
}

static int
data_end(void **state)
{
	assert_int_equal(file_remove_tree(&op, data), OK);
	return end(state);
}

#endif
