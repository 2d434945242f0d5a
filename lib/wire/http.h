/*
 * http - the only owner of libcurl: one kept connection, a request, a bounded
 * answer.  It follows no redirection and asks no proxy of the environment.
 */
#ifndef LIB_WIRE_HTTP_H
#define LIB_WIRE_HTTP_H

#include "lib/base/op.h"

#include <stdbool.h>

struct http_how {
	int		 connect_ms, total_ms;	/* total 0: however long */
	size_t		 most;		/* bytes of an answer's body accepted */
	const char	*ca_file;	/* who is trusted with TLS; "": the system's */
	const char	*socket;	/* a unix socket to go through; NULL: none */
	int		 silent_s;	/* broken off when nothing moves for so long; 0: never */
};

struct http;

/* Connects lazily and again after a loss; never fails.  Copies how. */
struct http	*http_new(const struct http_how *);
void		 http_free(struct http *);

struct http_request {
	const char	*method, *url;
	const char	*const *headers;	/* name, value, name, value ..., NULL; may be NULL */
	const char	*body;		/* JSON, or NULL */
	const void	*bytes;		/* or what is no JSON, and is not copied; NULL: none */
	size_t		 len;
	/* Takes the body of a good answer (2xx) as it comes; false: too long.  NULL: collected. */
	bool		(*sink)(void *arg, const char *bytes, size_t n);
	void		*arg;
};
struct http_answer {			/* belongs to the op */
	int		 status;
	const char	*body;		/* terminated; may hold NULs: see len */
	size_t		 len;
	const char	*headers;	/* as they came, one a line */
};

/*
 * ERR_UNAVAILABLE: nobody there, too slow, or broken off.  After that, calls
 * fail at once for a moment, so that a server that is gone does not hold up
 * everybody who asks.  ERR_CLOUD: the answer is too long or no HTTP.
 */
enum err	 http_send(struct op *, struct http *,
		    const struct http_request *, struct http_answer *);
/* Of an answer; without regard to case; NULL: not there. */
const char	*http_header(struct op *, const struct http_answer *,
		    const char *name);

#endif
