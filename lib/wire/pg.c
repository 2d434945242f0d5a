#include "lib/wire/pg.h"
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

/* libpq's texts as one line, without the caret that points into the line above. */
static const char *
one_line(struct op *op, const char *s)
{
	struct text t;
	size_t n;

	text_begin(&t, op, 128);
	for (; *s != '\0'; s += n + (s[n] == '\n')) {
		s += strspn(s, " \t");
		n = strcspn(s, "\n");
		if (n == 0 || (n == 1 && *s == '^'))
			continue;
		if (t.len > 0)
			text_add(&t, "; ");
		text_addn(&t, s, n);
	}
	return t.s;
}

static const char *
conn_why(struct op *op, const PGconn *c)
{
	const char *s = one_line(op, PQerrorMessage(c));

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

/* SQLSTATEs, or classes of them; the first that fits. */
static const struct { const char *state; enum err e; } sqlstates[] = {
	{ "CF404", ERR_NOT_FOUND },
	{ "CF409", ERR_CONFLICT },
	{ "CF413", ERR_OVER_LIMIT },
	{ "CF422", ERR_UNPROCESSABLE },
	{ "CF503", ERR_UNAVAILABLE },
	{ "CFFEN", ERR_FENCED },
	{ "23503", ERR_CONFLICT },	/* foreign key: something names it, or it is gone */
	{ "CFREP", ERR_REPEATED },
	{ "23505", ERR_CONFLICT },	/* unique */
	{ "08",    ERR_UNAVAILABLE },	/* connection */
	{ "25006", ERR_UNAVAILABLE },	/* read only: a standby */
	{ "40",    ERR_UNAVAILABLE },	/* serialization, deadlock */
	{ "53",    ERR_UNAVAILABLE },	/* disk full, too many connections */
	{ "55P03", ERR_UNAVAILABLE },	/* lock not available */
	{ "57",    ERR_UNAVAILABLE },	/* shutdown, timeout */
};

/* The server rolled everything back, and the same may work next time. */
static bool
worth_again(const char *state)
{
	static const char *const states[] = { "40001", "40P01" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

/* Prepared for a schema that changed since, or prepared no longer. */
static bool
is_stale(const char *state)
{
	return strcmp(state, "26000") == 0 || strcmp(state, "0A000") == 0;
}

/* No such table, column or function. */
static bool
is_of_another_schema(const char *state)
{
	return strcmp(state, "42P01") == 0 || strcmp(state, "42703") == 0 ||
	    strcmp(state, "42883") == 0;
}

static enum err
refused(struct op *op, struct pg *pg, struct run *r, const PGresult *bad)
{
	const char *state = PQresultErrorField(bad, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(bad, PG_DIAG_MESSAGE_PRIMARY);

	if (state == NULL)		/* libpq's own: no such thing came back */
		return op_fail(op, ERR_INTERNAL, "PostgreSQL: %s",
		    one_line(op, PQresultErrorMessage(bad)));
	r->again = worth_again(state);
	if (is_stale(state)) {
		conn_close(pg);
		r->again = true;
	}
	if (pg->open)			/* what stands before it is undone, too */
		r->again = false;
	for (size_t i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++)
		if (strncmp(state, sqlstates[i].state,
		    strlen(sqlstates[i].state)) == 0)
			return op_fail(op, sqlstates[i].e, "%s", text);
	return op_fail(op, ERR_INTERNAL, "PostgreSQL: %s: %s%s", state, text,
	    is_of_another_schema(state) ? " (is the schema this version's? "
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

static enum err
run_once(struct op *op, struct pg *pg, struct run *r)
{
	enum err e = OK;
	PGresult *bad;

	r->again = r->sent = false;
	r->freshs = 0;
	TRY(conn_ready(op, pg, r->deadline, r->reads));
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
			    one_line(op, PQresultErrorMessage(res)));
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
