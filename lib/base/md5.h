/*
 * md5 - the digest of RFC 1321, for the API that shows it of modules.  It
 * tells contents apart and protects nothing.
 */
#ifndef LIB_BASE_MD5_H
#define LIB_BASE_MD5_H

#include <stddef.h>

#define MD5_HEX 32

void	 md5_hex(char out[MD5_HEX + 1], const void *, size_t);

#endif
