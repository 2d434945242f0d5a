/* Containers: what is in them, what they hold in all, what is taken out. */
#include "lib/cloud/objects_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400

struct names { struct op *op; const char **name; int n, room; };

static void
names_add(struct names *l, const char *name)
{
	const char **more;

	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		more = op_alloc(l->op, (size_t)l->room * sizeof(*more));
		if (l->n > 0)
			memcpy(more, l->name, (size_t)l->n * sizeof(*more));
		l->name = more;
	}
	l->name[l->n++] = name;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
close_dir(void *d)
{
	closedir(d);
}

static enum err
dir_read(struct op *op, int dir, DIR **out)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || (*out = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		return object_failed(op, "storage");
	}
	op_defer(op, close_dir, *out);
	return OK;
}

static bool
wanted(const struct objects_ask *ask, const char *name)
{
	return (ask->prefix == NULL ||
	    strncmp(name, ask->prefix, strlen(ask->prefix)) == 0) &&
	    (ask->marker == NULL || strcmp(name, ask->marker) > 0);
}

/* The names of a directory, in order; what is hidden is not there yet. */
static enum err
names_read(struct op *op, int dir, const struct objects_ask *ask,
    struct names *l)
{
	struct dirent *e;
	DIR *d;

	*l = (struct names){ .op = op };
	TRY(dir_read(op, dir, &d));
	while ((e = readdir(d)) != NULL) {
		const char *name = object_name(op, e->d_name);

		if (name != NULL && wanted(ask, name))
			names_add(l, name);
	}
	if (l->n > 0)
		qsort(l->name, (size_t)l->n, sizeof(*l->name), by_name);
	return OK;
}

/* A disk that was full, or a hand, may have taken some of it: that is seen. */
static void
cut_short(int fd, struct object_is *is)
{
	struct stat st;

	if (is->segments == 0 && fstat(fd, &st) == 0 &&
	    st.st_size - OBJECT_HEAD < is->bytes)
		is->bytes = st.st_size - OBJECT_HEAD;
}

/* Texts are copied out of an op of its own: a head takes much more room. */
static bool
row_read(struct op *op, int dir, const char *name, struct object_row *row)
{
	struct object_is *is = &row->is;
	struct op head;
	bool good;
	int fd;

	op_begin(&head, op->id);
	good = object_file_open(&head, dir, object_file(&head, name),
	    &fd) == OK && object_head_read(&head, fd, is) == OK;
	if (good) {
		cut_short(fd, is);
		row->name = name;
		is->md5 = op_strdup(op, is->md5);
		is->type = op_strdup(op, is->type);
		is->meta = NULL;
	}
	op_end(&head);
	return good;
}

enum err
objects_list(struct op *op, const struct object_key *k,
    const struct objects_ask *ask, struct object_row **rows, int *n)
{
	struct names l;
	int dir;

	*n = 0;
	TRY(object_dir(op, &(struct object_key){ k->tenant, k->container },
	    false, &dir));
	TRY(names_read(op, dir, ask, &l));
	*rows = op_alloc(op, (size_t)(l.n + 1) * sizeof(**rows));
	for (int i = 0; i < l.n && *n != ask->limit; i++)
		if (row_read(op, dir, l.name[i], &(*rows)[*n]))
			(*n)++;
	return OK;
}

/* --- containers ------------------------------------------------------------------------- */

/* What a process that was killed has begun a day ago is of no use to anybody. */
static void
sweep(struct op *op, int dir)
{
	time_t old = time(NULL) - DAY_S;
	struct dirent *e;
	struct stat st;
	DIR *d;

	if (dir_read(op, dir, &d) != OK)
		return;
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, ".new-", 5) == 0 &&
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime < old)
			unlinkat(dir, e->d_name, 0);
}

enum err
container_make(struct op *op, const struct object_key *k)
{
	int dir;

	TRY(object_dir(op, &(struct object_key){ k->tenant, k->container },
	    true, &dir));
	sweep(op, dir);
	return OK;
}

enum err
container_stat(struct op *op, const struct object_key *k,
    struct container_is *is)
{
	struct dirent *e;
	struct stat st;
	int dir;
	DIR *d;

	*is = (struct container_is){ .name = k->container };
	TRY(object_dir(op, &(struct object_key){ k->tenant, k->container },
	    false, &dir));
	TRY(dir_read(op, dir, &d));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		is->objects++;
		is->bytes += st.st_size - OBJECT_HEAD;
	}
	return OK;
}

/* In an op of its own, which closes what it opens: there may be many. */
static enum err
stat_apart(struct op *op, const struct object_key *k, struct container_is *is)
{
	struct op own;
	enum err e;

	op_begin(&own, op->id);
	e = container_stat(&own, k, is);
	if (e != OK)
		op_fail(op, e, "%s", own.why);
	op_end(&own);
	return e;
}

enum err
containers_list(struct op *op, const char *tenant, struct container_is **all,
    int *n)
{
	const struct objects_ask any = { NULL, NULL, -1 };
	struct names l;
	enum err e;
	int dir;

	*n = 0;
	e = object_dir(op, &(struct object_key){ tenant }, false, &dir);
	if (e != OK)
		return e == ERR_NOT_FOUND ? OK : e;
	TRY(names_read(op, dir, &any, &l));
	*all = op_alloc(op, (size_t)(l.n + 1) * sizeof(**all));
	for (int i = 0; i < l.n; i++) {
		const struct object_key k = { tenant, l.name[i], NULL };

		TRY(stat_apart(op, &k, &(*all)[(*n)++]));
	}
	return OK;
}

/* --- removing ----------------------------------------------------------------------------- */

static enum err
file_remove(struct op *op, int dir, const char *name, int *removed)
{
	if (unlinkat(dir, object_file(op, name), 0) == 0) {
		if (removed != NULL)
			++*removed;
	} else if (errno != ENOENT)
		return object_failed(op, name);
	return OK;
}

/*
 * The manifest last: what was broken off can be gone on with.  A damaged one
 * names nothing any more, and goes alone.
 */
static enum err
segments_remove(struct op *op, int dir, int fd, int *removed)
{
	struct object_is is;
	struct object *s;

	if (object_head_read(op, fd, &is) != OK || is.segments == 0 ||
	    object_segments(op, fd, is.segments, &s) != OK)
		return OK;
	for (int i = 0; i < is.segments; i++)
		TRY(file_remove(op, dir, s[i].name, removed));
	return OK;
}

enum err
object_remove(struct op *op, const struct object_key *k, bool deep,
    int *removed)
{
	int dir, fd;

	if (removed != NULL)
		*removed = 0;
	TRY(object_dir(op, k, false, &dir));
	TRY(object_file_open(op, dir, object_file(op, k->name), &fd));
	if (deep)
		TRY(segments_remove(op, dir, fd, removed));
	TRY(file_remove(op, dir, k->name, removed));
	return fsync(dir) == 0 ? OK : object_failed(op, k->name);
}
