/* From the engine to storage: its process | this one, and a thread that stores. */
#include "agent/aside.h"
#include "agent/boxes.h"
#include "agent/stream.h"
#include "agent/transfer_ways.h"
#include "lib/base/jsonw.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/msg/segments.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK	(256 * 1024)
#define PIPE	(1 << 20)		/* what everybody may ask for */

/* Between the two threads: what the one that stores has to say. */
struct out {
	const struct job *job;
	const struct datastore *engine;
	struct boxes	*boxes;
	int		 data[2];	/* the engine writes, we read */
	int64_t		 plain_bytes;
	/* The thread's own, until it has ended. */
	struct op	 op;
	struct text	 md5s;		/* of all segments, one behind the other */
	int64_t		 bytes, last;	/* in all; of the last one */
	int		 n;
	enum err	 e;
};

/* --- the thread that stores ------------------------------------------------------ */

static enum err
store_all(struct out *o)
{
	struct objects *objects = objects_new(&o->op, &o->job->part->leave);
	char name[16], md5[MD5_HEX + 1];
	struct box *b;

	while ((b = boxes_full(o->boxes)) != NULL) {
		if (o->n == SEGMENTS_MOST)
			return op_fail(&o->op, ERR_GUEST, "The backup has "
			    "more than %d segments.", SEGMENTS_MOST);
		snprintf(name, sizeof(name), "%08d", o->n++);
		TRY(object_put(&o->op, objects, name, b->bytes, b->len, md5));
		text_addn(&o->md5s, md5, MD5_HEX);
		o->last = (int64_t)b->len;
		o->bytes += o->last;
		boxes_emptied(o->boxes, b);
	}
	return OK;
}

static void *
storing(void *arg)
{
	struct out *o = arg;

	o->e = store_all(o);
	if (o->e != OK)
		boxes_give_up(o->boxes);
	return NULL;
}

/* --- this one ----------------------------------------------------------------------- */

static enum err
fill(struct op *op, void *arg, const void *bytes, size_t n)
{
	struct out *o = arg;

	return boxes_put(o->boxes, bytes, n) ? OK :
	    op_fail(op, ERR_CLOUD, "Storage gave up.");
}

static enum err
engine_runs(struct op *op, void *arg, const char **mark)
{
	struct out *o = arg;

	close(o->data[0]);
	return o->engine->backup(op, o->job->since, o->data[1], mark);
}

static enum err
read_all(struct op *op, struct out *o, struct stream_out *s)
{
	char *chunk = op_alloc(op, CHUNK);
	ssize_t n;

	while ((n = read(o->data[0], chunk, CHUNK)) != 0) {
		if (n == -1 && errno != EINTR)
			return op_fail(op, ERR_INTERNAL, "read: %s",
			    strerror(errno));
		if (n == -1)
			continue;
		o->plain_bytes += n;
		TRY(stream_out_put(op, s, chunk, (size_t)n));
	}
	return OK;
}

/* The stream has no end before the engine has said that it was well. */
static enum err
data_move(struct op *op, struct out *o, struct aside *engine,
    const char **mark)
{
	const struct job_part *p = o->job->part;
	struct stream_out *s;

	TRY(stream_out_begin(op, &p->key, p->backup, fill, o, &s));
	TRY(read_all(op, o, s));
	TRY(aside_end(op, engine, mark));
	if (o->plain_bytes == 0)
		return op_fail(op, ERR_GUEST, "%s gave no data.",
		    o->engine->name);
	TRY(stream_out_end(op, s));
	boxes_last(o->boxes);
	return OK;
}

/* What the thread that stores has met comes before what that led to here. */
static enum err
thread_end(struct op *op, struct out *o, pthread_t thread, enum err e)
{
	if (e != OK)
		boxes_give_up(o->boxes);
	pthread_join(thread, NULL);
	if (o->e != OK)
		return op_fail(op, o->e, "%s", o->op.why);
	return e;
}

static enum err
threads_run(struct op *op, struct out *o, const char **mark)
{
	struct aside engine;
	pthread_t thread;
	enum err e;

	if (pipe2(o->data, O_CLOEXEC) == -1)
		return op_fail(op, ERR_INTERNAL, "pipe: %s", strerror(errno));
	fcntl(o->data[0], F_SETPIPE_SZ, PIPE);
	/* Before there is a second thread. */
	e = aside_begin(op, engine_runs, o, &engine);
	close(o->data[1]);
	if (e == OK && pthread_create(&thread, NULL, storing, o) != 0)
		e = op_fail(op, ERR_INTERNAL, "no thread");
	else if (e == OK)
		e = thread_end(op, o, thread, data_move(op, o, &engine, mark));
	close(o->data[0]);
	aside_kill(&engine);
	return e;
}

/* It is worth a backup's fault to nobody. */
static void
look(struct op *op, struct out *o, const struct look *before, struct look *l)
{
	look_begin(l, op, before, o->job->digest_ms);
	if (o->engine->look == NULL || o->job->digest_ms == 0 ||
	    (before != NULL && before->version == NULL))
		return;
	if (o->engine->look(op, l) == OK)
		return;
	log_warn(op, "what is in the data is not known: %s", op->why);
	l->version = NULL;
	l->n = 0;
}

/* Null when it was not looked at, or not twice. */
static const char *
known(struct op *op, const struct look *before, const struct look *after)
{
	struct digest d;

	if (before->version == NULL || after->version == NULL)
		return "null";
	look_between(op, before, after, &d);
	return digest_write(op, &d);
}

static void
segments_list(struct out *o, struct jsonw *w)
{
	jsonw_list(w);
	for (int i = 0; i < o->n; i++) {
		jsonw_map(w);
		jsonw_kstr(w, "name", op_printf(w->out.op, "%s_%08d",
		    o->job->part->backup, i));
		jsonw_kint(w, "bytes", i < o->n - 1 ?
		    (int64_t)o->job->segment_bytes : o->last);
		jsonw_kstr(w, "md5", op_strndup(w->out.op, o->md5s.s +
		    i * MD5_HEX, MD5_HEX));
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
}

static void
segments_pack(struct out *o, struct jsonw *w)
{
	jsonw_map(w);
	jsonw_kint(w, "each", (int64_t)o->job->segment_bytes);
	jsonw_kstr(w, "md5", o->md5s.s);
	jsonw_map_end(w);
}

static enum err
result_put(struct op *op, struct out *o, const char *mark,
    const char *digest)
{
	char md5[MD5_HEX + 1];
	struct jsonw w;

	jsonw_begin(&w, op, 4096);
	jsonw_map(&w);
	jsonw_key(&w, "segments");
	if (o->n > SEGMENTS_LISTED)
		segments_pack(o, &w);
	else
		segments_list(o, &w);
	jsonw_kint(&w, "bytes", o->bytes);
	jsonw_kint(&w, "plain_bytes", o->plain_bytes);
	jsonw_kstr(&w, "mark", mark);
	jsonw_key(&w, "digest");
	jsonw_raw(&w, digest);
	jsonw_map_end(&w);
	log_info(op, "%d objects, %lld bytes of %lld", o->n,
	    (long long)o->bytes, (long long)o->plain_bytes);
	return object_put(op, objects_new(op, &o->job->part->leave), "result",
	    w.out.s, w.out.len, md5);
}

static void
out_end(void *arg)
{
	op_end(&((struct out *)arg)->op);
}

enum err
transfer_out(struct op *op, const struct datastore *engine,
    const struct job *job, const char **mark)
{
	struct out *o = op_alloc(op, sizeof(*o));
	struct look before, after;

	*o = (struct out){ .job = job, .engine = engine,
	    .boxes = boxes_new(op, job->segment_bytes) };
	op_begin(&o->op, op->id);
	op_defer(op, out_end, o);
	text_begin(&o->md5s, &o->op, 4096);
	look(op, o, NULL, &before);
	TRY(threads_run(op, o, mark));
	look(op, o, &before, &after);
	return result_put(op, o, *mark, known(op, &before, &after));
}
