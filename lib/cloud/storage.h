/*
 * storage - where backups and published logs lie: containers of objects, as
 * Swift has them.  Data never pass through a worker: a guest, or a user, gets a
 * leave for exactly the objects it must write or read, and for a short time.
 * Every call may be repeated; "remove" of what is gone is OK.
 */
#ifndef LIB_CLOUD_STORAGE_H
#define LIB_CLOUD_STORAGE_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

/* The URL of an object: before, the rest of its name, after. */
struct leave {
	const char	*socket;	/* unix socket to go through, as a guest sees it; NULL: none */
	const char	*before, *after;
};

struct object {
	const char	*name;
	int64_t		 bytes;
	const char	*md5;		/* hex */
};

struct storage_driver {
	const char	*name;
	enum err	(*open)(struct op *);	/* once per process */
	/*
	 * To write (PUT), or read (GET, HEAD), objects of this tenant whose names
	 * begin with prefix; a container that is missing is made for writing.
	 */
	enum err	(*lend)(struct op *, const char *tenant,
			    const char *container, const char *prefix,
			    bool write, int seconds, struct leave *);
	/* In order of name; a container that is missing has none. */
	enum err	(*list)(struct op *, const char *tenant,
			    const char *container, const char *prefix,
			    struct object **, int *n);
	/* A small one, whole; ERR_NOT_FOUND; ERR_CLOUD over most bytes. */
	enum err	(*read)(struct op *, const char *tenant,
			    const char *container, const char *name,
			    size_t most, const char **bytes, size_t *len);
	/*
	 * Make one object of segments of its container (05-tasks.md section 11:
	 * manifest, or the only one under another name); meta is name, value ..., NULL.
	 * *checksum is the MD5 that clients compare.
	 */
	enum err	(*join)(struct op *, const char *tenant,
			    const char *container, const char *name,
			    const struct object *segment, int n,
			    const char *const *meta, const char **checksum);
	/* With the segments of a manifest. */
	enum err	(*remove)(struct op *, const char *tenant,
			    const char *container, const char *name);
	const char	*(*location)(struct op *, const char *tenant,
			    const char *container, const char *name);
};

/* Chosen by storage.driver; opened by cloud_open(). */
extern const struct storage_driver storage_file, storage_swift, storage_none,
	storage_failing;	/* cloud_fail_next("storage.join", ...) */
const struct storage_driver *cloud_storage(void);
/* Do the objects lie in files that the API has to serve? */
bool		 storage_is_served(void);

/* What clients compare of segments that were joined: the MD5 of their MD5s; of one, its own. */
const char	*object_checksum(struct op *, const struct object *, int n);

#endif
