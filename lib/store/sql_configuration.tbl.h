/* configuration: groups of settings, who has them, and which parameters there are */
#define CONFIGURATION_LEAN "c.id, c.tenant_id, c.name, c.description,"	\
	" c.version_id, c.created, c.updated"

STMT(CONFIGURATIONS_LIST, 3,
    "SELECT " CONFIGURATION_LEAN " FROM configurations c WHERE c.tenant_id ="
    " $1::text AND c.id > $2::uuid ORDER BY c.id LIMIT $3::int")
STMT(CONFIGURATIONS_ALL, 2,
    "SELECT " CONFIGURATION_LEAN " FROM configurations c WHERE c.id >"
    " $1::uuid ORDER BY c.id LIMIT $2::int")
STMT(CONFIGURATION_SHOW, 2,
    "SELECT " CONFIGURATION_LEAN ", c.settings, c.revision, (SELECT count(*)"
    " FROM instances i WHERE i.configuration_id = c.id AND i.deleted_at IS"
    " NULL) FROM configurations c WHERE c.id = $1::uuid AND ($2::text IS NULL"
    " OR c.tenant_id = $2::text)")
/* id, tenant, name, description, version, settings */
STMT(CONFIGURATION_INSERT, 6,
    "INSERT INTO configurations (id, tenant_id, name, description,"
    " version_id, settings) VALUES ($1::uuid, $2::text, $3::text, $4::text,"
    " $5::uuid, $6::text)")

/*
 * Lock a group before its instances, here as when one is attached: then no
 * instance gets settings that are being changed.
 * id, revision, name, description, settings
 */
STMT(CONFIGURATION_CHANGE, 5,
    "WITH hit AS (UPDATE configurations SET revision = revision + 1, name ="
    " coalesce($3::text, name), description = coalesce($4::text,"
    " description), settings = $5::text, updated = now() WHERE id = $1::uuid"
    " AND revision = $2::int RETURNING id) SELECT refuse('CF409',"
    " 'The configuration group has changed.') WHERE NOT EXISTS (SELECT FROM"
    " hit)")
STMT(CONFIGURATION_HOLD, 2,
    "WITH hit AS (SELECT id FROM configurations WHERE id = $1::uuid AND"
    " revision = $2::int FOR SHARE) SELECT refuse('CF409',"
    " 'The configuration group has changed.') WHERE NOT EXISTS (SELECT FROM"
    " hit)")
STMT(CONFIGURATION_LOCK, 1,
    "SELECT id FROM configurations WHERE id = $1::uuid FOR UPDATE")
STMT(CONFIGURATION_IS_FREE, 1,
    "SELECT refuse('CF409', 'The configuration group is attached.') WHERE"
    " EXISTS (SELECT FROM instances WHERE configuration_id = $1::uuid AND"
    " deleted_at IS NULL)")
STMT(CONFIGURATION_DELETE, 1,
    "DELETE FROM configurations WHERE id = $1::uuid")

/* id, tenant or NULL, marker, limit */
STMT(CONFIGURATION_INSTANCES, 4,
    "SELECT id, name FROM instances WHERE configuration_id = $1::uuid AND"
    " deleted_at IS NULL AND ($2::text IS NULL OR tenant_id = $2::text) AND"
    " id > $3::uuid ORDER BY id LIMIT $4::int")
/* All of them; those whose server was never built have nobody to tell. */
STMT(CONFIGURATION_HOLDERS, 1,
    "SELECT id, tenant_id, server_status <> 'ERROR' FROM instances WHERE"
    " configuration_id = $1::uuid AND deleted_at IS NULL ORDER BY id")
STMT(CONFIGURATION_NO_OTHERS, 2,
    "SELECT refuse('CF409', 'The configuration group was attached.') WHERE"
    " EXISTS (SELECT FROM instances WHERE configuration_id = $1::uuid AND"
    " deleted_at IS NULL AND id <> ALL ($2::uuid[]))")

#define RESTART_WORD "CASE WHEN task = 'NONE' AND $2::boolean THEN"	\
	" 'RESTART_REQUIRED' ELSE task END"
/* instance, restart required, group before, group after, name */
STMT(INSTANCE_CONFIGURE, 5,
    "WITH hit AS (UPDATE instances SET configuration_id = $4::uuid, task ="
    " " RESTART_WORD ", name = coalesce($5::text, name), updated = now()"
    " WHERE id = $1::uuid AND deleted_at IS NULL AND configuration_id IS NOT"
    " DISTINCT FROM $3::uuid AND task = 'NONE' AND server_status = 'ACTIVE'"
    " RETURNING id) SELECT refuse('CF409', 'The instance has changed.')"
    " WHERE NOT EXISTS (SELECT FROM hit)")
/* instance, restart required, group */
STMT(INSTANCE_RECONFIGURE, 3,
    "WITH hit AS (UPDATE instances SET task = " RESTART_WORD ", updated ="
    " now() WHERE id = $1::uuid AND deleted_at IS NULL AND configuration_id ="
    " $3::uuid AND task <> 'DELETING' RETURNING id) SELECT refuse('CF409',"
    " 'The instance has changed.') WHERE NOT EXISTS (SELECT FROM hit)")

/* As clients of the reference get them: '_' stands behind letters. */
#define PARAMETER_COLUMNS "name, type, restart_required, min, max FROM"	\
	" parameters WHERE version_id = $1::uuid"
STMT(PARAMETERS, 1, "SELECT " PARAMETER_COLUMNS
    " ORDER BY upper(name) COLLATE \"C\"")
STMT(PARAMETER_SHOW, 2, "SELECT " PARAMETER_COLUMNS
    " AND upper(name) = upper($2::text)")
/* version, name, type, restart, min, max */
STMT(PARAMETER_INSERT, 6,
    "INSERT INTO parameters (version_id, name, type, restart_required, min,"
    " max) VALUES ($1::uuid, $2::text, $3::text, $4::boolean, $5::text,"
    " $6::text)")
/* version, name as it was, then as for an insert */
STMT(PARAMETER_CHANGE, 7,
    "UPDATE parameters SET name = $3::text, type = $4::text,"
    " restart_required = $5::boolean, min = $6::text, max = $7::text WHERE"
    " version_id = $1::uuid AND upper(name) = upper($2::text)")
STMT(PARAMETER_DELETE, 2,
    "DELETE FROM parameters WHERE version_id = $1::uuid AND upper(name) ="
    " upper($2::text)")
