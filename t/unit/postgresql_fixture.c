#include "t/unit/postgresql_fixture.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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

static void
template_make(void)
{
	const struct engine *e = engine_find("postgresql");
	const char *argv[16];
	char out[128];
	struct op op;
	size_t n;

	snprintf(out, sizeof(out), "%s/install.log", dir);
	if (mkdir(data, 0700) == -1)
		err(1, "%s", data);
	op_begin(&op, "test");
	for (n = 0; e->install[n] != NULL; n++)
		argv[n] = op_printf(&op, e->install[n], data);
	argv[n] = NULL;
	if (run(out, argv) != 0)
		errx(1, "no template: see %s", out);
	op_end(&op);
}

bool
postgresql_fixture_make(void)
{
	if (access(engine_find("postgresql")->server, X_OK) == -1)
		return false;
	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
	    setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
		err(1, "cannot become nobody");
	snprintf(dir, sizeof(dir), "/tmp/coffer-postgresql.XXXXXX");
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	owner = getpid();
	snprintf(address, sizeof(address), "127.77.%d.%d",
	    owner / 250 % 250, 1 + owner % 250);
	atexit(at_exit);
	snprintf(data, sizeof(data), "%s/data", dir);
	template_make();
	return true;
}

void
postgresql_fixture_use(void)
{
	set("agent", "data", data);
	set("agent", "address", address);
	set("agent", "port", "33998");
	set("agent", "memory_mb", "128");
}

int
postgresql_fixture_client(const char *user, const char *password,
    const char *database, const char *sql)
{
	char out[128], dsn[512], e[2048];
	const char *const argv[] = { "psql", "-X", "-v", "ON_ERROR_STOP=1",
	    "-d", dsn, "-c", e, NULL };

	setenv("PGPASSWORD", password, 1);
	snprintf(out, sizeof(out), "%s/client.log", dir);
	snprintf(dsn, sizeof(dsn), "host=%s port=33998 "
	    "sslmode=disable connect_timeout=5 user=%s dbname=%s", address,
	    user, database);
	snprintf(e, sizeof(e), "%s", sql);
	return run(out, argv);
}

int
postgresql_fixture_run(const char *const *argv)
{
	char out[128];

	snprintf(out, sizeof(out), "%s/client.log", dir);
	return run(out, argv);
}

/* Each answer into a file of its own; \\gexec has to stand in one, too. */
const char *
postgresql_fixture_admin(struct op *op, const char *database,
    const char *sql)
{
	const char *in = op_printf(op, "%s/admin.sql", dir);
	const char *out = op_printf(op, "%s/admin.out", dir);
	const char *const argv[] = { "psql", "-XAtq", "-v", "ON_ERROR_STOP=1",
	    "-h", op_printf(op, "%s/run", data), "-p", "33998", "-U",
	    "os_admin", "-d", database, "-f", in, NULL };
	char *answer = op_alloc(op, 65536);
	FILE *f = fopen(in, "w");
	size_t n;

	if (f == NULL || fputs(sql, f) == EOF || fclose(f) == EOF)
		err(1, "%s", in);
	unlink(out);
	if (run(out, argv) != 0 || (f = fopen(out, "r")) == NULL)
		errx(1, "psql: %s: see %s", sql, out);
	n = fread(answer, 1, 65535, f);
	answer[n] = '\0';
	fclose(f);
	return answer;
}
