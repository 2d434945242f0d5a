#include "lib/cloud/null.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const words[NULL__MAX] = {
	[NULL_SERVER] = "server", [NULL_VOLUME] = "volume",
	[NULL_PORT] = "port",
};

static const char *
folder(struct op *op, enum null_kind kind)
{
	return op_printf(op, "%s/null/%s", conf_str("local.root"), words[kind]);
}

static enum err
folder_make(struct op *op, const char *path)
{
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return op_fail(op, ERR_CLOUD, "%s: %s", path, strerror(errno));
	return OK;
}

enum err
null_open(struct op *op)
{
	const char *root = conf_str("local.root");

	TRY(folder_make(op, root));
	TRY(folder_make(op, op_printf(op, "%s/null", root)));
	for (int k = 0; k < NULL__MAX; k++)
		TRY(folder_make(op, folder(op, (enum null_kind)k)));
	return OK;
}

static enum err
file_of(struct op *op, enum null_kind kind, const char *instance,
    const char **path)
{
	if (!text_is_uuid(instance))
		return op_fail(op, ERR_CLOUD, "%s is no instance id", instance);
	*path = op_printf(op, "%s/%s", folder(op, kind), instance);
	return OK;
}

enum err
null_ensure(struct op *op, enum null_kind kind, const char *instance,
    const char **id)
{
	const char *path;
	int fd;

	TRY(file_of(op, kind, instance, &path));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return op_fail(op, ERR_CLOUD, "%s: %s", path, strerror(errno));
	close(fd);
	*id = op_printf(op, "null-%s-%s", words[kind], instance);
	return OK;
}

enum err
null_note(struct op *op, enum null_kind kind, const char *instance,
    const char *text)
{
	const char *path;
	FILE *f;

	TRY(file_of(op, kind, instance, &path));
	if (!null_has(op, kind, instance) || (f = fopen(path, "we")) == NULL)
		return op_fail(op, ERR_CLOUD, "%s: %s", path, strerror(errno));
	fputs(text, f);
	return fclose(f) == 0 ? OK :
	    op_fail(op, ERR_CLOUD, "%s: %s", path, strerror(errno));
}

enum err
null_remove(struct op *op, enum null_kind kind, const char *instance)
{
	const char *path;

	TRY(file_of(op, kind, instance, &path));
	if (unlink(path) == -1 && errno != ENOENT)
		return op_fail(op, ERR_CLOUD, "%s: %s", path, strerror(errno));
	return OK;
}

bool
null_has(struct op *op, enum null_kind kind, const char *instance)
{
	const char *path;

	return file_of(op, kind, instance, &path) == OK &&
	    access(path, F_OK) == 0;
}

static void
folder_close(void *d)
{
	closedir(d);
}

enum err
null_list(struct op *op, enum null_kind kind, const char *const **instances)
{
	DIR *d = opendir(folder(op, kind));
	struct text all;
	struct dirent *e;

	if (d == NULL)
		return op_fail(op, ERR_CLOUD, "%s: %s", folder(op, kind),
		    strerror(errno));
	op_defer(op, folder_close, d);
	text_begin(&all, op, 4096);
	while ((e = readdir(d)) != NULL)
		if (text_is_uuid(e->d_name)) {
			text_add(&all, e->d_name);
			text_addc(&all, ' ');
		}
	*instances = (const char *const *)text_split(op, all.s, " ");
	return OK;
}

/* --- as drivers -------------------------------------------------------------- */

static enum err
server_ensure(struct op *op, const struct place *p, bool *ready,
    const char **id)
{
	*ready = true;
	return null_ensure(op, NULL_SERVER, p->instance, id);
}

static enum err
server_resize(struct op *op, const struct place *p)
{
	return null_note(op, NULL_SERVER, p->instance,
	    op_printf(op, "%d MB, %d", p->ram_mb, p->vcpus));
}

static enum err
server_running(struct op *op, const struct place *p, bool *running)
{
	*running = null_has(op, NULL_SERVER, p->instance);
	return OK;
}

static enum err
server_remove(struct op *op, const struct place *p, bool *ready)
{
	*ready = true;
	return null_remove(op, NULL_SERVER, p->instance);
}

static enum err
server_list(struct op *op, const char *const **instances)
{
	return null_list(op, NULL_SERVER, instances);
}

enum err
null_server_move(struct op *op, const struct place *p, const char *host,
    bool *ready, const char **new_host)
{
	(void)op;
	*ready = true;
	*new_host = host != NULL ? host : p->host;
	return OK;
}

bool
null_contains_root(void)
{
	return true;			/* there is nothing to break out of */
}

static enum err
volume_ensure(struct op *op, const struct place *p, bool *ready,
    const char **id)
{
	*ready = true;
	return null_ensure(op, NULL_VOLUME, p->instance, id);
}

static enum err
volume_resize(struct op *op, const struct place *p, bool *ready)
{
	*ready = true;
	return null_note(op, NULL_VOLUME, p->instance,
	    op_printf(op, "%d GB", p->volume_gb));
}

static enum err
volume_remove(struct op *op, const struct place *p, bool *ready)
{
	*ready = true;
	return null_remove(op, NULL_VOLUME, p->instance);
}

static enum err
volume_list(struct op *op, const char *const **instances)
{
	return null_list(op, NULL_VOLUME, instances);
}

static enum err
port_ensure(struct op *op, const struct place *p, bool *ready,
    struct port *port)
{
	*ready = true;
	port->address = "192.0.2.1";	/* for documentation: leads nowhere */
	port->public_address = p->is_public ? "198.51.100.1" : NULL;
	return null_ensure(op, NULL_PORT, p->instance, &port->id);
}

static enum err
port_access(struct op *op, const struct place *p)
{
	return null_note(op, NULL_PORT, p->instance,
	    p->access != NULL ? p->access : "");
}

enum err
null_port_remove(struct op *op, const struct place *p, bool *ready)
{
	*ready = true;
	return null_remove(op, NULL_PORT, p->instance);
}

enum err
null_port_list(struct op *op, const char *const **instances)
{
	return null_list(op, NULL_PORT, instances);
}

const struct compute_driver compute_null = {
	.name = "null", .open = null_open, .ensure = server_ensure,
	.resize = server_resize, .running = server_running,
	.remove = server_remove, .list = server_list, .move = null_server_move,
	.contains_root = null_contains_root, .guestless = true,
};
const struct volume_driver volume_null = {
	.name = "null", .open = null_open, .ensure = volume_ensure,
	.resize = volume_resize, .remove = volume_remove, .list = volume_list,
};
const struct network_driver network_null = {
	.name = "null", .open = null_open, .ensure = port_ensure,
	.access = port_access, .remove = null_port_remove,
	.list = null_port_list,
};
