/*
 * operator: what mgmt routes ask.  The columns of INSTANCE_LEAN and
 * INSTANCE_FULL come first, those of MANAGED follow (operator.c reads them so).
 */
#define MANAGED ", i.deleted_at, h.user_id, h.enabled,"			\
	" coalesce(i.server_id, f.server_id), coalesce(i.volume_id,"	\
	" f.volume_id), coalesce(i.host, f.host), coalesce(g.used_bytes,"	\
	" f.used_bytes), coalesce(g.total_bytes, f.total_bytes)"
#define MANAGED_FROM INSTANCE_FROM					\
	"LEFT JOIN root_history h ON h.instance_id = i.id"		\
	" LEFT JOIN former_homes f ON f.instance_id = i.id "

/* deleted (NULL: both), clustered too, tenant, host, limit, offset */
STMT(MANAGED_LIST, 6, "SELECT " INSTANCE_LEAN INSTANCE_FULL MANAGED
    MANAGED_FROM "WHERE i.verifies IS NULL AND ($1::boolean IS NULL OR (i.deleted_at IS NOT NULL) ="
    " $1::boolean) AND ($2::boolean OR i.cluster_id IS NULL) AND ($3::text IS"
    " NULL OR i.tenant_id = $3::text) AND ($4::text IS NULL OR i.host ="
    " $4::text) ORDER BY i.updated DESC, i.id LIMIT $5::bigint"
    " OFFSET $6::bigint")
/* id, "deleted ones too" */
STMT(MANAGED_SHOW, 2, "SELECT " INSTANCE_LEAN INSTANCE_FULL MANAGED
    MANAGED_FROM "WHERE i.id = $1::uuid AND i.verifies IS NULL AND ($2::boolean OR i.deleted_at IS"
    " NULL)")
/* In the transaction of a delete, before anything is forgotten. */
STMT(FORMER_HOME, 1,
    "INSERT INTO former_homes (instance_id, server_id, volume_id, host,"
    " used_bytes, total_bytes) SELECT i.id, i.server_id, i.volume_id, i.host,"
    " g.used_bytes, g.total_bytes FROM instances i LEFT JOIN guests g ON"
    " g.instance_id = i.id WHERE i.id = $1::uuid ON CONFLICT DO NOTHING")
/* The first time counts. */
STMT(ROOT_HISTORY_ADD, 2,
    "INSERT INTO root_history (instance_id, user_id) VALUES ($1::uuid,"
    " $2::text) ON CONFLICT DO NOTHING")

STMT(ACCOUNTS, 0,
    "SELECT tenant_id, count(*) FROM instances WHERE deleted_at IS NULL AND"
    " verifies IS NULL"
    " GROUP BY tenant_id ORDER BY tenant_id")

/* name or NULL -> name, driver, MB, MB used, instances, disk MB, free, GB promised */
STMT(HOSTS, 1,
    "WITH used AS (SELECT host, count(*) AS n, sum(ram_mb) AS ram,"
    " sum(volume_gb) AS gb FROM instances WHERE deleted_at IS NULL AND host"
    " IS NOT NULL AND verifies IS NULL GROUP BY host) SELECT coalesce(h.name, u.host), coalesce("
    "h.driver, 'unknown'), coalesce(h.ram_mb, 0), coalesce(u.ram, 0),"
    " coalesce(u.n, 0), coalesce(h.disk_mb, 0), coalesce(h.disk_free_mb, 0),"
    " coalesce(u.gb, 0) FROM hosts h FULL JOIN used u ON u.host = h.name"
    " WHERE $1::text IS NULL OR coalesce(h.name, u.host) = $1::text"
    " ORDER BY 1")
/* name, driver, MB, MB of disk, MB free */
STMT(HOST_SEEN, 5,
    "INSERT INTO hosts (name, driver, ram_mb, disk_mb, disk_free_mb) VALUES"
    " ($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint) ON CONFLICT"
    " (name) DO UPDATE SET driver = excluded.driver, ram_mb ="
    " excluded.ram_mb, disk_mb = excluded.disk_mb, disk_free_mb ="
    " excluded.disk_free_mb, seen = now()")

/* tenant, then a limit or NULL of instances, ram, volumes, backups */
STMT(QUOTA_LIMITS, 5,
    "INSERT INTO quotas AS q (tenant_id, max_instances, max_ram, max_volumes,"
    " max_backups) VALUES ($1::text, $2::int, $3::int, $4::int, $5::int)"
    " ON CONFLICT (tenant_id) DO UPDATE SET"
    " max_instances = coalesce(excluded.max_instances, q.max_instances),"
    " max_ram = coalesce(excluded.max_ram, q.max_ram),"
    " max_volumes = coalesce(excluded.max_volumes, q.max_volumes),"
    " max_backups = coalesce(excluded.max_backups, q.max_backups)")

/* --- the catalogue ----------------------------------------------------------- */

/* id, name; there already is fine */
STMT(DATASTORE_ENSURE, 2,
    "INSERT INTO datastores (id, name) VALUES ($1::uuid, $2::text)"
    " ON CONFLICT (name) DO NOTHING")
/* id, datastore's name, name, version, manager, active, image, packages, tags, registry, strategy */
STMT(VERSION_INSERT, 11,
    "INSERT INTO datastore_versions (id, datastore_id, name, version,"
    " manager, active, image_id, packages, image_tags, registry_ext,"
    " repl_strategy) SELECT $1::uuid, d.id, $3::text, $4::text, $5::text,"
    " $6::boolean, $7::text, $8::text, $9::text, $10::text, $11::text"
    " FROM datastores d WHERE d.name = $2::text")
/* id, then NULL for what stays: name, manager, active, image, packages, tags, registry, strategy */
STMT(VERSION_UPDATE, 9,
    "UPDATE datastore_versions SET name = coalesce($2::text, name), manager ="
    " coalesce($3::text, manager), active = coalesce($4::boolean, active),"
    " image_id = coalesce($5::text, image_id), packages = coalesce($6::text,"
    " packages), image_tags = coalesce($7::text, image_tags), registry_ext ="
    " coalesce($8::text, registry_ext), repl_strategy = coalesce($9::text,"
    " repl_strategy) WHERE id = $1::uuid")
/* version, "t" to make it the datastore's preset, "f" to be none, NULL to leave it */
STMT(VERSION_PRESET, 2,
    "UPDATE datastores d SET default_version = CASE WHEN $2::boolean THEN"
    " v.id END FROM datastore_versions v WHERE v.id = $1::uuid AND d.id ="
    " v.datastore_id AND ($2::boolean OR (NOT $2::boolean AND"
    " d.default_version = v.id))")
/* Held so that no instance of it comes in between. */
STMT(VERSION_HOLD, 1,
    "SELECT id FROM datastore_versions WHERE id = $1::uuid FOR UPDATE")
STMT(VERSION_UNUSED, 1,
    "SELECT refuse('CF409', format('Datastore version is in use by %s.', r))"
    " FROM (SELECT 'instance' AS r FROM instances WHERE version_id ="
    " $1::uuid AND deleted_at IS NULL UNION ALL SELECT 'backup' FROM backups"
    " WHERE version_id = $1::uuid AND deleted_at IS NULL UNION ALL SELECT"
    " 'configuration' FROM configurations WHERE version_id = $1::uuid UNION"
    " ALL SELECT 'cluster' FROM clusters WHERE version_id = $1::uuid UNION ALL SELECT"
    " 'module' FROM modules WHERE version_id = $1::uuid) used LIMIT 1")
STMT(VERSION_DELETE, 1, "DELETE FROM datastore_versions WHERE id = $1::uuid")
/* A version that came meanwhile stops it: CF409 from its foreign key. */
STMT(DATASTORE_DELETE, 1, "DELETE FROM datastores WHERE id = $1::uuid")
