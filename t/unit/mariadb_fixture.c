#include "t/unit/mariadb_fixture.h"
#include "lib/base/conf.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	65534

static char dir[64], data[96];
static char address[24];		/* the program's own: others may run beside it */
static pid_t owner;

static int
run(const char *output, const char *const *argv)
{
	int status, fd;
	pid_t pid = fork();

	if (pid == 0) {
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
at_exit(void)
{
	const char *const rm[] = { "rm", "-rf", dir, NULL };
	char path[128];
	FILE *f;
	int pid;

	if (owner != getpid())
		return;
	snprintf(path, sizeof(path), "%s/agent/server.pid", data);
	if ((f = fopen(path, "r")) != NULL) {
		if (fscanf(f, "%d", &pid) == 1 && pid > 1 && kill(pid, 0) == 0)
			kill(pid, SIGKILL);
		fclose(f);
	}
	run("/dev/null", rm);
}

static void
set(const char *section, const char *name, const char *value)
{
	struct op op;

	op_begin(&op, "test");
	if (conf_set(&op, section, name, value) != OK)
		errx(1, "%s", op.why);
	op_end(&op);
}

bool
mariadb_fixture_make(void)
{
	char out[128], where[128];
	const char *const install[] = { "mariadb-install-db", "--no-defaults", where,
	    "--auth-root-authentication-method=normal",
	    "--innodb-log-file-size=8M", NULL };

	if (access("/usr/sbin/mariadbd", X_OK) == -1 ||
	    access("/usr/bin/mariadb-install-db", X_OK) == -1)
		return false;
	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
	    setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
		err(1, "cannot become nobody");
	snprintf(dir, sizeof(dir), "/tmp/coffer-mariadb.XXXXXX");
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	owner = getpid();
	snprintf(address, sizeof(address), "127.77.%d.%d",
	    owner / 250 % 250, 1 + owner % 250);
	atexit(at_exit);
	snprintf(data, sizeof(data), "%s/data", dir);
	snprintf(out, sizeof(out), "%s/install.log", dir);
	snprintf(where, sizeof(where), "--datadir=%s/mysql", data);
	if (run("/dev/null", (const char *const[]){ "mkdir", data, NULL }) != 0 ||
	    run(out, install) != 0)
		errx(1, "no template: see %s", out);
	return true;
}

void
mariadb_fixture_use(void)
{
	set("agent", "data", data);
	set("agent", "address", address);
	set("agent", "port", "33999");
	set("agent", "memory_mb", "128");
}

const char *
mariadb_fixture_data(void)
{
	return data;
}

int
mariadb_fixture_client(const char *user, const char *password, const char *sql)
{
	char out[128], host[32], port[] = "--port=33999";
	char u[400], e[2048];
	const char *const argv[] = { "mariadb", "--no-defaults", host, port, u, "-e",
	    e, NULL };

	setenv("MYSQL_PWD", password, 1);
	snprintf(host, sizeof(host), "--host=%s", address);
	snprintf(out, sizeof(out), "%s/client.log", dir);
	snprintf(u, sizeof(u), "--user=%s", user);
	snprintf(e, sizeof(e), "%s", sql);
	return run(out, argv);
}
