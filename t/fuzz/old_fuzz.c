/* What an older Trove left in storage: plain, in gzip's format, under openssl's. */
#include "agent/stream_old.h"
#include "t/fuzz/drop.h"

#include <string.h>

/* In two cuts, at any place. */
static void
take(const struct old_form *form, const uint8_t *bytes, size_t n, size_t cut)
{
	struct stream_old *in;
	size_t total = 0;
	struct op op;

	op_begin(&op, "fuzz");
	if (stream_old_begin(&op, form, drop, &total, &in) != OK)
		__builtin_trap();
	if (stream_old_put(&op, in, bytes, cut) == OK &&
	    stream_old_put(&op, in, bytes + cut, n - cut) == OK &&
	    stream_old_end(&op, in) == OK && n == 0)
		__builtin_trap();	/* nothing is no backup */
	op_end(&op);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct salted_key key = { .key = { 1, 2, 3 } };
	static const struct old_form forms[] = {
		{ true, NULL }, { true, &key }, { false, &key },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		take(&forms[i], data, n, n / (i + 2));
	return 0;
}
