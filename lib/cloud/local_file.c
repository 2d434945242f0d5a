/* Single files: copies that keep holes, texts that appear whole. */
#include "lib/cloud/local_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096
#define TEXT_MAX (1 << 20)

static enum err
failed(struct op *op, const char *name)
{
	return op_fail(op, ERR_CLOUD, "%s: %s", name, strerror(errno));
}

/* A part of a file that holds data. */
struct part { off_t at, end; };

/* The one behind it; false when there is none. */
static bool
part_next(int fd, struct part *p)
{
	if ((p->at = lseek(fd, p->end, SEEK_DATA)) == -1)
		return false;
	return (p->end = lseek(fd, p->at, SEEK_HOLE)) != -1;
}

/* Inside the kernel, also from one kind of file system to another. */
static ssize_t
bytes_copy(int from, int to, off_t *at, off_t end)
{
	size_t n = (size_t)(end - *at);
	off_t out = *at;
	ssize_t done = copy_file_range(from, at, to, &out, n, 0);

	if (done != -1 || errno != EXDEV)
		return done;
	if (lseek(to, *at, SEEK_SET) == -1)
		return -1;
	return sendfile(to, from, at, n);
}

static enum err
part_copy(struct op *op, int from, int to, struct part p, const char *name)
{
	ssize_t n;

	while (p.at < p.end) {
		n = bytes_copy(from, to, &p.at, p.end);
		if (n == -1)
			return failed(op, name);
		if (n == 0)
			return op_fail(op, ERR_CLOUD, "%s: shrank", name);
	}
	return OK;
}

enum err
file_copy(struct op *op, int from, int to, const char *name)
{
	struct part p = { 0, 0 };
	struct stat st;

	if (fstat(from, &st) == -1)
		return failed(op, name);
	if (ioctl(to, FICLONE, from) == 0)
		return OK;
	if (ftruncate(to, st.st_size) == -1)
		return failed(op, name);
	while (part_next(from, &p))
		TRY(part_copy(op, from, to, p, name));
	return OK;
}

static void
punch(int fd, off_t at, off_t end)
{
	if (end > at)
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
		    end - at);
}

/* What reads as a hole may be blocks set aside: those are given back, too. */
enum err
file_dig(struct op *op, int fd, const char *name)
{
	static const char zeros[BLOCK];
	struct part p = { 0, 0 };
	off_t gap = 0;
	char block[BLOCK];
	struct stat st;

	if (fstat(fd, &st) == -1)
		return failed(op, name);
	for (; part_next(fd, &p); gap = p.end) {
		punch(fd, gap, p.at);
		for (; p.at + BLOCK <= p.end; p.at += BLOCK) {
			if (pread(fd, block, BLOCK, p.at) != BLOCK)
				return failed(op, name);
			if (memcmp(block, zeros, BLOCK) == 0)
				punch(fd, p.at, p.at + BLOCK);
		}
	}
	punch(fd, gap, st.st_size);
	return OK;
}

static enum err
text_store(struct op *op, int fd, const char *text, mode_t mode)
{
	size_t n = strlen(text);
	bool ok = fchmod(fd, mode) == 0 && write(fd, text, n) == (ssize_t)n;

	close(fd);
	return ok ? OK : op_fail(op, ERR_CLOUD, "write: %s", strerror(errno));
}

enum err
file_write(struct op *op, const char *path, const char *text, mode_t mode)
{
	const char *new = op_printf(op, "%s.new", path);
	int fd;

	unlink(new);
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return failed(op, new);
	TRY(text_store(op, fd, text, mode));
	return rename(new, path) == 0 ? OK : failed(op, path);
}

enum err
file_read(struct op *op, const char *path, char **text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t have = 0;
	struct stat st;
	ssize_t n = 0;

	if (fd == -1)
		return op_fail(op, errno == ENOENT ? ERR_NOT_FOUND : ERR_CLOUD,
		    "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) == -1 || st.st_size > TEXT_MAX)
		st.st_size = 0;
	*text = op_alloc(op, (size_t)st.st_size + 1);
	while (have < (size_t)st.st_size &&
	    (n = read(fd, *text + have, (size_t)st.st_size - have)) > 0)
		have += (size_t)n;
	close(fd);
	return n == -1 ? failed(op, path) : OK;
}
