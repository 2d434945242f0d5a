/*
 * schema - the numbered files of sql/, each run once and in order, forward
 * only.  A file is one transaction that also writes its number into
 * schema_version, so that "psql -f" and this leave the same behind.
 */
#ifndef LIB_STORE_SCHEMA_H
#define LIB_STORE_SCHEMA_H

#include "lib/base/op.h"

struct schema_file {
	int		 version;	/* from its name: 0001_schema.sql is 1 */
	const char	*path;		/* NULL: the database has a version no file has */
	const char	*applied;	/* "YYYY-MM-DDTHH:MM:SS"; NULL: pending */
};

/*
 * Files of dir and versions of the database, merged, in order.  dsn is the
 * administrator's own connection; no role of Coffer's is added to it.
 * ERR_BAD_REQUEST: no files, a gap, a number twice.
 */
enum err	 schema_status(struct op *, const char *dsn, const char *dir,
		    struct schema_file **, int *n);

/*
 * Runs what is pending, under an advisory lock; told is called after each.
 * ERR_CONFLICT: a pending file stands before an applied one.
 */
enum err	 schema_migrate(struct op *, const char *dsn, const char *dir,
		    void (*told)(const struct schema_file *));

#endif
