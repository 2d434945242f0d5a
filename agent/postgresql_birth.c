/*
 * What the template's files, or a backup's, say of themselves: a 64-bit identifier in pg_control,
 * under a CRC, and in the first page of each WAL segment, under none.  pg_resetwal
 * could write both anew and takes 50 ms for it; a write into each takes none.
 */
#include "agent/postgresql.h"
#include "agent/file.h"
#include "agent/postgresql_birth.h"
#include "lib/base/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WANTED		"agent/system.new"	/* the identifier, while it is being given */
#define GIVEN		POSTGRESQL_SYSTEM
#define CONTROL		512			/* bytes of pg_control that count: one sector */
#define CRC_FIRST	200			/* where the CRC may stand; 288 in version 15 */
#define CRC_LAST	400
#define WAL_SYSTEM	24			/* in a segment's first page */
#define WAL_NAME	24			/* hex digits */

static enum err
failed(struct op *op, const char *what)
{
	return op_fail(op, ERR_INTERNAL, "%s: %s", what, strerror(errno));
}

static uint32_t
crc32c(const unsigned char *b, size_t n)
{
	uint32_t crc = ~0u;

	for (; n > 0; b++, n--) {
		crc ^= *b;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

/* The end of what the CRC covers: versions of PostgreSQL differ in it. */
static size_t
crc_place(const unsigned char *control)
{
	uint32_t have;

	for (size_t at = CRC_FIRST; at <= CRC_LAST; at += 4) {
		memcpy(&have, control + at, sizeof(have));
		if (have == crc32c(control, at))
			return at;
	}
	return 0;
}

static enum err
control_patch(struct op *op, int fd, uint64_t id)
{
	unsigned char b[CONTROL];
	uint32_t crc;
	size_t at;

	if (pread(fd, b, sizeof(b), 0) != CONTROL)
		return failed(op, "pg_control");
	if ((at = crc_place(b)) == 0)
		return op_fail(op, ERR_INTERNAL, "pg_control is damaged");
	memcpy(b, &id, sizeof(id));
	crc = crc32c(b, at);
	memcpy(b + at, &crc, sizeof(crc));
	return pwrite(fd, b, sizeof(b), 0) == CONTROL ? OK :
	    failed(op, "pg_control");
}

static enum err
segment_patch(struct op *op, int fd, uint64_t id)
{
	return pwrite(fd, &id, sizeof(id), WAL_SYSTEM) == sizeof(id) ? OK :
	    failed(op, "pg_wal");
}

static enum err
file_patch(struct op *op, const char *path, uint64_t id,
    enum err (*patch)(struct op *, int, uint64_t))
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	enum err e;

	if (fd == -1)
		return failed(op, path);
	e = patch(op, fd, id);
	if (e == OK && fdatasync(fd) == -1)
		e = failed(op, path);
	close(fd);
	return e;
}

static void
dir_close(void *dir)
{
	closedir(dir);
}

static enum err
segments_patch(struct op *op, uint64_t id)
{
	const char *wal = file_data(op, POSTGRESQL_DATA "/pg_wal");
	DIR *dir = opendir(wal);
	struct dirent *d;

	if (dir == NULL)
		return failed(op, wal);
	op_defer(op, dir_close, dir);
	while ((d = readdir(dir)) != NULL)
		if (strspn(d->d_name, "0123456789ABCDEF") == WAL_NAME &&
		    d->d_name[WAL_NAME] == '\0')
			TRY(file_patch(op, op_printf(op, "%s/%s", wal,
			    d->d_name), id, segment_patch));
	return OK;
}

/* Kept aside first, so that an attempt that was cut off is ended with the same. */
static enum err
identifier(struct op *op, uint64_t *id)
{
	const char *wanted = file_data(op, WANTED), *text;
	size_t len;

	if (file_get(op, wanted, &text, &len) == OK &&
	    sscanf(text, "%" SCNu64, id) == 1)
		return OK;
	do
		seal_random(id, sizeof(*id));
	while (*id == 0);
	text = op_printf(op, "%" PRIu64 "\n", *id);
	return file_put(op, wanted, text, strlen(text));
}

enum err
postgresql_birth(struct op *op, bool *first)
{
	const char *given = file_data(op, GIVEN);
	uint64_t id;

	*first = false;
	if (access(given, F_OK) == 0)
		return OK;
	*first = access(file_data(op, POSTGRESQL_RESTORED), F_OK) == -1;
	TRY(identifier(op, &id));
	TRY(segments_patch(op, id));
	TRY(file_patch(op, file_data(op,
	    POSTGRESQL_DATA "/global/pg_control"), id, control_patch));
	if (rename(file_data(op, WANTED), given) == -1)
		return failed(op, given);
	return OK;
}
