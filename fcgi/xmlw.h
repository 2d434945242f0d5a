/*
 * xmlw - an answer in XML, made of the JSON that its handler wrote: one walk
 * over the finished text, so that no handler knows of it.
 */
#ifndef FCGI_XMLW_H
#define FCGI_XMLW_H

#include "lib/base/text.h"

/*
 * The document into out, which the function begins.  fault: the members of the
 * root are those of an error.  False, and out is worth nothing: the JSON is no
 * object, or nested deeper than XMLW_DEPTH.
 */
#define XMLW_DEPTH	64
bool	 xmlw_document(struct text *out, struct op *, const char *json,
	    size_t, bool fault);

#endif
