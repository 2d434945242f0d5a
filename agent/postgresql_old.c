/*
 * Backups of PostgreSQL as Trove made them: a full one is the tar that
 * pg_basebackup writes, an incremental one a tar of the WAL segments archived
 * since.  They are laid beside the WAL of the full one, so that the recovery
 * which that one needs goes on through all of them.
 */
#include "agent/postgresql_old.h"
#include "agent/file.h"
#include "agent/untar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGAIN		"restore/full"	/* what is going to be the data */
#define WAL		AGAIN "/pg_wal"
#define VERSION		"15\n"		/* PG_VERSION of what the server here can read */
#define WAL_NAME	24		/* hex digits: time line, log, segment */
#define TIMELINE	8		/* of which so many */
#define SEGMENTS	256		/* in a log */
#define SEGMENT		(16 << 20)	/* bytes; other sizes were no choice of Trove's */
#define LONG		2		/* a page's head: the longer one, of a segment's first */

static enum err
damaged(struct op *op, const char *how)
{
	return op_fail(op, ERR_BAD_REQUEST, "The backup is damaged: %s.",
	    how);
}

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

static void
close_dir(void *dir)
{
	closedir(dir);
}

/* --- WAL ------------------------------------------------------------------------------ */

struct wal { struct op *op; const char **name; size_t n, room; };

static void
wal_add(struct wal *w, const char *name)
{
	const char **more;

	if (w->n == w->room) {
		w->room = w->room == 0 ? 64 : 2 * w->room;
		more = op_alloc(w->op, w->room * sizeof(*more));
		if (w->n > 0)
			memcpy(more, w->name, w->n * sizeof(*more));
		w->name = more;
	}
	w->name[w->n++] = op_strdup(w->op, name);
}

static bool
is_segment(const char *name)
{
	return strspn(name, "0123456789ABCDEF") == WAL_NAME &&
	    name[WAL_NAME] == '\0';
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err
wal_list(struct op *op, struct wal *w)
{
	const char *path = file_data(op, WAL);
	DIR *dir = opendir(path);
	struct dirent *d;

	*w = (struct wal){ .op = op };
	if (dir == NULL)
		return damaged(op, "it has no WAL");
	op_defer(op, close_dir, dir);
	while ((d = readdir(dir)) != NULL) {
		if (is_segment(d->d_name))
			wal_add(w, d->d_name);
		else if (*d->d_name != '.' &&
		    strcmp(d->d_name, "archive_status") != 0 &&
		    strstr(d->d_name, ".history") == NULL &&
		    strstr(d->d_name, ".backup") == NULL)
			return damaged(op, "something lies among its WAL that "
			    "is none");
	}
	if (w->n == 0)
		return damaged(op, "it has no WAL");
	qsort(w->name, w->n, sizeof(*w->name), by_name);
	return OK;
}

static int64_t
number(const char *name)
{
	char log[9] = "", segment[9] = "";

	memcpy(log, name + TIMELINE, 8);
	memcpy(segment, name + TIMELINE + 8, 8);
	return (int64_t)strtoul(log, NULL, 16) * SEGMENTS +
	    (int64_t)strtoul(segment, NULL, 16);
}

/* How a segment begins. */
struct head {
	uint16_t	 magic, info;
	uint32_t	 timeline;
	uint64_t	 address;
	uint32_t	 rest, unused;
	uint64_t	 system;
	uint32_t	 segment, block;
};

static enum err
head_read(struct op *op, const char *name, struct head *h)
{
	const char *path = file_data(op, op_printf(op, WAL "/%s", name));
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool whole = fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == SEGMENT && read(fd, h, sizeof(*h)) == sizeof(*h);

	if (fd != -1)
		close(fd);
	if (!whole)
		return damaged(op, op_printf(op, "WAL %s is not whole", name));
	if ((h->info & LONG) == 0 || h->segment != SEGMENT ||
	    h->timeline != strtoul(op_strndup(op, name, TIMELINE), NULL, 16) ||
	    h->address != (uint64_t)number(name) * SEGMENT)
		return damaged(op, op_printf(op, "WAL %s is other WAL", name));
	return OK;
}

/* Recovery takes what it cannot use for the end, as it does a gap. */
static enum err
heads_check(struct op *op, const struct wal *w)
{
	struct head first, h;

	TRY(head_read(op, w->name[0], &first));
	for (size_t i = 1; i < w->n; i++) {
		TRY(head_read(op, w->name[i], &h));
		if (h.magic != first.magic || h.system != first.system)
			return damaged(op, op_printf(op, "WAL %s is another "
			    "server's", w->name[i]));
	}
	return OK;
}

/* Where recovery begins: "START WAL LOCATION: 0/2000028 (file <segment>)". */
static enum err
begin_check(struct op *op, const struct wal *w)
{
	const char *text, *at;
	size_t n;

	if (file_get(op, file_data(op, AGAIN "/backup_label"), &text, &n) != OK)
		return OK;		/* it is asked for later */
	at = strstr(text, "(file ");
	at = op_strndup(op, at != NULL ? at + 6 : "",
	    at != NULL ? strcspn(at + 6, ")\n") : 0);
	if (!is_segment(at))
		return damaged(op, "its label names no WAL");
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->name[i], at) == 0)
			return OK;
	return damaged(op, op_printf(op, "WAL %s is missing", at));
}

/* Recovery takes a gap for the end: data would be missing, and nobody told. */
static enum err
wal_check(struct op *op)
{
	struct wal w;

	TRY(wal_list(op, &w));
	TRY(begin_check(op, &w));
	TRY(heads_check(op, &w));
	for (size_t i = 1; i < w.n; i++) {
		if (memcmp(w.name[i], w.name[i - 1], TIMELINE) != 0)
			return op_fail(op, ERR_NOT_BUILT, "The backup goes "
			    "over a change of PostgreSQL's time line.");
		if (number(w.name[i]) != number(w.name[i - 1]) + 1)
			return damaged(op, op_printf(op, "WAL is missing "
			    "before %s", w.name[i]));
	}
	return OK;
}

/* --- the members of the engine ---------------------------------------------------------- */

enum err
postgresql_restore_old(struct op *op, int nth, int fd)
{
	const char *path = file_data(op, WAL);
	int dir;

	if (nth == 0)
		return postgresql_restore(op, 0, fd);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir == -1)
		return damaged(op, "it has no WAL");
	op_defer(op, close_fd, (void *)(intptr_t)dir);
	return untar(op, fd, dir);
}

static enum err
version_check(struct op *op)
{
	const char *text;
	size_t n;

	if (file_get(op, file_data(op, AGAIN "/PG_VERSION"), &text, &n) != OK)
		return damaged(op, "it does not say of which version it is");
	if (strcmp(text, VERSION) == 0)
		return OK;
	return op_fail(op, ERR_UNPROCESSABLE, "The backup is one of "
	    "PostgreSQL %.*s; this server is a %.*s.",
	    (int)strcspn(text, "\n"), text, (int)strcspn(VERSION, "\n"),
	    VERSION);
}

/* Orders of another machine to its server: a master to follow, places, programs. */
static enum err
orders_remove(struct op *op)
{
	static const char *const names[] = { "standby.signal",
	    "recovery.signal", "recovery.conf", "recovery.done",
	    "postmaster.pid", "postmaster.opts", "backup_manifest", NULL };

	for (const char *const *n = names; *n != NULL; n++)
		unlink(file_data(op, op_printf(op, AGAIN "/%s", *n)));
	return file_put(op, file_data(op, AGAIN "/postgresql.auto.conf"), "",
	    0);
}

/* The server recovers here and now: what it cannot recover never serves. */
enum err
postgresql_restored_old(struct op *op)
{
	TRY(version_check(op));
	TRY(wal_check(op));
	TRY(orders_remove(op));
	TRY(postgresql_restored(op));
	return postgresql_admin_adopt(op);
}
