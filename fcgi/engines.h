/*
 * engines - what can be done with the engines of versions, beyond databases
 * and users.  Where compute is one of tests (null, fake), each stands for the
 * null engine.
 */
#ifndef FCGI_ENGINES_H
#define FCGI_ENGINES_H

#include "fcgi/api.h"
#include "lib/store/catalog.h"

enum ability { TAKES_BACKUPS, RESTORES_BACKUPS, ABILITY__MAX };

bool		 engine_can(const char *manager, enum ability);
/*
 * ERR_NOT_BUILT "The 'create_backup' operation is not supported for the
 * 'mariadb' datastore." unless the version's engine can.
 */
enum err	 engine_check(struct op *, const struct version_row *,
		    enum ability, const char *operation);

#endif
