/* What the static identity asks while requests run, and a project's quota. */

STMT(IDENTITY_USER, 2,
    "SELECT id, name, password_hash FROM users"
    " WHERE enabled AND (id = $1::text OR name = $2::text)")
STMT(IDENTITY_PROJECTS_OF, 1,
    "SELECT id, name FROM projects p WHERE enabled AND EXISTS"
    " (SELECT FROM assignments a WHERE a.project_id = p.id AND a.user_id = $1::text)"
    " ORDER BY name")
STMT(IDENTITY_PROJECTS, 0,
    "SELECT id, name FROM projects WHERE enabled ORDER BY name")

/* No row: not known, run out, or what it was given for is no more. */
STMT(IDENTITY_TOKEN, 1,
    "SELECT t.user_id, u.name, t.project_id, p.name, t.audit_id,"
    " to_char(t.issued AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " to_char(t.expires AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'),"
    " extract(epoch FROM t.expires)::bigint,"
    " coalesce(bool_or(a.role = 'admin'), false),"
    " coalesce(bool_or(a.role = 'member'), false),"
    " coalesce(bool_or(a.role = 'reader'), false)"
    " FROM tokens t JOIN users u ON u.id = t.user_id AND u.enabled"
    " LEFT JOIN projects p ON p.id = t.project_id AND p.enabled"
    " LEFT JOIN assignments a ON a.user_id = u.id AND a.project_id = p.id"
    " WHERE t.hash = $1::text AND t.expires > now()"
    " GROUP BY t.hash, u.name, p.name"
    " HAVING t.project_id IS NULL OR count(a.role) > 0")
/* A token got with a token lives no longer than that one ($6). */
STMT(IDENTITY_TOKEN_ADD, 6,
    "INSERT INTO tokens (hash, user_id, project_id, audit_id, expires)"
    " SELECT $1::text, $2::text, $3::text, $4::text,"
    " least(now() + $5::int * interval '1 second',"
    " (SELECT expires FROM tokens WHERE hash = $6::text))")
STMT(IDENTITY_TOKEN_REMOVE, 1,
    "DELETE FROM tokens WHERE hash = $1::text")
/* Each login sweeps away a few that ran out, so that nothing else has to. */
STMT(IDENTITY_TOKENS_SWEEP, 0,
    "DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens"
    " WHERE expires < now() ORDER BY expires LIMIT 20)")

STMT(QUOTA_OF_TENANT, 1,
    "SELECT instances, ram, volumes, backups,"
    " max_instances, max_ram, max_volumes, max_backups"
    " FROM quotas WHERE tenant_id = $1::text")
