/*
 * objects - containers of objects as files, for the driver "file" and for the
 * API that serves them:
 *
 *   <storage.root>/<tenant>/<container>/<object>
 *
 * Names are escaped (%XX), so that each is one file.  A file begins with a head
 * of OBJECT_HEAD bytes: lines that say size, digest, type and metadata.  Then
 * come the data, or the list of the segments of a manifest, which reads as all
 * of them.  What is made appears whole or not at all, and belongs to whoever
 * storage.root belongs to.  Faults: ERR_BAD_REQUEST for a name, ERR_NOT_FOUND,
 * ERR_NO_SPACE, else ERR_CLOUD.
 */
#ifndef LIB_CLOUD_OBJECTS_H
#define LIB_CLOUD_OBJECTS_H

#include "lib/cloud/storage.h"

#include <sys/types.h>

#define OBJECT_HEAD	4096
#define OBJECT_MOST	((int64_t)5 << 30)	/* bytes of one that is no manifest */
#define OBJECT_TYPE	"application/octet-stream"

struct object_key { const char *tenant, *container, *name; };

struct object_is {			/* what is known of one; the op's */
	int64_t		 bytes;		/* as it reads */
	const char	*md5;		/* of a manifest: of its segments' digests */
	const char	*type;		/* NULL: OBJECT_TYPE */
	int64_t		 stored_us;	/* wall clock */
	int		 segments;	/* 0: no manifest */
	const char	*const *meta;	/* name, value ..., NULL */
};

/* Whether these may be names at all; one of them may be NULL from container on. */
enum err	 object_check(struct op *, const struct object_key *);
const char	*objects_root(struct op *);

/* --- containers: name NULL ---------------------------------------------------- */

enum err	 container_make(struct op *, const struct object_key *);
struct container_is { const char *name; int64_t objects, bytes; };
enum err	 container_stat(struct op *, const struct object_key *,
		    struct container_is *);
/* All of a tenant, in order of name; a tenant without any: none. */
enum err	 containers_list(struct op *, const char *tenant,
		    struct container_is **, int *n);

struct objects_ask { const char *prefix, *marker; int limit; };	/* NULL, NULL, -1: all */
struct object_row { const char *name; struct object_is is; };
/* In order of name, those after marker. */
enum err	 objects_list(struct op *, const struct object_key *,
		    const struct objects_ask *, struct object_row **, int *n);

/* --- reading ------------------------------------------------------------------- */

struct reading;				/* ends with the op */
enum err	 object_open(struct op *, const struct object_key *,
		    struct reading **, struct object_is *);
/* Bytes from at, as many as there are at once and fit; 0: the end.  A segment that is not what it was: ERR_CLOUD. */
enum err	 reading_get(struct reading *, int64_t at, void *, size_t,
		    size_t *got);

/* --- writing -------------------------------------------------------------------- */

struct draft;				/* what is not kept is gone with the op */
enum err	 object_draft(struct op *, const struct object_key *,
		    struct draft **);
enum err	 draft_add(struct draft *, const void *, size_t);
const char	*draft_md5(const struct draft *);	/* of what was added so far; the op's */
/* Takes type and meta, fills in the rest.  On the disk when it returns. */
enum err	 draft_keep(struct draft *, struct object_is *);

/*
 * A manifest, or a copy of the only segment; is as for draft_keep(), which is
 * ERR_FORBIDDEN for its segments from then on.
 */
enum err	 object_join(struct op *, const struct object_key *,
		    const struct object *segment, int n, struct object_is *);
/* ERR_NOT_FOUND when it was not there.  deep: with its segments, which are counted with it. */
enum err	 object_remove(struct op *, const struct object_key *, bool deep,
		    int *removed);

#endif
