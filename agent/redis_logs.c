/*
 * Logs of Redis.  Slow commands it keeps in memory, a few of them: while their
 * log is on, the agent writes them to a file each second, a line for each.  Who
 * goes on after a crash reads in the last line where that is; the server's run
 * and its number of a command stand in each.
 */
#include "agent/redis_server.h"
#include "agent/db_logs.h"
#include "agent/disk.h"
#include "agent/file.h"
#include "agent/log_pieces.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not where the server writes: nobody else says what file that is. */
#define SLOW	"agent/slow_query.log"
#define SLOWLY	"slow_query"	/* its mark holds what was there before, as in a line */

#define RUN	16			/* digits of a server's run that stand in a line */
#define NAME	64			/* bytes of a client's name that do */
#define MOST	1024			/* commands of one turn */
#define BYTES	(1 << 20)		/* and of their lines, about */
#define TAIL	(64 * 1024)		/* of a file: more than one line */
#define PLACE	"run=%16[0-9a-f] id=%lld"

const struct db_log_file redis_log_files[] = {
	{ SLOWLY,  SLOW,            false },
	{ "error", "log/redis.log", true },
	{ 0 }
};

/* The last command that is in the file, or was there before it was asked for. */
struct place { char run[RUN + 1]; long long id; };
static struct place seen;		/* run "": to be looked up */

/* --- where it was ------------------------------------------------------------------ */

/* The end of a file, whole lines; what a crash left of one goes. */
static const char *
tail(struct op *op, int fd, int64_t size)
{
	int64_t from = size > TAIL ? size - TAIL : 0;
	char *s = op_alloc(op, TAIL + 1), *end;
	ssize_t n = pread(fd, s, TAIL, from);

	if (n <= 0)
		return "";
	s[n] = '\0';
	end = memrchr(s, '\n', (size_t)n);
	if (end == NULL || ftruncate(fd, from + (end - s) + 1) == -1)
		return "";
	*end = '\0';
	end = memrchr(s, '\n', (size_t)(end - s));
	return end != NULL ? end + 1 : s;
}

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

static bool
place_of_file(struct op *op, struct place *p)
{
	struct log_piece *piece;
	int n, fd;

	if (log_pieces(op, SLOW, &piece, &n) != OK || n == 0 ||
	    (fd = open(piece[n - 1].path, O_RDWR | O_NOFOLLOW |
	    O_CLOEXEC)) == -1)
		return false;
	op_defer(op, close_fd, (void *)(intptr_t)fd);
	return sscanf(tail(op, fd, piece[n - 1].size), "%*s " PLACE, p->run,
	    &p->id) == 2;
}

/* Of another run of the server: all that it has. */
static void
place_find(struct op *op, const char *run, struct place *out)
{
	struct place at[2] = { 0 };
	const char *mark;
	size_t len;

	*out = (struct place){ .id = -1 };
	memcpy(out->run, run, sizeof(out->run));
	if (file_get(op, db_log_mark(op, SLOWLY), &mark, &len) != OK ||
	    sscanf(mark, PLACE, at[0].run, &at[0].id) != 2)
		at[0].id = -1;
	if (!place_of_file(op, &at[1]))
		at[1].id = -1;
	for (int i = 0; i < 2; i++)
		if (strcmp(at[i].run, run) == 0 && at[i].id > out->id)
			out->id = at[i].id;
}

/* --- what the server has -------------------------------------------------------------- */

static enum err
run_read(struct op *op, char run[RUN + 1])
{
	static const char *const argv[] = { "INFO", "server", NULL };
	struct redis_reply r;
	const char *at;

	TRY(redis_ask_soon(op, &r, argv));
	at = r.text != NULL ? strstr(r.text, "\nrun_id:") : NULL;
	if (at == NULL || sscanf(at, "\nrun_id:%16[0-9a-f]", run) != 1)
		return op_fail(op, ERR_GUEST, "Redis does not say its run.");
	return OK;
}

/* id, time, us, words, client, its name */
static bool
is_entry(const struct redis_reply *e)
{
	return e->items >= 6 && e->item[0].kind == REDIS_NUMBER &&
	    e->item[1].kind == REDIS_NUMBER &&
	    e->item[2].kind == REDIS_NUMBER &&
	    e->item[3].kind == REDIS_LIST && e->item[4].kind == REDIS_TEXT &&
	    e->item[5].kind == REDIS_TEXT;
}

/* The youngest of them, which come first. */
static enum err
entries_read(struct op *op, long long n, struct redis_reply *r)
{
	const char *const argv[] = { "SLOWLOG", "GET",
	    op_printf(op, "%lld", n), NULL };

	TRY(redis_ask_soon(op, r, argv));
	for (size_t i = 0; i < r->items; i++)
		if (!is_entry(&r->item[i]))
			return op_fail(op, ERR_GUEST,
			    "Redis tells of its slow commands otherwise.");
	return OK;
}

/* Of the youngest command; none: as many as there ever were, minus one. */
static enum err
newest_read(struct op *op, long long *id)
{
	struct redis_reply r;

	*id = -1;
	TRY(entries_read(op, 1, &r));
	if (r.items > 0)
		*id = r.item[0].item[0].number;
	return OK;
}

/* --- lines ---------------------------------------------------------------------------- */

static void
line_begin(struct text *t, long long at, const struct place *p)
{
	char when[CLOCK_TEXT];

	clock_text(when, at);
	text_printf(t, "%sZ run=%s id=%lld ", when, p->run, p->id);
}

static void
line_add(struct text *t, const struct redis_reply *e)
{
	const struct redis_reply *words = &e->item[3];

	line_begin(t, e->item[1].number, &seen);
	text_printf(t, "usec=%lld client=%s name=", e->item[2].number,
	    e->item[4].text);
	redis_conf_quote(t, op_strndup(t->op, e->item[5].text, NAME));
	for (size_t i = 0; i < words->items; i++) {
		text_addc(t, ' ');
		redis_conf_quote(t, words->item[i].text != NULL ?
		    words->item[i].text : "");
	}
	text_addc(t, '\n');
}

/* Only the agent comes over the socket. */
static bool
is_ours(const struct redis_reply *e)
{
	return *e->item[4].text == '/';
}

/* The server forgets the oldest, and root may have it forget all. */
static void
gap_add(struct text *t, const struct redis_reply *e)
{
	long long lost = e->item[0].number - seen.id - 1;

	if (lost <= 0 || seen.id < 0)
		return;
	seen.id += lost;
	line_begin(t, e->item[1].number, &seen);
	text_printf(t, "lost=%lld\n", lost);
}

static enum err
file_append(struct op *op, const struct text *t)
{
	const char *path = file_data(op, SLOW);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	struct stat st;

	if (fd == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	op_defer(op, close_fd, (void *)(intptr_t)fd);
	if (fstat(fd, &st) == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	if (write(fd, t->s, t->len) == (ssize_t)t->len)
		return OK;
	if (ftruncate(fd, st.st_size) == -1)
		seen.run[0] = '\0';
	return op_fail(op, ERR_INTERNAL, "%s takes no more", path);
}

/* Oldest first; what is too much for one turn waits for the next. */
static enum err
write_down(struct op *op, const struct redis_reply *r)
{
	struct place before = seen;
	struct text t;
	enum err e;

	text_begin(&t, op, 1024);
	for (size_t i = r->items; i-- > 0 && t.len < BYTES;) {
		const struct redis_reply *entry = &r->item[i];

		if (entry->item[0].number <= seen.id)
			continue;
		gap_add(&t, entry);
		seen.id = entry->item[0].number;
		if (!is_ours(entry))
			line_add(&t, entry);
	}
	if (t.len == 0)
		return OK;
	if ((e = file_append(op, &t)) != OK && seen.run[0] != '\0')
		seen = before;
	return e;
}

void
redis_log_forget(void)
{
	seen.run[0] = '\0';
}

enum err
redis_log_write(struct op *op)
{
	struct redis_reply r;
	char run[RUN + 1];
	long long newest;

	if (!db_log_wanted(op, SLOWLY) || disk_room() != DB_ROOM)
		return OK;
	TRY(run_read(op, run));
	if (strcmp(run, seen.run) != 0)
		place_find(op, run, &seen);
	TRY(newest_read(op, &newest));
	if (newest <= seen.id)
		return OK;
	TRY(entries_read(op, MOST, &r));
	return write_down(op, &r);
}

/* --- listed, switched -------------------------------------------------------------------- */

static void
write_what_can_be(struct op *op)
{
	if (redis_log_write(op) != OK)
		log_warn(op, "slow commands may be lost: %s", op->why);
}

static enum err
is_on(struct op *op, const char *name, bool *on)
{
	*on = db_log_wanted(op, name);
	return OK;
}

/* With what is in memory yet: whoever asks may want to publish it. */
enum err
redis_log_list(struct op *op, const struct db_log **out)
{
	write_what_can_be(op);
	return db_logs_list(op, redis_log_files, is_on, out);
}

/* What is slow from now on. */
static enum err
begin(struct op *op)
{
	struct place p = { 0 };
	const char *mark;

	TRY(run_read(op, p.run));
	TRY(newest_read(op, &p.id));
	mark = op_printf(op, "run=%s id=%lld\n", p.run, p.id);
	TRY(file_put(op, db_log_mark(op, SLOWLY), mark, strlen(mark)));
	seen = p;
	return OK;
}

enum err
redis_log_set(struct op *op, const char *name, bool on)
{
	TRY(db_log_switchable(op, redis_log_files, name));
	if (on)
		return db_log_wanted(op, name) ? OK : begin(op);
	write_what_can_be(op);
	return db_log_want(op, name, false);
}
