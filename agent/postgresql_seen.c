/*
 * A file is known by its inode and the moment that made it: nobody can set that.
 * Where a file system keeps no such moment no file is ever known.  The list
 * says only what stays true: a lost, old or doubtful one makes backups larger.
 */
#include "agent/postgresql_delta.h"
#include "agent/postgresql.h"
#include "agent/file.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC	UINT64_C(0x315f6e6565734763)
#define OPEN	UINT64_MAX		/* not before any place that is known */

struct file { uint64_t inode, made, lsn; uint32_t database, unused; };
struct head { uint64_t magic, system, files; };

struct pg_seen {
	uint64_t	 system;
	struct file	*was;		/* sorted by inode */
	size_t		 n_was;
	struct text	 is;		/* struct file, one behind the other */
};

static struct file *
files(const struct pg_seen *s, size_t *n)
{
	*n = s->is.len / sizeof(struct file);
	return (struct file *)(void *)s->is.s;
}

static int
by_inode(const void *a, const void *b)
{
	uint64_t x = ((const struct file *)a)->inode;
	uint64_t y = ((const struct file *)b)->inode;

	return x < y ? -1 : x > y;
}

/* --- the list ------------------------------------------------------------------------- */

static bool
list_read(struct op *op, struct pg_seen *s, int fd)
{
	struct head h;
	struct stat st;
	size_t n;

	if (fstat(fd, &st) == -1 ||
	    read(fd, &h, sizeof(h)) != (ssize_t)sizeof(h) ||
	    h.magic != MAGIC || h.system != s->system ||
	    (uint64_t)st.st_size < sizeof(h) ||
	    h.files != ((uint64_t)st.st_size - sizeof(h)) / sizeof(struct file))
		return false;
	n = (size_t)h.files * sizeof(struct file);
	s->was = op_alloc(op, n + 1);
	s->n_was = (size_t)h.files;
	return read(fd, s->was, n) == (ssize_t)n;
}

enum err
pg_seen_open(struct op *op, uint64_t system, struct pg_seen **out)
{
	struct pg_seen *s = op_alloc(op, sizeof(*s));
	int fd = open(file_data(op, POSTGRESQL_SEEN), O_RDONLY | O_CLOEXEC);

	s->system = system;
	text_begin(&s->is, op, 4096);
	if (fd != -1) {
		if (!list_read(op, s, fd))
			s->n_was = 0;
		close(fd);
	}
	*out = s;
	return OK;
}

enum err
pg_seen_keep(struct op *op, struct pg_seen *s, uint64_t lsn)
{
	struct head h = { .magic = MAGIC, .system = s->system };
	struct text t;
	struct file *f;
	size_t n, kept = 0;

	f = files(s, &n);
	for (size_t i = 0; i < n; i++) {
		if (f[i].database == UINT32_MAX)
			continue;
		if (f[i].lsn == OPEN)
			f[i].lsn = lsn;
		f[kept++] = f[i];
	}
	qsort(f, kept, sizeof(*f), by_inode);
	s->is.len = kept * sizeof(*f);
	h.files = kept;
	text_begin(&t, op, sizeof(h) + s->is.len + 1);
	text_addn(&t, (const char *)&h, sizeof(h));
	text_addn(&t, s->is.s, s->is.len);
	return file_put(op, file_data(op, POSTGRESQL_SEEN), t.s, t.len);
}

/* --- looks ------------------------------------------------------------------------------ */

static const struct file *
find(const struct file *f, size_t n, const struct file *wanted)
{
	const struct file *found = n == 0 ? NULL :
	    bsearch(wanted, f, n, sizeof(*f), by_inode);

	return found != NULL && found->made == wanted->made ? found : NULL;
}

/* False where the file system cannot tell, or the file is gone. */
static bool
identity(int dir, const char *name, struct file *out)
{
	struct statx st;

	*out = (struct file){ .lsn = OPEN };
	if (statx(dir, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
	    STATX_INO | STATX_BTIME, &st) == -1 ||
	    (st.stx_mask & (STATX_INO | STATX_BTIME)) !=
	    (STATX_INO | STATX_BTIME))
		return false;
	out->inode = st.stx_ino;
	out->made = (uint64_t)st.stx_btime.tv_sec * 1000000000u +
	    st.stx_btime.tv_nsec;
	return out->made != 0;
}

static enum err
directory(struct op *op, struct pg_seen *s, int up, const char *path,
    unsigned oid)
{
	const struct file *before;
	struct pg_name name;
	struct dirent *e;
	struct file f;
	DIR *d;
	int fd;

	fd = openat(up, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return OK;	/* dropped just now, or nothing there */
	if (fd == -1 || (d = fdopendir(fd)) == NULL)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	while ((e = readdir(d)) != NULL) {
		if (!pg_name_read(e->d_name, &name) || name.fork_len != 0 ||
		    !identity(fd, e->d_name, &f))
			continue;
		f.database = oid;
		before = find(s->was, s->n_was, &f);
		if (before != NULL && before->database == oid)
			f.lsn = before->lsn;
		text_addn(&s->is, (const char *)&f, sizeof(f));
	}
	closedir(d);
	return OK;
}

/* What a database has in other tablespaces. */
static enum err
elsewhere(struct op *op, struct pg_seen *s, int up, const char *path,
    unsigned oid, bool (*is)(const char *))
{
	enum err e = OK;
	struct dirent *d;
	DIR *dir;
	int fd;

	fd = openat(up, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (dir = fdopendir(fd)) == NULL)
		return OK;	/* not known is not wrong */
	while (e == OK && (d = readdir(dir)) != NULL) {
		if (!is(d->d_name))
			continue;
		e = is == pg_space_version ? directory(op, s, fd, op_printf(op,
		    "%s/%u", d->d_name, oid), oid) : elsewhere(op, s, fd,
		    d->d_name, oid, pg_space_version);
	}
	closedir(dir);
	return e;
}

enum err
pg_seen_look(struct op *op, struct pg_seen *s, int data, unsigned oid)
{
	TRY(directory(op, s, data, oid == 0 ? "global" :
	    op_printf(op, "base/%u", oid), oid));
	return oid == 0 ? OK :
	    elsewhere(op, s, data, "pg_tblspc", oid, pg_space_read);
}

void
pg_seen_doubt(struct pg_seen *s, unsigned oid)
{
	size_t n;
	struct file *f = files(s, &n);

	for (size_t i = 0; i < n; i++)
		if (f[i].database == oid)
			f[i].database = UINT32_MAX;
}

bool
pg_seen_since(const struct pg_seen *s, int fd, uint64_t lsn)
{
	struct file f;
	const struct file *known;
	size_t n;
	const struct file *all = files(s, &n);

	if (!identity(fd, "", &f))
		return false;
	known = find(all, n, &f);
	return known != NULL && known->lsn <= lsn;
}
