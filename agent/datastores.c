/* Every engine on one page. */
#include "agent/datastore.h"
#include "agent/mariadb_dialect.h"

#include <assert.h>
#include <string.h>

const struct datastore *const datastores[] = {
	&datastore_mariadb,
	&datastore_mysql,
	&datastore_postgresql,
	&datastore_redis,
	&datastore_null,
	&datastore_failing,
	NULL
};

static const char *const words[] = {
	[DB_NEW] = "new",
	[DB_BUILDING] = "building",
	[DB_HEALTHY] = "healthy",
	[DB_SHUTDOWN] = "shutdown",
	[DB_CRASHED] = "crashed",
	[DB_FAILED] = "failed",
	[DB_BLOCKED] = "blocked",
	[DB_FULL] = "full",
};
_Static_assert(sizeof(words) / sizeof(words[0]) == DB__MAX,
    "every status has a word");

const struct datastore *
datastore_find(const char *name)
{
	for (const struct datastore *const *d = datastores; *d != NULL; d++)
		if (strcmp((*d)->name, name) == 0)
			return *d == &datastore_mysql && !mysql_serves() ?
			    &datastore_mariadb : *d;
	return NULL;
}

const char *
db_status_word(enum db_status status)
{
	assert(status < DB__MAX);
	return words[status];
}
