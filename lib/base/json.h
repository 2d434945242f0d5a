/*
 * json - what strangers send, parsed once and strictly: duplicate keys, lone
 * surrogates, NUL in strings, numbers beyond a double's, trailing bytes, more
 * depth or members than the limits allow are all refused.
 * The parsed tree belongs to the op.
 */
#ifndef LIB_BASE_JSON_H
#define LIB_BASE_JSON_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

struct json;				/* one value of a parsed document */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_STR,
		 JSON_LIST, JSON_MAP,
		 JSON_BIG,	/* a whole number from 2^63 to 2^64 - 1; still larger ones are JSON_REAL */
		 JSON__MAX };

#define JSON_DEPTH	32		/* nesting accepted */
#define JSON_MEMBERS	10000		/* values in one document accepted */

/* ERR_BAD_REQUEST with a text that names the byte offset. */
enum err	 json_parse(struct op *, const char *, size_t,
		    const struct json **);

enum json_kind	 json_kind(const struct json *);	/* NULL counts as JSON_NULL */
const struct json *json_get(const struct json *, const char *path);
	/* "instance/volume/size"; NULL when any part is missing or no map */
bool		 json_has(const struct json *, const char *key);
const struct json *json_member(const struct json *, const char *key);
	/* of a map; key is no path */
size_t		 json_count(const struct json *);	/* of a list or map; else 0 */
const struct json *json_at(const struct json *, size_t);	/* of a list */
/* Walks a map: *at starts at NULL; false when there is no further member. */
bool		 json_next(const struct json *map, void **at,
		    const char **key, const struct json **value);

/* The value, or NULL/0/false when it is of another kind. */
const char	*json_str(const struct json *);
int64_t		 json_int(const struct json *);
uint64_t	 json_big(const struct json *);
double		 json_real(const struct json *);
bool		 json_true(const struct json *);

/* --- made by hand, from what came in another form; all is the op's ------------ */
const char	*json_text(struct op *, const struct json *);	/* as one would write it */
struct json	*json_new(struct op *, enum json_kind);	/* an empty LIST or MAP */
/* A BOOL or STR of a text, or as INT or REAL whatever number it is in JSON; NULL: it is none. */
const struct json *json_of_text(struct op *, enum json_kind, const char *);
/* Of two values of one key the last stays; a list takes them without a key. */
void		 json_put(struct json *, const char *key, const struct json *);

#endif
