/* Objects being read, and what is made of segments. */
#include "lib/cloud/objects_file.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY (1 << 18)

struct reading {
	struct op	*op;
	int		 dir, fd;	/* fd: of the object, or of the segment that is open */
	int64_t		 bytes;
	struct object	*segment;	/* of a manifest */
	int64_t		*end;		/* where each of them ends */
	int		 n, open;	/* open: which one; -1 none */
};

static void
close_both(void *arg)
{
	struct reading *r = arg;

	if (r->fd != -1)
		close(r->fd);
}

static enum err
segments_open(struct reading *r, int n)
{
	int64_t end = 0;

	TRY(object_segments(r->op, r->fd, n, &r->segment));
	r->end = op_alloc(r->op, (size_t)n * sizeof(*r->end));
	for (int i = 0; i < n; i++)
		r->end[i] = end += r->segment[i].bytes;
	r->n = n;
	return end == r->bytes ? OK : op_fail(r->op, ERR_CLOUD,
	    "a manifest's segments are not as long as it says");
}

enum err
object_open(struct op *op, const struct object_key *k, struct reading **out,
    struct object_is *is)
{
	struct reading *r = op_alloc(op, sizeof(*r));
	const char *file = object_file(op, k->name);

	*r = (struct reading){ .op = op, .fd = -1, .open = -1 };
	TRY(object_dir(op, k, false, &r->dir));
	r->fd = openat(r->dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (r->fd == -1)
		return object_failed(op, k->name);
	op_defer(op, close_both, r);
	TRY(object_head_read(op, r->fd, is));
	r->bytes = is->bytes;
	if (is->segments > 0)
		TRY(segments_open(r, is->segments));
	*out = r;
	return OK;
}

/* It has to be what the manifest was made of. */
static enum err
segment_check(struct op *op, int fd, const struct object *s)
{
	struct object_is is;

	TRY(object_head_read(op, fd, &is));
	if (is.segments == 0 && is.bytes == s->bytes &&
	    strcmp(is.md5, s->md5) == 0)
		return OK;
	return op_fail(op, ERR_CLOUD, "segment %s is not the one of its "
	    "manifest", s->name);
}

static enum err
segment_open(struct reading *r, int i)
{
	struct op heads;
	enum err e;

	if (r->open == i)
		return OK;
	close(r->fd);
	r->open = -1;
	r->fd = openat(r->dir, object_file(r->op, r->segment[i].name),
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (r->fd == -1)
		return op_fail(r->op, ERR_CLOUD, "segment %s: %s",
		    r->segment[i].name, strerror(errno));
	op_begin(&heads, r->op->id);
	e = segment_check(&heads, r->fd, &r->segment[i]);
	if (e != OK)
		op_fail(r->op, e, "%s", heads.why);
	op_end(&heads);
	if (e == OK)
		r->open = i;
	return e;
}

/* Which one holds that byte?  There may be many. */
static int
segment_at(const struct reading *r, int64_t at)
{
	int low = 0, high = r->n - 1;

	while (low < high) {
		int middle = (low + high) / 2;

		if (r->end[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum err
reading_get(struct reading *r, int64_t at, void *buf, size_t n, size_t *got)
{
	int64_t begin = 0, end = r->bytes;
	ssize_t done;
	int i;

	*got = 0;
	if (at >= r->bytes || n == 0)
		return OK;
	if (r->n > 0) {
		i = segment_at(r, at);
		begin = i > 0 ? r->end[i - 1] : 0;
		end = r->end[i];
		TRY(segment_open(r, i));
	}
	if ((int64_t)n > end - at)
		n = (size_t)(end - at);
	done = pread(r->fd, buf, n, OBJECT_HEAD + at - begin);
	if (done == -1)
		return object_failed(r->op, "object");
	if (done == 0)
		return op_fail(r->op, ERR_CLOUD, "an object is shorter than "
		    "its head says");
	*got = (size_t)done;
	return OK;
}

/* --- joining --------------------------------------------------------------------------- */

static enum err
copy(struct op *op, const struct object_key *k, const struct object *s,
    struct object_is *is)
{
	const struct object_key from = { k->tenant, k->container, s->name };
	char *buf = op_alloc(op, COPY);
	struct object_is was;
	struct reading *r;
	struct draft *d;
	int64_t at = 0;
	size_t n;

	TRY(object_open(op, &from, &r, &was));
	TRY(object_draft(op, k, &d));
	for (;;) {
		TRY(reading_get(r, at, buf, COPY, &n));
		if (n == 0)
			break;
		TRY(draft_add(d, buf, n));
		at += (int64_t)n;
	}
	if (at != s->bytes || strcmp(was.md5, s->md5) != 0)
		return op_fail(op, ERR_CLOUD, "segment %s is not the one "
		    "that was to be copied", s->name);
	TRY(draft_keep(d, is));
	if (strcmp(is->md5, s->md5) != 0)
		return op_fail(op, ERR_CLOUD, "segment %s was damaged "
		    "in storage", s->name);
	return OK;
}

static enum err
there(struct op *op, int dir, const struct object *s)
{
	int fd = openat(dir, object_file(op, s->name), O_RDONLY | O_NOFOLLOW |
	    O_CLOEXEC);
	enum err e;

	if (fd == -1)
		return op_fail(op, ERR_CLOUD, "segment %s: %s", s->name,
		    strerror(errno));
	e = segment_check(op, fd, s);
	close(fd);
	return e;
}

/*
 * A guest's leave to write may hold for a day after its backup is complete: who
 * takes the guest over then shall not get at what it has stored.
 */
static enum err
settled(struct op *op, int dir, const struct object *s)
{
	return fchmodat(dir, object_file(op, s->name), OBJECT_SETTLED, 0) == 0 ?
	    OK : op_fail(op, ERR_CLOUD, "segment %s: %s", s->name,
	    strerror(errno));
}

/* An op of its own for each: there may be thousands. */
static enum err
all_there(struct op *op, const struct object_key *k,
    const struct object *segment, int n)
{
	struct op one;
	enum err e = OK;
	int dir;

	TRY(object_dir(op, &(struct object_key){ k->tenant, k->container },
	    false, &dir));
	for (int i = 0; e == OK && i < n; i++) {
		op_begin(&one, op->id);
		e = settled(&one, dir, &segment[i]);
		if (e == OK)
			e = there(&one, dir, &segment[i]);
		if (e != OK)
			op_fail(op, e, "%s", one.why);
		op_end(&one);
	}
	return e;
}

static enum err
manifest(struct op *op, const struct object_key *k,
    const struct object *segment, int n, struct object_is *is)
{
	struct draft *d;
	struct text t;

	TRY(all_there(op, k, segment, n));
	is->segments = n;
	is->md5 = object_checksum(op, segment, n);
	is->bytes = 0;
	text_begin(&t, op, 4096);
	for (int i = 0; i < n; i++) {
		is->bytes += segment[i].bytes;
		text_printf(&t, "%s %lld %s\n", segment[i].md5,
		    (long long)segment[i].bytes,
		    object_file(op, segment[i].name));
	}
	TRY(object_draft(op, k, &d));
	TRY(draft_add(d, t.s, t.len));
	return draft_keep(d, is);
}

/* Copied by an earlier attempt, whose segment is gone? */
static bool
is_copied(struct op *op, const struct object_key *k, const struct object *s,
    struct object_is *is)
{
	struct object_is there_is;
	struct reading *r;

	if (object_open(op, k, &r, &there_is) != OK ||
	    there_is.segments > 0 || there_is.bytes != s->bytes ||
	    strcmp(there_is.md5, s->md5) != 0)
		return false;
	*is = there_is;
	return true;
}

enum err
object_join(struct op *op, const struct object_key *k,
    const struct object *segment, int n, struct object_is *is)
{
	if (n < 1)
		return op_fail(op, ERR_CLOUD, "%s: no segments", k->name);
	if (n > 1)
		return manifest(op, k, segment, n, is);
	if (!is_copied(op, k, segment, is))
		TRY(copy(op, k, segment, is));
	if (object_remove(op, &(struct object_key){ k->tenant, k->container,
	    segment->name }, false, NULL) == ERR_CLOUD)
		return ERR_CLOUD;
	return OK;
}
