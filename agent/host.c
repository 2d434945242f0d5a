#include "agent/host.h"
#include "agent/fence.h"
#include "agent/file.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>

#define KILL_MS	5000			/* the kernel's time to end what was killed */

void
host_child(void)
{
	struct rlimit no_core = { 0, 0 };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
	setrlimit(RLIMIT_CORE, &no_core);
}

void
host_exec(const char *const *argv, const char *home)
{
	char libraries[PATH_MAX + 32];
	char *const environment[] = {
		(char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" },
		(char[]){ "LANG=C.UTF-8" },
		home != NULL ? libraries : NULL, NULL
	};

	snprintf(libraries, sizeof(libraries), "LD_LIBRARY_PATH=%s",
	    home != NULL ? home : "");
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	execve(argv[0], (char *const *)(uintptr_t)argv, environment);
}

static bool
connect_to(const char *input, const char *log)
{
	int in = open(input != NULL ? input : "/dev/null", O_RDONLY);
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	return in != -1 && out != -1 && dup2(in, 0) != -1 &&
	    dup2(out, 1) != -1 && dup2(out, 2) != -1;
}

static bool
pid_write(const char *path)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	return fd != -1 && write(fd, text, (size_t)n) == n;
}

/* In the child.  Its own session: a signal to the agent's group is not for it. */
static void
child_become(const struct host_command *c, int fence, int failed)
{
	int why;

	setsid();
	host_child();
	if (pid_write(c->pid_file) && connect_to(c->input, c->log) &&
	    fence_enter(fence))
		host_exec(c->argv, c->home);
	why = errno;
	if (write(failed, &why, sizeof(why)) == -1)
		_exit(126);
	_exit(127);
}

static enum err
process_watch(struct op *op, pid_t pid, struct host_process *out)
{
	int fd = pidfd_open(pid, 0);

	if (fd == -1)
		return op_fail(op, ERR_INTERNAL, "process %d: %s", (int)pid,
		    strerror(errno));
	*out = (struct host_process){ .pid = pid, .watch = fd };
	return OK;
}

static void
fence_close(void *fence)
{
	close((int)(intptr_t)fence);
}

enum err
host_start(struct op *op, const struct host_command *c,
    struct host_process *out)
{
	int failed[2], why = 0, fence = -1;
	ssize_t n;
	pid_t pid;

	*out = (struct host_process){ .watch = -1 };
	if (c->writes != NULL)
		TRY(fence_make(op, &(struct fence){ c->home, c->reads,
		    c->writes }, &fence));
	if (fence != -1)
		op_defer(op, fence_close, (void *)(intptr_t)fence);
	if (pipe2(failed, O_CLOEXEC) == -1)
		return op_fail(op, ERR_INTERNAL, "pipe: %s", strerror(errno));
	if ((pid = fork()) == 0)
		child_become(c, fence, failed[1]);
	close(failed[1]);
	if (pid == -1) {
		close(failed[0]);
		return op_fail(op, ERR_INTERNAL, "fork: %s", strerror(errno));
	}
	/* The pipe ends when the program runs; before that it tells why not. */
	while ((n = read(failed[0], &why, sizeof(why))) == -1 && errno == EINTR)
		;
	close(failed[0]);
	if (n > 0) {
		waitpid(pid, NULL, 0);
		unlink(c->pid_file);
		return op_fail(op, ERR_INTERNAL, "%s: %s", c->argv[0],
		    strerror(why));
	}
	TRY(process_watch(op, pid, out));
	out->ends_by = c->ends_by;
	return OK;
}

/* What a link of a process names, behind the path; NULL: it does not begin so. */
static const char *
beyond(struct op *op, int pid, const char *link, const char *path)
{
	char there[PATH_MAX], *real = realpath(path, NULL);
	ssize_t n = readlink(op_printf(op, "/proc/%d/%s", pid, link), there,
	    sizeof(there) - 1);
	const char *rest = NULL;

	there[n > 0 ? n : 0] = '\0';
	if (real != NULL && strncmp(there, real, strlen(real)) == 0)
		rest = op_strdup(op, there + strlen(real));
	free(real);
	return rest;
}

/* The program's file may have been replaced since: the kernel then says so. */
static bool
runs_program(struct op *op, int pid, const char *program)
{
	const char *rest = beyond(op, pid, "exe", program);

	return rest != NULL && (*rest == '\0' ||
	    strcmp(rest, " (deleted)") == 0);
}

static bool
works_in(struct op *op, int pid, const char *directory)
{
	const char *rest = beyond(op, pid, "cwd", directory);

	return rest != NULL && (*rest == '\0' || *rest == '/');
}

/* Tells this instance's server from another's of the same account. */
static bool
has_argument(struct op *op, int pid, const char *argument)
{
	const char *line;
	size_t len;

	if (file_get(op, op_printf(op, "/proc/%d/cmdline", pid), &line,
	    &len) != OK)
		return false;
	for (const char *end = line + len; line < end; line += strlen(line) + 1)
		if (strcmp(line, argument) == 0)
			return true;
	return false;
}

bool
host_adopt(struct op *op, const struct host_command *c,
    struct host_process *out)
{
	const char *text;
	size_t len;
	int64_t pid;

	*out = (struct host_process){ .watch = -1 };
	if (file_get(op, c->pid_file, &text, &len) != OK || len == 0 ||
	    !text_number(op_strndup(op, text, len - 1), 1, INT_MAX, &pid))
		return false;
	/* Held first and looked at then: the number cannot pass to another. */
	if (process_watch(op, (pid_t)pid, out) != OK)
		return false;
	out->ends_by = c->ends_by;
	if (host_running(out) && runs_program(op, (int)pid, c->argv[0]) &&
	    has_argument(op, (int)pid, c->argv[1]))
		return true;
	host_forget(out);
	return false;
}

static bool
ends_within(const struct host_process *p, int ms)
{
	struct pollfd fd = { .fd = p->watch, .events = POLLIN };
	int64_t until = clock_ms() + ms, left;

	do {
		left = until - clock_ms();
		if (poll(&fd, 1, left > 0 ? (int)left : 0) > 0)
			return true;
	} while (left > 0);
	return false;
}

bool
host_running(const struct host_process *p)
{
	return p->pid != 0 && !ends_within(p, 0);
}

static void
end_now(const struct host_process *p)
{
	pidfd_send_signal(p->watch, SIGKILL, NULL, 0);
	ends_within(p, KILL_MS);
}

void
host_end(struct op *op, struct host_process *p, int patience_ms)
{
	if (p->pid == 0)
		return;
	pidfd_send_signal(p->watch, p->ends_by != 0 ? p->ends_by : SIGTERM,
	    NULL, 0);
	if (!ends_within(p, patience_ms)) {
		log_warn(op, "process %d does not end: killed", p->pid);
		end_now(p);
	}
	host_forget(p);
}

enum err
host_run(struct op *op, const struct host_command *c, int patience_ms)
{
	struct host_process p;
	int status = 0;
	bool ended;

	TRY(host_start(op, c, &p));
	ended = ends_within(&p, patience_ms);
	if (ended && waitpid(p.pid, &status, 0) != p.pid)
		status = -1;
	unlink(c->pid_file);
	host_end(op, &p, 0);
	return ended && status == 0 ? OK : op_fail(op, ERR_INTERNAL,
	    "%s did not do its work: see %s", c->argv[0], c->log);
}

/* An adopted process is not ours to reap; waitpid then has nothing to say. */
void
host_forget(struct host_process *p)
{
	if (p->pid != 0)
		waitpid(p->pid, NULL, WNOHANG);
	if (p->watch != -1)
		close(p->watch);
	*p = (struct host_process){ .watch = -1 };
}

/* Held first and looked at then, as above. */
static void
sweep_one(struct op *op, int pid, const char *program, const char *directory)
{
	struct host_process p;

	if (process_watch(op, pid, &p) != OK)
		return;
	if (runs_program(op, pid, program) && works_in(op, pid, directory)) {
		log_warn(op, "process %d was left by the server: killed", pid);
		end_now(&p);
	}
	host_forget(&p);
}

void
host_sweep(struct op *op, const char *program, const char *directory)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	int64_t pid;

	if (proc == NULL)
		return;
	while ((d = readdir(proc)) != NULL)
		if (text_number(d->d_name, 1, INT_MAX, &pid))
			sweep_one(op, (int)pid, program, directory);
	closedir(proc);
}

int
host_pid(struct host_process *p)
{
	if (!host_running(p))
		host_forget(p);
	return p->pid;
}
