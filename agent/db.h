/*
 * db - what orders and engines speak of: databases, users, settings, logs, and
 * how a server fares.
 */
#ifndef AGENT_DB_H
#define AGENT_DB_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

enum db_status {			/* words of guest_statuses[] */
	DB_NEW,				/* not prepared yet */
	DB_BUILDING,			/* being prepared */
	DB_HEALTHY,			/* answers queries */
	DB_SHUTDOWN,			/* stopped on purpose */
	DB_CRASHED,			/* should run and does not answer */
	DB_FAILED,			/* could not be prepared */
	DB_BLOCKED,			/* answers, but its volume has no room for writes */
	DB_FULL,			/* down, and its volume is full */
	DB__MAX
};

struct db_database { const char *name, *charset, *collate; };
struct db_user {
	const char	*name, *host;	/* host "%": everywhere */
	const char	*password;	/* NULL: leave as it is */
	const char	*const *databases;	/* granted; ends with NULL; may be NULL */
};
/* What a tenant sets of a server; number: value is one, or a word, and needs no quotes. */
struct db_setting { const char *name, *value; bool number; };
struct db_page { int limit; const char *marker; };	/* limit 0: all */

struct db_figures;			/* figures.h */
struct db_log {
	const char	*name;
	bool		 system;	/* always on, and for operators only */
	bool		 on;
	int64_t		 size;		/* bytes; 0: nothing was written yet */
};

/* Called once per row of a listing, in order of name. */
typedef enum err (*db_found)(struct op *, void *arg, const char *name,
    const char *host, const char *const *databases);

const char	*db_status_word(enum db_status);

#endif
