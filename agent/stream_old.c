#include "agent/stream_old.h"

#include <string.h>
#include <zlib.h>

#define OUT	(256 * 1024)
#define STEP	(256 * 1024)		/* decrypted at once */
#define WINDOW	(15 + 16)		/* gzip's, with its head and its end */

struct stream_old {
	stream_sink	 sink;
	void		*arg;
	bool		 gzip;
	struct salted	*salted;	/* NULL: it is not */
	z_stream	 z;
	bool		 complete;	/* a member of gzip's has ended, and no other begun */
	bool		 any;
	unsigned char	*out;
};

static enum err
damaged(struct op *op, const char *how)
{
	return op_fail(op, ERR_FORGED, "The backup is damaged: %s.", how);
}

static void
inflate_free(void *z)
{
	inflateEnd(z);
}

enum err
stream_old_begin(struct op *op, const struct old_form *f, stream_sink sink,
    void *arg, struct stream_old **out)
{
	struct stream_old *s = op_alloc(op, sizeof(*s));

	*s = (struct stream_old){ .sink = sink, .arg = arg, .gzip = f->gzip,
	    .out = op_alloc(op, OUT) };
	if (f->key != NULL)
		TRY(salted_begin(op, f->key, &s->salted));
	if (f->gzip) {
		if (inflateInit2(&s->z, WINDOW) != Z_OK)
			return op_fail(op, ERR_INTERNAL, "zlib does not start");
		op_defer(op, inflate_free, &s->z);
	}
	*out = s;
	return OK;
}

/* Members may follow one another, as when parts were compressed by themselves. */
static enum err
member_begin(struct op *op, struct stream_old *s)
{
	if (!s->complete)
		return OK;
	s->complete = false;
	return inflateReset(&s->z) == Z_OK ? OK :
	    op_fail(op, ERR_INTERNAL, "zlib does not start again");
}

/* zlib compares each member's checksum and length itself. */
static enum err
inflate_all(struct op *op, struct stream_old *s, const unsigned char *p,
    size_t n)
{
	int r;

	s->z.next_in = (unsigned char *)(uintptr_t)p;
	s->z.avail_in = (unsigned)n;
	do {
		if (s->z.avail_in > 0)
			TRY(member_begin(op, s));
		s->z.next_out = s->out;
		s->z.avail_out = OUT;
		r = inflate(&s->z, Z_NO_FLUSH);
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			return damaged(op, s->z.msg != NULL ? s->z.msg :
			    "it is no gzip");
		s->complete = r == Z_STREAM_END;
		TRY(s->sink(op, s->arg, s->out, OUT - s->z.avail_out));
	} while (s->z.avail_in > 0 || (s->z.avail_out == 0 && !s->complete));
	return OK;
}

static enum err
opened_put(struct op *op, struct stream_old *s, const unsigned char *p,
    size_t n)
{
	if (n == 0)
		return OK;
	s->any = true;
	return s->gzip ? inflate_all(op, s, p, n) :
	    s->sink(op, s->arg, p, n);
}

enum err
stream_old_put(struct op *op, struct stream_old *s, const void *bytes,
    size_t n)
{
	const unsigned char *p = bytes, *opened;
	size_t some, len;

	if (s->salted == NULL)
		return opened_put(op, s, p, n);
	for (; n > 0; p += some, n -= some) {
		some = n < STEP ? n : STEP;
		TRY(salted_put(op, s->salted, p, some, &opened, &len));
		TRY(opened_put(op, s, opened, len));
	}
	return OK;
}

enum err
stream_old_end(struct op *op, struct stream_old *s)
{
	const unsigned char *opened;
	size_t len;

	if (s->salted != NULL) {
		TRY(salted_end(op, s->salted, &opened, &len));
		TRY(opened_put(op, s, opened, len));
	}
	if (!s->any || (s->gzip && !s->complete))
		return damaged(op, "its end is missing");
	return OK;
}
