/*
 * module: files and such for guests, kept sealed, and which instances have
 * which of them.
 */
#define MODULE_COLUMNS "m.id, m.tenant_id, m.name, m.type, m.md5,"		\
	" m.description, m.datastore_id, m.version_id, m.auto_apply,"		\
	" m.visible, m.live_update, m.priority_apply, m.apply_order,"		\
	" m.is_admin, m.created, m.updated"
/* $1: whose eyes; NULL sees all. */
#define MODULE_SEEN "($1::text IS NULL OR (m.visible AND (m.tenant_id IS"	\
	" NULL OR m.tenant_id = $1::text)))"
/* tenant or NULL, datastore or NULL, "only those of no datastore" */
STMT(MODULES_LIST, 3,
    "SELECT " MODULE_COLUMNS " FROM modules m WHERE m.deleted_at IS NULL AND "
    MODULE_SEEN " AND ($2::uuid IS NULL OR m.datastore_id = $2::uuid) AND"
    " (NOT $3::boolean OR m.datastore_id IS NULL) ORDER BY m.id")
/* tenant or NULL, id */
STMT(MODULE_SHOW, 2,
    "SELECT " MODULE_COLUMNS ", m.contents, (SELECT count(*) FROM"
    " instance_modules u JOIN instances i ON i.id = u.instance_id WHERE"
    " u.module_id = m.id AND i.deleted_at IS NULL) FROM modules m WHERE"
    " m.deleted_at IS NULL AND " MODULE_SEEN " AND m.id = $2::uuid")
/*
 * tenant or NULL, ids, datastore, version, tenant of those that apply by
 * themselves or NULL: none of them.  In the order in which they are applied.
 */
STMT(MODULES_WANTED, 5,
    "SELECT " MODULE_COLUMNS ", m.contents FROM modules m WHERE m.deleted_at"
    " IS NULL AND ((m.id = ANY ($2::uuid[]) AND " MODULE_SEEN ") OR"
    " (m.auto_apply AND $5::text IS NOT NULL AND (m.tenant_id IS NULL OR"
    " m.tenant_id = $5::text) AND (m.datastore_id IS NULL OR m.datastore_id ="
    " $3::uuid) AND (m.version_id IS NULL OR m.version_id = $4::uuid)))"
    " ORDER BY m.priority_apply DESC, m.apply_order, m.id")
/* What an instance has; those that were deleted since, too. */
STMT(MODULES_OF_INSTANCE, 1,
    "SELECT " MODULE_COLUMNS ", m.contents FROM instance_modules u JOIN"
    " modules m ON m.id = u.module_id WHERE u.instance_id = $1::uuid"
    " ORDER BY m.name, m.id")

#define MODULE_SET "name = $2::text, type = $3::text, contents ="		\
	" coalesce($4::text, contents), md5 = coalesce($5::text, md5),"	\
	" description = $6::text, datastore_id = $7::uuid, version_id ="	\
	" $8::uuid, auto_apply = $9::boolean, visible = $10::boolean,"		\
	" live_update = $11::boolean, priority_apply = $12::boolean,"		\
	" apply_order = $13::int, is_admin = $14::boolean, tenant_id ="		\
	" $15::text"
STMT(MODULE_INSERT, 15,
    "INSERT INTO modules (id, name, type, contents, md5, description,"
    " datastore_id, version_id, auto_apply, visible, live_update,"
    " priority_apply, apply_order, is_admin, tenant_id) VALUES ($1::uuid,"
    " $2::text, $3::text, $4::text, $5::text, $6::text, $7::uuid, $8::uuid,"
    " $9::boolean, $10::boolean, $11::boolean, $12::boolean, $13::int,"
    " $14::boolean, $15::text)")
/* One that live instances have stays as it is, unless it may change under them. */
#define MODULE_FREE "(m.live_update OR NOT EXISTS (SELECT FROM"		\
	" instance_modules u JOIN instances i ON i.id = u.instance_id WHERE"	\
	" u.module_id = m.id AND i.deleted_at IS NULL))"
#define MODULE_REFUSED " SELECT refuse('CF409', 'The module is in use, or"	\
	" has changed.') WHERE NOT EXISTS (SELECT FROM hit)"
/* ... and, as the last, when it was last changed */
STMT(MODULE_UPDATE, 16,
    "WITH hit AS (UPDATE modules m SET " MODULE_SET ", updated = now() WHERE"
    " m.id = $1::uuid AND m.deleted_at IS NULL AND m.updated ="
    " $16::timestamptz AND " MODULE_FREE " RETURNING id)" MODULE_REFUSED)
STMT(MODULE_DELETE, 1,
    "WITH hit AS (UPDATE modules m SET deleted_at = now() WHERE m.id ="
    " $1::uuid AND m.deleted_at IS NULL AND " MODULE_FREE " RETURNING id)"
    MODULE_REFUSED)

/* instance, modules, their md5 */
STMT(MODULES_APPLIED, 3,
    "INSERT INTO instance_modules (instance_id, module_id, md5) SELECT"
    " $1::uuid, u.id, u.md5 FROM unnest($2::uuid[], $3::text[]) AS u (id,"
    " md5) ON CONFLICT (instance_id, module_id) DO UPDATE SET md5 ="
    " excluded.md5, updated = now()")
/* instance, module or NULL: all */
STMT(MODULES_REMOVED, 2,
    "DELETE FROM instance_modules WHERE instance_id = $1::uuid AND ($2::uuid"
    " IS NULL OR module_id = $2::uuid)")
/* module, tenant or NULL, md5 or NULL, "clustered ones too", current md5 or NULL: whatever they have */
STMT(MODULE_USERS, 5,
    "SELECT i.id, i.tenant_id FROM instance_modules u JOIN instances i ON i.id"
    " = u.instance_id WHERE u.module_id = $1::uuid AND i.deleted_at IS NULL"
    " AND ($2::text IS NULL OR i.tenant_id = $2::text) AND ($3::text IS NULL"
    " OR u.md5 = $3::text) AND ($4::boolean OR i.cluster_id IS NULL) AND"
    " ($5::text IS NULL OR u.md5 <> $5::text) ORDER BY i.id LIMIT 10000")
/* module, tenant or NULL, "clustered ones too" */
STMT(MODULE_COUNTS, 3,
    "SELECT u.md5, count(*), min(u.updated), max(u.updated) FROM"
    " instance_modules u JOIN instances i ON i.id = u.instance_id WHERE"
    " u.module_id = $1::uuid AND i.deleted_at IS NULL AND ($2::text IS NULL OR"
    " i.tenant_id = $2::text) AND ($3::boolean OR i.cluster_id IS NULL)"
    " GROUP BY u.md5 ORDER BY u.md5")
