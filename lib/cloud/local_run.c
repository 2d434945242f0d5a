#include "lib/cloud/local_run.h"
#include "lib/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSTEM_PATH "/usr/sbin:/usr/bin:/sbin:/bin"
#define TAIL 1024

/* A file in memory: no pipe that could fill up while nobody reads. */
static int
input_open(const char *text)
{
	size_t n = strlen(text);
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd == -1)
		return -1;
	if (write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char *
program_find(struct op *op, const char *name)
{
	char *dirs = op_strdup(op, SYSTEM_PATH), *dir;
	const char *path;

	if (strchr(name, '/') != NULL)
		return name;
	while ((dir = strsep(&dirs, ":")) != NULL) {
		path = op_printf(op, "%s/%s", dir, name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return name;
}

static int
spawn(const char *path, const char *const *argv, int in, int complaints,
    pid_t *pid)
{
	static const char *const env[] = { "PATH=" SYSTEM_PATH, "LC_ALL=C",
	    "ASAN_OPTIONS=detect_leaks=0", NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&at);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setsigdefault(&at, &all);
	posix_spawnattr_setflags(&at,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&fa);
	if (in == -1)
		posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY,
		    0);
	else
		posix_spawn_file_actions_adddup2(&fa, in, 0);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, complaints, 2);
	posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	r = posix_spawn(pid, path, &fa, &at, (char *const *)(uintptr_t)argv,
	    (char *const *)(uintptr_t)env);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at);
	return r;
}

/* Keeps the last bytes; false when the time was over before the end. */
static bool
complaints_read(int fd, char tail[TAIL + 1], int64_t until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[TAIL];
	size_t have = 0, drop;
	int64_t left;
	ssize_t n;

	for (tail[0] = '\0'; (left = until - clock_ms()) > 0; ) {
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		if ((n = read(fd, buf, sizeof(buf))) <= 0)
			return true;
		drop = have + (size_t)n > TAIL ? have + (size_t)n - TAIL : 0;
		memmove(tail, tail + drop, have - drop);
		memcpy(tail + have - drop, buf, (size_t)n);
		have += (size_t)n - drop;
		tail[have] = '\0';
	}
	return false;
}

static enum err
end_judge(struct op *op, const char *name, int status, const char *tail)
{
	char *last = op_strdup(op, tail), *nl;

	while ((nl = strrchr(last, '\n')) != NULL && nl[1] == '\0')
		*nl = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return OK;
	if (WIFSIGNALED(status))
		return op_fail(op, ERR_CLOUD, "%s: killed by signal %d: %s",
		    name, WTERMSIG(status), last);
	return op_fail(op, ERR_CLOUD, "%s: exit %d: %s", name,
	    WEXITSTATUS(status), last);
}

enum err
local_run(struct op *op, const char *const *argv, const char *input, int ms)
{
	const char *path = program_find(op, argv[0]);
	int in = input == NULL ? -1 : input_open(input), p[2], r, status = -1;
	char tail[TAIL + 1];
	bool ended;
	pid_t pid;

	if ((input != NULL && in == -1) || pipe2(p, O_CLOEXEC) == -1) {
		if (in != -1)
			close(in);
		return op_fail(op, ERR_CLOUD, "%s: %s", path, strerror(errno));
	}
	r = spawn(path, argv, in, p[1], &pid);
	close(p[1]);
	if (in != -1)
		close(in);
	if (r != 0) {
		close(p[0]);
		return op_fail(op, ERR_CLOUD, "%s: %s", path, strerror(r));
	}
	ended = complaints_read(p[0], tail, clock_ms() + ms);
	close(p[0]);
	if (!ended)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (!ended)
		return op_fail(op, ERR_CLOUD, "%s: took longer than %d ms",
		    path, ms);
	return end_judge(op, path, status, tail);
}
