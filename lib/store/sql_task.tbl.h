/*
 * task: submitted by the API, walked by workers, whose writes name the task's
 * token and owner.
 */
#define TASK_ACTIVE "('QUEUED', 'RUNNING', 'WAITING')"
#define TASK_TIME(column) "to_char(" column ", 'YYYY-MM-DD\"T\"HH24:MI:SS')"
/* Whom one waits for that has not ended: of one instance one task at a time. */
#define TASK_AHEAD "CASE WHEN status IN " TASK_ACTIVE " THEN (SELECT e.id"	\
	" FROM tasks e WHERE e.instance_id = tasks.instance_id AND e.seq <"	\
	" tasks.seq AND e.status IN " TASK_ACTIVE " ORDER BY e.seq LIMIT 1) END"
#define TASK_COLUMNS "id, instance_id, tenant_id, kind, status, step,"	\
	" request_id, step_no, step_count, attempt, undoing, failed_step,"	\
	" error, " TASK_TIME("created") ", " TASK_TIME("started") ", "	\
	TASK_TIME("ended") ", " TASK_TIME("deadline") ", moved_bytes,"	\
	" total_bytes, (extract(epoch from moved_at - moving_since) *"	\
	" 1000)::bigint, " TASK_AHEAD " FROM tasks "
/* Of one instance one task at a time, in the order in which they came. */
#define TASK_BEHIND "EXISTS (SELECT FROM tasks e WHERE e.instance_id ="	\
	" t.instance_id AND e.seq < t.seq AND e.status IN " TASK_ACTIVE ")"
#define TASK_OWNED "t.lease_until IS NOT NULL AND t.lease_until > now()"

/*
 * The first statement of each transaction of an owner is its fence: it refuses
 * all of it when the task is not the owner's any more.
 */
#define TASK_MINE "WHERE id = $1::uuid AND token = $2::bigint AND owner ="	\
	" $3::text AND status = 'RUNNING'"
#define TASK_FENCED "refuse('CFFEN', 'The task was taken by another worker.')"
#define TASK_IF_FENCED "CASE WHEN NOT EXISTS (SELECT FROM hit) THEN "	\
	TASK_FENCED " END"
/*
 * Not worth waiting for the disk: if it is lost in a crash of PostgreSQL, the
 * task stands where it stood before, and its steps look before they work.
 */
#define TASK_NO_WAIT "set_config('synchronous_commit', 'off', true)"

/* id, instance, tenant, user, request, kind, args, seconds */
STMT(TASK_INSERT, 8,
    "INSERT INTO tasks (id, instance_id, tenant_id, user_id, request_id,"
    " kind, args, deadline) VALUES ($1::uuid, $2::uuid, $3::text, $4::text,"
    " $5::text, $6::text, $7::text, now() + $8::int * interval '1 second')")
STMT(TASK_PROBE, 1, "SELECT 1 FROM tasks WHERE id = $1::uuid")
STMT(TASKS_OF_INSTANCE, 2,
    "SELECT " TASK_COLUMNS "WHERE instance_id = $1::uuid"
    " ORDER BY seq DESC LIMIT $2::int")
STMT(TASK_SHOW, 2,
    "SELECT " TASK_COLUMNS "WHERE id = $1::uuid AND instance_id = $2::uuid")

/*
 * id, owner, lease seconds, host -> the task, its instance, its guest.  crashes
 * counts takings since it was last given back; attempt is one, and one more for
 * each worker that did not give it back.  Instances with a slot belong
 * to the host that has it.
 */
STMT(TASK_TAKE, 4,
    "WITH took AS (UPDATE tasks t SET status = 'RUNNING', owner = $2::text,"
    " token = token + 1, crashes = crashes + 1,"
    " attempt = attempt + (attempt = 0 OR crashes > 0)::int,"
    " lease_until = now() + $3::int * interval '1 second',"
    " started = coalesce(started, now())"
    " WHERE id = $1::uuid AND status IN " TASK_ACTIVE " AND NOT (" TASK_OWNED
    ") AND NOT " TASK_BEHIND " AND NOT EXISTS (SELECT FROM slots WHERE"
    " instance_id = t.instance_id AND host <> $4::text) RETURNING *)"
    " SELECT t.instance_id, t.tenant_id, t.user_id, t.request_id, t.kind,"
    " t.args, t.step, t.undoing, t.cancel, t.failed_step, t.error, t.attempt,"
    " t.crashes, t.token, (extract(epoch from t.deadline - now()) *"
    " 1000)::bigint, (extract(epoch from t.step_deadline - now()) *"
    " 1000)::bigint, i.name, v.manager, v.version, i.ram_mb, i.vcpus,"
    " i.volume_gb, i.server_id, i.volume_id, i.port_id, i.address,"
    " i.key_epoch, s.slot, i.network_id, i.zone, i.to_ram_mb, i.to_vcpus, i.to_gb,"
    " i.access, i.public_address, g.status, g.seq, g.order_id, g.order_err,"
    " g.order_why, g.last_seen > t.started, g.used_bytes, i.verifies, " TASK_NO_WAIT " FROM took t JOIN instances i ON i.id = t.instance_id"
    " JOIN datastore_versions v ON v.id = i.version_id"
    " LEFT JOIN slots s ON s.instance_id = i.id"
    " LEFT JOIN guests g ON g.instance_id = i.id")

/* id, token, owner.  The row stays locked, so nobody takes the task meanwhile. */
STMT(TASK_FENCE, 3,
    "WITH hit AS (SELECT FROM tasks " TASK_MINE " FOR UPDATE) SELECT "
    TASK_FENCED " WHERE NOT EXISTS (SELECT FROM hit)")
/* id, token, owner, lease seconds, step, number, count, patience, undoing -> cancel */
STMT(TASK_STEP, 9,
    "WITH hit AS (UPDATE tasks SET lease_until = now() + $4::int *"
    " interval '1 second', step = $5::text, step_no = $6::int, step_count ="
    " $7::int, step_deadline = now() + $8::int * interval '1 second',"
    " undoing = $9::boolean " TASK_MINE " RETURNING cancel) SELECT (SELECT"
    " cancel FROM hit), " TASK_IF_FENCED ", " TASK_NO_WAIT)
/* id, token, owner, ms until due, what hinders it or NULL, further ms of patience for the step */
STMT(TASK_GIVE_BACK, 6,
    "WITH hit AS (UPDATE tasks SET status = 'WAITING', owner = NULL,"
    " lease_until = NULL, crashes = 0, due = now() + $4::int * interval '1"
    " millisecond', error = CASE WHEN undoing THEN error ELSE $5::text END,"
    " step_deadline = step_deadline + $6::int * interval '1 millisecond' "
    TASK_MINE " RETURNING id) SELECT " TASK_IF_FENCED ", " TASK_NO_WAIT)
/* id, token, owner, failed step, error, seconds for the way back */
STMT(TASK_TURN, 6,
    "WITH hit AS (UPDATE tasks SET undoing = true, failed_step = $4::text,"
    " error = $5::text, step_deadline = NULL, deadline = greatest(deadline,"
    " now()) + $6::int * interval '1 second' " TASK_MINE " RETURNING id)"
    " SELECT " TASK_IF_FENCED)
/*
 * id, token, owner, status, failed step, error, "unless it was cancelled
 * meanwhile" -> the next task of the same instance.
 */
STMT(TASK_END, 7,
    "WITH mine AS (SELECT instance_id, seq, $7::boolean AND cancel AS no FROM"
    " tasks " TASK_MINE " FOR UPDATE), hit AS (UPDATE tasks SET status ="
    " $4::text, failed_step = coalesce($5::text, failed_step), error ="
    " $6::text, args = NULL, owner = NULL, lease_until = NULL, crashes = 0,"
    " ended = now(), step_no = CASE WHEN $4::text = 'SUCCEEDED' THEN"
    " step_count ELSE step_no END WHERE id = $1::uuid AND EXISTS (SELECT FROM"
    " mine WHERE NOT no) RETURNING instance_id, seq)"
    " SELECT (SELECT n.id FROM tasks n, hit WHERE n.instance_id ="
    " hit.instance_id AND n.seq > hit.seq AND n.status IN " TASK_ACTIVE
    " ORDER BY n.seq LIMIT 1), CASE WHEN NOT EXISTS (SELECT FROM mine) THEN "
    TASK_FENCED " WHEN NOT EXISTS (SELECT FROM hit) THEN"
    " refuse('CF409', 'The task was cancelled.') END")

/*
 * How late a task must be before it is rung again, in ms; then how long until
 * it is rung once more.  Those that another sweep holds are left to it.
 */
STMT(TASKS_SWEEP, 2,
    "UPDATE tasks SET due = now() + $2::int * interval '1 millisecond'"
    " WHERE id IN (SELECT id FROM tasks t WHERE status IN " TASK_ACTIVE
    " AND due <= now() - $1::int * interval '1 millisecond'"
    " AND NOT (" TASK_OWNED ") AND NOT " TASK_BEHIND
    " ORDER BY due LIMIT 500 FOR UPDATE SKIP LOCKED) RETURNING id")
STMT(TASKS_PRUNE, 1,
    "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks WHERE ended <"
    " now() - $1::int * interval '1 day' ORDER BY ended LIMIT 1000)")

/*
 * Instances of this host that should run, for a look at whether they do; not
 * those that were tried just now.
 */
STMT(TASKS_RECOVERABLE, 1,
    "SELECT i.id, i.server_id, s.slot, v.manager, v.version FROM slots s"
    " JOIN instances i ON i.id = s.instance_id JOIN datastore_versions v ON"
    " v.id = i.version_id WHERE s.host = $1::text AND i.deleted_at IS NULL"
    " AND i.server_id IS NOT NULL AND i.server_status = 'ACTIVE' AND i.task"
    " IN ('NONE', 'RESTART_REQUIRED') AND NOT EXISTS (SELECT FROM tasks t"
    " WHERE t.instance_id = i.id AND t.status IN " TASK_ACTIVE ") AND i.id"
    " NOT IN (SELECT t.instance_id FROM tasks t WHERE t.kind = 'recover' AND"
    " t.ended > now() - interval '1 minute')")
/* Holds the row, so that nobody submits meanwhile; what follows sees who did before. */
STMT(TASK_RECOVER_LOCK, 1,
    "SELECT FROM instances WHERE id = $1::uuid FOR NO KEY UPDATE")
/* id, instance, request, seconds */
STMT(TASK_RECOVER, 4,
    "INSERT INTO tasks (id, instance_id, tenant_id, user_id, request_id,"
    " kind, deadline) SELECT $1::uuid, id, tenant_id, 'coffer', $3::text,"
    " 'recover', now() + $4::int * interval '1 second' FROM instances i"
    " WHERE id = $2::uuid AND deleted_at IS NULL AND server_status = 'ACTIVE'"
    " AND NOT EXISTS (SELECT FROM tasks t WHERE t.instance_id = i.id AND"
    " t.status IN " TASK_ACTIVE ")")
