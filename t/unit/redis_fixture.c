#include "t/unit/test.h"
#include "t/unit/redis_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/wire/redis.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], socket_path[96];
static pid_t server, owner;

static void
server_exec(pid_t parent)
{
	int log;
	char path[96];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	snprintf(path, sizeof(path), "%s/log", dir);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(log, 1);
	dup2(log, 2);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
	    socket_path, "--save", "", "--appendonly", "no", "--dir", dir,
	    NULL);
	_exit(127);
}

void
redis_fixture_again(void)
{
	struct op op;
	struct redis *r = redis_fixture_user("", "");
	pid_t parent = getpid();
	bool up = false;

	if ((server = fork()) == 0)
		server_exec(parent);
	for (int i = 0; i < 100 && !up; i++) {
		op_begin(&op, "test");
		up = redis_call(&op, r, NULL,
		    (const char *const[]){ "PING", NULL }) == OK;
		op_end(&op);
		if (!up)
			usleep(50000);
	}
	redis_free(r);
	if (!up)
		errx(1, "no private redis-server: see %s/log", dir);
}

void
redis_fixture_kill(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	server = 0;
}

void
redis_fixture_pause(int paused)
{
	kill(server, paused ? SIGSTOP : SIGCONT);
}

static void
at_exit(void)
{
	char command[128];

	if (owner != getpid())
		return;
	owner = 0;
	if (server > 0)
		redis_fixture_kill();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		warnx("%s stays", dir);
}

int
redis_fixture_start(void **state)
{
	struct op op;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/coffer-redis.XXXXXX");
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	snprintf(socket_path, sizeof(socket_path), "%s/redis.sock", dir);
	owner = getpid();
	atexit(at_exit);
	op_begin(&op, "test");
	if (conf_set(&op, "redis", "socket", socket_path) != OK ||
	    conf_set(&op, "redis", "timeout", "1") != OK)
		errx(1, "%s", op.why);
	op_end(&op);
	redis_fixture_again();
	return 0;
}

int
redis_fixture_stop(void **state)
{
	(void)state;
	at_exit();
	return 0;
}

const char *
redis_fixture_socket(void)
{
	return socket_path;
}

struct redis *
redis_fixture_user(const char *user, const char *password)
{
	return redis_new(&(struct redis_where){ .socket = socket_path,
	    .user = user, .password = password, .timeout_ms = 1000 });
}
