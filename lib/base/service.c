#include "lib/base/service.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"

#include <err.h>
#include <errno.h>
#include <grp.h>
#include <link.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX	256
#define RESTART_MS	200		/* a process that keeps dying costs no more than this */

static volatile sig_atomic_t asked_to_stop;
static const char *conf_path = COFFER_SYSCONFDIR "/coffer.conf";
static const char *which = "1";
static bool only_test;

static void
on_signal(int sig)
{
	(void)sig;
	asked_to_stop = 1;
}

static void
on_child(int sig)
{
	(void)sig;			/* ends the parent's sleep */
}

bool
service_stopping(void)
{
	return asked_to_stop;
}

const char *
service_instance(void)
{
	return which;
}

/* No SA_RESTART: a blocking call returns, and the loop looks at the flag. */
static void
watch_signals(void)
{
	struct sigaction stop = { .sa_handler = on_signal };
	struct sigaction child = { .sa_handler = on_child };

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGCHLD, &child, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static void
print_help(const struct service *s, FILE *f)
{
	fprintf(f, "usage: %s [-c FILE] [-n NAME] [-t]%s\n%s\n\n"
	    "  -c FILE        configuration (%s)\n"
	    "  -n NAME        which one of several on this host (1)\n"
	    "  -t             test the configuration and end\n%s"
	    "  -h, --help     this text\n"
	    "  -V, --version  the version\n", s->name,
	    s->options != NULL ? " [OPTION]..." : "", s->what,
	    COFFER_SYSCONFDIR "/coffer.conf",
	    s->options != NULL ? s->options : "");
}

/* How many arguments this one took; 0: none, it is unknown. */
static int
option_take(const struct service *s, const char *name, const char *value)
{
	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0) {
		print_help(s, stdout);
		exit(0);
	}
	if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
		printf("%s %s\n", s->name, PACKAGE_VERSION);
		exit(0);
	}
	if (strcmp(name, "-t") == 0) {
		only_test = true;
		return 1;
	}
	if (value == NULL)
		return 0;
	if (strcmp(name, "-c") == 0)
		conf_path = value;
	else if (strcmp(name, "-n") == 0)
		which = value;
	else if (s->option == NULL || !s->option(name, value))
		return 0;
	return 2;
}

/* Only the program itself knows whether its option or the value is wrong. */
static void
option_refuse(const struct service *s, const char *name, const char *value)
{
	if (*name != '-')
		errx(2, "one word too many: %s (see %s --help)", name,
		    s->name);
	if (strcmp(name, "-c") == 0 || strcmp(name, "-n") == 0)
		errx(2, "%s wants a value (see %s --help)", name, s->name);
	if (s->option == NULL)
		errx(2, "unknown option: %s (see %s --help)", name, s->name);
	errx(2, "unknown option or value: %s%s%s (see %s --help)", name,
	    value != NULL ? " " : "", value != NULL ? value : "", s->name);
}

static void
options_read(const struct service *s, int argc, char **argv)
{
	for (int i = 1, took; i < argc; i += took) {
		took = option_take(s, argv[i], argv[i + 1]);
		if (took == 0)
			option_refuse(s, argv[i], argv[i + 1]);
	}
}

static enum log_level
level_of(const char *word)
{
	static const char *const words[] = { "error", "warn", "info", "debug" };

	for (int i = 0; i < LOG__MAX; i++)
		if (strcmp(word, words[i]) == 0)
			return (enum log_level)i;
	errx(1, "coffer.log_level: %s is none of error, warn, info, debug",
	    word);
}

/* Rights are given up for good; no core file, since memory holds keys. */
static void
become_user(const char *name)
{
	struct rlimit none = { 0, 0 };
	struct passwd *pw;

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (*name == '\0' || geteuid() != 0)
		return;
	if ((pw = getpwnam(name)) == NULL)
		errx(1, "coffer.user: no account %s", name);
	if (initgroups(name, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 ||
	    setuid(pw->pw_uid) != 0)
		err(1, "cannot become %s", name);
}

static void
work_once(const struct service *s)
{
	struct op op;
	enum err e;

	op_begin(&op, s->name);
	e = s->once(&op);
	if (e != OK && !asked_to_stop)
		log_error(&op, "%s", op.why != NULL ? op.why : err_name(e));
	op_end(&op);
}

/* Signals are looked at between two units of work, never inside one. */
static int
process_run(const struct service *s)
{
	struct op op;

	op_begin(&op, s->name);
	if (s->begin != NULL && s->begin(&op) != OK) {
		log_error(&op, "%s", op.why);
		return 1;
	}
	op_end(&op);
	while (!asked_to_stop)
		work_once(s);
	if (s->stop != NULL)
		s->stop();
	return 0;
}

/* Text is never written, so dropping its pages loses nothing. */
static int
object_trim(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from, to;

	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type != PT_LOAD || (h->p_flags & PF_W) != 0)
			continue;
		from = (info->dlpi_addr + h->p_vaddr + page - 1) & ~(page - 1);
		to = (info->dlpi_addr + h->p_vaddr + h->p_memsz) & ~(page - 1);
		if (to > from)
			madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void
service_trim(void)
{
	dl_iterate_phdr(object_trim, NULL);
	malloc_trim(0);
}

static pid_t
process_spawn(const struct service *s)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);	/* no process outlives its parent */
	if (getppid() != parent)
		_exit(0);
	exit(process_run(s));
}

static void
processes_reap(pid_t *pids, int n)
{
	int status;
	pid_t dead;

	while ((dead = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!asked_to_stop)
			log_error(NULL, "process %d ended (status %#x): "
			    "starting another", (int)dead, (unsigned)status);
		for (int i = 0; i < n; i++)
			if (pids[i] == dead)
				pids[i] = 0;
	}
}

/* The parent only keeps n processes alive: it holds no connection to anything. */
static int
processes_keep(const struct service *s, int n)
{
	pid_t pids[PROCESSES_MAX] = { 0 };
	bool trimmed = false;

	while (!asked_to_stop) {
		for (int i = 0; i < n; i++)
			if (pids[i] == 0 && (pids[i] = process_spawn(s)) == -1)
				pids[i] = 0;
		if (!trimmed)
			service_trim();
		trimmed = true;
		clock_sleep_ms(1000);
		processes_reap(pids, n);
		for (int i = 0; i < n; i++)
			if (pids[i] == 0)
				clock_sleep_ms(RESTART_MS / n);
	}
	for (int i = 0; i < n; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGTERM);
	while (waitpid(-1, NULL, 0) != -1 || errno == EINTR)
		;
	return 0;
}

int
service_run(const struct service *s, int argc, char **argv)
{
	struct op op;
	int n;

	options_read(s, argc, argv);
	op_begin(&op, s->name);
	if (conf_load(&op, conf_path) != OK)
		errx(1, "%s", op.why);
	log_init(s->name, level_of(conf_str("coffer.log_level")));
	seal_init();
	if (only_test) {
		printf("%s: %s is good\n", s->name, conf_path);
		return 0;
	}
	watch_signals();
	if (s->start != NULL && s->start(&op) != OK)
		errx(1, "%s", op.why);
	op_end(&op);
	become_user(conf_str("coffer.user"));
	n = s->processes != NULL ? s->processes() : 1;
	if (n > PROCESSES_MAX)
		errx(1, "%d processes are too many (%d)", n, PROCESSES_MAX);
	return s->processes == NULL ? process_run(s) : processes_keep(s, n);
}
