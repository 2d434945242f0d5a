/*
 * A base backup as the server streams it: one tar, with the WAL that makes it
 * whole at its end.  Nothing is copied to the volume for it.
 */
#include "agent/postgresql.h"
#include "agent/file.h"
#include "agent/untar.h"
#include "lib/base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGAIN	"restore/full"		/* what is going to be the data */

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
	    "sslmode", "gssencmode", "application_name", "connect_timeout",
	    NULL };
	const char *const values[] = { file_data(op, "run"),
	    op_printf(op, "%d", conf_int("agent.port")), POSTGRESQL_ADMIN,
	    "true", "disable", "disable", "coffer-backup", "10", NULL };

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

/* WAL of the time of the copy is held back by a slot that goes with the session. */
static enum err
begin(struct op *op, PGconn *c, const char **mark)
{
	PGresult *r = PQexec(c, op_printf(op, "CREATE_REPLICATION_SLOT "
	    "coffer_backup_%d TEMPORARY PHYSICAL RESERVE_WAL", (int)getpid()));

	op_defer(op, result_free, r);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		return refused(op, PQerrorMessage(c));
	if (PQsendQuery(c, "BASE_BACKUP (LABEL 'coffer', CHECKPOINT 'fast', "
	    "WAL true, MANIFEST 'no')") != 1)
		return refused(op, PQerrorMessage(c));
	TRY(answer(op, c, PGRES_TUPLES_OK, &r));
	*mark = op_strdup(op, PQgetvalue(r, 0, 0));
	TRY(answer(op, c, PGRES_TUPLES_OK, &r));
	if (PQntuples(r) != 1)
		return op_fail(op, ERR_UNPROCESSABLE, "A database with "
		    "tablespaces cannot be backed up.");
	return answer(op, c, PGRES_COPY_OUT, NULL);
}

static enum err
put(struct op *op, int fd, const char *s, size_t n)
{
	ssize_t w;

	for (; n > 0; s += w, n -= (size_t)w)
		if ((w = write(fd, s, n)) == -1) {
			if (errno != EINTR)
				return op_fail(op, ERR_GUEST, "the backup "
				    "cannot be written: %s", strerror(errno));
			w = 0;
		}
	return OK;
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
			e = put(op, fd, message + 1, (size_t)n - 1);
		else if (*message == 'n' && ++archives > 1)
			e = op_fail(op, ERR_GUEST, "two archives in one");
		PQfreemem(message);
	}
	TRY(e);
	return n == -1 ? OK : refused(op, PQerrorMessage(c));
}

enum err
postgresql_backup(struct op *op, const char *since, int fd,
    const char **mark)
{
	PGresult *r;
	PGconn *c;

	if (since != NULL)
		return op_fail(op, ERR_NOT_BUILT,
		    "PostgreSQL's backups are full ones.");
	TRY(session_open(op, &c));
	TRY(begin(op, c, mark));
	TRY(copy(op, c, fd));
	TRY(answer(op, c, PGRES_TUPLES_OK, NULL));	/* where it ends */
	while ((r = PQgetResult(c)) != NULL) {
		op_defer(op, result_free, r);
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			return refused(op, PQresultErrorMessage(r));
	}
	return OK;
}

static void
close_it(void *fd)
{
	close((int)(intptr_t)fd);
}

enum err
postgresql_restore(struct op *op, int nth, int fd)
{
	const char *made = file_data(op, AGAIN);
	int dir;

	if (nth != 0)
		return op_fail(op, ERR_NOT_BUILT,
		    "PostgreSQL's backups are full ones.");
	TRY(file_remove_tree(op, file_data(op, "restore")));
	TRY(file_directory(op, file_data(op, "restore")));
	TRY(file_directory(op, made));
	dir = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", made,
		    strerror(errno));
	op_defer(op, close_it, (void *)(intptr_t)dir);
	return untar(op, fd, dir);
}

/*
 * The server recovers by itself from what the copy says of its beginning.  Who
 * may come from where is learnt from the data, and nobody comes before that.
 */
enum err
postgresql_restored(struct op *op)
{
	const char *made = file_data(op, AGAIN);

	if (access(op_printf(op, "%s/backup_label", made), F_OK) == -1)
		return op_fail(op, ERR_BAD_REQUEST,
		    "The backup is damaged: it has no label.");
	unlink(file_data(op, POSTGRESQL_HBA));
	TRY(file_take_place(op, made, file_data(op, POSTGRESQL_DATA),
	    file_data(op, "restore/old")));
	return file_remove_tree(op, file_data(op, "restore"));
}
