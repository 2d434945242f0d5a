#include "agent/supervisor.h"
#include "agent/disk.h"
#include "agent/journal.h"
#include "agent/tls.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#define BACKOFF_FIRST	100
#define BACKOFF_MOST	30000
#define STABLE		60000
#define FULL_MS		1000		/* between looks whether it may be started */
#define FRESH		10000		/* after a start: it will answer yet */
#define MISSED_MOST	2		/* probes without an answer: it hangs */

static struct supervisor {
	const struct datastore *engine;
	bool		wanted;		/* it should run */
	bool		begun;		/* and was started */
	bool		answers;
	bool		restarting;	/* by order: down is no crash */
	int		missed;
	int64_t		since;		/* the last start */
	int64_t		next_start, next_probe;
	int		backoff_ms;
} sup;

static int
report_ms(void)
{
	int s = conf_int("guest.report");

	return s < 1 ? 1000 : s * 1000;
}

/* How soon to look again: often while a start is expected to end any moment. */
static int
probe_ms(int64_t now)
{
	int64_t age = now - sup.since;

	if (sup.answers)
		return sup.missed > 0 ? 1000 : report_ms();
	return age < 5000 ? 5 : age < STABLE ? 100 : 1000;
}

static void
backoff_grow(int64_t now)
{
	sup.next_start = now + sup.backoff_ms;
	sup.backoff_ms *= 2;
	if (sup.backoff_ms > BACKOFF_MOST)
		sup.backoff_ms = BACKOFF_MOST;
}

static enum err
server_begin(struct op *op)
{
	int64_t now = clock_ms();

	sup.since = sup.next_probe = now;
	sup.answers = false;
	sup.missed = 0;
	sup.begun = sup.engine->start(op) == OK;
	if (sup.begun)
		return OK;
	log_error(op, "the server does not start: %s", op->why);
	backoff_grow(now);
	return ERR_GUEST;
}

static bool
room_for_start(struct op *op)
{
	return sup.engine->usage != NULL || disk_start(op);
}

void
supervisor_open(struct op *op, const struct datastore *engine)
{
	sup = (struct supervisor){
		.engine = engine,
		.backoff_ms = BACKOFF_FIRST,
		.wanted = !journal_stopped(),
	};
	if (engine->usage == NULL)
		disk_open(op);
	if (sup.wanted && room_for_start(op))
		server_begin(op);
}

const struct datastore *
supervisor_engine(void)
{
	return sup.engine;
}

static void
server_died(struct op *op, int64_t now)
{
	log_error(op, "the server ended; it is started again in %d ms",
	    sup.backoff_ms);
	if (sup.engine->usage == NULL)
		disk_died(op);
	sup.begun = sup.answers = sup.restarting = false;
	backoff_grow(now);
}

static void
server_probe(struct op *op, int64_t now)
{
	enum db_status status;

	if (sup.engine->status(op, &status) == OK && status == DB_HEALTHY) {
		if (!sup.answers) {
			log_info(op, "the server answers after %d ms",
			    (int)(now - sup.since));
			tls_settle(op, sup.engine);
		} else
			tls_turn(op, sup.engine);
		sup.answers = true;
		sup.restarting = false;
		sup.missed = 0;
	} else if (sup.answers && ++sup.missed >= MISSED_MOST) {
		log_error(op, "the server does not answer: %s",
		    op->why != NULL ? op->why : "it ended");
		sup.answers = false;
	}
	if (sup.answers && now - sup.since > STABLE)
		sup.backoff_ms = BACKOFF_FIRST;
	sup.next_probe = clock_ms() + probe_ms(now);
}

/* What has no volume has all the room there is. */
static void
room_turn(struct op *op)
{
	enum db_room was = disk_room();

	if (sup.engine->usage != NULL)
		return;
	disk_turn(op, sup.engine, supervisor_ready());
	if (was != DB_ROOM && disk_room() == DB_ROOM && !sup.begun)
		sup.next_start = 0;
}

void
supervisor_turn(struct op *op)
{
	int64_t now = clock_ms();

	room_turn(op);
	if (!sup.wanted)
		return;
	if (sup.begun && sup.engine->pid() == 0)
		server_died(op, now);
	if (!sup.begun && now >= sup.next_start) {
		if (room_for_start(op))
			server_begin(op);
		else
			sup.next_start = now + FULL_MS;
	}
	if (sup.begun && now >= sup.next_probe)
		server_probe(op, now);
}

int
supervisor_watch(void)
{
	return sup.wanted && sup.begun ? sup.engine->watch() : -1;
}

int
supervisor_wait_ms(void)
{
	int most = sup.engine->usage == NULL ? disk_wait_ms() : 1000;
	int64_t left = (sup.begun ? sup.next_probe : sup.next_start) -
	    clock_ms();

	if (!sup.wanted || left > most)
		return most;
	return left < 0 ? 0 : (int)left;
}

enum db_status
supervisor_status(void)
{
	if (!sup.wanted)
		return DB_SHUTDOWN;
	if (journal_prepared() == PREPARE_FAILED)
		return DB_FAILED;
	if (journal_prepared() == UNPREPARED)
		return DB_BUILDING;
	if (sup.answers)
		return disk_room() == DB_ROOM ? DB_HEALTHY : DB_BLOCKED;
	if (disk_room() == DB_LAST)
		return DB_FULL;
	return sup.restarting ? DB_SHUTDOWN : DB_CRASHED;
}

bool
supervisor_ready(void)
{
	return sup.wanted && sup.begun && sup.answers;
}

bool
supervisor_starting(void)
{
	return sup.wanted && sup.begun && !sup.answers &&
	    clock_ms() - sup.since < FRESH;
}

enum err
supervisor_start(struct op *op)
{
	sup.wanted = true;
	journal_set_stopped(false);
	if (sup.begun && sup.engine->pid() != 0)
		return OK;
	if (!room_for_start(op))
		return op_fail(op, ERR_GUEST, "The volume is full: the database "
		    "server starts when it has grown.");
	sup.restarting = true;
	sup.backoff_ms = BACKOFF_FIRST;
	return server_begin(op);
}

enum err
supervisor_stop(struct op *op)
{
	sup.wanted = sup.begun = sup.answers = false;
	journal_set_stopped(true);
	return sup.engine->stop(op);
}

enum err
supervisor_restart(struct op *op)
{
	sup.begun = sup.answers = false;
	TRY(sup.engine->stop(op));
	return supervisor_start(op);
}

void
supervisor_end(struct op *op)
{
	sup.wanted = sup.begun = sup.answers = false;
	sup.engine->stop(op);
}
