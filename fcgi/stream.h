/*
 * stream - bodies that are too large for memory, both ways: what pool STORES is
 * given in place of a body that was read.  fcgi/request.c makes it of nginx's
 * connection, a test of what it likes.
 */
#ifndef FCGI_STREAM_H
#define FCGI_STREAM_H

#include "fcgi/api.h"

struct stream {
	const char	*const *params;	/* "HTTP_X_OBJECT_META_LINES=3" ..., NULL */
	int64_t		 length;	/* of the request's body, as declared; -1: it was not */
	/* Some of it; *n 0 is its end.  ERR_TOO_SLOW: it broke off, or does not move. */
	enum err	(*take)(struct request *, void *, size_t, size_t *n);
	/* The answer's body: so many bytes, which pour() gives when the head is out. */
	int64_t		 answer;	/* -1: the answer is as others are */
	enum err	(*pour)(struct request *);
	enum err	(*give)(struct request *, const void *, size_t);
	void		*pouring;	/* pour's own */
};

/* Of params, by CGI's name; NULL: not there. */
const char	*stream_param(const struct stream *, const char *name);

#endif
