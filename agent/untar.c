#include "agent/untar.h"
#include "agent/file.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK	512
#define CHUNK	(256 * 1024)
#define SIZE_MAX_BYTES (INT64_C(1) << 46)

/* Places of a header's fields. */
enum {
	NAME = 0, NAME_LEN = 100, SIZE = 124, SIZE_LEN = 12, SUM = 148,
	SUM_LEN = 8, TYPE = 156, PREFIX = 345
};

struct untar {
	struct op	*op;
	int		 stream, dir;
	unsigned char	*buffer;
	untar_own	 own;		/* may be NULL */
	void		*arg;
};

static enum err
damaged(struct untar *in, const char *what)
{
	return op_fail(in->op, ERR_BAD_REQUEST, "The backup is damaged: %s.",
	    what);
}

static enum err
failed(struct untar *in, const char *what)
{
	return op_fail(in->op, ERR_INTERNAL, "%s: %s", what, strerror(errno));
}

/* All n bytes; *got less only where the stream ends. */
static enum err
take(struct untar *in, unsigned char *to, size_t n, size_t *got)
{
	ssize_t r;

	*got = 0;
	while (*got < n) {
		r = read(in->stream, to + *got, n - *got);
		if (r == 0)
			break;
		if (r > 0)
			*got += (size_t)r;
		else if (errno != EINTR)
			return failed(in, "read");
	}
	return OK;
}

static enum err
take_all(struct untar *in, unsigned char *to, size_t n)
{
	size_t got;

	TRY(take(in, to, n, &got));
	return got == n ? OK : damaged(in, "it ends in the middle");
}

/* Octal digits, or where those do not suffice a number of 0x80 and bytes. */
static int64_t
number(const unsigned char *s, size_t n)
{
	int64_t v = 0;

	if (*s == 0x80) {
		for (size_t i = 1; i < n; i++) {
			if (v > SIZE_MAX_BYTES)
				return -1;
			v = v << 8 | s[i];
		}
		return v;
	}
	while (n > 0 && *s == ' ')
		s++, n--;
	for (; n > 0 && *s >= '0' && *s <= '7'; s++, n--)
		v = v << 3 | (*s - '0');
	return n == 0 || *s == '\0' || *s == ' ' ? v : -1;
}

static bool
sum_fits(const unsigned char *h)
{
	unsigned sum = 0;

	for (int i = 0; i < BLOCK; i++)
		sum += i >= SUM && i < SUM + SUM_LEN ? ' ' : h[i];
	return number(h + SUM, SUM_LEN) == (int64_t)sum;
}

/* Relative, and never upward; PostgreSQL writes "./" before some. */
static bool
stays_inside(const char *name)
{
	const char *part = strncmp(name, "./", 2) == 0 ? name + 2 : name;

	for (;;) {
		size_t n = strcspn(part, "/");

		if (n == 0 || strncmp(part, ".", n) == 0 ||
		    strncmp(part, "..", n) == 0)
			return false;
		if (part[n] == '\0')
			return true;
		part += n + 1;
	}
}

static enum err
copy(struct untar *in, int fd, const char *name, int64_t size)
{
	struct file_early early = { .fd = fd };

	while (size > 0) {
		size_t n = size < CHUNK ? (size_t)size : CHUNK;

		TRY(take_all(in, in->buffer, n));
		if (!file_write(fd, in->buffer, n))
			return failed(in, name);
		file_early(&early, n);
		size -= (int64_t)n;
	}
	return OK;
}

enum err
untar_read(struct untar *in, void *to, size_t n)
{
	return take_all(in, to, n);
}

static enum err
file_take(struct untar *in, const char *name, int64_t size)
{
	int fd = openat(in->dir, name, O_WRONLY | O_CREAT | O_TRUNC |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	enum err e;

	if (fd == -1)
		return failed(in, name);
	e = copy(in, fd, name, size);
	close(fd);
	return e;
}

/* Without the "./" that PostgreSQL writes before some. */
static enum err
file_or_own(struct untar *in, const char *name, int64_t size)
{
	bool mine = false;

	if (in->own != NULL)
		TRY(in->own(in->op, in->arg, in,
		    strncmp(name, "./", 2) == 0 ? name + 2 : name, size,
		    &mine));
	if (!mine)
		TRY(file_take(in, name, size));
	return take_all(in, in->buffer, (size_t)(-size & (BLOCK - 1)));
}

static enum err
entry_take(struct untar *in, const unsigned char *h)
{
	char name[NAME_LEN + 1] = "";
	int64_t size = number(h + SIZE, SIZE_LEN);
	size_t n;

	memcpy(name, h + NAME, NAME_LEN);
	n = strlen(name);
	if (h[TYPE] == '5' && n > 0 && name[n - 1] == '/')
		name[n - 1] = '\0';
	if (size < 0 || size > SIZE_MAX_BYTES || h[PREFIX] != '\0' ||
	    !stays_inside(name))
		return damaged(in, "a name or a size is none");
	if (h[TYPE] == '0' || h[TYPE] == '\0')
		return file_or_own(in, name, size);
	if (h[TYPE] != '5' || size != 0)
		return damaged(in, "it holds what is neither file nor directory");
	return mkdirat(in->dir, name, 0700) == 0 || errno == EEXIST ? OK :
	    failed(in, name);
}

static bool
is_zero(const unsigned char *h)
{
	return *h == 0 && memcmp(h, h + 1, BLOCK - 1) == 0;
}

/* Two blocks of zeros and what may stand behind them are the end. */
static enum err
end_take(struct untar *in)
{
	size_t got;

	TRY(take_all(in, in->buffer, BLOCK));
	if (!is_zero(in->buffer))
		return damaged(in, "its end is none");
	do
		TRY(take(in, in->buffer, CHUNK, &got));
	while (got == CHUNK);
	return OK;
}

enum err
untar(struct op *op, int stream, int dir)
{
	return untar_with(op, stream, dir, NULL, NULL);
}

enum err
untar_with(struct op *op, int stream, int dir, untar_own own, void *arg)
{
	struct untar in = { .op = op, .stream = stream, .dir = dir,
	    .buffer = op_alloc(op, CHUNK), .own = own, .arg = arg };
	unsigned char h[BLOCK];

	for (;;) {
		TRY(take_all(&in, h, BLOCK));
		if (is_zero(h))
			return end_take(&in);
		if (!sum_fits(h))
			return damaged(&in, "a header does not add up");
		TRY(entry_take(&in, h));
	}
}
