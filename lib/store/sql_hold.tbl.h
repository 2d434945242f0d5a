/*
 * hold: transactions that stay open between two round trips (store_hold()),
 * and requests that were made with an Idempotency-Key.
 */
STMT(HOLD_BEGIN, 0, "BEGIN")
STMT(HOLD_COMMIT, 0, "COMMIT")
STMT(HOLD_ROLLBACK, 0, "ROLLBACK")

/* A key is forgotten after $3 s, one whose request was cut off after $4 s. */
#define REPEAT_FRESH "r.created > now() - CASE WHEN r.answer IS NULL THEN"	\
	" $4::int ELSE $3::int END * interval '1 second'"
/* project, key, seconds -> fingerprint, status, answer */
STMT(REPEAT_FIND, 4,
    "SELECT fingerprint, status, answer FROM repeats r WHERE project"
    " = $1::text AND key = $2::text AND " REPEAT_FRESH)
/* ... and fingerprint.  Waits for a twin whose transaction is under way. */
STMT(REPEAT_CLAIM, 5,
    "WITH hit AS (INSERT INTO repeats AS r (project, key, fingerprint)"
    " VALUES ($1::text, $2::text, $5::text) ON CONFLICT (project, key)"
    " DO UPDATE SET fingerprint = $5::text, status = NULL, answer = NULL,"
    " created = now() WHERE NOT (" REPEAT_FRESH ") RETURNING key)"
    " SELECT refuse('CFREP', 'The Idempotency-Key is in use.')"
    " WHERE NOT EXISTS (SELECT FROM hit)")
/* project, key, fingerprint, status, answer */
STMT(REPEAT_ANSWER, 5,
    "WITH hit AS (UPDATE repeats SET status = $4::int, answer = $5::text"
    " WHERE project = $1::text AND key = $2::text AND fingerprint = $3::text"
    " AND answer IS NULL RETURNING key)"
    " SELECT refuse('CF503', 'The claim of the Idempotency-Key is gone.')"
    " WHERE NOT EXISTS (SELECT FROM hit)")
/* project, key, fingerprint: is it ours?  With its answer, if one was given. */
STMT(REPEAT_PROBE, 4,
    "SELECT FROM repeats WHERE project = $1::text AND key = $2::text AND"
    " fingerprint = $3::text AND ($4::text IS NULL OR answer = $4::text)")
STMT(REPEAT_FORGET, 3,
    "DELETE FROM repeats WHERE project = $1::text AND key = $2::text AND"
    " fingerprint = $3::text AND answer IS NULL")
STMT(REPEATS_PRUNE, 1,
    "DELETE FROM repeats WHERE (project, key) IN (SELECT project, key FROM"
    " repeats WHERE created < now() - $1::int * interval '1 second'"
    " ORDER BY created LIMIT 10000)")
