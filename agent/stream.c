#include "agent/stream.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define MAGIC		"cofferb\1"
#define MAGIC_LEN	8
#define LENGTH		4
#define PIECE		(1 << 20)	/* opened */
#define SEALED		(PIECE + SEAL_PIECE_MORE)
#define LEVEL		1		/* higher ones cost more than they save */
#define WORKERS_MOST	2		/* each holds some MiB */
#define WINDOW_LOG	23		/* 8 MiB: more than level 1 ever asks for */
#define OUT		(256 * 1024)

struct stream_out {
	stream_sink	 sink;
	void		*arg;
	const char	*backup;
	struct seal_stream seal;
	ZSTD_CCtx	*zstd;
	unsigned char	*piece, *sealed;
	size_t		 used;		/* of the piece */
};

enum stage { HEAD, LEN, BODY, OVER };

struct stream_in {
	stream_sink	 sink;
	void		*arg;
	const char	*backup;
	struct key	 key;
	struct seal_stream seal;
	ZSTD_DCtx	*zstd;
	enum stage	 stage;
	unsigned char	*have, *piece, *out;
	size_t		 got, want;	/* of what the stage collects */
	bool		 complete;	/* the zstd stream is */
};

/* --- from data to storage ------------------------------------------------------- */

static void
out_free(void *arg)
{
	struct stream_out *s = arg;

	ZSTD_freeCCtx(s->zstd);
	seal_wipe(&s->seal, sizeof(s->seal));
}

static int
workers(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 2 ? 0 : WORKERS_MOST;
}

/* A library built without threads refuses workers, and does it alone. */
static bool
zstd_set(ZSTD_CCtx *c)
{
	ZSTD_CCtx_setParameter(c, ZSTD_c_nbWorkers, workers());
	return !ZSTD_isError(ZSTD_CCtx_setParameter(c,
	    ZSTD_c_compressionLevel, LEVEL)) &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1));
}

enum err
stream_out_begin(struct op *op, const struct key *key, const char *backup,
    stream_sink sink, void *arg, struct stream_out **out)
{
	unsigned char head[MAGIC_LEN + SEAL_STREAM_HEAD];
	struct stream_out *s = op_alloc(op, sizeof(*s));

	*s = (struct stream_out){ .sink = sink, .arg = arg, .backup = backup,
	    .zstd = ZSTD_createCCtx(), .piece = op_alloc(op, PIECE),
	    .sealed = op_alloc(op, LENGTH + SEALED) };
	op_defer(op, out_free, s);
	if (s->zstd == NULL || !zstd_set(s->zstd))
		return op_fail(op, ERR_INTERNAL, "zstd does not start");
	memcpy(head, MAGIC, MAGIC_LEN);
	seal_stream_begin(&s->seal, key, head + MAGIC_LEN);
	*out = s;
	return sink(op, arg, head, sizeof(head));
}

static enum err
piece_out(struct op *op, struct stream_out *s, bool last)
{
	size_t n = s->used + SEAL_PIECE_MORE;

	for (int i = 0; i < LENGTH; i++)
		s->sealed[i] = (unsigned char)(n >> 8 * i);
	seal_stream_close(&s->seal, s->sealed + LENGTH, s->backup, s->piece,
	    s->used, last);
	s->used = 0;
	return s->sink(op, s->arg, s->sealed, LENGTH + n);
}

/* *left: nobody knows how much is still inside; 0: nothing. */
static enum err
compress(struct op *op, struct stream_out *s, ZSTD_inBuffer *in,
    ZSTD_EndDirective how, size_t *left)
{
	ZSTD_outBuffer out = { s->piece, PIECE, s->used };

	*left = ZSTD_compressStream2(s->zstd, &out, in, how);
	if (ZSTD_isError(*left))
		return op_fail(op, ERR_INTERNAL, "zstd: %s",
		    ZSTD_getErrorName(*left));
	s->used = out.pos;
	return s->used == PIECE ? piece_out(op, s, false) : OK;
}

enum err
stream_out_put(struct op *op, struct stream_out *s, const void *bytes,
    size_t n)
{
	ZSTD_inBuffer in = { bytes, n, 0 };
	size_t left;

	while (in.pos < in.size)
		TRY(compress(op, s, &in, ZSTD_e_continue, &left));
	return OK;
}

enum err
stream_out_end(struct op *op, struct stream_out *s)
{
	ZSTD_inBuffer none = { "", 0, 0 };
	size_t left;

	do
		TRY(compress(op, s, &none, ZSTD_e_end, &left));
	while (left > 0);
	return piece_out(op, s, true);
}

/* --- and back --------------------------------------------------------------------- */

static void
in_free(void *arg)
{
	struct stream_in *s = arg;

	ZSTD_freeDCtx(s->zstd);
	seal_wipe(&s->key, sizeof(s->key));
	seal_wipe(&s->seal, sizeof(s->seal));
}

static enum err
damaged(struct op *op, const struct stream_in *s, const char *how)
{
	return op_fail(op, ERR_FORGED, "Backup %s is damaged: %s.", s->backup,
	    how);
}

enum err
stream_in_begin(struct op *op, const struct key *key, const char *backup,
    stream_sink sink, void *arg, struct stream_in **out)
{
	struct stream_in *s = op_alloc(op, sizeof(*s));

	*s = (struct stream_in){ .sink = sink, .arg = arg, .backup = backup,
	    .key = *key, .zstd = ZSTD_createDCtx(), .have = op_alloc(op,
	    SEALED), .piece = op_alloc(op, PIECE), .out = op_alloc(op, OUT),
	    .want = MAGIC_LEN + SEAL_STREAM_HEAD };
	op_defer(op, in_free, s);
	if (s->zstd == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd,
	    ZSTD_d_windowLogMax, WINDOW_LOG)))
		return op_fail(op, ERR_INTERNAL, "zstd does not start");
	*out = s;
	return OK;
}

static enum err
decompress(struct op *op, struct stream_in *s, size_t n)
{
	ZSTD_inBuffer in = { s->piece, n, 0 };
	ZSTD_outBuffer out;
	size_t r;

	do {
		if (s->complete && in.pos < in.size)
			return damaged(op, s, "there is more than was put");
		if (s->complete)
			return OK;
		out = (ZSTD_outBuffer){ s->out, OUT, 0 };
		r = ZSTD_decompressStream(s->zstd, &out, &in);
		if (ZSTD_isError(r))
			return damaged(op, s, ZSTD_getErrorName(r));
		s->complete = r == 0;
		TRY(s->sink(op, s->arg, s->out, out.pos));
	} while (in.pos < in.size || out.pos == out.size);
	return OK;
}

static enum err
head_in(struct op *op, struct stream_in *s)
{
	if (memcmp(s->have, MAGIC, MAGIC_LEN) != 0)
		return damaged(op, s, "it does not begin as one");
	seal_stream_resume(&s->seal, &s->key, s->have + MAGIC_LEN);
	s->stage = LEN;
	s->want = LENGTH;
	return OK;
}

static enum err
length_in(struct op *op, struct stream_in *s)
{
	size_t n = 0;

	for (int i = 0; i < LENGTH; i++)
		n |= (size_t)s->have[i] << 8 * i;
	if (n < SEAL_PIECE_MORE || n > SEALED)
		return damaged(op, s, "no piece is so long");
	s->stage = BODY;
	s->want = n;
	return OK;
}

static enum err
piece_in(struct op *op, struct stream_in *s)
{
	bool last;

	if (!seal_stream_open(&s->seal, s->piece, s->backup, s->have, s->want,
	    &last))
		return damaged(op, s, "a piece does not open");
	TRY(decompress(op, s, s->want - SEAL_PIECE_MORE));
	s->stage = last ? OVER : LEN;
	s->want = last ? 0 : LENGTH;
	return OK;
}

enum err
stream_in_put(struct op *op, struct stream_in *s, const void *bytes, size_t n)
{
	static enum err (*const next[])(struct op *, struct stream_in *) = {
		[HEAD] = head_in, [LEN] = length_in, [BODY] = piece_in,
	};
	const unsigned char *p = bytes;
	size_t some;

	while (n > 0) {
		if (s->stage == OVER)
			return damaged(op, s, "something is behind its end");
		some = s->want - s->got < n ? s->want - s->got : n;
		memcpy(s->have + s->got, p, some);
		s->got += some;
		p += some;
		n -= some;
		if (s->got < s->want)
			break;
		s->got = 0;
		TRY(next[s->stage](op, s));
	}
	return OK;
}

enum err
stream_in_end(struct op *op, struct stream_in *s)
{
	if (s->stage != OVER || !s->complete)
		return damaged(op, s, "its end is missing");
	return OK;
}
