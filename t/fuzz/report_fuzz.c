/*
 * What a guest sends: first as raw bytes from a stranger, then properly sealed
 * with the guest's own key, as root on the guest could do.
 */
#include "lib/msg/guest.h"
#include "t/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

static const char instance[] = "7f0e1111-2222-4333-8444-555566667777";
static struct key key = { { 1, 2, 3 } };

static void
read_both(const char *data, size_t n)
{
	struct op op;
	struct report r;
	struct answer a;

	op_begin(&op, "fuzz");
	if (guest_read_report(&op, &key, instance, data, n, &r) == OK &&
	    (r.status == NULL || (r.why != NULL && strlen(r.why) > GUEST_WHY)))
		__builtin_trap();
	if (guest_read_answer(&op, &key, instance, data, n, &a) == OK &&
	    a.id == NULL)
		__builtin_trap();
	op_end(&op);
}

/* What is bound into the seal: see lib/msg/guest.h. */
static void
read_sealed(char kind, const uint8_t *data, size_t n)
{
	static unsigned char sealed[GUEST_MAX * 2];
	char about[64];
	int len = snprintf(about, sizeof(about), "coffer:out:%c:%s", kind,
	    instance);

	if (n + SEAL_MORE + 1 > sizeof(sealed))
		return;
	sealed[0] = (unsigned char)kind;
	seal_close(sealed + 1, &key, about, (size_t)len, data, n);
	read_both((const char *)sealed, n + SEAL_MORE + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	seal_init();
	read_both((const char *)data, n);
	read_sealed('r', data, n);
	read_sealed('a', data, n);
	return 0;
}
