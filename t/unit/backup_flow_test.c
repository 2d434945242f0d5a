/*
 * Backups and restores as workers walk them, with real storage (the driver
 * "file"); the test plays the guest, and the conductor who writes what it says.
 */
#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/worker_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/json.h"
#include "lib/base/md5.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"
#include "lib/cloud/objects.h"
#include "lib/msg/segments.h"
#include "worker/backup.h"
#include "worker/duties.h"

#include <string.h>
#include <unistd.h>

#define CONTAINER "c"
#define VERSION "aaaaaaaa-0000-4000-8000-000000000001"	/* the fixture's */

static struct op op;

/* The order that was told last. */
static struct { enum order_kind kind; char id[128], body[32768]; } told;

static void
listen(const struct work *w, bool before)
{
	if (before || w->tell.kind == ORDER_NONE)
		return;
	told.kind = w->tell.kind;
	snprintf(told.id, sizeof(told.id), "%s", w->tell.id);
	snprintf(told.body, sizeof(told.body), "%s",
	    w->tell.body != NULL ? w->tell.body : "");
}

static int
fresh(void **state)
{
	worker_fixture_fresh(state);
	worker_fixture_drivers("local");
	pg_fixture_sql("TRUNCATE backups");
	memset(&told, 0, sizeof(told));
	runner_watch = listen;
	op_begin(&op, "test");
	return 0;
}

static int
ended(void **state)
{
	struct object *o;
	int n;

	(void)state;
	if (cloud_storage()->list(&op, "p1", CONTAINER, NULL, &o, &n) == OK)
		for (int i = 0; i < n; i++)
			cloud_storage()->remove(&op, "p1", CONTAINER,
			    o[i].name);
	op_end(&op);
	return 0;
}

/* --- rows and objects ---------------------------------------------------------------- */

static const char *
backup_there(const char *parent)
{
	const char *id = task_there(TASK_BACKUP, "{}");

	pg_fixture_sql("INSERT INTO backups (id, tenant_id, instance_id, name,"
	    " state, version_id, container, parent_id) VALUES ('%s', 'p1', '"
	    INSTANCE "', 'b', 'NEW', '" VERSION "', '" CONTAINER "', %s%s%s)",
	    id, parent != NULL ? "'" : "", parent != NULL ? parent : "NULL",
	    parent != NULL ? "'" : "");
	pg_fixture_sql("UPDATE instances SET backing_up = '%s'", id);
	return op_strdup(&op, id);
}

static bool
row_is(const char *id, const char *condition)
{
	return pg_fixture_number("SELECT count(*) FROM backups WHERE id = '%s'"
	    " AND %s", id, condition) == 1;
}

static void
put(const char *id, const char *rest, const char *text)
{
	const char *name = op_printf(&op, "%s_%s", id, rest);
	const struct object_key k = { "p1", CONTAINER, name };
	struct object_is is = { 0 };
	struct draft *d;
	struct op own;

	op_begin(&own, "test");
	assert_int_equal(container_make(&own, &k), OK);
	assert_int_equal(object_draft(&own, &k, &d), OK);
	assert_int_equal(draft_add(d, text, strlen(text)), OK);
	assert_int_equal(draft_keep(d, &is), OK);
	op_end(&own);
}

static int
objects(const char *prefix)
{
	struct object *o;
	int n;

	assert_int_equal(cloud_storage()->list(&op, "p1", CONTAINER, prefix,
	    &o, &n), OK);
	return n;
}

static const char *
segment(const char *id, int nth, const char *text)
{
	char md5[MD5_HEX + 1];

	md5_hex(md5, text, strlen(text));
	return op_printf(&op, "{\"name\":\"%s_%08d\",\"bytes\":%zu,\"md5\":"
	    "\"%s\"}", id, nth, strlen(text), md5);
}

/* What a guest leaves: two segments, and its list of them. */
static void
stored(const char *id, const char *mark)
{
	put(id, "00000000", "first");
	put(id, "00000001", "second!");
	put(id, "result", op_printf(&op, "{\"segments\":[%s,%s],\"bytes\":12,"
	    "\"plain_bytes\":100,\"mark\":%s}", segment(id, 0, "first"),
	    segment(id, 1, "second!"), mark));
}

static void
says(const char *id, const char *step, const char *err, const char *why)
{
	guest_says("healthy", op_printf(&op, "%s:%s", id, step), err, why);
}

/* A whole one, as it should be. */
static const char *
taken(const char *parent, const char *mark)
{
	const char *id = backup_there(parent);

	turns(&worker_a, id, 1);
	stored(id, mark);
	says(id, "order", "OK", NULL);
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "SUCCEEDED");
	return id;
}

static const char *
create_there(const char *backup)
{
	const char *task;

	instance_there("BUILDING", "BUILD");
	task = op_strdup(&op, task_there(TASK_CREATE, op_printf(&op,
	    "{\"restore\":\"%s\",\"databases\":[{\"name\":\"more\"}]}",
	    backup)));
	turns(&worker_a, task, 1);		/* as far as its boot */
	guest_says("healthy", NULL, NULL, NULL);
	turns(&worker_a, task, 1);
	return task;
}

/* A worker that dies right after it collected, before anything was recorded. */
static jmp_buf death;

static void
die(const struct work *w, bool before)
{
	if (!before && strcmp(w->step->name, "collect") == 0)
		longjmp(death, 1);
}

static bool
turn_and_die(const char *task)
{
	static struct op own;
	int again_ms;

	if (setjmp(death) != 0) {
		op_end(&own);
		return true;
	}
	op_begin(&own, "test");
	assert_int_equal(task_run(&own, &worker_a, task, &again_ms), OK);
	op_end(&own);
	return false;
}

static const struct json *
body(void)
{
	const struct json *j;

	if (json_parse(&op, told.body, strlen(told.body), &j) != OK)
		fail_msg("%s: %s", op.why, told.body);
	return j;
}

/* --- what a guest says ------------------------------------------------------------------ */

#define ID "bbbbbbbb-0000-4000-8000-000000000001"
#define MD5 "d41d8cd98f00b204e9800998ecf8427e"
#define SEG(n, bytes) "{\"name\":\"" ID "_0000000" #n "\",\"bytes\":" #bytes	\
	",\"md5\":\"" MD5 "\"}"
#define FOUR "8cbad96aced40b3838dd9f07f6ef5772"	/* MD5 of "four" */
#define THREE "7f021a1415b86f2d013b2618fb31ae53"	/* ... and of "end" */
#define RESULT(segments, bytes, mark) "{\"segments\":[" segments "],\"bytes\":"	\
	#bytes ",\"plain_bytes\":7,\"mark\":" mark "}"

static enum err
reads(const char *text)
{
	struct backup_result r;

	return backup_result_read(&op, ID, text, strlen(text), &r);
}

static void
a_guests_list_is_read_when_all_of_it_is_right(void **state)
{
	struct backup_result r;
	const char *good = RESULT(SEG(0, 5) "," SEG(1, 3), 8, "\"17\"");

	(void)state;
	assert_int_equal(backup_result_read(&op, ID, good, strlen(good), &r),
	    OK);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.plain, 7);
	assert_string_equal(r.mark, "17");
	assert_string_equal(r.segment[1].name, ID "_00000001");
	assert_int_equal(reads(RESULT(SEG(0, 5), 5, "null")), OK);
	/* a name may stand without the id */
	assert_int_equal(reads("{\"segments\":[{\"name\":\"00000000\",\"bytes\":"
	    "5,\"md5\":\"" MD5 "\"}],\"bytes\":5,\"plain_bytes\":1}"), OK);
}

static void
a_guests_list_that_is_odd_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "{}", "null",
		RESULT("", 0, "null"),			/* nothing was stored */
		RESULT(SEG(0, 5), 6, "null"),		/* another sum */
		RESULT(SEG(1, 5), 5, "null"),		/* begins later */
		RESULT(SEG(0, 5) "," SEG(0, 5), 10, "null"),
		RESULT(SEG(1, 5) "," SEG(0, 5), 10, "null"),
		RESULT(SEG(0, 0), 0, "null"),
		RESULT(SEG(0, -5), -5, "null"),
		RESULT(SEG(0, 5.5), 5, "null"),
		RESULT(SEG(0, 9223372036854775807), 5, "null"),
		RESULT(SEG(0, 5), 5, "5"),
		RESULT(SEG(0, 5), 5, "\"\""),
		RESULT(SEG(0, 5), 5, "\"a\\nb\""),
		"{\"segments\":[{\"name\":\"../x\",\"bytes\":5,\"md5\":\"" MD5
		    "\"}],\"bytes\":5,\"plain_bytes\":1,\"mark\":null}",
		"{\"segments\":[{\"name\":\"" ID "_00000000\",\"bytes\":5,"
		    "\"md5\":\"abc\"}],\"bytes\":5,\"plain_bytes\":1}",
		"{\"segments\":{\"a\":1},\"bytes\":0,\"plain_bytes\":1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (reads(bad[i]) != ERR_GUEST)
			fail_msg("taken: %s", bad[i]);
}

static void
segments_are_compared_with_what_lies_there(void **state)
{
	struct object s[] = { { "a_00000000", 5, MD5 }, { "a_00000001", 3, MD5 } };
	struct object there[] = { { "a.x", 9, MD5 }, { "a_00000000", 5, MD5 },
	    { "a_00000001", 3, NULL }, { "a_result", 9, MD5 } };
	const struct backup_result r = { .segment = s, .n = 2 };

	(void)state;
	assert_int_equal(backup_result_check(&op, &r, there, 4), OK);
	assert_int_equal(backup_result_check(&op, &r, there, 2), ERR_GUEST);
	assert_string_equal(op.why,
	    "Segment a_00000001 of the backup is missing.");
	there[2].bytes = 4;
	assert_int_equal(backup_result_check(&op, &r, there, 4), ERR_GUEST);
	there[2].bytes = 3;
	there[1].md5 = "d41d8cd98f00b204e9800998ecf8427f";
	assert_int_equal(backup_result_check(&op, &r, there, 4), ERR_GUEST);
	assert_string_equal(op.why,
	    "Segment a_00000000 of the backup is not as it was written.");
}

/* As a guest tells of n segments of four bytes and one of three. */
static const char *
packed(int n, int64_t bytes)
{
	struct text t;

	text_begin(&t, &op, 4096);
	text_add(&t, "{\"segments\":{\"each\":4,\"md5\":\"");
	for (int i = 0; i <= n; i++)
		text_add(&t, i < n ? FOUR : THREE);
	text_printf(&t, "\"},\"bytes\":%lld,\"plain_bytes\":7,\"mark\":null}",
	    (long long)bytes);
	return t.s;
}

static void
many_segments_are_told_of_in_few_words(void **state)
{
	const int n = 2000;
	const char *text = packed(n, 4 * n + 3), *row;
	struct backup_result r;
	struct object *o;
	int many;

	(void)state;
	assert_int_equal(backup_result_read(&op, ID, text, strlen(text), &r),
	    OK);
	assert_int_equal(r.n, n + 1);
	assert_string_equal(r.segment[n].name, ID "_00002000");
	assert_int_equal(r.segment[n].bytes, 3);
	assert_string_equal(r.segment[n].md5, THREE);
	assert_string_equal(r.segment[7].md5, FOUR);
	for (int whole = 0; whole < 2; whole++) {
		for (int i = 0; whole == 1 && i < r.n; i++)
			r.segment[i].name = ID ".x";
		row = backup_segments_text(&op, r.segment, r.n);
		assert_true(*row == '{' && strlen(row) < (size_t)r.n * 33);
		assert_int_equal(backup_segments_read(&op, row, &o, &many), OK);
		assert_int_equal(many, r.n);
		for (int i = 0; i < many; i++) {
			assert_string_equal(o[i].name, r.segment[i].name);
			assert_string_equal(o[i].md5, r.segment[i].md5);
			assert_int_equal(o[i].bytes, r.segment[i].bytes);
		}
	}
	r.segment[5].bytes = 5;			/* nobody of ours wrote it so */
	row = backup_segments_text(&op, r.segment, r.n);
	assert_true(*row == '[');
	assert_int_equal(backup_segments_read(&op, row, &o, &many), OK);
	assert_int_equal(o[5].bytes, 5);
}

static void
few_words_have_to_fit_one_another(void **state)
{
	static const char *const bad[] = { "{}",
	    "{\"each\":4,\"md5\":\"\"}", "{\"each\":0,\"md5\":\"" FOUR "\"}",
	    "{\"each\":4,\"md5\":\"" FOUR "0\"}",
	    "{\"each\":3,\"md5\":\"" FOUR "\"}",
	    "{\"each\":9223372036854775807,\"md5\":\"" FOUR FOUR "\"}",
	    "{\"each\":4,\"md5\":\"" FOUR FOUR "\"}",
	    "{\"each\":4,\"md5\":\"D41d8cd98f00b204e9800998ecf8427e\"}", NULL };
	struct object *o;
	int n;

	(void)state;
	assert_int_equal(reads(packed(0, 3)), OK);
	assert_int_equal(reads(packed(400, 1600)), ERR_GUEST);
	assert_int_equal(reads(packed(400, 1605)), ERR_GUEST);
	assert_int_equal(reads(packed(SEGMENTS_MOST, 4 * SEGMENTS_MOST + 3)),
	    ERR_GUEST);
	for (int i = 0; bad[i] != NULL; i++)
		if (reads(op_printf(&op, "{\"segments\":%s,\"bytes\":4,"
		    "\"plain_bytes\":7,\"mark\":null}", bad[i])) != ERR_GUEST)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(backup_segments_read(&op, "{\"each\":4}", &o, &n),
	    ERR_INTERNAL);
}

/* --- taking one --------------------------------------------------------------------------- */

static void
a_backup_is_told_watched_collected_and_recorded(void **state)
{
	const char *id, *key, *sealed;

	(void)state;
	instance_there("NONE", "ACTIVE");
	pg_fixture_sql("UPDATE guests SET used_bytes = 150000000");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "step"), "order");
	assert_true(row_is(id, "state = 'BUILDING'"));
	assert_int_equal(told.kind, ORDER_BACKUP);
	assert_string_equal(told.id, op_printf(&op, "%s:order", id));
	assert_string_equal(json_str(json_get(body(), "backup")), id);
	assert_int_equal(json_kind(json_get(body(), "since")), JSON_NULL);
	assert_non_null(strstr(json_str(json_get(body(), "put/before")),
	    op_printf(&op, "%s_", id)));
	key = json_str(json_get(body(), "key"));
	assert_int_equal(strlen(key), 2 * SEAL_KEY);
	sealed = op_strdup(&op, task_column(id, "(SELECT key FROM backups b"
	    " WHERE b.id = tasks.id)"));
	assert_null(strstr(sealed, key));

	put(id, "00000000", "first");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "moved_bytes"), "5");
	assert_string_equal(task_column(id, "total_bytes"), "150000000");
	stored(id, "\"4711\"");
	says(id, "order", "OK", NULL);
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "SUCCEEDED");
	assert_true(row_is(id, "state = 'COMPLETED' AND mark = '4711' AND size"
	    " = 0.14 AND stored_bytes = 12 AND plain_bytes = 100 AND checksum"
	    " <> '' AND sweep_at IS NULL AND jsonb_array_length(segments) = 2"));
	assert_true(row_is(id, op_printf(&op, "location LIKE '%%/" CONTAINER
	    "/%s.%%'", id)));
	assert_string_equal(instance_column("backing_up"), "");
	assert_int_equal(objects(op_printf(&op, "%s_result", id)), 0);
	assert_int_equal(objects(id), 3);	/* segments and the whole */
}

static void
a_backup_of_many_segments_is_counted_and_restored(void **state)
{
	const int n = 305;
	const struct json *c;
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	for (int i = 0; i < 250; i++)
		put(id, op_printf(&op, "%08d", i), "four");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "moved_bytes"), "1000");
	for (int i = 250; i <= n; i++)
		put(id, op_printf(&op, "%08d", i), i < n ? "four" : "end");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "moved_bytes"), "1223");
	put(id, "result", packed(n, 4 * n + 3));
	says(id, "order", "OK", NULL);
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "SUCCEEDED");
	assert_int_equal(objects(id), n + 2);	/* segments and the whole */
	create_there(id);
	c = json_at(json_get(body(), "chain"), 0);
	assert_int_equal(json_int(json_get(c, "bytes")), 4 * n + 3);
	assert_int_equal(json_int(json_get(c, "segments/each")), 4);
	assert_null(json_get(c, "segments/md5"));
	assert_true(strlen(told.body) < 2000);
}

static void
a_chain_grows_no_longer_than_one_order_can_tell(void **state)
{
	const char *last, *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	last = taken(NULL, "\"1\"");
	pg_fixture_sql("DO $$ DECLARE last uuid := '%s'; r backups;"
	    " BEGIN FOR i IN 1..59 LOOP SELECT * INTO r FROM backups WHERE id ="
	    " last; r.parent_id := last; last := ('cccccccc-0000-4000-8000-'"
	    " || lpad(i::text, 12, '0'))::uuid; r.id := last;"
	    " r.name := 'n' || i; INSERT INTO backups SELECT r.*; END LOOP;"
	    " END $$", last);
	/* the sixtieth, and one more */
	(void)taken("cccccccc-0000-4000-8000-000000000058", "\"2\"");
	id = backup_there("cccccccc-0000-4000-8000-000000000059");
	turns(&worker_a, id, 1);
	stored(id, "\"3\"");
	says(id, "order", "OK", NULL);
	turns(&worker_a, id, 4);
	assert_string_equal(task_column(id, "status"), "FAILED");
	assert_non_null(strstr(task_column(id, "error"), "take a full one"));
}

/* It lies there once, under the name that clients know. */
static void
a_backup_of_one_segment_is_that_segment(void **state)
{
	const struct json *c;
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	put(id, "00000000", "first");
	put(id, "result", op_printf(&op, "{\"segments\":[%s],\"bytes\":5,"
	    "\"plain_bytes\":9,\"mark\":null}", segment(id, 0, "first")));
	says(id, "order", "OK", NULL);
	runner_watch = die;
	assert_int_equal(turn_and_die(id), true);
	runner_watch = listen;
	lease_lost(id);
	turns(&worker_b, id, 1);
	assert_string_equal(task_column(id, "status"), "SUCCEEDED");
	assert_int_equal(objects(id), 1);
	assert_int_equal(objects(op_printf(&op, "%s.", id)), 1);
	create_there(id);
	c = json_at(json_get(body(), "chain"), 0);
	assert_non_null(strstr(json_str(json_get(json_at(json_get(c,
	    "segments"), 0), "name")), "xbstream."));
	assert_non_null(strstr(json_str(json_get(c, "get/before")),
	    op_printf(&op, "%s.", id)));
}

static void
what_a_guest_did_not_store_is_no_backup(void **state)
{
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	stored(id, "null");
	put(id, "00000001", "other!!");		/* as long as what was said */
	says(id, "order", "OK", NULL);
	turns(&worker_a, id, 3);
	assert_string_equal(task_column(id, "status"), "FAILED");
	assert_string_equal(task_column(id, "error"), op_printf(&op, "GUEST "
	    "Segment %s_00000001 of the backup is not as it was written.",
	    id));
	assert_true(row_is(id, "state = 'FAILED' AND sweep_at IS NOT NULL AND"
	    " location IS NULL"));
	assert_int_equal(objects(id), 0);
}

static void
a_guest_that_fails_says_why_and_nothing_is_left(void **state)
{
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	put(id, "00000000", "half");
	says(id, "order", "GUEST", "The disk is on fire.");
	turns(&worker_a, id, 2);
	assert_string_equal(task_column(id, "status"), "FAILED");
	assert_string_equal(task_column(id, "error"),
	    "GUEST The disk is on fire.");
	assert_true(row_is(id, "state = 'FAILED'"));
	assert_string_equal(instance_column("backing_up"), "");
	assert_int_equal(objects(id), 0);
}

static void
one_that_is_cancelled_is_stopped_at_its_guest_and_removed(void **state)
{
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	put(id, "00000000", "half");
	pg_fixture_sql("UPDATE tasks SET cancel = true");
	turns(&worker_a, id, 1);
	assert_int_equal(told.kind, ORDER_CANCEL);
	assert_int_equal(objects(id), 1);	/* the guest may still write */
	says(id, "order-undo", "OK", NULL);
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "CANCELLED");
	assert_true(row_is(id, "state = 'FAILED'"));
	assert_int_equal(objects(id), 0);
}

/* A guest that does not hear it is not waited for. */
static void
one_whose_guest_is_gone_is_cancelled_all_the_same(void **state)
{
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	put(id, "00000000", "half");
	pg_fixture_sql("UPDATE tasks SET cancel = true");
	turns(&worker_a, id, 1);
	pg_fixture_sql("UPDATE tasks SET step_deadline = step_deadline -"
	    " interval '1 minute'");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "CANCELLED");
	assert_int_equal(objects(id), 0);
}

static void
age(const char *table, const char *column, int seconds)
{
	pg_fixture_sql("UPDATE %s SET %s = now() - interval '%d seconds'",
	    table, column, seconds);
}

static void
no_progress_is_a_failure_and_slow_progress_is_none(void **state)
{
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	says("x", "y", "OK", NULL);		/* it is heard */
	age("tasks", "moved_at", conf_int("backup.stall") - 30);
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "WAITING");
	age("tasks", "moved_at", conf_int("backup.stall") + 30);
	put(id, "00000000", "more");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "WAITING");
	age("tasks", "moved_at", conf_int("backup.stall") + 30);
	turns(&worker_a, id, 1);
	says(id, "order-undo", "OK", NULL);
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "FAILED");
	assert_string_equal(task_column(id, "error"), op_printf(&op, "GUEST No "
	    "data were moved for %d seconds.", conf_int("backup.stall")));
	assert_int_equal(objects(id), 0);
}

static void
a_guest_that_fell_silent_is_not_waited_for(void **state)
{
	int expiry = conf_int("guest.expiry");
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	says("x", "y", "OK", NULL);
	age("tasks", "moved_at", expiry + 5);
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "WAITING");
	age("guests", "last_seen", expiry + 5);
	turns(&worker_a, id, 1);
	age("tasks", "step_deadline", -1);	/* of the way back: long ago */
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "FAILED");
	assert_string_equal(task_column(id, "error"),
	    "GUEST Timeout trying to connect to the Guest Agent.");
}

/* moved, of how many; then the words that the tool shows */
static void
progress_is_what_was_moved_since_the_first_look(void **state)
{
	const char *id;
	int64_t still, silent;
	struct task_row t;
	struct rows rows;
	struct call c;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	assert_int_equal(task_show(&op, INSTANCE, id, &t), OK);
	assert_false(t.moves);
	c = task_moved(&op, id, 0, 80000000, INSTANCE);
	assert_int_equal(store_write(&op, &rows, 1, &c), OK);
	task_moved_read(&rows, &still, &silent);
	assert_int_equal(still, 0);
	assert_int_equal(silent, -1);		/* nobody heard it */
	pg_fixture_sql("UPDATE tasks SET moving_since = now() - interval '4 s',"
	    " moved_at = now() - interval '2 s'");
	c = task_moved(&op, id, -1, 80000000, INSTANCE);
	assert_int_equal(store_write(&op, &rows, 1, &c), OK);
	task_moved_read(&rows, &still, &silent);
	assert_in_range(still, 2000, 60000);
	c = task_moved(&op, id, 20000000, 80000000, INSTANCE);
	assert_int_equal(store_write(&op, &rows, 1, &c), OK);
	task_moved_read(&rows, &still, &silent);
	assert_int_equal(still, 0);
	pg_fixture_sql("UPDATE tasks SET moved_at = moving_since + interval"
	    " '4 s'");
	assert_int_equal(task_show(&op, INSTANCE, id, &t), OK);
	assert_int_equal(t.moved_bytes, 20000000);
	assert_int_equal(t.total_bytes, 80000000);
	assert_int_equal(t.moving_ms, 4000);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " task_progress(moved_bytes, total_bytes, moving_since, moved_at) ="
	    " '20.0 of 80.0 MB, 25 %%, 5.0 MB/s'"), 1);
}

/* --- upon others --------------------------------------------------------------------------- */

static void
an_incremental_one_goes_on_from_its_parents_mark(void **state)
{
	const char *full, *inc;

	(void)state;
	instance_there("NONE", "ACTIVE");
	full = taken(NULL, "\"100\"");
	inc = backup_there(full);
	turns(&worker_a, inc, 1);
	assert_string_equal(json_str(json_get(body(), "since")), "100");
	stored(inc, "\"200\"");
	says(inc, "order", "OK", NULL);
	turns(&worker_a, inc, 1);
	assert_true(row_is(inc, "state = 'COMPLETED' AND mark = '200'"));
}

static void
no_backup_stands_upon_what_is_not_there(void **state)
{
	static const char *const spoilt[] = {
		"deleted_at = now()", "state = 'FAILED'", "mark = NULL",
		"instance_id = gen_random_uuid()",
	};
	const char *full, *inc;

	(void)state;
	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		instance_there("NONE", "ACTIVE");
		full = taken(NULL, "\"100\"");
		pg_fixture_sql("UPDATE backups SET %s", spoilt[i]);
		inc = backup_there(full);
		turns(&worker_a, inc, 2);
		if (strcmp(task_column(inc, "status"), "FAILED") != 0)
			fail_msg("upon one with %s", spoilt[i]);
		assert_true(row_is(inc, "state = 'FAILED'"));
	}
}

/* --- what goes ------------------------------------------------------------------------------- */

static void
sweep(void)
{
	assert_int_equal(duty_backups(&op, "h"), OK);
}

static void
a_deleted_backup_is_swept_from_storage_and_loses_its_key(void **state)
{
	const char *id, *other;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = taken(NULL, "null");
	other = taken(NULL, "null");
	sweep();
	assert_int_equal(objects(NULL), 6);	/* nothing was to go */
	pg_fixture_sql("UPDATE backups SET deleted_at = now(), sweep_at = now()"
	    " WHERE id = '%s'", id);
	sweep();
	assert_int_equal(objects(id), 0);
	assert_int_equal(objects(other), 3);
	assert_true(row_is(id, "sweep_at > now() AND key IS NOT NULL"));
	/* looked at once more, and again when no leave to write holds */
	age("backups", "sweep_at", 1);
	sweep();
	assert_true(row_is(id, "sweep_at > now() + interval '23 hours' AND key"
	    " IS NULL"));
	put(id, "00000002", "late");
	pg_fixture_sql("UPDATE backups SET sweep_at = now(), created = now() -"
	    " interval '30 hours'");
	sweep();
	assert_int_equal(objects(id), 0);
	age("backups", "sweep_at", 1);
	sweep();
	assert_true(row_is(id, "sweep_at IS NULL"));
	assert_int_equal(objects(other), 3);
}

static void
what_a_task_still_works_at_is_left_to_it(void **state)
{
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	put(id, "00000000", "half");
	pg_fixture_sql("UPDATE backups SET deleted_at = now(), sweep_at ="
	    " now() - interval '1 s'");
	sweep();
	assert_int_equal(objects(id), 1);
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED', ended = now()");
	sweep();
	assert_int_equal(objects(id), 0);
}

/* --- restores ------------------------------------------------------------------------------------ */

static void
a_restore_names_the_chain_with_the_full_one_first(void **state)
{
	const char *full, *inc, *task;
	const struct json *c;

	(void)state;
	instance_there("NONE", "ACTIVE");
	full = taken(NULL, "\"100\"");
	inc = taken(full, "\"200\"");
	task = create_there(inc);
	assert_string_equal(task_column(task, "step"), "restore");
	assert_int_equal(told.kind, ORDER_RESTORE);
	c = json_get(body(), "chain");
	assert_int_equal(json_count(c), 2);
	assert_string_equal(json_str(json_get(json_at(c, 0), "backup")), full);
	assert_string_equal(json_str(json_get(json_at(c, 1), "backup")), inc);
	assert_int_equal(json_int(json_get(json_at(c, 0), "bytes")), 12);
	c = json_get(json_at(c, 0), "segments");
	assert_string_equal(json_str(json_get(json_at(c, 1), "name")),
	    "00000001");
	assert_string_equal(task_column(task, "total_bytes"), "");
	pg_fixture_sql("UPDATE guests SET used_bytes = 50");
	turns(&worker_a, task, 1);
	assert_string_equal(task_column(task, "moved_bytes"), "50");
	assert_string_equal(task_column(task, "total_bytes"), "200");
	says(task, "restore", "OK", NULL);
	turns(&worker_a, task, 1);
	assert_string_equal(task_column(task, "step"), "prepare");
	assert_int_equal(told.kind, ORDER_PREPARE);
	assert_non_null(strstr(told.body, "\"more\""));
}

static void
keys_are_those_that_the_backups_were_made_with(void **state)
{
	const char *id, *key;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = backup_there(NULL);
	turns(&worker_a, id, 1);
	key = json_str(json_get(body(), "key"));
	stored(id, "null");
	says(id, "order", "OK", NULL);
	turns(&worker_a, id, 1);
	create_there(id);
	assert_string_equal(json_str(json_get(json_at(json_get(body(),
	    "chain"), 0), "key")), key);
}

static void
restore_fails(const char *id, const char *cause)
{
	const char *task = create_there(id);

	turns(&worker_a, task, 4);
	assert_string_equal(task_column(task, "status"), "FAILED");
	if (strstr(task_column(task, "error"), cause) == NULL)
		fail_msg("%s, wanted %s", task_column(task, "error"), cause);
	assert_string_equal(task_column(task, "failed_step"), "restore");
	assert_string_not_equal(instance_column("fault"), "");
	assert_int_equal(told.kind, ORDER_NONE);
}

static void
what_is_missing_or_changed_is_refused_before_the_guest_hears(void **state)
{
	const char *id;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = taken(NULL, "null");
	put(id, "00000000", "flip!");
	memset(&told, 0, sizeof(told));
	restore_fails(id, "is not as it was written");
	put(id, "00000000", "first");
	assert_int_equal(truncate(op_printf(&op, "%s/p1/" CONTAINER
	    "/%s_00000000", objects_root(&op), id), OBJECT_HEAD + 4), 0);
	restore_fails(id, "is not as it was written");
	put(id, "00000000", "first");
	cloud_storage()->remove(&op, "p1", CONTAINER, op_printf(&op,
	    "%s_00000001", id));
	restore_fails(id, "is missing");
	put(id, "00000001", "second!");
	pg_fixture_sql("UPDATE backups SET plain_bytes = 3::bigint << 30");
	restore_fails(id, "Backup is too large");
	pg_fixture_sql("UPDATE backups SET plain_bytes = 1, deleted_at = now()");
	restore_fails(id, "is gone");
	restore_fails(INSTANCE, "is gone");	/* never was */
}

/* As long as something moves its patience is not spent; then it is. */
static void
a_restore_may_take_long_but_not_for_ever(void **state)
{
	const char *id, *task;

	(void)state;
	instance_there("NONE", "ACTIVE");
	id = taken(NULL, "null");
	task = create_there(id);
	for (int i = 0; i < 9; i++)
		turns(&worker_a, task, 1);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " id = '%s' AND step_deadline > now() + interval '601 s'", task),
	    1);
	age("tasks", "moved_at", conf_int("backup.stall") + 30);
	turns(&worker_a, task, 4);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(task_column(task, "failed_step"), "restore");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, ended)
	const struct CMUnitTest tests[] = {
		T(a_guests_list_is_read_when_all_of_it_is_right),
		T(a_guests_list_that_is_odd_is_refused),
		T(segments_are_compared_with_what_lies_there),
		T(many_segments_are_told_of_in_few_words),
		T(few_words_have_to_fit_one_another),
		T(a_backup_of_many_segments_is_counted_and_restored),
		T(a_chain_grows_no_longer_than_one_order_can_tell),
		T(a_backup_is_told_watched_collected_and_recorded),
		T(a_backup_of_one_segment_is_that_segment),
		T(what_a_guest_did_not_store_is_no_backup),
		T(a_guest_that_fails_says_why_and_nothing_is_left),
		T(one_that_is_cancelled_is_stopped_at_its_guest_and_removed),
		T(one_whose_guest_is_gone_is_cancelled_all_the_same),
		T(no_progress_is_a_failure_and_slow_progress_is_none),
		T(a_guest_that_fell_silent_is_not_waited_for),
		T(progress_is_what_was_moved_since_the_first_look),
		T(an_incremental_one_goes_on_from_its_parents_mark),
		T(no_backup_stands_upon_what_is_not_there),
		T(a_deleted_backup_is_swept_from_storage_and_loses_its_key),
		T(what_a_task_still_works_at_is_left_to_it),
		T(a_restore_names_the_chain_with_the_full_one_first),
		T(keys_are_those_that_the_backups_were_made_with),
		T(what_is_missing_or_changed_is_refused_before_the_guest_hears),
		T(a_restore_may_take_long_but_not_for_ever),
	};

	return cmocka_run_group_tests_name("backup_flow", tests,
	    worker_fixture_start, worker_fixture_stop);
}
