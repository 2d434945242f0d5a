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

/* What is the same of their servers, of struct server_ways and struct datastore. */
#define MARIADB_WAYS							\
	.writes = (const char *const[]){ "mysql", "run", "tmp", "log", NULL }, \
	.log = "log/mariadb.err",					\
	.ready = mariadb_conf_write,					\
	.begun = mariadb_conf_keep,					\
	.probe = mariadb_probe,						\
	.hang_up = mariadb_hang_up

#define MARIADB_ENGINE							\
	.stop = server_stop,						\
	.retune = memory_retune,					\
	.status = server_status,					\
	.pid = server_pid,						\
	.watch = server_watch,						\
	.room = mariadb_room,						\
	.database_create = mariadb_database_create,			\
	.database_delete = mariadb_database_delete,			\
	.database_show = mariadb_database_show,				\
	.database_list = mariadb_database_list,				\
	.user_create = mariadb_user_create,				\
	.user_delete = mariadb_user_delete,				\
	.user_list = mariadb_user_list,					\
	.user_show = mariadb_user_show,					\
	.user_update = mariadb_user_update,				\
	.grant = mariadb_grant,						\
	.revoke = mariadb_revoke,					\
	.configure = mariadb_configure,					\
	.complaint = settings_complaint,				\
	.root_enable = mariadb_root_enable,				\
	.root_disable = mariadb_root_disable,				\
	.restored = mariadb_restored,					\
	.log_list = mariadb_log_list,					\
	.log_set = mariadb_log_set,					\
	.log_files = mariadb_log_files,					\
	.log_reopen = mariadb_log_reopen

#endif
