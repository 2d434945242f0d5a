/*
 * objects - the objects of a backup, which a leave lets this guest write or
 * read.  Each is compared by MD5; where nothing moves it is tried again for a minute.
 */
#ifndef AGENT_OBJECTS_H
#define AGENT_OBJECTS_H

#include "lib/base/json.h"
#include "lib/base/md5.h"
#include "lib/base/op.h"
#include "lib/base/seal.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * An object's URL: before, its name without the backup's id, after; and behind
 * that, where each name was signed by itself, what the map has for it.
 */
struct leave {
	const struct json *said;	/* as an order says it */
	const char	*socket, *before, *after;
	const struct json *signatures;	/* by name; NULL: none is needed */
	/*
	 * Too many of them to be told: what stands behind the URL of an object
	 * that holds after, and those of "result", "00000000" and so on, sealed.
	 */
	const char	*book;		/* or NULL */
	int64_t		 book_bytes;
	struct key	 book_key;
};
#define LEAVE_BOOK	"leave"
#define LEAVE_BOOK_MOST	(8 << 20)	/* bytes */

struct objects;				/* the op's; for one thread */
struct objects	*objects_new(struct op *, const struct leave *);

/* ERR_CLOUD, ERR_UNAVAILABLE with a text that a user may read. */
enum err	 object_put(struct op *, struct objects *, const char *name,
		    const void *bytes, size_t n, char md5[MD5_HEX + 1]);
/* The same, with headers: name, value ..., NULL. */
enum err	 object_put_with(struct op *, struct objects *, const char *name,
		    const char *const *headers, const void *bytes, size_t n,
		    char md5[MD5_HEX + 1]);
/* What is read: a whole object, or a part, that begins there. */
struct segment {
	const char	*name;		/* without the backup's id: "00000000" */
	bool		 part;
	int64_t		 from;		/* bytes; 0 of a whole one */
	int64_t		 bytes;
	const char	*md5;		/* NULL: what is inside says whether it is right */
};
/*
 * Into a sink, in their order, each byte once: a stream that breaks off goes on
 * where it was.  False of the sink ends it, ERR_CLOUD.  ERR_NOT_FOUND.  ERR_FORGED
 * for other bytes than those of its MD5, which the sink has been given by then.
 */
typedef bool	(*object_sink)(void *arg, const char *bytes, size_t n);
enum err	 object_get(struct op *, struct objects *,
		    const struct segment *, object_sink, void *arg);

#endif
