/*
 * schedule: backups that come by themselves.  A worker claims one that is due
 * in the transaction that makes its backup; what goes wrong there is noted in
 * a second one, which names the time that was due and so is done once.
 */
#define SCHEDULE_COLUMNS "s.id, s.tenant_id, s.instance_id, s.name,"		\
	" s.description, s.cron, s.zone, s.keep_last, s.keep_days,"		\
	" s.full_every, s.enabled, s.next_run, s.last_run, s.last_backup,"	\
	" b.state, s.last_error, s.created, s.updated FROM backup_schedules s"	\
	" LEFT JOIN backups b ON b.id = s.last_backup AND b.deleted_at IS NULL "
/* tenant or NULL: of all; instance or NULL; after this id; limit */
STMT(SCHEDULES_LIST, 4,
    "SELECT " SCHEDULE_COLUMNS "WHERE ($1::text IS NULL OR s.tenant_id ="
    " $1::text) AND ($2::uuid IS NULL OR s.instance_id = $2::uuid)"
    " AND s.id > $3::uuid ORDER BY s.id LIMIT $4::int")
STMT(SCHEDULE_SHOW, 2,
    "SELECT " SCHEDULE_COLUMNS "WHERE s.id = $1::uuid"
    " AND ($2::text IS NULL OR s.tenant_id = $2::text)")

/* Locks the instance against being deleted, and against a second one who counts. */
STMT(SCHEDULE_HOLD, 1,
    "WITH hit AS (SELECT id FROM instances WHERE id = $1::uuid AND deleted_at"
    " IS NULL FOR NO KEY UPDATE) SELECT refuse('CF404', 'Resource ' ||"
    " $1::text || ' cannot be found.') WHERE NOT EXISTS (SELECT FROM hit)")
STMT(SCHEDULE_ROOM, 2,
    "SELECT refuse('CF413', 'An instance has at most ' || $2::text || ' backup"
    " schedules.') WHERE (SELECT count(*) FROM backup_schedules WHERE"
    " instance_id = $1::uuid) >= $2::int")
/* id, tenant, user, instance, name, description, cron, zone, last, days, every, enabled, next */
#define SCHEDULE_TIME(n) "to_timestamp($" n "::double precision)"
STMT(SCHEDULE_INSERT, 13,
    "INSERT INTO backup_schedules (id, tenant_id, user_id, instance_id, name,"
    " description, cron, zone, keep_last, keep_days, full_every, enabled,"
    " next_run, due) VALUES ($1::uuid, $2::text, $3::text, $4::uuid,"
    " $5::text, $6::text, $7::text, $8::text, $9::int, $10::int, $11::int,"
    " $12::boolean, " SCHEDULE_TIME("13") ", " SCHEDULE_TIME("13") ")")
/*
 * id, as it was read, name, description, cron, zone, last, days, every,
 * enabled, is its time another one, next
 */
STMT(SCHEDULE_CHANGE, 12,
    "WITH hit AS (UPDATE backup_schedules SET name = $3::text, description ="
    " $4::text, cron = $5::text, zone = $6::text, keep_last = $7::int,"
    " keep_days = $8::int, full_every = $9::int, enabled = $10::boolean,"
    " next_run = CASE WHEN $11::boolean THEN " SCHEDULE_TIME("12") " ELSE"
    " next_run END, due = CASE WHEN $11::boolean THEN " SCHEDULE_TIME("12")
    " ELSE due END, tidy_at = now(), updated = now() WHERE id = $1::uuid AND"
    " updated = $2::timestamptz RETURNING id) SELECT refuse('CF409', 'The"
    " backup schedule has changed.') WHERE NOT EXISTS (SELECT FROM hit)")
STMT(SCHEDULE_DELETE, 1, "DELETE FROM backup_schedules WHERE id = $1::uuid")

/* --- for workers ------------------------------------------------------------------ */

/*
 * One that is due and that no other has; its instance is locked with it, or
 * both are left, so that nobody waits here.
 */
STMT(SCHEDULE_CLAIM, 0,
    "SELECT s.id, s.tenant_id, s.user_id, s.instance_id, s.name,"
    " s.description, s.cron, s.zone, s.full_every, s.due,"
    " extract(epoch FROM now())::bigint, i.version_id, v.manager,"
    " CASE WHEN i.server_status <> 'ACTIVE' THEN i.server_status WHEN i.task"
    " NOT IN ('NONE', 'RESTART_REQUIRED') THEN i.task END, i.backing_up IS NOT"
    " NULL OR EXISTS (SELECT FROM tasks t WHERE t.instance_id = i.id AND"
    " t.status IN " TASK_ACTIVE ") FROM backup_schedules s JOIN instances i ON"
    " i.id = s.instance_id LEFT JOIN datastore_versions v ON v.id ="
    " i.version_id WHERE s.due <= now() ORDER BY s.due LIMIT 1"
    " FOR NO KEY UPDATE OF s, i SKIP LOCKED")
/*
 * schedule, version, how many make a chain, "also without a mark": the last
 * good one, if one more may stand upon it.  Not where one tried to and failed:
 * what hindered it may well be there; nor where one of the chain is no good.
 */
STMT(SCHEDULE_PARENT, 4,
    "WITH RECURSIVE last AS (SELECT * FROM backups"
    " WHERE schedule_id = $1::uuid AND deleted_at IS NULL AND state ="
    " 'COMPLETED' ORDER BY created DESC, id LIMIT 1), chain AS (SELECT id,"
    " parent_id, verified, 1 AS n FROM last UNION ALL SELECT b.id,"
    " b.parent_id, b.verified, c.n + 1"
    " FROM backups b JOIN chain c ON b.id = c.parent_id WHERE b.deleted_at IS"
    " NULL AND c.n < $3::int) SELECT id FROM last l WHERE version_id ="
    " $2::uuid AND (mark IS NOT NULL OR $4::boolean) AND (SELECT max(n) FROM"
    " chain) < $3::int AND NOT EXISTS (SELECT FROM backups f WHERE"
    " f.schedule_id = $1::uuid AND f.state = 'FAILED' AND f.parent_id = l.id)"
    " AND NOT EXISTS (SELECT FROM chain WHERE NOT verified)")
/* schedule, backup, next: the last of the claim's transaction */
STMT(SCHEDULE_RAN, 3,
    "WITH made AS (UPDATE backups SET schedule_id = $1::uuid WHERE id ="
    " $2::uuid) UPDATE backup_schedules SET next_run = " SCHEDULE_TIME("3")
    ", due = " SCHEDULE_TIME("3") ", last_run = now(), last_backup = $2::uuid,"
    " last_error = NULL, tidy_at = now() + interval '2 s' WHERE id = $1::uuid")
/* schedule, due, next, why: a run that made none */
STMT(SCHEDULE_MISSED, 4,
    "UPDATE backup_schedules SET next_run = " SCHEDULE_TIME("3") ", due = "
    SCHEDULE_TIME("3") ", last_run = now(), last_error = $4::text WHERE id ="
    " $1::uuid AND due = $2::timestamptz")
/* schedule, due, seconds, why or NULL: one that waits for its instance */
STMT(SCHEDULE_LATER, 4,
    "UPDATE backup_schedules SET due = now() + $3::int * interval '1 s',"
    " last_error = coalesce($4::text, last_error) WHERE id = $1::uuid AND due"
    " = $2::timestamptz")

/* Seconds until another worker may begin anew, if this one dies. */
STMT(SCHEDULE_TIDY, 1,
    "UPDATE backup_schedules SET tidy_at = now() + $1::int * interval '1 s'"
    " WHERE id = (SELECT id FROM backup_schedules WHERE tidy_at <= now() ORDER"
    " BY tidy_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) RETURNING id")
/*
 * Its backups that are kept no longer.  Of the good ones at least the last is;
 * one that failed, also when it was tried, is shown until there is a better one.  A backup stays while
 * any that stands upon it does, whoever made that; of those that go together
 * only the first is named, as the others go with it.
 */
STMT(SCHEDULE_EXPIRED, 1,
    "WITH RECURSIVE mine AS (SELECT b.id, b.parent_id, s.state, b.created,"
    " row_number() OVER (PARTITION BY s.state ORDER BY b.created DESC, b.id)"
    " AS nth FROM backups b, LATERAL (SELECT CASE WHEN NOT b.verified THEN"
    " 'FAILED' ELSE b.state END AS state) s WHERE b.schedule_id = $1::uuid AND b.deleted_at IS"
    " NULL AND b.state IN ('COMPLETED', 'FAILED')),"
    " old AS (SELECT m.id, m.parent_id FROM mine m, backup_schedules s WHERE"
    " s.id = $1::uuid AND num_nonnulls(s.keep_last, s.keep_days) > 0 AND CASE"
    " WHEN m.state = 'FAILED' THEN m.created < (SELECT max(created) FROM mine"
    " WHERE state = 'COMPLETED') ELSE m.nth > 1 AND (s.keep_last IS NULL OR"
    " m.nth > s.keep_last) AND (s.keep_days IS NULL OR m.created < now() -"
    " s.keep_days * interval '1 day') END),"
    " family AS (SELECT id, parent_id FROM mine UNION SELECT b.id, b.parent_id"
    " FROM backups b JOIN family f ON b.parent_id = f.id WHERE b.deleted_at IS"
    " NULL), stays AS (SELECT parent_id AS id FROM family WHERE id NOT IN"
    " (SELECT id FROM old) UNION SELECT f.parent_id FROM family f JOIN stays k"
    " ON f.id = k.id), goes AS (SELECT id, parent_id FROM old o WHERE NOT"
    " EXISTS (SELECT FROM stays k WHERE k.id = o.id)) SELECT id FROM goes g"
    " WHERE NOT EXISTS (SELECT FROM goes p WHERE p.id = g.parent_id)")
/* Soon again while the last one runs; where days count, when some have passed. */
STMT(SCHEDULE_TIDIED, 1,
    "UPDATE backup_schedules s SET tidy_at = CASE WHEN EXISTS (SELECT FROM"
    " backups b WHERE b.id = s.last_backup AND b.state IN " BACKUP_RUNS ") THEN"
    " now() + interval '5 s' WHEN s.keep_days IS NOT NULL THEN now() + interval"
    " '1 hour' END WHERE s.id = $1::uuid")
