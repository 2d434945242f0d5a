/*
 * instance: what tenants own.  The columns of INSTANCE_LEAN come first in each
 * reading statement, those of INSTANCE_FULL follow (instances.c reads them so).
 */
#define INSTANCE_LEAN "i.id, i.tenant_id, i.name, i.version_id, i.flavor_id,"\
	" i.volume_gb, i.task, i.server_status, i.region, i.access, i.address,"	\
	" i.public_address, i.network_id, i.replica_of, i.created, CASE WHEN"	\
	" g.last_seen <= i.reset_at THEN 'unknown' ELSE g.status END,"		\
	" date_part('epoch', now() - g.last_seen)::int,"			\
	" i.backing_up IS NOT NULL, (SELECT"					\
	" string_agg(c.id::text, ' ' ORDER BY c.created, c.id) FROM"		\
	" instances c WHERE c.replica_of = i.id AND c.tenant_id ="		\
	" i.tenant_id AND c.deleted_at IS NULL)"
#define INSTANCE_FULL ", i.updated, coalesce(g.last_seen, g.changed),"	\
	" i.key_epoch, i.locality, i.configuration_id, (SELECT n.name FROM"	\
	" configurations n WHERE n.id = i.configuration_id), i.server_id,"	\
	" i.volume_id, i.fault, i.fault_details, i.fault_at,"		\
	" i.root_enabled_at, i.cluster_id, g.used_bytes, g.total_bytes,"	\
	" i.ram_mb"
#define INSTANCE_FROM " FROM instances i LEFT JOIN guests g ON"		\
	" g.instance_id = i.id "
#define INSTANCE_PAGE " WHERE i.tenant_id = $1::text AND i.deleted_at IS"	\
	" NULL AND i.id > $2::uuid AND ($3::boolean OR i.cluster_id IS NULL)"	\
	" ORDER BY i.id LIMIT $4::int"

STMT(INSTANCES_LIST, 4, "SELECT " INSTANCE_LEAN INSTANCE_FROM INSTANCE_PAGE)
STMT(INSTANCES_DETAIL, 4, "SELECT " INSTANCE_LEAN INSTANCE_FULL INSTANCE_FROM
    INSTANCE_PAGE)
STMT(MODULE_INSTANCES, 5,
    "SELECT " INSTANCE_LEAN INSTANCE_FROM "JOIN instance_modules u ON"
    " u.instance_id = i.id WHERE ($1::text IS NULL OR i.tenant_id = $1::text)"
    " AND i.deleted_at IS NULL AND i.id > $2::uuid AND ($3::boolean OR"
    " i.cluster_id IS NULL) AND u.module_id = $5::uuid ORDER BY i.id LIMIT"
    " $4::int")
STMT(INSTANCE_SHOW, 2, "SELECT " INSTANCE_LEAN INSTANCE_FULL INSTANCE_FROM
    "WHERE i.id = $1::uuid AND i.deleted_at IS NULL AND i.verifies IS NULL AND"
    " ($2::text IS NULL OR i.tenant_id = $2::text)")

/*
 * id, tenant, name, version, flavor, ram, vcpus, volume, region, access, locality,
 * network, address, configuration, zone, source, backup
 */
STMT(INSTANCE_INSERT, 17,
    "INSERT INTO instances (id, tenant_id, name, version_id, flavor_id,"
    " ram_mb, vcpus, volume_gb, region, access, locality, network_id,"
    " address, configuration_id, zone, replica_of, restores) VALUES ($1::uuid,"
    " $2::text, $3::text, $4::uuid, $5::text, $6::int, $7::int, $8::int,"
    " $9::text, $10::text, $11::text, $12::text, $13::text, $14::uuid,"
    " $15::text, $16::uuid, $17::uuid)")
STMT(GUEST_INSERT, 1, "INSERT INTO guests (instance_id) VALUES ($1::uuid)")

/* tenant, instances, ram, volumes, then the configured limits */
STMT(QUOTA_CHARGE, 8,
    "SELECT quota_charge($1::text, $2::int, $3::bigint, $4::bigint, 0,"
    " $5::int, $6::int, $7::int, $8::int)")
/* What the instance was charged, back to its owner. */
STMT(QUOTA_RELEASE, 1,
    "SELECT quota_charge(tenant_id, -1, -greatest(ram_mb, to_ram_mb),"
    " -greatest(volume_gb, to_gb), 0, -1, -1, -1, -1) FROM instances"
    " WHERE id = $1::uuid")

STMT(INSTANCE_RENAME, 2,
    "UPDATE instances SET name = $2::text, updated = now()"
    " WHERE id = $1::uuid AND deleted_at IS NULL")

/*
 * The guards below refuse, and with them the whole transaction, when the
 * instance is no longer what the caller saw.  CF409: look again.
 */
#define INSTANCE_CHANGED "SELECT refuse('CF409', 'The instance has changed.')"	\
	" WHERE NOT EXISTS (SELECT FROM hit)"
/* An action may begin. */
#define INSTANCE_FREE "deleted_at IS NULL AND server_status = 'ACTIVE' AND"	\
	" backing_up IS NULL AND task IN ('NONE', 'RESTART_REQUIRED')"
/* ... also one that has to end first, should a reset have come in between. */
#define INSTANCE_FITS INSTANCE_FREE " AND to_gb IS NULL AND to_flavor IS NULL"
/* It may be copied. */
STMT(INSTANCE_SOURCE, 1,
    "WITH hit AS (SELECT id FROM instances WHERE id = $1::uuid AND replica_of"
    " IS NULL AND " INSTANCE_FREE " FOR NO KEY UPDATE) " INSTANCE_CHANGED)
/* A replica, its source, and the other replicas of that. */
STMT(INSTANCE_PROMOTE, 1,
    "WITH me AS (SELECT id, replica_of FROM instances WHERE id = $1::uuid AND"
    " replica_of IS NOT NULL AND " INSTANCE_FREE "), hit AS (UPDATE instances"
    " i SET task = 'PROMOTING', updated = now() FROM me WHERE i.deleted_at IS"
    " NULL AND i.task IN ('NONE', 'RESTART_REQUIRED', 'PROMOTION_ERROR') AND"
    " (i.id = me.id OR i.id = me.replica_of OR i.replica_of = me.replica_of)"
    " RETURNING i.id) " INSTANCE_CHANGED)
STMT(INSTANCE_VERSION, 2,
    "UPDATE instances SET version_id = $2::uuid WHERE id = $1::uuid")
STMT(INSTANCE_DELETE, 1,
    "WITH hit AS (UPDATE instances SET task = 'DELETING', configuration_id ="
    " NULL, updated = now(), server_status = CASE WHEN server_status IN"
    " ('ACTIVE', 'SHUTDOWN', 'DELETED') THEN server_status ELSE 'SHUTDOWN'"
    " END WHERE id = $1::uuid AND deleted_at IS NULL AND task <> 'DELETING'"
    " AND NOT (task = 'BUILDING' AND server_status <> 'ERROR')"
    " AND NOT (task = 'NONE' AND server_status = 'BUILD') RETURNING id) "
    INSTANCE_CHANGED)
/* A delete that failed is asked for again: the quota was given back before. */
STMT(INSTANCE_DELETE_AGAIN, 1,
    "WITH hit AS (UPDATE instances SET server_status = 'SHUTDOWN', updated ="
    " now() WHERE id = $1::uuid AND deleted_at IS NULL AND task = 'DELETING'"
    " AND NOT EXISTS (SELECT FROM tasks WHERE instance_id = $1::uuid AND kind"
    " = 'delete' AND status IN ('QUEUED', 'RUNNING', 'WAITING'))"
    " RETURNING id) SELECT refuse('CF409', 'The instance has changed.')"
    " WHERE NOT EXISTS (SELECT FROM hit)")
STMT(INSTANCE_RESTART, 1,
    "WITH hit AS (UPDATE instances SET task = 'REBOOTING', updated = now()"
    " WHERE id = $1::uuid AND " INSTANCE_FREE " RETURNING id) "
    INSTANCE_CHANGED)
/* instance, the task's word; one that failed may be tried again */
STMT(INSTANCE_BEGIN, 2,
    "WITH hit AS (UPDATE instances SET task = $2::text, updated = now()"
    " WHERE id = $1::uuid AND deleted_at IS NULL AND (task IN ('NONE',"
    " 'RESTART_REQUIRED') OR task LIKE '%ERROR%') RETURNING id) "
    INSTANCE_CHANGED)
/* id, GB it has, GB it is to get */
STMT(INSTANCE_GROW, 3,
    "WITH hit AS (UPDATE instances SET task = 'RESIZING', to_gb = $3::int,"
    " updated = now() WHERE id = $1::uuid AND volume_gb = $2::int AND "
    INSTANCE_FITS " RETURNING id) " INSTANCE_CHANGED)
/* id, flavor it has, flavor it is to get, its ram and vcpus */
STMT(INSTANCE_REFLAVOR, 5,
    "WITH hit AS (UPDATE instances SET task = 'RESIZING', to_flavor ="
    " $3::text, to_ram_mb = $4::int, to_vcpus = $5::int, updated = now()"
    " WHERE id = $1::uuid AND flavor_id = $2::text AND " INSTANCE_FITS
    " RETURNING id) " INSTANCE_CHANGED)
/*
 * id; whether what the guest said is not believed until it speaks again.  One
 * that is being deleted stays so: its quota is given back already.
 */
STMT(INSTANCE_RESET, 2,
    "UPDATE instances SET task = 'NONE', updated = now(), reset_at = CASE WHEN"
    " $2::boolean THEN now() ELSE reset_at END, server_status ="
    " CASE WHEN server_status <> 'BUILD' THEN server_status WHEN server_id IS"
    " NULL THEN 'ERROR' ELSE 'ACTIVE' END"
    " WHERE id = $1::uuid AND deleted_at IS NULL AND task <> 'DELETING'")
/* id, text, details; of one that has a server */
STMT(INSTANCE_REFUSED, 3,
    "UPDATE instances SET fault = left($2::text, 255), fault_details ="
    " $3::text, fault_at = now() WHERE id = $1::uuid AND (server_id IS"
    " NOT NULL OR task = 'BUILDING')")
STMT(INSTANCE_CANCEL_TASKS, 1,
    "UPDATE tasks SET cancel = true WHERE instance_id = $1::uuid AND kind <>"
    " 'delete' AND status IN ('QUEUED', 'RUNNING', 'WAITING') AND NOT cancel"
    " RETURNING id")
STMT(INSTANCE_CANCEL_TASK, 2,
    "UPDATE tasks SET cancel = true WHERE id = $1::uuid AND instance_id ="
    " $2::uuid AND status IN ('QUEUED', 'RUNNING', 'WAITING')")
/* The row is held until the task is there: no delete comes in between. */
STMT(INSTANCE_HOLD, 1,
    "WITH hit AS (SELECT id FROM instances WHERE id = $1::uuid AND deleted_at"
    " IS NULL AND task <> 'DELETING' FOR NO KEY UPDATE) "
    INSTANCE_CHANGED)
