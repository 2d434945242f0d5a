/*
 * json_scan - one strict pass over a JSON text before the library parses it:
 * json-c takes duplicate keys, lone surrogates and numbers that overflow
 * without a word.  Iterative, so depth costs no stack.
 */
#ifndef LIB_BASE_JSON_SCAN_H
#define LIB_BASE_JSON_SCAN_H

#include "lib/base/op.h"

/* ERR_BAD_REQUEST: "byte 12: duplicate key". */
enum err	 json_scan(struct op *, const char *, size_t);

#endif
