/*
 * engines - every database engine on one page, for all who must know of one
 * without speaking to it: port, template, names, backups.  What an agent does
 * with it is agent/datastore.h.
 */
#ifndef LIB_BASE_ENGINES_H
#define LIB_BASE_ENGINES_H

#include "lib/base/op.h"

#include <stdbool.h>

/*
 * Rows of fcgi/defaults.tbl.h that are an engine's.  OLD: of versions before
 * the one that its contract names; NEW: of that and later ones.
 */
enum engine_defaults {
	DEFAULTS_MYSQL = 1, DEFAULTS_OLD_MYSQL = 2, DEFAULTS_MARIADB = 4,
	DEFAULTS_PERCONA = 8,
	DEFAULTS_FAMILY = DEFAULTS_MYSQL | DEFAULTS_MARIADB | DEFAULTS_PERCONA,
	DEFAULTS_NEW_POSTGRES = 16, DEFAULTS_OLD_POSTGRES = 32,
	DEFAULTS_POSTGRES = DEFAULTS_NEW_POSTGRES | DEFAULTS_OLD_POSTGRES,
	DEFAULTS_REDIS = 64,
};

/* What the API's contract says of an engine, also of one that nothing here serves. */
struct engine_contract {
	const char	*superuser;	/* what root is called; NULL: root */
	bool		 root_always;	/* its root is served also where its users are not */
	bool		 no_users;	/* it refuses users and databases: ours go beyond it (api.stock) */
	bool		 replicates;
	/* Clusters: of how many they begin; 0: of none.  exact: of no more. */
	int		 cluster;
	bool		 cluster_exact, cluster_configurable;
	enum engine_defaults defaults, defaults_old;
	double		 defaults_since;	/* version; before it the old ones */
};

/* How names are measured and made, beyond what holds for all; lists end with NULL. */
struct engine_names {
	const char	*const *databases, *const *users;	/* reserved; NULL: no more than everywhere */
	bool		 bytes;		/* lengths are of bytes, not of characters */
	bool		 free;		/* a database may be called nearly anything */
	bool		 charsets;	/* character sets and collations are the server's own words */
};

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
	bool		 kindless;	/* Trove named its backups without a word of their kind */
	const struct engine_contract *contract;	/* never NULL */
	const struct engine_names *names;	/* never NULL */
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

/* One whose names serve to judge what no engine would take. */
#define ENGINE_USUAL	"mysql"

extern const struct engine engines[];	/* ends with a NULL name */

#endif
