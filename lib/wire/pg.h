/*
 * pg - the only owner of libpq: one connection, statements prepared once,
 * many statements in one round trip.
 */
#ifndef LIB_WIRE_PG_H
#define LIB_WIRE_PG_H

#include "lib/base/op.h"

#include <stdbool.h>

#define PG_ARGS 24

struct pg;
struct pg_stmt { const char *name, *sql; int nargs; };

struct pg_call {
	const struct pg_stmt *stmt;
	const char	*arg[PG_ARGS];	/* text form; NULL is SQL NULL */
};

struct pg_rows {			/* belongs to the op */
	void		*result;
	int		 count;		/* rows returned */
	int		 touched;	/* rows inserted, updated or deleted */
};

/* Connects lazily and again after a loss; never fails.  The caller keeps dsn. */
struct pg	*pg_new(const char *dsn, const char *role, int timeout_secs);
void		 pg_free(struct pg *);
bool		 pg_alive(struct op *, struct pg *);	/* a round trip */

/*
 * Run n calls, in one transaction when n > 1 or tx is set; all travel in one
 * round trip.  rows[i] may be NULL where no answer is wanted; rows itself too.
 *
 * Errors: ERR_UNAVAILABLE when the server is away or too slow: nothing was
 * done, or, for a write, it is not known whether it was (pg_unsure()).
 * A statement that reads is tried again once on a fresh connection.
 * SQLSTATEs of our own: CF404 NOT_FOUND, CF409 CONFLICT, CF413 OVER_LIMIT,
 * CF422 UNPROCESSABLE, CF503 UNAVAILABLE, CFFEN FENCED, CFREP REPEATED; their
 * message is the text.
 * 23505 (unique) gives ERR_CONFLICT.  Any other is ERR_INTERNAL.
 */
enum err	 pg_run(struct op *, struct pg *, const struct pg_call *, int n,
		    bool tx, bool reads, struct pg_rows *rows);

/* Did the last pg_run() of this connection end without knowing its COMMIT? */
bool		 pg_unsure(const struct pg *);

/*
 * Is a BEGIN without its COMMIT or ROLLBACK under way?  Then nothing is tried
 * again, and when the connection breaks, the next pg_run() says so once.
 */
bool		 pg_open(const struct pg *);

/*
 * Run this LISTEN, which the caller keeps, first on every connection; pg_told()
 * says without a round trip whether there was a NOTIFY, or a new connection,
 * since it was asked last.
 */
void		 pg_listen(struct pg *, const struct pg_stmt *listen);
bool		 pg_told(struct pg *);

/* Text of one column, NULL for SQL NULL; lives as long as the op. */
const char	*pg_text(const struct pg_rows *, int row, int column);

/* Runs a script of many statements (schema files); ERR_INTERNAL with its text. */
enum err	 pg_script(struct op *, struct pg *, const char *sql);

/* For tests: PREPARE this statement, tell whether the server took it. */
enum err	 pg_prepare(struct op *, struct pg *, const struct pg_stmt *);

/* "{a,b}" for an array parameter; elements are quoted. */
char		*pg_array(struct op *, const char *const *, int n);

#endif
