/* coffer-worker: takes tasks from the bus and walks them. */
#include "worker/duties.h"
#include "worker/later.h"
#include "worker/runner.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/base/service.h"
#include "lib/base/text.h"
#include "lib/cloud/cloud.h"
#include "lib/msg/bus.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS		1000		/* for a bell; signals are looked at this often */
#define AWAY_MS		500		/* between two attempts while a store is away */

static char name[160], owner[224], host[96];
static char taken[UUID_LEN + 1];	/* to be acknowledged with the next taking */
static bool away;

static enum err
worker_begin(struct op *op)
{
	char nonce[UUID_LEN + 1];

	text_uuid(nonce);
	snprintf(host, sizeof(host), "%s", worker_host(op));
	snprintf(name, sizeof(name), "%s:%s", host, service_instance());
	snprintf(owner, sizeof(owner), "%s:%d:%.8s", name, (int)getpid(),
	    nonce);
	TRY(seal_master_load(op));
	store_open("coffer_worker");
	bus_open();
	TRY(cloud_open(op));
	log_info(op, "worker %s: compute %s, volume %s, network %s", owner,
	    cloud_compute()->name, cloud_volume()->name,
	    cloud_network()->name);
	if (bus_forget(op, name) != OK)
		log_warn(op, "%s", op->why);
	return OK;
}

/* A task that is due here, or the next bell. */
static enum err
next_task(struct op *op, const char **task)
{
	const char *done = taken[0] != '\0' ? taken : NULL;
	enum err e;

	if ((*task = later_due()) != NULL)
		return OK;
	e = bus_take(op, name, done, later_wait(WAIT_MS), task);
	if (e != OK)
		return e;
	taken[0] = '\0';
	if (*task != NULL)
		snprintf(taken, sizeof(taken), "%s", *task);
	return OK;
}

static enum err
work(struct op *op)
{
	const struct lease_by me = { owner, host };
	const char *task;
	int again_ms = 0;
	enum err e;

	TRY(duties_do(op, host));
	TRY(next_task(op, &task));
	if (task == NULL)
		return OK;
	e = task_run(op, &me, task, &again_ms);
	if (again_ms > 0)
		later_add(task, again_ms);
	return e;
}

/* While a store is away that is said once, and asked slowly. */
static enum err
worker_once(struct op *op)
{
	enum err e = work(op);

	if (e != ERR_UNAVAILABLE) {
		if (e == OK && away)
			log_info(NULL, "back at work");
		away = e == OK ? false : away;
		return e;
	}
	if (!away)
		log_warn(op, "%s", op->why);
	away = true;
	clock_sleep_ms(AWAY_MS);
	return OK;
}

static void
worker_stop(void)
{
	bus_close();
	store_close();
}

int
main(int argc, char **argv)
{
	static const struct service worker = {
		.name = "coffer-worker",
		.what = "Walks Coffer's tasks: makes, changes and removes "
		    "database instances.",
		.begin = worker_begin,
		.once = worker_once,
		.stop = worker_stop,
	};

	return service_run(&worker, argc, argv);
}
