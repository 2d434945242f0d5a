#include "lib/wire/pg.h"
#include "lib/wire/pg_state.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#define KNOWN		1024		/* slots for prepared statements; a power of two */
#define AGAIN_MAX	2		/* further attempts where nothing was done */
#define BACK_OFF_MIN	50		/* ms between two attempts to connect */
#define BACK_OFF_MAX	1000
#define SCRIPT_MS	600000		/* a schema file may rewrite tables */

struct pg {
	const char	*dsn;
	char		*role, options[256];
	int		 timeout_ms;
	PGconn		*conn;		/* NULL: none */
	const struct pg_stmt *known[KNOWN];	/* prepared on conn */
	int		 knowns;
	bool		 unsure;
	bool		 open;		/* in a transaction that the caller began */
	const struct pg_stmt *listen;	/* NULL: to nothing */
	bool		 listens, told;
	int64_t		 not_before;	/* the next attempt to connect */
	int		 back_off;
};

/* One attempt at a list of calls. */
struct run {
	const struct pg_call *call;
	int		 n;
	struct pg_rows	*rows;
	bool		 reads;
	int64_t		 deadline;
	const struct pg_stmt *fresh[64];	/* to prepare on the way */
	int		 freshs;
	bool		 sent;		/* the server may have seen it */
	bool		 again;		/* nothing was done: worth another attempt */
};

struct pg *
pg_new(const char *dsn, const char *role, int timeout_secs)
{
	struct pg *pg = calloc(1, sizeof(*pg));

	if (pg == NULL || (pg->role = strdup(role)) == NULL)
		err(1, "out of memory");
	pg->dsn = dsn;
	pg->timeout_ms = timeout_secs > 0 ? timeout_secs * 1000 : 1000;
	/*
	 * The server gives up a little earlier than we do: a statement that
	 * waits for a lock then ends with an answer and not with a broken
	 * connection.
	 */
	snprintf(pg->options, sizeof(pg->options), "-c statement_timeout=%d "
	    "-c TimeZone=UTC -c DateStyle=ISO -c jit=off "
	    "-c client_min_messages=warning", pg->timeout_ms * 9 / 10);
	return pg;
}

static void
conn_close(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg->listens = false;
	memset(pg->known, 0, sizeof(pg->known));
	pg->knowns = 0;
}

void
pg_free(struct pg *pg)
{
	conn_close(pg);
	free(pg->role);
	free(pg);
}

bool
pg_unsure(const struct pg *pg)
{
	return pg->unsure;
}

bool
pg_open(const struct pg *pg)
{
	return pg->open;
}

/* --- connecting ------------------------------------------------------------ */

static void
on_notice(void *arg, const char *text)
{
	(void)arg;
	log_debug(NULL, "postgresql: %s", text);
}

static const char *
conn_why(struct op *op, const PGconn *c)
{
	const char *s = text_one_line(op, PQerrorMessage(c));

	return *s == '\0' ? "connection lost" : s;
}

/* False when the deadline passed.  A signal only makes it look again. */
static bool
wait_fd(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = deadline - clock_ms();

	if (left <= 0)
		return false;
	return poll(&p, 1, (int)left) != 0;
}

static PGconn *
conn_start(const struct pg *pg)
{
	/* What stands after dbname overrides the dsn, what stands before does not. */
	const char *const name[] = { "user", "gssencmode", "keepalives_idle",
	    "fallback_application_name", "dbname", "options", NULL };
	const char *const value[] = { pg->role, "disable", "10",
	    pg->role, pg->dsn, pg->options, NULL };

	return PQconnectStartParams(name, value, 1);
}

static enum err
conn_away(struct op *op, struct pg *pg, const char *why)
{
	pg->back_off = pg->back_off == 0 ? BACK_OFF_MIN : pg->back_off * 2;
	if (pg->back_off > BACK_OFF_MAX)
		pg->back_off = BACK_OFF_MAX;
	pg->not_before = clock_ms() + pg->back_off;
	return op_fail(op, ERR_UNAVAILABLE, "PostgreSQL: %s", why);
}

static enum err
conn_open(struct op *op, struct pg *pg, int64_t deadline)
{
	PostgresPollingStatusType s = PGRES_POLLING_WRITING;
	const char *why;

	if (clock_ms() < pg->not_before)
		return op_fail(op, ERR_UNAVAILABLE, "PostgreSQL is away");
	if ((pg->conn = conn_start(pg)) == NULL)
		err(1, "out of memory");
	PQsetNoticeProcessor(pg->conn, on_notice, NULL);
	while (PQstatus(pg->conn) != CONNECTION_BAD && s != PGRES_POLLING_OK &&
	    s != PGRES_POLLING_FAILED) {
		if (!wait_fd(PQsocket(pg->conn),
		    s == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
			conn_close(pg);
			return conn_away(op, pg, "connecting took too long");
		}
		s = PQconnectPoll(pg->conn);
	}
	if (PQstatus(pg->conn) != CONNECTION_OK ||
	    PQsetnonblocking(pg->conn, 1) != 0 ||
	    PQenterPipelineMode(pg->conn) != 1) {
		why = conn_why(op, pg->conn);
		conn_close(pg);
		return conn_away(op, pg, why);
	}
	pg->back_off = 0;
	return OK;
}

/*
 * An idle connection whose server went away is readable.  Seeing that before
 * anything is sent spares a write the question whether it was done; what only
 * reads is simply tried again.
 */
static enum err
conn_ready(struct op *op, struct pg *pg, int64_t deadline, bool reads)
{
	struct pollfd p = { .events = POLLIN };

	if (pg->conn != NULL)
		p.fd = PQsocket(pg->conn);
	/* Again, since the end of the stream stands behind the farewell. */
	while (pg->conn != NULL && !reads && poll(&p, 1, 0) > 0)
		if (PQconsumeInput(pg->conn) != 1 ||
		    PQstatus(pg->conn) != CONNECTION_OK)
			conn_close(pg);
	if (pg->conn == NULL && pg->open) {
		pg->open = false;
		return op_fail(op, ERR_UNAVAILABLE,
		    "PostgreSQL: the connection broke in a transaction");
	}
	return pg->conn != NULL ? OK : conn_open(op, pg, deadline);
}

/* --- prepared statements ----------------------------------------------------- */

static const struct pg_stmt **
known_slot(struct pg *pg, const struct pg_stmt *s)
{
	size_t i = ((uintptr_t)s / sizeof(*s)) % KNOWN;

	while (pg->known[i] != NULL && pg->known[i] != s)
		i = (i + 1) % KNOWN;
	return &pg->known[i];
}

static void
known_add(struct pg *pg, const struct pg_stmt *s)
{
	assert(pg->knowns < KNOWN / 2);
	pg->knowns++;
	*known_slot(pg, s) = s;
}

static bool
fresh_has(const struct run *r, const struct pg_stmt *s)
{
	for (int i = 0; i < r->freshs; i++)
		if (r->fresh[i] == s)
			return true;
	return false;
}

static bool
send_prepare(struct pg *pg, struct run *r, const struct pg_stmt *s)
{
	if (*known_slot(pg, s) != NULL || fresh_has(r, s))
		return true;
	assert(r->freshs < (int)(sizeof(r->fresh) / sizeof(r->fresh[0])));
	r->fresh[r->freshs++] = s;
	return PQsendPrepare(pg->conn, s->name, s->sql, 0, NULL) == 1;
}

/* --- one round trip ------------------------------------------------------------ */

/*
 * All that stands before one Sync is one transaction: it is committed at the
 * Sync, or not at all.  So a list of calls needs no BEGIN and no COMMIT.
 */
static bool
send_all(struct pg *pg, struct run *r)
{
	for (int i = 0; i < r->n; i++)
		if (!send_prepare(pg, r, r->call[i].stmt))
			return false;
	for (int i = 0; i < r->n; i++)
		if (PQsendQueryPrepared(pg->conn, r->call[i].stmt->name,
		    r->call[i].stmt->nargs, r->call[i].arg, NULL, NULL, 0) != 1)
			return false;
	return PQpipelineSync(pg->conn) == 1;
}

/* Write what is left and read what came, until a result is whole. */
static bool
pump(PGconn *c, int64_t deadline)
{
	int left;

	while ((left = PQflush(c)) == 1 || PQisBusy(c)) {
		if (!wait_fd(PQsocket(c), (short)(POLLIN |
		    (left == 1 ? POLLOUT : 0)), deadline))
			return false;
		if (PQconsumeInput(c) != 1)
			return false;
	}
	return left == 0;
}

static bool
is_failure(const PGresult *res)
{
	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
		return false;
	default:
		return true;
	}
}

static void
result_clear(void *res)
{
	PQclear(res);
}

static void
result_take(struct op *op, struct pg *pg, struct run *r, int i, PGresult *res)
{
	struct pg_rows *to;

	if (i < r->freshs) {
		known_add(pg, r->fresh[i]);
		PQclear(res);
		return;
	}
	i -= r->freshs;
	if (i >= r->n || r->rows == NULL) {
		PQclear(res);
		return;
	}
	to = &r->rows[i];
	op_defer(op, result_clear, res);
	to->result = res;
	to->count = PQntuples(res);
	to->touched = atoi(PQcmdTuples(res));
}

/*
 * Results up to the Sync, in order.  *bad is the first that failed, the op's.
 * False: the connection broke, or the answer took too long.
 */
static bool
read_all(struct op *op, struct pg *pg, struct run *r, PGresult **bad)
{
	PGresult *res;
	int nth = 0, nothings = 0;

	*bad = NULL;
	while (nothings < 3) {
		if (!pump(pg->conn, r->deadline))
			return false;
		if ((res = PQgetResult(pg->conn)) == NULL) {
			nothings++;	/* one follows each statement's result */
			continue;
		}
		nothings = 0;
		if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
			PQclear(res);
			return true;
		}
		if (!is_failure(res)) {
			result_take(op, pg, r, nth++, res);
			continue;
		}
		nth++;
		op_defer(op, result_clear, res);
		if (*bad == NULL)
			*bad = res;
	}
	return false;
}

/* --- what went wrong ------------------------------------------------------------- */

static enum err
refused(struct op *op, struct pg *pg, struct run *r, const PGresult *bad)
{
	const char *state = PQresultErrorField(bad, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(bad, PG_DIAG_MESSAGE_PRIMARY);
	enum err e;

	if (state == NULL)		/* libpq's own: no such thing came back */
		return op_fail(op, ERR_INTERNAL, "PostgreSQL: %s",
		    text_one_line(op, PQresultErrorMessage(bad)));
	r->again = pg_state_again(state);
	if (pg_state_stale(state)) {
		conn_close(pg);
		r->again = true;
	}
	if (pg->open)			/* what stands before it is undone, too */
		r->again = false;
	if ((e = pg_state_err(state)) != ERR_INTERNAL)
		return op_fail(op, e, "%s", text);
	return op_fail(op, e, "PostgreSQL: %s: %s%s", state, text,
	    pg_state_no_schema(state) ? " (is the schema this version's? "
	    "see coffer db status)" : "");
}

static enum err
lost(struct op *op, struct pg *pg, struct run *r)
{
	bool late = clock_ms() >= r->deadline;
	const char *why = late ? "no answer in time" : conn_why(op, pg->conn);

	conn_close(pg);
	pg->unsure = r->sent && !r->reads;
	r->again = r->reads && !late && !pg->open;
	pg->open = false;
	return op_fail(op, ERR_UNAVAILABLE, "PostgreSQL: %s", why);
}

static bool
is_open(const struct pg *pg)
{
	return pg->conn != NULL &&
	    PQtransactionStatus(pg->conn) != PQTRANS_IDLE;
}

/*
 * Once per connection; what was told before is not told again, so that counts
 * as told.  A standby refuses it: then there are no news.
 */
static bool
listen_begin(struct op *op, struct pg *pg, int64_t deadline)
{
	const struct pg_call call = { .stmt = pg->listen };
	struct run r = { .call = &call, .n = 1, .deadline = deadline };
	PGresult *bad;

	if (pg->listen == NULL || pg->listens)
		return true;
	pg->listens = pg->told = true;
	return send_all(pg, &r) && read_all(op, pg, &r, &bad);
}

static enum err
run_once(struct op *op, struct pg *pg, struct run *r)
{
	enum err e = OK;
	PGresult *bad;

	r->again = r->sent = false;
	r->freshs = 0;
	TRY(conn_ready(op, pg, r->deadline, r->reads));
	if (!listen_begin(op, pg, r->deadline))
		return lost(op, pg, r);
	r->sent = true;
	if (!send_all(pg, r) || !read_all(op, pg, r, &bad) ||
	    PQstatus(pg->conn) != CONNECTION_OK)
		return lost(op, pg, r);
	if (bad != NULL)
		e = refused(op, pg, r, bad);
	pg->open = is_open(pg);
	return e;
}

enum err
pg_run(struct op *op, struct pg *pg, const struct pg_call *call, int n,
    bool tx, bool reads, struct pg_rows *rows)
{
	struct run r = { .call = call, .n = n, .rows = rows, .reads = reads,
	    .deadline = clock_ms() + pg->timeout_ms };
	enum err e;

	(void)tx;			/* every round trip is one: see send_all() */
	pg->unsure = false;
	for (int i = 0; i < n && rows != NULL; i++)
		rows[i] = (struct pg_rows){ 0 };
	for (int i = 0;; i++) {
		e = run_once(op, pg, &r);
		if (!r.again || i == AGAIN_MAX || pg->open)
			return e;
	}
}

/* --- the rest ------------------------------------------------------------------------ */

bool
pg_alive(struct op *op, struct pg *pg)
{
	static const struct pg_stmt alive = { "alive", "SELECT 1", 0 };

	return pg_run(op, pg, &(struct pg_call){ .stmt = &alive }, 1, false,
	    true, NULL) == OK;
}

void
pg_listen(struct pg *pg, const struct pg_stmt *listen)
{
	pg->listen = listen;
}

/* One recv() that finds nothing, most times. */
bool
pg_told(struct pg *pg)
{
	bool told = pg->told;
	PGnotify *n;

	if (pg->conn == NULL || !pg->listens)
		return false;
	if (PQconsumeInput(pg->conn) != 1 ||
	    PQstatus(pg->conn) != CONNECTION_OK) {
		conn_close(pg);		/* the next one begins told */
		return false;
	}
	while ((n = PQnotifies(pg->conn)) != NULL) {
		told = true;
		PQfreemem(n);
	}
	pg->told = false;
	return told;
}

const char *
pg_text(const struct pg_rows *rows, int row, int column)
{
	const char *s = PQgetvalue(rows->result, row, column);

	assert(s != NULL);		/* there is such a row and column */
	return *s == '\0' && PQgetisnull(rows->result, row, column) ? NULL :
	    s;
}

enum err
pg_prepare(struct op *op, struct pg *pg, const struct pg_stmt *stmt)
{
	struct run r = { .reads = true,
	    .deadline = clock_ms() + pg->timeout_ms };
	PGresult *bad;

	TRY(conn_ready(op, pg, r.deadline, false));
	if (!send_prepare(pg, &r, stmt) || PQpipelineSync(pg->conn) != 1 ||
	    !read_all(op, pg, &r, &bad))
		return lost(op, pg, &r);
	return bad != NULL ? refused(op, pg, &r, bad) : OK;
}

/* Every result of a simple query; the first failure counts. */
static enum err
script_read(struct op *op, struct pg *pg, struct run *r)
{
	PGresult *res;
	enum err e = OK;

	for (;;) {
		if (!pump(pg->conn, r->deadline))
			return lost(op, pg, r);
		if ((res = PQgetResult(pg->conn)) == NULL)
			return e;
		op_defer(op, result_clear, res);
		if (is_failure(res) && e == OK &&
		    PQresultStatus(res) != PGRES_EMPTY_QUERY)
			e = op_fail(op, ERR_INTERNAL, "%s",
			    text_one_line(op, PQresultErrorMessage(res)));
	}
}

static enum err
script_send(struct op *op, struct pg *pg, const char *sql)
{
	struct run r = { .deadline = clock_ms() + SCRIPT_MS };

	if (PQsendQuery(pg->conn, sql) != 1)
		return lost(op, pg, &r);
	return script_read(op, pg, &r);
}

/* On a connection of its own: a script may end inside a transaction. */
enum err
pg_script(struct op *op, struct pg *pg, const char *sql)
{
	enum err e;

	conn_close(pg);
	TRY(conn_open(op, pg, clock_ms() + pg->timeout_ms));
	if (PQexitPipelineMode(pg->conn) != 1)
		return op_fail(op, ERR_INTERNAL, "PostgreSQL: %s",
		    conn_why(op, pg->conn));
	e = script_send(op, pg, "SET statement_timeout = 0");
	if (e == OK)
		e = script_send(op, pg, sql);
	conn_close(pg);
	return e;
}
