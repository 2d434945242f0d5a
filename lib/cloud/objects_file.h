/* objects_file - between the parts of objects: names, directories and heads. */
#ifndef LIB_CLOUD_OBJECTS_FILE_H
#define LIB_CLOUD_OBJECTS_FILE_H

#include "lib/cloud/objects.h"

/* Mode of a file that is a segment of a manifest: nothing takes its place any more. */
#define OBJECT_SETTLED	0400

/* What a name is called in its directory, and back; NULL: not one of ours. */
const char	*object_file(struct op *, const char *name);
const char	*object_name(struct op *, const char *file);

/* Of the container, of the tenant (container NULL), or of all (tenant NULL); the op closes it. */
enum err	 object_dir(struct op *, const struct object_key *, bool make,
		    int *dir);
/* The owner of the directory gets it, when we are root. */
enum err	 object_own(struct op *, int fd, int dir);
/* The op's error for errno; what: a name to show. */
enum err	 object_failed(struct op *, const char *what);

/* One file for reading; the op closes it. */
enum err	 object_file_open(struct op *, int dir, const char *file,
		    int *fd);
enum err	 object_head_read(struct op *, int fd, struct object_is *);
/* OBJECT_HEAD bytes.  ERR_BAD_REQUEST: it does not fit, or holds control characters. */
enum err	 object_head(struct op *, const struct object_is *,
		    const char **head);
/* What of a manifest's file follows the head: the op's. */
enum err	 object_segments(struct op *, int fd, int n,
		    struct object **segments);
void		 object_fd_close(void *fd);	/* for op_defer() */

#endif
