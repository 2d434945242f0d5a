/*
 * route - from the raw request line to a row of routes.c.  Everything is
 * decided on this one string: split at '/', each segment decoded once.
 */
#ifndef FCGI_ROUTE_H
#define FCGI_ROUTE_H

#include "fcgi/api.h"

#define SEGMENTS_MAX 12

enum method	 method_find(const char *word);	/* METHOD_OTHER: unknown */
const char	*method_word(enum method);

/*
 * Split r->uri into r->path and r->query, find r->route and fill in r->arg
 * and r->tenant; where a resource has its form as a suffix (media.h), without
 * it.  ERR_NOT_FOUND: no such route, or a path that nobody should
 * write (empty and dot segments, encoded slashes, NUL, no UTF-8); r->tenant
 * is set all the same when the path is one below /v1.0/{tenant}.
 */
enum err	 route_request(struct request *);

#endif
