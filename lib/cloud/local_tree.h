/*
 * local_tree - a directory and all below it.  Never follows a symbolic link
 * and works through descriptors: what is in a volume was written by a tenant.
 */
#ifndef LIB_CLOUD_LOCAL_TREE_H
#define LIB_CLOUD_LOCAL_TREE_H

#include "lib/base/op.h"

#include <sys/types.h>

/* Files (with their holes), directories, links.  uid (uid_t)-1: keep owners. */
enum err	 tree_copy(struct op *, const char *from, const char *to,
		    uid_t, gid_t);
/* Gives all to uid, the top last: a top that is uid's is a job done. */
enum err	 tree_own(struct op *, const char *top, uid_t, gid_t);
enum err	 tree_remove(struct op *, const char *top);	/* gone: OK */

/* One file: shares blocks where the file system can, keeps holes. */
enum err	 file_copy(struct op *, int from, int to, const char *name);
/* Blocks of zeros become holes. */
enum err	 file_dig(struct op *, int fd, const char *name);
/* The whole text appears under its name, or not at all (but for a power cut). */
enum err	 file_write(struct op *, const char *path, const char *text,
		    mode_t);
/* ERR_NOT_FOUND; at most 1 MiB. */
enum err	 file_read(struct op *, const char *path, char **text);

#endif
