/*
 * backup: what was taken of instances, and where it goes.  An instance's
 * backing_up names the one that runs.
 */
#define BACKUP_RUNS "('NEW', 'BUILDING', 'SAVING')"
#define BACKUP_COLUMNS "b.id, b.tenant_id, b.instance_id, b.name,"		\
	" b.description, b.state, b.parent_id, b.version_id, b.container,"	\
	" b.location, b.size, b.created, b.updated, b.key IS NOT NULL,"	\
	" b.verified, b.verified_at, b.verify_error, b.checksum"		\
	" FROM backups b "
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
    " NULL AND state = 'COMPLETED' AND verified IS DISTINCT FROM false ORDER BY"
    " updated DESC, id LIMIT 1")
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
/* id, tenant, instance, name, description, state, parent, version, container, location, size, checksum */
STMT(BACKUP_INSERT, 12,
    "INSERT INTO backups (id, tenant_id, instance_id, name, description,"
    " state, parent_id, version_id, container, location, size, checksum)"
    " VALUES"
    " ($1::uuid, $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::uuid,"
    " $8::uuid, $9::text, $10::text, $11::double precision,"
    " $12::text)")
STMT(BACKUP_PROBE, 1, "SELECT 1 FROM backups WHERE id = $1::uuid")

/* With all that stand upon it.  Locked first: who makes a child of one has come before, or waits. */
#define BACKUP_FAMILY "WITH RECURSIVE family AS (SELECT id FROM backups"	\
	" WHERE id = $1::uuid AND deleted_at IS NULL UNION SELECT b.id FROM"	\
	" backups b JOIN family f ON b.parent_id = f.id WHERE b.deleted_at IS"	\
	" NULL) "
STMT(BACKUP_LOCK, 1,
    BACKUP_FAMILY "SELECT id FROM backups WHERE id IN (SELECT id FROM family)"
    " ORDER BY id FOR UPDATE")
/* id: tasks that are to stop, of those of the family that still run */
STMT(BACKUP_STOP, 1,
    BACKUP_FAMILY "UPDATE tasks SET cancel = true WHERE (id IN (SELECT id FROM"
    " family) OR (kind = 'verify' AND instance_id IN (SELECT id FROM instances"
    " WHERE verifies IN (SELECT id FROM family)))) AND status IN ('QUEUED', 'RUNNING', 'WAITING') AND NOT cancel"
    " RETURNING id")
/* id, "even what runs".  What is in storage goes when no task writes there. */
STMT(BACKUP_DELETE, 2,
    BACKUP_FAMILY ", running AS (SELECT min(id::text) AS id FROM backups"
    " WHERE id IN (SELECT id FROM family) AND state IN " BACKUP_RUNS
    " AND NOT $2::boolean AND updated > now() - interval '3 days'),"
    " wanted AS (SELECT min(i.restores::text) AS id FROM instances i JOIN tasks"
    " t ON t.instance_id = i.id WHERE i.restores IN (SELECT id FROM family) AND"
    " i.deleted_at IS NULL AND t.kind = 'create' AND t.status IN"
    " ('QUEUED', 'RUNNING', 'WAITING')),"
    " hit AS (UPDATE backups SET deleted_at = now(), updated = now(),"
    " sweep_at = CASE WHEN key IS NOT NULL THEN now() END WHERE id"
    " IN (SELECT id FROM family) RETURNING tenant_id)"
    " SELECT CASE WHEN (SELECT id FROM running) IS NOT NULL THEN"
    " refuse('CF422', 'Backup ' || (SELECT id FROM running) ||"
    " ' cannot be deleted because it is running.') WHEN (SELECT id FROM wanted)"
    " IS NOT NULL THEN refuse('CF422', 'Backup ' || (SELECT id FROM wanted) ||"
    " ' cannot be deleted because an instance is being made of it.') END,"
    " quota_charge(tenant_id, 0, 0, 0, -count(*)::int, -1, -1, -1, -1)"
    " FROM hit GROUP BY tenant_id")
/* tenant, then the configured limits */
STMT(BACKUP_CHARGE, 5,
    "SELECT quota_charge($1::text, 0, 0, 0, 1, $2::int, $3::int, $4::int,"
    " $5::int)")

/* --- by workers --------------------------------------------------------------- */

/* id, sealed key or NULL: the first one stays */
STMT(BACKUP_BEGUN, 2,
    "UPDATE backups SET state = 'BUILDING', key = $2::text, updated = now()"
    " WHERE id = $1::uuid AND state = 'NEW'")
/* id, location, GB, checksum, mark, segments, bytes stored, bytes of data, digest */
STMT(BACKUP_STORED, 9,
    "UPDATE backups SET location = $2::text, size = $3::double precision,"
    " checksum = $4::text, mark = $5::text, segments = $6::jsonb,"
    " stored_bytes = $7::bigint, plain_bytes = $8::bigint, digest = $9::jsonb WHERE"
    " id = $1::uuid AND state = 'BUILDING'")
/* Of what failed, whatever it left in storage has to go. */
#define BACKUP_LEFT "sweep_at = CASE WHEN key IS NOT NULL THEN now() END"
/*
 * id, instance, state, and of how many good ones of an instance one is tried
 * (0: none): of the last, when none of those before it was chosen.
 */
STMT(BACKUP_ENDED, 4,
    "WITH free AS (UPDATE instances SET backing_up = NULL WHERE id = $2::uuid"
    " AND backing_up = $1::uuid), chosen AS (SELECT now() AS at, 0 AS tries"
    " WHERE $3::text = 'COMPLETED' AND $4::int > 0 AND NOT EXISTS (SELECT FROM"
    " (SELECT verify_tries AS tries FROM backups WHERE instance_id = $2::uuid"
    " AND id <> $1::uuid AND state = 'COMPLETED' AND deleted_at IS NULL ORDER"
    " BY created DESC, id LIMIT greatest($4::int, 1) - 1) l WHERE tries IS NOT"
    " NULL)) UPDATE backups SET state = $3::text, updated = now(), sweep_at ="
    " CASE WHEN key IS NOT NULL AND ($3::text = 'FAILED' OR deleted_at IS NOT"
    " NULL) THEN now() END, verify_at = CASE WHEN key IS NOT NULL AND"
    " deleted_at IS NULL THEN (SELECT at FROM chosen) END, verify_tries = CASE"
    " WHEN key IS NOT NULL AND deleted_at IS NULL THEN (SELECT tries FROM"
    " chosen) END WHERE id = $1::uuid AND state IN " BACKUP_RUNS)
/* What still runs when an instance's state is reset. */
STMT(BACKUPS_FAIL, 1,
    "WITH free AS (UPDATE instances SET backing_up = NULL WHERE id ="
    " $1::uuid AND backing_up IS NOT NULL) UPDATE backups SET state ="
    " 'FAILED', updated = now(), " BACKUP_LEFT " WHERE instance_id = $1::uuid"
    " AND deleted_at IS NULL AND state IN " BACKUP_RUNS)

/* What a worker must know of one that it takes: with its datastore and parent. */
STMT(BACKUP_WORK, 1,
    "SELECT b.name, b.container, b.key, d.name, v.name, v.manager,"
    " b.parent_id, p.state = 'COMPLETED' AND p.deleted_at IS NULL AND"
    " p.instance_id = b.instance_id, p.mark, p.location, p.checksum,"
    " (SELECT moved_bytes FROM tasks t WHERE t.id = b.id), b.deleted_at IS NOT"
    " NULL"
    " FROM backups b LEFT JOIN datastore_versions v ON v.id ="
    " b.version_id LEFT JOIN datastores d ON d.id = v.datastore_id LEFT JOIN"
    " backups p ON p.id = b.parent_id WHERE b.id = $1::uuid")
/* The one and all that it stands upon, the full one first. */
STMT(BACKUP_CHAIN, 1,
    "WITH RECURSIVE up AS (SELECT *, 0 AS n FROM backups WHERE id = $1::uuid"
    " UNION ALL SELECT b.*, up.n + 1 FROM backups b JOIN up ON b.id ="
    " up.parent_id WHERE up.n < 1000) SELECT id, tenant_id, container, state IN"
    " ('COMPLETED', 'RESTORED') AND deleted_at IS NULL, parent_id, key,"
    " segments, stored_bytes, plain_bytes, location, checksum FROM up"
    " ORDER BY n DESC")

/*
 * Task, bytes moved or NULL, of how many or NULL, instance -> ms since the
 * last look that saw more, ms since the guest was heard.
 */
STMT(TASK_MOVED, 4,
    "WITH hit AS (UPDATE tasks SET moved_bytes = $2::bigint, total_bytes ="
    " $3::bigint, moving_since = coalesce(moving_since, now()), moved_at ="
    " now() WHERE id = $1::uuid AND $2::bigint IS NOT NULL AND moved_bytes IS"
    " DISTINCT FROM $2::bigint RETURNING id) SELECT CASE WHEN EXISTS (SELECT"
    " FROM hit) THEN 0 ELSE (SELECT extract(epoch from now() -"
    " coalesce(moved_at, started)) * 1000 FROM tasks WHERE id = $1::uuid)"
    "::bigint END, (SELECT extract(epoch from now() - last_seen) *"
    " 1000 FROM guests WHERE instance_id = $4::uuid)::bigint,"
    " set_config('synchronous_commit', 'off', true)")

/*
 * Who takes one has a minute for it.  A task may still write what is to go, or
 * wait to take it back itself: that one first.
 */
STMT(BACKUPS_SWEEP, 1,
    "UPDATE backups SET sweep_at = now() + interval '1 minute' WHERE id IN"
    " (SELECT id FROM backups b WHERE sweep_at <= now() AND (deleted_at IS NOT"
    " NULL OR state = 'FAILED') AND NOT EXISTS (SELECT FROM tasks t WHERE t.id"
    " = b.id AND t.status IN ('QUEUED', 'RUNNING', 'WAITING')) ORDER BY"
    " sweep_at LIMIT $1::int FOR UPDATE SKIP LOCKED)"
    " RETURNING id, tenant_id, container")
/*
 * id, "nothing was there", seconds for which a guest's leave to write holds:
 * after these, nothing can come any more.  Without its key it is no backup.
 */
STMT(BACKUP_SWEPT, 3,
    "UPDATE backups SET sweep_at = CASE WHEN NOT $2::boolean THEN now() +"
    " interval '5 seconds' WHEN created < now() - $3::int * interval '1"
    " second' THEN NULL ELSE created + ($3::int + 60) * interval '1 second'"
    " END, key = CASE WHEN $2::boolean THEN NULL ELSE key END,"
    " segments = NULL WHERE id = $1::uuid")

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
