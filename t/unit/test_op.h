/* test_op - for programs whose every test has an op of its own: begin and end are its set-up. */
#ifndef T_UNIT_TEST_OP_H
#define T_UNIT_TEST_OP_H

#include "t/unit/test.h"
#include "lib/base/conf.h"
#include "lib/base/op.h"

static struct op op;

static int
begin(void **state)
{
	(void)state;
	op_begin(&op, "test");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static inline void
set(const char *section, const char *name, const char *value)
{
	assert_int_equal(conf_set(&op, section, name, value), OK);
}

#endif
