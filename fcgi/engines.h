/*
 * engines - whose versions take backups and are restored from them.  Where
 * compute is one of tests (null, fake), each stands for the null engine.
 */
#ifndef FCGI_ENGINES_H
#define FCGI_ENGINES_H

#include "fcgi/api.h"
#include "lib/store/catalog.h"

/*
 * ERR_NOT_BUILT "The 'create_backup' operation is not supported for the
 * 'mariadb' datastore." unless the version's engine can.
 */
enum err	 engine_check(struct op *, const struct version_row *,
		    const char *operation);
/* The same of backups upon earlier ones. */
enum err	 engine_increments_check(struct op *,
		    const struct version_row *);

/* No data are moved for it: its backups are rows. */
bool		 engine_rehearses(const struct version_row *);

#endif
