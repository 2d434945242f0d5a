/*
 * A log with holes.  Redis takes a command back that found the disk full half
 * way, and after it wrote its log anew it goes on where that command would have
 * ended: what lies between are zeros, and the next start refuses the log for them.
 * Nothing is missing, so they become what a start passes over: comments, or a
 * zero before a number.
 */
#include "agent/redis_server.h"
#include "agent/disk.h"
#include "agent/file.h"
#include "lib/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STARTING "agent/redis.starting"	/* there while a server reads its log */
#define LINE	1000			/* bytes of a comment that it takes for one */

struct log { struct op *op; FILE *f; int64_t mended; };

static enum err
failed(struct op *op)
{
	return op_fail(op, ERR_INTERNAL, "the log cannot be mended: %s",
	    errno != 0 ? strerror(errno) : "no room");
}

static enum err
put(struct log *l, const char *what, size_t n, int64_t at)
{
	errno = 0;
	return pwrite(fileno(l->f), what, n, at) == (ssize_t)n ? OK :
	    failed(l->op);
}

/* From its end to its begin: what is cut off on the way is a smaller hole. */
static enum err
fill(struct log *l, int64_t at, int64_t n, int next)
{
	char line[LINE];
	int64_t some;

	l->mended += n;
	if (n == 1)
		return put(l, next == '*' ? "*0" : "#", next == '*' ? 2 : 1, at);
	memset(line, ' ', sizeof(line));
	*line = '#';
	for (; n > 0; n -= some) {
		some = n > LINE ? LINE : n;
		if (n - some == 1)
			some--;
		line[some - 1] = '\n';
		TRY(put(l, line, (size_t)some, at + n - some));
		line[some - 1] = ' ';
	}
	return OK;
}

/* The rest of a line that is a number. */
static bool
number(FILE *f, int64_t *out)
{
	int c, digits = 0;

	for (*out = 0; (c = getc_unlocked(f)) >= '0' && c <= '9'; digits++)
		*out = *out < INT32_MAX ? *out * 10 + (c - '0') : *out;
	return digits > 0 && c == '\r' && getc_unlocked(f) == '\n';
}

/* *2 $3 GET $1 k, its star read. */
static bool
command(FILE *f)
{
	int64_t words, n;

	if (!number(f, &words))
		return false;
	while (words-- > 0) {
		if (getc_unlocked(f) != '$' || !number(f, &n))
			return false;
		if (n > BUFSIZ && fseeko(f, n, SEEK_CUR) == 0)
			n = 0;
		while (n-- > 0)
			if (getc_unlocked(f) == EOF)
				return false;
		if (getc_unlocked(f) != '\r' || getc_unlocked(f) != '\n')
			return false;
	}
	return true;
}

static bool
comment(FILE *f)
{
	int c;

	while ((c = getc_unlocked(f)) != '\n')
		if (c == EOF)
			return false;
	return true;
}

/* From the first zero, which was read; at the end they are cut off. */
static enum err
hole(struct log *l, bool *goes_on)
{
	int64_t at = ftello(l->f) - 1, n = 1;
	int c;

	while ((c = getc_unlocked(l->f)) == '\0')
		n++;
	*goes_on = c == '*' || c == '#';
	if (c == EOF) {
		l->mended += n;
		return ftruncate(fileno(l->f), at) == 0 ? OK : failed(l->op);
	}
	if (*goes_on) {
		(void)ungetc(c, l->f);
		return fill(l, at, n, c);
	}
	return OK;
}

/* Whatever else is wrong with it is for the server to say. */
static enum err
holes(struct log *l)
{
	bool goes_on = true;
	int c;

	while (goes_on && (c = getc_unlocked(l->f)) != EOF) {
		if (c == '\0')
			TRY(hole(l, &goes_on));
		else
			goes_on = c == '*' ? command(l->f) :
			    c == '#' && comment(l->f);
	}
	return l->mended == 0 || fsync(fileno(l->f)) == 0 ? OK : failed(l->op);
}

/* The server made it: what is no file of its own is none of ours. */
static FILE *
log_open(const char *path)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	FILE *f = NULL;

	if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink == 1)
		f = fdopen(fd, "r+");
	if (fd != -1 && f == NULL)
		close(fd);
	return f;
}

static enum err
mend(struct op *op, const char *path)
{
	struct log l = { .op = op, .f = log_open(path) };
	enum err e;

	if (l.f == NULL)
		return op_fail(op, ERR_INTERNAL, "%s: it cannot be opened, or "
		    "is no plain file", path);
	e = holes(&l);
	fclose(l.f);
	if (l.mended > 0)
		log_warn(op, "%lld bytes of nothing in the log are passed over",
		    (long long)l.mended);
	return e;
}

static void
close_dir(void *dir)
{
	closedir(dir);
}

static bool
is_log(const char *name)
{
	const char *end = strstr(name, ".incr.aof");

	return strncmp(name, REDIS_AOF_NAME ".", sizeof(REDIS_AOF_NAME)) == 0 &&
	    end != NULL && strcmp(end, ".incr.aof") == 0;
}

enum err
redis_mend(struct op *op)
{
	const char *path = file_data(op, REDIS_DATA "/" REDIS_AOF);
	struct dirent *e;
	DIR *d;

	if (access(file_data(op, STARTING), F_OK) == -1) {
		TRY(file_put_anew(op, file_data(op, STARTING), "", 0));
		if (disk_room() == DB_ROOM)
			return OK;
	}
	if ((d = opendir(path)) == NULL)
		return OK;
	op_defer(op, close_dir, d);
	while ((e = readdir(d)) != NULL)
		if (is_log(e->d_name))
			TRY(mend(op, op_printf(op, "%s/%s", path, e->d_name)));
	return OK;
}

enum err
redis_mended(struct op *op)
{
	return unlink(file_data(op, STARTING)) == 0 || errno == ENOENT ? OK :
	    op_fail(op, ERR_INTERNAL, STARTING ": %s", strerror(errno));
}
