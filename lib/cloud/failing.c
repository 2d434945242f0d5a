/* The null drivers, and the calls of them that somebody asked to fail. */
#include "lib/cloud/null.h"
#include "lib/cloud/storage.h"
#include "lib/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN	32
#define ASKED_MAX	16

static struct { char call[NAME_MAX_LEN]; int nth; } asked[ASKED_MAX];
static int askeds;

void
cloud_fail_next(const char *call, int nth)
{
	if (call == NULL) {
		askeds = 0;
		return;
	}
	assert(askeds < ASKED_MAX && strlen(call) < NAME_MAX_LEN);
	strcpy(asked[askeds].call, call);
	asked[askeds++].nth = nth;
}

/* COFFER_FAIL="server.ensure:1,volume.remove:2", read once per process. */
static enum err
failing_open(struct op *op)
{
	static bool done;
	const char *env = getenv("COFFER_FAIL");
	char **part, *colon;
	int64_t nth;

	if (done || env == NULL)
		return compute_null.open(op);
	done = true;
	for (part = text_split(op, env, ","); *part != NULL; part++) {
		colon = strchr(*part, ':');
		if (colon == NULL || !text_number(colon + 1, 1, 1000, &nth) ||
		    colon - *part >= NAME_MAX_LEN || askeds == ASKED_MAX)
			return op_fail(op, ERR_BAD_REQUEST,
			    "COFFER_FAIL: %s", *part);
		*colon = '\0';
		cloud_fail_next(*part, (int)nth);
	}
	return compute_null.open(op);
}

static enum err
maybe_fail(struct op *op, const char *call)
{
	bool fail = false;

	for (int i = 0; i < askeds; i++)
		if (strcmp(asked[i].call, call) == 0 && asked[i].nth > 0 &&
		    --asked[i].nth == 0)
			fail = true;
	return !fail ? OK :
	    op_fail(op, ERR_CLOUD, "%s failed, as it was asked to", call);
}

static enum err
server_ensure(struct op *op, const struct place *p, bool *ready,
    const char **id)
{
	TRY(maybe_fail(op, "server.ensure"));
	return compute_null.ensure(op, p, ready, id);
}

static enum err
server_resize(struct op *op, const struct place *p)
{
	TRY(maybe_fail(op, "server.resize"));
	return compute_null.resize(op, p);
}

static enum err
server_running(struct op *op, const struct place *p, bool *running)
{
	TRY(maybe_fail(op, "server.running"));
	return compute_null.running(op, p, running);
}

static enum err
server_remove(struct op *op, const struct place *p, bool *ready)
{
	TRY(maybe_fail(op, "server.remove"));
	return compute_null.remove(op, p, ready);
}

static enum err
server_list(struct op *op, const char *const **instances)
{
	TRY(maybe_fail(op, "server.list"));
	return compute_null.list(op, instances);
}

static enum err
volume_ensure(struct op *op, const struct place *p, bool *ready,
    const char **id)
{
	TRY(maybe_fail(op, "volume.ensure"));
	return volume_null.ensure(op, p, ready, id);
}

static enum err
volume_resize(struct op *op, const struct place *p, bool *ready)
{
	TRY(maybe_fail(op, "volume.resize"));
	return volume_null.resize(op, p, ready);
}

static enum err
volume_remove(struct op *op, const struct place *p, bool *ready)
{
	TRY(maybe_fail(op, "volume.remove"));
	return volume_null.remove(op, p, ready);
}

static enum err
volume_list(struct op *op, const char *const **instances)
{
	TRY(maybe_fail(op, "volume.list"));
	return volume_null.list(op, instances);
}

static enum err
port_ensure(struct op *op, const struct place *p, bool *ready,
    struct port *port)
{
	TRY(maybe_fail(op, "network.ensure"));
	return network_null.ensure(op, p, ready, port);
}

static enum err
port_access(struct op *op, const struct place *p)
{
	TRY(maybe_fail(op, "network.access"));
	return network_null.access(op, p);
}

static enum err
port_remove(struct op *op, const struct place *p, bool *ready)
{
	TRY(maybe_fail(op, "network.remove"));
	return network_null.remove(op, p, ready);
}

static enum err
port_list(struct op *op, const char *const **instances)
{
	TRY(maybe_fail(op, "network.list"));
	return network_null.list(op, instances);
}

const struct compute_driver compute_failing = {
	.name = "failing", .open = failing_open, .ensure = server_ensure,
	.resize = server_resize, .running = server_running,
	.remove = server_remove, .list = server_list,
	.contains_root = null_contains_root, .guestless = true,
};
const struct volume_driver volume_failing = {
	.name = "failing", .open = failing_open, .ensure = volume_ensure,
	.resize = volume_resize, .remove = volume_remove, .list = volume_list,
};
const struct network_driver network_failing = {
	.name = "failing", .open = failing_open, .ensure = port_ensure,
	.access = port_access, .remove = port_remove, .list = port_list,
};

/* --- storage: the file driver's ---------------------------------------------------- */

static enum err
storage_open(struct op *op)
{
	TRY(failing_open(op));
	return storage_file.open(op);
}

static enum err
storage_lend(struct op *op, const struct lend *ask, struct leave *leave)
{
	TRY(maybe_fail(op, "storage.lend"));
	return storage_file.lend(op, ask, leave);
}

static enum err
storage_list(struct op *op, const char *tenant, const char *container,
    const char *prefix, struct object **list, int *n)
{
	TRY(maybe_fail(op, "storage.list"));
	return storage_file.list(op, tenant, container, prefix, list, n);
}

static enum err
storage_read(struct op *op, const char *tenant, const char *container,
    const char *name, size_t most, const char **bytes, size_t *len)
{
	TRY(maybe_fail(op, "storage.read"));
	return storage_file.read(op, tenant, container, name, most, bytes,
	    len);
}

static enum err
storage_join(struct op *op, const char *tenant, const char *container,
    const char *name, const struct object *segment, int n,
    const char *const *meta, const char **checksum)
{
	TRY(maybe_fail(op, "storage.join"));
	return storage_file.join(op, tenant, container, name, segment, n,
	    meta, checksum);
}

static enum err
storage_remove(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	TRY(maybe_fail(op, "storage.remove"));
	return storage_file.remove(op, tenant, container, name);
}

static const char *
storage_location(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	return storage_file.location(op, tenant, container, name);
}

const struct storage_driver storage_failing = {
	.name = "failing", .open = storage_open, .lend = storage_lend,
	.list = storage_list, .read = storage_read, .join = storage_join,
	.remove = storage_remove, .location = storage_location,
};
