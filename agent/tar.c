#include "agent/tar.h"
#include "agent/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK	512
#define OCTAL_MOST ((INT64_C(1) << 33) - 1)	/* 11 digits */

static const char zeros[2 * BLOCK];

enum err
tar_bytes(struct op *op, int to, const void *bytes, size_t n)
{
	return file_write(to, bytes, n) ? OK : op_fail(op, ERR_GUEST,
	    "the backup cannot be written: %s", strerror(errno));
}

/* The sum is made with blanks in its own place. */
static void
sum_put(char *h)
{
	unsigned sum = 0;

	memset(h + 148, ' ', 8);
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum & 0777777);
}

static enum err
entry(struct op *op, int to, const char *name, char type, int64_t size)
{
	char h[BLOCK] = "";
	size_t n = strlen(name);

	if (n > 100 || size < 0 || size > OCTAL_MOST)
		return op_fail(op, ERR_GUEST, "%.120s does not fit into a "
		    "backup.", name);
	memcpy(h, name, n);
	memcpy(h + 100, type == '5' ? "0000700" : "0000600", 7);
	memcpy(h + 108, "0000000", 7);
	memcpy(h + 116, "0000000", 7);
	snprintf(h + 124, 12, "%011llo", (unsigned long long)size);
	memcpy(h + 136, "00000000000", 11);
	h[156] = type;
	memcpy(h + 257, "ustar\00000", 8);
	sum_put(h);
	return tar_bytes(op, to, h, BLOCK);
}

enum err
tar_file(struct op *op, int to, const char *name, int64_t size)
{
	return entry(op, to, name, '0', size);
}

enum err
tar_pad(struct op *op, int to, int64_t size)
{
	return tar_bytes(op, to, zeros, (size_t)(-size & (BLOCK - 1)));
}

enum err
tar_directory(struct op *op, int to, const char *name)
{
	return entry(op, to, name, '5', 0);
}

enum err
tar_text(struct op *op, int to, const char *name, const char *text)
{
	int64_t n = (int64_t)strlen(text);

	TRY(tar_file(op, to, name, n));
	TRY(tar_bytes(op, to, text, (size_t)n));
	return tar_pad(op, to, n);
}

enum err
tar_end(struct op *op, int to)
{
	return tar_bytes(op, to, zeros, 2 * BLOCK);
}
