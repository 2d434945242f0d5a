/*
 * md5 - the digest of RFC 1321, for APIs that show it: of modules, and of what
 * lies in object stores.  It tells contents apart and protects nothing.
 */
#ifndef LIB_BASE_MD5_H
#define LIB_BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

#define MD5_HEX 32

void	 md5_hex(char out[MD5_HEX + 1], const void *, size_t);

/* The same of what comes in pieces; it owns nothing, and may be copied. */
struct md5 { uint32_t state[4]; uint64_t bytes; unsigned char rest[64]; };
void	 md5_begin(struct md5 *);
void	 md5_add(struct md5 *, const void *, size_t);
void	 md5_end(struct md5 *, char out[MD5_HEX + 1]);

#endif
