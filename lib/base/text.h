/*
 * text - an append buffer that belongs to an op, and the few questions that
 * are asked of strings everywhere: is it a UUID, is it UTF-8, decode it once.
 */
#ifndef LIB_BASE_TEXT_H
#define LIB_BASE_TEXT_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

struct text {
	struct op	*op;
	char		*s;		/* always terminated */
	size_t		 len, room;
};

void	 text_begin(struct text *, struct op *, size_t room);
void	 text_add(struct text *, const char *);
void	 text_addn(struct text *, const char *, size_t);
void	 text_grow(struct text *, size_t n);	/* so that n bytes more fit */
void	 text_printf(struct text *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

/* Room for n bytes more and the NUL, to be filled by hand; then say where they end. */
static inline char *
text_room(struct text *t, size_t n)
{
	if (t->room - t->len <= n)
		text_grow(t, n);
	return t->s + t->len;
}

static inline void
text_end(struct text *t, char *end)
{
	*end = '\0';
	t->len = (size_t)(end - t->s);
}

static inline void
text_addc(struct text *t, char c)
{
	char *p = text_room(t, 1);

	*p++ = c;
	text_end(t, p);
}

#define UUID_LEN 36
bool	 text_is_uuid(const char *);		/* 8-4-4-4-12 hex digits, any case */
void	 text_uuid(char out[UUID_LEN + 1]);	/* a new random one (version 4) */
bool	 text_is_utf8(const char *, size_t);	/* no NUL, no surrogates, no overlongs */

/*
 * Decodes %xx once.  NULL when a % is not followed by two hex digits, when a
 * NUL comes out, or when the result is not UTF-8.  The result is the op's.
 */
char	*text_unescape(struct op *, const char *, size_t);
char	*text_escape(struct op *, const char *);	/* all but unreserved (RFC 3986) */
char	*text_escape_path(struct op *, const char *);	/* ... and "/" */

/*
 * Lines with "; " between, without blanks in front and without the caret that
 * points into the line above.
 */
const char *text_one_line(struct op *, const char *);

/* One line into several of less than 80 bytes where there is a good place: after a sentence, before "(", after ": ". */
char	*text_fold(struct op *, const char *);

/* Whole string a decimal number in [lo, hi]: true, and stored. */
bool	 text_number(const char *, int64_t lo, int64_t hi, int64_t *);

/* Lower-case hex; out holds 2n + 1. */
void	 text_hex(char *out, const unsigned char *, size_t n);
bool	 text_unhex(unsigned char *out, const char *, size_t n);	/* n bytes from 2n digits */

/* Base64 of RFC 4648, padded, no blanks in it.  NULL when it is none; else the op's, and a NUL behind. */
char	*text_unbase64(struct op *, const char *, size_t *n);

/*
 * Split a string that is the op's own at every byte of seps; empty parts are
 * dropped, blanks around a part are cut off.  The list ends with NULL.
 */
char   **text_split(struct op *, const char *, const char *seps);

/* What may never be printed: its text is reached by name only. */
struct secret { const char *never_log; };
#define SECRET(s) ((struct secret){ s })
static inline const char *
secret_show(struct secret s)
{
	return s.never_log == NULL || *s.never_log == '\0' ? "" : "***";
}

#endif
