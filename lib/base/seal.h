/*
 * seal - the only owner of libsodium: randomness, key derivation, sealed
 * messages, sealed columns, passwords and token hashes.
 */
#ifndef LIB_BASE_SEAL_H
#define LIB_BASE_SEAL_H

#include "lib/base/op.h"

#include <stdbool.h>

#define SEAL_KEY	32
#define SEAL_HASH	32
#define SEAL_MORE	40		/* bytes that sealing adds: nonce and tag */

struct key { unsigned char b[SEAL_KEY]; };

void		 seal_init(void);
void		 seal_random(void *, size_t);
/* n characters of [A-Za-z0-9] from the system's generator. */
char		*seal_password(struct op *, size_t n);

/*
 * The master key: a file of 64 hex digits, readable by its owner only.
 * Refused: missing, empty, short, all one digit, readable by others.
 */
enum err	 seal_key_load(struct op *, const char *path, struct key *);

/* The one of coffer.key_file: loaded once per process; asked for before that, a bug. */
enum err	 seal_master_load(struct op *);
const struct key *seal_master(void);

/*
 * A key that belongs to one purpose and one name, from the master key.
 * Guests' keys are made so: they stand in no column, and a guest that learns
 * its own learns nothing of the master's or another's.
 */
void		 seal_derive(struct key *out, const struct key *master,
		    const char *purpose, const char *name, int epoch);

/*
 * XChaCha20-Poly1305 with a random nonce in front.  out holds n + SEAL_MORE
 * (seal) or n - SEAL_MORE (open).  about is bound in, not hidden.
 */
void		 seal_close(unsigned char *out, const struct key *,
		    const void *about, size_t about_len,
		    const void *in, size_t n);
bool		 seal_open(unsigned char *out, const struct key *,
		    const void *about, size_t about_len,
		    const void *in, size_t n);

/*
 * A long stream, in pieces, each sealed in its place: one that is changed, left
 * out, moved or another stream's does not open, and the last says that it is it.
 * A piece grows by SEAL_PIECE_MORE.  about is bound into each.
 */
#define SEAL_STREAM_HEAD 24
#define SEAL_PIECE_MORE	17
struct seal_stream { _Alignas(16) unsigned char state[64]; };
void		 seal_stream_begin(struct seal_stream *, const struct key *,
		    unsigned char head[SEAL_STREAM_HEAD]);
void		 seal_stream_close(struct seal_stream *, unsigned char *out,
		    const char *about, const void *in, size_t n, bool last);
void		 seal_stream_resume(struct seal_stream *, const struct key *,
		    const unsigned char head[SEAL_STREAM_HEAD]);
bool		 seal_stream_open(struct seal_stream *, unsigned char *out,
		    const char *about, const void *in, size_t n, bool *last);

/*
 * A text for a database column: seal_close, then base64.  about names the row,
 * so that one row's text cannot be moved to another.
 */
char		*seal_text(struct op *, const struct key *, const char *about,
		    const char *plain);
enum err	 seal_untext(struct op *, const struct key *, const char *about,
		    const char *sealed, const char **plain);	/* ERR_FORGED */

/* Argon2id, 19 MiB, 2 passes (OWASP's floor). */
char		*seal_password_hash(struct op *, const char *password);
bool		 seal_password_ok(const char *hash, const char *password);

void		 seal_hash(unsigned char out[SEAL_HASH], const void *, size_t);
/* HMAC-SHA256 (RFC 2104), for others' formats: temporary URLs.  out may be where the key is. */
void		 seal_hmac(unsigned char out[SEAL_HASH], const void *key,
		    size_t n, const char *text);
void		 seal_sha256(unsigned char out[SEAL_HASH], const void *, size_t);	/* what others ask for by that name */
bool		 seal_equal(const void *, const void *, size_t);	/* constant time */
void		 seal_wipe(void *, size_t);

#endif
