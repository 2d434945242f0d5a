/* query - splitting and decoding it, before any handler; see api.h for asking. */
#ifndef FCGI_QUERY_H
#define FCGI_QUERY_H

#include "fcgi/api.h"

enum err query_parse(struct request *);	/* ERR_BAD_REQUEST: does not decode, or too many */
/* page_of() where the marker is an id: ERR_BAD_REQUEST when it is no UUID. */
enum err page_by_id(struct request *, struct page *);
/* page_of() for lists that a guest makes: there a limit of 0 is as none. */
enum err guest_page_of(struct request *, struct page *);

#endif
