#include "lib/cloud/local_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 128			/* each level holds a descriptor */

struct walk {
	struct op	*op;
	uid_t		 uid;
	gid_t		 gid;
	int		 depth;
	/* Called for each entry; dir is where it stands, to only for copies. */
	enum err	(*entry)(struct walk *, int dir, const char *name, int to);
};

static enum err
failed(struct op *op, const char *name)
{
	return op_fail(op, ERR_CLOUD, "%s: %s", name, strerror(errno));
}

/* Calls entry for what stands in the directory; takes over dir. */
static enum err
walk_dir(struct walk *w, int dir, int to)
{
	enum err e = OK;
	struct dirent *d;
	DIR *list;

	if (w->depth >= DEPTH_MAX || (list = fdopendir(dir)) == NULL) {
		close(dir);
		return op_fail(w->op, ERR_CLOUD, "directories too deep");
	}
	w->depth++;
	while (e == OK && (d = readdir(list)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			e = w->entry(w, dirfd(list), d->d_name, to);
	w->depth--;
	closedir(list);
	return e;
}

static int
dir_open(int at, const char *name)
{
	return openat(at, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static enum err
remove_entry(struct walk *w, int dir, const char *name, int to)
{
	int below;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return OK;
	if (errno != EISDIR && errno != EPERM)
		return failed(w->op, name);
	if ((below = dir_open(dir, name)) == -1)
		return failed(w->op, name);
	TRY(walk_dir(w, below, to));
	if (unlinkat(dir, name, AT_REMOVEDIR) == -1)
		return failed(w->op, name);
	return OK;
}

enum err
tree_remove(struct op *op, const char *top)
{
	struct walk w = { .op = op, .entry = remove_entry };

	return remove_entry(&w, AT_FDCWD, top, -1);
}

static enum err
own_entry(struct walk *w, int dir, const char *name, int to)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return failed(w->op, name);
	if (S_ISDIR(st.st_mode)) {
		int below = dir_open(dir, name);

		if (below == -1)
			return failed(w->op, name);
		TRY(walk_dir(w, below, to));
	}
	if ((st.st_uid != w->uid || st.st_gid != w->gid) &&
	    fchownat(dir, name, w->uid, w->gid, AT_SYMLINK_NOFOLLOW) == -1)
		return failed(w->op, name);
	return OK;
}

enum err
tree_own(struct op *op, const char *top, uid_t uid, gid_t gid)
{
	struct walk w = { .op = op, .uid = uid, .gid = gid,
	    .entry = own_entry };

	return own_entry(&w, AT_FDCWD, top, -1);
}

static enum err
copy_file(struct walk *w, int dir, const char *name, int to)
{
	int a = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), b = -1;
	enum err e = OK;

	if (a != -1)
		b = openat(to, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (b == -1)
		e = failed(w->op, name);
	else
		e = file_copy(w->op, a, b, name);
	if (a != -1)
		close(a);
	if (b != -1)
		close(b);
	return e;
}

static enum err
copy_link(struct walk *w, int dir, const char *name, int to)
{
	char target[4096];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n == -1)
		return failed(w->op, name);
	target[n] = '\0';
	return symlinkat(target, to, name) == 0 ? OK : failed(w->op, name);
}

static enum err
copy_dir(struct walk *w, int dir, const char *name, int to)
{
	int a, b;
	enum err e;

	if (mkdirat(to, name, 0700) == -1)
		return failed(w->op, name);
	if ((a = dir_open(dir, name)) == -1)
		return failed(w->op, name);
	if ((b = dir_open(to, name)) == -1) {
		close(a);
		return failed(w->op, name);
	}
	e = walk_dir(w, a, b);		/* closes a */
	close(b);
	return e;
}

/* Sockets, pipes and devices have no business in a template. */
static enum err
copy_entry(struct walk *w, int dir, const char *name, int to)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return failed(w->op, name);
	if (S_ISDIR(st.st_mode))
		TRY(copy_dir(w, dir, name, to));
	else if (S_ISREG(st.st_mode))
		TRY(copy_file(w, dir, name, to));
	else if (S_ISLNK(st.st_mode))
		TRY(copy_link(w, dir, name, to));
	else
		return OK;
	if (w->uid != (uid_t)-1) {
		st.st_uid = w->uid;
		st.st_gid = w->gid;
	}
	if (geteuid() == 0 && fchownat(to, name, st.st_uid, st.st_gid,
	    AT_SYMLINK_NOFOLLOW) == -1)
		return failed(w->op, name);
	if (!S_ISLNK(st.st_mode) &&
	    fchmodat(to, name, st.st_mode & 0777, 0) == -1)
		return failed(w->op, name);
	return OK;
}

enum err
tree_copy(struct op *op, const char *from, const char *to, uid_t uid,
    gid_t gid)
{
	struct walk w = { .op = op, .uid = uid, .gid = gid,
	    .entry = copy_entry };
	int a = dir_open(AT_FDCWD, from), b;
	enum err e;

	if (a == -1)
		return failed(op, from);
	if ((b = dir_open(AT_FDCWD, to)) == -1) {
		close(a);
		return failed(op, to);
	}
	e = walk_dir(&w, a, b);
	close(b);
	return e;
}
