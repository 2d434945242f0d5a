#include "agent/transfer.h"
#include "agent/aside.h"
#include "agent/host.h"
#include "agent/supervisor.h"
#include "agent/log_job.h"
#include "agent/transfer_job.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
	struct host_process process;
	int		 said;		/* its outcome is read here */
	const char	*what;		/* "backup", as it is called */
	bool		 restore, cancelled;
} moving = { .process = { .watch = -1 }, .said = -1 };

static enum err
is_free(struct op *op)
{
	if (moving.process.pid != 0)
		return op_fail(op, ERR_CONFLICT, "A %s is under way.",
		    moving.what);
	return OK;
}

static enum err
can(struct op *op)
{
	if (supervisor_engine()->backup == NULL)
		return op_fail(op, ERR_NOT_BUILT, "%s takes no backups.",
		    supervisor_engine()->name);
	return is_free(op);
}

/* Beside the agent, wherever that is. */
static enum err
program(struct op *op, const char **path)
{
	char self[PATH_MAX];
	ssize_t n;

	*path = conf_str("agent.transfer");
	if (**path != '\0')
		return OK;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return op_fail(op, ERR_INTERNAL, "where am I? %s",
		    strerror(errno));
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	*path = op_printf(op, "%s/coffer-transfer", self);
	return OK;
}

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

/* Keys are in it: it is memory that has no name. */
static enum err
job_hand(struct op *op, const char *text, int *fd)
{
	size_t n = strlen(text);
	bool written;

	*fd = memfd_create("job", MFD_CLOEXEC);
	if (*fd == -1)
		return op_fail(op, ERR_INTERNAL, "memfd: %s", strerror(errno));
	op_defer(op, close_fd, (void *)(intptr_t)*fd);
	written = write(*fd, text, n) == (ssize_t)n;
	seal_wipe((void *)(uintptr_t)text, n);
	if (!written || lseek(*fd, 0, SEEK_SET) == -1)
		return op_fail(op, ERR_INTERNAL, "memfd: %s", strerror(errno));
	return OK;
}

static enum err
begin(struct op *op, const char *job, const char *what)
{
	const char *argv[] = { NULL, NULL };
	struct host_tool t = { .argv = argv, .err = -1, .apart = true };
	int said[2];
	enum err e;

	TRY(program(op, &argv[0]));
	TRY(job_hand(op, job, &t.in));
	if (pipe2(said, O_CLOEXEC) == -1)
		return op_fail(op, ERR_INTERNAL, "pipe: %s", strerror(errno));
	t.out = said[1];
	e = host_tool_start(op, &t, &moving.process);
	close(said[1]);
	if (e != OK) {
		close(said[0]);
		return e;
	}
	moving.said = said[0];
	moving.what = what;
	moving.restore = false;
	moving.cancelled = false;
	return OK;
}

enum err
transfer_backup(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	struct job job;
	enum err e;

	(void)again;
	(void)answer;
	TRY(can(op));
	TRY(job_of_backup(op, body, &job));
	e = begin(op, job_write(op, &job), "backup");
	job_wipe(&job);
	return e;
}

/* The server stays down when it fails: what is there is nobody's. */
enum err
transfer_restore(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	struct job job;
	enum err e;

	(void)again;
	(void)answer;
	TRY(can(op));
	TRY(job_of_restore(op, body, &job));
	TRY(supervisor_stop(op));
	e = begin(op, job_write(op, &job), "restore");
	moving.restore = e == OK;
	job_wipe(&job);
	return e;
}

/* What is stored already is not stored again: an earlier attempt's place says so. */
enum err
transfer_log(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	struct log_job job;

	(void)again;
	(void)answer;
	TRY(is_free(op));
	TRY(log_job_read(op, supervisor_engine(), body, &job));
	return begin(op, log_job_write(op, &job), "publishing of a log");
}

enum err
transfer_verify(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	struct job job;

	(void)again;
	(void)answer;
	TRY(can(op));
	if (supervisor_engine()->verify == NULL)
		return op_fail(op, ERR_NOT_BUILT, "%s cannot check its data.",
		    supervisor_engine()->name);
	TRY(job_of_verify(op, body, &job));
	return begin(op, job_write(op, &job), "check");
}

enum err
transfer_cancel(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)op;
	(void)body;
	(void)again;
	(void)answer;
	if (moving.process.pid == 0)
		return OK;
	moving.cancelled = true;
	kill(-moving.process.pid, SIGKILL);	/* its end is seen as any other's */
	return OK;
}

int
transfer_watch(void)
{
	return moving.process.watch;
}

bool
transfer_holds_server(void)
{
	return moving.process.pid != 0 && moving.restore;
}

/* In the words that a guest may use: storage's fault is not that of the data. */
static enum err
told(enum err e)
{
	return e == ERR_CLOUD ? ERR_UNAVAILABLE :
	    e == ERR_FORGED ? ERR_UNPROCESSABLE : e;
}

bool
transfer_ended(struct op *op, enum err *e, bool *start)
{
	const char *what, *mark;

	if (moving.process.pid == 0 || host_running(&moving.process))
		return false;
	/* Whatever it left behind in its group goes, too. */
	host_tool_kill(&moving.process);
	what = op_printf(op, "The %s", moving.what);
	*e = told(outcome_hear(op, moving.said, what, &mark));
	close(moving.said);
	moving.said = -1;
	if (moving.cancelled)
		*e = op_fail(op, ERR_GUEST, "%s was cancelled.", what);
	*start = moving.restore && *e == OK;
	return true;
}

void
transfer_kill(void)
{
	if (moving.process.pid == 0)
		return;
	host_tool_kill(&moving.process);
	close(moving.said);
	moving.said = -1;
}
