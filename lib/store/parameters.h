/*
 * parameters - which settings a datastore version has, and what values they
 * may take.  Names are compared without regard to case.
 */
#ifndef LIB_STORE_PARAMETERS_H
#define LIB_STORE_PARAMETERS_H

#include "lib/base/op.h"

struct parameter {
	const char	*name, *type;	/* boolean, integer, float, string */
	const char	*restart;	/* "t", "f" */
	const char	*min, *max;	/* numbers as text; NULL or "": none */
};

/* In the order in which clients get them. */
enum err	 parameters_read(struct op *, const char *version_id,
		    struct parameter **, int *n);
/* ERR_NOT_FOUND "Resource <name> cannot be found." */
enum err	 parameter_read(struct op *, const char *version_id,
		    const char *name, struct parameter *);
/* ERR_CONFLICT: there is one of this name. */
enum err	 parameter_insert(struct op *, const char *version_id,
		    const struct parameter *);
/* Both ERR_NOT_FOUND; the first as the insert, too. */
enum err	 parameter_change(struct op *, const char *version_id,
		    const char *name, const struct parameter *);
enum err	 parameter_remove(struct op *, const char *version_id,
		    const char *name);

#endif
