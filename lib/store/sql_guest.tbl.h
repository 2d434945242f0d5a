/*
 * guest: what guests say, and who writes it.  Only the conductor runs these.
 *
 * No two conductors write the same report: a row takes a state only from a
 * newer sequence number, and "seen" and "silent" only when its number is the
 * one that the writer knows of.
 */
#define GUEST_STATE "g.instance_id, i.key_epoch, g.seq, g.status,"	\
	" g.agent_version, g.order_id, g.order_err, g.order_why"
#define GUEST_LIVE " FROM guests g JOIN instances i ON i.id ="		\
	" g.instance_id AND i.deleted_at IS NULL "

/* In the order of the heap: written back in that order, it costs half at a million. */
STMT(GUESTS_LOAD, 2, "SELECT " GUEST_STATE GUEST_LIVE
    "WHERE g.instance_id BETWEEN $1::uuid AND $2::uuid ORDER BY g.ctid")
STMT(GUESTS_FIND, 1, "SELECT " GUEST_STATE GUEST_LIVE
    "WHERE g.instance_id = ANY ($1::uuid[])")

/* id, seq, used, total, status, version, order, err, why */
STMT(GUESTS_WRITE, 9,
    "UPDATE guests g SET seq = u.seq, last_seen = now(),"
    " changed = CASE WHEN g.status = u.status THEN g.changed ELSE now() END,"
    " used_bytes = nullif(u.used, -1), total_bytes = nullif(u.total, -1),"
    " status = u.status, agent_version = nullif(u.version, ''),"
    " order_id = nullif(u.order_id, ''), order_err = nullif(u.err, ''),"
    " order_why = nullif(u.why, '')"
    " FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[],"
    " $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])"
    " AS u (id, seq, used, total, status, version, order_id, err, why)"
    " WHERE g.instance_id = u.id AND g.seq < u.seq RETURNING g.instance_id")
/* A snapshot later than the write: who began to wait meanwhile is in it. */
STMT(GUESTS_WAITED_FOR, 1,
    "SELECT id FROM tasks WHERE instance_id = ANY ($1::uuid[])"
    " AND status = 'WAITING'")

/* id, seq as known, seq, used, total */
STMT(GUESTS_SEEN, 5,
    "UPDATE guests g SET seq = u.seq, last_seen = now(),"
    " used_bytes = nullif(u.used, -1), total_bytes = nullif(u.total, -1)"
    " FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[],"
    " $5::bigint[]) AS u (id, was, seq, used, total)"
    " WHERE g.instance_id = u.id AND g.seq = u.was RETURNING g.instance_id")
/* id, seq as known */
STMT(GUESTS_SILENT, 2,
    "UPDATE guests g SET status = 'silent', changed = now()"
    " FROM unnest($1::uuid[], $2::bigint[]) AS u (id, was)"
    " WHERE g.instance_id = u.id AND g.seq = u.was RETURNING g.instance_id")
/* Who was seen is written again a moment later: not worth waiting for the disk. */
STMT(GUESTS_NO_WAIT, 0,
    "SELECT set_config('synchronous_commit', 'off', true)")

STMT(SHARDS_RENEW, 3,
    "UPDATE shards SET lease_until = now() + $2::int * interval '1 s'"
    " WHERE owner = $1::text AND shard < $3::int RETURNING shard")
/* Whose lease has ended owns nothing. */
STMT(SHARDS_LIST, 1,
    "SELECT shard, CASE WHEN lease_until > now() THEN owner END"
    " FROM shards WHERE shard < $1::int ORDER BY shard")
/* shard, new owner, secs, owner as seen: '' nobody */
STMT(SHARDS_TAKE, 4,
    "UPDATE shards SET owner = $2::text,"
    " lease_until = now() + $3::int * interval '1 s'"
    " WHERE shard = $1::int AND coalesce(CASE WHEN lease_until > now()"
    " THEN owner END, '') = $4::text")
STMT(SHARDS_RELEASE, 1,
    "UPDATE shards SET owner = NULL, lease_until = NULL"
    " WHERE owner = $1::text")
