/*
 * coffer-sandbox - starts one instance as its directory says, and stays until
 * it ends.  The compute driver runs it; an operator may, too.
 *
 * The launcher outlives whoever called it.  It holds the instance's lock,
 * joins its cgroups, and keeps what the agent prints.  When it dies, however
 * it dies, the kernel kills the instance's first process, and with that
 * one its namespaces and all in them.
 */
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/cloud/local_link.h"
#include "lib/cloud/local_lock.h"
#include "lib/cloud/local_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_MAX (1 << 20)
#define STOP_MS 20000			/* for a server to end in good order */

struct launch {
	struct sandbox		 s;
	struct sandbox_job	 job;
	int			 lock;
	int			 said;		/* what the instance prints: read end */
	int			 log;
	int			 host_links;	/* -1: no network to make */
	pid_t			 init;
	int64_t			 kill_at;	/* 0: not asked to stop */
};

static enum err
failed(struct op *op, const char *what)
{
	return op_fail(op, ERR_CLOUD, "%s: %s", what, strerror(errno));
}

static enum err
network_make(struct op *op, struct launch *l)
{
	const struct sandbox *s = &l->s;
	struct link_pair pair = { .name = s->link, .instance = s->instance,
	    .bridge = s->bridge, .address = s->address };
	int inside;
	int64_t prefix;

	if (sandbox_mode(s) != LOCAL_FULL)
		return OK;
	TRY(link_socket(op, &inside));
	if (l->host_links == -1)
		return link_loopback(op, inside);
	pair.netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (pair.netns == -1 || !text_number(s->prefix, 1, 30, &prefix))
		return failed(op, "network namespace");
	TRY(link_pair_make(op, l->host_links, &pair));
	close(pair.netns);
	return link_inside(op, inside, s->address, (int)prefix, s->gateway);
}

/* The instance's first process, up to the point where it is one. */
static enum err
become_init(struct op *op, struct launch *l)
{
	if (!lock_take(l->lock, LOCK_INIT))
		return failed(op, "server.pid");
	TRY(network_make(op, l));
	if (sandbox_has_view(sandbox_mode(&l->s)))
		TRY(sandbox_view(op, &l->s));
	else
		TRY(sandbox_settle(op, &l->s, l->s.volume));
	TRY(sandbox_jail(op, &l->s));
	/* Giving up root took back the order to die with the launcher. */
	if (!lock_held(l->lock, LOCK_LAUNCHER))
		return op_fail(op, ERR_CLOUD, "the launcher died");
	return OK;
}

static void
complain(struct op *op, int fd)
{
	size_t n = strlen(op->why);

	log_error(op, "%s", op->why);
	if (write(fd, op->why, n) == -1)
		_exit(1);
	_exit(1);
}

static void
run_init(struct op *op, struct launch *l)
{
	int out = l->log;		/* replaced by the pipe in launch() */

	if (dup2(out, STDOUT_FILENO) == -1 || dup2(out, STDERR_FILENO) == -1)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (become_init(op, l) != OK)
		complain(op, l->job.complain);
	op_end(op);			/* sockets of the host's network, files */
	_exit(sandbox_supervise(&l->s, &l->job));
}

static void
log_open(struct launch *l, struct op *op)
{
	l->log = open(op_printf(op, "%s/log", l->s.dir),
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* A talkative instance fills two files of a known size, not the disk. */
static void
log_keep(struct launch *l, struct op *op, const char *text, size_t n)
{
	const char *path = op_printf(op, "%s/log", l->s.dir);
	struct stat st;

	if (fstat(l->log, &st) == 0 && st.st_size + (off_t)n > LOG_MAX) {
		rename(path, op_printf(op, "%s.1", path));
		close(l->log);
		log_open(l, op);
	}
	while (n > 0) {
		ssize_t put = write(l->log, text, n);

		if (put <= 0)
			return;		/* disk full: rather silent than stuck */
		text += put;
		n -= (size_t)put;
	}
}

static bool
said_read(struct launch *l)
{
	char buf[8192];
	struct op op;
	ssize_t n = read(l->said, buf, sizeof(buf));

	if (n <= 0)
		return false;
	op_begin(&op, "log");
	log_keep(l, &op, buf, (size_t)n);
	op_end(&op);
	return true;
}

/* SIGTERM is passed on; the second time is counted from the first. */
static void
signal_read(struct launch *l, int signals)
{
	struct signalfd_siginfo si;

	if (read(signals, &si, sizeof(si)) != sizeof(si) ||
	    si.ssi_signo == SIGCHLD)
		return;
	kill(l->init, SIGTERM);
	if (l->kill_at == 0)
		l->kill_at = clock_ms() + STOP_MS;
}

static int
wait_for_end(struct launch *l, int signals)
{
	struct pollfd p[2] = { { signals, POLLIN, 0 }, { l->said, POLLIN, 0 } };
	int64_t left;
	int status;

	for (;;) {
		left = l->kill_at == 0 ? -1 : l->kill_at - clock_ms();
		if (l->kill_at != 0 && left <= 0) {
			kill(l->init, SIGKILL);
			left = 100;
		}
		if (poll(p, 2, (int)left) == -1 && errno != EINTR)
			continue;
		if (p[1].revents != 0 && !said_read(l))
			p[1].fd = -1;
		if (p[0].revents != 0)
			signal_read(l, signals);
		if (waitpid(l->init, &status, WNOHANG) == l->init)
			break;
	}
	sandbox_kill_below();		/* of modes without a pid namespace */
	fcntl(l->said, F_SETFL, O_NONBLOCK);
	while (said_read(l))
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}

/*
 * Who removes an instance holds this lock while the files go.  So once we have
 * it they are there to stay, or they are gone and so are we.
 */
static enum err
lock_open(struct op *op, struct launch *l, bool *taken)
{
	const char *path = op_printf(op, "%s/server.pid", l->s.dir);

	l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->lock == -1)
		return failed(op, path);
	*taken = lock_take(l->lock, LOCK_LAUNCHER) &&
	    !lock_held(l->lock, LOCK_INIT);
	if (!*taken)
		return OK;
	if (access(op_printf(op, "%s/sandbox", l->s.dir), F_OK) == -1) {
		unlink(path);
		return failed(op, l->s.dir);
	}
	if (ftruncate(l->lock, 0) == -1 ||
	    dprintf(l->lock, "%d\n", (int)getpid()) < 0)
		return failed(op, path);
	return OK;
}

/* Everything that is done before the fork. */
static enum err
prepare(struct op *op, struct launch *l)
{
	const char *root = op_printf(op, "%s/root", l->s.dir);

	l->host_links = -1;
	log_open(l, op);
	if (l->log == -1 || (mkdir(root, 0711) == -1 && errno != EEXIST))
		return failed(op, l->s.dir);
	TRY(sandbox_join(op, &l->s, l->job.inside));
	if (*l->s.link != '\0' && sandbox_mode(&l->s) == LOCAL_FULL)
		TRY(link_socket(op, &l->host_links));
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return OK;
}

static int
signals_open(void)
{
	static const int ours[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		sigaddset(&set, ours[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static enum err
launch(struct op *op, struct launch *l, int *status)
{
	int said[2], signals, log;

	TRY(prepare(op, l));
	signals = signals_open();
	if (signals == -1 || pipe2(said, O_CLOEXEC) == -1)
		return failed(op, "pipe");
	log = l->log;
	l->log = said[1];
	TRY(sandbox_clone(op, sandbox_mode(&l->s), sandbox_uid(&l->s),
	    &l->init));
	if (l->init == 0)
		run_init(op, l);
	l->log = log;
	l->said = said[0];
	close(said[1]);
	close(l->job.complain);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	*status = wait_for_end(l, signals);
	return OK;
}

/* In the process that stays.  An instance that runs already is no failure. */
static int
stay(const char *dir, struct sandbox_job job)
{
	struct launch l = { .job = job };
	bool taken = true;
	int status = 0;
	struct op op;

	op_begin(&op, "sandbox");
	if (sandbox_read(&op, dir, &l.s) != OK)
		complain(&op, job.complain);
	op.instance = l.s.instance;
	if (lock_open(&op, &l, &taken) != OK)
		complain(&op, job.complain);
	if (taken && launch(&op, &l, &status) != OK)
		complain(&op, job.complain);
	op_end(&op);
	return status;
}

/* Whatever is wrong with the directory is found, and told, by stay(). */
static pid_t
fork_inside(const char *dir, bool *inside)
{
	struct sandbox s;
	struct op op;
	pid_t pid = -1;

	op_begin(&op, "sandbox");
	if (sandbox_read(&op, dir, &s) == OK)
		pid = sandbox_fork(&op, &s);
	*inside = pid != -1;
	op_end(&op);
	return *inside ? pid : fork();
}

/* The caller waits until the agent runs, or hears why it does not. */
static int
detach(const char *dir, struct sandbox_job job)
{
	int said[2], null = open("/dev/null", O_RDWR);
	char why[1024];
	ssize_t n;

	if (null == -1 || pipe2(said, O_CLOEXEC) == -1)
		return 1;
	switch (fork_inside(dir, &job.inside)) {
	case -1:
		return 1;
	case 0:
		setsid();
		close(said[0]);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		job.complain = said[1];
		_exit(stay(dir, job));
	}
	close(said[1]);
	if ((n = read(said[0], why, sizeof(why))) <= 0)
		return 0;
	if (write(STDERR_FILENO, why, (size_t)n) == -1)
		return 2;
	return 1;
}

static int
usage(FILE *to, int status)
{
	fprintf(to, "usage: coffer-sandbox [-1f] DIRECTORY -- COMMAND ...\n"
	    "Starts the instance in DIRECTORY and runs COMMAND inside it.\n\n"
	    "  -1, --once        end with the command instead of starting it again\n"
	    "  -f, --foreground  do not detach; end with its status\n"
	    "  -h, --help        this text\n"
	    "  -V, --version     the version\n");
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "once", no_argument, NULL, '1' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	struct sandbox_job job = { .once = false, .inside = false };
	bool foreground = false;
	int c;

	while ((c = getopt_long(argc, argv, "+1fhV", options, NULL)) != -1)
		switch (c) {
		case '1': job.once = true; break;
		case 'f': foreground = true; break;
		case 'h': return usage(stdout, 0);
		case 'V': puts("coffer-sandbox " PACKAGE_VERSION); return 0;
		default: return usage(stderr, 2);
		}
	if (argc - optind >= 2 && strcmp(argv[optind + 1], "--") == 0) {
		job.argv = argv + optind + 2;
	} else
		return usage(stderr, 2);
	if (*job.argv == NULL)
		return usage(stderr, 2);
	log_init("coffer-sandbox", LOG_INFO);
	umask(022);			/* what is made for the instance it may read */
	if (!foreground)
		_exit(detach(argv[optind], job));
	job.complain = dup(STDERR_FILENO);
	_exit(stay(argv[optind], job));
}
