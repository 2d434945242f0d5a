/*
 * What a guest sends: first as raw bytes from a stranger, then properly sealed
 * with the guest's own key, as root on the guest could do.
 */
#include "lib/msg/guest.h"
#include "t/fuzz/fuzz.h"

#include <string.h>

static const char instance[] = "7f0e1111-2222-4333-8444-555566667777";

static void
read_all(const struct key *k, const char *data, size_t n)
{
	struct op op;
	struct report r;
	struct answer a;

	op_begin(&op, "fuzz");
	if (guest_read_report(&op, k, instance, data, n, &r) == OK &&
	    (r.status == NULL || (r.why != NULL && strlen(r.why) > GUEST_WHY)))
		__builtin_trap();
	if (guest_read_answer(&op, k, instance, data, n, &a) == OK &&
	    a.id == NULL)
		__builtin_trap();
	op_end(&op);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct key k = { { 1, 2, 3 } };

	seal_init();
	read_all(&k, (const char *)data, n);
	fuzz_sealed(&k, instance, 'r', data, n, read_all);
	fuzz_sealed(&k, instance, 'a', data, n, read_all);
	return 0;
}
