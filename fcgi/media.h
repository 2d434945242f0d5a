/*
 * media - JSON or XML: which one the client sends, which one it wants, and
 * the way from one to the other.  All between knows JSON only.
 */
#ifndef FCGI_MEDIA_H
#define FCGI_MEDIA_H

#include "fcgi/api.h"

/*
 * From the path's suffix and Accept: r->wants_xml; and where the path has no
 * version in it, that of Accept.  ERR_NOT_ACCEPTABLE for an unknown version.
 */
enum err	 media_negotiate(struct request *);

/* The length of ".xml" or ".json" at the path's end, which asks for that form; else 0. */
size_t		 media_suffix(const char *path, size_t len);

/* The body by its Content-Type, into r->body.  ERR_BAD_MEDIA, ERR_BAD_REQUEST. */
enum err	 media_body(struct request *);

/* The answer, once it is complete, in the form that was wanted. */
void		 media_answer(struct request *);

#endif
