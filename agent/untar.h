/*
 * untar - files and directories out of a tar stream, into a directory that was
 * made empty for them.  What else a tar may hold, and names that lead out of the
 * directory, end it: ERR_BAD_REQUEST, as does a stream that ends early.
 */
#ifndef AGENT_UNTAR_H
#define AGENT_UNTAR_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

/* Reads to the end of the stream.  dir: a descriptor of the directory. */
enum err	 untar(struct op *, int stream, int dir);

/*
 * The same, by somebody who knows more: he is shown each file, and takes it
 * himself or leaves it (*mine as it was).  All size bytes have to be read.
 */
struct untar;
enum err	 untar_read(struct untar *, void *to, size_t n);
typedef enum err (*untar_own)(struct op *, void *arg, struct untar *,
    const char *name, int64_t size, bool *mine);
enum err	 untar_with(struct op *, int stream, int dir, untar_own,
		    void *arg);

#endif
