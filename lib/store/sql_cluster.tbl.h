/*
 * cluster: instances that are one database.  No engine forms any yet, so
 * nothing here makes a row.
 */
#define CLUSTER_COLUMNS "c.id, c.tenant_id, c.name, c.version_id, c.task,"	\
	" c.configuration_id, c.locality, c.created, c.updated,"		\
	" c.deleted_at, (SELECT json_agg(json_build_object('id', i.id,"	\
	" 'name', i.name, 'type', coalesce(i.cluster_role, 'member')) ORDER"	\
	" BY i.id) FROM instances i WHERE i.cluster_id = c.id AND"		\
	" i.deleted_at IS NULL)"
/* tenant or NULL: of all; marker; limit or NULL; deleted or not, or NULL: both */
STMT(CLUSTERS_LIST, 4,
    "SELECT " CLUSTER_COLUMNS " FROM clusters c WHERE ($1::text IS NULL OR"
    " c.tenant_id = $1::text) AND c.id > $2::uuid AND ($4::boolean IS NULL OR"
    " (c.deleted_at IS NOT NULL) = $4::boolean) ORDER BY c.id LIMIT $3::int")
STMT(CLUSTER_SHOW, 2,
    "SELECT " CLUSTER_COLUMNS " FROM clusters c WHERE c.id = $1::uuid AND"
    " c.deleted_at IS NULL AND ($2::text IS NULL OR c.tenant_id = $2::text)")
STMT(CLUSTER_MEMBERS, 1, "SELECT " INSTANCE_LEAN INSTANCE_FULL INSTANCE_FROM
    "WHERE i.cluster_id = $1::uuid AND i.deleted_at IS NULL ORDER BY i.id")
STMT(CLUSTER_RESET, 1,
    "UPDATE clusters SET task = 'NONE', updated = now() WHERE id = $1::uuid")
