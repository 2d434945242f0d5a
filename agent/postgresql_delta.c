/*
 * The scan of a delta, beside a server that writes: what is torn or gone while it
 * is read, the WAL since the scan's begin makes right, as in every backup.
 *
 *	"cofferpg"		INCREMENTAL.<name>: head,
 *	u32, u32		how many blocks follow, how many the file has,
 *	u32 each		their numbers, rising,
 *	8192 bytes each		and they themselves
 */
#include "agent/postgresql_delta.h"
#include "agent/postgresql.h"
#include "agent/file.h"
#include "agent/tar.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT_ONCE	32			/* blocks */
#define WHOLE	(1 << 20)		/* between two looks at the server */
#define PATH	128

/*
 * No place of the WAL is as early.  Zero is a block that nobody has begun, one is
 * what some indexes are built with, whatever the WAL says of them.
 */
#define FIRST_LSN UINT64_C(0x1000000)

struct scan {
	struct op	*op;
	const struct pg_delta *d;
	int		 data;		/* the directory's descriptor */
	char		*buffer;	/* AT_ONCE blocks */
	uint32_t	*changed;	/* numbers, of one file */
};

/* Directories whose contents belong to a running server. */
static const char *const hollow[] = { "pg_dynshmem", "pg_notify",
    "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans",
    "pg_wal/archive_status", NULL };

/* Files of a running server; and what begins like that, if it ends with '*'. */
static const char *const skipped[] = { "backup_label*", "tablespace_map*",
    "backup_manifest", "postmaster.pid", "postmaster.opts",
    "postgresql.auto.conf.tmp", "current_logfiles*", "pg_internal.init*",
    "pgsql_tmp*", POSTGRESQL_PART "*", POSTGRESQL_UPON,
    "global/pg_control", NULL };

/* --- marks and names ------------------------------------------------------------------ */

bool
pg_mark_read(const char *s, struct pg_mark *m)
{
	unsigned high, low;
	int n = 0;

	if (sscanf(s, "%20" SCNu64 "-%10u-%8X/%8X%n", &m->system, &m->timeline,
	    &high, &low, &n) != 4 || s[n] != '\0' || !isdigit((unsigned char)*s))
		return false;
	m->lsn = (uint64_t)high << 32 | low;
	return true;
}

const char *
pg_mark_write(struct op *op, const struct pg_mark *m)
{
	return op_printf(op, "%" PRIu64 "-%u-%X/%X", m->system, m->timeline,
	    (unsigned)(m->lsn >> 32), (unsigned)m->lsn);
}

/* 16384, 16384.1, 16384_fsm.1 */
bool
pg_name_read(const char *s, struct pg_name *out)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	out->relation = strtoull(s, &end, 10);
	out->fork = end;
	out->fork_len = *end == '_' ? 1 + strspn(end + 1,
	    "abcdefghijklmnopqrstuvwxyz") : 0;
	end += out->fork_len;
	if (*end == '.' && isdigit((unsigned char)end[1]))
		end += 1 + strspn(end + 1, "0123456789");
	return *end == '\0';
}

/* t3_16384: of one session. */
static bool
is_temporary(const char *s)
{
	return *s == 't' && isdigit((unsigned char)s[1]) &&
	    s[1 + strspn(s + 1, "0123456789")] == '_';
}

static bool
is_skipped(const char *path, const char *name)
{
	for (const char *const *s = skipped; *s != NULL; s++) {
		const char *what = strchr(*s, '/') != NULL ? path : name;
		size_t n = strlen(*s);

		if ((*s)[n - 1] == '*' ? strncmp(what, *s, n - 1) == 0 :
		    strcmp(what, *s) == 0)
			return true;
	}
	return is_temporary(name);
}

static bool
is_hollow(const char *path)
{
	const char *const *h = hollow;

	while (*h != NULL && strcmp(path, *h) != 0)
		h++;
	return *h != NULL;
}

/* --- files ----------------------------------------------------------------------------- */

/* All of it; zeros for what is not there any more. */
static enum err
take(struct op *op, int fd, char *to, size_t n, int64_t at)
{
	ssize_t r;

	for (size_t done = 0; done < n; done += (size_t)r) {
		r = pread(fd, to + done, n - done, at + (int64_t)done);
		if (r == 0) {
			memset(to + done, 0, n - done);
			return OK;
		}
		if (r == -1 && errno != EINTR)
			return op_fail(op, ERR_GUEST, "read: %s",
			    strerror(errno));
		r = r == -1 ? 0 : r;
	}
	return OK;
}

static enum err
alive(struct scan *s)
{
	return s->d->alive(s->op, s->d->arg);
}

static enum err
whole(struct scan *s, int fd, const char *path, int64_t size)
{
	size_t n;

	TRY(tar_file(s->op, s->d->to, path, size));
	for (int64_t at = 0; at < size; at += (int64_t)n) {
		n = AT_ONCE * POSTGRESQL_BLOCK;
		n = size - at < (int64_t)n ? (size_t)(size - at) : n;
		TRY(take(s->op, fd, s->buffer, n, at));
		TRY(tar_bytes(s->op, s->d->to, s->buffer, n));
		if (at % WHOLE == 0)
			TRY(alive(s));
	}
	return tar_pad(s->op, s->d->to, size);
}

static bool
is_changed(const char *block, uint64_t since)
{
	uint32_t half[2];
	uint64_t lsn;

	memcpy(half, block, sizeof(half));
	lsn = (uint64_t)half[0] << 32 | half[1];
	return lsn >= since || lsn < FIRST_LSN;
}

static enum err
changes(struct scan *s, int fd, uint32_t blocks, uint32_t *n)
{
	uint32_t some;

	*n = 0;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	for (uint32_t at = 0; at < blocks; at += some) {
		some = blocks - at < AT_ONCE ? blocks - at : AT_ONCE;
		TRY(take(s->op, fd, s->buffer, some * POSTGRESQL_BLOCK,
		    (int64_t)at * POSTGRESQL_BLOCK));
		for (uint32_t i = 0; i < some; i++)
			if (is_changed(s->buffer + i * POSTGRESQL_BLOCK,
			    s->d->since.lsn))
				s->changed[(*n)++] = at + i;
		if (at % (WHOLE / POSTGRESQL_BLOCK) == 0)
			TRY(alive(s));
	}
	return OK;
}

/* Neighbours are read at once. */
static enum err
blocks_put(struct scan *s, int fd, uint32_t n)
{
	uint32_t run;

	for (uint32_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n && run < AT_ONCE &&
		    s->changed[i + run] == s->changed[i] + run; run++)
			;
		TRY(take(s->op, fd, s->buffer, run * POSTGRESQL_BLOCK,
		    (int64_t)s->changed[i] * POSTGRESQL_BLOCK));
		TRY(tar_bytes(s->op, s->d->to, s->buffer,
		    run * POSTGRESQL_BLOCK));
	}
	return OK;
}

static enum err
part(struct scan *s, int fd, const char *path, uint32_t blocks)
{
	const char *name = strrchr(path, '/') + 1;
	uint32_t n, head[2];
	char to[PATH + sizeof(POSTGRESQL_PART)];
	int64_t size;

	TRY(changes(s, fd, blocks, &n));
	if (n > 0 && n > blocks / 8 * 7)
		return whole(s, fd, path, (int64_t)blocks * POSTGRESQL_BLOCK);
	snprintf(to, sizeof(to), "%.*s" POSTGRESQL_PART "%s",
	    (int)(name - path), path, name);
	head[0] = n;
	head[1] = blocks;
	size = 8 + (int64_t)sizeof(head) +
	    (int64_t)n * (4 + POSTGRESQL_BLOCK);
	TRY(tar_file(s->op, s->d->to, to, size));
	TRY(tar_bytes(s->op, s->d->to, "cofferpg", 8));
	TRY(tar_bytes(s->op, s->d->to, head, sizeof(head)));
	TRY(tar_bytes(s->op, s->d->to, s->changed, n * 4));
	TRY(blocks_put(s, fd, n));
	return tar_pad(s->op, s->d->to, size);
}

/* The main fork of one that the backup before has from its first block to its last. */
static bool
has_before(struct scan *s, int fd, const char *path, const char *name,
    int64_t size)
{
	struct pg_name n;

	return s->d->since.lsn != 0 && (strncmp(path, "base/", 5) == 0 ||
	    strncmp(path, "global/", 7) == 0 ||
	    strncmp(path, "pg_tblspc/", 10) == 0) && pg_name_read(name, &n) &&
	    n.fork_len == 0 &&
	    size <= (int64_t)POSTGRESQL_SEGMENT * POSTGRESQL_BLOCK &&
	    pg_seen_since(s->d->seen, fd, s->d->since.lsn);
}

/* An unlogged one begins empty after a restore: only what it begins with is kept. */
static bool
is_unlogged(int dir, const char *name)
{
	struct pg_name n;
	char init[40];

	if (!pg_name_read(name, &n) ||
	    (n.fork_len == 5 && strncmp(n.fork, "_init", 5) == 0))
		return false;
	snprintf(init, sizeof(init), "%" PRIu64 "_init", n.relation);
	return faccessat(dir, init, F_OK, 0) == 0;
}

static enum err
file(struct scan *s, int dir, const char *path, const char *name)
{
	struct stat st;
	enum err e;
	int fd;

	if (is_unlogged(dir, name))
		return OK;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? OK : op_fail(s->op, ERR_INTERNAL,
		    "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) == -1)
		e = op_fail(s->op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	else if (has_before(s, fd, path, name, st.st_size))
		e = part(s, fd, path,
		    (uint32_t)(st.st_size / POSTGRESQL_BLOCK));
	else
		e = whole(s, fd, path, st.st_size);
	close(fd);
	return e;
}

/* --- directories ------------------------------------------------------------------------ */

static enum err directory(struct scan *, int up, const char *path,
    const char *name);

static enum err
entry(struct scan *s, int dir, const char *path, const char *name)
{
	struct stat st;

	TRY(alive(s));
	if (is_skipped(path, name) || pg_space_skips(path))
		return OK;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? OK : op_fail(s->op, ERR_INTERNAL,
		    "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode) || (S_ISLNK(st.st_mode) && pg_space_at(path)))
		return directory(s, dir, path, name);
	return S_ISREG(st.st_mode) ? file(s, dir, path, name) : OK;
}

static enum err
entries(struct scan *s, DIR *d, const char *path)
{
	char below[PATH];
	struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		if (snprintf(below, sizeof(below), "%s%s%s", path,
		    *path == '\0' ? "" : "/", e->d_name) >= PATH)
			return op_fail(s->op, ERR_GUEST, "%s/%s is too long.",
			    path, e->d_name);
		TRY(entry(s, dirfd(d), below, e->d_name));
	}
	return OK;
}

/*
 * Of the WAL only the places are taken here: what is in it comes last.  No link is
 * followed but a tablespace's.
 */
static enum err
directory(struct scan *s, int up, const char *path, const char *name)
{
	enum err e;
	DIR *d;
	int fd;

	if (*path != '\0')
		TRY(tar_directory(s->op, s->d->to, path));
	if (strcmp(path, "pg_wal") == 0)
		return tar_directory(s->op, s->d->to, "pg_wal/archive_status");
	if (is_hollow(path))
		return OK;
	fd = openat(up, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    (pg_space_at(path) ? 0 : O_NOFOLLOW));
	if (fd == -1 && errno == ENOENT)
		return OK;
	if (fd == -1 || (d = fdopendir(fd)) == NULL)
		return op_fail(s->op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	e = entries(s, d, path);
	closedir(d);
	return e;
}

static void
close_it(void *fd)
{
	close((int)(intptr_t)fd);
}

static enum err
begin(struct op *op, struct scan *s)
{
	s->op = op;
	s->data = open(file_data(op, POSTGRESQL_DATA),
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->data == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", POSTGRESQL_DATA,
		    strerror(errno));
	op_defer(op, close_it, (void *)(intptr_t)s->data);
	s->buffer = op_alloc(op, AT_ONCE * POSTGRESQL_BLOCK);
	return OK;
}

enum err
pg_delta_files(struct op *op, const struct pg_delta *d)
{
	struct scan s = { .d = d };

	TRY(begin(op, &s));
	s.changed = op_alloc(op, POSTGRESQL_SEGMENT * sizeof(*s.changed));
	if (d->since.lsn != 0)
		TRY(tar_text(op, d->to, POSTGRESQL_UPON,
		    op_printf(op, "%s\n", pg_mark_write(op, &d->since))));
	TRY(directory(&s, s.data, "", "."));
	return file(&s, s.data, "global/pg_control", "global/pg_control");
}

static enum err
nobody_asked(struct op *op, void *arg)
{
	(void)op;
	(void)arg;
	return OK;
}

enum err
pg_delta_whole(struct op *op, int to, const char *name, int64_t size)
{
	const struct pg_delta d = { .to = to, .alive = nobody_asked };
	struct scan s = { .d = &d };
	struct stat st;
	int fd;

	TRY(begin(op, &s));
	fd = openat(s.data, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return op_fail(op, ERR_GUEST, "%s is gone: %s", name,
		    strerror(errno));
	op_defer(op, close_it, (void *)(intptr_t)fd);
	if (fstat(fd, &st) == -1 || st.st_size != size)
		return op_fail(op, ERR_GUEST, "%s has another size", name);
	return whole(&s, fd, name, size);
}
