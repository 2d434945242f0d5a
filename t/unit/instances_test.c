/* The instances' statements. */
#include "t/unit/test.h"
#include "t/unit/instances_fixture.h"
#include "t/unit/pg_fixture.h"
#include "lib/store/store.h"
#include "lib/wire/pg.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OTHER_ID "e0000000-0000-4000-8000-00000000dead"

/* --- what happens to the answer of a write ---------------------------------- */

static enum { GIVE, LOSE_ANSWER, LOSE_REQUEST } next_write;
static bool lost;

enum err __real_pg_run(struct op *, struct pg *, const struct pg_call *, int,
    bool, bool, struct pg_rows *);
enum err __wrap_pg_run(struct op *, struct pg *, const struct pg_call *, int,
    bool, bool, struct pg_rows *);
bool __real_pg_unsure(const struct pg *);
bool __wrap_pg_unsure(const struct pg *);

enum err
__wrap_pg_run(struct op *o, struct pg *pg, const struct pg_call *call, int n,
    bool tx, bool reads, struct pg_rows *rows)
{
	if (!reads && (lost = next_write != GIVE)) {
		if (next_write == LOSE_ANSWER)
			assert_int_equal(__real_pg_run(o, pg, call, n, tx,
			    reads, NULL), OK);
		next_write = GIVE;
		return op_fail(o, ERR_UNAVAILABLE, "the line broke");
	}
	return __real_pg_run(o, pg, call, n, tx, reads, rows);
}

bool
__wrap_pg_unsure(const struct pg *pg)
{
	return lost || __real_pg_unsure(pg);
}

static int
begin(void **state)
{
	next_write = GIVE;
	lost = false;
	return instances_fixture_begin(state);
}

static void
task(struct new_task *t, enum task_kind kind, const char *id)
{
	new_task_begin(&op, t, kind, id, "p1", "u1", NULL);
}

/* --- creating ----------------------------------------------------------------- */

static void
create_is_instance_guest_task_and_quota_or_nothing(void **state)
{
	char id[UUID_LEN + 1];

	(void)state;
	assert_int_equal(make("p1", 4, id), OK);
	assert_int_equal(tasks(id, "create"), 1);
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(quota("p1", "ram"), 256);
	assert_int_equal(quota("p1", "volumes"), 4);

	pg_fixture_sql("UPDATE quotas SET max_instances = 1, max_volumes = 5");
	assert_int_equal(make("p1", 4, id), ERR_OVER_LIMIT);
	assert_string_equal(op.why,
	    "Quota exceeded for resources: ['instances', 'volumes'].");
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(quota("p1", "volumes"), 4);
	assert_int_equal(pg_fixture_number("SELECT (SELECT count(*) FROM"
	    " instances) * 100 + (SELECT count(*) FROM guests) * 10 +"
	    " (SELECT count(*) FROM tasks)"), 111);
}

/* Its delete waits for this, or this finds it gone. */
static void
nothing_is_made_of_a_backup_that_is_gone(void **state)
{
	struct new_instance in = { .tenant = "p1", .name = "again",
	    .version_id = VERSION, .flavor_id = "1", .ram_mb = 256,
	    .vcpus = 1, .volume_gb = 1, .region = "RegionOne",
	    .restores = "bbbbbbbb-0000-4000-8000-00000000000b" };
	struct instance out;
	struct new_task t;

	(void)state;
	pg_fixture_sql("INSERT INTO backups (id, tenant_id, name, state,"
	    " container, deleted_at) VALUES ('%s', 'p1', 'b', 'COMPLETED', 'c',"
	    " now())", in.restores);
	text_uuid(in.id);
	new_task_begin(&op, &t, TASK_CREATE, in.id, "p1", "u1", NULL);
	assert_int_equal(instances_insert(&op, &in, 1, &t, &out),
	    ERR_NOT_FOUND);
	pg_fixture_sql("UPDATE backups SET deleted_at = NULL");
	assert_int_equal(instances_insert(&op, &in, 1, &t, &out), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"
	    " WHERE restores = '%s'", in.restores), 1);
}

static void
create_whose_commit_was_lost_is_found_again(void **state)
{
	char id[UUID_LEN + 1];

	(void)state;
	next_write = LOSE_ANSWER;
	assert_int_equal(make("p1", 1, id), OK);	/* and make() looks at the row */
	assert_int_equal(tasks(id, "create"), 1);
	assert_int_equal(quota("p1", "instances"), 1);

	lost = false;
	next_write = LOSE_REQUEST;
	assert_int_equal(make("p1", 1, id), ERR_UNAVAILABLE);
	assert_int_equal(tasks(id, "create"), 0);
	assert_int_equal(quota("p1", "instances"), 1);
}

/* Each child has a connection of its own; together they ask for 16 of 10. */
static void
the_quota_holds_when_many_ask_at_once(void **state)
{
	char id[UUID_LEN + 1];
	pid_t child[4];
	int i, k, status, made = 0;

	(void)state;
	for (k = 0; k < 4; k++) {
		fflush(NULL);
		if ((child[k] = fork()) == 0) {
			store_close();
			store_open("coffer_api");
			for (i = made = 0; i < 4; i++)
				made += make("p2", 1, id) == OK;
			_exit(made);
		}
	}
	for (k = 0; k < 4; k++) {
		waitpid(child[k], &status, 0);
		assert_true(WIFEXITED(status));
		made += WEXITSTATUS(status);
	}
	store_close();		/* the children shared its socket */
	store_open("coffer_api");
	assert_int_equal(made, 10);
	assert_int_equal(quota("p2", "instances"), 10);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"
	    " WHERE tenant_id = 'p2'"), 10);
}

/* --- reading ------------------------------------------------------------------ */

static void
a_foreign_or_malformed_id_is_not_found(void **state)
{
	static const char *const bad[] = { "", "x", "hello",
	    "'; DROP TABLE instances; --",
	    "6f3c0000-0000-4000-8000-00000000dead" };
	char id[UUID_LEN + 1];
	struct instance in;
	size_t i;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_int_equal(instance_read(&op, id, NULL, &in), OK);
	assert_string_equal(in.tenant, "p1");
	assert_int_equal(instance_read(&op, id, "p2", &in), ERR_NOT_FOUND);
	for (i = 0; i < ROWS(bad); i++) {
		assert_int_equal(instance_read(&op, bad[i], NULL, &in),
		    ERR_NOT_FOUND);
		assert_string_equal(op.why, op_printf(&op,
		    "Resource %s cannot be found.", bad[i]));
	}
	pg_fixture_sql("UPDATE instances SET deleted_at = now()");
	assert_int_equal(instance_read(&op, id, "p1", &in), ERR_NOT_FOUND);
}

static void
pages_hold_every_instance_once_in_order_of_id(void **state)
{
	struct instances_page page = { .tenant = "p1", .limit = 3 };
	char id[UUID_LEN + 1], last[UUID_LEN + 1] = "";
	struct instance *in;
	int i, k, n, seen = 0;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(make("p2", 1, id), OK);
	pg_fixture_sql("UPDATE instances SET cluster_id = id WHERE id = (SELECT"
	    " id FROM instances WHERE tenant_id = 'p1' ORDER BY id LIMIT 1)");
	for (i = 0; i < 3; i++) {
		assert_int_equal(instances_read(&op, &page, &in, &n), OK);
		assert_int_equal(n, i < 2 ? 4 : 1);	/* one more than asked */
		for (k = 0; k < n && k < 3; k++, seen++) {
			assert_true(strcmp(last, in[k].id) < 0);
			strcpy(last, in[k].id);
			assert_string_equal(in[k].tenant, "p1");
			assert_null(in[k].cluster_id);
		}
		page.marker = last;
	}
	assert_int_equal(seen, 7);	/* the member of a cluster is not shown */
	page = (struct instances_page){ .tenant = "p1", .limit = 20,
	    .clustered = true, .detail = true };
	assert_int_equal(instances_read(&op, &page, &in, &n), OK);
	assert_int_equal(n, 8);
	assert_non_null(in[0].cluster_id);
	assert_non_null(in[0].updated);
}

/* --- changing ----------------------------------------------------------------- */

static void
a_rename_changes_nothing_else(void **state)
{
	char id[UUID_LEN + 1];
	struct instance in;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(instance_rename(&op, id, "new"), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.name, "new");
	assert_null(in.access);
	assert_string_equal(in.task, "BUILDING");
	assert_int_equal(instance_rename(&op, OTHER_ID, "new"),
	    ERR_NOT_FOUND);
}

static void
a_second_delete_changes_nothing(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1], other[UUID_LEN + 1];
	struct new_task t;

	(void)state;
	assert_int_equal(make("p1", 3, id), OK);
	assert_int_equal(make("p1", 2, other), OK);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), ERR_CONFLICT);
	assert_int_equal(quota("p1", "volumes"), 5);	/* it is being built */
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " cancel"), 0);

	built(id);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), OK);
	assert_null(also[0]);
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(quota("p1", "volumes"), 2);
	assert_int_equal(quota("p1", "ram"), 256);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), ERR_CONFLICT);
	assert_int_equal(instance_remove_again(&op, id, &t), ERR_CONFLICT);
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(tasks(id, "delete"), 1);

	/* When it failed for good, another may be asked for; not the quota. */
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED', ended = now()"
	    " WHERE kind = 'delete'");
	pg_fixture_sql("UPDATE instances SET server_status = 'ERROR'");
	assert_int_equal(instance_remove_again(&op, id, &t), OK);
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(tasks(id, "delete"), 2);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " id = '%s' AND server_status = 'SHUTDOWN'", id), 1);
}

static void
a_delete_cancels_what_was_asked_before(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1];
	struct new_task t, before;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	task(&before, TASK_USER_CREATE, id);
	assert_int_equal(instance_submit(&op, id, &before), OK);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), OK);
	assert_string_equal(also[0], before.id);
	assert_null(also[1]);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " cancel"), 1);
	task(&t, TASK_USER_CREATE, id);
	assert_int_equal(instance_submit(&op, id, &t), ERR_CONFLICT);
	assert_int_equal(tasks(id, "user_create"), 1);
}

static void
an_instance_in_error_can_be_deleted_and_shows_shutdown(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1];
	struct new_task t;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	pg_fixture_sql("UPDATE instances SET task = 'BUILDING_ERROR_SERVER',"
	    " server_status = 'ERROR'");
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " task = 'DELETING' AND server_status = 'SHUTDOWN'"), 1);
}

/* Two at once: the row decides, one of them is refused. */
static void
only_one_of_two_restarts_is_taken(void **state)
{
	char id[UUID_LEN + 1];
	struct new_task t;
	pid_t child[2];
	int k, status, taken = 0;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	for (k = 0; k < 2; k++) {
		fflush(NULL);
		if ((child[k] = fork()) == 0) {
			store_close();
			store_open("coffer_api");
			task(&t, TASK_RESTART, id);
			_exit(instance_restart(&op, id, &t));
		}
	}
	for (k = 0; k < 2; k++) {
		waitpid(child[k], &status, 0);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == OK)
			taken++;
		else
			assert_int_equal(WEXITSTATUS(status), ERR_CONFLICT);
	}
	store_close();
	store_open("coffer_api");
	assert_int_equal(taken, 1);
	assert_int_equal(tasks(id, "restart"), 1);
}

static void
reset_status_frees_all_but_a_delete(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1];
	struct new_task t;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(instance_reset(&op, id, false, &also), OK);
	assert_non_null(also[0]);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " task = 'NONE' AND server_status = 'ERROR'"), 1);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), OK);
	assert_int_equal(instance_reset(&op, id, false, &also), OK);
	assert_null(also[0]);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " task = 'DELETING'"), 1);
	assert_int_equal(quota("p1", "instances"), 0);
}

static void
what_a_guest_said_before_a_reset_counts_no_more(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1];
	struct instance in;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(instance_reset(&op, id, true, &also), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "new");
	pg_fixture_sql("UPDATE guests SET status = 'healthy', last_seen ="
	    " now()");
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "healthy");
	assert_int_equal(instance_reset(&op, id, false, &also), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "healthy");
	assert_int_equal(instance_reset(&op, id, true, &also), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "unknown");
	pg_fixture_sql("UPDATE guests SET last_seen = now()");
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "healthy");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, instances_fixture_end)
	const struct CMUnitTest tests[] = {
		T(create_is_instance_guest_task_and_quota_or_nothing),
		T(nothing_is_made_of_a_backup_that_is_gone),
		T(create_whose_commit_was_lost_is_found_again),
		T(the_quota_holds_when_many_ask_at_once),
		T(a_foreign_or_malformed_id_is_not_found),
		T(pages_hold_every_instance_once_in_order_of_id),
		T(a_rename_changes_nothing_else),
		T(a_second_delete_changes_nothing),
		T(a_delete_cancels_what_was_asked_before),
		T(an_instance_in_error_can_be_deleted_and_shows_shutdown),
		T(only_one_of_two_restarts_is_taken),
		T(reset_status_frees_all_but_a_delete),
		T(what_a_guest_said_before_a_reset_counts_no_more),
	};

	return cmocka_run_group_tests(tests, instances_fixture_start,
	    instances_fixture_stop);
}
