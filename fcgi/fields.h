/*
 * fields - what a body may hold: a table beside each handler, walked before
 * the handler is called.  A handler never sees a member of the wrong kind.
 *
 *	const struct field user_new[] = {
 *		{ "users",            LIST, REQUIRED | ONE_OR_LIST },
 *		{ "users[]",          MAP },
 *		{ "users[]/name",     NES,  REQUIRED, 1, 65535 },
 *		{ "users[]/password", NES,  REQUIRED | HIDDEN },
 *		{ "users[]/host",     HOST },
 *		{ 0 }
 *	};
 *
 * A row says something of a member only when its parent is there and is a map;
 * so a required member of an optional parent is written as it reads.
 * "x[]" are the elements of the list x; give them a row of their own.
 * Members without a row are let through, except in a map marked CLOSED.
 * A first row with the path "" lets a body be no map at all: it is as none.
 * A missing body counts as {}: with a REQUIRED or EITHER root it is refused.
 *
 * What some SDKs send besides the contract is said so:
 *	{"users": {...}}             ONE_OR_LIST: a map stands for a list of one;
 *	                             read it with items_count(), items_at()
 *	{"database": {...}} too      { "databases", LIST, EITHER | ONE_OR_LIST },
 *	                             { "database", MAP, EITHER }
 *	{"resize": {"volume": 3}}    { "resize/volume", MAP_OR_SIZE },
 *	                             { "resize/volume/size", SIZE, REQUIRED }
 *	{"restart": null}            MAP, NULLABLE
 */
#ifndef FCGI_FIELDS_H
#define FCGI_FIELDS_H

#include "lib/base/json.h"
#include "lib/base/op.h"

#include <stdint.h>

/* min and max: characters of a string, value of a number, members of a list or map; max 0 is the preset, or none. */
enum field_kind {
	ANY = 1,
	STR,			/* a string; preset: no maximum */
	NES,			/* 1 to 255 characters, one of them a letter or digit */
	UUID,			/* 8-4-4-4-12 hex digits */
	INT,			/* an integer; true is none */
	NUMBER,			/* an integer or real */
	SIZE,			/* an integer >= 1, or up to 40 digits as a string */
	FLAG,			/* 0 or 1; true is none */
	BOOL,			/* true or false */
	FLAVOR,			/* NES or integer */
	HOST,			/* the host of a database user: "%", "10.0.0.%" */
	CIDR,			/* IPv4 with or without /0 to /32 */
	IPV4,
	LIST,
	MAP,
	MAP_OR_SIZE,
	FIELD__MAX
};

enum field_flag {
	REQUIRED = 1,
	EITHER = 2,		/* at least one of its siblings so marked must be there */
	NULLABLE = 4,		/* null is accepted, and is there */
	CLOSED = 8,		/* a map: no members but those with a row */
	UNIQUE = 16,		/* a list: no two elements the same */
	ONE_OR_LIST = 32,	/* a list: a map stands for a list of one */
	HIDDEN = 64,		/* never repeated in an error's text */
};

struct field {
	const char	*path;
	enum field_kind	 kind;
	unsigned	 flags;
	int64_t		 min, max;
};

/*
 * Walk a table; ERR_BAD_REQUEST with the contract's text:
 *   Validation error: instance['volume']['size'] 0 is less than the minimum of 1
 */
enum err fields_check(struct op *, const struct field *,
	    const struct json *body);

/* The elements of a list; a map is a list of one, NULL and null of none. */
size_t			 items_count(const struct json *);
const struct json	*items_at(const struct json *, size_t);

#endif
