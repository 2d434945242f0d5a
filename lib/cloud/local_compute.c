/*
 * The local compute driver: writes down what coffer-sandbox has to know and
 * runs it.  The sandbox then stands on its own; no process of ours is its parent.
 */
#include "lib/base/conf.h"
#include "lib/base/text.h"
#include "lib/cloud/local.h"
#include "lib/cloud/local_cgroup.h"
#include "lib/cloud/local_lock.h"
#include "lib/cloud/local_network.h"
#include "lib/cloud/local_run.h"
#include "lib/cloud/local_sandbox.h"
#include "lib/cloud/local_tree.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_MS 20000
#define PIDS	 512			/* of one instance */
#define SPARE_MB 64			/* for the agent and the kernel's own, over the flavor */
#define GONE_MS	 2000

static const char *
program(struct op *op, const char *key, const char *installed)
{
	const char *path = conf_str(key);

	return *path != '\0' ? path : op_strdup(op, installed);
}

static const char *
lock_path(struct op *op, const char *dir)
{
	return op_printf(op, "%s/server.pid", dir);
}

/* The real path of Redis' socket, or "" when it is reached otherwise. */
static const char *
bus_socket(void)
{
	const char *socket = conf_str("guest.redis_socket");

	return *socket != '\0' ? socket : conf_str("redis.socket");
}

static const char *
bus_dir(struct op *op)
{
	char *dir = op_strdup(op, bus_socket()), *slash = strrchr(dir, '/');

	if (slash == NULL)
		return "";
	*slash = '\0';
	return dir;
}

static const char *
volume_path(struct op *op, const char *dir)
{
	return op_printf(op, "%s/%s", dir,
	    local_dir_has(op, dir, "vol.img") ? "vol.img" : "vol");
}

/* agent.conf says where things are inside; without a view they are elsewhere. */
static enum err
conf_write(struct op *op, const struct place *p, const struct sandbox *s)
{
	const char *text = p->agent_conf;

	if (!sandbox_has_view(sandbox_mode(s)))
		text = op_printf(op, "%s[agent]\ndata = %s\n%s%s%s", text,
		    s->volume, *s->bus != '\0' ? "[redis]\nsocket = " : "",
		    *s->bus != '\0' ? bus_socket() : "",
		    *s->bus != '\0' ? "\n" : "");
	return file_write(op, op_printf(op, "%s/agent.conf", s->dir), text,
	    0600);
}

static enum err
sandbox_describe(struct op *op, const struct place *p, const char *dir,
    struct sandbox *s)
{
	struct cgroup_limits limits = { p->ram_mb + SPARE_MB, p->vcpus, PIDS };
	struct local_net net;

	TRY(local_net(op, p->slot, &net));
	*s = (struct sandbox){
		.instance = p->instance, .dir = dir,
		.mode = local_mode_names[local_found()->mode],
		.uid = op_printf(op, "%u", (unsigned)local_uid(p->slot)),
		.volume = volume_path(op, dir),
		.link = local_found()->mode == LOCAL_FULL ?
		    local_link(op, p->slot) : "",
		.bridge = conf_str("local.bridge"), .address = net.address,
		.prefix = op_printf(op, "%d", net.prefix),
		.gateway = net.gateway, .bus = bus_dir(op),
		.agent = program(op, "local.agent",
		    COFFER_SBINDIR "/coffer-agent"),
	};
	return cgroup_ensure(op, p->instance, &limits, &s->cgroups);
}

/* The bridge stays as long as the sandbox needs to put its end on it. */
static enum err
launch(struct op *caller, const struct sandbox *s)
{
	const char *conf = op_printf(caller, "%s/agent.conf", sandbox_data(s));
	const char *const argv[] = { program(caller, "local.sandbox",
	    COFFER_LIBEXECDIR "/coffer-sandbox"), s->dir, "--",
	    sandbox_agent(s), "-c", conf, NULL };
	struct op op;
	enum err e = OK;

	op_begin(&op, caller->id);
	if (local_found()->mode == LOCAL_FULL)
		e = network_hold(&op);
	if (e == OK)
		e = local_run(&op, argv, NULL, START_MS);
	if (e != OK)
		(void)op_fail(caller, e, "%s", op.why);
	op_end(&op);
	return e;
}

static enum err
compute_open(struct op *op)
{
	return local_open(op);
}

static enum err
compute_ensure(struct op *op, const struct place *p, bool *ready,
    const char **server_id)
{
	struct sandbox s;
	const char *dir;

	TRY(local_dir_make(op, p->instance, &dir));
	*server_id = op_printf(op, "local-%s", p->instance);
	*ready = true;
	if (lock_owner(lock_path(op, dir), LOCK_INIT) != 0)
		return OK;
	TRY(sandbox_describe(op, p, dir, &s));
	TRY(conf_write(op, p, &s));
	TRY(sandbox_write(op, &s));
	return launch(op, &s);
}

static enum err
compute_running(struct op *op, const struct place *p, bool *running)
{
	const char *dir;

	TRY(local_dir(op, p->instance, &dir));
	*running = lock_alive(lock_path(op, dir));
	return OK;
}

static enum err
compute_remove(struct op *op, const struct place *p, bool *ready)
{
	static const char *const files[] = { "sandbox", "agent.conf", "log",
	    "log.1", "root", "server.pid" };
	const char *dir, *lock;
	enum err e;

	TRY(local_dir(op, p->instance, &dir));
	lock = lock_path(op, dir);
	lock_signal(lock, SIGKILL);
	cgroup_kill(op, p->instance);
	*ready = lock_wait_gone(lock, GONE_MS);
	if (!*ready)
		return OK;
	e = cgroup_remove(op, p->instance);
	*ready = e != ERR_UNAVAILABLE;
	if (e != OK)
		return *ready ? e : OK;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		TRY(tree_remove(op, op_printf(op, "%s/%s", dir, files[i])));
	local_dir_drop(op, p->instance);
	return OK;
}

static enum err
compute_list(struct op *op, const char *const **instances)
{
	struct local_ids ids = { .op = op };
	const char *const *some;

	TRY(local_dir_list(op, "sandbox", &some));
	for (; *some != NULL; some++)
		local_ids_add(&ids, *some);
	TRY(local_dir_list(op, "server.pid", &some));
	for (; *some != NULL; some++)
		local_ids_add(&ids, *some);
	cgroup_list(&ids);
	*instances = local_ids_end(&ids);
	return OK;
}

/* Where others' files and processes are out of a superuser's sight and reach. */
static bool
contains_root(void)
{
	return sandbox_has_view(local_found()->mode);
}

const struct compute_driver compute_local = {
	.name = "local",
	.open = compute_open,
	.ensure = compute_ensure,
	.running = compute_running,
	.remove = compute_remove,
	.list = compute_list,
	.contains_root = contains_root,
};
