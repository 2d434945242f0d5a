/*
 * untar - files and directories out of a tar stream, into a directory that was
 * made empty for them.  What else a tar may hold, and names that lead out of the
 * directory, end it: ERR_BAD_REQUEST, as does a stream that ends early.
 */
#ifndef AGENT_UNTAR_H
#define AGENT_UNTAR_H

#include "lib/base/op.h"

/* Reads to the end of the stream.  dir: a descriptor of the directory. */
enum err	 untar(struct op *, int stream, int dir);

#endif
