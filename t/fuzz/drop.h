/* drop - where a stream's fuzzers let it flow. */
#ifndef T_FUZZ_DROP_H
#define T_FUZZ_DROP_H

#include "t/fuzz/fuzz.h"
#include "lib/base/op.h"

static enum err
drop(struct op *op, void *arg, const void *bytes, size_t n)
{
	size_t *total = arg;

	(void)bytes;
	*total += n;
	/* A few bytes can stand for very many: that much will do here. */
	return *total < (16 << 20) ? OK : op_fail(op, ERR_CLOUD, "enough");
}

#endif
