/*
 * postgresql_delta - what changed since an earlier backup, block by block: a tar
 * like that of a full backup, in which a file of a relation that the earlier one
 * has may stand as INCREMENTAL.<name> (postgresql_delta.c), with the blocks whose
 * log sequence number is not older than the place where that one began.
 *
 * Numbers of blocks tell of changes only where all of the file was there before:
 * CREATE DATABASE copies blocks with the numbers that they had.  So each backup
 * writes down which files stood before it began (postgresql_seen.c); one that is
 * not known to is copied whole.
 */
#ifndef AGENT_POSTGRESQL_DELTA_H
#define AGENT_POSTGRESQL_DELTA_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

#define POSTGRESQL_SEEN	"agent/postgresql/seen"
#define POSTGRESQL_PART	"INCREMENTAL."		/* before a file's name */
#define POSTGRESQL_UPON	"coffer_upon"		/* a delta's first entry: the mark it stands upon */
#define POSTGRESQL_BLOCK 8192
#define POSTGRESQL_SEGMENT 131072	/* blocks of a file, at most */

/* A mark: where in whose WAL a backup began. */
struct pg_mark { uint64_t system, lsn; unsigned timeline; };
bool		 pg_mark_read(const char *, struct pg_mark *);
const char	*pg_mark_write(struct op *, const struct pg_mark *);

/* A tablespace's number, which names its link; the server's directory in it; a path of the former. */
bool		 pg_space_read(const char *);
bool		 pg_space_version(const char *);
bool		 pg_space_at(const char *path);
/* Is something of a name that does not belong where it is, below the data? */
bool		 pg_space_skips(const char *path);
/* Of restored data: each becomes a directory beside them, with a link to it. */
enum err	 pg_spaces_place(struct op *, const char *made);

/* Is a name a relation's file, or the file of one of its forks? */
struct pg_name { uint64_t relation; const char *fork; size_t fork_len; };
bool		 pg_name_read(const char *, struct pg_name *);

/* Files of relations, and before which place of the WAL each was there. */
struct pg_seen;
/* What was written down of this system, if anything. */
enum err	 pg_seen_open(struct op *, uint64_t system, struct pg_seen **);
/* All that a database (oid, "global" 0) holds now; data: the data directory's descriptor. */
enum err	 pg_seen_look(struct op *, struct pg_seen *, int data,
		    unsigned oid);
/* That database was not there all the time of the looks. */
void		 pg_seen_doubt(struct pg_seen *, unsigned oid);
/* The WAL was at lsn, or farther, after all looks. */
enum err	 pg_seen_keep(struct op *, struct pg_seen *, uint64_t lsn);
/* Was this open file there, wholly, before the WAL was at lsn? */
bool		 pg_seen_since(const struct pg_seen *, int fd, uint64_t lsn);

/* How the server is: asked now and then in a long copy. */
typedef enum err (*pg_alive)(struct op *, void *arg);

/* All but the label, the WAL and the tar's end; in full, if since is nowhere (lsn 0). */
struct pg_delta {
	const struct pg_seen *seen;
	struct pg_mark	 since;
	int		 to;
	pg_alive	 alive;
	void		*arg;
};
enum err	 pg_delta_files(struct op *, const struct pg_delta *);
/* One whole file below the data directory, as large as it has to be. */
enum err	 pg_delta_whole(struct op *, int to, const char *name,
		    int64_t size);

/* Upon a restored one in full, which becomes what the delta was made of. */
enum err	 pg_delta_apply(struct op *, int from, const char *full,
		    const char *more);

#endif
