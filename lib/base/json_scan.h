/*
 * json_scan - one strict pass over a JSON text before the library parses it:
 * json-c takes duplicate keys, lone surrogates and numbers that overflow
 * without a word.  Iterative, so depth costs no stack.
 */
#ifndef LIB_BASE_JSON_SCAN_H
#define LIB_BASE_JSON_SCAN_H

#include "lib/base/op.h"

/*
 * ERR_BAD_REQUEST: "byte 12: duplicate key".  *text is what the library is to
 * parse: the same, but for whole numbers of more than 64 bits, which are
 * spelled as reals in a copy.
 */
enum err	 json_scan(struct op *, const char *, size_t, const char **text);

#endif
