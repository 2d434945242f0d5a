#include "lib/cloud/local_image.h"
#include "lib/base/text.h"
#include "lib/cloud/local_run.h"
#include "lib/cloud/local_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define MKFS_MS 30000
#define LOOP_TRIES 50			/* others take free devices too */

static enum err
failed(struct op *op, const char *what)
{
	return op_fail(op, ERR_CLOUD, "%s: %s", what, strerror(errno));
}

const char *
image_unfit(struct op *op, enum local_fs fs)
{
	const char *type = local_fs_names[fs];
	const char *mkfs = op_printf(op, "/usr/sbin/mkfs.%s", type);
	int fd;

	if (fs == LOCAL_DIRECTORY)
		return NULL;
	if (access(mkfs, X_OK) == -1)
		return op_printf(op, "no %s", mkfs);
	fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return op_printf(op, "/dev/loop-control: %s", strerror(errno));
	close(fd);
	/* Nothing to mount: any answer but this one says the kernel has it. */
	if (mount("none", "/", type, 0, NULL) == -1 &&
	    (errno == ENODEV || errno == EPERM))
		return op_printf(op, "mount of %s: %s", type, strerror(errno));
	return NULL;
}

/* What mkfs left at its well-known place. */
static const char *
type_of(int fd)
{
	unsigned char xfs[4], ext[2];

	if (pread(fd, xfs, 4, 0) == 4 && memcmp(xfs, "XFSB", 4) == 0)
		return "xfs";
	if (pread(fd, ext, 2, 0x438) == 2 && ext[0] == 0x53 && ext[1] == 0xef)
		return "ext4";
	return NULL;
}

/* A loop device of its own that detaches itself; its descriptor and name. */
static int
loop_attach(int control, int image, char dev[32])
{
	struct loop_config c = { .fd = (unsigned)image,
	    .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	int n, fd;

	for (int i = 0; i < LOOP_TRIES; i++) {
		if ((n = ioctl(control, LOOP_CTL_GET_FREE)) == -1)
			return -1;
		snprintf(dev, 32, "/dev/loop%d", n);
		if ((fd = open(dev, O_RDWR | O_CLOEXEC)) == -1)
			return -1;
		if (ioctl(fd, LOOP_CONFIGURE, &c) == 0)
			return fd;
		close(fd);
		if (errno != EBUSY)
			return -1;
	}
	return -1;
}

static int
attach(const char *image, char dev[32], const char **type)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int file = open(image, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int fd = -1;

	if (control != -1 && file != -1) {
		*type = type_of(file);
		fd = loop_attach(control, file, dev);
	}
	if (control != -1)
		close(control);
	if (file != -1)
		close(file);
	return fd;
}

/* Clones of one XFS image share its uuid: it must not be looked at. */
enum err
image_mount(struct op *op, const char *image, const char *where)
{
	const char *type = NULL;
	char dev[32];
	int fd = attach(image, dev, &type), r;

	if (fd == -1)
		return failed(op, image);
	if (type == NULL) {
		close(fd);
		return op_fail(op, ERR_CLOUD, "%s: neither xfs nor ext4", image);
	}
	r = mount(dev, where, type,
	    MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME,
	    strcmp(type, "xfs") == 0 ? "nouuid" : NULL);
	if (r == -1)
		(void)failed(op, image);
	close(fd);			/* the mount holds the device from here */
	return r == 0 ? OK : ERR_CLOUD;
}

/* In a process of its own, whose mount namespace ends with it: fills or grows. */
static enum err
fill(struct op *op, const struct image *m)
{
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return failed(op, "mount namespace");
	TRY(image_mount(op, m->path, m->scratch));
	if (m->tree != NULL)
		TRY(tree_copy(op, m->tree, m->scratch, (uid_t)-1, (gid_t)-1));
	else
		TRY(image_grow(op, m->path, m->scratch, m->gb));
	return umount(m->scratch) == 0 ? OK : failed(op, m->scratch);
}

static enum err
fill_apart(struct op *op, const struct image *m)
{
	char why[256] = "";
	int p[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		return failed(op, "fork");
	if (pid == 0) {
		if (fill(op, m) == OK)
			_exit(0);
		n = write(p[1], op->why, strnlen(op->why, sizeof(why) - 1));
		_exit(n > 0 ? 1 : 2);
	}
	close(p[1]);
	n = read(p[0], why, sizeof(why) - 1);
	close(p[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (n == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return OK;
	return op_fail(op, ERR_CLOUD, "%s: %s", m->path, why);
}

static enum err
mkfs(struct op *op, const struct image *m)
{
	const char *const xfs[] = { "mkfs.xfs", "-q", "-f", m->path, NULL };
	const char *const ext4[] = { "mkfs.ext4", "-q", "-F", "-m", "0", "-E",
	    "lazy_itable_init=1,lazy_journal_init=1,nodiscard", "-d", m->tree,
	    m->path, NULL };

	if (m->fs == LOCAL_EXT4)
		return local_run(op, ext4, NULL, MKFS_MS);
	TRY(local_run(op, xfs, NULL, MKFS_MS));
	return fill_apart(op, m);
}

/*
 * Dug out afterwards: mkfs.xfs sets 64 MiB aside for the log, and a database
 * writes more zeros than one thinks.  Of 72 MiB on disk 9 stay.
 */
enum err
image_make(struct op *op, const struct image *m)
{
	int fd = open(m->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	enum err e;

	if (fd == -1)
		return failed(op, m->path);
	if (ftruncate(fd, (off_t)m->gb << 30) == -1)
		e = failed(op, m->path);
	else
		e = mkfs(op, m);
	if (e == OK)
		e = file_dig(op, fd, m->path);
	if (e == OK && fdatasync(fd) == -1)
		e = failed(op, m->path);
	close(fd);
	return e;
}

/* Calls with what backs each loop device until it says true. */
static bool
loops_any(bool (*is_it)(void *, const char *path), void *arg)
{
	char name[300], path[4096];
	bool found = false;
	struct dirent *e;
	FILE *f;
	DIR *d = opendir("/sys/block");

	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		snprintf(name, sizeof(name), "/sys/block/%s/loop/backing_file",
		    e->d_name);
		if (strncmp(e->d_name, "loop", 4) != 0 ||
		    (f = fopen(name, "re")) == NULL)
			continue;
		if (fgets(path, sizeof(path), f) != NULL) {
			path[strcspn(path, "\n")] = '\0';
			found = is_it(arg, path);
		}
		fclose(f);
	}
	if (d != NULL)
		closedir(d);
	return found;
}

/* A file that was unlinked meanwhile is shown with " (deleted)" behind. */
static bool
is_image(void *image, const char *path)
{
	size_t n = strlen(image);

	return strncmp(path, image, n) == 0 &&
	    (path[n] == '\0' || path[n] == ' ');
}

bool
image_attached(struct op *op, const char *image)
{
	char *path = realpath(op_strdup(op, image), NULL);
	bool found = loops_any(is_image,
	    path != NULL ? path : op_strdup(op, image));

	free(path);
	return found;
}

struct under { struct local_ids *ids; const char *top; };

static bool
under_add(void *arg, const char *path)
{
	struct under *u = arg;
	size_t n = strlen(u->top);
	char *id;

	if (strncmp(path, u->top, n) != 0 || path[n] != '/')
		return false;
	id = op_strndup(u->ids->op, path + n + 1, UUID_LEN);
	if (text_is_uuid(id))
		local_ids_add(u->ids, id);
	return false;
}

void
image_list(struct local_ids *ids, const char *instances)
{
	char *real = realpath(instances, NULL);

	if (real != NULL)
		loops_any(under_add, &(struct under){ ids, real });
	free(real);
}

/* --- growing -------------------------------------------------------------------- */

enum err
image_extend(struct op *op, const char *image, int gb)
{
	int fd = open(image, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	off_t size = (off_t)gb << 30;
	enum err e = OK;
	struct stat st;

	if (fd == -1)
		return failed(op, image);
	if (fstat(fd, &st) == -1 ||
	    (st.st_size < size && ftruncate(fd, size) == -1) ||
	    fsync(fd) == -1)
		e = failed(op, image);
	close(fd);
	return e;
}

/*
 * The device learns that its file has grown; where is a mount of it.  By the
 * mount's own number: one that just died may hold another device a while.
 */
static enum err
loop_grow(struct op *op, const char *image, int where)
{
	struct loop_info64 info;
	struct stat on, file;
	enum err e = OK;
	const char *dev;
	int fd;

	if (fstat(where, &on) == -1 || stat(image, &file) == -1)
		return failed(op, image);
	dev = op_printf(op, "/dev/loop%u", minor(on.st_dev));
	if ((fd = open(dev, O_RDWR | O_CLOEXEC)) == -1)
		return failed(op, dev);
	if (ioctl(fd, LOOP_GET_STATUS64, &info) == -1 ||
	    info.lo_inode != file.st_ino || info.lo_device != file.st_dev)
		e = op_fail(op, ERR_CLOUD, "%s is not %s", dev, image);
	else if (ioctl(fd, LOOP_SET_CAPACITY) == -1)
		e = failed(op, dev);
	close(fd);
	return e;
}

/* As xfs_fs.h of xfsprogs has them, which nobody needs only for this. */
struct geometry {
	uint32_t	 block_size, skip1[6], inodes_percent;
	uint64_t	 blocks, skip2[3];
	uint8_t		 uuid[16];
	uint32_t	 skip3[7];
};
struct growth { uint64_t blocks; uint32_t inodes_percent; };
#define XFS_GEOMETRY _IOR('X', 100, struct geometry)
#define XFS_GROW _IOW('X', 110, struct growth)
#define EXT4_GROW _IOW('f', 16, uint64_t)

static enum err
xfs_grow(struct op *op, int where, uint64_t bytes)
{
	struct growth to = { 0 };
	struct geometry now;

	if (ioctl(where, XFS_GEOMETRY, &now) == -1)
		return failed(op, "geometry of xfs");
	to.blocks = bytes / now.block_size;
	to.inodes_percent = now.inodes_percent;
	if (to.blocks > now.blocks && ioctl(where, XFS_GROW, &to) == -1)
		return failed(op, "grow xfs");
	return OK;
}

/* Wants CAP_SYS_RESOURCE, too. */
static enum err
ext4_grow(struct op *op, int where, uint64_t bytes)
{
	struct statfs now;
	uint64_t blocks;

	if (fstatfs(where, &now) == -1)
		return failed(op, "size of ext4");
	blocks = bytes / (uint64_t)now.f_bsize;
	if (ioctl(where, EXT4_GROW, &blocks) == -1)
		return failed(op, "grow ext4");
	return OK;
}

enum err
image_grow(struct op *op, const char *image, const char *where, int gb)
{
	int fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t bytes = (uint64_t)gb << 30;
	struct statfs fs;
	enum err e;

	if (fd == -1 || fstatfs(fd, &fs) == -1)
		e = failed(op, where);
	else if ((e = loop_grow(op, image, fd)) == OK)
		e = fs.f_type == XFS_SUPER_MAGIC ? xfs_grow(op, fd, bytes) :
		    ext4_grow(op, fd, bytes);
	if (fd != -1)
		close(fd);
	return e;
}

enum err
image_grow_apart(struct op *op, const char *image, const char *scratch,
    int gb)
{
	const struct image m = { .path = image, .scratch = scratch, .gb = gb };

	if (mkdir(scratch, 0700) == -1 && errno != EEXIST)
		return failed(op, scratch);
	return fill_apart(op, &m);
}
