/*
 * storage - where backups and published logs lie: containers of objects, as
 * Swift has them.  Data never pass through a worker: a guest, or a user, gets a
 * leave for exactly the objects it must write or read, and for a short time.
 * Every call may be repeated; "remove" of what is gone is OK.
 */
#ifndef LIB_CLOUD_STORAGE_H
#define LIB_CLOUD_STORAGE_H

#include "lib/base/jsonw.h"
#include "lib/base/op.h"
#include "lib/base/seal.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * To write (PUT), or read (GET, HEAD), objects of this tenant whose names begin
 * with prefix.  Not every storage can sign a prefix: what is to be reached has
 * to be among the names, as they go on behind it.
 */
struct lend {
	const char	*tenant, *container, *prefix;
	const char	*const *names;
	int		 n;
	bool		 write;
	int		 seconds;
	const struct key *seal;		/* NULL: signatures are told one by one, however many */
};
/* The URL of an object: before, the rest of its name, after, and its signature where each has its own. */
struct leave {
	const char	*socket;	/* unix socket to go through, as a guest sees it; NULL: none */
	const char	*before, *after;
	const char	*const *signature;	/* of names[i]; NULL: after says it all */
	/*
	 * Too many to be told: what stands behind the URL of an object beside
	 * them, "leave", of so many bytes.  It is sealed, about STORAGE_BOOK:
	 * after, a newline, and 32 bytes of each signature.
	 */
	const char	*book;
	int64_t		 book_bytes;
};
#define STORAGE_BOOK	"leave"
/* As a map in an order: "socket", "before", "after", "signed" by name, "book" {after, bytes}. */
void		 leave_write(struct jsonw *, const struct lend *,
		    const struct leave *);

struct object {
	const char	*name;
	int64_t		 bytes;
	const char	*md5;		/* hex */
};

struct storage_driver {
	const char	*name;
	enum err	(*open)(struct op *);	/* once per process */
	/* A container that is missing is made for writing. */
	enum err	(*lend)(struct op *, const struct lend *,
			    struct leave *);
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
	 * *checksum is what clients compare.
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
	bool		 signs_names;	/* a leave is for lend.names, and nothing else that begins so */
	/*
	 * Joined segments are objects no more: they lie in the whole, one behind
	 * the other, and a row says so by giving each of them its name.
	 */
	bool		 absorbs;
	/* What was begun under such names and never became an object; NULL: there is no such thing. */
	enum err	(*abandon)(struct op *, const char *tenant,
			    const char *container, const char *prefix);
};

/* Chosen by storage.driver; opened by cloud_open(). */
extern const struct storage_driver storage_file, storage_swift, storage_s3,
	storage_none, storage_failing;	/* cloud_fail_next("storage.join", ...) */
const struct storage_driver *cloud_storage(void);
/* The unix socket of storage.socket as a local guest sees it; NULL: none. */
const char	*storage_socket(struct op *);
/* Do the objects lie in files that the API has to serve? */
bool		 storage_is_served(void);

/*
 * For how long a worker waits to hear what is there, in ms, and no longer than
 * most: one that still waits when its lease of a task has run out counts as dead.
 */
int		 storage_look_ms(int most);
#define STORAGE_BURST_MS 2500		/* for which a worker may hold its task to move or remove some of many */

/* What clients compare of segments that were joined: the MD5 of their MD5s; of one, its own. */
const char	*object_checksum(struct op *, const struct object *, int n);
#define STORAGE_PARTS	10000		/* of more than so many segments S3 alone knows the checksum of the whole */
/* The same as S3 has it: of the MD5s' bytes, with "-n" behind. */
const char	*object_parts_checksum(struct op *, const struct object *,
		    int n);

#endif
