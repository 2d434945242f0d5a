/* defaults - what a server is configured with, by engine, version and memory. */
#ifndef FCGI_DEFAULTS_H
#define FCGI_DEFAULTS_H

#include "lib/base/jsonw.h"

struct defaults_of {
	const char	*instance, *manager, *number;	/* of the version: "5.7.29" */
	int		 ram_mb;
};

/* A map of options; false: nothing is known of such a manager. */
bool		 view_defaults(struct jsonw *, const struct defaults_of *);

#endif
