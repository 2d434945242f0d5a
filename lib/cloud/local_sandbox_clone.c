/* Forks: into the cgroups, then into all namespaces at once. */
#include "lib/cloud/local_sandbox.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* "tasks" is what only version 1 has. */
static bool
is_version_1(struct op *op, const char *dir)
{
	return access(op_printf(op, "%s/tasks", dir), F_OK) == 0;
}

pid_t
sandbox_fork(struct op *op, const struct sandbox *s)
{
	struct clone_args a = { .flags = CLONE_INTO_CGROUP,
	    .exit_signal = SIGCHLD };
	char **dirs = text_split(op, op_strdup(op, s->cgroups), " ");
	pid_t pid;
	int fd;

	while (*dirs != NULL && is_version_1(op, *dirs))
		dirs++;
	if (*dirs == NULL ||
	    (fd = open(*dirs, O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	a.cgroup = (uint64_t)fd;
	pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
	close(fd);
	return pid;
}

/*
 * A thread that moves itself through version 1's "tasks" takes no lock of the
 * whole system; through cgroup.procs each move waits for one.
 */
enum err
sandbox_join(struct op *op, const struct sandbox *s, bool inside)
{
	char **dirs = text_split(op, op_strdup(op, s->cgroups), " ");

	for (; *dirs != NULL; dirs++) {
		bool v1 = is_version_1(op, *dirs);
		int fd;

		if (inside && !v1)
			continue;
		fd = open(op_printf(op, "%s/%s", *dirs, v1 ? "tasks" :
		    "cgroup.procs"), O_WRONLY | O_CLOEXEC);
		if (fd == -1 || write(fd, "0", 1) != 1)
			return op_fail(op, ERR_CLOUD, "sandbox: %s: %s", *dirs,
			    strerror(errno));
		close(fd);
	}
	return OK;
}

static const int flags_of[LOCAL__MAX] = {
	[LOCAL_FULL] = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
	    CLONE_NEWUTS | CLONE_NEWNET,
	[LOCAL_USERNS] = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
	    CLONE_NEWIPC | CLONE_NEWUTS,
};

static bool
put(struct op *op, pid_t pid, const char *file, const char *text)
{
	int fd = open(op_printf(op, "/proc/%d/%s", (int)pid, file),
	    O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd == -1)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

/* One id, the same inside and outside: that much an ordinary user may map. */
static enum err
map(struct op *op, pid_t pid, uid_t uid)
{
	const char *one = op_printf(op, "%u %u 1", uid, uid);
	const char *group = geteuid() == 0 ? one :
	    op_printf(op, "%u %u 1", getegid(), getegid());

	if (!put(op, pid, "setgroups", "deny") ||
	    !put(op, pid, "uid_map", one) || !put(op, pid, "gid_map", group))
		return op_fail(op, ERR_CLOUD, "user namespace: %s",
		    strerror(errno));
	return OK;
}

/* The child may not do a thing before its ids mean something. */
static enum err
wait_for_map(struct op *op, int go, uid_t uid)
{
	gid_t gid = geteuid() == uid ? getegid() : uid;
	char c;

	if (read(go, &c, 1) != 1)
		_exit(1);
	if (setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return op_fail(op, ERR_CLOUD, "become %u: %s", uid,
		    strerror(errno));
	return OK;
}

enum err
sandbox_clone(struct op *op, enum local_mode mode, uid_t uid, pid_t *pid)
{
	int go[2];
	enum err e = OK;

	if (pipe2(go, O_CLOEXEC) == -1)
		return op_fail(op, ERR_CLOUD, "pipe: %s", strerror(errno));
	*pid = (pid_t)syscall(SYS_clone, flags_of[mode] | SIGCHLD, 0, 0, 0, 0);
	if (*pid == -1)
		e = op_fail(op, ERR_CLOUD, "namespaces: %s", strerror(errno));
	else if (*pid == 0 && mode == LOCAL_USERNS) {
		close(go[1]);		/* a dead parent must read as an end */
		e = wait_for_map(op, go[0], uid);
		close(go[0]);
		return e;
	} else if (*pid > 0 && mode == LOCAL_USERNS) {
		if ((e = map(op, *pid, uid)) == OK && write(go[1], "", 1) != 1)
			e = op_fail(op, ERR_CLOUD, "pipe: %s",
			    strerror(errno));
		if (e != OK) {
			kill(*pid, SIGKILL);
			waitpid(*pid, NULL, 0);
		}
	}
	close(go[0]);
	close(go[1]);
	return e;
}
