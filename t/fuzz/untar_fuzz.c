/*
 * A tar of somebody's, as data and as what changed of some: whatever it holds,
 * nothing appears outside of the directory it was unpacked into, and no link in it.
 */
#include "agent/file.h"
#include "agent/postgresql_delta.h"
#include "agent/untar.h"
#include "t/fuzz/fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK	512
#define MOST	65536

static char base[] = "/tmp/coffer-untar-XXXXXX";	/* holds "in", and nothing else */
static char inside[sizeof(base) + 3];

static int
look(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	if (at->level == 1 && strcmp(path, inside) != 0)
		__builtin_trap();
	if (at->level > 0 && !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		__builtin_trap();
	return 0;
}

static void
gone(void)
{
	struct op op;

	op_begin(&op, "fuzz");
	file_remove_tree(&op, base);
	op_end(&op);
}

/* Headers that do not add up are refused: these do, so that more is seen. */
static void
sums_mend(unsigned char *tar, size_t n)
{
	for (size_t at = 0; at + BLOCK <= n; at += BLOCK) {
		unsigned char *h = tar + at;
		unsigned sum = 0;

		if (memcmp(h + 257, "ustar", 5) != 0)
			continue;
		memset(h + 148, ' ', 8);
		for (int i = 0; i < BLOCK; i++)
			sum += h[i];
		for (int i = 5; i >= 0; i--, sum >>= 3)
			h[148 + i] = (unsigned char)('0' + (sum & 7));
		h[154] = '\0';
	}
}

static int
stream_of(const unsigned char *tar, size_t n)
{
	int stream = memfd_create("tar", MFD_CLOEXEC);

	if (write(stream, tar, n) != (ssize_t)n ||
	    lseek(stream, 0, SEEK_SET) != 0)
		abort();
	return stream;
}

/* What was made is looked at, and goes. */
static void
seen(struct op *op)
{
	if (nftw(base, look, 16, FTW_PHYS) != 0 ||
	    file_remove_tree(op, inside) != OK)
		__builtin_trap();
	op_end(op);
}

static void
unpack(int stream)
{
	struct op op;
	int dir;

	op_begin(&op, "fuzz");
	if (mkdir(inside, 0700) == -1 ||
	    (dir = open(inside, O_RDONLY | O_DIRECTORY)) == -1)
		abort();
	(void)untar(&op, stream, dir);
	close(dir);
	close(stream);
	seen(&op);
}

static void
file_make(int dir, const char *name, const char *text, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT, 0600);

	if (fd == -1 || write(fd, text, n) != (ssize_t)n)
		abort();
	close(fd);
}

/* Data of system 1 that begin at 0/2000028, with a relation of two blocks. */
static void
apply(int stream)
{
	static const char label[] = "START WAL LOCATION: 0/2000028 (file x)\n"
	    "START TIMELINE: 1\n", blocks[2 * POSTGRESQL_BLOCK];
	static const uint64_t system = 1;
	struct op op;
	int dir;

	op_begin(&op, "fuzz");
	if (mkdir(inside, 0700) == -1 ||
	    (dir = open(inside, O_RDONLY | O_DIRECTORY)) == -1 ||
	    mkdirat(dir, "full", 0700) == -1 ||
	    mkdirat(dir, "full/base", 0700) == -1 ||
	    mkdirat(dir, "full/global", 0700) == -1)
		abort();
	file_make(dir, "full/backup_label", label, strlen(label));
	file_make(dir, "full/global/pg_control", (const char *)&system,
	    sizeof(system));
	file_make(dir, "full/base/1", blocks, sizeof(blocks));
	(void)pg_delta_apply(&op, stream, op_printf(&op, "%s/full", inside),
	    op_printf(&op, "%s/more", inside));
	close(dir);
	close(stream);
	seen(&op);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static unsigned char tar[MOST];

	if (*inside == '\0') {
		if (mkdtemp(base) == NULL)
			abort();
		atexit(gone);
		strcpy(inside, base);
		strcat(inside, "/in");
	}
	if (n > MOST)
		return 0;
	if (n > 0)
		memcpy(tar, data, n);
	sums_mend(tar, n);
	if (n > BLOCK && strcmp((char *)tar, POSTGRESQL_UPON) == 0)
		apply(stream_of(tar, n));	/* else it is refused at once */
	else
		unpack(stream_of(tar, n));
	return 0;
}
