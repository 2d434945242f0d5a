/*
 * A log to storage, in objects of whole lines.  Before one is stored, the place
 * says so; afterwards, that it is there: whoever was killed in between stores
 * the same bytes under the same name once more.
 */
#include "agent/log_job.h"
#include "agent/db_logs.h"
#include "agent/log_pieces.h"
#include "lib/base/jsonw.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct ship {
	const struct log_job *job;
	struct objects	*objects;
	struct log_place place;
	struct log_piece *piece;	/* open: they may get other names meanwhile */
	int		*fd;
	int		 n;
	int64_t		 named;		/* us: the next object's name */
	int		 stored;
};

static void
close_all(void *arg)
{
	struct ship *s = arg;

	for (int i = 0; i < s->n; i++)
		if (s->fd[i] != -1)
			close(s->fd[i]);
}

static enum err
open_all(struct op *op, struct ship *s)
{
	TRY(log_pieces(op, s->job->file->file, &s->piece, &s->n));
	s->fd = op_alloc(op, (size_t)(s->n + 1) * sizeof(*s->fd));
	for (int i = 0; i < s->n; i++)
		s->fd[i] = open(s->piece[i].path, O_RDONLY | O_NOFOLLOW |
		    O_NONBLOCK | O_CLOEXEC);
	op_defer(op, close_all, s);
	for (int i = 0; i < s->n; i++)
		if (s->fd[i] == -1)
			return op_fail(op, ERR_UNAVAILABLE,
			    "Log '%s' is just beginning a new file.",
			    s->job->name);
	return OK;
}

static enum err
piece_read(struct op *op, const struct ship *s, int i, int64_t at, char *bytes,
    size_t n, size_t *got)
{
	ssize_t m;

	*got = 0;
	while (*got < n && (m = pread(s->fd[i], bytes + *got, n - *got,
	    at + (int64_t)*got)) != 0) {
		if (m == -1 && errno == EINTR)
			continue;
		if (m == -1)
			return op_fail(op, ERR_GUEST, "Log '%s': %s",
			    s->job->name, strerror(errno));
		*got += (size_t)m;
	}
	return OK;
}

/* --- what an object holds -------------------------------------------------------- */

/* Bytes of the character that begins here; 0: none does. */
static size_t
character(const char *s, size_t n)
{
	unsigned char c = (unsigned char)*s;
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (c == 0)
		return 1;
	return len <= n && text_is_utf8(s, len) ? len : 0;
}

/* Clients read text: what is none in it is written as \xHH. */
static void
readable(struct text *t, const char *s, size_t n)
{
	size_t len;

	for (; n > 0; s += len, n -= len) {
		if ((len = character(s, n)) > 0) {
			text_addn(t, s, len);
			continue;
		}
		text_printf(t, "\\x%02X", (unsigned char)*s);
		len = 1;
	}
}

static int
lines(const char *s, size_t n)
{
	const char *end = s + n, *p;
	int count = n > 0 && end[-1] != '\n';

	for (p = s; p < end && (p = memchr(p, '\n', (size_t)(end - p))) !=
	    NULL; p++)
		count++;
	return count;
}

/* As many of them as end with a line, or all of the last ones of a piece that another follows; a line that fills all is cut between characters. */
static size_t
cut(const char *s, size_t n, bool last)
{
	const char *end = memrchr(s, '\n', n);
	size_t m = n;

	if (end != NULL)
		return (size_t)(end - s) + 1;
	if (n < LOG_CHUNK)
		return last ? n : 0;
	while (m > n - 4 && ((unsigned char)s[m - 1] & 0xc0) == 0x80)
		m--;
	return (unsigned char)s[m - 1] >= 0xc0 ? m - 1 : n;
}

/* --- one object ------------------------------------------------------------------ */

static enum err
store(struct op *op, struct ship *s, const char *bytes, size_t n)
{
	const char *const headers[] = {
		"X-Object-Meta-Lines", op_printf(op, "%d", lines(bytes, n)),
		"X-Delete-After", op_printf(op, "%lld",
		    (long long)s->job->expiry),
		"Content-Type", "text/plain; charset=utf-8", NULL };
	char md5[MD5_HEX + 1];
	struct text t;

	text_begin(&t, op, n + n / 8 + 1);
	readable(&t, bytes, n);
	return object_put_with(op, s->objects, op_printf(op, "/%s",
	    s->place.sending.name), headers, t.s, t.len, md5);
}

/* It is there: from its end on. */
static enum err
stored(struct op *op, struct ship *s, int i)
{
	struct log_place *p = &s->place;

	p->piece = p->sending.piece;
	p->at = p->sending.to;
	p->published += p->sending.to - p->sending.from;
	memcpy(p->head, s->piece[i].head, sizeof(p->head));
	memcpy(p->last, p->sending.name, sizeof(p->last));
	p->sending.name[0] = '\0';
	s->stored++;
	return log_place_write(op, s->job->name, p);
}

static enum err
send(struct op *op, struct ship *s, int i, const char *bytes, size_t n)
{
	TRY(store(op, s, bytes, n));
	return stored(op, s, i);
}

/* One that was under way: the same once more, unless its piece is gone. */
static enum err
send_again(struct op *op, struct ship *s)
{
	const struct log_sending *o = &s->place.sending;
	char *bytes = op_alloc(op, LOG_CHUNK);
	size_t n = (size_t)(o->to - o->from), got;
	int i = 0;

	while (i < s->n && s->piece[i].number != o->piece)
		i++;
	if (i == s->n || o->to < o->from || n > LOG_CHUNK ||
	    s->piece[i].size < o->to) {
		s->place.sending.name[0] = '\0';
		return OK;
	}
	TRY(piece_read(op, s, i, o->from, bytes, n, &got));
	return send(op, s, i, bytes, got);
}

/* The next object of a piece; *n: bytes of it that are done, 0: that was all. */
static enum err
send_next(struct op *op, struct ship *s, int i, int64_t at, size_t *n)
{
	char *bytes = op_alloc(op, LOG_CHUNK);
	struct log_sending *o = &s->place.sending;
	int64_t left = s->piece[i].size - at;

	*n = 0;
	if (left <= 0 || s->stored >= LOG_OBJECTS)
		return OK;
	TRY(piece_read(op, s, i, at, bytes, left < LOG_CHUNK ? (size_t)left :
	    LOG_CHUNK, n));
	*n = cut(bytes, *n, i < s->n - 1);
	if (*n == 0)
		return OK;
	*o = (struct log_sending){ .piece = s->piece[i].number, .from = at,
	    .to = at + (int64_t)*n };
	log_object_name(o->name, s->named++);
	TRY(log_place_write(op, s->job->name, &s->place));
	return send(op, s, i, bytes, *n);
}

/* --- all ------------------------------------------------------------------------- */

/* Memory of its own for each: there may be hundreds. */
static enum err
own(struct op *op, struct ship *s, int i, int64_t at, size_t *n)
{
	struct op inner;
	enum err e;

	op_begin(&inner, op->id);
	inner.instance = op->instance;
	e = n == NULL ? send_again(&inner, s) :
	    send_next(&inner, s, i, at, n);
	if (e != OK)
		(void)op_fail(op, e, "%s", inner.why);
	op_end(&inner);
	return e;
}

static enum err
metafile(struct op *op, const struct ship *s)
{
	static const char *const headers[] = { "Content-Type",
	    "application/json", NULL };
	char md5[MD5_HEX + 1];
	struct jsonw w;

	jsonw_begin(&w, op, 512);
	jsonw_map(&w);
	jsonw_kstr(&w, "log_name", s->job->name);
	jsonw_kstr(&w, "log_type", s->job->file->system ? "SYS" : "USER");
	jsonw_kstr(&w, "log_file", s->job->file->file);
	jsonw_kint(&w, "log_size", s->place.at);
	jsonw_kstr(&w, "log_header_digest", s->place.head);
	jsonw_map_end(&w);
	return object_put_with(op, s->objects, "_metafile", headers, w.out.s,
	    w.out.len, md5);
}

/* Names only grow, whatever the clock did; the API knows of the last one, too. */
static void
names_begin(struct ship *s)
{
	int64_t last = log_object_us(s->place.last);
	int64_t sending = log_object_us(s->place.sending.name);

	s->named = s->job->at;
	if (s->named <= last)
		s->named = last + 1;
	if (s->named <= sending)
		s->named = sending + 1;
}

enum err
log_ship(struct op *op, const struct log_job *job)
{
	struct ship *s = op_alloc(op, sizeof(*s));
	size_t n = 1;
	int64_t at;
	int i;

	*s = (struct ship){ .job = job,
	    .objects = objects_new(op, &job->leave) };
	TRY(open_all(op, s));
	log_place_read(op, job->name, &s->place);
	names_begin(s);
	if (s->place.sending.name[0] != '\0')
		TRY(own(op, s, 0, 0, NULL));
	if (log_place_find(&s->place, s->piece, s->n, &i, &at))
		log_info(op, "log %s has begun anew since", job->name);
	for (; i < s->n; i++, at = 0)
		for (n = 1; n > 0; at += (int64_t)n)
			TRY(own(op, s, i, at, &n));
	log_info(op, "log %s: %d objects, %lld bytes in all", job->name,
	    s->stored, (long long)s->place.published);
	return s->place.published > 0 ? metafile(op, s) : OK;
}
