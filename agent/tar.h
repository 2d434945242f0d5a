/*
 * tar - writes what untar.h reads: directories, files and their end.  Names
 * are relative and of 100 bytes at the most.
 */
#ifndef AGENT_TAR_H
#define AGENT_TAR_H

#include "lib/base/op.h"

#include <stdint.h>

/* An entry begins; size bytes have to follow, and then tar_pad(). */
enum err	 tar_file(struct op *, int to, const char *name, int64_t size);
enum err	 tar_bytes(struct op *, int to, const void *, size_t n);
enum err	 tar_pad(struct op *, int to, int64_t size);

enum err	 tar_directory(struct op *, int to, const char *name);
/* A whole small one. */
enum err	 tar_text(struct op *, int to, const char *name,
		    const char *text);
enum err	 tar_end(struct op *, int to);

#endif
