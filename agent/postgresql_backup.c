/*
 * A base backup as the server streams it: one tar, with the WAL that makes it
 * whole at its end.  Nothing is copied to the volume for it.  One upon an earlier
 * backup is such a tar, too, made here of the files (postgresql_delta.h).
 */
#include "agent/postgresql.h"
#include "agent/file.h"
#include "agent/postgresql_birth.h"
#include "agent/postgresql_delta.h"
#include "agent/postgresql_session.h"
#include "agent/tar.h"
#include "agent/untar.h"
#include "lib/base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGAIN	"restore/full"		/* what is going to be the data */
#define MORE	"restore/more"

/* What a tenant's root made the default of roles or databases is not for us. */
#define OPTIONS POSTGRESQL_UNSEEN "-c search_path=pg_catalog "		\
    "-c log_replication_commands=off "					\
    "-c statement_timeout=0 -c lock_timeout=0 -c idle_session_timeout=0 " \
    "-c idle_in_transaction_session_timeout=0 -c role=none"

static enum err
refused(struct op *op, const char *text)
{
	return op_fail(op, ERR_GUEST, "PostgreSQL: %.*s",
	    (int)strcspn(text, "\n"), text);
}

static void
session_close(void *conn)
{
	PQfinish(conn);
}

static void
result_free(void *result)
{
	PQclear(result);
}

/* The server's notes are for people who type. */
static void
note_drop(void *arg, const char *note)
{
	(void)arg;
	(void)note;
}

static enum err
session_open(struct op *op, PGconn **out)
{
	const char *const names[] = { "host", "port", "user", "replication",
	    "dbname", "sslmode", "gssencmode", "application_name", "options",
	    "connect_timeout", NULL };
	const char *const values[] = { file_data(op, "run"),
	    op_printf(op, "%d", conf_int("agent.port")), POSTGRESQL_ADMIN,
	    "database", "postgres", "disable", "disable", "coffer-backup",
	    OPTIONS, "10", NULL };

	*out = PQconnectdbParams(names, values, 0);
	if (*out == NULL)
		return op_fail(op, ERR_INTERNAL, "out of memory");
	op_defer(op, session_close, *out);
	PQsetNoticeProcessor(*out, note_drop, NULL);
	return PQstatus(*out) == CONNECTION_OK ? OK :
	    refused(op, PQerrorMessage(*out));
}

/* The next answer, which has to be one of this kind. */
static enum err
answer(struct op *op, PGconn *c, ExecStatusType wanted, PGresult **out)
{
	PGresult *r = PQgetResult(c);

	op_defer(op, result_free, r);
	if (out != NULL)
		*out = r;
	return r != NULL && PQresultStatus(r) == wanted ? OK :
	    refused(op, r != NULL && *PQresultErrorMessage(r) != '\0' ?
	    PQresultErrorMessage(r) : "an answer that does not belong here");
}

static enum err
ask(struct op *op, PGconn *c, const char *sql, PGresult **r)
{
	*r = PQexec(c, sql);
	op_defer(op, result_free, *r);
	return PQresultStatus(*r) == PGRES_TUPLES_OK ? OK :
	    refused(op, PQerrorMessage(c));
}

/* --- what was there before ------------------------------------------------------------- */

/*
 * A database is looked at when it was there, the same, before and after: one that
 * is being made is seen by nobody, and its files come one by one.
 */
#define DATABASES "SELECT oid, oid || ':' || xmin FROM pg_database"

static bool
has(PGresult *r, const char *which)
{
	for (int i = 0; i < PQntuples(r); i++)
		if (strcmp(PQgetvalue(r, i, 1), which) == 0)
			return true;
	return false;
}

static void
close_it(void *fd)
{
	close((int)(intptr_t)fd);
}

static enum err
look(struct op *op, PGconn *c, struct pg_seen *seen)
{
	int data = open(file_data(op, POSTGRESQL_DATA),
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	PGresult *before, *after;

	if (data == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", POSTGRESQL_DATA,
		    strerror(errno));
	op_defer(op, close_it, (void *)(intptr_t)data);
	TRY(ask(op, c, DATABASES, &before));
	TRY(pg_seen_look(op, seen, data, 0));
	for (int i = 0; i < PQntuples(before); i++)
		TRY(pg_seen_look(op, seen, data, (unsigned)strtoul(
		    PQgetvalue(before, i, 0), NULL, 10)));
	TRY(ask(op, c, DATABASES, &after));
	for (int i = 0; i < PQntuples(before); i++)
		if (!has(after, PQgetvalue(before, i, 1)))
			pg_seen_doubt(seen, (unsigned)strtoul(
			    PQgetvalue(before, i, 0), NULL, 10));
	return OK;
}

/* --- where it begins --------------------------------------------------------------------- */

static enum err
system_read(struct op *op, PGconn *c, struct pg_mark *now)
{
	PGresult *r;

	TRY(ask(op, c, "IDENTIFY_SYSTEM", &r));
	now->system = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
	now->timeline = (unsigned)strtoul(PQgetvalue(r, 0, 1), NULL, 10);
	return now->system != 0 && now->timeline != 0 ? OK :
	    refused(op, "it does not say who it is");
}

/* Other data have other numbers: blocks of one mean nothing to the other. */
static enum err
since_read(struct op *op, const char *since, const struct pg_mark *now,
    struct pg_mark *m)
{
	if (!pg_mark_read(since, m) || m->lsn == 0)
		return op_fail(op, ERR_UNPROCESSABLE, "The backup to stand upon "
		    "does not say where to go on: take a full one.");
	if (m->system != now->system)
		return op_fail(op, ERR_UNPROCESSABLE, "The data are not those of "
		    "the backup to stand upon: take a full one.");
	if (m->timeline != now->timeline)
		return op_fail(op, ERR_UNPROCESSABLE, "The history of the data is "
		    "not that of the backup to stand upon: take a full one.");
	return OK;
}

static enum err
place_read(struct op *op, const char *text, struct pg_mark *now)
{
	unsigned high, low;

	if (sscanf(text, "%X/%X", &high, &low) != 2)
		return refused(op, "it does not say where it is");
	now->lsn = (uint64_t)high << 32 | low;
	return OK;
}

/* WAL of the time of the copy is held back by a slot that goes with the session. */
static enum err
begin(struct op *op, PGconn *c, struct pg_mark *now, struct pg_seen **seen)
{
	PGresult *r;

	TRY(system_read(op, c, now));
	TRY(ask(op, c, op_printf(op, "CREATE_REPLICATION_SLOT "
	    "coffer_backup_%d TEMPORARY PHYSICAL RESERVE_WAL", (int)getpid()),
	    &r));
	TRY(pg_seen_open(op, now->system, seen));
	return look(op, c, *seen);
}

/* --- tablespaces ---------------------------------------------------------------------------- */

/* None but the two that every server has, as far as anybody knew when it began. */
static enum err
spaces_read(struct op *op, PGconn *c, PGresult **spaces)
{
	return ask(op, c, "SELECT oid, oid FROM pg_tablespace WHERE spcname NOT "
	    "IN ('pg_default', 'pg_global')", spaces);
}

/* The WAL would make it anew in a place that is nowhere else. */
static enum err
spaces_made(struct op *op)
{
	return op_fail(op, ERR_UNPROCESSABLE, "A tablespace was made while the "
	    "backup was taken: take another one.");
}

static enum err
spaces_check(struct op *op, PGconn *c, PGresult *before)
{
	PGresult *after;

	TRY(spaces_read(op, c, &after));
	for (int i = 0; i < PQntuples(after); i++)
		if (!has(before, PQgetvalue(after, i, 1)))
			return spaces_made(op);
	return OK;
}

/* --- in full ------------------------------------------------------------------------------- */

static enum err
full_begin(struct op *op, PGconn *c, struct pg_mark *now)
{
	PGresult *r;

	if (PQsendQuery(c, "BASE_BACKUP (LABEL 'coffer', CHECKPOINT 'fast', "
	    "WAL true, MANIFEST 'no')") != 1)
		return refused(op, PQerrorMessage(c));
	TRY(answer(op, c, PGRES_TUPLES_OK, &r));
	TRY(place_read(op, PQgetvalue(r, 0, 0), now));
	TRY(answer(op, c, PGRES_TUPLES_OK, &r));
	if (PQntuples(r) != 1)
		return spaces_made(op);
	return answer(op, c, PGRES_COPY_OUT, NULL);
}

/* "n": an archive begins; "d": bytes of it. */
static enum err
copy(struct op *op, PGconn *c, int fd)
{
	int n, archives = 0;
	enum err e = OK;
	char *message;

	while (e == OK && (n = PQgetCopyData(c, &message, 0)) > 0) {
		if (*message == 'd')
			e = tar_bytes(op, fd, message + 1, (size_t)n - 1);
		else if (*message == 'n' && ++archives > 1)
			e = op_fail(op, ERR_GUEST, "two archives in one");
		PQfreemem(message);
	}
	TRY(e);
	return n == -1 ? OK : refused(op, PQerrorMessage(c));
}

static enum err
full(struct op *op, PGconn *c, int fd, struct pg_seen *seen,
    struct pg_mark *now)
{
	PGresult *r;

	TRY(full_begin(op, c, now));
	TRY(pg_seen_keep(op, seen, now->lsn));
	TRY(copy(op, c, fd));
	TRY(answer(op, c, PGRES_TUPLES_OK, NULL));	/* where it ends */
	while ((r = PQgetResult(c)) != NULL) {
		op_defer(op, result_free, r);
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			return refused(op, PQresultErrorMessage(r));
	}
	return OK;
}

/* --- what changed --------------------------------------------------------------------------- */

/* Nothing is to come from it now, so that what comes is its end. */
static enum err
lives(struct op *op, void *arg)
{
	PGconn *c = arg;
	struct pollfd fd = { .fd = PQsocket(c), .events = POLLIN };

	if (poll(&fd, 1, 0) <= 0 || (PQconsumeInput(c) == 1 &&
	    PQstatus(c) == CONNECTION_OK))
		return OK;
	return refused(op, *PQerrorMessage(c) != '\0' ? PQerrorMessage(c) :
	    "the connection was lost");
}

/*
 * Where pages have checksums every change of one is in the WAL and gives it a new
 * number; elsewhere some flags have none, which other files rely upon.
 */
static enum err
numbers_check(struct op *op, PGconn *c)
{
	PGresult *r;

	TRY(ask(op, c, "SELECT 1 FROM pg_settings WHERE name = "
	    "'data_checksums' AND setting = 'on'", &r));
	return PQntuples(r) != 0 ? OK : op_fail(op, ERR_UNPROCESSABLE,
	    "The pages have no checksums, so that changes cannot be told: "
	    "take a full one.");
}

static enum err
delta_begin(struct op *op, PGconn *c, const struct pg_mark *since,
    struct pg_mark *now)
{
	PGresult *r;

	if (since->lsn != 0)
		TRY(numbers_check(op, c));
	TRY(ask(op, c, "SELECT pg_backup_start('coffer', true)", &r));
	TRY(place_read(op, PQgetvalue(r, 0, 0), now));
	return now->lsn >= since->lsn ? OK : op_fail(op, ERR_UNPROCESSABLE,
	    "The data are older than the backup to stand upon: take a full "
	    "one.");
}

/* Whole segments, from the one in which it began; the server left the last one. */
static enum err
wal_put(struct op *op, int fd, const struct pg_mark *from, uint64_t to,
    int64_t size)
{
	uint64_t per_file = (UINT64_C(1) << 32) / (uint64_t)size;
	uint64_t last = (to - 1) / (uint64_t)size;

	for (uint64_t n = from->lsn / (uint64_t)size; n <= last; n++) {
		char name[48];

		snprintf(name, sizeof(name),
		    "pg_wal/%08X%08" PRIX64 "%08" PRIX64, from->timeline,
		    n / per_file, n % per_file);
		TRY(pg_delta_whole(op, fd, name, size));
	}
	return OK;
}

static enum err
delta_end(struct op *op, PGconn *c, int fd, const struct pg_mark *now)
{
	struct pg_mark end = *now;
	int64_t size;
	PGresult *r;

	TRY(ask(op, c, "SELECT lsn, labelfile, (SELECT setting FROM "
	    "pg_settings WHERE name = 'wal_segment_size') "
	    "FROM pg_backup_stop(false)", &r));
	TRY(place_read(op, PQgetvalue(r, 0, 0), &end));
	if (!text_number(PQgetvalue(r, 0, 2), 1 << 20, 1 << 30, &size) ||
	    end.lsn <= now->lsn)
		return refused(op, "it does not say where its WAL is");
	TRY(tar_text(op, fd, "backup_label", PQgetvalue(r, 0, 1)));
	TRY(wal_put(op, fd, now, end.lsn, size));
	return tar_end(op, fd);
}

static enum err
delta(struct op *op, PGconn *c, int fd, struct pg_seen *seen,
    const struct pg_mark *since, struct pg_mark *now)
{
	const struct pg_delta d = { .seen = seen, .since = *since, .to = fd,
	    .alive = lives, .arg = c };

	TRY(delta_begin(op, c, since, now));
	TRY(pg_seen_keep(op, seen, now->lsn));
	TRY(pg_delta_files(op, &d));
	return delta_end(op, c, fd, now);
}

/*
 * The server streams each tablespace as a tar of its own: where there are some,
 * a full one is made like a delta of which nothing was there before.
 */
enum err
postgresql_backup(struct op *op, const char *since, int fd,
    const char **mark)
{
	struct pg_mark now, upon = { .lsn = 0 };
	struct pg_seen *seen;
	PGresult *spaces;
	PGconn *c;

	TRY(session_open(op, &c));
	TRY(spaces_read(op, c, &spaces));
	TRY(begin(op, c, &now, &seen));
	if (since != NULL)
		TRY(since_read(op, since, &now, &upon));
	if (since == NULL && PQntuples(spaces) == 0)
		TRY(full(op, c, fd, seen, &now));
	else
		TRY(delta(op, c, fd, seen, &upon, &now));
	TRY(spaces_check(op, c, spaces));
	*mark = pg_mark_write(op, &now);
	return OK;
}

/* --- restore --------------------------------------------------------------------------------- */

enum err
postgresql_restore(struct op *op, int nth, int fd)
{
	const char *made = file_data(op, AGAIN);
	int dir;

	if (nth != 0)
		return pg_delta_apply(op, fd, made, file_data(op, MORE));
	TRY(file_remove_tree(op, file_data(op, "restore")));
	TRY(file_directory(op, file_data(op, "restore")));
	TRY(file_directory(op, made));
	dir = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", made,
		    strerror(errno));
	op_defer(op, close_it, (void *)(intptr_t)dir);
	TRY(untar(op, fd, dir));
	if (faccessat(dir, POSTGRESQL_UPON, F_OK, 0) == 0)
		return op_fail(op, ERR_BAD_REQUEST, "The first backup of the "
		    "chain stands upon another one.");
	return OK;
}

/*
 * The server recovers by itself from what the copy says of its beginning.  Who
 * may come from where is learnt from the data, and nobody comes before that.  It
 * becomes a system of its own, and what was known of other files is forgotten.
 */
enum err
postgresql_restored(struct op *op)
{
	const char *made = file_data(op, AGAIN);

	if (access(op_printf(op, "%s/backup_label", made), F_OK) == -1)
		return op_fail(op, ERR_BAD_REQUEST,
		    "The backup is damaged: it has no label.");
	/* Links are made here, of what is there. */
	unlink(op_printf(op, "%s/tablespace_map", made));
	TRY(pg_spaces_place(op, made));
	TRY(file_put(op, file_data(op, POSTGRESQL_RESTORED), "", 0));
	unlink(file_data(op, POSTGRESQL_HBA));
	unlink(file_data(op, POSTGRESQL_SEEN));
	unlink(file_data(op, POSTGRESQL_SYSTEM));
	TRY(file_take_place(op, made, file_data(op, POSTGRESQL_DATA),
	    file_data(op, "restore/old")));
	return file_remove_tree(op, file_data(op, "restore"));
}
