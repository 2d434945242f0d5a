/*
 * request - the only owner of libfcgi: from nginx's connections to struct
 * request and back.  A process serves one connection until nginx closes it,
 * so nginx must keep fewer than there are processes (nginx/coffer.conf).
 */
#ifndef FCGI_REQUEST_H
#define FCGI_REQUEST_H

#include "fcgi/api.h"

/* Make the unix socket; once, in the parent.  ERR_INTERNAL. */
enum err	 request_listen(struct op *, const char *path);
void		 request_open(void);	/* in each process */
/* Wait a second at most for a request, and answer it.  A signal ends the wait. */
enum err	 request_once(struct op *, enum pool);

#endif
