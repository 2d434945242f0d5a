/*
 * What is in the tables: sums of those that rest, while they are backed up, and
 * whether they are sound and the same after a restore.  Sums cost a reading of
 * the table; the smallest come first, for as long as the look may last.
 */
#include "agent/mariadb.h"
#include "agent/mariadb_dialect.h"
#include "lib/base/log.h"

#include <stdlib.h>
#include <string.h>

#define CHECK_S		86400		/* a table's */
#define OURS "table_schema NOT IN ('information_schema',"		\
	"'performance_schema', 'sys') AND table_type = 'BASE TABLE'"

/* --- looks ------------------------------------------------------------------------ */

struct looking { struct look *l; int64_t since; const char *writes; };

static enum err
note_server(struct op *op, void *arg, char **field)
{
	struct looking *g = arg;

	if (field[0] == NULL || field[1] == NULL)
		return op_fail(op, ERR_GUEST, "MariaDB tells no time.");
	g->l->version = op_strdup(g->l->op, field[0]);
	g->l->since = op_strdup(g->l->op, field[1]);
	return OK;
}

static enum err
note_writes(struct op *op, void *arg, char **field)
{
	struct looking *g = arg;

	(void)op;
	if (field[0] != NULL)
		g->writes = op_strdup(g->l->op, field[0]);
	return OK;
}

/*
 * Times are whole seconds, so what changed in the look's own second may have
 * changed after it, too.  An update is remembered by the server for as long as
 * it knows the table.  MySQL remembers none, so there all rest or nobody knows.
 */
static enum err
note_table(struct op *op, void *arg, char **field)
{
	struct looking *g = arg;
	struct op *o = g->l->op;
	int64_t made = field[3] == NULL ? 0 : atoll(field[3]);
	int64_t changed = field[4] == NULL ? 0 : atoll(field[4]);
	struct look_row row = { .part.path = { op_strdup(o, field[0]),
	    op_strdup(o, field[1]) } };

	(void)op;
	if (made != 0 && made < g->since)
		row.id = op_strdup(o, field[3]);
	if (strcmp(field[2], "InnoDB") == 0 && mariadb_spoken()->writes != NULL)
		row.state = g->writes;
	else if (strcmp(field[2], "InnoDB") == 0 && changed < g->since)
		row.state = op_printf(o, "%lld", (long long)changed);
	look_add(g->l, &row);
	return OK;
}

static enum err
first_sum(struct op *op, void *arg, char **field)
{
	const char **sum = arg;

	if (field[1] != NULL)
		*sum = op_strdup(op, field[1]);
	return OK;
}

static const char *
table(struct op *op, const struct digest_part *p)
{
	return op_printf(op, "%s.%s", mariadb_name(op, p->path[0]),
	    mariadb_name(op, p->path[1]));
}

static enum err
table_sum(struct op *op, const struct digest_part *p, const char **sum)
{
	*sum = NULL;
	return mariadb_rows(op, op_printf(op, "CHECKSUM TABLE %s",
	    table(op, p)), first_sum, sum);
}

static enum err
bound(struct op *op, double seconds)
{
	const char *of = mariadb_spoken()->bound;

	return of == NULL ? OK : mariadb_run(op, op_printf(op,
	    "SET SESSION %s%.3f", of, seconds));
}

/* The first that is not done in time is the last: those behind it are larger. */
static enum err
sum_up(struct op *op, struct look *l)
{
	for (int i = 0; i < l->n; i++) {
		int left = look_left(l);

		if (!look_worth(l, &l->row[i]))
			continue;
		if (left < 2)
			return OK;
		TRY(bound(op, left / 1000.0));
		if (table_sum(op, &l->row[i].part, &l->row[i].part.sum) != OK)
			return OK;
	}
	return OK;
}

enum err
mariadb_look(struct op *op, struct look *l)
{
	struct looking g = { .l = l };
	double left = look_left(l) / 1000.0;

	mariadb_patience((unsigned)left + 2);
	TRY(mariadb_rows(op, "SELECT VERSION(), UNIX_TIMESTAMP()",
	    note_server, &g));
	g.since = atoll(l->before != NULL ? l->before->since : l->since);
	if (mariadb_spoken()->writes != NULL)
		TRY(mariadb_rows(op, mariadb_spoken()->writes, note_writes,
		    &g));
	TRY(mariadb_run(op, "SET SESSION lock_wait_timeout = 1"));
	TRY(bound(op, left));
	TRY(mariadb_rows(op, op_printf(op, "SELECT table_schema, table_name, "
	    "engine, UNIX_TIMESTAMP(create_time), UNIX_TIMESTAMP(update_time) "
	    "FROM information_schema.tables WHERE " OURS " AND table_schema <> "
	    "'mysql' AND engine IN ('InnoDB', 'Aria', 'MyISAM') ORDER BY "
	    "data_length, 1, 2 LIMIT %d", DIGEST_PARTS + 1), note_table, &g));
	return sum_up(op, l);
}

/* --- after a restore ----------------------------------------------------------------- */

struct tables { struct digest_part *part; size_t n, room; };

static enum err
table_add(struct op *op, void *arg, char **field)
{
	struct tables *t = arg;
	struct digest_part *more;

	if (t->n == t->room) {
		t->room = t->room == 0 ? 64 : t->room * 2;
		more = op_alloc(op, t->room * sizeof(*more));
		if (t->n > 0)
			memcpy(more, t->part, t->n * sizeof(*more));
		t->part = more;
	}
	t->part[t->n++] = (struct digest_part){ .path = {
	    op_strdup(op, field[0]), op_strdup(op, field[1]) } };
	return OK;
}

struct verdict { const char *last, *error; };

/* Table, Op, Msg_type, Msg_text; the status comes last. */
static enum err
verdict_read(struct op *op, void *arg, char **field)
{
	struct verdict *v = arg;

	if (field[2] == NULL || field[3] == NULL)
		return OK;
	v->last = op_strdup(op, field[3]);
	if (strcasecmp(field[2], "error") == 0 && v->error == NULL)
		v->error = v->last;
	return OK;
}

static enum err
check(struct op *op, const struct digest_part *p)
{
	struct verdict v = { NULL, NULL };

	TRY(mariadb_rows(op, op_printf(op, "CHECK TABLE %s", table(op, p)),
	    verdict_read, &v));
	if (v.error == NULL && v.last != NULL && (strcmp(v.last, "OK") == 0 ||
	    strcmp(v.last, "Table is already up to date") == 0))
		return OK;
	return op_fail(op, ERR_UNPROCESSABLE, "Table %s is damaged: %s",
	    digest_name(op, p), v.error != NULL ? v.error :
	    v.last != NULL ? v.last : "no answer");
}

static bool
among(const struct tables *t, const struct digest_part *p)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->part[i].path[0], p->path[0]) == 0 &&
		    strcmp(t->part[i].path[1], p->path[1]) == 0)
			return true;
	return false;
}

static enum err
compare(struct op *op, const struct digest *d, const struct tables *there)
{
	const char *version, *sum;
	struct look l;
	struct looking g = { .l = &l };
	int sums = 0;

	look_begin(&l, op, NULL, 0);
	TRY(mariadb_rows(op, "SELECT VERSION(), UNIX_TIMESTAMP()",
	    note_server, &g));
	version = l.version;
	for (int i = 0; i < d->n; i++) {
		const struct digest_part *p = &d->part[i];

		if (p->path[1] == NULL || !among(there, p))
			return op_fail(op, ERR_UNPROCESSABLE,
			    "Table %s is missing.", digest_name(op, p));
		if (p->sum == NULL || strcmp(version, d->version) != 0)
			continue;
		TRY(table_sum(op, p, &sum));
		if (sum == NULL || strcmp(sum, p->sum) != 0)
			return op_fail(op, ERR_UNPROCESSABLE, "Table %s is not "
			    "what it was when the backup was taken.",
			    digest_name(op, p));
		sums++;
	}
	log_info(op, "%zu tables are sound, %d are there, %d as they were",
	    there->n, d->n, sums);
	return OK;
}

enum err
mariadb_verify(struct op *op, const struct digest *d)
{
	static const struct digest nothing;
	struct tables t = { 0 };

	mariadb_patience(CHECK_S);
	TRY(mariadb_rows(op, "SELECT table_schema, table_name FROM "
	    "information_schema.tables WHERE " OURS " AND engine IN ('InnoDB',"
	    " 'Aria', 'MyISAM') ORDER BY 1, 2", table_add, &t));
	for (size_t i = 0; i < t.n; i++)
		TRY(check(op, &t.part[i]));
	return compare(op, d != NULL ? d : &nothing, &t);
}
