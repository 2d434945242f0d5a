#include "lib/store/store.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_MS	100		/* between two looks after a commit in doubt */

static const struct pg_stmt stmts[STMT__MAX] = {
#define STMT(name, nargs, sql) [STMT_##name] = { #name, sql, nargs },
#include "lib/store/statements.tbl.h"
#undef STMT
};
_Static_assert(sizeof(struct rows) == sizeof(struct pg_rows),
    "a list of rows is a list of pg_rows");

static struct pg *store;
static unsigned calls;
static const char *context;
static struct {
	bool		 wanted, begun, broken;
	struct call	 claim;
} hold;

void
store_open(const char *role)
{
	assert(store == NULL);
	store = pg_new(conf_str("pg.dsn"), role, conf_int("pg.timeout"));
}

void
store_close(void)
{
	if (store != NULL)
		pg_free(store);
	store = NULL;
}

struct pg *
store_pg(void)
{
	assert(store != NULL);
	return store;
}

const struct pg_stmt *
store_stmt(enum stmt s)
{
	assert(s > STMT_NONE && s < STMT__MAX);
	return &stmts[s];
}

unsigned
store_calls(void)
{
	return calls;
}

bool
store_up(struct op *op)
{
	return pg_alive(op, store_pg());
}

static enum err
run(struct op *op, struct rows *rows, int n, const struct call *call,
    bool reads)
{
	struct pg_call *list = op_alloc(op, (size_t)n * sizeof(*list));

	for (int i = 0; i < n; i++) {
		list[i].stmt = store_stmt(call[i].stmt);
		memcpy(list[i].arg, call[i].arg, sizeof(list[i].arg));
	}
	return pg_run(op, store_pg(), list, n, n > 1, reads,
	    rows == NULL ? NULL : &rows->pg);
}

/* If it cannot be said any more, the server has done it already. */
static void
roll_back(struct op *op)
{
	const struct call rollback = CALL(HOLD_ROLLBACK);
	char *why = op->why;

	if (pg_open(store_pg()))
		run(op, NULL, 1, &rollback, false);
	op->why = why;
	hold.begun = false;
}

/* All that the transaction did is gone with its first failure. */
static enum err
held(struct op *op, enum err e)
{
	if (!hold.wanted || e == OK)
		return e;
	hold.broken = hold.broken || hold.begun;
	roll_back(op);
	return e;
}

enum err
store_read(struct op *op, struct rows *rows, const struct call *call)
{
	enum err e = run(op, rows, 1, call, true);

	calls++;
	return hold.begun ? held(op, e) : e;
}

/* What goes ahead of the calls of a write; at most AHEAD. */
#define AHEAD 3

static int
ahead(struct call *list)
{
	int n = 0;

	if (hold.wanted && !hold.begun) {
		list[n++] = (struct call)CALL(HOLD_BEGIN);
		if (hold.claim.stmt != STMT_NONE)
			list[n++] = hold.claim;
	}
	if (context != NULL)
		list[n++] = (struct call)CALL(EVENT_CONTEXT, context);
	return n;
}

enum err
store_write(struct op *op, struct rows *rows, int n, const struct call *call)
{
	struct call *list = op_alloc(op, (size_t)(AHEAD + n) * sizeof(*list));
	struct rows *all = op_alloc(op, (size_t)(AHEAD + n) * sizeof(*all));
	int before = ahead(list);
	enum err e;

	memcpy(list + before, call, (size_t)n * sizeof(*list));
	calls += (unsigned)n;
	e = held(op, run(op, rows == NULL ? NULL : all, before + n, list,
	    false));
	hold.begun = hold.begun || (hold.wanted && e == OK);
	if (rows != NULL)
		memcpy(rows, all + before, (size_t)n * sizeof(*rows));
	return e;
}

/* --- a transaction over several calls ---------------------------------------- */

void
store_context(const char *json)
{
	context = json;
}

void
store_hold(const struct call *claim)
{
	hold.wanted = true;
	hold.begun = hold.broken = false;
	hold.claim = claim != NULL ? *claim : (struct call){ STMT_NONE };
}

bool
store_holds(void)
{
	return hold.begun;
}

enum err
store_keep(struct op *op, const struct call *last, const struct call *probe)
{
	const struct call commit = CALL(HOLD_COMMIT);
	struct call list[3];
	enum err e = OK;
	int n = 0;

	if (!hold.begun && hold.claim.stmt != STMT_NONE)
		list[n++] = hold.claim;
	if (last != NULL)
		list[n++] = *last;
	if (hold.begun)
		list[n++] = commit;
	if (hold.broken)
		e = op_fail(op, ERR_UNAVAILABLE,
		    "PostgreSQL: the transaction broke");
	hold.wanted = hold.begun = false;
	if (e == OK && n > 0)
		e = store_write_sure(op, NULL, n, list, probe);
	if (e != OK)
		roll_back(op);
	return e;
}

void
store_drop(struct op *op)
{
	roll_back(op);
	hold.wanted = false;
}

/*
 * The row that the probe looks for is written by the transaction in doubt;
 * a new connection sees it if that was committed.  After a crash the server
 * needs a moment before it can be asked.
 */
enum err
store_write_sure(struct op *op, struct rows *rows, int n,
    const struct call *call, const struct call *probe)
{
	enum err e = store_write(op, rows, n, call);
	int64_t until = clock_ms() + conf_int("pg.timeout") * 1000;
	const char *why = op->why;
	struct rows seen;

	if (e != ERR_UNAVAILABLE || !pg_unsure(store_pg()))
		return e;
	while ((e = store_read(op, &seen, probe)) == ERR_UNAVAILABLE &&
	    clock_ms() < until)
		clock_sleep_ms(PROBE_MS);
	if (e == OK && rows_count(&seen) > 0)
		return OK;
	return op_fail(op, ERR_UNAVAILABLE, "%s", why);
}

int
rows_count(const struct rows *r)
{
	return r->pg.count;
}

int
rows_touched(const struct rows *r)
{
	return r->pg.touched;
}

const char *
row_str(const struct rows *r, int row, int col)
{
	return pg_text(&r->pg, row, col);
}

int64_t
row_int(const struct rows *r, int row, int col)
{
	const char *s = row_str(r, row, col);

	return s == NULL ? 0 : strtoll(s, NULL, 10);
}

bool
row_bool(const struct rows *r, int row, int col)
{
	const char *s = row_str(r, row, col);

	return s != NULL && *s == 't';
}

char *
store_num(struct op *op, int64_t n)
{
	return op_printf(op, "%lld", (long long)n);
}
