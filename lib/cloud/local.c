/*
 * How well instances can be kept apart on this machine.  The best mode whose
 * every part is seen to work is taken; what a lesser one lacks is said once.
 */
#include "lib/cloud/local.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/cloud/local_cgroup.h"
#include "lib/cloud/local_image.h"
#include "lib/cloud/local_link.h"
#include "lib/cloud/local_sandbox.h"

#include <errno.h>
#include <string.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const local_mode_names[LOCAL__MAX] = {
	[LOCAL_FULL] = "full", [LOCAL_USERNS] = "userns",
	[LOCAL_LANDLOCK] = "landlock", [LOCAL_PLAIN] = "plain",
};
const char *const local_fs_names[LOCAL_FS__MAX] = {
	[LOCAL_XFS] = "xfs", [LOCAL_EXT4] = "ext4",
	[LOCAL_DIRECTORY] = "directory",
};

static struct local found;
static bool opened;

const struct local *
local_found(void)
{
	return &found;
}

/* --- what works here: each tried in a process of its own ------------------- */

static bool
full_works(struct op *op)
{
	int fd;

	return unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
	    CLONE_NEWUTS | CLONE_NEWNET) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("tmpfs", "/tmp", "tmpfs", 0, "size=1m") == 0 &&
	    link_socket(op, &fd) == OK &&
	    link_bridge(op, fd, "probe", "127.1.2.3", 24) == OK &&
	    access("/usr/sbin/nft", X_OK) == 0 &&
	    setresuid(65534, 65534, 65534) == 0;
}

/* As an instance's own user would: root has rights here that others lack. */
static bool
userns_works(struct op *op)
{
	(void)op;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1)
		return false;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
	    CLONE_NEWIPC | CLONE_NEWUTS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool
landlock_works(struct op *op)
{
	(void)op;
	return sandbox_landlock_abi() > 0;
}

static bool
plain_works(struct op *op)
{
	(void)op;
	return true;
}

static const struct {
	bool		(*works)(struct op *);
	const char	 *lacks;
} modes[LOCAL__MAX] = {
	[LOCAL_FULL]     = { full_works,     "nothing" },
	[LOCAL_USERNS]   = { userns_works,   "own addresses, a volume of its own size" },
	[LOCAL_LANDLOCK] = { landlock_works, "hidden processes, own addresses, "
					     "a volume of its own size" },
	[LOCAL_PLAIN]    = { plain_works,    "any wall but file permissions" },
};

static bool
mode_works(struct op *op, enum local_mode mode)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(modes[mode].works(op) ? 0 : 1);
	while (pid > 0 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int
name_find(const char *const *names, int n, const char *name)
{
	int i = 0;

	while (i < n && strcmp(names[i], name) != 0)
		i++;
	return i;
}

static enum err
mode_choose(struct op *op)
{
	const char *want = conf_str("local.mode");
	int m = strcmp(want, "auto") == 0 ? LOCAL_FULL :
	    name_find(local_mode_names, LOCAL__MAX, want);

	if (m == LOCAL__MAX)
		return op_fail(op, ERR_BAD_REQUEST, "local.mode: %s is none of "
		    "auto, full, userns, landlock, plain", want);
	while (!mode_works(op, (enum local_mode)m)) {
		if (strcmp(want, "auto") != 0)
			return op_fail(op, ERR_CLOUD, "local.mode: %s does not "
			    "work on this machine for this user", want);
		m++;			/* plain always works */
	}
	found.mode = (enum local_mode)m;
	return OK;
}

/* An image needs to be mounted by the sandbox: only root's may. */
static enum err
fs_choose(struct op *op)
{
	const char *want = conf_str("local.filesystem"), *why = NULL;
	int f = strcmp(want, "auto") == 0 ? LOCAL_XFS :
	    name_find(local_fs_names, LOCAL_FS__MAX, want);

	if (f == LOCAL_FS__MAX)
		return op_fail(op, ERR_BAD_REQUEST, "local.filesystem: %s is "
		    "none of auto, xfs, ext4, directory", want);
	if (found.mode != LOCAL_FULL && strcmp(want, "auto") == 0)
		f = LOCAL_DIRECTORY;
	while ((why = image_unfit(op, (enum local_fs)f)) != NULL) {
		if (strcmp(want, "auto") != 0)
			return op_fail(op, ERR_CLOUD, "local.filesystem: %s",
			    why);
		f++;			/* a directory always fits */
	}
	found.fs = (enum local_fs)f;
	return OK;
}

enum err
local_open(struct op *op)
{
	const char *limits;

	if (opened)
		return OK;
	TRY(cgroup_open(op, "/proc/self/mounts"));
	TRY(mode_choose(op));
	TRY(fs_choose(op));
	found.own_uids = geteuid() == 0;
	limits = cgroup_what(op);
	log_info(op, "local: mode %s, volumes on %s, limits on %s; lacks %s%s",
	    local_mode_names[found.mode], local_fs_names[found.fs],
	    *limits != '\0' ? limits : "nothing", modes[found.mode].lacks,
	    found.own_uids ? "" : "; every instance is the same user");
	opened = true;
	return OK;
}
