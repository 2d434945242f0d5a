#include "worker/duties.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/cloud/cloud.h"
#include "lib/msg/bus.h"
#include "lib/store/events.h"
#include "lib/store/leases.h"
#include "lib/store/repeats.h"
#include "lib/store/operator.h"

#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#define LATE_MS		1500		/* a bell that rang in time needs no second one */
#define RING_AGAIN_MS	5000		/* it may stand far back in the list */
#define RECOVER_SECS	5
#define PRUNE_SECS	300
#define PRUNE_TURNS	20		/* so that none grows faster than it is forgotten */
#define EVENTS_SECS	1
#define SCHEDULES_SECS	1
#define HOST_SECS	60
#define BACKUPS_SECS	2
#define VERIFY_SECS	1
#define VERIFIERS_SECS	10
#define CLOUD_AWAY_MS	30000
#define MB		(1 << 20)

enum err
duty_one(struct op *op, enum err e, const char *what)
{
	if (e == ERR_UNAVAILABLE)
		return op_fail(op, ERR_CLOUD, "%s: %s", what, op->why);
	if (e != OK)
		log_warn(op, "%s: %s", what, op->why);
	return OK;
}

/* Bells get lost: with Redis, with a worker, with a message. */
enum err
duty_sweep(struct op *op, const char *host)
{
	const char **ids;
	int n;

	(void)host;
	TRY(tasks_sweep(op, LATE_MS, RING_AGAIN_MS, &ids, &n));
	if (n == 0)
		return OK;
	log_info(op, "sweep: ringing again for %d tasks", n);
	return bus_ring(op, ids, n);
}

static enum err
recover_one(struct op *op, const struct recoverable *r)
{
	const struct place p = { .instance = r->instance, .slot = r->slot,
	    .server_id = r->server_id, .engine = r->engine,
	    .version = r->version };
	const char *task;
	bool running;

	TRY(cloud_compute()->running(op, &p, &running));
	if (running)
		return OK;
	TRY(task_recover(op, r->instance, &task));
	if (task == NULL)
		return OK;
	log_warn(op, "instance %s does not run: task %s starts it again",
	    r->instance, task);
	return bus_ring(op, &task, 1);
}

/* After a reboot, or when a sandbox died. */
enum err
duty_recover(struct op *op, const char *host)
{
	struct recoverable *list;
	int n;

	if (cloud_compute()->guestless)
		return OK;
	TRY(tasks_recoverable(op, host, &list, &n));
	for (int i = 0; i < n; i++)
		if (recover_one(op, &list[i]) != OK)
			log_warn(op, "instance %s: %s", list[i].instance,
			    op->why);
	return OK;
}

enum err
duty_prune(struct op *op, const char *host)
{
	(void)host;
	TRY(tasks_prune(op, conf_int("task.keep_days")));
	TRY(repeats_prune(op));
	for (int i = 0, n = 1; i < PRUNE_TURNS && n > 0; i++)
		TRY(events_prune(op, conf_int("events.keep_days"), &n));
	return OK;
}

/* For the operator's lists of hosts and storage. */
enum err
duty_host(struct op *op, const char *host)
{
	struct host h = { .name = host, .driver = conf_str("volume.driver") };
	struct statvfs fs;
	struct sysinfo s;

	if (sysinfo(&s) == 0)
		h.ram_mb = (int64_t)s.totalram * s.mem_unit / MB;
	if (statvfs(conf_str("local.root"), &fs) == 0) {
		h.disk_mb = (int64_t)(fs.f_blocks * fs.f_frsize) / MB;
		h.disk_free_mb = (int64_t)(fs.f_bavail * fs.f_frsize) / MB;
	}
	return host_seen(op, &h);
}

static int
sweep_secs(void)
{
	return conf_int("task.sweep");
}

static int
recover_secs(void)
{
	return RECOVER_SECS;
}

static int
prune_secs(void)
{
	return PRUNE_SECS;
}

static int
host_secs(void)
{
	return HOST_SECS;
}

static int
backups_secs(void)
{
	return BACKUPS_SECS;
}

static int
logs_secs(void)
{
	return conf_int("logs.sweep");
}

static int
events_secs(void)
{
	return EVENTS_SECS;
}

static int
schedules_secs(void)
{
	return SCHEDULES_SECS;
}

static int
verify_secs(void)
{
	return VERIFY_SECS;
}

static int
verifiers_secs(void)
{
	return VERIFIERS_SECS;
}

static struct duty {
	enum err	(*act)(struct op *, const char *host);
	int		(*secs)(void);
	int64_t		 at;		/* the next time; 0: at once */
} duties[] = {
	{ duty_sweep, sweep_secs, 0 },
	{ duty_recover, recover_secs, 0 },
	{ duty_prune, prune_secs, 0 },
	{ duty_events, events_secs, 0 },
	{ duty_backups, backups_secs, 0 },
	{ duty_logs, logs_secs, 0 },
	{ duty_schedules, schedules_secs, 0 },
	{ duty_verify, verify_secs, 0 },
	{ duty_verifiers, verifiers_secs, 0 },
	{ duty_host, host_secs, 0 },
};

enum err
duties_do(struct op *op, const char *host)
{
	enum err e = OK, bad;
	int64_t now = clock_ms();

	/* None of them keeps the worker from its tasks, unless a store is away. */
	for (size_t i = 0; i < sizeof(duties) / sizeof(duties[0]); i++) {
		if (now < duties[i].at)
			continue;
		duties[i].at = now + duties[i].secs() * 1000;
		if ((bad = duties[i].act(op, host)) == ERR_UNAVAILABLE)
			e = bad;
		else if (bad != OK)
			log_error(op, "%s", op->why);
		if (bad == ERR_CLOUD)
			duties[i].at = clock_ms() + CLOUD_AWAY_MS;
	}
	return e;
}
