/* db_logs - what engines say of their logs, and those of each. */
#ifndef AGENT_DB_LOGS_H
#define AGENT_DB_LOGS_H

#include "agent/db.h"
#include "lib/base/text.h"

/* Where a server writes one, below agent.data. */
struct db_log_file { const char *name, *file; bool system; };

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
