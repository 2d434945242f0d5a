#include "t/unit/server_fixture.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"
#include "lib/base/op.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	65534
#define MOST	4

static struct server_fixture *made[MOST];
static size_t count;

int
server_fixture_run(const struct server_fixture *f, const char *log,
    const char *const *argv)
{
	char output[128];
	int status, fd;
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(output, sizeof(output), "%s/%s", f->dir, log);
		fd = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What a failed test left running goes with the directory. */
static void
remove_one(const struct server_fixture *f)
{
	const char *const rm[] = { "rm", "-rf", f->dir, NULL };
	char path[128];
	FILE *file;
	int pid;

	snprintf(path, sizeof(path), "%s/agent/server.pid", f->data);
	if ((file = fopen(path, "r")) != NULL) {
		if (fscanf(file, "%d", &pid) == 1 && pid > 1 &&
		    kill(pid, 0) == 0)
			kill(pid, SIGKILL);
		fclose(file);
	}
	server_fixture_run(f, "rm.log", rm);
}

static void
at_exit(void)
{
	for (size_t i = 0; i < count; i++)
		if (made[i]->owner == getpid())
			remove_one(made[i]);
}

void
server_fixture_set(const char *section, const char *name, const char *value)
{
	struct op op;

	op_begin(&op, "test");
	if (conf_set(&op, section, name, value) != OK)
		errx(1, "%s", op.why);
	op_end(&op);
}

static void
template_make(struct op *op, const struct server_fixture *f,
    const struct engine *e)
{
	const char *argv[16];
	size_t n;

	if (mkdir(f->data, 0700) == -1)
		err(1, "%s", f->data);
	if (e->install == NULL)
		return;
	for (n = 0; e->install[n] != NULL; n++)
		argv[n] = op_printf(op, e->install[n], f->data,
		    engine_home(e));
	argv[n] = NULL;
	if (server_fixture_run(f, "install.log", argv) != 0)
		errx(1, "no template: see %s/install.log", f->dir);
}

static bool
is_there(struct op *op, const struct engine *e)
{
	return access(engine_server(op, e), X_OK) == 0 &&
	    (e->install == NULL || *e->install[0] != '/' || access(e->install[0], X_OK) == 0);
}

/* In memory: engines make and remove files by the thousand. */
static const char *
room(void)
{
	struct statvfs shm;

	return statvfs("/dev/shm", &shm) == 0 &&
	    access("/dev/shm", W_OK) == 0 &&
	    shm.f_bavail * shm.f_frsize > (fsblkcnt_t)4 << 30 ?
	    "/dev/shm" : "/tmp";
}

bool
server_fixture_make(struct server_fixture *f)
{
	const struct engine *e = engine_find(f->engine);
	struct op op;
	bool there;

	op_begin(&op, "test");
	if ((there = is_there(&op, e))) {
		if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
		    setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
			err(1, "cannot become nobody");
		snprintf(f->dir, sizeof(f->dir), "%s/coffer-%s.XXXXXX",
		    room(), f->engine);
		if (mkdtemp(f->dir) == NULL)
			err(1, "%s", f->dir);
		f->owner = getpid();
		snprintf(f->address, sizeof(f->address), "127.77.%d.%d",
		    f->owner / 250 % 250, 1 + f->owner % 250);
		snprintf(f->data, sizeof(f->data), "%s/data", f->dir);
		if (count == 0)
			atexit(at_exit);
		if (count == MOST)
			errx(1, "too many fixtures");
		made[count++] = f;
		template_make(&op, f, e);
	}
	op_end(&op);
	return there;
}

void
server_fixture_use(const struct server_fixture *f)
{
	server_fixture_set("agent", "data", f->data);
	server_fixture_set("agent", "address", f->address);
	server_fixture_set("agent", "port", f->port);
	server_fixture_set("agent", "memory_mb", "128");
}
