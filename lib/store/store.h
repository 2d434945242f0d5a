/*
 * store - the metadata store behind one narrow call: the name of a statement,
 * its parameters, rows back; a transaction is a short list of them.  A later
 * version sends exactly these calls to the conductor, so nothing outside
 * lib/store knows that PostgreSQL is there.
 *
 * Statements stand in sql_*.tbl.h, one table per concern; the programs use
 * the functions of the concern's header, not these.
 */
#ifndef LIB_STORE_STORE_H
#define LIB_STORE_STORE_H

#include "lib/wire/pg.h"

#include <stdint.h>

enum stmt {
	STMT_NONE,
#define STMT(name, nargs, sql) STMT_##name,
#include "lib/store/statements.tbl.h"
#undef STMT
	STMT__MAX
};

struct call { enum stmt stmt; const char *arg[PG_ARGS]; };
struct rows { struct pg_rows pg; };

/* Once per process.  role: "coffer_api" ...; nothing is connected yet. */
void	 store_open(const char *role);
void	 store_close(void);
bool	 store_up(struct op *);			/* a round trip, for health checks */
unsigned store_calls(void);			/* statements run so far, for tests */

/* One statement.  READ may be tried again by itself. */
#define STORE_READ(op, rows, name, ...)					\
	store_read(op, rows, &(struct call){ STMT_##name, { __VA_ARGS__ } })
#define STORE_WRITE(op, rows, name, ...)				\
	store_write(op, rows, 1, &(struct call){ STMT_##name, { __VA_ARGS__ } })
#define CALL(name, ...) { STMT_##name, { __VA_ARGS__ } }

enum err store_read(struct op *, struct rows *, const struct call *);
/*
 * n statements in one transaction and one round trip; rows is NULL or has n
 * elements.  Errors as pg_run().
 */
enum err store_write(struct op *, struct rows *, int n, const struct call *);
/*
 * The same, and when the connection breaks around COMMIT, probe is asked on a
 * fresh one: a row means that it was committed, and the answer is OK (rows
 * then are empty); none means that it was not, and the answer is
 * ERR_UNAVAILABLE.
 */
enum err store_write_sure(struct op *, struct rows *, int n,
	    const struct call *, const struct call *probe);

/*
 * A transaction over several calls.  After store_hold() the next write begins
 * it, with claim (or NULL) in front; whatever follows takes part in it, and
 * nothing is kept until store_keep(): last (or NULL) and COMMIT.  When a call
 * fails all of it is undone, and store_keep() says so.  probe is that of
 * store_write_sure().  If nothing was written, store_keep() writes claim and
 * last by themselves.
 */
void	 store_hold(const struct call *claim);
bool	 store_holds(void);			/* is there anything to keep? */
enum err store_keep(struct op *, const struct call *last,
	    const struct call *probe);
void	 store_drop(struct op *);		/* the end, without keeping */

/*
 * What is said of every write in the events that it causes, a JSON map that
 * the caller keeps; NULL: nothing.
 */
void	 store_context(const char *json);

int	 rows_count(const struct rows *);
int	 rows_touched(const struct rows *);
const char *row_str(const struct rows *, int row, int col);	/* NULL for NULL */
int64_t	 row_int(const struct rows *, int row, int col);	/* 0 for NULL */
bool	 row_bool(const struct rows *, int row, int col);

const struct pg_stmt *store_stmt(enum stmt);	/* for the test that prepares them all */
struct pg *store_pg(void);			/* lib/store's own */

/* No id is lower: the marker of a first page, so that one plan serves all. */
#define STORE_FIRST "00000000-0000-0000-0000-000000000000"

/* A number as a parameter; belongs to the op. */
char	*store_num(struct op *, int64_t);

#endif
