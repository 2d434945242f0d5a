/*
 * What a guest says that it stored, with the digest of its data: taken, it is
 * written into a row and read from there as it was understood.
 */
#include "t/fuzz/fuzz.h"
#include "lib/msg/segments.h"
#include "worker/backup.h"

#include <string.h>

static const char id[] = "bbbbbbbb-0000-4000-8000-000000000001";

static void
same(struct op *op, const struct backup_result *r)
{
	const char *row = backup_segments_text(op, r->segment, r->n);
	struct object *o;
	int64_t sum = 0;
	int n;

	if (backup_segments_read(op, row, &o, &n) != OK || n != r->n)
		__builtin_trap();
	for (int i = 0; i < n; i++) {
		if (strcmp(o[i].name, r->segment[i].name) != 0 ||
		    strncmp(o[i].name, id, strlen(id)) != 0 ||
		    strcmp(o[i].md5, r->segment[i].md5) != 0 ||
		    o[i].bytes != r->segment[i].bytes || o[i].bytes < 1)
			__builtin_trap();
		sum += o[i].bytes;
	}
	if (sum != r->bytes || r->plain < 0 || r->plain > BACKUP_MOST)
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct backup_result r;
	struct op op;

	op_begin(&op, "fuzz");
	if (backup_result_read(&op, id, (const char *)data, n, &r) == OK)
		same(&op, &r);
	op_end(&op);
	return 0;
}
