/*
 * stream_old - a backup as Trove left it in storage: the tool's output, as a
 * rule in gzip's format, and before its release Victoria encrypted by openssl.
 * Nothing is authenticated; gzip's checksum and length are the word that counts,
 * besides the digest that storage has of each object.
 */
#ifndef AGENT_STREAM_OLD_H
#define AGENT_STREAM_OLD_H

#include "agent/stream.h"
#include "lib/base/salted.h"

struct old_form {
	bool		 gzip;
	const struct salted_key *key;	/* NULL: not encrypted */
};

/*
 * As stream_in: the sink counts when stream_old_end() is OK.  ERR_FORGED: cut
 * off, damaged, or with something behind its end.
 */
struct stream_old;
enum err	 stream_old_begin(struct op *, const struct old_form *,
		    stream_sink, void *arg, struct stream_old **);
enum err	 stream_old_put(struct op *, struct stream_old *,
		    const void *bytes, size_t n);
enum err	 stream_old_end(struct op *, struct stream_old *);

#endif
