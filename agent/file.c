#include "agent/file.h"
#include "lib/base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1024 * 1024)
#define EARLY	(8 << 20)	/* bytes */

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

const char *
file_data(struct op *op, const char *name)
{
	return op_printf(op, "%s/%s", conf_str("agent.data"), name);
}

static enum err
file_open(struct op *op, const char *path, int flags, int *fd)
{
	*fd = open(path, flags | O_CLOEXEC, 0600);
	if (*fd == -1)
		return op_fail(op, errno == ENOENT ? ERR_NOT_FOUND :
		    ERR_INTERNAL, "%s: %s", path, strerror(errno));
	op_defer(op, close_fd, (void *)(intptr_t)*fd);
	return OK;
}

/* Files of /proc do not know their size, so it is not asked for. */
enum err
file_get(struct op *op, const char *path, const char **bytes, size_t *len)
{
	size_t room = 4096, used = 0;
	char *s = op_alloc(op, room), *larger;
	ssize_t n;
	int fd;

	TRY(file_open(op, path, O_RDONLY, &fd));
	while ((n = read(fd, s + used, room - used - 1)) > 0) {
		used += (size_t)n;
		if (used > FILE_MAX)
			return op_fail(op, ERR_INTERNAL, "%s: too large", path);
		if (used < room - 1)
			continue;
		larger = op_alloc(op, room *= 2);
		s = memcpy(larger, s, used);
	}
	if (n == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	s[used] = '\0';
	*bytes = s;
	*len = used;
	return OK;
}

bool
file_write(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	ssize_t put;

	for (; n > 0; p += put, n -= (size_t)put)
		if ((put = write(fd, p, n)) == -1) {
			if (errno != EINTR)
				return false;
			put = 0;
		}
	return true;
}

static enum err
put(struct op *op, const char *path, const char *bytes, size_t len,
    bool lasting)
{
	const char *aside = op_printf(op, "%s.new", path);
	int fd;

	TRY(file_open(op, aside, O_WRONLY | O_CREAT | O_TRUNC, &fd));
	if (!file_write(fd, bytes, len) || (lasting && fsync(fd) == -1) || rename(aside, path) == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	return OK;
}

enum err
file_put(struct op *op, const char *path, const char *bytes, size_t len)
{
	int dir;

	TRY(put(op, path, bytes, len, true));
	TRY(file_open(op, dirname(op_strdup(op, path)),
	    O_RDONLY | O_DIRECTORY, &dir));
	fsync(dir);
	return OK;
}

enum err
file_put_anew(struct op *op, const char *path, const char *bytes, size_t len)
{
	return put(op, path, bytes, len, false);
}

enum err
file_keep(struct op *op, const char *path)
{
	int fd, dir;

	TRY(file_open(op, path, O_RDONLY, &fd));
	TRY(file_open(op, dirname(op_strdup(op, path)),
	    O_RDONLY | O_DIRECTORY, &dir));
	if (fsync(fd) == -1 || fsync(dir) == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	return OK;
}

enum err
file_directory(struct op *op, const char *path)
{
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	return OK;
}

static enum err
synced(struct op *op, const char *path)
{
	int fd;

	TRY(file_open(op, path, O_RDONLY | O_DIRECTORY, &fd));
	return syncfs(fd) == 0 ? OK : op_fail(op, ERR_INTERNAL, "%s: %s", path,
	    strerror(errno));
}

/* At no moment is there nothing, where the file system can do that. */
static enum err
exchange(struct op *op, const char *made, const char *place, const char *old)
{
	if (renameat2(AT_FDCWD, made, AT_FDCWD, place, RENAME_EXCHANGE) == 0)
		return OK;
	/* Else a crash between the two is mended by the order, told again. */
	if (errno == EINVAL)
		rename(place, old);
	if (rename(made, place) == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", place,
		    strerror(errno));
	return OK;
}

enum err
file_take_place(struct op *op, const char *made, const char *place,
    const char *old)
{
	TRY(synced(op, made));
	TRY(exchange(op, made, place, old));
	return synced(op, place);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

enum err
file_remove_tree(struct op *op, const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 &&
	    errno != ENOENT)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	return OK;
}

void
file_early(struct file_early *f, size_t written)
{
	f->at += (int64_t)written;
	if (f->at - f->told < EARLY)
		return;
	(void)sync_file_range(f->fd, f->told, f->at - f->told,
	    SYNC_FILE_RANGE_WRITE);
	f->told = f->at;
}
