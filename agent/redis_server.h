/*
 * redis_server - the engine's own rooms: redis_server.c the server process,
 * redis_conf.c its files, redis_settings.c what tenants set, redis_users.c the
 * accounts, redis_logs.c logs, redis_rdb.c backups; redis_talk.c is the
 * agent's own way in, over the server's socket.  (lib/wire/redis is the client.)
 */
#ifndef AGENT_REDIS_SERVER_H
#define AGENT_REDIS_SERVER_H

#include "agent/datastore.h"
#include "lib/base/text.h"
#include "lib/wire/redis.h"

#define REDIS_ADMIN	"os_admin"
#define REDIS_DATA	"redis"		/* below agent.data: all that the server keeps */
#define REDIS_AOF	"appendonlydir"	/* below that */
#define REDIS_AOF_NAME	"appendonly.aof"

/* Paths below agent.data, the op's. */
const char	*redis_socket(struct op *);

/* Directories, redis.conf and the ACL file, all anew: whatever became of them. */
enum err	 redis_conf_write(struct op *);
/*
 * Before a start: where there is little room, or the last server did not get so
 * far as to answer, its log is looked through for what a full disk left in it.
 * Then it has answered.
 */
enum err	 redis_mend(struct op *);
enum err	 redis_mended(struct op *);
/* What it gives a parameter of this name, without a tenant's settings; or NULL. */
const char	*redis_conf_value(struct op *, const char *name);
/* A value of redis.conf in quotes. */
void		 redis_conf_quote(struct text *, const char *value);
/* Password of the agent's account; ERR_INTERNAL before the first start. */
enum err	 redis_admin_password(struct op *, const char **);

/*
 * One short look: ERR_GUEST when the server does not answer.  let_in false: it
 * answers, and all connections are taken.
 */
enum err	 redis_probe(struct op *, bool *let_in);
void		 redis_hang_up(void);	/* the server ended: forget the connection */
/* argv ends with NULL.  ERR_GUEST; reply->text is set when it was the server's no. */
enum err	 redis_ask(struct op *, struct redis_reply *,
		    const char *const *argv);
/* The same with a probe's patience: for what nobody waits for. */
enum err	 redis_ask_soon(struct op *, struct redis_reply *,
		    const char *const *argv);

enum err	 redis_room(struct op *, enum db_room, bool news);
enum err	 redis_configure(struct op *, const struct db_setting *);
enum err	 redis_settings_start(struct op *, const char **lines);	/* of redis.conf */

/* tls.h; lines of redis.conf for a start. */
enum err	 redis_tls_settings(struct op *, const char **lines);
extern const struct tls_ways redis_tls_ways;

/*
 * Accounts are a list of the agent's: the server is told of each change, and
 * reads all of them when it starts.
 */
enum err	 redis_accounts(struct op *, const char **lines);	/* of the ACL file */
enum err	 redis_user_create(struct op *, const struct db_user *);
enum err	 redis_user_delete(struct op *, const struct db_user *);
enum err	 redis_user_list(struct op *, const struct db_page *,
		    db_found, void *arg);
enum err	 redis_user_show(struct op *, const struct db_user *,
		    db_found, void *arg);
enum err	 redis_user_update(struct op *, const struct db_user *,
		    const struct db_user *to);
enum err	 redis_root_enable(struct op *, const char *password);
enum err	 redis_root_disable(struct op *);

/*
 * Those of a backup: a user on each line, with the hash of the password.
 * Aside, while its data come: ERR_BAD_REQUEST when they cannot be users; text
 * NULL: it has none.  Then in the place of those that are there, without root.
 */
enum err	 redis_users_text(struct op *, const char **text, size_t *);
enum err	 redis_users_aside(struct op *, const char *text, size_t);
enum err	 redis_users_restored(struct op *);

enum err	 redis_backup(struct op *, const char *since, int fd,
		    const char **mark);
enum err	 redis_restore(struct op *, int nth, int fd);
enum err	 redis_restored(struct op *);
enum err	 redis_look(struct op *, struct look *);
enum err	 redis_verify(struct op *, const struct digest *);

#endif
