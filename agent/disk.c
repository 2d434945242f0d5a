#include "agent/disk.h"
#include "agent/datastore.h"
#include "agent/file.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB		((int64_t)1 << 20)
#define FASTEST		1000000		/* bytes a ms that anybody writes */
#define LOOK_LEAST	25		/* ms */
#define LOOK_MOST	1000
#define LOOK_SHORT	100
#define AGAIN_MS	1000		/* what holds is said again */
#define SCRAPS		(4 * MIB)	/* with less the reserve is given up */
#define START_LEAST	(8 * MIB)	/* free bytes that a start takes */
#define DEATHS		2		/* for want of room: then it stays down */

#define RESERVE		"agent/reserve"
#define HELD		"agent/short"	/* a server may have been told to hold */

static struct disk {
	bool		 watched;	/* the volume has a size of its own */
	bool		 shared;	/* with the system: nothing is set aside */
	struct disk_marks marks;
	int64_t		 avail, held;	/* bytes: free, and in the reserve */
	enum db_room	 room, told;	/* told DB_ROOM__MAX: who knows */
	int64_t		 next, tell_at;
	int		 deaths;
	bool		 refused;	/* a start, and it was said */
} disk;

static int64_t
clamp(int64_t n, int64_t lo, int64_t hi)
{
	return n < lo ? lo : n > hi ? hi : n;
}

struct disk_marks
disk_marks(int64_t total)
{
	int64_t stop = clamp(total / 20, 32 * MIB, 512 * MIB);

	return (struct disk_marks){
		.reserve = clamp(total / 32, 16 * MIB, 128 * MIB),
		.stop = stop, .last = stop / 4, .resume = stop + stop / 2,
	};
}

int
disk_pause(int64_t left, const struct disk_marks *m)
{
	return (int)clamp((left - m->stop) / FASTEST, LOOK_LEAST, LOOK_MOST);
}

static int64_t
left(void)
{
	return disk.avail + disk.held - disk.marks.reserve;
}

enum db_room
disk_room(void)
{
	return disk.room;
}

int64_t
disk_reserved(void)
{
	return disk.held;
}

bool
disk_fits(int64_t bytes)
{
	return !disk.watched || left() - bytes > disk.marks.resume;
}

bool
disk_holds(int64_t bytes)
{
	return !disk.watched || disk.avail > bytes + SCRAPS;
}

int
disk_wait_ms(void)
{
	int64_t ms = disk.next - clock_ms();

	return !disk.watched ? LOOK_MOST : (int)clamp(ms, 0, LOOK_MOST);
}

/* --- the reserve ------------------------------------------------------------- */

static int64_t
held(struct op *op)
{
	struct stat st;

	return stat(file_data(op, RESERVE), &st) == 0 ?
	    (int64_t)st.st_blocks * 512 : 0;
}

/* Blocks that are set aside, and written only by whoever gets them next. */
static void
reserve_take(struct op *op)
{
	int fd = open(file_data(op, RESERVE), O_WRONLY | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW, 0600);

	if (fd == -1)
		return;
	if (fallocate(fd, 0, 0, (off_t)disk.marks.reserve) == -1) {
		log_warn(op, "the volume's reserve cannot be taken: %s",
		    strerror(errno));
		disk.shared = true;	/* it is not asked for again */
		(void)!ftruncate(fd, 0);
	}
	close(fd);
	disk.held = held(op);
}

static void
reserve_give(struct op *op)
{
	if (disk.held == 0)
		return;
	log_warn(op, "the volume is full: its reserve of %d MB is given up",
	    (int)(disk.held / MIB));
	if (truncate(file_data(op, RESERVE), 0) == -1)
		log_error(op, "the volume's reserve stays");
	disk.held = held(op);
}

/* --- looking ----------------------------------------------------------------- */

static void
measure(struct op *op)
{
	struct statvfs fs;

	disk.watched = statvfs(conf_str("agent.data"), &fs) == 0;
	if (!disk.watched)
		return;
	disk.marks = disk_marks((int64_t)(fs.f_blocks * fs.f_frsize));
	disk.avail = (int64_t)(fs.f_bavail * fs.f_frsize);
	if (disk.shared)
		disk.marks.reserve = 0;
	else
		disk.held = held(op);
}

static enum db_room
room_of(int64_t bytes)
{
	const struct disk_marks *m = &disk.marks;

	if (bytes < m->last)
		return DB_LAST;
	return bytes < (disk.room == DB_ROOM ? m->stop : m->resume) ?
	    DB_SHORT : DB_ROOM;
}

static void
room_set(struct op *op, enum db_room room)
{
	if (room == disk.room)
		return;
	if (room == DB_ROOM)
		log_info(op, "the volume has room again");
	else
		log_warn(op, "the volume has %d MB left: %s",
		    (int)(left() / MIB), room == DB_SHORT ?
		    "writes are stopped" : "what runs is ended");
	disk.room = room;
	disk.tell_at = 0;
}

static void
look(struct op *op)
{
	measure(op);
	if (!disk.watched)
		return;
	room_set(op, room_of(left()));
	if (disk.room == DB_ROOM) {
		disk.deaths = 0;
		disk.refused = false;
		if (disk.held < disk.marks.reserve)
			reserve_take(op);
	} else if (disk.avail < SCRAPS)
		reserve_give(op);
}

/* A directory of the system's own disk is nobody's volume. */
static bool
is_shared(void)
{
	struct stat data, system;

	return stat(conf_str("agent.data"), &data) == 0 &&
	    stat("/usr", &system) == 0 && data.st_dev == system.st_dev;
}

void
disk_open(struct op *op)
{
	disk = (struct disk){ .shared = is_shared() };
	disk.told = access(file_data(op, HELD), F_OK) == 0 ? DB_ROOM__MAX :
	    DB_ROOM;
	look(op);
}

/* --- telling ------------------------------------------------------------------ */

/* An agent that dies now leaves a server that holds: the next one has to know. */
static enum err
mark(struct op *op)
{
	if (disk.room != DB_ROOM && access(file_data(op, HELD), F_OK) == -1)
		return file_put(op, file_data(op, HELD), "", 0);
	return OK;
}

static void
tell(struct op *op, const struct datastore *engine)
{
	bool news = disk.told != disk.room;
	enum err e = mark(op);

	if (e == OK && engine->room != NULL)
		e = engine->room(op, disk.room, news);
	disk.tell_at = clock_ms() + (e != OK || disk.room == DB_LAST ?
	    LOOK_LEAST : AGAIN_MS);
	if (e == OK) {
		disk.told = disk.room;
		if (disk.room == DB_ROOM)
			unlink(file_data(op, HELD));
	} else if (news)
		log_warn(op, "the server does not hold yet: %s", op->why);
}

void
disk_turn(struct op *op, const struct datastore *engine, bool answers)
{
	int64_t now = clock_ms();

	if (now >= disk.next) {
		look(op);
		disk.next = now + (disk.room == DB_SHORT ? LOOK_SHORT :
		    disk_pause(left(), &disk.marks));
	}
	if (answers && disk.watched && now >= disk.tell_at &&
	    (disk.told != disk.room || disk.room != DB_ROOM))
		tell(op, engine);
}

/* --- starting ----------------------------------------------------------------- */

static bool
may_start(struct op *op)
{
	if (disk.deaths >= DEATHS && left() < disk.marks.stop)
		return false;
	if (disk.avail < START_LEAST)
		reserve_give(op);
	measure(op);
	return disk.avail >= START_LEAST;
}

bool
disk_start(struct op *op)
{
	look(op);
	if (!disk.watched || disk.room == DB_ROOM || may_start(op)) {
		/* It will have been told nothing but what its files say. */
		if (disk.room != DB_ROOM || disk.told != DB_ROOM)
			disk.told = DB_ROOM__MAX;
		return true;
	}
	if (!disk.refused)
		log_error(op, "the volume is full: the server stays down until "
		    "it grows");
	disk.refused = true;
	return false;
}

void
disk_died(struct op *op)
{
	look(op);
	if (disk.watched && disk.room == DB_LAST)
		disk.deaths++;
}
