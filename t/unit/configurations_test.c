/*
 * Configuration groups on a real PostgreSQL, as the role of the API: the group,
 * its instances and their tasks change together or not at all.
 */
#include "t/unit/test.h"
#include "t/unit/api_fixture.h"
#include "t/unit/pg_fixture.h"
#include "lib/store/configurations.h"
#include "lib/store/instances.h"
#include "lib/store/parameters.h"

#include <stdio.h>
#include <string.h>

#define VERSION	"e0000000-0000-4000-8000-000000000001"
#define GROUP	"c0000000-0000-4000-8000-00000000000"	/* and a digit */
#define ONE	"1bcd0a5f-8f9b-4a44-8f1c-2d0a3b4c5d61"
#define TWO	"1bcd0a5f-8f9b-4a44-8f1c-2d0a3b4c5d62"

static struct op op;

static int
open_world(void **state)
{
	pg_fixture_start(state);
	pg_fixture_sql("INSERT INTO datastores (id, name) VALUES"
	    " ('d0000000-0000-4000-8000-000000000001', 'mariadb')");
	pg_fixture_sql("INSERT INTO datastore_versions (id, datastore_id, name,"
	    " version, manager) SELECT '%s', id, '10.11', '10.11.6', 'mariadb'"
	    " FROM datastores", VERSION);
	return api_fixture_start(state);
}

static int
close_world(void **state)
{
	store_close();
	return pg_fixture_stop(state);
}

static void
instance(const char *id)
{
	pg_fixture_sql("INSERT INTO instances (id, tenant_id, name, version_id,"
	    " flavor_id, ram_mb, vcpus, volume_gb, region, task,"
	    " server_status) VALUES ('%s', 'p1', 'shop', '%s', '1', 1, 1, 1,"
	    " 'r', 'NONE', 'ACTIVE')", id, VERSION);
}

static struct configuration
insert(const char *id, const char *tenant)
{
	struct configuration new = { .id = id, .tenant = tenant,
	    .name = "tuned", .version_id = VERSION,
	    .settings = "{\"wait_timeout\":30}" }, got;

	assert_int_equal(configuration_insert(&op, &new, &got), OK);
	return got;
}

static int
fresh(void **state)
{
	(void)state;
	op_begin(&op, "test");
	pg_fixture_sql("TRUNCATE instances, tasks, configurations, parameters"
	    " CASCADE");
	instance(ONE);
	instance(TWO);
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static struct configuration
read(const char *id)
{
	struct configuration c;

	assert_int_equal(configuration_read(&op, id, "p1", &c), OK);
	return c;
}

static struct instance
instance_now(const char *id)
{
	struct instance in;

	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	return in;
}

static int
tasks_of(const char *id)
{
	struct task_row *t;
	int n;

	assert_int_equal(tasks_of_instance(&op, id, 10, &t, &n), OK);
	return n;
}

static enum err
configure(const char *id, const char *was, const struct configuration *now,
    bool restart)
{
	struct attachment a = { was, now, restart, NULL };
	struct new_task task;

	new_task_begin(&op, &task, TASK_CONFIGURE, id, "p1", "u", "{}");
	return instance_configure(&op, id, &a, &task);
}

/* --- groups ------------------------------------------------------------------------ */

static void
a_group_is_read_as_it_was_written_and_sealed_meanwhile(void **state)
{
	struct configuration c = insert(GROUP "1", "p1");

	(void)state;
	assert_string_equal(c.name, "tuned");
	assert_null(c.description);
	assert_string_equal(c.settings, "{\"wait_timeout\":30}");
	assert_int_equal(c.instances, 0);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM configurations"
	    " WHERE settings LIKE '%%wait%%'"), 0);
}

static void
settings_moved_to_another_group_do_not_open(void **state)
{
	struct configuration c;

	(void)state;
	insert(GROUP "1", "p1");
	insert(GROUP "2", "p1");
	pg_fixture_sql("UPDATE configurations SET settings = (SELECT settings"
	    " FROM configurations WHERE id = '%s')", GROUP "1");
	assert_int_equal(configuration_read(&op, GROUP "2", "p1", &c),
	    ERR_FORGED);
}

static void
a_group_of_another_project_is_not_there_but_for_admins(void **state)
{
	struct configuration c;

	(void)state;
	insert(GROUP "1", "p2");
	assert_int_equal(configuration_read(&op, GROUP "1", "p1", &c),
	    ERR_NOT_FOUND);
	assert_int_equal(configuration_read(&op, GROUP "1", NULL, &c), OK);
	assert_int_equal(configuration_read(&op, "abc", NULL, &c),
	    ERR_NOT_FOUND);
}

static void
pages_hold_every_group_once_with_one_statement_each(void **state)
{
	struct configurations_page page = { .tenant = "p1", .limit = 2 };
	struct configuration *c;
	unsigned calls;
	int n;

	(void)state;
	insert(GROUP "3", "p1");
	insert(GROUP "1", "p1");
	insert(GROUP "2", "p2");
	insert(GROUP "4", "p1");
	calls = store_calls();
	assert_int_equal(configurations_read(&op, &page, &c, &n), OK);
	assert_int_equal(store_calls(), calls + 1);
	assert_int_equal(n, 3);
	assert_string_equal(c[0].id, GROUP "1");
	assert_string_equal(c[1].id, GROUP "3");
	page.marker = c[1].id;
	assert_int_equal(configurations_read(&op, &page, &c, &n), OK);
	assert_int_equal(n, 1);
	assert_string_equal(c[0].id, GROUP "4");
	page = (struct configurations_page){ .limit = 9 };
	assert_int_equal(configurations_read(&op, &page, &c, &n), OK);
	assert_int_equal(n, 4);
}

/* --- attaching --------------------------------------------------------------------- */

static void
attaching_changes_the_instance_and_makes_a_task(void **state)
{
	struct configuration c = insert(GROUP "1", "p1");
	struct instance in;

	(void)state;
	assert_int_equal(configure(ONE, NULL, &c, false), OK);
	in = instance_now(ONE);
	assert_string_equal(in.configuration_id, GROUP "1");
	assert_string_equal(in.configuration, "tuned");
	assert_string_equal(in.task, "NONE");
	assert_int_equal(tasks_of(ONE), 1);
	assert_int_equal(read(GROUP "1").instances, 1);
	assert_int_equal(configure(ONE, GROUP "1", NULL, true), OK);
	in = instance_now(ONE);
	assert_null(in.configuration_id);
	assert_string_equal(in.task, "RESTART_REQUIRED");
	assert_int_equal(tasks_of(ONE), 2);
}

static void
what_changed_meanwhile_is_not_attached(void **state)
{
	struct configuration c = insert(GROUP "1", "p1"), old = c;

	(void)state;
	old.revision--;
	assert_int_equal(configure(ONE, NULL, &old, false), ERR_CONFLICT);
	assert_int_equal(configure(ONE, NULL, &c, false), OK);
	assert_int_equal(configure(ONE, NULL, &c, false), ERR_CONFLICT);
	assert_int_equal(configure(TWO, GROUP "1", NULL, false), ERR_CONFLICT);
	pg_fixture_sql("UPDATE instances SET task = 'REBOOTING' WHERE id = '%s'",
	    TWO);
	assert_int_equal(configure(TWO, NULL, &c, false), ERR_CONFLICT);
	assert_int_equal(tasks_of(ONE), 1);
	assert_int_equal(tasks_of(TWO), 0);
}

static void
a_group_goes_only_when_nobody_has_it(void **state)
{
	struct configuration c = insert(GROUP "1", "p1");

	(void)state;
	assert_int_equal(configure(ONE, NULL, &c, false), OK);
	assert_int_equal(configuration_remove(&op, GROUP "1"), ERR_CONFLICT);
	assert_int_equal(read(GROUP "1").instances, 1);
	assert_int_equal(configure(ONE, GROUP "1", NULL, false), OK);
	assert_int_equal(configuration_remove(&op, GROUP "1"), OK);
	assert_int_equal(configuration_read(&op, GROUP "1", NULL, &c),
	    ERR_NOT_FOUND);
}

/* --- changing ---------------------------------------------------------------------- */

static enum err
change(const char *id, int revision, const struct holder *holder, int n)
{
	struct new_task task[4];
	struct reconfiguration r = { .to = { .id = id, .revision = revision,
	    .name = "new", .settings = "{\"wait_timeout\":40}" },
	    .holder = holder, .task = task, .holders = n, .restart = true };

	for (int i = 0; i < n; i++)
		new_task_begin(&op, &task[i], TASK_CONFIGURE, holder[i].id,
		    "p1", "u", "{}");
	return configuration_change(&op, &r);
}

static void
a_change_gives_each_instance_a_task(void **state)
{
	struct configuration c = insert(GROUP "1", "p1");
	struct holder *holder;
	int n;

	(void)state;
	assert_int_equal(configure(ONE, NULL, &c, false), OK);
	assert_int_equal(configure(TWO, NULL, &c, false), OK);
	pg_fixture_sql("UPDATE instances SET server_status = 'ERROR' WHERE"
	    " id = '%s'", TWO);
	assert_int_equal(configuration_holders(&op, GROUP "1", &holder, &n),
	    OK);
	assert_int_equal(n, 2);
	assert_int_equal(change(GROUP "1", c.revision, holder, n), OK);
	assert_int_equal(tasks_of(ONE), 2);
	assert_int_equal(tasks_of(TWO), 1);
	assert_string_equal(instance_now(ONE).task, "RESTART_REQUIRED");
	c = read(GROUP "1");
	assert_string_equal(c.name, "new");
	assert_string_equal(c.settings, "{\"wait_timeout\":40}");
}

/* One that was attached after the list was read would keep the old values. */
static void
a_change_that_leaves_an_instance_out_is_refused(void **state)
{
	struct configuration c = insert(GROUP "1", "p1");
	struct holder *holder;
	int n;

	(void)state;
	assert_int_equal(configure(ONE, NULL, &c, false), OK);
	assert_int_equal(configuration_holders(&op, GROUP "1", &holder, &n),
	    OK);
	assert_int_equal(configure(TWO, NULL, &c, false), OK);
	assert_int_equal(change(GROUP "1", c.revision, holder, n),
	    ERR_CONFLICT);
	assert_int_equal(configure(TWO, GROUP "1", NULL, false), OK);
	assert_int_equal(change(GROUP "1", c.revision, holder, n), OK);
	assert_int_equal(change(GROUP "1", c.revision, holder, n),
	    ERR_CONFLICT);
	assert_int_equal(configure(ONE, GROUP "1", NULL, false), ERR_CONFLICT);
	assert_string_equal(read(GROUP "1").settings, "{\"wait_timeout\":40}");
}

/* --- as clients see it --------------------------------------------------------------- */

#define API "/v1.0/" PROJECT

static void
a_refused_attachment_leaves_the_instance_as_it_was(void **state)
{
	const char *token = token_for(PROJECT, "member");
	struct configuration c = insert(GROUP "1", PROJECT);

	(void)state;
	pg_fixture_sql("UPDATE instances SET tenant_id = '%s'", PROJECT);
	assert_int_equal(configure(ONE, NULL, &c, false), OK);
	assert_int_equal(ask_status(PUT, API "/instances/" ONE, token,
	    "{\"instance\":{\"configuration\":\"" GROUP "1\"}}"), 400);
	assert_string_equal(answer_str("badRequest/message"), "Instance " ONE
	    " already has a Configuration Group attached: " GROUP "1.");
	assert_int_equal(tasks_of(ONE), 1);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"
	    " WHERE fault IS NOT NULL"), 0);
}

static const struct { const char *task, *server; int status; } attachable[] = {
	{ "NONE",             "ACTIVE",   202 },
	{ "RESTART_REQUIRED", "ACTIVE",   400 },
	{ "REBOOTING",        "ACTIVE",   400 },
	{ "BUILDING",         "BUILD",    400 },
	{ "NONE",             "SHUTDOWN", 400 },
	{ "BUILDING_ERROR_SERVER", "ERROR", 400 },
};

static void
only_a_running_idle_instance_is_attached_to(void **state)
{
	const char *token = token_for(PROJECT, "member");

	(void)state;
	pg_fixture_sql("INSERT INTO parameters VALUES ('%s', 'wait_timeout',"
	    " 'integer', false, '1', '100')", VERSION);
	insert(GROUP "1", PROJECT);
	for (size_t i = 0; i < ROWS(attachable); i++) {
		pg_fixture_sql("UPDATE instances SET tenant_id = '%s', task ="
		    " '%s', server_status = '%s', configuration_id = NULL",
		    PROJECT, attachable[i].task, attachable[i].server);
		assert_int_equal(ask_status(PATCH, API "/instances/" ONE,
		    token, "{\"instance\":{\"configuration\":\"" GROUP
		    "1\"}}"), attachable[i].status);
		assert_int_equal(ask_status(PUT, API "/instances/" TWO, token,
		    "{\"instance\":{}}"), 202);	/* none: nothing to do */
	}
}

/* --- parameters -------------------------------------------------------------------- */

static void
parameters_have_names_without_regard_to_case(void **state)
{
	struct parameter p = { "Wait_Timeout", "integer", "t", "1", "" }, got,
	    *all;
	int n;

	(void)state;
	assert_int_equal(parameter_insert(&op, VERSION, &p), OK);
	p.name = "WAIT_TIMEOUT";
	assert_int_equal(parameter_insert(&op, VERSION, &p), ERR_CONFLICT);
	assert_int_equal(parameter_read(&op, VERSION, "wait_timeout", &got),
	    OK);
	assert_string_equal(got.name, "Wait_Timeout");
	assert_string_equal(got.restart, "t");
	assert_null(got.max);
	p.restart = "f";
	assert_int_equal(parameter_change(&op, VERSION, "wait_TIMEOUT", &p),
	    OK);
	assert_int_equal(parameter_change(&op, VERSION, "other", &p),
	    ERR_NOT_FOUND);
	p.name = "a_b";
	assert_int_equal(parameter_insert(&op, VERSION, &p), OK);
	p.name = "abc";
	assert_int_equal(parameter_insert(&op, VERSION, &p), OK);
	assert_int_equal(parameters_read(&op, VERSION, &all, &n), OK);
	assert_int_equal(n, 3);
	assert_string_equal(all[0].name, "abc");
	assert_string_equal(all[1].name, "a_b");
	assert_int_equal(parameter_remove(&op, VERSION, "ABC"), OK);
	assert_int_equal(parameter_remove(&op, VERSION, "abc"), ERR_NOT_FOUND);
	assert_string_equal(op.why, "Resource abc cannot be found.");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, ended)
int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_group_is_read_as_it_was_written_and_sealed_meanwhile),
		TEST(settings_moved_to_another_group_do_not_open),
		TEST(a_group_of_another_project_is_not_there_but_for_admins),
		TEST(pages_hold_every_group_once_with_one_statement_each),
		TEST(attaching_changes_the_instance_and_makes_a_task),
		TEST(what_changed_meanwhile_is_not_attached),
		TEST(a_group_goes_only_when_nobody_has_it),
		TEST(a_change_gives_each_instance_a_task),
		TEST(a_change_that_leaves_an_instance_out_is_refused),
		TEST(a_refused_attachment_leaves_the_instance_as_it_was),
		TEST(only_a_running_idle_instance_is_attached_to),
		TEST(parameters_have_names_without_regard_to_case),
	};

	return cmocka_run_group_tests_name("configurations", tests, open_world,
	    close_world);
}
