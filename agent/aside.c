#include "agent/aside.h"
#include "agent/host.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MOST 400

/* Tools say things in any character set. */
static const char *
clean(struct op *op, const char *s)
{
	char *mine = op_strndup(op, s, strnlen(s, TEXT_MOST));

	for (char *p = mine; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return mine;
}

void
outcome_say(struct op *op, int fd, enum err e, const char *mark)
{
	const char *why = e == OK ? NULL :
	    op->why != NULL ? op->why : err_name(e);
	struct jsonw w;

	jsonw_begin(&w, op, 512);
	jsonw_map(&w);
	jsonw_kstr(&w, "err", err_name(e));
	jsonw_kstr(&w, "why", why == NULL ? NULL : clean(op, why));
	jsonw_kstr(&w, "mark", e == OK ? mark : NULL);
	jsonw_map_end(&w);
	if (write(fd, w.out.s, w.out.len) != (ssize_t)w.out.len)
		op_fail(op, ERR_INTERNAL, "nobody hears it");
}

enum err
outcome_hear(struct op *op, int fd, const char *what, const char **mark)
{
	char text[PIPE_BUF];
	const struct json *j;
	const char *word, *why;
	ssize_t n;
	enum err e;

	*mark = NULL;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	n = read(fd, text, sizeof(text));
	if (n <= 0 || json_parse(op, text, (size_t)n, &j) != OK ||
	    (word = json_str(json_get(j, "err"))) == NULL)
		return op_fail(op, ERR_GUEST, "%s was killed.", what);
	why = json_str(json_get(j, "why"));
	*mark = op_strdup(op, json_str(json_get(j, "mark")));
	e = err_find(word);
	return e == OK ? OK : op_fail(op, e, "%s",
	    why != NULL ? why : "It failed.");
}

static void
work(aside_work fn, void *arg, int said, pid_t parent)
{
	const char *mark = NULL;
	struct op op;
	enum err e;

	host_child();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(126);
	op_begin(&op, "aside");
	e = fn(&op, arg, &mark);
	outcome_say(&op, said, e, mark);
	_exit(0);
}

enum err
aside_begin(struct op *op, aside_work fn, void *arg, struct aside *a)
{
	pid_t parent = getpid();
	int said[2];

	*a = (struct aside){ .said = -1 };
	if (pipe2(said, O_CLOEXEC) == -1)
		return op_fail(op, ERR_INTERNAL, "pipe: %s", strerror(errno));
	if ((a->pid = fork()) == 0)
		work(fn, arg, said[1], parent);
	close(said[1]);
	if (a->pid != -1) {
		a->said = said[0];
		return OK;
	}
	a->pid = 0;
	close(said[0]);
	return op_fail(op, ERR_INTERNAL, "fork: %s", strerror(errno));
}

static void
bury(struct aside *a)
{
	while (waitpid(a->pid, NULL, 0) == -1 && errno == EINTR)
		;
	a->pid = 0;
}

enum err
aside_end(struct op *op, struct aside *a, const char **mark)
{
	enum err e;

	bury(a);
	e = outcome_hear(op, a->said, "What the engine does", mark);
	close(a->said);
	return e;
}

void
aside_kill(struct aside *a)
{
	if (a->pid == 0)
		return;
	kill(a->pid, SIGKILL);
	bury(a);
	close(a->said);
}
