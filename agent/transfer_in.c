/* From storage to the engine: a thread that fetches | this one | its process. */
#include "agent/aside.h"
#include "agent/boxes.h"
#include "agent/file.h"
#include "agent/stream.h"
#include "agent/transfer_ways.h"
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define PIPE	(1 << 20)
#define BOX	(4 << 20)

struct in {
	const struct datastore *engine;
	const struct job_part *part;
	int		 nth;
	struct boxes	*boxes;
	int		 data[2];	/* we write, the engine reads */
	bool		 deaf;		/* the engine reads no more */
	/* The thread's own, until it has ended. */
	struct op	 op;
	enum err	 e;
};

/* --- the thread that fetches ----------------------------------------------------- */

static bool
fill(void *arg, const char *bytes, size_t n)
{
	return boxes_put(((struct in *)arg)->boxes, bytes, n);
}

/* Where nobody wants more, the other one knows why. */
static enum err
fetch_all(struct in *i)
{
	struct objects *objects = objects_new(&i->op, &i->part->leave);
	enum err e = OK;

	for (size_t k = 0; k < i->part->n && e == OK; k++)
		e = object_get(&i->op, objects, job_segment(i->part, k),
		    fill, i);
	if (boxes_given_up(i->boxes))
		return OK;
	if (e == OK)
		boxes_last(i->boxes);
	return e;
}

static void *
fetching(void *arg)
{
	struct in *i = arg;

	i->e = fetch_all(i);
	if (i->e != OK)
		boxes_give_up(i->boxes);
	return NULL;
}

/* --- this one ----------------------------------------------------------------------- */

static enum err
hand_over(struct op *op, void *arg, const void *bytes, size_t n)
{
	struct in *i = arg;
	i->deaf = !file_write(i->data[1], bytes, n);
	return i->deaf ? op_fail(op, ERR_GUEST, "write: %s", strerror(errno)) :
	    OK;
}

static enum err
engine_runs(struct op *op, void *arg, const char **mark)
{
	struct in *i = arg;

	(void)mark;
	close(i->data[1]);
	if (i->part->old && i->engine->restore_old != NULL)
		return i->engine->restore_old(op, i->nth, i->data[0]);
	return i->engine->restore(op, i->nth, i->data[0]);
}

static enum err
data_move(struct op *op, struct in *i)
{
	struct stream_in *s;
	struct box *b;

	TRY(stream_in_begin(op, &i->part->key, i->part->backup, hand_over, i,
	    &s));
	while ((b = boxes_full(i->boxes)) != NULL) {
		TRY(stream_in_put(op, s, b->bytes, b->len));
		boxes_emptied(i->boxes, b);
	}
	if (boxes_given_up(i->boxes))
		return op_fail(op, ERR_CLOUD, "Storage gave up.");
	return stream_in_end(op, s);
}

static enum err
old_move(struct op *op, struct in *i)
{
	const struct old_form form = { i->part->gzip,
	    i->part->salted ? &i->part->salted_key : NULL };
	struct stream_old *s;
	struct box *b;

	TRY(stream_old_begin(op, &form, hand_over, i, &s));
	while ((b = boxes_full(i->boxes)) != NULL) {
		TRY(stream_old_put(op, s, b->bytes, b->len));
		boxes_emptied(i->boxes, b);
	}
	if (boxes_given_up(i->boxes))
		return op_fail(op, ERR_CLOUD, "Storage gave up.");
	return stream_old_end(op, s);
}

/* The one that knows most speaks: storage, then the engine, then this one. */
static enum err
threads_end(struct op *op, struct in *i, pthread_t thread,
    struct aside *engine, enum err e)
{
	const char *mark;

	if (e != OK)
		boxes_give_up(i->boxes);
	pthread_join(thread, NULL);
	if (i->e != OK)
		return op_fail(op, i->e, "%s", i->op.why);
	if (e != OK && !i->deaf)
		return e;
	TRY(aside_end(op, engine, &mark));
	/* Nobody has seen whether the rest is right. */
	return e == OK ? OK : op_fail(op, ERR_GUEST,
	    "The engine stopped reading before its backup ended.");
}

static enum err
threads_run(struct op *op, struct in *i)
{
	struct aside engine;
	pthread_t thread;
	enum err e;

	if (pipe2(i->data, O_CLOEXEC) == -1)
		return op_fail(op, ERR_INTERNAL, "pipe: %s", strerror(errno));
	fcntl(i->data[0], F_SETPIPE_SZ, PIPE);
	/* Before there is a second thread. */
	e = aside_begin(op, engine_runs, i, &engine);
	close(i->data[0]);
	if (e == OK && pthread_create(&thread, NULL, fetching, i) != 0)
		e = op_fail(op, ERR_INTERNAL, "no thread");
	else if (e == OK) {
		e = i->part->old ? old_move(op, i) : data_move(op, i);
		if (e != OK && !i->deaf)
			aside_kill(&engine);	/* before its data seem to end */
		close(i->data[1]);
		i->data[1] = -1;
		e = threads_end(op, i, thread, &engine, e);
	}
	if (i->data[1] != -1)
		close(i->data[1]);
	aside_kill(&engine);
	return e;
}

static enum err
part_in(struct op *op, const struct datastore *engine, const struct job *job,
    int nth)
{
	struct in *i = op_alloc(op, sizeof(*i));
	enum err e;

	*i = (struct in){ .engine = engine, .part = &job->part[nth],
	    .nth = nth, .boxes = boxes_new(op, BOX) };
	op_begin(&i->op, op->id);
	e = threads_run(op, i);
	op_end(&i->op);
	return e;
}

/* What one part took is given back before the next. */
enum err
transfer_in(struct op *op, const struct datastore *engine,
    const struct job *job)
{
	struct op inner;
	enum err e = OK;

	signal(SIGPIPE, SIG_IGN);
	for (size_t nth = 0; nth < job->n && e == OK; nth++) {
		op_begin(&inner, op->id);
		e = part_in(&inner, engine, job, (int)nth);
		if (e != OK)
			(void)op_fail(op, e, "%s", inner.why);
		else
			log_info(op, "backup %s is there", job->part[nth].backup);
		op_end(&inner);
	}
	TRY(e);
	if (job->part[0].old && engine->restored_old != NULL)
		return engine->restored_old(op);
	return engine->restored(op);
}
