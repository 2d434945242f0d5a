/*
 * backup: what was taken of instances, and where it goes.  An instance's
 * backing_up names the one that runs.
 */
#define BACKUP_RUNS "('NEW', 'BUILDING', 'SAVING')"
#define BACKUP_COLUMNS "b.id, b.tenant_id, b.instance_id, b.name,"		\
	" b.description, b.state, b.parent_id, b.version_id, b.container,"	\
	" b.location, b.size, b.created, b.updated FROM backups b "
/* tenant or NULL: of all; instance or NULL; datastore or NULL; limit; offset */
STMT(BACKUPS_LIST, 5,
    "SELECT " BACKUP_COLUMNS "WHERE b.deleted_at IS NULL"
    " AND ($1::text IS NULL OR b.tenant_id = $1::text)"
    " AND ($2::uuid IS NULL OR b.instance_id = $2::uuid)"
    " AND ($3::uuid IS NULL OR b.version_id IN (SELECT id FROM"
    " datastore_versions WHERE datastore_id = $3::uuid))"
    " ORDER BY b.updated DESC, b.id LIMIT $4::int OFFSET $5::bigint")
STMT(BACKUP_SHOW, 2,
    "SELECT " BACKUP_COLUMNS "WHERE b.id = $1::uuid AND b.deleted_at IS NULL"
    " AND ($2::text IS NULL OR b.tenant_id = $2::text)")
STMT(BACKUP_LATEST, 1,
    "SELECT id FROM backups WHERE instance_id = $1::uuid AND deleted_at IS"
    " NULL AND state = 'COMPLETED' ORDER BY updated DESC, id LIMIT 1")
/* The instance's own container, else the project's. */
STMT(BACKUP_CONTAINER, 2,
    "SELECT container FROM backup_strategies WHERE tenant_id = $1::text AND"
    " instance_id IN ('', $2::text) ORDER BY instance_id DESC LIMIT 1")

/* instance, backup: no other begins, and nothing else that changes it. */
STMT(BACKUP_HOLD, 2,
    "WITH hit AS (UPDATE instances SET backing_up = $2::uuid WHERE id ="
    " $1::uuid AND deleted_at IS NULL AND server_status = 'ACTIVE' AND task"
    " IN ('NONE', 'RESTART_REQUIRED') AND backing_up IS NULL RETURNING id)"
    " SELECT refuse('CF409', 'The instance has changed.')"
    " WHERE NOT EXISTS (SELECT FROM hit)")
/* Held until the child is there, against a delete. */
STMT(BACKUP_PARENT, 1,
    "WITH hit AS (SELECT id FROM backups WHERE id = $1::uuid AND deleted_at IS"
    " NULL FOR SHARE) SELECT refuse('CF404', 'Resource ' || $1::text ||"
    " ' cannot be found.') WHERE $1::text IS NOT NULL AND NOT EXISTS (SELECT"
    " FROM hit)")
/* id, tenant, instance, name, description, state, parent, version, container, location, size */
STMT(BACKUP_INSERT, 11,
    "INSERT INTO backups (id, tenant_id, instance_id, name, description,"
    " state, parent_id, version_id, container, location, size) VALUES"
    " ($1::uuid, $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::uuid,"
    " $8::uuid, $9::text, $10::text, $11::double precision)")
STMT(BACKUP_PROBE, 1, "SELECT 1 FROM backups WHERE id = $1::uuid")

/* With all that stand upon it.  Locked first: who makes a child of one has come before, or waits. */
#define BACKUP_FAMILY "WITH RECURSIVE family AS (SELECT id FROM backups"	\
	" WHERE id = $1::uuid AND deleted_at IS NULL UNION SELECT b.id FROM"	\
	" backups b JOIN family f ON b.parent_id = f.id WHERE b.deleted_at IS"	\
	" NULL) "
STMT(BACKUP_LOCK, 1,
    BACKUP_FAMILY "SELECT id FROM backups WHERE id IN (SELECT id FROM family)"
    " ORDER BY id FOR UPDATE")
STMT(BACKUP_DELETE, 1,
    BACKUP_FAMILY ", running AS (SELECT min(id::text) AS id FROM backups"
    " WHERE id IN (SELECT id FROM family) AND state IN " BACKUP_RUNS
    " AND updated > now() - interval '3 days'),"
    " hit AS (UPDATE backups SET deleted_at = now(), updated = now() WHERE id"
    " IN (SELECT id FROM family) RETURNING tenant_id)"
    " SELECT CASE WHEN (SELECT id FROM running) IS NOT NULL THEN"
    " refuse('CF422', 'Backup ' || (SELECT id FROM running) ||"
    " ' cannot be deleted because it is running.') END,"
    " quota_charge(tenant_id, 0, 0, 0, -count(*)::int, -1, -1, -1, -1)"
    " FROM hit GROUP BY tenant_id")
/* tenant, then the configured limits */
STMT(BACKUP_CHARGE, 5,
    "SELECT quota_charge($1::text, 0, 0, 0, 1, $2::int, $3::int, $4::int,"
    " $5::int)")

/* Written by workers. */
STMT(BACKUP_BEGUN, 1,
    "UPDATE backups SET state = 'BUILDING', updated = now() WHERE id ="
    " $1::uuid AND state = 'NEW'")
/* id, location, GB */
STMT(BACKUP_STORED, 3,
    "UPDATE backups SET location = $2::text, size = $3::double precision WHERE"
    " id = $1::uuid AND state = 'BUILDING'")
/* id, instance, state */
STMT(BACKUP_ENDED, 3,
    "WITH free AS (UPDATE instances SET backing_up = NULL WHERE id = $2::uuid"
    " AND backing_up = $1::uuid) UPDATE backups SET state = $3::text, updated"
    " = now() WHERE id = $1::uuid AND state IN " BACKUP_RUNS)
/* What still runs when an instance's state is reset. */
STMT(BACKUPS_FAIL, 1,
    "WITH free AS (UPDATE instances SET backing_up = NULL WHERE id ="
    " $1::uuid AND backing_up IS NOT NULL) UPDATE backups SET state ="
    " 'FAILED', updated = now() WHERE instance_id = $1::uuid AND deleted_at"
    " IS NULL AND state IN " BACKUP_RUNS)

/* --- strategies --------------------------------------------------------------- */

/* tenant, instance or NULL: all */
STMT(STRATEGIES_LIST, 2,
    "SELECT instance_id, container FROM backup_strategies WHERE tenant_id ="
    " $1::text AND ($2::text IS NULL OR instance_id = $2::text)"
    " ORDER BY instance_id")
STMT(STRATEGY_SET, 3,
    "INSERT INTO backup_strategies (tenant_id, instance_id, container) VALUES"
    " ($1::text, $2::text, $3::text) ON CONFLICT (tenant_id, instance_id) DO"
    " UPDATE SET container = excluded.container")
STMT(STRATEGY_DELETE, 2,
    "DELETE FROM backup_strategies WHERE tenant_id = $1::text AND instance_id"
    " = $2::text")
