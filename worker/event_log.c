/*
 * The log of events: lines appended by whichever worker holds its cursor.  The
 * cursor moves when they are on the disk, so that each is there at least once.
 */
#include "worker/duties.h"
#include "lib/base/conf.h"
#include "lib/store/events.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BATCH	500
#define BATCHES	20			/* at one time: there are tasks, too */

static bool
write_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, s, n);

		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			s += done;
			n -= (size_t)done;
		}
	}
	return fsync(fd) == 0;
}

/* Half a line would spoil the next one. */
static enum err
append(struct op *op, const char *path, const struct text *lines)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	enum err e = OK;
	off_t end;

	if (fd == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	end = lseek(fd, 0, SEEK_END);
	if (!write_all(fd, lines->s, lines->len)) {
		e = op_fail(op, ERR_INTERNAL, "%s: %s", path, strerror(errno));
		if (ftruncate(fd, end) != 0)
			e = op_fail(op, e, "%s; %s", op->why, strerror(errno));
	}
	close(fd);
	return e;
}

static enum err
batch(struct op *op, const char *path, int *n)
{
	struct event *event;
	struct jsonw w;

	TRY(events_take(op, BATCH, &event, n));
	jsonw_begin(&w, op, 4096);
	for (int i = 0; i < *n; i++) {
		w.comma = false;
		view_event(&w, &event[i]);
		text_addc(&w.out, '\n');
	}
	return *n > 0 ? append(op, path, &w.out) : OK;
}

enum err
duty_events(struct op *op, const char *host)
{
	const char *path = conf_str("events.log");
	int n = BATCH;
	enum err e = OK;

	(void)host;
	if (*path == '\0')
		return OK;
	for (int i = 0; i < BATCHES && n == BATCH && e == OK; i++) {
		store_hold(NULL);
		e = batch(op, path, &n);
		if (e == OK && n > 0)
			e = store_keep(op, NULL, NULL);
		store_drop(op);
	}
	return e;
}
