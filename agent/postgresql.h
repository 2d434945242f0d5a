/*
 * postgresql - the engine's own rooms: postgresql.c the server process,
 * postgresql_conf.c its files, postgresql_admin.c the agent's account,
 * postgresql_birth.c its identifier, postgresql_sql.c the owner of libpq,
 * postgresql_databases.c, postgresql_roles.c and postgresql_hosts.c the
 * statements, postgresql_settings.c what tenants set, postgresql_logs.c and
 * postgresql_backup.c what they say, postgresql_delta.h what changed of it,
 * postgresql_spaces.c what of it lies elsewhere.
 */
#ifndef AGENT_POSTGRESQL_H
#define AGENT_POSTGRESQL_H

#include "agent/datastore.h"
#include "agent/server.h"
#include "lib/base/text.h"

#define POSTGRESQL_ADMIN "os_admin"	/* who made the cluster */
#define POSTGRESQL_ROOT	"postgres"	/* the tenant's superuser, as the contract names him */

/* Paths below agent.data, the op's. */
#define POSTGRESQL_DATA	"pgdata"
#define POSTGRESQL_SPACES "tablespaces"	/* where a tenant's root may have some, and restored ones are */
#define POSTGRESQL_CONF	"agent/postgresql/postgresql.conf"
#define POSTGRESQL_HBA	"agent/postgresql/pg_hba.conf"
#define POSTGRESQL_IDENT "agent/postgresql/pg_ident.conf"	/* empty */

/* The server's command line: what must hold whatever ALTER SYSTEM says. */
const char	*const *postgresql_argv(struct op *);
extern const struct server_ways postgresql_ways;

/* Directories, and all that the server reads at a start. */
enum err	 postgresql_conf_start(struct op *);
/* With these settings of the tenant's, for a reload; ends with a NULL name. */
enum err	 postgresql_conf_write(struct op *, const struct db_setting *);

/* The server turned the agent away; the account comes back before a start. */
void		 postgresql_admin_lost(struct op *);
enum err	 postgresql_admin_ensure(struct op *);

/*
 * One short look: ERR_GUEST when the server does not answer.  let_in false: it
 * answers and turns the agent away, as a tenant's root may have told it.
 */
enum err	 postgresql_probe(struct op *, bool *let_in);
void		 postgresql_hang_up(void);	/* the server ended: forget the session */

/*
 * Statements run in a session of the op's, as the cluster's superuser.
 * ERR_GUEST with the server's text; postgresql_failed() knows its SQLSTATE.
 */
enum err	 postgresql_run(struct op *, const char *sql);	/* one, or some in one transaction */
enum err	 postgresql_run_in(struct op *, const char *database,
		    const char *sql);
typedef enum err (*postgresql_row)(struct op *, void *arg, char **field);
/* The values stand for $1, $2 ...; the list ends with NULL. */
enum err	 postgresql_rows(struct op *, const char *sql,
		    const char *const *values, postgresql_row, void *arg);
/* The first field of the first row, or NULL. */
enum err	 postgresql_ask(struct op *, const char *sql,
		    const char *const *values, const char **out);
bool		 postgresql_failed(const char *sqlstate);
enum err	 postgresql_name(struct op *, const char *, const char **);	/* "na""me" */
enum err	 postgresql_value(struct op *, const char *, const char **);	/* 'va''lue' */
/* What the server keeps of a password; the password itself is never sent. */
enum err	 postgresql_verifier(struct op *, const char *user,
		    const char *password, const char **quoted);
const char	*postgresql_list(struct op *, const char *const *names);	/* {a,b} */
/* Returns when sessions that begin from now on see the files as they are. */
enum err	 postgresql_reload(struct op *);

/*
 * Who may come from where: pg_hba.conf, made from what roles say of themselves,
 * and this user besides if not NULL.  Reloads if something changed.
 */
enum err	 postgresql_hosts(struct op *, const struct db_user *);
enum err	 postgresql_hosts_check(struct op *, const char *host);
/* For a start, when there is no such file: all may come, or nobody yet. */
enum err	 postgresql_hosts_ensure(struct op *, bool open);

enum err	 postgresql_room(struct op *, enum db_room, bool news);
/* tls.h; lines of postgresql.conf; what hosts are called in pg_hba.conf, and what they must bring. */
enum err	 postgresql_tls_settings(struct op *, struct text *conf);
enum err	 postgresql_tls_hosts(struct op *, const char **host,
		    const char **more);
extern const struct tls_ways postgresql_tls_ways;

enum err	 postgresql_configure(struct op *, const struct db_setting *);

enum err	 postgresql_database_create(struct op *,
		    const struct db_database *);
enum err	 postgresql_database_delete(struct op *, const char *name);
enum err	 postgresql_database_show(struct op *, const char *name);
enum err	 postgresql_database_list(struct op *, const struct db_page *,
		    db_found, void *arg);
/* The role whose members have access to a database; made if there is none. */
enum err	 postgresql_database_group(struct op *, const char *name,
		    const char **group);
enum err	 postgresql_user_create(struct op *, const struct db_user *);
enum err	 postgresql_user_delete(struct op *, const struct db_user *);
enum err	 postgresql_user_list(struct op *, const struct db_page *,
		    db_found, void *arg);
enum err	 postgresql_user_show(struct op *, const struct db_user *,
		    db_found, void *arg);
enum err	 postgresql_user_update(struct op *, const struct db_user *,
		    const struct db_user *to);
enum err	 postgresql_grant(struct op *, const struct db_user *,
		    const char *database);
enum err	 postgresql_revoke(struct op *, const struct db_user *,
		    const char *database);
enum err	 postgresql_root_enable(struct op *, const char *password);
enum err	 postgresql_root_disable(struct op *);

enum err	 postgresql_backup(struct op *, const char *since, int fd,
		    const char **mark);
enum err	 postgresql_restore(struct op *, int nth, int fd);
enum err	 postgresql_restored(struct op *);

#endif
