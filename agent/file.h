/*
 * file - small files of the volume, read and written whole.  What was put is
 * there after a crash, old or new and never half.
 */
#ifndef AGENT_FILE_H
#define AGENT_FILE_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

/* The path of a file, or a directory, of the volume: below agent.data. */
const char	*file_data(struct op *, const char *name);

/* Terminated with a NUL beyond len.  ERR_NOT_FOUND; ERR_INTERNAL over 1 MiB. */
enum err	 file_get(struct op *, const char *path, const char **bytes,
		    size_t *len);
/* All of them, to whatever it is; false: errno says why not. */
bool		 file_write(int fd, const void *bytes, size_t n);
/* Mode 0600; on the disk before this returns. */
enum err	 file_put(struct op *, const char *path, const char *bytes,
		    size_t len);
/* The same for what is written anew at every start: it need not outlast a power cut. */
enum err	 file_put_anew(struct op *, const char *path, const char *bytes,
		    size_t len);
/* What was put anew shall outlast one after all. */
enum err	 file_keep(struct op *, const char *path);
/* A directory that was made aside for another, which is left as made, or as old. */
enum err	 file_take_place(struct op *, const char *made,
		    const char *place, const char *old);
/* With all below it; links are not followed.  Gone already is well. */
enum err	 file_remove_tree(struct op *, const char *path);
/* Mode 0700; there already is well. */
enum err	 file_directory(struct op *, const char *path);

/*
 * A large file that is written from its begin to its end: the disk begins with it
 * while the rest comes, and the sync at the end waits for little.
 */
struct file_early { int fd; int64_t at, told; };
void		 file_early(struct file_early *, size_t written);

#endif
