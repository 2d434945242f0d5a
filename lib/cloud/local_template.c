#include "lib/cloud/local_template.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/cloud/local_image.h"
#include "lib/cloud/local_lock.h"
#include "lib/cloud/local_run.h"
#include "lib/cloud/local_sandbox.h"
#include "lib/cloud/local_tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSTALL_MS 120000
#define FORMAT 3			/* raise when templates are made differently */

struct template {
	const struct engine	*engine;
	const char		*dir, *files, *image, *stamp_file;
	enum local_fs		 fs;
	int			 gb;
};

static enum err
failed(struct op *op, const char *what)
{
	return op_fail(op, ERR_CLOUD, "%s: %s", what, strerror(errno));
}

/* What comes from the operator's catalogue becomes a path here. */
static bool
plain_name(const char *s)
{
	if (s == NULL || !isalnum((unsigned char)*s))
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("._-+~", *s) == NULL)
			return false;
	return true;
}

static enum err
describe(struct op *op, const struct place *p, struct template *t)
{
	const char *root = conf_str("local.root");

	if (!plain_name(p->engine) || !plain_name(p->version))
		return op_fail(op, ERR_CLOUD, "no engine and version: %s %s",
		    p->engine, p->version);
	t->engine = engine_find(p->engine);
	if (t->engine == NULL)
		return op_fail(op, ERR_CLOUD, "no engine %s", p->engine);
	t->dir = op_printf(op, "%s/templates/%s-%s", root, p->engine,
	    p->version);
	t->files = op_printf(op, "%s/vol", t->dir);
	t->fs = local_found()->fs;
	t->gb = p->volume_gb;
	t->image = op_printf(op, "%s/%s-%d.img", t->dir,
	    local_fs_names[t->fs], t->gb);
	t->stamp_file = op_printf(op, "%s/stamp", t->dir);
	TRY(local_passage(op, root));
	TRY(local_passage(op, op_printf(op, "%s/templates", root)));
	return local_passage(op, t->dir);
}

/* Cheaper than asking the binary for its version: 2 us instead of 15 ms. */
static enum err
stamp_of(struct op *op, const struct template *t, const char **stamp)
{
	const char *server = engine_server(op, t->engine);
	struct stat st = { 0 };

	if (server != NULL && stat(server, &st) == -1)
		return failed(op, server);
	*stamp = op_printf(op, "%d %lld %lld %llu\n", FORMAT,
	    (long long)st.st_mtime, (long long)st.st_size,
	    (unsigned long long)st.st_ino);
	return OK;
}

static bool
files_fresh(struct op *op, const struct template *t, const char *stamp)
{
	char *have;

	return file_read(op, t->stamp_file, &have) == OK &&
	    strcmp(have, stamp) == 0;
}

static bool
image_there(const struct template *t)
{
	return t->fs == LOCAL_DIRECTORY || access(t->image, R_OK) == 0;
}

/* The last thing it printed says what went wrong. */
static enum err
install_failed(struct op *op, const struct template *t, enum err e)
{
	char *text, *nl;

	if (file_read(op, op_printf(op, "%s/log", t->dir), &text) != OK)
		return e;
	while ((nl = strrchr(text, '\n')) != NULL && nl[1] == '\0')
		*nl = '\0';
	nl = strrchr(text, '\n');
	return op_fail(op, e, "%s: %s", t->dir, nl != NULL ? nl + 1 : text);
}

static enum err
install(struct op *op, const struct template *t)
{
	const char *argv[16] = { local_sandbox_path(op), "-1f", t->dir, "--" };
	struct sandbox s = {
		.instance = strrchr(t->dir, '/') + 1, .dir = t->dir,
		.mode = local_mode_names[local_found()->mode],
		.uid = op_printf(op, "%u", local_uid(conf_int("local.slots"))),
		.volume = t->files, .home = engine_home(t->engine),
	};
	enum err e;

	for (size_t i = 0; t->engine->install[i] != NULL; i++)
		argv[4 + i] = op_printf(op, t->engine->install[i],
		    sandbox_data(&s), s.home);
	unlink(op_printf(op, "%s/log", t->dir));
	TRY(sandbox_write(op, &s));
	e = local_run(op, argv, NULL, INSTALL_MS);
	return e == OK ? OK : install_failed(op, t, e);
}

static enum err
images_forget(struct op *op, const struct template *t)
{
	DIR *d = opendir(t->dir);
	struct dirent *e;

	if (d == NULL)
		return failed(op, t->dir);
	while ((e = readdir(d)) != NULL)
		if (strstr(e->d_name, ".img") != NULL)
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	return OK;
}

static enum err
all_synced(struct op *op, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd == -1)
		return failed(op, dir);
	r = syncfs(fd);
	close(fd);
	return r == 0 ? OK : failed(op, dir);
}

/* The stamp goes first and comes last: without one nothing here counts. */
static enum err
files_make(struct op *op, const struct template *t, const char *stamp)
{
	bool own = local_found()->own_uids;
	uid_t uid = local_uid(conf_int("local.slots"));

	log_info(op, "making the template %s", t->dir);
	if (unlink(t->stamp_file) == -1 && errno != ENOENT)
		return failed(op, t->stamp_file);
	TRY(tree_remove(op, t->files));
	TRY(images_forget(op, t));
	if (mkdir(t->files, 0700) == -1 ||
	    (own && lchown(t->files, uid, uid) == -1))
		return failed(op, t->files);
	if (t->engine->install != NULL)
		TRY(install(op, t));
	TRY(all_synced(op, t->dir));
	return file_write(op, t->stamp_file, stamp, 0600);
}

static enum err
image_add(struct op *op, const struct template *t)
{
	struct image m = {
		.path = op_printf(op, "%s.new", t->image), .tree = t->files,
		.scratch = op_printf(op, "%s/root", t->dir),
		.fs = t->fs, .gb = t->gb,
	};

	if (mkdir(m.scratch, 0711) == -1 && errno != EEXIST)
		return failed(op, m.scratch);
	TRY(image_make(op, &m));
	return rename(m.path, t->image) == 0 ? OK : failed(op, t->image);
}

enum err
template_hold(struct op *op, const struct place *p, const char **path)
{
	struct template t = { .gb = 0 };
	const char *stamp = "", *lock;
	int fd = -1;

	TRY(describe(op, p, &t));
	TRY(stamp_of(op, &t, &stamp));
	lock = op_printf(op, "%s/lock", t.dir);
	*path = t.fs == LOCAL_DIRECTORY ? t.files : t.image;
	for (;;) {
		TRY(lock_file(op, lock, LOCK_SHARED, &fd));
		if (files_fresh(op, &t, stamp) && image_there(&t))
			return OK;
		TRY(lock_file(op, lock, LOCK_ALONE, &fd));
		if (!files_fresh(op, &t, stamp))
			TRY(files_make(op, &t, stamp));
		if (!image_there(&t))
			TRY(image_add(op, &t));
	}
}
