/*
 * datastore - what the agent asks of a database engine.  A NULL member is a
 * thing the engine cannot do: the order is answered ERR_NOT_BUILT.
 */
#ifndef AGENT_DATASTORE_H
#define AGENT_DATASTORE_H

#include "agent/db.h"
#include "agent/disk.h"
#include "agent/look.h"

struct db_log_file;			/* db_logs.h */

struct datastore {
	const char	 *name;

	/* The server process.  The agent is its parent and restarts it. */
	enum err	(*prepare)(struct op *);	/* first of all, once; NULL: nothing to do */
	enum err	(*start)(struct op *);	/* returns when it was begun */
	enum err	(*stop)(struct op *);	/* returns when it has ended */
	/* Buffers for this much memory, from the next start on; remembered. */
	enum err	(*retune)(struct op *, int memory_mb);
	enum err	(*status)(struct op *, enum db_status *);	/* one probe, <= 2 s */
	int		(*pid)(void);		/* of the server; 0: none, or it has ended */
	int		(*watch)(void);		/* readable once it has ended; -1: none */

	/* Of its storage, in bytes; NULL: what the volume's file system says. */
	void		(*usage)(int64_t *used, int64_t *total);
	/* SHORT: no writes from now on, what writes is ended; again while it lasts. */
	enum err	(*room)(struct op *, enum db_room, bool news);

	/* What is there already: ERR_CONFLICT.  What is not: ERR_NOT_FOUND. */
	enum err	(*database_create)(struct op *, const struct db_database *);
	enum err	(*database_delete)(struct op *, const char *name);
	enum err	(*database_show)(struct op *, const char *name);
	enum err	(*database_list)(struct op *, const struct db_page *,
			    db_found, void *arg);
	enum err	(*user_create)(struct op *, const struct db_user *);
	enum err	(*user_delete)(struct op *, const struct db_user *);
	enum err	(*user_list)(struct op *, const struct db_page *,
			    db_found, void *arg);
	/* name and host of one; ERR_NOT_FOUND. */
	enum err	(*user_show)(struct op *, const struct db_user *,
			    db_found, void *arg);
	enum err	(*user_update)(struct op *, const struct db_user *,
			    const struct db_user *to);	/* NULL members stay */
	enum err	(*grant)(struct op *, const struct db_user *,
			    const char *database);
	enum err	(*revoke)(struct op *, const struct db_user *,
			    const char *database);
	/*
	 * These and no others, from now on and after every start; the list ends
	 * with a NULL name.  What a running server can take it has when this
	 * returns; when it refuses one, ERR_BAD_REQUEST and all is as before.
	 * An engine whose server does not start with them starts it without.
	 */
	enum err	(*configure)(struct op *, const struct db_setting *);
	/* NULL, or why settings were taken back: said once.  May be NULL. */
	const char	*(*complaint)(struct op *);
	enum err	(*root_enable)(struct op *, const char *password);
	enum err	(*root_disable)(struct op *);

	/*
	 * For hours: all data, or what is newer than the mark since, into fd;
	 * *mark: where the next goes on.  The server stopped, each of a chain
	 * from fd (nth 0: the full one) aside; restored, once all were right:
	 * that in place of the data.  Each call in a process of its own.
	 */
	enum err	(*backup)(struct op *, const char *since, int, const char **mark);
	enum err	(*restore)(struct op *, int nth, int fd);
	enum err	(*restored)(struct op *);
	enum err	(*restore_old)(struct op *, int nth, int fd), (*restored_old)(struct op *);	/* of what Trove made; NULL: the same */

	/*
	 * What a look sees of the data, as long as there is time; then, of data
	 * that were restored: are they sound, and is all of that there again?
	 * ERR_UNPROCESSABLE: no.  For hours; digest NULL: nothing is known.
	 */
	enum err	(*look)(struct op *, struct look *);
	enum err	(*verify)(struct op *, const struct digest *);

	const struct tls_ways *tls;	/* tls.h; NULL: it has none */
	const struct db_figures *figures;	/* NULL: the real ones */
	enum err	(*log_list)(struct op *, const struct db_log **);	/* ends with a NULL name */
	enum err	(*log_set)(struct op *, const char *name, bool on);
	const struct db_log_file *log_files;	/* ends with a NULL name; NULL: none that could be published */
	/* Its file was renamed: write to a new one.  NULL: it opens it for each line. */
	enum err	(*log_reopen)(struct op *, const char *name);
	/* Once a second while it answers: what it keeps in memory, to the file.  NULL: it writes all itself. */
	enum err	(*log_write)(struct op *);
};

extern const struct datastore datastore_mariadb, datastore_mysql,
    datastore_postgresql, datastore_redis, datastore_null,
    datastore_failing;
extern const struct datastore *const datastores[];	/* ends with NULL */
const struct datastore *datastore_find(const char *name);

#endif
