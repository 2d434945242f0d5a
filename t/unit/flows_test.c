#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/worker_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"

#include <string.h>

/* --- the tables, as data ----------------------------------------------------------- */

static void
every_kind_of_task_has_a_flow_that_ends_in_time(void **state)
{
	(void)state;
	for (int k = 0; k < TASK__MAX; k++) {
		const struct step *s = flows[k].steps;

		assert_non_null(s);
		assert_non_null(s->name);
		for (; s->name != NULL; s++) {
			assert_non_null(s->run);
			assert_in_range(s->patience, 1,
			    task_kind_secs((enum task_kind)k));
			for (const struct step *t = s + 1; t->name != NULL; t++)
				assert_string_not_equal(s->name, t->name);
		}
	}
}

/* What lib/store tells who asks before it is done (task_steps.tbl.h). */
static void
the_steps_that_are_told_are_those_that_are_done(void **state)
{
	(void)state;
	for (int k = 0; k < TASK__MAX; k++) {
		const char *const *told = task_steps((enum task_kind)k);
		const struct step *s = flows[k].steps;

		for (; s->name != NULL && *told != NULL; s++, told++)
			assert_string_equal(*told, s->name);
		if (s->name != NULL || *told != NULL)
			fail_msg("%s: not the same number of steps",
			    task_kind_word((enum task_kind)k));
	}
}

static void
every_step_of_a_create_has_somebody_to_blame(void **state)
{
	(void)state;
	for (const struct step *s = flows[TASK_CREATE].steps; s->name != NULL; s++)
		assert_non_null(strstr(s->blame, "BUILDING_ERROR_"));
}

static void
tasks_that_are_orders_are_called_like_them(void **state)
{
	(void)state;
	for (int k = 0; k < TASK__MAX; k++)
		if (flows[k].steps[0].run == guest_order ||
		    flows[k].steps[0].run == guest_root)
			assert_int_not_equal(order_find(task_kind_word(
			    (enum task_kind)k)), ORDER_NONE);
}

/* --- a worker that dies on demand ----------------------------------------------------- */

static jmp_buf death;
static int points, die_at;

static void
watch(const struct work *w, bool before)
{
	(void)w;
	(void)before;
	if (++points == die_at)
		longjmp(death, 1);
}

/*
 * Walks the task, and dies at the nth point before or after a step's function.
 * False: there is no such point, the task ended before.
 */
static bool
dies_at(int n, const char *task)
{
	static struct op op;
	int again_ms;
	bool died;

	points = 0;
	die_at = n;
	runner_watch = watch;
	died = true;
	if (setjmp(death) == 0) {
		do {
			op_begin(&op, "test");
			assert_int_equal(task_run(&op, &worker_a, task,
			    &again_ms), OK);
			op_end(&op);
		} while (again_ms > 0);
		died = false;
	} else
		op_end(&op);
	runner_watch = NULL;
	return died;
}

static void
create_makes_everything_and_opens_the_instance(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	assert_string_equal(task_column(task, "args"), "");
	assert_string_equal(instance_column("task"), "NONE");
	assert_string_equal(instance_column("server_status"), "ACTIVE");
	assert_string_equal(instance_column("address"), "192.0.2.1");
	assert_true(made("server") && made("volume") && made("port"));
}

static void
create_survives_a_crash_at_any_point(void **state)
{
	int n = 1;
	const char *task;

	for (;; n++) {
		worker_fixture_fresh(state);
		instance_there("BUILDING", "BUILD");
		task = task_there(TASK_CREATE, NULL);
		if (!dies_at(n, task))
			break;
		assert_string_equal(task_column(task, "status"), "RUNNING");
		lease_lost(task);
		turns(&worker_b, task, 1);
		assert_string_equal(task_column(task, "status"), "SUCCEEDED");
		assert_string_equal(instance_column("server_status"), "ACTIVE");
		assert_string_not_equal(instance_column("server_id"), "");
		assert_string_not_equal(instance_column("volume_id"), "");
		assert_string_not_equal(instance_column("port_id"), "");
		assert_true(made("server") && made("volume") && made("port"));
	}
	assert_int_equal(n, 2 * 9 + 1);		/* before and after each of nine steps */
}

static const struct { const char *call, *step, *task; } failures[] = {
	{ "network.ensure", "network", "BUILDING_ERROR_PORT" },
	{ "volume.ensure", "volume", "BUILDING_ERROR_VOLUME" },
	{ "server.ensure", "server", "BUILDING_ERROR_SERVER" },
};

static void
a_failed_create_leaves_nothing_whenever_its_worker_dies(void **state)
{
	const char *task;

	for (size_t i = 0; i < ROWS(failures); i++) {
		bool died = true;

		for (int n = 1; died; n++) {
			worker_fixture_fresh(state);
			instance_there("BUILDING", "BUILD");
			task = task_there(TASK_CREATE, NULL);
			cloud_fail_next(NULL, 0);
			cloud_fail_next(failures[i].call, 1);
			died = dies_at(n, task);
			if (died) {
				/* The next worker meets the same cloud. */
				if (*task_column(task, "failed_step") == '\0') {
					cloud_fail_next(NULL, 0);
					cloud_fail_next(failures[i].call, 1);
				}
				lease_lost(task);
				turns(&worker_b, task, 1);
			}
			cloud_fail_next(NULL, 0);
			assert_string_equal(task_column(task, "status"),
			    "FAILED");
			assert_string_equal(task_column(task, "failed_step"),
			    failures[i].step);
			assert_string_equal(instance_column("task"),
			    failures[i].task);
			assert_non_null(strstr(instance_column("fault"),
			    "as it was asked to"));
			assert_string_equal(instance_column("server_id || "
			    "volume_id || port_id"), "");
			assert_int_equal(made_all(), 0);
		}
	}
}

static void
delete_survives_a_crash_at_any_point(void **state)
{
	const char *task;

	for (int n = 1;; n++) {
		bool died;

		worker_fixture_fresh(state);
		instance_there("BUILDING", "BUILD");
		turns(&worker_a, task_there(TASK_CREATE, NULL), 1);
		pg_fixture_sql("UPDATE instances SET task = 'DELETING'");
		task = task_there(TASK_DELETE, NULL);
		died = dies_at(n, task);
		lease_lost(task);
		turns(&worker_b, task, 1);
		assert_string_equal(task_column(task, "status"), "SUCCEEDED");
		assert_string_not_equal(instance_column("deleted_at"), "");
		assert_int_equal(made_all(), 0);
		assert_int_equal(pg_fixture_number(
		    "SELECT count(*) FROM guests"), 0);
		if (!died)
			break;
	}
}

/* --- what cannot be removed ---------------------------------------------------------------- */

static void
a_delete_tries_again_what_could_not_be_removed(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	turns(&worker_a, task_there(TASK_CREATE, NULL), 1);
	pg_fixture_sql("UPDATE instances SET task = 'DELETING'");
	task = task_there(TASK_DELETE, NULL);
	cloud_fail_next("server.remove", 1);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "WAITING");
	assert_non_null(strstr(task_column(task, "error"), "CLOUD server.remove"));
	assert_int_equal(turn(&worker_b, task), OK);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	assert_int_equal(made_all(), 0);
}

static void
a_delete_that_gives_up_says_so_and_can_be_asked_again(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	turns(&worker_a, task_there(TASK_CREATE, NULL), 1);
	pg_fixture_sql("UPDATE instances SET task = 'DELETING'");
	task = task_there(TASK_DELETE, NULL);
	cloud_fail_next("volume.remove", 1);
	cloud_fail_next("volume.remove", 2);
	assert_int_equal(turn(&worker_a, task), OK);
	pg_fixture_sql("UPDATE tasks SET step_deadline = now()");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(task_column(task, "failed_step"), "volume");
	assert_string_equal(instance_column("task"), "DELETING");
	assert_string_equal(instance_column("server_status"), "ERROR");
	assert_true(made("volume") && !made("server"));
	task = task_there(TASK_DELETE, NULL);
	turns(&worker_a, task, 1);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	assert_int_equal(made_all(), 0);
}

static void
an_undo_that_gives_up_names_what_is_left_and_keeps_what_it_stands_on(
    void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	cloud_fail_next("server.ensure", 1);
	cloud_fail_next("volume.remove", 1);
	cloud_fail_next("volume.remove", 2);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "WAITING");
	assert_string_equal(task_column(task, "undoing"), "true");
	pg_fixture_sql("UPDATE tasks SET step_deadline = now()");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(task_column(task, "failed_step"), "server");
	assert_non_null(strstr(task_column(task, "error"),
	    "Left behind, from step volume on"));
	assert_true(made("volume") && made("port") && !made("server"));
	assert_string_not_equal(instance_column("volume_id"), "");
}

/* --- resizes ---------------------------------------------------------------------------------- */

/* As the API leaves it: charged the larger of both, and the task submitted. */
static const char *
resize_there(enum task_kind kind)
{
	const char *task;

	instance_there("BUILDING", "BUILD");
	turns(&worker_a, task_there(TASK_CREATE, NULL), 1);
	pg_fixture_sql("DELETE FROM quotas; INSERT INTO quotas (tenant_id,"
	    " instances, ram, volumes) VALUES ('p1', 1, 512, 3);"
	    "UPDATE instances SET task = 'RESIZING'");
	if (kind == TASK_RESIZE_VOLUME)
		pg_fixture_sql("UPDATE instances SET to_gb = 3;"
		    "UPDATE quotas SET ram = 256");
	else
		pg_fixture_sql("UPDATE instances SET to_flavor = '2',"
		    " to_ram_mb = 512, to_vcpus = 2;"
		    "UPDATE quotas SET volumes = 1");
	task = task_there(kind, NULL);
	return task;
}

/* The quota is what the row says, and nothing is under way any more. */
static void
resize_is_over(const char *flavor, int ram_mb, int gb)
{
	assert_string_equal(instance_column("task"), "NONE");
	assert_string_equal(instance_column("flavor_id"), flavor);
	assert_string_equal(instance_column(
	    "(to_flavor IS NULL AND to_gb IS NULL AND to_ram_mb IS NULL AND"
	    " to_vcpus IS NULL)"), "true");
	assert_int_equal(pg_fixture_number("SELECT ram_mb FROM instances"),
	    ram_mb);
	assert_int_equal(pg_fixture_number("SELECT ram FROM quotas"), ram_mb);
	assert_int_equal(pg_fixture_number("SELECT volume_gb FROM instances"),
	    gb);
	assert_int_equal(pg_fixture_number("SELECT volumes FROM quotas"), gb);
	assert_int_equal(pg_fixture_number("SELECT instances FROM quotas"), 1);
}

static const struct {
	enum task_kind	 kind;
	const char	*fails;		/* the call, or NULL */
	int		 nth;
	const char	*step;		/* where it failed */
	const char	*flavor;	/* afterwards */
	int		 ram_mb, gb;
	const char	*server, *volume;	/* what the drivers were told last */
} resizes[] = {
	{ TASK_RESIZE_VOLUME, NULL, 0, "", "1", 256, 3, NULL, "3 GB" },
	{ TASK_RESIZE_VOLUME, "volume.resize", 1, "volume", "1", 256, 1, NULL, NULL },
	{ TASK_RESIZE_FLAVOR, NULL, 0, "", "2", 512, 1, "512 MB, 2", NULL },
	{ TASK_RESIZE_FLAVOR, "server.resize", 1, "room", "1", 256, 1, "256 MB, 1", NULL },
	{ TASK_RESIZE_FLAVOR, "server.resize", 2, "limits", "1", 256, 1, "256 MB, 1", NULL },
};

/* A worker that takes over meets the same cloud: its calls are counted anew. */
static bool
resize_dies_at(size_t i, int n, const char *task)
{
	bool died;

	cloud_fail_next(NULL, 0);
	if (resizes[i].fails != NULL)
		cloud_fail_next(resizes[i].fails, resizes[i].nth);
	died = dies_at(n, task);
	if (died && resizes[i].fails != NULL &&
	    *task_column(task, "failed_step") == '\0') {
		bool first = strcmp(task_column(task, "step"), "room") == 0;

		cloud_fail_next(NULL, 0);
		cloud_fail_next(resizes[i].fails, first ? resizes[i].nth : 1);
	}
	if (died) {
		lease_lost(task);
		turns(&worker_b, task, 1);
	}
	cloud_fail_next(NULL, 0);
	return died;
}

static void
a_resize_ends_whole_or_not_at_all_whenever_its_worker_dies(void **state)
{
	for (size_t i = 0; i < ROWS(resizes); i++) {
		bool died = true;

		for (int n = 1; died; n++) {
			const char *task;

			worker_fixture_fresh(state);
			task = resize_there(resizes[i].kind);
			died = resize_dies_at(i, n, task);
			assert_string_equal(task_column(task, "status"),
			    resizes[i].fails == NULL ? "SUCCEEDED" : "FAILED");
			assert_string_equal(task_column(task, "failed_step"),
			    resizes[i].step);
			resize_is_over(resizes[i].flavor, resizes[i].ram_mb,
			    resizes[i].gb);
			assert_int_equal(resizes[i].fails == NULL,
			    *instance_column("fault") == '\0');
			if (resizes[i].server != NULL)
				assert_string_equal(noted("server"),
				    resizes[i].server);
			if (resizes[i].volume != NULL)
				assert_string_equal(noted("volume"),
				    resizes[i].volume);
		}
	}
}

static void
a_smaller_flavor_gives_its_memory_back_at_the_end_only(void **state)
{
	const char *task;

	(void)state;
	task = resize_there(TASK_RESIZE_FLAVOR);
	pg_fixture_sql("UPDATE instances SET ram_mb = 512, to_ram_mb = 256,"
	    " flavor_id = '2', to_flavor = '1'");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	resize_is_over("1", 256, 1);
}

/* The API gave back what the row said; the task must not do it again. */
static void
a_resize_whose_instance_is_being_deleted_leaves_the_quota_alone(void **state)
{
	const char *task;

	(void)state;
	task = resize_there(TASK_RESIZE_VOLUME);
	pg_fixture_sql("UPDATE instances SET task = 'DELETING';"
	    "UPDATE tasks SET cancel = true WHERE kind = 'resize_volume';"
	    "UPDATE quotas SET instances = 0, ram = 0, volumes = 7");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "CANCELLED");
	assert_int_equal(pg_fixture_number("SELECT volumes FROM quotas"), 7);
	assert_string_equal(instance_column("task"), "DELETING");
}

/* --- access ----------------------------------------------------------------------------------- */

#define OLD "{\"is_public\": true, \"allowed_cidrs\": [\"10.0.0.0/8\"]}"

static const struct {
	const char	*change, *fails;
	const char	*access, *told, *task;	/* afterwards: stored, with the driver, shown */
	const char	*outside;
} accesses[] = {
	{ "{\"allowed_cidrs\":[]}", NULL,
	    "{\"is_public\": true, \"allowed_cidrs\": []}",
	    "{\"allowed_cidrs\":[]}", "NONE", "198.51.100.1" },
	{ "{\"is_public\":false}", NULL,
	    "{\"is_public\": false, \"allowed_cidrs\": [\"10.0.0.0/8\"]}",
	    OLD, "NONE", "" },
	{ "{\"allowed_cidrs\":[\"10.9.0.0/16\"]}", "network.access",
	    OLD, OLD, "UPDATING_ERROR_ACCESS", "198.51.100.1" },
	{ "{\"is_public\":false}", "network.access",
	    OLD, OLD, "UPDATING_ERROR_ACCESS", "198.51.100.1" },
};

static void
access_is_stored_when_it_holds_and_is_taken_back_when_not(void **state)
{
	for (size_t i = 0; i < ROWS(accesses); i++) {
		bool died = true;

		for (int n = 1; died; n++) {
			const char *task;

			worker_fixture_fresh(state);
			instance_there("BUILDING", "BUILD");
			pg_fixture_sql("UPDATE instances SET access = '%s'",
			    OLD);
			turns(&worker_a, task_there(TASK_CREATE, NULL), 1);
			assert_string_equal(instance_column("public_address"),
			    "198.51.100.1");
			pg_fixture_sql("UPDATE instances SET task ="
			    " 'UPDATING'");
			task = task_there(TASK_ACCESS, accesses[i].change);
			if (accesses[i].fails != NULL)
				cloud_fail_next(accesses[i].fails, 1);
			if ((died = dies_at(n, task))) {
				if (accesses[i].fails != NULL &&
				    *task_column(task, "failed_step") == '\0')
					cloud_fail_next(accesses[i].fails, 1);
				lease_lost(task);
				turns(&worker_b, task, 1);
			}
			cloud_fail_next(NULL, 0);
			assert_string_equal(instance_column("access"),
			    accesses[i].access);
			assert_string_equal(noted("port"), accesses[i].told);
			assert_string_equal(instance_column("task"),
			    accesses[i].task);
			assert_string_equal(instance_column("public_address"),
			    accesses[i].outside);
		}
	}
}

/* --- asked to stop -------------------------------------------------------------------------- */

static void
cancel_at(const struct work *w, bool before)
{
	if (before && strcmp(w->step->name, "volume") == 0 && !w->lease.undoing)
		pg_fixture_sql("UPDATE tasks SET cancel = true;"
		    "UPDATE instances SET task = 'DELETING'");
}

static void
a_cancelled_create_takes_back_what_it_made(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	runner_watch = cancel_at;
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "CANCELLED");
	assert_string_equal(task_column(task, "failed_step"), "");
	assert_string_equal(instance_column("task"), "DELETING");
	assert_int_equal(made_all(), 0);
}

static void
cancel_late(const struct work *w, bool before)
{
	if (!before && strcmp(w->step->name, "ready") == 0 && !w->lease.undoing)
		pg_fixture_sql("UPDATE tasks SET cancel = true");
}

static void
a_create_that_is_cancelled_in_the_last_moment_is_undone_too(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	runner_watch = cancel_late;
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "CANCELLED");
	assert_int_equal(made_all(), 0);
}

/* --- configuration groups --------------------------------------------------------- */

#define GROUP "c0000000-0000-4000-8000-000000000001"

/* What the API submits, what the guest answers, what becomes of the instance. */
static const struct {
	const char *was, *now;		/* the group's id, quoted; or null */
	const char *task, *restart;	/* as the submission set them */
	const char *err;		/* of the guest */
	const char *group, *ended;	/* configuration_id, task */
} configured[] = {
	{ "null", "\"" GROUP "\"", "NONE", "false", "OK", GROUP, "NONE" },
	{ "null", "\"" GROUP "\"", "RESTART_REQUIRED", "true", "OK", GROUP, "RESTART_REQUIRED" },
	{ "null", "\"" GROUP "\"", "NONE", "true", "OK", GROUP, "RESTART_REQUIRED" },
	{ "null", "\"" GROUP "\"", "REBOOTING", "true", "OK", GROUP, "REBOOTING" },
	{ "null", "\"" GROUP "\"", "RESTART_REQUIRED", "true", "BAD_REQUEST", "", "NONE" },
	{ "null", "\"" GROUP "\"", "DELETING", "true", "BAD_REQUEST", GROUP, "DELETING" },
	{ "\"" GROUP "\"", "null", "NONE", "false", "OK", "", "NONE" },
	{ "\"" GROUP "\"", "null", "NONE", "false", "BAD_REQUEST", GROUP, "NONE" },
	{ "\"" GROUP "\"", "\"" GROUP "\"", "RESTART_REQUIRED", "true", "BAD_REQUEST", GROUP, "RESTART_REQUIRED" },
};

static void
group_there(void)
{
	pg_fixture_sql("INSERT INTO configurations (id, tenant_id, name,"
	    " version_id, settings) SELECT '" GROUP "', 'p1', 'tuned', id, 'x'"
	    " FROM datastore_versions LIMIT 1 ON CONFLICT DO NOTHING");
}

static void
a_group_that_the_guest_refuses_is_taken_back(void **state)
{
	for (size_t i = 0; i < ROWS(configured); i++) {
		bool none = strcmp(configured[i].now, "null") == 0;
		char args[200];
		const char *task;

		worker_fixture_fresh(state);
		worker_fixture_drivers("local");
		instance_there(configured[i].task, "ACTIVE");
		group_there();
		pg_fixture_sql("UPDATE instances SET configuration_id = %s",
		    none ? "NULL" : "'" GROUP "'");
		snprintf(args, sizeof(args), "{\"values\":{},\"restart\":%s,"
		    "\"was\":%s,\"now\":%s}", configured[i].restart,
		    configured[i].was, configured[i].now);
		task = task_there(TASK_CONFIGURE, args);
		guest_says("healthy", order_of(task, "order"),
		    configured[i].err, "Ha.");
		assert_int_equal(turn(&worker_a, task), OK);
		if (strcmp(instance_column("configuration_id"),
		    configured[i].group) != 0 ||
		    strcmp(instance_column("task"), configured[i].ended) != 0)
			fail_msg("row %zu: %s, %s", i,
			    instance_column("configuration_id"),
			    instance_column("task"));
		assert_string_equal(instance_column("fault"),
		    strcmp(configured[i].err, "OK") == 0 ? "" : "Ha.");
	}
}

static void
a_server_that_started_without_its_group_has_none(void **state)
{
	static const struct { const char *err, *group; } rows[] = {
		{ "OK", GROUP }, { "GUEST", GROUP }, { "UNPROCESSABLE", "" } };
	const char *task;

	for (size_t i = 0; i < ROWS(rows); i++) {
		worker_fixture_fresh(state);
		worker_fixture_drivers("local");
		instance_there("REBOOTING", "ACTIVE");
		group_there();
		pg_fixture_sql("UPDATE instances SET configuration_id = '"
		    GROUP "'");
		task = task_there(TASK_RESTART, NULL);
		guest_says("healthy", order_of(task, "restart"),
		    rows[i].err, "It did not start.");
		assert_int_equal(turn(&worker_a, task), OK);
		assert_string_equal(instance_column("configuration_id"),
		    rows[i].group);
		assert_string_equal(instance_column("task"), "NONE");
	}
}

/* What only a start reads, a new server reads before it is handed over. */
static void
a_create_with_static_settings_restarts_the_server_once(void **state)
{
	const char *task;

	(void)state;
	worker_fixture_drivers("local");
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, "{\"values\":{\"back_log\":9},"
	    "\"restart\":true}");
	guest_says("new", NULL, NULL, NULL);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "step"), "prepare");
	guest_says("healthy", order_of(task, "prepare"), "OK", NULL);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "step"), "ready");
	assert_string_equal(task_column(task, "status"), "WAITING");
	guest_says("healthy", order_of(task, "ready"), "OK", NULL);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, worker_fixture_fresh)
	static const struct CMUnitTest tests[] = {
		T(every_kind_of_task_has_a_flow_that_ends_in_time),
		T(the_steps_that_are_told_are_those_that_are_done),
		T(every_step_of_a_create_has_somebody_to_blame),
		T(tasks_that_are_orders_are_called_like_them),
		T(create_makes_everything_and_opens_the_instance),
		T(create_survives_a_crash_at_any_point),
		T(a_failed_create_leaves_nothing_whenever_its_worker_dies),
		T(delete_survives_a_crash_at_any_point),
		T(a_delete_tries_again_what_could_not_be_removed),
		T(a_delete_that_gives_up_says_so_and_can_be_asked_again),
		T(an_undo_that_gives_up_names_what_is_left_and_keeps_what_it_stands_on),
		T(a_resize_ends_whole_or_not_at_all_whenever_its_worker_dies),
		T(a_smaller_flavor_gives_its_memory_back_at_the_end_only),
		T(a_resize_whose_instance_is_being_deleted_leaves_the_quota_alone),
		T(access_is_stored_when_it_holds_and_is_taken_back_when_not),
		T(a_cancelled_create_takes_back_what_it_made),
		T(a_create_that_is_cancelled_in_the_last_moment_is_undone_too),
		T(a_group_that_the_guest_refuses_is_taken_back),
		T(a_server_that_started_without_its_group_has_none),
		T(a_create_with_static_settings_restarts_the_server_once),
	};

	return cmocka_run_group_tests_name("flows", tests,
	    worker_fixture_start, worker_fixture_stop);
}
