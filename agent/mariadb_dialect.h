/*
 * mariadb_dialect - mysql.c serves a real MySQL in MariaDB's rooms: what each
 * of them calls by a name of its own.
 */
#ifndef AGENT_MARIADB_DIALECT_H
#define AGENT_MARIADB_DIALECT_H

#include "lib/base/op.h"

#include <stdbool.h>

struct mariadb_dialect {
	const char	*name;		/* in what is said of it */
	const char	*section;	/* the first of my.cnf */
	const char	*session;	/* what a session of the agent's sets besides */
	const char	*accounts;	/* the table of them */
	const char	*a_user;	/* a row of it that is one */
	const char	*admin[2];	/* statements of a start, around the password */
	const char	*uncertified;	/* statements: no account demands a certificate of this server's clients */
	const char	*password[3];	/* one is changed: account and value between */
	const char	*variables;	/* columns as take_row() in mariadb_settings.c reads them */
	const char	*bound;		/* a session's, for a statement: seconds follow; NULL: it has none */
	const char	*writes;	/* a text that each write of a row changes; NULL: tables tell when */
	bool		 rounds_down;	/* values, never up */
	bool		 checks_aside;	/* mysql_check() knows what the server does not tell */
};
extern const struct mariadb_dialect mariadb_dialect, mariadb_dialect_mysql;
void		 mariadb_speak(const struct mariadb_dialect *);	/* from a start on */
const struct mariadb_dialect *mariadb_spoken(void);
bool		 mysql_serves(void);	/* the datastore mysql, on this volume */
/* ERR_BAD_REQUEST: a server would not start with these lines of my.cnf, or change one. */
enum err	 mysql_check(struct op *, const char *lines);

/* datastore.h; mariadb_dump.c, mariadb_load.c.  mariadb_restored() is the rest. */
enum err	 mysql_backup(struct op *, const char *since, int fd,
		    const char **mark);
enum err	 mysql_restore(struct op *, int nth, int fd);

#endif
