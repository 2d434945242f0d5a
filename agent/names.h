/*
 * names - what databases, users, passwords and settings may be.  The API checks
 * the same before it accepts a request; a guest believes nobody.
 * Rules: contract of the v1.0 API, validation, by the engine that this agent
 * serves; MySQL's and MariaDB's where an engine has none of its own.
 * Each returns ERR_BAD_REQUEST with a text; NULL is refused everywhere.
 */
#ifndef AGENT_NAMES_H
#define AGENT_NAMES_H

#include "lib/base/op.h"

#include <stdbool.h>

#define NAMES_SETTING	128		/* characters */

enum err	 names_database(struct op *, const char *);
enum err	 names_grant(struct op *, const char *);	/* a database; of one letter, too */
enum err	 names_user(struct op *, const char *);
enum err	 names_host(struct op *, const char *);
enum err	 names_password(struct op *, const char *);
enum err	 names_charset(struct op *, const char *);	/* or collation */

enum err	 names_setting(struct op *, const char *);
enum err	 names_setting_value(struct op *, const char *);	/* UTF-8 on one line */

/* Belong to the server or to Coffer: neither shown nor touched.  End with NULL. */
extern const char *const names_hidden_databases[], *const names_hidden_users[];
extern const char *const names_postgresql_databases[],
    *const names_postgresql_users[];

#endif
