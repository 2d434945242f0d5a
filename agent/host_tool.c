/* Tools: programs that the agent, or what moves data for it, needs for a while. */
#include "agent/host.h"
#include "agent/fence.h"
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>

#define SAID_MOST 4096			/* of what it says the end is kept */

struct child { const struct host_tool *tool; int fence, failed; pid_t parent; };

static bool
descriptor_set(int fd, int at, int flags)
{
	if (fd == -1)
		fd = open("/dev/null", flags);
	return fd != -1 && dup2(fd, at) != -1;
}

/* Whoever died before it could ask to be told of that is no parent any more. */
static bool
dies_with(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static void
child_become(const struct child *c)
{
	const struct host_tool *t = c->tool;
	int why;

	host_child();
	umask(077);
	if (t->apart)
		setpgid(0, 0);
	if (dies_with(c->parent) && descriptor_set(t->in, 0, O_RDONLY) &&
	    descriptor_set(t->out, 1, O_WRONLY) &&
	    (t->err == -1 || dup2(t->err, 2) != -1) && fence_enter(c->fence))
		host_exec(t->argv, t->home);
	why = errno;
	if (write(c->failed, &why, sizeof(why)) == -1)
		_exit(126);
	_exit(127);
}

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

/* The pipe ends when the program runs; before that it tells why not. */
static enum err
child_runs(struct op *op, const struct host_tool *t, pid_t pid, int failed)
{
	int why = 0;
	ssize_t n;

	while ((n = read(failed, &why, sizeof(why))) == -1 && errno == EINTR)
		;
	if (n <= 0)
		return OK;
	waitpid(pid, NULL, 0);
	return op_fail(op, ERR_INTERNAL, "%s: %s", t->argv[0], strerror(why));
}

enum err
host_tool_start(struct op *op, const struct host_tool *t,
    struct host_process *out)
{
	struct child c = { .tool = t, .fence = -1, .parent = getpid() };
	int failed[2];
	pid_t pid;

	*out = (struct host_process){ .watch = -1 };
	if (t->writes != NULL)
		TRY(fence_make(op, &(struct fence){ t->home, t->reads,
		    t->writes }, &c.fence));
	if (c.fence != -1)
		op_defer(op, close_fd, (void *)(intptr_t)c.fence);
	if (pipe2(failed, O_CLOEXEC) == -1)
		return op_fail(op, ERR_INTERNAL, "pipe: %s", strerror(errno));
	op_defer(op, close_fd, (void *)(intptr_t)failed[0]);
	c.failed = failed[1];
	if ((pid = fork()) == 0)
		child_become(&c);
	close(failed[1]);
	if (pid == -1)
		return op_fail(op, ERR_INTERNAL, "fork: %s", strerror(errno));
	if (t->apart)
		setpgid(pid, pid);	/* whichever of us comes first */
	TRY(child_runs(op, t, pid, failed[0]));
	*out = (struct host_process){ .pid = pid, .watch = pidfd_open(pid, 0) };
	if (out->watch != -1)
		return OK;
	host_tool_kill(out);
	return op_fail(op, ERR_INTERNAL, "process %d: %s", (int)pid,
	    strerror(errno));
}

void
host_tool_kill(struct host_process *p)
{
	if (p->pid == 0)
		return;
	if (kill(-p->pid, SIGKILL) == -1)	/* it has no group of its own */
		kill(p->pid, SIGKILL);
	while (waitpid(p->pid, NULL, 0) == -1 && errno == EINTR)
		;
	host_forget(p);
}

enum err
host_tool_end(struct op *op, struct host_process *p, int patience_ms)
{
	struct pollfd end = { .fd = p->watch, .events = POLLIN };
	int status = -1;

	pidfd_send_signal(p->watch, SIGTERM, NULL, 0);
	if (poll(&end, 1, patience_ms) > 0 &&
	    waitpid(p->pid, &status, 0) == p->pid) {
		close(p->watch);
		*p = (struct host_process){ .watch = -1 };
	} else
		host_tool_kill(p);
	return status == 0 ? OK : op_fail(op, ERR_GUEST,
	    "A server that was asked to end did not end well.");
}

/* All that it says, of which the end stays. */
static char *
listen_to(struct op *op, int fd)
{
	char *said = op_alloc(op, 2 * SAID_MOST + 1);
	size_t len = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, said + len, 2 * SAID_MOST - len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len < 2 * SAID_MOST)
			continue;
		memmove(said, said + SAID_MOST, SAID_MOST);
		len = SAID_MOST;
	}
	said[len] = '\0';
	return said;
}

static const char *
last_line(struct op *op, const char *said)
{
	size_t end = strlen(said), at;

	while (end > 0 && said[end - 1] == '\n')
		end--;
	for (at = end; at > 0 && said[at - 1] != '\n'; at--)
		;
	return op_strndup(op, said + at, end - at);
}

static enum err
ended(struct op *op, const struct host_tool *t, int status, const char *said)
{
	const char *name = strrchr(t->argv[0], '/') + 1;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return OK;
	log_warn(op, "%s: %s", name, said);
	return op_fail(op, ERR_GUEST, WIFEXITED(status) ?
	    "%s ended with status %d: %s" : "%s ended with signal %d: %s",
	    name, WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
	    last_line(op, said));
}

enum err
host_tool_run(struct op *op, const struct host_tool *tool, const char **said)
{
	struct host_tool t = *tool;
	struct host_process p;
	int talk[2], status = 0;
	enum err e;

	if (pipe2(talk, O_CLOEXEC) == -1)
		return op_fail(op, ERR_INTERNAL, "pipe: %s", strerror(errno));
	op_defer(op, close_fd, (void *)(intptr_t)talk[0]);
	t.err = talk[1];
	e = host_tool_start(op, &t, &p);
	close(talk[1]);
	TRY(e);
	*said = listen_to(op, talk[0]);
	while (waitpid(p.pid, &status, 0) == -1 && errno == EINTR)
		;
	close(p.watch);
	return ended(op, &t, status, *said);
}
