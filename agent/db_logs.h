/* db_logs - what engines say of their logs, and those of each. */
#ifndef AGENT_DB_LOGS_H
#define AGENT_DB_LOGS_H

#include "agent/db.h"
#include "lib/base/text.h"

/* Where a server writes one, below agent.data. */
struct db_log_file { const char *name, *file; bool system; };

/* What says, over restarts, that a log is wanted: a file. */
const char	*db_log_mark(struct op *, const char *name);
bool		 db_log_wanted(struct op *, const char *name);
/* Before the server is told: one that dies in between comes back as it was asked. */
enum err	 db_log_want(struct op *, const char *name, bool on);
/* ERR_BAD_REQUEST: it is the system's, or there is none. */
enum err	 db_log_switchable(struct op *, const struct db_log_file *,
		    const char *name);
/* The system's are always on; is_on asks for the others. */
enum err	 db_logs_list(struct op *, const struct db_log_file *,
		    enum err (*is_on)(struct op *, const char *name, bool *on),
		    const struct db_log **);

/* Lines of my.cnf, of postgresql.conf: where logs are written, and which. */
void		 mariadb_logs_settings(struct op *, struct text *conf);
void		 postgresql_logs_settings(struct op *, struct text *conf);

extern const struct db_log_file mariadb_log_files[];
enum err	 mariadb_log_list(struct op *, const struct db_log **);
enum err	 mariadb_log_set(struct op *, const char *name, bool on);
enum err	 mariadb_log_reopen(struct op *, const char *name);

extern const struct db_log_file postgresql_log_files[];
enum err	 postgresql_log_list(struct op *, const struct db_log **);
enum err	 postgresql_log_set(struct op *, const char *name, bool on);
enum err	 postgresql_log_reopen(struct op *, const char *name);

extern const struct db_log_file redis_log_files[];
enum err	 redis_log_list(struct op *, const struct db_log **);
enum err	 redis_log_set(struct op *, const char *name, bool on);
enum err	 redis_log_write(struct op *);
void		 redis_log_forget(void);	/* where that was: the file tells */

#endif
