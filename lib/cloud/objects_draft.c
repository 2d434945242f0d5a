/* Objects being written: nothing of one is seen before all of it is there. */
#include "lib/cloud/objects_file.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/md5.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STEP		(4 << 20)	/* bytes between two looks at the disk */

struct draft {
	struct op	*op;
	const char	*file;
	char		*path;		/* its name so far; NULL: none */
	int		 dir, fd;
	int64_t		 bytes, looked;
	struct md5	 md5;
};

/* The last bytes of a disk are not ours: databases may stand on it as well. */
static enum err
space_left(struct draft *d)
{
	int64_t spare = conf_int("storage.spare_mb");
	struct statvfs st;

	if (fstatvfs(d->dir, &st) != 0)
		return object_failed(d->op, "storage");
	if ((int64_t)st.f_bavail * (int64_t)st.f_frsize >= spare << 20)
		return OK;
	return op_fail(d->op, ERR_NO_SPACE, "less than %lld MB are left for "
	    "objects (storage.spare_mb)", (long long)spare);
}

static void
forget(void *arg)
{
	struct draft *d = arg;

	if (d->path != NULL)
		unlinkat(d->dir, d->path, 0);
	if (d->fd != -1)
		close(d->fd);
}

static char *
new_name(struct op *op)
{
	char uuid[UUID_LEN + 1];

	text_uuid(uuid);
	return op_printf(op, ".new-%s", uuid);
}

/* Without a name it is gone with this process, however that ends. */
static int
nameless(struct draft *d)
{
	int fd = openat(d->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR &&
	    errno != EINVAL))
		return fd;
	d->path = new_name(d->op);
	return openat(d->dir, d->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
}

enum err
object_draft(struct op *op, const struct object_key *k, struct draft **out)
{
	struct draft *d = op_alloc(op, sizeof(*d));

	*d = (struct draft){ .op = op, .file = object_file(op, k->name),
		.fd = -1 };
	TRY(object_dir(op, k, false, &d->dir));
	TRY(space_left(d));
	op_defer(op, forget, d);
	if ((d->fd = nameless(d)) == -1)
		return object_failed(op, d->file);
	TRY(object_own(op, d->fd, d->dir));
	md5_begin(&d->md5);
	*out = d;
	return OK;
}

/* The disk begins with what is there, so that not all is left to the end. */
static enum err
look(struct draft *d)
{
	sync_file_range(d->fd, OBJECT_HEAD + d->looked, d->bytes - d->looked,
	    SYNC_FILE_RANGE_WRITE);
	d->looked = d->bytes;
	return space_left(d);
}

enum err
draft_add(struct draft *d, const void *bytes, size_t n)
{
	const char *p = bytes;

	if (n > (size_t)(OBJECT_MOST - d->bytes))
		return op_fail(d->op, ERR_OVER_LIMIT,
		    "An object may have 5 GiB.");
	md5_add(&d->md5, p, n);
	while (n > 0) {
		ssize_t done = pwrite(d->fd, p, n, OBJECT_HEAD + d->bytes);

		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0)
			return object_failed(d->op, d->file);
		p += done;
		n -= (size_t)done;
		d->bytes += done;
	}
	return d->bytes - d->looked >= STEP ? look(d) : OK;
}

static enum err
name_it(struct draft *d)
{
	struct stat there;
	char proc[40];

	if (d->path == NULL) {
		d->path = new_name(d->op);
		snprintf(proc, sizeof(proc), "/proc/self/fd/%d", d->fd);
		if (linkat(AT_FDCWD, proc, d->dir, d->path,
		    AT_SYMLINK_FOLLOW) != 0)
			return object_failed(d->op, d->file);
	}
	if (fstatat(d->dir, d->file, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (there.st_mode & ~S_IFMT) == OBJECT_SETTLED)
		return op_fail(d->op, ERR_FORBIDDEN, "Object %s is part of "
		    "another one.", d->file);
	if (renameat(d->dir, d->path, d->dir, d->file) != 0)
		return object_failed(d->op, d->file);
	d->path = NULL;
	return fsync(d->dir) == 0 ? OK : object_failed(d->op, d->file);
}

const char *
draft_md5(const struct draft *d)
{
	char *hex = op_alloc(d->op, MD5_HEX + 1);
	struct md5 m = d->md5;

	md5_end(&m, hex);
	return hex;
}

enum err
draft_keep(struct draft *d, struct object_is *is)
{
	const char *head;

	if (is->segments == 0) {
		is->md5 = draft_md5(d);
		is->bytes = d->bytes;
	}
	is->stored_us = clock_wall_us();
	TRY(object_head(d->op, is, &head));
	if (pwrite(d->fd, head, OBJECT_HEAD, 0) != OBJECT_HEAD ||
	    fsync(d->fd) != 0)
		return object_failed(d->op, d->file);
	return name_it(d);
}
