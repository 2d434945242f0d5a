/*
 * A delta comes upon the restored data: a new tree grows beside the old one and
 * takes its files over as the delta names them, so that what it does not name is
 * not there any more.  It says itself what it has to stand upon.
 */
#include "agent/postgresql_delta.h"
#include "agent/postgresql.h"
#include "agent/file.h"
#include "agent/untar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct apply {
	const char	*full;
	int		 old, new;	/* directories */
	bool		 fits;		/* it said upon what it stands */
	char		*block;
	uint32_t	*number;
};

static enum err
damaged(struct op *op, const char *what)
{
	return op_fail(op, ERR_BAD_REQUEST, "The backup is damaged: %s.", what);
}

static void
close_it(void *fd)
{
	close((int)(intptr_t)fd);
}

static enum err
dir_open(struct op *op, const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	op_defer(op, close_it, (void *)(intptr_t)*fd);
	return OK;
}

/* --- what it stands upon ---------------------------------------------------------------- */

/* Where the data that are there began, by their own label. */
static enum err
there(struct op *op, const struct apply *a, struct pg_mark *m)
{
	const char *label, *control, *line;
	unsigned high, low;
	size_t n;

	TRY(file_get(op, op_printf(op, "%s/backup_label", a->full), &label,
	    &n));
	TRY(file_get(op, op_printf(op, "%s/global/pg_control", a->full),
	    &control, &n));
	line = strstr(label, "START TIMELINE: ");
	if (sscanf(label, "START WAL LOCATION: %X/%X", &high, &low) != 2 ||
	    line == NULL || n < sizeof(m->system) ||
	    sscanf(line, "START TIMELINE: %u", &m->timeline) != 1)
		return damaged(op, "its label is none");
	memcpy(&m->system, control, sizeof(m->system));
	m->lsn = (uint64_t)high << 32 | low;
	return OK;
}

static enum err
upon(struct op *op, struct apply *a, struct untar *in, int64_t size)
{
	struct pg_mark wanted, have;
	char text[128] = "";

	if (size < 1 || size >= (int64_t)sizeof(text))
		return damaged(op, "its mark is none");
	TRY(untar_read(in, text, (size_t)size));
	text[size - 1] = '\0';
	if (!pg_mark_read(text, &wanted))
		return damaged(op, "its mark is none");
	TRY(there(op, a, &have));
	if (wanted.system != have.system || wanted.lsn != have.lsn ||
	    wanted.timeline != have.timeline)
		return op_fail(op, ERR_BAD_REQUEST, "A backup of the chain "
		    "does not stand upon the one before it.");
	a->fits = true;
	return OK;
}

/* --- blocks --------------------------------------------------------------------------- */

/* Each block either comes or is there; the numbers rise. */
static enum err
numbers_check(struct op *op, const struct apply *a, uint32_t n,
    uint32_t blocks, uint32_t had)
{
	uint32_t next = 0;	/* the first that was not said yet */

	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = a->number[i];

		if (k < next || k >= blocks || (k > next && k > had))
			return damaged(op, "it lacks blocks");
		next = k + 1;
	}
	return next >= blocks || blocks <= had ? OK :
	    damaged(op, "it lacks blocks");
}

static enum err
blocks_write(struct op *op, const struct apply *a, struct untar *in, int fd,
    uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		TRY(untar_read(in, a->block, POSTGRESQL_BLOCK));
		if (pwrite(fd, a->block, POSTGRESQL_BLOCK,
		    (int64_t)a->number[i] * POSTGRESQL_BLOCK) !=
		    POSTGRESQL_BLOCK)
			return op_fail(op, ERR_INTERNAL, "write: %s",
			    errno != 0 ? strerror(errno) : "no room");
	}
	return OK;
}

static enum err
part_write(struct op *op, const struct apply *a, struct untar *in, int fd,
    int64_t size)
{
	struct { char magic[8]; uint32_t n, blocks; } h;
	struct stat st;

	TRY(untar_read(in, &h, sizeof(h)));
	if (memcmp(h.magic, "cofferpg", 8) != 0 ||
	    h.blocks > POSTGRESQL_SEGMENT || h.n > h.blocks ||
	    size != (int64_t)sizeof(h) + (int64_t)h.n * (4 + POSTGRESQL_BLOCK))
		return damaged(op, "a part is none");
	if (fstat(fd, &st) == -1)
		return op_fail(op, ERR_INTERNAL, "stat: %s", strerror(errno));
	TRY(untar_read(in, a->number, h.n * sizeof(*a->number)));
	TRY(numbers_check(op, a, h.n, h.blocks,
	    (uint32_t)(st.st_size / POSTGRESQL_BLOCK)));
	TRY(blocks_write(op, a, in, fd, h.n));
	return ftruncate(fd, (int64_t)h.blocks * POSTGRESQL_BLOCK) == 0 ? OK :
	    op_fail(op, ERR_INTERNAL, "truncate: %s", strerror(errno));
}

/* base/5/INCREMENTAL.16384 is to change base/5/16384. */
static enum err
part(struct op *op, const struct apply *a, struct untar *in,
    const char *name, const char *base, int64_t size)
{
	char path[128];
	enum err e;
	int fd;

	snprintf(path, sizeof(path), "%.*s%s", (int)(base - name), name,
	    base + strlen(POSTGRESQL_PART));
	if (renameat(a->old, path, a->new, path) == -1)
		return errno == ENOENT ? damaged(op, "it lacks a file") :
		    op_fail(op, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	fd = openat(a->new, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	e = part_write(op, a, in, fd, size);
	close(fd);
	return e;
}

static enum err
own(struct op *op, void *arg, struct untar *in, const char *name,
    int64_t size, bool *mine)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;
	struct apply *a = arg;

	*mine = true;
	if (strcmp(name, POSTGRESQL_UPON) == 0 && !a->fits)
		return upon(op, a, in, size);
	if (!a->fits)
		return damaged(op, "it does not say what it stands upon");
	if (strncmp(base, POSTGRESQL_PART, strlen(POSTGRESQL_PART)) == 0)
		return part(op, a, in, name, base, size);
	*mine = false;
	return OK;
}

enum err
pg_delta_apply(struct op *op, int from, const char *full, const char *more)
{
	struct apply a = { .full = full };

	TRY(file_remove_tree(op, more));
	TRY(file_directory(op, more));
	TRY(dir_open(op, full, &a.old));
	TRY(dir_open(op, more, &a.new));
	a.block = op_alloc(op, POSTGRESQL_BLOCK);
	a.number = op_alloc(op, POSTGRESQL_SEGMENT * sizeof(*a.number));
	TRY(untar_with(op, from, a.new, own, &a));
	if (!a.fits)
		return damaged(op, "it does not say what it stands upon");
	TRY(file_remove_tree(op, full));
	return rename(more, full) == 0 ? OK :
	    op_fail(op, ERR_INTERNAL, "%s: %s", full, strerror(errno));
}
