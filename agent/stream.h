/*
 * stream - what of a backup lies in storage:
 *
 *	8 bytes		"cofferb" and the version
 *	24 bytes	head of a sealed stream (seal.h)
 *	pieces		each 4 bytes of length, least first, and as many sealed
 *
 * The pieces opened are one zstd stream.  The backup's id is bound into each of
 * them, the last one says that it is it, and nothing comes behind.  Where a
 * stream is cut into objects means nothing to it.  Both ways take the bytes as
 * they come, in a bounded memory: 16 MiB and less.
 */
#ifndef AGENT_STREAM_H
#define AGENT_STREAM_H

#include "lib/base/seal.h"

#include <stdint.h>

/* Takes what comes out, in order; what it fails with ends the stream. */
typedef enum err (*stream_sink)(struct op *, void *arg, const void *bytes,
    size_t n);

/* From data to storage.  They belong to the op. */
struct stream_out;
enum err	 stream_out_begin(struct op *, const struct key *,
		    const char *backup, stream_sink, void *arg,
		    struct stream_out **);
enum err	 stream_out_put(struct op *, struct stream_out *,
		    const void *bytes, size_t n);
enum err	 stream_out_end(struct op *, struct stream_out *);

/*
 * And back.  ERR_FORGED for what is not all of what was put, in its order, under
 * this key and id; the sink sees nothing that was not opened, but may have seen
 * the beginning of a damaged one: it counts when stream_in_end() is OK.
 */
struct stream_in;
enum err	 stream_in_begin(struct op *, const struct key *,
		    const char *backup, stream_sink, void *arg,
		    struct stream_in **);
enum err	 stream_in_put(struct op *, struct stream_in *,
		    const void *bytes, size_t n);
enum err	 stream_in_end(struct op *, struct stream_in *);

#endif
