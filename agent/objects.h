/*
 * objects - the objects of a backup, which a leave lets this guest write or
 * read.  Each goes whole, is compared by MD5, and is tried again for a minute.
 */
#ifndef AGENT_OBJECTS_H
#define AGENT_OBJECTS_H

#include "lib/base/md5.h"
#include "lib/base/op.h"

/* An object's URL: before, its name without the backup's id, after. */
struct leave { const char *socket, *before, *after; };

struct objects;				/* the op's; for one thread */
struct objects	*objects_new(struct op *, const struct leave *);

/* ERR_CLOUD, ERR_UNAVAILABLE with a text that a user may read. */
enum err	 object_put(struct op *, struct objects *, const char *name,
		    const void *bytes, size_t n, char md5[MD5_HEX + 1]);
/* Exactly n bytes of this MD5; ERR_FORGED for any others, ERR_NOT_FOUND. */
enum err	 object_get(struct op *, struct objects *, const char *name,
		    char *into, size_t n, const char *md5);

#endif
