/*
 * What is in the tables while they are backed up.  A table that has the same
 * sum before and after may have had another in between; the server's counters
 * of changed rows say so, but sessions keep what they counted for a while: up
 * to a second while they work, ten when they fall idle.  So a second look waits
 * until each session that may have changed something has been seen to have
 * told, and knows nothing of databases whose sessions were not.
 *
 * Rows are spelled by the functions of their types (record_out), not by casts:
 * those may be a tenant's, and would run as the superuser.
 */
#include "agent/postgresql_look.h"
#include "agent/postgresql.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <string.h>

#define TELL_MS		1100		/* a session that works tells at least so often */
#define SETTLE_MS	2000		/* more than that is not waited */
#define POLL_MS		20
#define SESSIONS	256

enum err
postgresql_sum(struct op *op, const struct digest_part *p, const char **sum)
{
	const char *schema, *name;

	*sum = NULL;
	TRY(postgresql_name(op, p->path[1], &schema));
	TRY(postgresql_name(op, p->path[2], &name));
	return postgresql_ask(op, op_printf(op, "SELECT concat_ws(':', "
	    "count(*), coalesce(sum(hashtextextended(textin(record_out(x.*)),"
	    " 0)), 0)) FROM ONLY %s.%s x", schema, name), NULL, sum);
}

/* --- who may have changed something and not told -------------------------------------- */

struct session { const char *pid, *database; bool still; };
struct sessions { struct session s[SESSIONS]; int n; bool first, more; };

static enum err
session_seen(struct op *op, void *arg, char **field)
{
	struct sessions *l = arg;
	int i = 0;

	while (i < l->n && strcmp(l->s[i].pid, field[0]) != 0)
		i++;
	if (i < l->n)
		l->s[i].still = true;
	else if (!l->first)
		return OK;		/* it was seen to have told */
	else if (l->n == SESSIONS)
		l->more = true;
	else
		l->s[l->n++] = (struct session){ op_strdup(op, field[0]),
		    op_strdup(op, field[1]), true };
	return OK;
}

/* One that rests since before all of this, or whose work ended late enough, has told. */
static enum err
sessions_look(struct op *op, const char *since, const char *now,
    struct sessions *l)
{
	const char *const value[] = { since, now, NULL };
	int n = 0;

	for (int i = 0; i < l->n; i++)
		l->s[i].still = false;
	TRY(postgresql_rows(op, "SELECT pid::text, datname FROM "
	    "pg_stat_activity WHERE datname IS NOT NULL AND usename IS DISTINCT"
	    " FROM '" POSTGRESQL_ADMIN "' AND backend_type NOT IN ('autovacuum "
	    "worker', 'parallel worker', 'walsender') AND backend_start <= "
	    "$2::timestamptz AND NOT coalesce(state = 'idle' AND (state_change "
	    "< $1::timestamptz OR state_change > $2::timestamptz + interval "
	    "'1.05 s'), false)", value, session_seen, l));
	for (int i = 0; i < l->n; i++)
		if (l->s[i].still)
			l->s[n++] = l->s[i];
	l->n = n;
	l->first = false;
	return OK;
}

static enum err
settle(struct op *op, const char *since, const char *now, struct sessions *l)
{
	int64_t until = clock_ms() + SETTLE_MS;

	clock_sleep_ms(TELL_MS);
	*l = (struct sessions){ .first = true };
	do {
		TRY(sessions_look(op, since, now, l));
		if (l->n == 0)
			break;
		clock_sleep_ms(POLL_MS);
	} while (clock_ms() < until);
	return OK;
}

/* --- a look ----------------------------------------------------------------------------- */

struct looking { struct look *l; const char *database; bool restless; };

static enum err
note_server(struct op *op, void *arg, char **field)
{
	struct look *l = arg;

	if (field[0] == NULL || field[1] == NULL)
		return op_fail(op, ERR_GUEST, "PostgreSQL tells no time.");
	l->version = op_strdup(l->op, field[0]);
	l->since = op_strdup(l->op, field[1]);
	l->mark = op_strdup(l->op, field[2]);
	return OK;
}

static enum err
note_table(struct op *op, void *arg, char **field)
{
	struct looking *g = arg;
	struct op *o = g->l->op;
	struct look_row row = { .part.path = { g->database,
	    op_strdup(o, field[0]), op_strdup(o, field[1]) },
	    .id = op_strdup(o, field[2]),
	    .state = g->restless ? NULL : op_strdup(o, field[3]) };

	(void)op;
	look_add(g->l, &row);
	return OK;
}

/* The first that is not done in time is the last: those behind it are larger. */
static enum err
sum_up(struct op *op, struct look *l, int from)
{
	for (int i = from; i < l->n; i++) {
		int left = look_left(l);

		if (!look_worth(l, &l->row[i]))
			continue;
		if (left < 2)
			return OK;
		TRY(postgresql_run(op, op_printf(op,
		    "SET statement_timeout = %d", left)));
		if (postgresql_sum(op, &l->row[i].part,
		    &l->row[i].part.sum) != OK)
			return OK;
		l->row[i].part.sum = op_strdup(l->op, l->row[i].part.sum);
	}
	return OK;
}

static enum err
database(struct op *op, struct looking *g)
{
	int from = g->l->n, left = look_left(g->l);

	if (left < 2) {
		g->l->more = true;
		return OK;
	}
	TRY(postgresql_enter(op, g->database, left + 1000));
	TRY(postgresql_run(op, POSTGRESQL_PLAIN));
	TRY(postgresql_run(op, op_printf(op, "SET statement_timeout = %d; SET "
	    "lock_timeout = 500; SET default_transaction_read_only = on",
	    left)));
	TRY(postgresql_rows(op, op_printf(op, "SELECT n.nspname, c.relname, "
	    "concat_ws(':', c.oid, c.xmin, n.xmin), concat_ws(':', "
	    "c.relfilenode, pg_stat_get_tuples_inserted(c.oid), "
	    "pg_stat_get_tuples_updated(c.oid), "
	    "pg_stat_get_tuples_deleted(c.oid)) FROM pg_class c JOIN "
	    "pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND "
	    "c.relpersistence = 'p' AND n.nspname <> 'information_schema' AND "
	    "n.nspname !~ '^pg_' ORDER BY pg_relation_size(c.oid), c.oid LIMIT "
	    "%d", DIGEST_PARTS + 1), NULL, note_table, g));
	return sum_up(op, g->l, from);
}

struct databases { const char *name[DIGEST_PARTS]; int n; bool more; };

static enum err
note_database(struct op *op, void *arg, char **field)
{
	struct databases *d = arg;

	if (d->n == DIGEST_PARTS)
		d->more = true;
	else
		d->name[d->n++] = op_strdup(op, field[0]);
	return OK;
}

static bool
restless(const struct sessions *l, const char *database)
{
	for (int i = 0; i < l->n; i++)
		if (strcmp(l->s[i].database, database) == 0)
			return true;
	return l->more;
}

/* Nothing at all was committed since: then nobody has anything to tell. */
static bool
calm(const struct look *l)
{
	return l->before->mark != NULL && l->mark != NULL &&
	    strcmp(l->before->mark, l->mark) == 0;
}

static enum err
begin(struct op *op, struct look *l, struct sessions *still,
    struct databases *d)
{
	*still = (struct sessions){ 0 };
	*d = (struct databases){ 0 };
	TRY(postgresql_rows(op, "SELECT current_setting('server_version'), "
	    "clock_timestamp()::text, CASE WHEN pg_snapshot_xmin(s) = "
	    "pg_snapshot_xmax(s) THEN pg_snapshot_xmax(s)::text END FROM "
	    "pg_current_snapshot() s WHERE current_setting('track_counts') = "
	    "'on'", NULL, note_server, l));
	if (l->version == NULL)
		return op_fail(op, ERR_GUEST, "PostgreSQL counts no changes.");
	if (l->before != NULL && !calm(l)) {
		TRY(settle(op, l->before->since, l->since, still));
		l->until += TELL_MS + SETTLE_MS;
	}
	return postgresql_rows(op, "SELECT datname FROM pg_database WHERE "
	    "datallowconn AND NOT datistemplate ORDER BY oid", NULL,
	    note_database, d);
}

enum err
postgresql_look(struct op *op, struct look *l)
{
	struct sessions *still = op_alloc(op, sizeof(*still));
	struct databases *d = op_alloc(op, sizeof(*d));
	struct op inner;
	enum err e = OK;

	TRY(begin(op, l, still, d));
	l->more = d->more;
	for (int i = 0; i < d->n && e == OK; i++) {
		struct looking g = { l, op_strdup(l->op, d->name[i]),
		    restless(still, d->name[i]) };

		op_begin(&inner, op->id);
		e = database(&inner, &g);
		if (e != OK)
			(void)op_fail(op, e, "%s", inner.why);
		op_end(&inner);
	}
	return e;
}
