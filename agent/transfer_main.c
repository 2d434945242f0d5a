/*
 * coffer-transfer: moves one backup, or publishes a log, beside the agent and for it.  The job comes
 * on standard input, what became of it goes to standard output.  A program of
 * its own, so that an agent that only waits holds neither curl nor zstd.
 */
#include "agent/aside.h"
#include "agent/log_job.h"
#include "agent/transfer_ways.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JOB_MOST	(1 << 20)
#define CHUNK		16384

static enum err
input(struct op *op, struct text *t)
{
	char chunk[CHUNK];
	ssize_t n;

	text_begin(t, op, CHUNK);
	while ((n = read(0, chunk, sizeof(chunk))) > 0 && t->len < JOB_MOST)
		text_addn(t, chunk, (size_t)n);
	seal_wipe(chunk, sizeof(chunk));
	return n == 0 ? OK : op_fail(op, ERR_INTERNAL, "the job: %s",
	    n == -1 ? strerror(errno) : "too long");
}

static enum err
ship(struct op *op, const struct datastore *engine, const struct json *log)
{
	struct log_job job;

	TRY(log_job_read(op, engine, log, &job));
	return log_ship(op, &job);
}

static enum err
run(struct op *op, const char **mark)
{
	const struct datastore *engine;
	const struct json *j;
	struct text t;
	struct job job;
	enum err e;

	TRY(input(op, &t));
	e = json_parse(op, t.s, t.len, &j);
	seal_wipe(t.s, t.len);
	TRY(e);
	TRY(settings_take(op, j));
	engine = datastore_find(conf_str("agent.engine"));
	op->instance = conf_str("agent.instance");
	if (engine != NULL && json_has(j, "log"))
		return ship(op, engine, json_get(j, "log"));
	if (engine == NULL || engine->backup == NULL)
		return op_fail(op, ERR_NOT_BUILT, "%s takes no backups.",
		    conf_str("agent.engine"));
	TRY(job_read(op, j, &job));
	if (job.verify && engine->verify == NULL)
		return op_fail(op, ERR_NOT_BUILT, "%s cannot check its data.",
		    engine->name);
	if (job.verify)
		return engine->verify(op, job.digest);
	e = job.restore ? transfer_in(op, engine, &job) :
	    transfer_out(op, engine, &job, mark);
	job_wipe(&job);
	return e;
}

int
main(int argc, char **argv)
{
	int said = fcntl(1, F_DUPFD_CLOEXEC, 3);
	const char *mark = NULL;
	struct op op;
	enum err e;

	(void)argv;
	if (argc != 1 || isatty(0))
		errx(2, "coffer-agent starts it");
	dup2(2, 1);			/* nobody else speaks there */
	log_init("coffer-transfer", LOG_INFO);
	seal_init();
	op_begin(&op, "transfer");
	e = run(&op, &mark);
	outcome_say(&op, said, e, mark);
	op_end(&op);
	return e != OK;
}
