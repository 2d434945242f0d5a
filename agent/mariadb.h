/*
 * mariadb - the engine's own rooms: mariadb.c the server process, mariadb_conf.c
 * its files, mariadb_settings.c what tenants set, mariadb_sql.c the only owner
 * of libmariadb, mariadb_schemas.c and mariadb_users.c the statements.
 */
#ifndef AGENT_MARIADB_H
#define AGENT_MARIADB_H

#include "agent/datastore.h"
#include "lib/base/text.h"

#define MARIADB_ADMIN	"os_admin"

/* Paths below agent.data, the op's. */
const char	*mariadb_socket(struct op *);

/*
 * Directories, my.cnf and the statements the server runs before it lets anybody
 * in: they make the agent's account anew, whatever became of it.
 */
enum err	 mariadb_conf_write(struct op *);
/* On the disk with what it has to remember; while the server is busy starting. */
enum err	 mariadb_conf_keep(struct op *);
/* The server let the agent in: what only its start needed goes away. */
void		 mariadb_conf_started(struct op *);
bool		 mariadb_conf_secured(struct op *);	/* it did so once */
/* server_ways.look: ERR_GUEST when it turns away an agent that it never knew. */
enum err	 mariadb_conf_known(struct op *, bool let_in);
/* The redo log to the size that a first start did without; there already is well. */
enum err	 mariadb_conf_grow(struct op *);
/* What it gives an option of this name, without a tenant's settings; or NULL. */
const char	*mariadb_conf_value(struct op *, const char *name);
/* Password of the agent's account; ERR_INTERNAL before the first start. */
enum err	 mariadb_admin_password(struct op *, const char **);

/* Settings of the tenant's (settings.h), written into my.cnf at each start. */
enum err	 mariadb_configure(struct op *, const struct db_setting *);
enum err	 mariadb_settings_start(struct op *, const char **lines);	/* of my.cnf */

/*
 * One short look: ERR_GUEST when the server does not answer.  let_in false: it
 * answers and turns the agent away, as all connections are taken or a tenant's
 * root has dropped the agent's account (the next start brings it back).
 */
enum err	 mariadb_probe(struct op *, bool *let_in);
void		 mariadb_hang_up(void);	/* the server ended: forget the session */

/*
 * Statements run in a session that belongs to the op.  ERR_GUEST with the
 * server's text; mariadb_errno() is its number, for whoever knows better.
 * Values and identifiers are put in by these functions and by nothing else.
 */
enum err	 mariadb_run(struct op *, const char *sql);
typedef enum err (*mariadb_row)(struct op *, void *arg, char **field);
enum err	 mariadb_rows(struct op *, const char *sql, mariadb_row,
		    void *arg);
unsigned	 mariadb_errno(void);
/* Of sessions from now on: how long a statement is waited for. */
void		 mariadb_patience(unsigned seconds);

const char	*mariadb_name(struct op *, const char *);	/* `na``me` */
const char	*mariadb_pattern(struct op *, const char *);	/* of GRANT: `na\_me` */
const char	*mariadb_unpattern(struct op *, const char *);
enum err	 mariadb_value(struct op *, const char *, const char **);	/* 'va\'lue' */
/* 'name'@'host' */
enum err	 mariadb_account(struct op *, const struct db_user *,
		    const char **);
/* ('a','b') of a list that ends with NULL */
enum err	 mariadb_values(struct op *, const char *const *, const char **);

/* datastore.h; mariadb_backup.c.  The data of a backup bring no root and no agent's account. */
enum err	 mariadb_backup(struct op *, const char *since, int fd,
		    const char **mark);
enum err	 mariadb_restore(struct op *, int nth, int fd);
enum err	 mariadb_restored(struct op *);
enum err	 mariadb_look(struct op *, struct look *);
enum err	 mariadb_verify(struct op *, const struct digest *);
/* The next start is the first with data that came from elsewhere. */
enum err	 mariadb_conf_restored(struct op *);

/* datastore.h; mariadb_room.c.  MB of redo log for a start: what it has, where there is no room. */
enum err	 mariadb_room(struct op *, enum db_room, bool news);
/* This statement may go on; last: it is one that gives room back. */
bool		 mariadb_room_spares(const char *statement, bool last);
int		 mariadb_room_redo(struct op *, int mb);

/* tls.h; lines of my.cnf for a start. */
enum err	 mariadb_tls_settings(struct op *, const char **lines);
/* What an account demands of whoever comes as it: words of CREATE USER, or "". */
const char	*mariadb_tls_required(struct op *);
extern const struct tls_ways mariadb_tls_ways;

enum err	 mariadb_database_create(struct op *,
		    const struct db_database *);
enum err	 mariadb_database_delete(struct op *, const char *name);
enum err	 mariadb_database_show(struct op *, const char *name);
enum err	 mariadb_database_list(struct op *, const struct db_page *,
		    db_found, void *arg);
enum err	 mariadb_user_create(struct op *, const struct db_user *);
enum err	 mariadb_user_delete(struct op *, const struct db_user *);
enum err	 mariadb_user_list(struct op *, const struct db_page *,
		    db_found, void *arg);
enum err	 mariadb_user_show(struct op *, const struct db_user *,
		    db_found, void *arg);
enum err	 mariadb_user_update(struct op *, const struct db_user *,
		    const struct db_user *to);
enum err	 mariadb_grant(struct op *, const struct db_user *,
		    const char *database);
enum err	 mariadb_revoke(struct op *, const struct db_user *,
		    const char *database);
enum err	 mariadb_root_enable(struct op *, const char *password);
enum err	 mariadb_root_disable(struct op *);

#endif
