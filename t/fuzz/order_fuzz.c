/* What reaches an agent: a stranger's bytes, then ones under the right seal. */
#include "lib/msg/guest.h"
#include "t/fuzz/fuzz.h"

#include <stdio.h>

static const char instance[] = "7f0e1111-2222-4333-8444-555566667777";
static struct key key = { { 1, 2, 3 } };

static void
read_order(const char *data, size_t n)
{
	struct order o;
	struct op op;

	op_begin(&op, "fuzz");
	if (guest_read_order(&op, &key, instance, data, n, &o) == OK &&
	    (o.id == NULL || o.kind >= ORDER__MAX))
		__builtin_trap();
	op_end(&op);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static unsigned char sealed[GUEST_MAX * 2];
	char about[64];
	int len = snprintf(about, sizeof(about), "coffer:in:o:%s", instance);

	seal_init();
	read_order((const char *)data, n);
	if (n + SEAL_MORE + 1 > sizeof(sealed))
		return 0;
	sealed[0] = 'o';
	seal_close(sealed + 1, &key, about, (size_t)len, data, n);
	read_order((const char *)sealed, n + SEAL_MORE + 1);
	return 0;
}
