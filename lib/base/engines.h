/*
 * engines - every database engine on one page, for all who must know of one
 * without speaking to it: port, template, names, backups.  What an agent does
 * with it is agent/datastore.h.
 */
#ifndef LIB_BASE_ENGINES_H
#define LIB_BASE_ENGINES_H

#include "lib/base/op.h"

#include <stdbool.h>

struct engine {
	const char	*name;		/* manager of datastore versions */
	int		 port;
	/* A new volume of the local drivers; server NULL: it begins with nothing. */
	const char	*server;	/* a change of this file asks for a new template; no path: in its home */
	const char	*const *install;	/* run once in a sandbox without network; %s is the volume, a second one the home; NULL: nothing to run */
	/* Characters that the engine keeps of a name; 0: it has none such. */
	int		 database_max, user_max;
	/* Backups: end of an object's name ("xbstream.gz" is the clients' word); NULL: takes none. */
	const char	*suffix;
	bool		 increments;	/* upon an earlier one */
	bool		 bare;		/* a user is a name without blanks: no host, no databases */
	/* The setting of local.* that names its home, a directory outside of the system's own; NULL: none. */
	const char	*home;
};

/* NULL: no such engine.  One with a home counts where the setting names one. */
const struct engine *engine_find(const char *name);
/* The same; where compute is one of tests (null, fake), each stands for the null engine. */
const struct engine *engine_serving(const char *name);

/*
 * What the end of a name says that Trove gave to a backup of this engine:
 * "id.xbstream.gz", before Victoria also "id.xbstream.gz.enc", of Redis
 * "id.gz".  False: that it cannot be read.
 */
struct old_name { bool gzip, salted; };
bool		 engine_old_name(const struct engine *, const char *name,
		    struct old_name *);
/* Its home, or "". */
const char	*engine_home(const struct engine *);
/* The path of its server, the op's; NULL: it has none. */
const char	*engine_server(struct op *, const struct engine *);

extern const struct engine engines[];	/* ends with a NULL name */

#endif
