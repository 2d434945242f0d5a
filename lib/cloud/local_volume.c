/*
 * The local volume driver: a sparse image cloned from the template, or without
 * the right to mount a directory.  Whole under its name, or not there.
 *
 * 5 GB with MariaDB's files inside, on two busy cores: a copy of the
 * template's image 12 ms, 2 of them to get it on the disk, for xfs and ext4 alike;
 * mkfs.ext4 -d 47 ms; mkfs.xfs, mount and a copy of the files 75 ms; a
 * directory of 200 files 25 to 140 ms.  Mounting takes xfs 8 ms, ext4 6 ms; xfs
 * is preferred because it grows while mounted without CAP_SYS_RESOURCE.
 */
#include "lib/base/conf.h"
#include "lib/cloud/local.h"
#include "lib/cloud/local_image.h"
#include "lib/cloud/local_lock.h"
#include "lib/cloud/local_sandbox.h"
#include "lib/cloud/local_template.h"
#include "lib/cloud/local_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err
failed(struct op *op, const char *what)
{
	return op_fail(op, ERR_CLOUD, "%s: %s", what, strerror(errno));
}

static enum err
volume_open(struct op *op)
{
	return local_open(op);
}

static enum err
copy_synced(struct op *op, int from, int to, const char *name)
{
	TRY(file_copy(op, from, to, name));
	return fdatasync(to) == 0 ? OK : failed(op, name);
}

static enum err
image_clone(struct op *op, const char *from, const char *to)
{
	int a = open(from, O_RDONLY | O_CLOEXEC), b = -1;
	enum err e;

	unlink(to);
	if (a != -1)
		b = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	e = b == -1 ? failed(op, to) : copy_synced(op, a, b, to);
	if (a != -1)
		close(a);
	if (b != -1)
		close(b);
	return e;
}

static enum err
directory_clone(struct op *op, const char *from, const char *to, uid_t uid)
{
	gid_t gid = local_found()->own_uids ? uid : getegid();

	TRY(tree_remove(op, to));
	if (mkdir(to, 0700) == -1)
		return failed(op, to);
	TRY(tree_copy(op, from, to, uid, gid));
	return lchown(to, uid, gid) == 0 ? OK : failed(op, to);
}

/* The new name has to outlive a power cut, like what it names. */
static enum err
name_it(struct op *op, const char *dir, const char *from, const char *to)
{
	int fd;

	if (rename(from, to) == -1)
		return failed(op, to);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fsync(fd) == -1)
		return failed(op, dir);
	close(fd);
	return OK;
}

static enum err
volume_clone(struct op *op, const struct place *p, const char *dir)
{
	const char *file = local_found()->fs == LOCAL_DIRECTORY ? "vol" :
	    "vol.img";
	const char *to = op_printf(op, "%s/%s", dir, file), *from;
	const char *new = op_printf(op, "%s.new", to);

	TRY(template_hold(op, p, &from));
	if (local_found()->fs == LOCAL_DIRECTORY)
		TRY(directory_clone(op, from, new, local_uid(p->slot)));
	else
		TRY(image_clone(op, from, new));
	return name_it(op, dir, new, to);
}

static void
close_it(void *fd)
{
	close((int)(intptr_t)fd);
}

/*
 * A worker that slept past its lease may be at it too: one at a time, and who
 * comes second finds the volume there and must not put another in its place.
 */
static enum err
volume_make(struct op *op, const struct place *p, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return failed(op, dir);
	op_defer(op, close_it, (void *)(intptr_t)fd);
	TRY(lock_file(op, dir, LOCK_ALONE, &fd));
	if (local_dir_has(op, dir, "vol.img") || local_dir_has(op, dir, "vol"))
		return OK;
	return volume_clone(op, p, dir);
}

/* An op of its own: template and lock are held no longer than the copy takes. */
static enum err
volume_ensure(struct op *op, const struct place *p, bool *ready,
    const char **volume_id)
{
	const char *dir;
	struct op inner;
	enum err e;

	TRY(local_dir_make(op, p->instance, &dir));
	op_begin(&inner, op->id);
	if ((e = volume_make(&inner, p, dir)) != OK)
		(void)op_fail(op, e, "%s", inner.why);
	op_end(&inner);
	TRY(e);
	*volume_id = op_strdup(op, p->instance);
	*ready = true;
	return OK;
}

/*
 * Online through the eyes of the instance's first process; without one, in a
 * mount of our own.  A directory has no size that anybody would hold it to.
 */
static enum err
volume_resize(struct op *op, const struct place *p, bool *ready)
{
	const char *dir, *image, *pid;
	pid_t init;

	*ready = false;
	TRY(local_dir(op, p->instance, &dir));
	image = op_printf(op, "%s/vol.img", dir);
	pid = op_printf(op, "%s/server.pid", dir);
	if (local_dir_has(op, dir, "vol")) {
		*ready = true;
		return OK;
	}
	TRY(image_extend(op, image, p->volume_gb));
	init = lock_owner(pid, LOCK_INIT);
	if (init != 0)
		TRY(image_grow(op, image, op_printf(op, "/proc/%d/root"
		    SANDBOX_DATA, (int)init), p->volume_gb));
	else if (!lock_alive(pid) && !image_attached(op, image))
		TRY(image_grow_apart(op, image, op_printf(op, "%s/root", dir),
		    p->volume_gb));
	else
		return OK;		/* just starting, or dying */
	*ready = true;
	return OK;
}

/* While a process of the instance lives, its volume is in use. */
static enum err
volume_remove(struct op *op, const struct place *p, bool *ready)
{
	static const char *const files[] = { "vol.img", "vol.img.new", NULL };
	static const char *const trees[] = { "vol", "vol.new", NULL };
	const char *dir;

	*ready = false;
	TRY(local_dir(op, p->instance, &dir));
	if (lock_alive(op_printf(op, "%s/server.pid", dir)) ||
	    image_attached(op, op_printf(op, "%s/vol.img", dir)))
		return OK;
	for (size_t i = 0; files[i] != NULL; i++)
		if (unlink(op_printf(op, "%s/%s", dir, files[i])) == -1 &&
		    errno != ENOENT && errno != ENOTDIR)
			return failed(op, dir);
	for (size_t i = 0; trees[i] != NULL; i++)
		TRY(tree_remove(op, op_printf(op, "%s/%s", dir, trees[i])));
	local_dir_drop(op, p->instance);
	*ready = true;
	return OK;
}

static enum err
volume_list(struct op *op, const char *const **instances)
{
	static const char *const files[] = { "vol.img", "vol", "vol.img.new",
	    "vol.new", NULL };
	struct local_ids ids = { .op = op };
	const char *const *some;

	for (size_t i = 0; files[i] != NULL; i++) {
		TRY(local_dir_list(op, files[i], &some));
		for (; *some != NULL; some++)
			local_ids_add(&ids, *some);
	}
	image_list(&ids, op_printf(op, "%s/instances",
	    conf_str("local.root")));
	*instances = local_ids_end(&ids);
	return OK;
}

const struct volume_driver volume_local = {
	.name = "local",
	.open = volume_open,
	.ensure = volume_ensure,
	.resize = volume_resize,
	.remove = volume_remove,
	.list = volume_list,
};
