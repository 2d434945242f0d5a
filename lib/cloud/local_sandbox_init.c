/*
 * The first process of an instance: starts the agent, starts it again when
 * it dies, buries orphans, and passes on the wish to stop.
 */
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/cloud/local_sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN_MS 100			/* first pause before a new start */
#define AGAIN_MAX_MS 5000
#define HEALTHY_MS 10000		/* lived that long: pauses begin anew */

struct watch {
	const struct sandbox	 *s;
	const struct sandbox_job *job;
	pid_t			  agent;	/* 0: none */
	int			  status;	/* of the last one */
	int			  pause;
	bool			  stop;
};

static void
agent_exec(const struct watch *w)
{
	const char *tmp = sandbox_has_view(sandbox_mode(w->s)) ? "/tmp" :
	    w->s->volume;
	char home_is[1024], tmp_is[1024], why[256];
	const char *env[] = { home_is, tmp_is, "PATH=/usr/sbin:/usr/bin",
	    "LANG=C.UTF-8", "ASAN_OPTIONS=detect_leaks=0", NULL };
	sigset_t none;
	int n;

	snprintf(home_is, sizeof(home_is), "HOME=%s", sandbox_data(w->s));
	snprintf(tmp_is, sizeof(tmp_is), "TMPDIR=%s", tmp);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (chdir(sandbox_data(w->s)) == 0)
		execve(w->job->argv[0], w->job->argv,
		    (char *const *)(uintptr_t)env);
	n = snprintf(why, sizeof(why), "%s: %s", w->job->argv[0],
	    strerror(errno));
	if (n > 0 && write(w->job->complain, why, (size_t)n) == -1)
		_exit(126);
	_exit(127);
}

static void
agent_start(struct watch *w)
{
	w->agent = fork();
	if (w->agent == 0)
		agent_exec(w);
	if (w->agent == -1) {
		log_error(NULL, "fork: %s", strerror(errno));
		w->agent = 0;
	}
}

/* Children by the kernel's list; each of them may have some. */
static void
signal_children(pid_t of, int sig)
{
	char path[64];
	int child;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)of,
	    (int)of);
	if ((f = fopen(path, "re")) == NULL)
		return;
	while (fscanf(f, "%d", &child) == 1) {
		signal_children(child, sig);
		kill(child, sig);
	}
	fclose(f);
}

/* Whatever loses its parent on the way comes to us, who are subreaper. */
void
sandbox_kill_below(void)
{
	do
		signal_children(getpid(), SIGKILL);
	while (waitpid(-1, NULL, 0) != -1 || errno == EINTR);
}

static void
bury(struct watch *w)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == w->agent) {
			w->agent = 0;
			w->status = WIFEXITED(status) ? WEXITSTATUS(status) :
			    128 + WTERMSIG(status);
		}
}

/* Waits for a signal, at most so long, and does what it says. */
static void
turn(struct watch *w, int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	sigset_t all;
	int sig;

	sigfillset(&all);
	sig = ms < 0 ? sigwaitinfo(&all, NULL) : sigtimedwait(&all, NULL, &t);
	bury(w);
	if (sig == SIGTERM || sig == SIGINT) {
		w->stop = true;
		if (w->agent > 0)
			kill(w->agent, SIGTERM);
	}
}

/*
 * Only at the end: a server whose agent died goes on, and the next agent adopts
 * it.  What has not ended in good order when the launcher's patience is over
 * ends with this process.
 */
static void
rest_end(struct watch *w)
{
	signal_children(getpid(), SIGTERM);
	while (waitpid(-1, NULL, WNOHANG) != -1)
		turn(w, 20);
	sandbox_kill_below();
}

static void
again_wait(struct watch *w, int64_t began)
{
	int64_t until;

	if (clock_ms() - began >= HEALTHY_MS)
		w->pause = AGAIN_MS;
	log_warn(NULL, "the agent ended with %d: again in %d ms", w->status,
	    w->pause);
	for (until = clock_ms() + w->pause; !w->stop && clock_ms() < until; )
		turn(w, until - clock_ms() + 1);
	w->pause = w->pause * 2 > AGAIN_MAX_MS ? AGAIN_MAX_MS : w->pause * 2;
}

int
sandbox_supervise(const struct sandbox *s, const struct sandbox_job *job)
{
	struct watch w = { .s = s, .job = job, .pause = AGAIN_MS };
	bool first = true;
	int64_t began;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	while (!w.stop) {
		began = clock_ms();
		agent_start(&w);
		if (first)
			close(job->complain);
		first = false;
		while (w.agent > 0)
			turn(&w, -1);
		if (job->once)
			break;
		if (!w.stop)
			again_wait(&w, began);
	}
	if (w.stop)
		rest_end(&w);
	else
		sandbox_kill_below();
	return w.status;
}
