#include "lib/cloud/local_lock.h"
#include "lib/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define POLL_MS 2

static struct flock
lock_of(enum lock_who who)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET,
	    .l_start = (off_t)who, .l_len = 1 };
}

bool
lock_take(int fd, enum lock_who who)
{
	struct flock l = lock_of(who);

	return fcntl(fd, F_SETLK, &l) == 0;
}

/* From inside of a pid namespace an owner outside has no number: -1 here. */
static pid_t
holder(int fd, enum lock_who who)
{
	struct flock l = lock_of(who);

	if (fcntl(fd, F_GETLK, &l) == -1 || l.l_type == F_UNLCK)
		return 0;
	return l.l_pid > 0 ? l.l_pid : -1;
}

bool
lock_held(int fd, enum lock_who who)
{
	return holder(fd, who) != 0;
}

pid_t
lock_owner(const char *path, enum lock_who who)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	pid_t pid;

	if (fd == -1)
		return 0;
	pid = holder(fd, who);
	close(fd);
	return pid;
}

bool
lock_alive(const char *path)
{
	return lock_owner(path, LOCK_LAUNCHER) != 0 ||
	    lock_owner(path, LOCK_INIT) != 0;
}

/* The pid is pinned first, and asked again: it cannot have been reused. */
static void
signal_owner(const char *path, enum lock_who who, int sig)
{
	pid_t pid = lock_owner(path, who);
	int fd;

	if (pid <= 0 || (fd = pidfd_open(pid, 0)) == -1)
		return;
	if (lock_owner(path, who) == pid)
		pidfd_send_signal(fd, sig, NULL, 0);
	close(fd);
}

void
lock_signal(const char *path, int sig)
{
	signal_owner(path, LOCK_LAUNCHER, sig);
	if (sig == SIGKILL || lock_owner(path, LOCK_LAUNCHER) == 0)
		signal_owner(path, LOCK_INIT, sig);
}

bool
lock_wait_gone(const char *path, int ms)
{
	int64_t until = clock_ms() + ms;

	while (lock_alive(path)) {
		if (clock_ms() >= until)
			return false;
		clock_sleep_ms(POLL_MS);
	}
	return true;
}

static void
close_it(void *fd)
{
	close((int)(intptr_t)fd);
}

enum err
lock_file(struct op *op, const char *path, enum lock_kind kind, int *fd)
{
	int how = kind == LOCK_SHARED ? LOCK_SH :
	    kind == LOCK_ALONE ? LOCK_EX : LOCK_EX | LOCK_NB;

	if (*fd == -1) {
		*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    0600);
		if (*fd == -1)
			return op_fail(op, ERR_CLOUD, "%s: %s", path,
			    strerror(errno));
		op_defer(op, close_it, (void *)(intptr_t)*fd);
	}
	while (flock(*fd, how) == -1) {
		if (errno == EWOULDBLOCK)
			return op_fail(op, ERR_UNAVAILABLE, "%s is locked",
			    path);
		if (errno != EINTR)
			return op_fail(op, ERR_CLOUD, "%s: %s", path,
			    strerror(errno));
	}
	return OK;
}
