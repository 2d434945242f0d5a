/*
 * A volume without room.  Transactions are read only unless they say otherwise:
 * whoever wants to drop something says BEGIN READ WRITE.  Those that were begun
 * before may still write, so what runs of them is cancelled.
 */
#include "agent/postgresql.h"
#include "agent/settings.h"

#define CANCEL "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE "	\
    "backend_type = 'client backend' AND state = 'active' AND "		\
    "usename IS DISTINCT FROM '" POSTGRESQL_ADMIN "'"
#define WRITES " AND backend_xid IS NOT NULL"
#define NOT_FREEING " AND query !~* '^\\s*(drop|truncate|rollback|commit)\\M'"

/* postgresql_conf_write() looks at the room itself. */
static enum err
reread(struct op *op)
{
	const struct db_setting *s;

	TRY(settings_read(op, &s));
	TRY(postgresql_conf_write(op, s));
	return postgresql_reload(op);
}

enum err
postgresql_room(struct op *op, enum db_room room, bool news)
{
	if (news)
		TRY(reread(op));
	if (room == DB_LAST)
		return postgresql_rows(op, CANCEL NOT_FREEING, NULL, NULL, NULL);
	return room == DB_SHORT && news ?
	    postgresql_rows(op, CANCEL WRITES, NULL, NULL, NULL) : OK;
}
