/* key_fixture - a master key for this process; its file is gone at once. */
#ifndef T_UNIT_KEY_FIXTURE_H
#define T_UNIT_KEY_FIXTURE_H

#include "lib/base/op.h"

void	 key_fixture(struct op *);

#endif
