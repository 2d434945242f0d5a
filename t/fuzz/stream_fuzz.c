/* What storage gives back: a stranger's bytes, then ones under the right seal. */
#include "agent/stream.h"
#include "t/fuzz/drop.h"

#include <string.h>

static const char id[] = "7f0e1111-2222-4333-8444-555566667777";
static struct key key = { { 1, 2, 3 } };
static struct stream_in *in;

/* In two cuts, at any place. */
static void
take(const void *bytes, size_t n, size_t cut)
{
	size_t total = 0;
	struct op op;

	op_begin(&op, "fuzz");
	if (stream_in_begin(&op, &key, id, drop, &total, &in) != OK)
		__builtin_trap();
	if (stream_in_put(&op, in, bytes, cut) == OK &&
	    stream_in_put(&op, in, (const char *)bytes + cut, n - cut) == OK)
		(void)stream_in_end(&op, in);
	op_end(&op);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static unsigned char whole[8 + SEAL_STREAM_HEAD + 4 + 65536 +
	    SEAL_PIECE_MORE];
	struct seal_stream seal;
	size_t piece = n + SEAL_PIECE_MORE;
	unsigned char *p = whole + 8 + SEAL_STREAM_HEAD;

	if (n > 65536)
		return 0;
	take(data, n, n / 2);
	memcpy(whole, "cofferb\1", 8);
	seal_stream_begin(&seal, &key, whole + 8);
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(piece >> 8 * i);
	seal_stream_close(&seal, p + 4, id, data, n, true);
	take(whole, 8 + SEAL_STREAM_HEAD + 4 + piece, n / 3);
	return 0;
}
