/*
 * home: what workers write about the instance of their task: where it lives,
 * and what became of it.  Each stands behind a TASK_FENCE.  The states change
 * only from those that the task's submission set: what the API did meanwhile
 * (a delete, a reset) stays.
 */
/* One at a time per host, so that two workers do not choose the same one. */
STMT(SLOT_LOCK, 1,
    "SELECT pg_advisory_xact_lock(hashtextextended('slots ' || $1::text, 0))")
/*
 * host, instance, first slot, one more than the last -> the slot, the old one
 * if there is one.  The lowest that is free: the first, or one whose neighbour
 * is taken.
 */
STMT(SLOT_TAKE, 4,
    "WITH old AS (SELECT slot FROM slots WHERE instance_id = $2::uuid),"
    " free AS (SELECT $3::int AS n WHERE NOT EXISTS (SELECT FROM slots WHERE host ="
    " $1::text AND slot = $3::int) UNION ALL (SELECT a.slot + 1 FROM slots a WHERE"
    " a.host = $1::text AND a.slot >= $3::int AND NOT EXISTS (SELECT FROM slots b WHERE b.host ="
    " $1::text AND b.slot = a.slot + 1) ORDER BY a.slot LIMIT 1)),"
    " new AS (INSERT INTO slots (host, slot, instance_id) SELECT $1::text, n,"
    " $2::uuid FROM free WHERE n < $4::int AND NOT EXISTS (SELECT FROM old)"
    " ORDER BY n LIMIT 1 RETURNING slot)"
    " SELECT slot FROM old UNION ALL SELECT slot FROM new")
STMT(SLOT_DROP, 1, "DELETE FROM slots WHERE instance_id = $1::uuid")

STMT(HOME_PORT, 4,
    "UPDATE instances SET port_id = $2::text, address = $3::text,"
    " public_address = $4::text WHERE id = $1::uuid")
STMT(HOME_VOLUME, 2,
    "UPDATE instances SET volume_id = $2::text WHERE id = $1::uuid")
STMT(HOME_SERVER, 3,
    "UPDATE instances SET server_id = $2::text, host = $3::text"
    " WHERE id = $1::uuid")

STMT(HOME_BUILT, 1,
    "UPDATE instances SET task = 'NONE', server_status = 'ACTIVE', updated ="
    " now() WHERE id = $1::uuid AND task = 'BUILDING'")
/* id, the task word that blames a step, fault, details */
STMT(HOME_NOT_BUILT, 4,
    "UPDATE instances SET task = $2::text, server_status = CASE WHEN $2::text"
    " = 'BUILDING_ERROR_TIMEOUT_GA' AND server_id IS NOT NULL THEN 'ACTIVE'"
    " ELSE 'ERROR' END, updated = now(), fault = left($3::text, 255), fault_details = $4::text,"
    " fault_at = now() WHERE id = $1::uuid AND task = 'BUILDING'")
STMT(HOME_GONE, 1,
    "UPDATE instances SET task = 'NONE', server_status = 'DELETED', address ="
    " NULL, public_address = NULL, deleted_at = now(), updated = now() WHERE id = $1::uuid")
STMT(HOME_GUEST_GONE, 1, "DELETE FROM guests WHERE instance_id = $1::uuid")
STMT(HOME_NOT_GONE, 3,
    "UPDATE instances SET server_status = 'ERROR', updated = now(), fault ="
    " left($2::text, 255), fault_details = $3::text, fault_at = now()"
    " WHERE id = $1::uuid AND task = 'DELETING'")
/* instance, the word that the task's submission set */
STMT(HOME_DONE, 2,
    "UPDATE instances SET task = 'NONE', updated = now()"
    " WHERE id = $1::uuid AND task = $2::text")
STMT(HOME_RESTART_REQUIRED, 1,
    "UPDATE instances SET task = 'RESTART_REQUIRED', updated = now()"
    " WHERE id = $1::uuid AND task = 'NONE'")
/* id, group after, group before: what was submitted is taken back. */
STMT(HOME_NOT_CONFIGURED, 3,
    "UPDATE instances SET configuration_id = (SELECT id FROM configurations"
    " WHERE id = $3::uuid), task = CASE WHEN task = 'RESTART_REQUIRED' THEN"
    " 'NONE' ELSE task END, updated = now() WHERE id = $1::uuid AND task <>"
    " 'DELETING' AND configuration_id IS NOT DISTINCT FROM $2::uuid AND"
    " $2::uuid IS DISTINCT FROM $3::uuid")
/* A server that would not start with them runs without its group's settings. */
STMT(HOME_UNCONFIGURED, 3,
    "UPDATE instances SET configuration_id = NULL, fault = left($2::text,"
    " 255), fault_details = $3::text, fault_at = now(), updated = now()"
    " WHERE id = $1::uuid")
/*
 * The resize has ended, well or not.  What was charged beyond what is kept
 * goes back, unless a delete gave all of it back already.
 */
STMT(HOME_RESIZED, 2,
    "WITH was AS (SELECT *, $2::boolean AS good FROM instances WHERE id ="
    " $1::uuid FOR UPDATE), kept AS (SELECT id,"
    " CASE WHEN good THEN coalesce(to_flavor, flavor_id) ELSE flavor_id END"
    " AS flavor, CASE WHEN good THEN coalesce(to_ram_mb, ram_mb) ELSE ram_mb"
    " END AS ram, CASE WHEN good THEN coalesce(to_vcpus, vcpus) ELSE vcpus"
    " END AS cpus, CASE WHEN good THEN coalesce(to_gb, volume_gb) ELSE"
    " volume_gb END AS gb FROM was), hit AS (UPDATE instances i SET flavor_id"
    " = k.flavor, ram_mb = k.ram, vcpus = k.cpus, volume_gb = k.gb, to_flavor"
    " = NULL, to_ram_mb = NULL, to_vcpus = NULL, to_gb = NULL, updated ="
    " now(), task = CASE WHEN task = 'RESIZING' THEN 'NONE' ELSE task END"
    " FROM kept k WHERE i.id = k.id RETURNING i.id) SELECT quota_charge("
    "w.tenant_id, 0, k.ram - greatest(w.ram_mb, w.to_ram_mb), k.gb -"
    " greatest(w.volume_gb, w.to_gb), 0, -1, -1, -1, -1) FROM was w, kept k"
    " WHERE w.task <> 'DELETING' AND w.deleted_at IS NULL")
STMT(HOME_DETACHED, 1,
    "UPDATE instances SET replica_of = NULL WHERE id = $1::uuid")
/* id, did it go well: then it is the source of those that it was one of */
STMT(HOME_PROMOTED, 2,
    "WITH me AS (SELECT id, replica_of FROM instances WHERE id = $1::uuid)"
    " UPDATE instances i SET replica_of = CASE WHEN NOT $2::boolean THEN"
    " i.replica_of WHEN i.id = me.id THEN NULL ELSE me.id END, task = CASE"
    " WHEN task <> 'PROMOTING' THEN task WHEN $2::boolean THEN 'NONE' ELSE"
    " 'PROMOTION_ERROR' END, updated = now() FROM me WHERE me.replica_of IS"
    " NOT NULL AND i.deleted_at IS NULL AND (i.id = me.id OR i.id ="
    " me.replica_of OR i.replica_of = me.replica_of)")
STMT(HOME_ACCESS, 3,
    "UPDATE instances SET access = CASE WHEN $2::text IS NULL THEN access"
    " ELSE (coalesce(access, '{}')::jsonb || $2::text::jsonb)::text END,"
    " task = CASE WHEN task = 'UPDATING' THEN $3::text ELSE task END, updated"
    " = now() WHERE id = $1::uuid")
STMT(HOME_FAULT, 3,
    "UPDATE instances SET fault = left($2::text, 255), fault_details ="
    " $3::text, fault_at = now() WHERE id = $1::uuid")
STMT(HOME_ROOT, 2,
    "UPDATE instances SET root_enabled_by = $2::text, root_enabled_at ="
    " CASE WHEN $2::text IS NULL THEN NULL ELSE now() END"
    " WHERE id = $1::uuid")

/* instance, task -> status, seq, order, its outcome, "heard since the task began", bytes used */
STMT(HOME_GUEST, 2,
    "SELECT g.status, g.seq, g.order_id, g.order_err, g.order_why,"
    " g.last_seen > t.started, g.used_bytes FROM guests g, tasks t WHERE"
    " g.instance_id = $1::uuid AND t.id = $2::uuid")
/* After this id, so many: guests that may hold a Redis user. */
STMT(HOME_GUESTS, 2,
    "SELECT id, key_epoch FROM instances WHERE deleted_at IS NULL AND"
    " server_id IS NOT NULL AND id > $1::uuid ORDER BY id LIMIT $2::int")
