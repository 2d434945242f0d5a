/*
 * verify: backups that are tried in hidden instances, one at a time for each
 * of backup.verify_slots.  The claim of a backup, its instance and its task are
 * one transaction; what the task found, its end and the task that removes the
 * instance are another.
 */
/* Two workers do not both count what runs. */
STMT(VERIFY_LOCK, 0,
    "SELECT pg_advisory_xact_lock(hashtextextended('verify', 0))")
/*
 * Of one that is asked for; its tries are counted anew.  One that is being
 * tried is not tried twice; what has tried it may still be on its way out.
 */
STMT(VERIFY_ASK, 1,
    "UPDATE backups b SET verify_at = now(), verify_tries = 0 WHERE b.id ="
    " $1::uuid AND b.deleted_at IS NULL AND b.state = 'COMPLETED' AND b.key IS"
    " NOT NULL AND NOT EXISTS (SELECT FROM instances i JOIN tasks t ON"
    " t.instance_id = i.id WHERE i.verifies = b.id AND t.kind = 'verify' AND"
    " t.status IN " TASK_ACTIVE ")")
/*
 * instance, slots, region: of the one whose turn it is, if there is room.  Its
 * volume holds all of the chain, one processor is enough.
 */
STMT(VERIFY_BEGIN, 3,
    "WITH RECURSIVE due AS (SELECT b.id, b.parent_id, b.plain_bytes,"
    " b.version_id, i.flavor_id, i.ram_mb, i.volume_gb FROM backups b JOIN"
    " instances i ON i.id = b.instance_id WHERE b.verify_at <= now() AND"
    " b.deleted_at IS NULL AND b.state = 'COMPLETED' AND b.version_id IS NOT"
    " NULL AND (SELECT count(*) FROM instances v WHERE v.verifies IS NOT NULL"
    " AND v.deleted_at IS NULL) < $2::int ORDER BY b.verify_at LIMIT 1 FOR"
    " UPDATE OF b SKIP LOCKED), up AS (SELECT parent_id, plain_bytes FROM due"
    " UNION ALL SELECT b.parent_id, b.plain_bytes FROM backups b JOIN up ON"
    " b.id = up.parent_id), hit AS (UPDATE backups SET verify_at = NULL,"
    " verify_tries = coalesce(verify_tries, 0) + 1 WHERE id IN (SELECT id FROM"
    " due)) INSERT INTO instances (id, tenant_id, name, version_id, flavor_id,"
    " ram_mb, vcpus, volume_gb, region, access, verifies) SELECT $1::uuid, '',"
    " 'verifies ' || id, version_id, flavor_id, ram_mb, 1, greatest(volume_gb,"
    " 1 + (SELECT sum(plain_bytes) FROM up) / 1073741824), $3::text,"
    " '{\"is_public\": false, \"allowed_cidrs\": []}', id FROM due")
STMT(VERIFY_GUEST, 1,
    "INSERT INTO guests (instance_id) SELECT id FROM instances WHERE id ="
    " $1::uuid")
/* task, instance, request, kind, seconds -> the task, if there is something to do */
STMT(VERIFY_TASK, 5,
    "INSERT INTO tasks (id, instance_id, tenant_id, user_id, request_id, kind,"
    " deadline) SELECT $1::uuid, id, '', 'coffer', $3::text, $4::text, now() +"
    " $5::int * interval '1 second' FROM instances WHERE id = $2::uuid"
    " RETURNING id")
/* backup -> times begun, what was known of the data */
STMT(VERIFY_WORK, 1,
    "SELECT verify_tries, digest FROM backups WHERE id = $1::uuid")
/* backup, is it good (NULL: not known), why it is not, seconds until the next try or NULL */
STMT(VERIFY_DONE, 4,
    "UPDATE backups SET verified = $2::boolean, verified_at = CASE WHEN"
    " $2::boolean IS NOT NULL THEN now() END, verify_error = $3::text,"
    " verify_at = now() + $4::int * interval '1 second' WHERE id = $1::uuid"
    " AND deleted_at IS NULL")
/* instance, new task, request, kind, seconds -> the task, if one is needed */
STMT(VERIFY_REMOVE, 5,
    "WITH hit AS (UPDATE instances i SET task = 'DELETING', server_status ="
    " 'SHUTDOWN', updated = now() WHERE id = $1::uuid AND verifies IS NOT NULL"
    " AND deleted_at IS NULL AND NOT EXISTS (SELECT FROM tasks t WHERE"
    " t.instance_id = i.id AND t.status IN " TASK_ACTIVE ") RETURNING id)"
    " INSERT INTO tasks (id, instance_id, tenant_id, user_id, request_id,"
    " kind, deadline) SELECT $2::uuid, id, '', 'coffer', $3::text, $4::text,"
    " now() + $5::int * interval '1 second' FROM hit RETURNING id")
/* Seconds since their last task ended: those that something has left behind. */
STMT(VERIFY_LEFT, 1,
    "SELECT id FROM instances i WHERE verifies IS NOT NULL AND deleted_at IS"
    " NULL AND NOT EXISTS (SELECT FROM tasks t WHERE t.instance_id = i.id AND"
    " (t.status IN " TASK_ACTIVE " OR t.ended > now() - $1::int * interval '1"
    " second')) ORDER BY id LIMIT 20")
STMT(VERIFY_PRUNE, 0,
    "DELETE FROM instances WHERE verifies IS NOT NULL AND deleted_at < now() -"
    " interval '1 hour'")
