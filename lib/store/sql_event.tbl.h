/*
 * event: what triggers wrote down (sql/0006_events.sql), and who reads it.
 * A row is shown when every transaction that began before its own has ended.
 */
#define EVENT_SETTLED "xid < pg_snapshot_xmin(pg_current_snapshot())"
#define EVENT_COLUMNS "xid, seq, to_char(at AT TIME ZONE 'UTC',"	\
	" 'YYYY-MM-DD HH24:MI:SS.US'), type, payload,"			\
	" payload ->> 'server_type'"

STMT(EVENT_CONTEXT, 1, "SELECT set_config('coffer.context', $1::text, true)")
/* tenant, the last one seen: xid, seq; limit */
STMT(EVENTS_PAGE, 4,
    "SELECT " EVENT_COLUMNS " FROM events WHERE tenant_id = $1::text AND"
    " (xid, seq) > ($2::xid8, $3::bigint) AND " EVENT_SETTLED
    " ORDER BY xid, seq LIMIT $4::int")
/* Of the transaction that asks: what it is about to do. */
STMT(EVENTS_OF_MINE, 0,
    "SELECT tenant_id, type, payload ->> 'task_kind' FROM events"
    " WHERE xid = pg_current_xact_id() ORDER BY seq")

/* The log's cursor, for one worker at a time: no row while another has it. */
STMT(EVENTS_LOG_TAKE, 0,
    "SELECT xid, seq FROM event_cursors WHERE name = 'log'"
    " FOR UPDATE SKIP LOCKED")
/* xid, seq, limit */
STMT(EVENTS_AFTER, 3,
    "SELECT " EVENT_COLUMNS " FROM events WHERE (xid, seq) >"
    " ($1::xid8, $2::bigint) AND " EVENT_SETTLED
    " ORDER BY xid, seq LIMIT $3::int")
STMT(EVENTS_LOG_MARK, 2,
    "UPDATE event_cursors SET xid = $1::xid8, seq = $2::bigint"
    " WHERE name = 'log'")
/* days, how many at once */
STMT(EVENTS_PRUNE, 2,
    "DELETE FROM events WHERE (xid, seq) IN (SELECT xid, seq FROM events"
    " ORDER BY xid, seq LIMIT $2::int) AND at < now() - $1::int *"
    " interval '1 day'")
