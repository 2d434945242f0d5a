/*
 * The file system as an instance sees it: a small tmpfs, read-only in the end,
 * with the system's programs, a private /etc, /dev, /proc and /tmp, the volume, and
 * the way to Redis.
 */
#include "lib/cloud/local_image.h"
#include "lib/cloud/local_link.h"
#include "lib/cloud/local_sandbox.h"
#include "lib/cloud/local_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_ONLY (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define DATA_ONLY (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Taken from the host as they are; what is not there is left out. */
static const char *const shown[] = {
	"/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs",
	"/etc/ssl/openssl.cnf", "/etc/localtime", "/etc/services",
	"/etc/nsswitch.conf", NULL
};
static const char *const devices[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
	NULL
};
static const struct { const char *path, *to; } links[] = {
	{ "/bin", "usr/bin" }, { "/sbin", "usr/sbin" }, { "/lib", "usr/lib" },
	{ "/lib32", "usr/lib32" }, { "/lib64", "usr/lib64" },
	{ "/dev/fd", "/proc/self/fd" }, { "/var/tmp", "/tmp" },
	{ NULL, NULL }
};
static const struct { const char *path, *options; } scratch[] = {
	{ "/tmp", "size=64m,mode=1777" },
	{ "/dev/shm", "size=64m,mode=1777" },
	{ NULL, NULL }
};

static enum err
failed(struct op *op, const char *what)
{
	return op_fail(op, ERR_CLOUD, "sandbox: %s: %s", what,
	    strerror(errno));
}

static const char *
in(struct op *op, const struct sandbox *s, const char *path)
{
	return op_printf(op, "%s/root%s", s->dir, path);
}

static enum err
dirs_make(struct op *op, const char *path)
{
	char *p = op_strdup(op, path);

	for (char *q = p + 1; (q = strchr(q, '/')) != NULL; q++) {
		*q = '\0';
		if (mkdir(p, 0755) == -1 && errno != EEXIST && errno != EROFS)
			return failed(op, p);
		*q = '/';
	}
	if (mkdir(p, 0755) == -1 && errno != EEXIST)
		return failed(op, p);
	return OK;
}

static enum err
file_make(struct op *op, const char *path, const char *text)
{
	char *above = op_strdup(op, path);
	size_t n = strlen(text);
	int fd;

	*strrchr(above, '/') = '\0';
	TRY(dirs_make(op, above));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd == -1 || write(fd, text, n) != (ssize_t)n)
		return failed(op, path);
	close(fd);
	return OK;
}

/* Flags that the host set are kept, and these added, below it as well. */
static enum err
bind(struct op *op, const char *from, const char *to, uint64_t flags)
{
	struct mount_attr attr = { .attr_set = flags };
	struct stat st;

	if (stat(from, &st) == -1)
		return failed(op, from);
	TRY(S_ISDIR(st.st_mode) ? dirs_make(op, to) : file_make(op, to, ""));
	if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) == -1 ||
	    (flags != 0 && mount_setattr(AT_FDCWD, to, AT_RECURSIVE, &attr,
	    sizeof(attr)) == -1))
		return failed(op, from);
	return OK;
}

static enum err
base_make(struct op *op, const struct sandbox *s)
{
	const char *root = in(op, s, "");

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return failed(op, "private mounts");
	if (mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV,
	    "size=1m,mode=755") == -1)
		return failed(op, root);
	for (size_t i = 0; shown[i] != NULL; i++)
		if (access(shown[i], R_OK) == 0)
			TRY(bind(op, shown[i], in(op, s, shown[i]),
			    READ_ONLY));
	for (size_t i = 0; devices[i] != NULL; i++)
		TRY(bind(op, devices[i], in(op, s, devices[i]),
		    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
	for (size_t i = 0; scratch[i].path != NULL; i++) {
		const char *at = in(op, s, scratch[i].path);

		TRY(dirs_make(op, at));
		if (mount("tmpfs", at, "tmpfs", MS_NOSUID | MS_NODEV |
		    MS_NOEXEC, scratch[i].options) == -1)
			return failed(op, at);
	}
	TRY(dirs_make(op, in(op, s, "/var")));
	for (size_t i = 0; links[i].path != NULL; i++)
		if (symlink(links[i].to, in(op, s, links[i].path)) == -1)
			return failed(op, links[i].path);
	return OK;
}

/* Nobody's accounts but the instance's own. */
static enum err
etc_make(struct op *op, const struct sandbox *s)
{
	TRY(file_make(op, in(op, s, "/etc/passwd"), op_printf(op,
	    "root:x:0:0:root:/:/usr/sbin/nologin\n"
	    "coffer:x:%s:%s::" SANDBOX_DATA ":/usr/sbin/nologin\n",
	    s->uid, s->uid)));
	TRY(file_make(op, in(op, s, "/etc/group"), op_printf(op,
	    "root:x:0:\ncoffer:x:%s:\n", s->uid)));
	TRY(file_make(op, in(op, s, "/etc/hostname"), "instance\n"));
	return file_make(op, in(op, s, "/etc/hosts"),
	    "127.0.0.1 localhost instance\n");
}

/* Other users' processes are invisible: those few that are here as root. */
static enum err
proc_mount(struct op *op, const struct sandbox *s)
{
	const char *at = in(op, s, "/proc");

	TRY(dirs_make(op, at));
	if (mount("proc", at, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    "hidepid=2") == -1)
		return failed(op, "proc");
	return OK;
}

static enum err
volume_mount(struct op *op, const struct sandbox *s)
{
	const char *at = in(op, s, SANDBOX_DATA);
	struct stat st;

	if (stat(s->volume, &st) == -1)
		return failed(op, s->volume);
	TRY(dirs_make(op, at));
	if (S_ISDIR(st.st_mode))
		TRY(bind(op, s->volume, at, DATA_ONLY));
	else
		TRY(image_mount(op, s->volume, at));
	return sandbox_settle(op, s, at);
}

static enum err
enter(struct op *op, const struct sandbox *s)
{
	struct mount_attr attr = { .attr_set = READ_ONLY };

	if (chdir(in(op, s, "")) == -1 ||
	    syscall(SYS_pivot_root, ".", ".") == -1)
		return failed(op, "pivot_root");
	if (umount2(".", MNT_DETACH) == -1 || chdir("/") == -1)
		return failed(op, "leave the old root");
	if (mount_setattr(AT_FDCWD, "/", 0, &attr, sizeof(attr)) == -1)
		return failed(op, "read-only root");
	return OK;
}

enum err
sandbox_view(struct op *op, const struct sandbox *s)
{
	const char *mover = sandbox_mover(op, s);

	TRY(base_make(op, s));
	TRY(etc_make(op, s));
	TRY(proc_mount(op, s));
	TRY(volume_mount(op, s));
	if (*s->bus != '\0')
		TRY(bind(op, s->bus, in(op, s, SANDBOX_BUS), READ_ONLY |
		    MOUNT_ATTR_NOEXEC));
	if (*s->agent != '\0')
		TRY(bind(op, s->agent, in(op, s, SANDBOX_AGENT), READ_ONLY));
	if (*mover != '\0')
		TRY(bind(op, mover, in(op, s, SANDBOX_MOVER), READ_ONLY));
	if (*s->home != '\0')
		TRY(bind(op, s->home, in(op, s, s->home), READ_ONLY));
	if (sethostname("instance", 8) == -1 && errno != EPERM)
		return failed(op, "host name");	/* a unit may forbid it: no harm */
	return enter(op, s);
}

/*
 * Ownership last on the top: a start that was cut off in the middle is seen by
 * it and does the rest.  agent.conf is made anew at each start; a link that
 * a tenant laid in its place is not followed.
 */
enum err
sandbox_settle(struct op *op, const struct sandbox *s, const char *where)
{
	const char *conf = op_printf(op, "%s/agent.conf", where);
	uid_t uid = sandbox_uid(s);
	gid_t gid = geteuid() == 0 ? uid : getegid();
	struct stat st;

	if (stat(where, &st) == -1)
		return failed(op, where);
	if (st.st_uid != uid)
		TRY(tree_own(op, where, uid, gid));
	if (s->conf == NULL)
		return OK;
	TRY(file_write(op, conf, s->conf, 0600));
	if (chmod(where, 0700) == -1 || lchown(conf, uid, gid) == -1)
		return failed(op, conf);
	return OK;
}
