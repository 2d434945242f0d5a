#include "lib/cloud/local_image.h"
#include "lib/base/text.h"
#include "lib/cloud/local_run.h"
#include "lib/cloud/local_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
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

/* In a process of its own, whose mount namespace ends with it. */
static enum err
fill(struct op *op, const struct image *m)
{
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return failed(op, "mount namespace");
	TRY(image_mount(op, m->path, m->scratch));
	TRY(tree_copy(op, m->tree, m->scratch, (uid_t)-1, (gid_t)-1));
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
	return op_fail(op, ERR_CLOUD, "fill %s: %s", m->path, why);
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
