/*
 * The local compute driver: a server is a sandbox (coffer-sandbox) with the
 * instance's agent inside.  It belongs to nobody here: workers come and go.
 */
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/cloud/local.h"
#include "lib/cloud/local_cgroup.h"
#include "lib/cloud/local_image.h"
#include "lib/cloud/local_lock.h"
#include "lib/cloud/local_network.h"
#include "lib/cloud/local_run.h"
#include "lib/cloud/local_sandbox.h"
#include "lib/cloud/local_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 30000
#define STOP_MS 400			/* waited for at once; then the flow comes again */
#define KILL_S 8			/* asked so long ago: no more asking */
#define PIDS_LEAST 256			/* threads count; one per connection */
#define PIDS_MOST (1 << 22)		/* the kernel refuses more */
#define SPARE_MB 64			/* for the agent, on top of the flavor */

static enum err
compute_open(struct op *op)
{
	return local_open(op);
}

static const char *
in(struct op *op, const char *dir, const char *file)
{
	return op_printf(op, "%s/%s", dir, file);
}

/* --- ensure ------------------------------------------------------------------ */

static const char *
bus_directory(struct op *op)
{
	const char *socket = conf_str("guest.redis_socket");
	char *dir, *slash;

	if (*socket == '\0')
		socket = conf_str("redis.socket");
	dir = op_strdup(op, socket);
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return "";
	*slash = '\0';
	return dir;
}

/*
 * The configuration names paths as a sandbox with a view of its own shows
 * them.  Where there is none the last word is ours: later settings win.
 */
static const char *
conf_for(struct op *op, const struct place *p, const struct sandbox *s)
{
	const char *socket = conf_str("guest.redis_socket");

	if (sandbox_has_view(sandbox_mode(s)))
		return p->agent_conf;
	if (*socket == '\0')
		socket = conf_str("redis.socket");
	return op_printf(op, "%s\n[agent]\ndata = %s\n[redis]\nsocket = %s\n",
	    p->agent_conf, s->volume, socket);
}

static struct cgroup_limits
limits_of(const struct place *p)
{
	return (struct cgroup_limits){ .memory_mb = p->ram_mb + SPARE_MB,
	    .vcpus = p->vcpus, .pids = p->ram_mb < PIDS_MOST - PIDS_LEAST ?
	    PIDS_LEAST + p->ram_mb : PIDS_MOST };
}

static enum err
describe(struct op *op, const struct place *p, const char *dir,
    struct sandbox *s)
{
	const struct cgroup_limits limits = limits_of(p);
	const struct engine *e = engine_find(p->engine);
	struct local_net net;

	TRY(local_net(op, p->slot, &net));
	*s = (struct sandbox){
		.home = e != NULL ? engine_home(e) : "",
		.instance = p->instance, .dir = dir,
		.mode = local_mode_names[local_found()->mode],
		.uid = op_printf(op, "%u", local_uid(p->slot)),
		.volume = in(op, dir, local_dir_has(op, dir, "vol.img") ?
		    "vol.img" : "vol"),
		.link = local_link(op, p->slot),
		.bridge = conf_str("local.bridge"),
		.address = net.address, .gateway = net.gateway,
		.prefix = op_printf(op, "%d", net.prefix),
		.bus = bus_directory(op), .agent = local_agent_path(op),
	};
	return cgroup_ensure(op, p->instance, &limits, &s->cgroups);
}

static enum err
start(struct op *op, const struct place *p, const char *dir)
{
	struct sandbox s;

	if (local_found()->mode == LOCAL_FULL)
		TRY(network_hold(op));
	TRY(describe(op, p, dir, &s));
	TRY(file_write(op, in(op, dir, "agent.conf"), conf_for(op, p, &s),
	    0600));
	TRY(sandbox_write(op, &s));
	unlink(in(op, dir, "stopping"));
	const char *const argv[] = { local_sandbox_path(op), dir, "--",
	    sandbox_agent(&s), "-c", op_printf(op, "%s/agent.conf",
	    sandbox_data(&s)), NULL };
	return local_run(op, argv, NULL, START_MS);
}

/* An op of its own gives the network's lock back as soon as the link is there. */
static enum err
compute_ensure(struct op *op, const struct place *p, bool *ready,
    const char **server_id)
{
	const char *dir, *pid;
	struct op inner;
	enum err e = OK;

	*ready = false;
	TRY(local_dir_make(op, p->instance, &dir));
	pid = in(op, dir, "server.pid");
	if (!lock_alive(pid)) {
		op_begin(&inner, op->id);
		if ((e = start(&inner, p, dir)) != OK)
			(void)op_fail(op, e, "%s", inner.why);
		op_end(&inner);
		TRY(e);
	}
	/* One without the other is a sandbox that is just starting, or dying. */
	if (lock_owner(pid, LOCK_LAUNCHER) == 0)
		lock_signal(pid, SIGKILL);
	else
		*ready = lock_owner(pid, LOCK_INIT) != 0 &&
		    !local_dir_has(op, dir, "stopping");
	*server_id = op_strdup(op, p->instance);
	return OK;
}

static enum err
compute_running(struct op *op, const struct place *p, bool *running)
{
	const char *dir;

	TRY(local_dir(op, p->instance, &dir));
	*running = lock_alive(in(op, dir, "server.pid"));
	return OK;
}

/* Made where nothing runs, the cgroup would stay behind. */
static enum err
compute_resize(struct op *op, const struct place *p)
{
	const struct cgroup_limits limits = limits_of(p);
	const char *dirs;
	bool running;

	TRY(compute_running(op, p, &running));
	return running ? cgroup_ensure(op, p->instance, &limits, &dirs) : OK;
}

/* --- remove ------------------------------------------------------------------ */

/* Remembered in a file, as the next attempt may be another worker's. */
static bool
asked_long_ago(struct op *op, const char *dir)
{
	const char *mark = in(op, dir, "stopping");
	struct stat st;
	int fd;

	if (stat(mark, &st) == 0)
		return clock_wall_us() / 1000000 - st.st_mtime >= KILL_S;
	fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd != -1)
		close(fd);
	return false;
}

static bool
stopped(struct op *op, const char *dir)
{
	const char *pid = in(op, dir, "server.pid");

	if (!lock_alive(pid))
		return true;
	lock_signal(pid, asked_long_ago(op, dir) ? SIGKILL : SIGTERM);
	return lock_wait_gone(pid, STOP_MS);
}

/*
 * Modes without a process namespace: what ran away from its parents still has
 * the instance's user id.  As that user, kill reaches exactly those.
 */
static void
uid_kill(const struct sandbox *s)
{
	uid_t uid = sandbox_uid(s);
	pid_t pid;

	if (geteuid() != 0 || uid == 0 || uid == (uid_t)-1 || sandbox_has_view(sandbox_mode(s)))
		return;
	if ((pid = fork()) == 0) {
		if (setresuid(uid, uid, uid) == 0)
			kill(-1, SIGKILL);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}

/* The kernel lets go of a volume a moment after its last process. */
static bool
released(struct op *op, const char *image)
{
	int64_t until = clock_ms() + STOP_MS;

	while (image_attached(op, image)) {
		if (clock_ms() >= until)
			return false;
		clock_sleep_ms(2);
	}
	return true;
}

static enum err
files_remove(struct op *op, const char *dir)
{
	static const char *const files[] = { "sandbox", "sandbox.new",
	    "agent.conf", "agent.conf.new", "log", "log.1", "stopping",
	    "server.pid", NULL };

	for (size_t i = 0; files[i] != NULL; i++)
		if (unlink(in(op, dir, files[i])) == -1 && errno != ENOENT)
			return op_fail(op, ERR_CLOUD, "%s/%s: %s", dir,
			    files[i], strerror(errno));
	if (rmdir(in(op, dir, "root")) == -1 && errno != ENOENT)
		return op_fail(op, ERR_CLOUD, "%s/root: %s", dir,
		    strerror(errno));
	return OK;
}

static enum err
remains_remove(struct op *op, const struct place *p, const char *dir,
    bool *ready)
{
	struct sandbox s;

	if (sandbox_read(op, dir, &s) == OK)
		uid_kill(&s);
	cgroup_kill(op, p->instance);
	if (!released(op, in(op, dir, "vol.img")))
		return OK;
	TRY(cgroup_remove(op, p->instance));
	TRY(files_remove(op, dir));
	*ready = true;
	return OK;
}

/*
 * Under the launcher's own lock: a sandbox that a dead worker had just begun
 * to start finds it taken, or finds that nothing is left to start.
 */
static enum err
compute_remove(struct op *op, const struct place *p, bool *ready)
{
	const char *dir;
	enum err e = OK;
	int fd;

	*ready = false;
	TRY(local_dir(op, p->instance, &dir));
	if (!stopped(op, dir))
		return OK;
	fd = open(in(op, dir, "server.pid"),
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1 && errno != ENOENT)
		return op_fail(op, ERR_CLOUD, "%s: %s", dir, strerror(errno));
	if (fd == -1 || lock_take(fd, LOCK_LAUNCHER))
		e = remains_remove(op, p, dir, ready);
	if (fd != -1)
		close(fd);
	local_dir_drop(op, p->instance);
	return e;
}

static enum err
compute_list(struct op *op, const char *const **instances)
{
	static const char *const files[] = { "sandbox", "server.pid",
	    "agent.conf", "root", NULL };
	struct local_ids ids = { .op = op };
	const char *const *some;

	for (size_t i = 0; files[i] != NULL; i++) {
		TRY(local_dir_list(op, files[i], &some));
		for (; *some != NULL; some++)
			local_ids_add(&ids, *some);
	}
	cgroup_list(&ids);
	*instances = local_ids_end(&ids);
	return OK;
}

static const char *
compute_shown(struct op *op, const char *path)
{
	const char *base = strrchr(path, '/');

	return base != NULL && sandbox_has_view(local_found()->mode) ?
	    op_printf(op, SANDBOX_BUS "%s", base) : path;
}

const struct compute_driver compute_local = {
	.name = "local",
	.open = compute_open,
	.ensure = compute_ensure,
	.resize = compute_resize,
	.running = compute_running,
	.remove = compute_remove,
	.list = compute_list,
	.contains_root = local_contains,
	.shown = compute_shown,
};
