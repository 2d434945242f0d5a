/* The only owner of libpq in the agent. */
#include "agent/postgresql.h"
#include "agent/postgresql_look.h"
#include "agent/postgresql_session.h"
#include "agent/file.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_MS	2000		/* a probe's patience */
#define WORK_MS		50000		/* a statement's: less than a task's minute */
#define RELOAD_MS	5000
#define VALUES_MAX	8

static PGconn *kept;			/* the probe's session */
static struct { struct op *op; PGconn *conn; int64_t ms; } work;	/* of the op at hand */
static char state[6];			/* SQLSTATE of the last failure; "": none told */

/* What a tenant's root made the default of roles or databases is not for us. */
#define OPTIONS POSTGRESQL_UNSEEN "-c search_path=pg_catalog "		\
    "-c log_min_error_statement=panic "					\
    "-c statement_timeout=45000 -c lock_timeout=10000 "			\
    "-c idle_in_transaction_session_timeout=0 "				\
    "-c default_transaction_read_only=off -c synchronous_commit=on "	\
    "-c standard_conforming_strings=on -c client_min_messages=error "	\
    "-c role=none -c session_replication_role=origin"

static bool
ready(PGconn *c, short events, int64_t until)
{
	struct pollfd fd = { .fd = PQsocket(c), .events = events };
	int64_t left;
	int n;

	do {
		left = until - clock_ms();
		n = left > 0 ? poll(&fd, 1, (int)left) : 0;
	} while (n == -1 && errno == EINTR);
	return n > 0;
}

/* NULL or a connection that is not good: it did not come about. */
static PGconn *
session_open(struct op *op, const char *database, int64_t until)
{
	const char *const names[] = { "host", "port", "user", "dbname",
	    "sslmode", "gssencmode", "client_encoding", "application_name",
	    "options", NULL };
	const char *const values[] = { file_data(op, "run"),
	    op_printf(op, "%d", conf_int("agent.port")), POSTGRESQL_ADMIN,
	    database, "disable", "disable", "UTF8", "coffer-agent", OPTIONS,
	    NULL };
	PostgresPollingStatusType s = PGRES_POLLING_WRITING;
	PGconn *c = PQconnectStartParams(names, values, 0);

	while (c != NULL && PQstatus(c) != CONNECTION_BAD &&
	    s != PGRES_POLLING_OK && s != PGRES_POLLING_FAILED) {
		if (!ready(c, s == PGRES_POLLING_READING ? POLLIN : POLLOUT,
		    until))
			break;
		s = PQconnectPoll(c);
	}
	if (c != NULL && s != PGRES_POLLING_OK) {
		(void)op_fail(op, ERR_GUEST, "PostgreSQL: %s",
		    *PQerrorMessage(c) != '\0' ? PQerrorMessage(c) :
		    "no answer");
		PQfinish(c);
		c = NULL;
	}
	return c;
}

/*
 * Texts of the server stand in logs and reports, but for those that repeat a
 * piece of the statement: it may hold what a password became.
 */
static enum err
refused(struct op *op, PGconn *c, const PGresult *r)
{
	const char *code = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	state[0] = '\0';
	if (code == NULL || text == NULL)
		return op_fail(op, ERR_GUEST, "PostgreSQL: %s",
		    PQstatus(c) == CONNECTION_OK ? "no answer" :
		    "the connection was lost");
	strncpy(state, code, sizeof(state) - 1);
	if (strcmp(state, "42601") == 0)
		return op_fail(op, ERR_GUEST, "PostgreSQL: error %s", state);
	return op_fail(op, ERR_GUEST, "PostgreSQL: %s (%s)", text, state);
}

static void
result_free(void *result)
{
	PQclear(result);
}

/* NULL: no more, or none in time. */
static PGresult *
result_next(PGconn *c, int64_t until)
{
	while (PQisBusy(c))
		if (!ready(c, POLLIN, until) || !PQconsumeInput(c))
			return NULL;
	return PQgetResult(c);
}

/* All of what a query that was sent brings; *last: the first that failed, or the last. */
static enum err
results(struct op *op, PGconn *c, int64_t until, PGresult **last)
{
	PGresult *r;
	bool well = true;

	*last = NULL;
	while ((r = result_next(c, until)) != NULL) {
		op_defer(op, result_free, r);
		if (!well)
			continue;
		*last = r;
		well = PQresultStatus(r) == PGRES_COMMAND_OK ||
		    PQresultStatus(r) == PGRES_TUPLES_OK;
	}
	if (*last != NULL && well && !PQisBusy(c))
		return OK;
	return refused(op, c, *last != NULL && !well ? *last : NULL);
}

void
postgresql_hang_up(void)
{
	if (kept != NULL)
		PQfinish(kept);
	kept = NULL;
	work.op = NULL;			/* closed when its op ends */
}

static bool
answers(struct op *op, PGconn *c, int64_t until)
{
	PGresult *r;

	return PQsendQuery(c, "SELECT 1") == 1 &&
	    results(op, c, until, &r) == OK;
}

/* It spoke, and it was no "not yet". */
static bool
turned_away(const char *why)
{
	return strstr(why, "FATAL:") != NULL &&
	    strstr(why, "starting up") == NULL &&
	    strstr(why, "shutting down") == NULL &&
	    strstr(why, "recovery mode") == NULL &&
	    strstr(why, "not yet accepting") == NULL &&
	    strstr(why, "not accepting connections") == NULL;
}

enum err
postgresql_probe(struct op *op, bool *let_in)
{
	int64_t until = clock_ms() + PROBE_MS;

	*let_in = kept != NULL && answers(op, kept, until);
	if (*let_in)
		return OK;
	postgresql_hang_up();
	kept = session_open(op, "postgres", until);
	*let_in = kept != NULL;
	if (*let_in)
		return OK;
	return turned_away(op->why) ? OK : ERR_GUEST;
}

static void
session_close(void *conn)
{
	PQfinish(conn);
	if (work.conn == conn)
		work.op = NULL;
}

/*
 * A session of the op's own: nothing of an earlier order is left in it, and it
 * waits longer than a probe may.  When all connections are taken, the probe's
 * is still there.
 */
static enum err
session(struct op *op, PGconn **out)
{
	PGconn *c;

	if (work.op == op) {
		*out = work.conn;
		return OK;
	}
	c = session_open(op, "postgres", clock_ms() + WORK_MS);
	if (c == NULL) {
		*out = kept;
		return kept != NULL && strstr(op->why, "too many") != NULL ?
		    OK : ERR_GUEST;
	}
	op_defer(op, session_close, c);
	work.op = op;
	work.ms = WORK_MS;
	*out = work.conn = c;
	return OK;
}

static int64_t
patience(const PGconn *c)
{
	return clock_ms() + (work.op != NULL && work.conn == c ? work.ms :
	    WORK_MS);
}

static enum err
run(struct op *op, PGconn *c, const char *sql)
{
	PGresult *r;

	if (PQsendQuery(c, sql) != 1)
		return refused(op, c, NULL);
	return results(op, c, patience(c), &r);
}

enum err
postgresql_enter(struct op *op, const char *database, int64_t ms)
{
	PGconn *c = session_open(op, database, clock_ms() + WORK_MS);

	if (c == NULL)
		return ERR_GUEST;
	op_defer(op, session_close, c);
	work.op = op;
	work.conn = c;
	work.ms = ms;
	return OK;
}

enum err
postgresql_run(struct op *op, const char *sql)
{
	PGconn *c;

	TRY(session(op, &c));
	return run(op, c, sql);
}

enum err
postgresql_run_in(struct op *op, const char *database, const char *sql)
{
	PGconn *c = session_open(op, database, clock_ms() + WORK_MS);
	enum err e;

	if (c == NULL)
		return ERR_GUEST;
	e = run(op, c, sql);
	PQfinish(c);
	return e;
}

enum err
postgresql_rows(struct op *op, const char *sql, const char *const *values,
    postgresql_row each, void *arg)
{
	int n = 0;
	PGresult *r;
	PGconn *c;

	TRY(session(op, &c));
	while (values != NULL && n < VALUES_MAX && values[n] != NULL)
		n++;
	if (PQsendQueryParams(c, sql, n, NULL, values, NULL, NULL, 0) != 1)
		return refused(op, c, NULL);
	TRY(results(op, c, patience(c), &r));
	for (int i = 0; each != NULL && i < PQntuples(r); i++) {
		int fields = PQnfields(r);
		char **field = op_alloc(op, (size_t)fields * sizeof(*field));

		for (int k = 0; k < fields; k++)
			field[k] = PQgetisnull(r, i, k) ? NULL :
			    PQgetvalue(r, i, k);
		TRY(each(op, arg, field));
	}
	return OK;
}

static enum err
first_field(struct op *op, void *arg, char **field)
{
	const char **out = arg;

	(void)op;
	if (*out == NULL)
		*out = field[0];
	return OK;
}

enum err
postgresql_ask(struct op *op, const char *sql, const char *const *values,
    const char **out)
{
	*out = NULL;
	return postgresql_rows(op, sql, values, first_field, out);
}

bool
postgresql_failed(const char *sqlstate)
{
	return strcmp(state, sqlstate) == 0;
}

bool
postgresql_failed_class(const char *two)
{
	return strncmp(state, two, 2) == 0;
}

static enum err
quoted(struct op *op, const char *s,
    char *(*quote)(PGconn *, const char *, size_t), const char **out)
{
	PGconn *c;
	char *q;

	TRY(session(op, &c));
	if ((q = quote(c, s, strlen(s))) == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "a text is no UTF-8");
	op_defer(op, PQfreemem, q);
	*out = q;
	return OK;
}

enum err
postgresql_name(struct op *op, const char *s, const char **out)
{
	return quoted(op, s, PQescapeIdentifier, out);
}

enum err
postgresql_value(struct op *op, const char *s, const char **out)
{
	return quoted(op, s, PQescapeLiteral, out);
}

enum err
postgresql_verifier(struct op *op, const char *user, const char *password,
    const char **out)
{
	PGconn *c;
	char *v;

	TRY(session(op, &c));
	v = PQencryptPasswordConn(c, password, user, "scram-sha-256");
	if (v == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "The password is not valid.");
	op_defer(op, PQfreemem, v);
	return postgresql_value(op, v, out);
}

/* Names of ours: nothing in them needs quoting. */
const char *
postgresql_list(struct op *op, const char *const *names)
{
	struct text t;

	text_begin(&t, op, 128);
	text_addc(&t, '{');
	for (; *names != NULL; names++)
		text_printf(&t, "\"%s\"%s", *names, names[1] != NULL ? "," : "");
	text_addc(&t, '}');
	return t.s;
}

/* The server's first process tells its children of a reload, and takes nobody in meanwhile. */
enum err
postgresql_reload(struct op *op)
{
	static const char when[] = "SELECT pg_conf_load_time()::text";
	int64_t until = clock_ms() + RELOAD_MS;
	const char *before, *now;

	TRY(postgresql_ask(op, when, NULL, &before));
	TRY(postgresql_run(op, "SELECT pg_reload_conf()"));
	do {
		if (clock_ms() > until)
			return op_fail(op, ERR_GUEST,
			    "PostgreSQL does not read its files.");
		clock_sleep_ms(1);
		TRY(postgresql_ask(op, when, NULL, &now));
	} while (strcmp(before, now) == 0);
	return OK;
}
