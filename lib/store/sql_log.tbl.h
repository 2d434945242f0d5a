/* log: places of published logs, which outlive their instances. */
/* account, container, prefix, seconds until somebody looks */
STMT(LOG_PLACE_NOTE, 4,
    "INSERT INTO log_places (tenant_id, container, prefix, look_at) VALUES"
    " ($1::text, $2::text, $3::text, now() + $4::int * interval '1 second')"
    " ON CONFLICT (tenant_id, container, prefix) DO UPDATE SET look_at ="
    " least(log_places.look_at, excluded.look_at)")
/* most, seconds until the next look: each is this caller's for so long. */
STMT(LOG_PLACES_SWEEP, 2,
    "UPDATE log_places SET look_at = now() + $2::int * interval '1 second'"
    " WHERE (tenant_id, container, prefix) IN (SELECT tenant_id, container,"
    " prefix FROM log_places WHERE look_at <= now() ORDER BY look_at LIMIT"
    " $1::int FOR UPDATE SKIP LOCKED) RETURNING tenant_id, container, prefix")
/* account, container, prefix: nothing lies there, and nobody is about to put it there */
STMT(LOG_PLACE_EMPTY, 3,
    "DELETE FROM log_places WHERE (tenant_id, container, prefix) ="
    " ($1::text, $2::text, $3::text) AND NOT EXISTS (SELECT FROM tasks t WHERE"
    " t.kind = 'log_publish' AND t.status IN ('QUEUED', 'RUNNING', 'WAITING')"
    " AND t.instance_id::text = split_part($3::text, '/', 1))")
