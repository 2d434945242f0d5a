/*
 * postgresql_look - what is in the databases, for looks and after a restore; and
 * what postgresql_sql.c has for whoever goes through all of them.
 */
#ifndef AGENT_POSTGRESQL_LOOK_H
#define AGENT_POSTGRESQL_LOOK_H

#include "agent/look.h"

#include <stdbool.h>

/* Values are spelled the same in each session that has said so. */
#define POSTGRESQL_PLAIN "SET DateStyle = 'ISO'; SET IntervalStyle ="	\
	" 'postgres'; SET TimeZone = 'UTC'; SET extra_float_digits = 1;"	\
	" SET bytea_output = 'hex'; SET lc_monetary = 'C';"		\
	" SET xmlbinary = 'base64'; SET row_security = off"

/* "<rows>:<sum>" of a table of the session's database. */
enum err	 postgresql_sum(struct op *, const struct digest_part *,
		    const char **);

enum err	 postgresql_look(struct op *, struct look *);
enum err	 postgresql_verify(struct op *, const struct digest *);

/* The op's session in another database, and how long its statements are waited for. */
enum err	 postgresql_enter(struct op *, const char *database, int64_t ms);
bool		 postgresql_failed_class(const char *two);	/* of the last failure's SQLSTATE */

#endif
