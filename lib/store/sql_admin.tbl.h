/* What the operator's tool and the schema ask; run as coffer_operator. */

/* --- schema ------------------------------------------------------------------ */
STMT(SCHEMA_IS_THERE, 0,
    "SELECT to_regclass('schema_version') IS NOT NULL")
STMT(SCHEMA_VERSIONS, 0,
    "SELECT version, to_char(applied AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    " FROM schema_version ORDER BY version")
STMT(SCHEMA_LOCK, 0,
    "SELECT pg_advisory_lock(hashtext('coffer schema'))")
STMT(SCHEMA_UNLOCK, 0,
    "SELECT pg_advisory_unlock(hashtext('coffer schema'))")

/* --- datastores --------------------------------------------------------------- */
STMT(ADMIN_DATASTORES, 0,
    "SELECT d.id, d.name, v.name, v.id,"
    " (SELECT count(*) FROM datastore_versions n WHERE n.datastore_id = d.id)"
    " FROM datastores d LEFT JOIN datastore_versions v ON v.id = d.default_version"
    " ORDER BY d.name")
STMT(ADMIN_DATASTORE_ADD, 2,
    "INSERT INTO datastores (id, name) VALUES ($1::uuid, $2::text)")
STMT(ADMIN_DATASTORE_IS_EMPTY, 1,
    "SELECT refuse('CF409', format('datastore %s still has versions', d.name))"
    " FROM datastores d WHERE (d.id::text = $1::text OR d.name = $1::text)"
    " AND EXISTS (SELECT FROM datastore_versions v WHERE v.datastore_id = d.id)")
STMT(ADMIN_DATASTORE_REMOVE, 1,
    "DELETE FROM datastores WHERE id::text = $1::text OR name = $1::text")
STMT(ADMIN_DATASTORE_IS_THERE, 1,
    "SELECT refuse('CF404', format('no datastore %s', $1::text))"
    " WHERE NOT EXISTS (SELECT FROM datastores WHERE id::text = $1::text OR name = $1::text)")
STMT(ADMIN_VERSIONS, 1,
    "SELECT v.id, d.name, v.name, v.version, v.manager, v.active,"
    " coalesce(d.default_version = v.id, false),"
    " (SELECT count(*) FROM parameters p WHERE p.version_id = v.id),"
    " (SELECT count(*) FROM instances i WHERE i.version_id = v.id AND i.deleted_at IS NULL AND i.verifies IS NULL)"
    " FROM datastore_versions v JOIN datastores d ON d.id = v.datastore_id"
    " WHERE $1::text IS NULL OR d.id::text = $1::text OR d.name = $1::text"
    " ORDER BY d.name, v.name, v.version")
STMT(ADMIN_VERSION_FIND, 1,
    "SELECT v.id FROM datastore_versions v JOIN datastores d ON d.id = v.datastore_id"
    " WHERE v.id::text = $1::text OR d.name || '/' || v.name = $1::text"
    " OR d.name || '/' || v.name || '/' || v.version = $1::text")
STMT(ADMIN_VERSION_ADD, 8,
    "INSERT INTO datastore_versions"
    " (id, datastore_id, name, version, manager, active, image_id, packages)"
    " SELECT $1::uuid, d.id, $3::text, $4::text, $5::text, $6::boolean, $7::text,"
    " coalesce($8::text, '') FROM datastores d"
    " WHERE d.id::text = $2::text OR d.name = $2::text")
STMT(ADMIN_VERSION_SET, 6,
    "UPDATE datastore_versions SET name = coalesce($2::text, name),"
    " manager = coalesce($3::text, manager), active = coalesce($4::boolean, active),"
    " image_id = coalesce($5::text, image_id), packages = coalesce($6::text, packages)"
    " WHERE id = $1::uuid")
STMT(ADMIN_VERSION_DEFAULT, 1,
    "UPDATE datastores d SET default_version = v.id FROM datastore_versions v"
    " WHERE v.id = $1::uuid AND d.id = v.datastore_id")
STMT(ADMIN_VERSION_IS_FREE, 1,
    "SELECT refuse('CF409', format('%s instances (deleted ones counted) and configuration"
    " groups name this version: make it inactive instead (--active no)', count(*))) FROM (SELECT version_id"
    " FROM instances UNION ALL SELECT version_id FROM configurations) u"
    " WHERE version_id = $1::uuid HAVING count(*) > 0")
STMT(ADMIN_VERSION_REMOVE, 1,
    "DELETE FROM datastore_versions WHERE id = $1::uuid")

/* --- parameters and flavors ------------------------------------------------------ */
STMT(ADMIN_PARAMETERS_FORGET, 1,
    "DELETE FROM parameters WHERE version_id = $1::uuid")
STMT(ADMIN_PARAMETERS_ADD, 6,
    "INSERT INTO parameters (version_id, name, type, restart_required, min, max)"
    " SELECT $1::uuid, p.name, p.type, p.restart, nullif(p.min, ''), nullif(p.max, '')"
    " FROM unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[])"
    " AS p (name, type, restart, min, max)")
STMT(ADMIN_FLAVORS, 0,
    "SELECT id, name, ram_mb, vcpus, disk_gb, ephemeral_gb FROM flavors"
    " ORDER BY position, id")
STMT(ADMIN_FLAVOR_PUT, 7,
    "INSERT INTO flavors (id, name, ram_mb, vcpus, disk_gb, ephemeral_gb, position)"
    " VALUES ($1::text, $2::text, $3::int, $4::int, $5::int, $6::int,"
    " coalesce($7::int, (SELECT coalesce(max(position), 0) + 1 FROM flavors)))"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, ram_mb = excluded.ram_mb,"
    " vcpus = excluded.vcpus, disk_gb = excluded.disk_gb,"
    " ephemeral_gb = excluded.ephemeral_gb,"
    " position = CASE WHEN $7::int IS NULL THEN flavors.position ELSE $7::int END")
STMT(ADMIN_FLAVOR_REMOVE, 1,
    "DELETE FROM flavors WHERE id = $1::text")

/* --- identity ---------------------------------------------------------------------- */
STMT(ADMIN_PROJECTS, 0,
    "SELECT p.id, p.name, p.enabled,"
    " (SELECT count(*) FROM instances i WHERE i.tenant_id = p.id AND i.deleted_at IS NULL)"
    " FROM projects p ORDER BY p.name")
STMT(ADMIN_PROJECT_ADD, 2,
    "INSERT INTO projects (id, name) VALUES ($1::text, $2::text)")
STMT(ADMIN_PROJECT_ENABLE, 2,
    "UPDATE projects SET enabled = $2::boolean WHERE id = $1::text OR name = $1::text")
STMT(ADMIN_PROJECT_TOKENS_FORGET, 1,
    "DELETE FROM tokens t USING projects p"
    " WHERE t.project_id = p.id AND (p.id = $1::text OR p.name = $1::text)")
STMT(ADMIN_USERS, 0,
    "SELECT u.id, u.name, u.enabled,"
    " (SELECT count(*) FROM tokens t WHERE t.user_id = u.id AND t.expires > now())"
    " FROM users u ORDER BY u.name")
STMT(ADMIN_USER_ADD, 3,
    "INSERT INTO users (id, name, password_hash) VALUES ($1::text, $2::text, $3::text)")
STMT(ADMIN_USER_PASSWORD, 2,
    "UPDATE users SET password_hash = $2::text WHERE id = $1::text OR name = $1::text")
STMT(ADMIN_USER_ENABLE, 2,
    "UPDATE users SET enabled = $2::boolean WHERE id = $1::text OR name = $1::text")
STMT(ADMIN_USER_IS_THERE, 1,
    "SELECT refuse('CF404', format('no user %s', $1::text))"
    " WHERE NOT EXISTS (SELECT FROM users WHERE id = $1::text OR name = $1::text)")
STMT(ADMIN_PROJECT_IS_THERE, 1,
    "SELECT refuse('CF404', format('no project %s', $1::text))"
    " WHERE NOT EXISTS (SELECT FROM projects WHERE id = $1::text OR name = $1::text)")
STMT(ADMIN_ROLES, 1,
    "SELECT u.name, p.name, a.role FROM assignments a"
    " JOIN users u ON u.id = a.user_id JOIN projects p ON p.id = a.project_id"
    " WHERE $1::text IS NULL OR u.id = $1::text OR u.name = $1::text"
    " ORDER BY u.name, p.name, a.role")
STMT(ADMIN_ROLE_GRANT, 3,
    "INSERT INTO assignments (user_id, project_id, role)"
    " SELECT u.id, p.id, $3::text FROM users u, projects p"
    " WHERE (u.id = $1::text OR u.name = $1::text)"
    " AND (p.id = $2::text OR p.name = $2::text) ON CONFLICT DO NOTHING")
STMT(ADMIN_ROLE_REVOKE, 3,
    "DELETE FROM assignments a USING users u, projects p"
    " WHERE a.user_id = u.id AND a.project_id = p.id AND a.role = $3::text"
    " AND (u.id = $1::text OR u.name = $1::text)"
    " AND (p.id = $2::text OR p.name = $2::text)")
STMT(ADMIN_TOKENS, 1,
    "SELECT t.audit_id, u.name, p.name,"
    " to_char(t.issued AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " to_char(t.expires AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    " FROM tokens t JOIN users u ON u.id = t.user_id"
    " LEFT JOIN projects p ON p.id = t.project_id WHERE t.expires > now()"
    " AND ($1::text IS NULL OR u.id = $1::text OR u.name = $1::text)"
    " ORDER BY u.name, t.issued")
STMT(ADMIN_TOKENS_FORGET, 1,
    "DELETE FROM tokens t USING users u"
    " WHERE t.user_id = u.id AND (u.id = $1::text OR u.name = $1::text)")

/* --- quotas -------------------------------------------------------------------------- */
STMT(ADMIN_TENANT_FIND, 1,
    "SELECT id FROM projects WHERE id = $1::text OR name = $1::text"
    " UNION SELECT tenant_id FROM quotas WHERE tenant_id = $1::text"
    " UNION SELECT tenant_id FROM instances WHERE tenant_id = $1::text")
STMT(ADMIN_QUOTA, 5,
    "SELECT r.resource, r.used, coalesce(r.own, r.preset), r.own IS NOT NULL"
    " FROM (SELECT $1::text AS tenant) t LEFT JOIN quotas q ON q.tenant_id = t.tenant,"
    " LATERAL (VALUES"
    " ('instances', coalesce(q.instances, 0)::bigint, q.max_instances, $2::int),"
    " ('ram', coalesce(q.ram, 0), q.max_ram, $3::int),"
    " ('volumes', coalesce(q.volumes, 0), q.max_volumes, $4::int),"
    " ('backups', coalesce(q.backups, 0), q.max_backups, $5::int))"
    " AS r (resource, used, own, preset)")
/* $2..$5: a limit, 'default' for the configured one, NULL to leave it. */
STMT(ADMIN_QUOTA_SET, 5,
    "INSERT INTO quotas AS q (tenant_id, max_instances, max_ram, max_volumes, max_backups)"
    " VALUES ($1::text, nullif($2::text, 'default')::int, nullif($3::text, 'default')::int,"
    " nullif($4::text, 'default')::int, nullif($5::text, 'default')::int)"
    " ON CONFLICT (tenant_id) DO UPDATE SET"
    " max_instances = CASE WHEN $2::text IS NULL THEN q.max_instances ELSE excluded.max_instances END,"
    " max_ram = CASE WHEN $3::text IS NULL THEN q.max_ram ELSE excluded.max_ram END,"
    " max_volumes = CASE WHEN $4::text IS NULL THEN q.max_volumes ELSE excluded.max_volumes END,"
    " max_backups = CASE WHEN $5::text IS NULL THEN q.max_backups ELSE excluded.max_backups END")

/* --- tasks and instances ---------------------------------------------------------------- */
#define ADMIN_PROGRESS "task_progress(moved_bytes, total_bytes, moving_since, moved_at)"
STMT(ADMIN_TASKS, 4,
    "SELECT id, instance_id, kind, status, step, step_no, step_count, attempt, undoing,"
    " to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'), " ADMIN_PROGRESS ", error FROM tasks"
    " WHERE (NOT $1::boolean OR status IN ('QUEUED', 'RUNNING', 'WAITING'))"
    " AND (NOT $2::boolean OR status = 'FAILED')"
    " AND ($3::text IS NULL OR instance_id::text = $3::text)"
    " ORDER BY seq DESC LIMIT $4::int")
STMT(ADMIN_TASK, 1,
    "SELECT id, kind, status, instance_id, tenant_id, user_id, request_id, step,"
    " step_no, step_count, undoing, cancel, attempt, crashes, owner,"
    " to_char(lease_until AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " to_char(due AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " to_char(started AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " to_char(ended AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " to_char(deadline AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " " ADMIN_PROGRESS ", failed_step, error FROM tasks WHERE id::text = $1::text")
/* Inside a retry's transaction: the instance must still be there and at rest. */
STMT(ADMIN_RETRY_LOCK, 1,
    "SELECT 1 FROM instances WHERE id = $1::uuid FOR UPDATE")
STMT(ADMIN_RETRY_ALLOWED, 1,
    "SELECT refuse('CF422', CASE WHEN i.id IS NULL THEN 'the instance has no row any more'"
    " WHEN i.deleted_at IS NOT NULL THEN 'the instance is deleted'"
    " ELSE 'another task of the instance is not finished' END)"
    " FROM (SELECT $1::uuid AS id) t LEFT JOIN instances i ON i.id = t.id"
    " WHERE i.id IS NULL OR i.deleted_at IS NOT NULL OR EXISTS (SELECT FROM tasks a"
    " WHERE a.instance_id = t.id AND a.status IN ('QUEUED', 'RUNNING', 'WAITING'))")
STMT(ADMIN_INSTANCES, 1,
    "SELECT i.id, i.tenant_id, i.name, d.name, v.name, i.server_status, i.task, g.status,"
    " i.address, i.flavor_id, i.volume_gb,"
    " to_char(i.created AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " to_char(g.last_seen AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    " FROM instances i JOIN datastore_versions v ON v.id = i.version_id"
    " JOIN datastores d ON d.id = v.datastore_id LEFT JOIN guests g ON g.instance_id = i.id"
    " WHERE i.deleted_at IS NULL AND i.verifies IS NULL AND ($1::text IS NULL OR i.tenant_id = $1::text)"
    " ORDER BY i.created, i.id")
STMT(ADMIN_SCHEDULES, 1,
    "SELECT s.id, s.tenant_id, s.instance_id, s.name, s.cron, s.zone, s.keep_last,"
    " s.keep_days, s.full_every, s.enabled,"
    " to_char(s.next_run AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " to_char(s.last_run AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " s.last_backup, b.state, s.last_error FROM backup_schedules s LEFT JOIN backups b"
    " ON b.id = s.last_backup WHERE $1::text IS NULL OR s.tenant_id = $1::text"
    " ORDER BY s.next_run, s.id")

/* --- audit: every one returns what is wrong, so no rows is good ----------------------------- */
/* What failed to be built or is being deleted need not have what it had. */
STMT(AUDIT_LIVE, 1,
    "SELECT i.id, coalesce(s.host = $1::text, true), w.wanted AND i.server_id IS NOT NULL,"
    " w.wanted AND i.volume_id IS NOT NULL, w.wanted AND i.port_id IS NOT NULL,"
    " EXISTS (SELECT FROM tasks t WHERE t.instance_id = i.id"
    " AND t.status IN ('QUEUED', 'RUNNING', 'WAITING'))"
    " FROM instances i LEFT JOIN slots s ON s.instance_id = i.id,"
    " LATERAL (SELECT i.task <> 'DELETING' AND i.task NOT LIKE 'BUILDING%') AS w (wanted)"
    " WHERE i.deleted_at IS NULL ORDER BY i.id")
STMT(AUDIT_SLOTS, 1,
    "SELECT s.instance_id, s.slot FROM slots s"
    " LEFT JOIN instances i ON i.id = s.instance_id AND i.deleted_at IS NULL"
    " WHERE i.id IS NULL AND s.host = $1::text ORDER BY s.slot")
STMT(AUDIT_SLOT_REMOVE, 1,
    "DELETE FROM slots s WHERE s.instance_id = $1::uuid AND NOT EXISTS"
    " (SELECT FROM instances i WHERE i.id = s.instance_id AND i.deleted_at IS NULL)")
STMT(AUDIT_GUESTLESS, 0,
    "SELECT i.id FROM instances i LEFT JOIN guests g ON g.instance_id = i.id"
    " WHERE i.deleted_at IS NULL AND g.instance_id IS NULL AND NOT EXISTS"
    " (SELECT FROM tasks t WHERE t.instance_id = i.id AND t.status IN ('QUEUED', 'RUNNING', 'WAITING'))"
    " ORDER BY i.id")
STMT(AUDIT_GUESTS, 0,
    "SELECT g.instance_id FROM guests g"
    " LEFT JOIN instances i ON i.id = g.instance_id AND i.deleted_at IS NULL"
    " WHERE i.id IS NULL ORDER BY g.instance_id")
STMT(AUDIT_GUEST_REMOVE, 1,
    "DELETE FROM guests g WHERE g.instance_id = $1::uuid AND NOT EXISTS"
    " (SELECT FROM instances i WHERE i.id = g.instance_id AND i.deleted_at IS NULL)")
/* An instance stops counting when its deletion is asked for, not when it is done. */
#define AUDIT_RECOUNT \
    "SELECT i.tenant_id, count(*)::int AS instances, sum(i.ram_mb)::bigint AS ram," \
    " sum(i.volume_gb)::bigint AS volumes FROM instances i WHERE i.deleted_at IS NULL" \
    " AND i.verifies IS NULL" \
    " AND i.task <> 'DELETING' AND NOT EXISTS (SELECT FROM tasks t" \
    " WHERE t.instance_id = i.id AND t.kind = 'delete') GROUP BY i.tenant_id"
STMT(AUDIT_QUOTAS, 0,
    "SELECT coalesce(q.tenant_id, c.tenant_id), coalesce(q.instances, 0), coalesce(q.ram, 0),"
    " coalesce(q.volumes, 0), coalesce(c.instances, 0), coalesce(c.ram, 0), coalesce(c.volumes, 0)"
    " FROM quotas q FULL JOIN (" AUDIT_RECOUNT ") c ON c.tenant_id = q.tenant_id"
    " WHERE (coalesce(q.instances, 0), coalesce(q.ram, 0), coalesce(q.volumes, 0))"
    " IS DISTINCT FROM (coalesce(c.instances, 0), coalesce(c.ram, 0), coalesce(c.volumes, 0))"
    " ORDER BY 1")
STMT(AUDIT_QUOTA_FIX, 1,
    "INSERT INTO quotas AS q (tenant_id, instances, ram, volumes)"
    " SELECT t.id, coalesce(c.instances, 0), coalesce(c.ram, 0), coalesce(c.volumes, 0)"
    " FROM (SELECT $1::text AS id) t LEFT JOIN (" AUDIT_RECOUNT ") c ON c.tenant_id = t.id"
    " ON CONFLICT (tenant_id) DO UPDATE SET instances = excluded.instances,"
    " ram = excluded.ram, volumes = excluded.volumes")
STMT(AUDIT_QUOTA_LOCK, 1,
    "SELECT 1 FROM quotas WHERE tenant_id = $1::text FOR UPDATE")
STMT(AUDIT_STUCK, 0,
    "SELECT t.id, t.kind, t.instance_id, t.status, CASE"
    " WHEN t.deadline + (t.deadline - t.created) + interval '1 minute' < now()"
    " THEN 'past its deadline and its undo''s'"
    " ELSE 'due and unowned for more than a minute' END FROM tasks t"
    " WHERE t.status IN ('QUEUED', 'RUNNING', 'WAITING') AND ("
    " t.deadline + (t.deadline - t.created) + interval '1 minute' < now() OR ("
    " t.due < now() - interval '1 minute'"
    " AND (t.lease_until IS NULL OR t.lease_until < now() - interval '1 minute')"
    " AND NOT EXISTS (SELECT FROM tasks e WHERE e.instance_id = t.instance_id AND e.seq < t.seq"
    " AND e.status IN ('QUEUED', 'RUNNING', 'WAITING')))) ORDER BY t.seq")
