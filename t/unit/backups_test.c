/*
 * Backups and modules in a real PostgreSQL: the statements as the role of the
 * API, and those of the worker's that they race with.
 */
#include "t/unit/test.h"
#include "t/unit/key_fixture.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/store/backup_work.h"
#include "lib/store/backups.h"
#include "lib/store/instances.h"
#include "lib/store/modules.h"
#include "lib/store/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "e0000000-0000-4000-8000-000000000001"
#define DATASTORE "d0000000-0000-4000-8000-000000000001"
#define INSTANCE "aaaaaaaa-0000-4000-8000-000000000001"
#define OTHER "aaaaaaaa-0000-4000-8000-000000000002"

static struct op op;

static int
open_world(void **state)
{
	seal_init();
	log_init("test", LOG_ERROR);
	pg_fixture_start(state);
	pg_fixture_sql("INSERT INTO datastores (id, name) VALUES ('%s',"
	    " 'null')", DATASTORE);
	pg_fixture_sql("INSERT INTO datastore_versions (id, datastore_id, name,"
	    " version, manager) VALUES ('%s', '%s', '1', '1', 'null')",
	    VERSION, DATASTORE);
	op_begin(&op, "test");
	assert_int_equal(conf_set(&op, "pg", "dsn", pg_fixture_dsn()), OK);
	key_fixture(&op);
	store_open("coffer_api");
	op_end(&op);
	return 0;
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
	    " server_status) VALUES ('%s', 'p1', 'shop', '%s', '1', 256, 1, 1,"
	    " 'R', 'NONE', 'ACTIVE')", id, VERSION);
}

static int
fresh(void **state)
{
	(void)state;
	op_begin(&op, "req-test");
	pg_fixture_sql("TRUNCATE instances, guests, tasks, quotas, backups,"
	    " backup_strategies, modules, instance_modules");
	instance(INSTANCE);
	instance(OTHER);
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static enum err
take_as(const char *tenant, const char *in, const char *parent,
    const char **id)
{
	struct new_task t;
	struct backup b = { .tenant = tenant, .instance = in, .name = "b",
	    .state = "NEW", .version_id = VERSION, .container = "c",
	    .parent = parent };

	new_task_begin(&op, &t, TASK_BACKUP, in, tenant, "u1", "{}");
	*id = b.id = op_strdup(&op, t.id);
	return backup_insert(&op, &b, &t);
}

static void
run(struct call c)
{
	assert_int_equal(store_write(&op, NULL, 1, &c), OK);
}

static struct call
stored(const char *id, const char *location, const char *gb)
{
	const struct backup_stored s = { .location = location, .gb = gb,
	    .checksum = "c", .mark = "m", .segments = "[]", .stored = 7,
	    .plain = -1 };

	return backup_stored(&op, id, &s);
}

/* As a worker leaves it. */
static const char *
taken(const char *in, const char *parent)
{
	const char *id;

	assert_int_equal(take_as("p1", in, parent, &id), OK);
	run(backup_begun(id, "sealed"));
	run(stored(id, "http://x/c/b", "0.5"));
	run(backup_ended(&op, id, in, "COMPLETED", 0));
	return id;
}

static const char *
state_of(const char *id)
{
	struct backup b;

	assert_int_equal(backup_read(&op, id, NULL, &b), OK);
	return b.state;
}

static long
charged(const char *tenant)
{
	return pg_fixture_number("SELECT coalesce(max(backups), 0) FROM quotas"
	    " WHERE tenant_id = '%s'", tenant);
}

static bool
backs_up(const char *id)
{
	struct instance in;

	assert_int_equal(instance_read(&op, id, NULL, &in), OK);
	return in.backing_up;
}

static void
a_backup_is_row_task_quota_and_a_mark_or_nothing(void **state)
{
	const char *id, *second;
	struct backup b;

	(void)state;
	assert_int_equal(take_as("p1", INSTANCE, NULL, &id), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " id = '%s' AND kind = 'backup'", id), 1);
	assert_int_equal(charged("p1"), 1);
	assert_true(backs_up(INSTANCE));
	assert_int_equal(take_as("p1", INSTANCE, NULL, &second), ERR_CONFLICT);
	pg_fixture_sql("UPDATE quotas SET max_backups = 1");
	assert_int_equal(take_as("p1", OTHER, NULL, &second), ERR_OVER_LIMIT);
	assert_string_equal(op.why,
	    "Quota exceeded for resources: ['backups'].");
	assert_false(backs_up(OTHER));
	assert_int_equal(charged("p1"), 1);
	assert_int_equal(pg_fixture_number("SELECT (SELECT count(*) FROM"
	    " backups) * 10 + (SELECT count(*) FROM tasks)"), 11);
	assert_int_equal(backup_read(&op, id, "p2", &b), ERR_NOT_FOUND);
	assert_int_equal(backup_read(&op, "abc", NULL, &b), ERR_NOT_FOUND);
	assert_int_equal(backup_read(&op, id, "p1", &b), OK);
	assert_null(b.size);
	assert_null(b.location);
}

static void
an_instance_that_is_busy_is_not_backed_up(void **state)
{
	static const char *const busy[] = {
		"task = 'RESIZING'", "task = 'DELETING'",
		"server_status = 'SHUTDOWN'", "deleted_at = now()",
	};
	const char *id;

	(void)state;
	for (size_t i = 0; i < sizeof(busy) / sizeof(busy[0]); i++) {
		pg_fixture_sql("UPDATE instances SET task = 'NONE',"
		    " server_status = 'ACTIVE', deleted_at = NULL");
		pg_fixture_sql("UPDATE instances SET %s", busy[i]);
		assert_int_equal(take_as("p1", INSTANCE, NULL, &id),
		    ERR_CONFLICT);
	}
	assert_int_equal(charged("p1"), 0);
}

static void
its_states_follow_each_other_and_free_the_instance(void **state)
{
	const char *id;
	struct backup_work work;
	struct backup b;

	(void)state;
	assert_int_equal(take_as("p1", INSTANCE, NULL, &id), OK);
	run(stored(id, "x", "1"));	/* not begun: not taken */
	run(backup_begun(id, "one key"));
	assert_string_equal(state_of(id), "BUILDING");
	run(backup_begun(id, "another"));	/* a worker died in between */
	assert_int_equal(backup_work_read(&op, id, &work), OK);
	assert_string_equal(work.key, "one key");
	run(stored(id, "http://x", "0.5"));
	run(backup_ended(&op, id, INSTANCE, "COMPLETED", 0));
	assert_int_equal(backup_read(&op, id, "p1", &b), OK);
	assert_string_equal(b.state, "COMPLETED");
	assert_string_equal(b.size, "0.5");
	assert_string_equal(b.location, "http://x");
	assert_false(backs_up(INSTANCE));
	run(backup_ended(&op, id, INSTANCE, "FAILED", 0));
	assert_string_equal(state_of(id), "COMPLETED");
}

/* The first one's task ends late; the second must not be freed with it. */
static void
a_reset_fails_what_runs_and_a_late_end_frees_no_other(void **state)
{
	const char *first, *second, *const *also;

	(void)state;
	assert_int_equal(take_as("p1", INSTANCE, NULL, &first), OK);
	assert_int_equal(instance_reset(&op, INSTANCE, false, &also), OK);
	assert_string_equal(also[0], first);
	assert_string_equal(state_of(first), "FAILED");
	assert_false(backs_up(INSTANCE));
	assert_int_equal(take_as("p1", INSTANCE, NULL, &second), OK);
	run(backup_ended(&op, first, INSTANCE, "COMPLETED", 0));
	assert_string_equal(state_of(first), "FAILED");
	assert_string_equal(state_of(second), "NEW");
	assert_true(backs_up(INSTANCE));
}

static void
a_family_goes_together_or_not_at_all(void **state)
{
	const char *root, *child, *grandchild, *lone, *running;

	(void)state;
	root = taken(INSTANCE, NULL);
	child = taken(INSTANCE, root);
	grandchild = taken(OTHER, child);
	lone = taken(OTHER, NULL);
	assert_int_equal(take_as("p2", INSTANCE, grandchild, &running), OK);
	assert_int_equal(charged("p1"), 4);
	assert_int_equal(charged("p2"), 1);
	assert_int_equal(backup_delete(&op, root, NULL), ERR_UNPROCESSABLE);
	assert_string_equal(op.why, op_printf(&op, "Backup %s cannot be "
	    "deleted because it is running.", running));
	assert_string_equal(state_of(child), "COMPLETED");
	assert_int_equal(charged("p1"), 4);
	/* one that runs for longer than three days is no reason */
	pg_fixture_sql("UPDATE backups SET updated = now() - interval '4 days'"
	    " WHERE id = '%s'", running);
	assert_int_equal(backup_delete(&op, root, NULL), OK);
	assert_int_equal(charged("p1"), 1);
	assert_int_equal(charged("p2"), 0);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM backups WHERE"
	    " deleted_at IS NULL AND id = '%s'", lone), 1);
	assert_int_equal(backup_delete(&op, root, NULL), OK);	/* again: nothing */
	assert_int_equal(charged("p1"), 1);
	assert_int_equal(take_as("p1", OTHER, child, &running), ERR_NOT_FOUND);
}

/* Here, too, all or nothing: those that run are told to stop. */
static void
a_family_goes_at_once_where_that_is_asked_for(void **state)
{
	const char *root, *running, *other, *const *also;

	(void)state;
	root = taken(INSTANCE, NULL);
	pg_fixture_sql("UPDATE tasks SET status = 'SUCCEEDED'");
	assert_int_equal(take_as("p1", INSTANCE, root, &running), OK);
	assert_int_equal(take_as("p1", OTHER, NULL, &other), OK);
	assert_int_equal(backup_delete(&op, root, &also), OK);
	assert_string_equal(also[0], running);
	assert_null(also[1]);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " cancel"), 1);
	assert_int_equal(charged("p1"), 1);
	/* what was stored goes; what never began left nothing */
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM backups WHERE"
	    " deleted_at IS NOT NULL AND (sweep_at IS NOT NULL) = (id = '%s')",
	    root), 2);
	assert_true(backs_up(INSTANCE));	/* until its task has ended */
	run(backup_ended(&op, running, INSTANCE, "FAILED", 0));
	assert_false(backs_up(INSTANCE));
	assert_int_equal(backup_delete(&op, other, &also), OK);
	assert_string_equal(also[0], other);
}

static void
what_failed_or_was_deleted_is_swept_once_no_task_is_at_it(void **state)
{
	struct backup_trace *t;
	const char *id;
	int n;

	(void)state;
	assert_int_equal(take_as("p1", INSTANCE, NULL, &id), OK);
	run(backup_begun(id, "sealed"));
	run(backup_ended(&op, id, INSTANCE, "FAILED", 0));
	assert_int_equal(backups_sweep(&op, 9, &t, &n), OK);
	assert_int_equal(n, 0);
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED'");
	assert_int_equal(backups_sweep(&op, 9, &t, &n), OK);
	assert_int_equal(n, 1);
	assert_string_equal(t[0].id, id);
	assert_string_equal(t[0].tenant, "p1");
	assert_int_equal(backups_sweep(&op, 9, &t, &n), OK);
	assert_int_equal(n, 0);		/* the first one has a minute */
	assert_int_equal(backup_swept(&op, id, false, 86400), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM backups WHERE"
	    " sweep_at < now() + interval '10 s' AND key IS NOT NULL"), 1);
	assert_int_equal(backup_swept(&op, id, true, 86400), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM backups WHERE"
	    " sweep_at > now() + interval '23 h' AND key IS NULL"), 1);
	assert_int_equal(backup_swept(&op, id, true, -1), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM backups WHERE"
	    " sweep_at IS NULL"), 1);
}

static void
a_chain_begins_with_the_full_one(void **state)
{
	const char *root, *child, *last;
	struct backup_link *link;
	struct backup_work work;
	int n;

	(void)state;
	root = taken(INSTANCE, NULL);
	child = taken(INSTANCE, root);
	last = taken(INSTANCE, child);
	assert_int_equal(backup_chain(&op, last, &link, &n), OK);
	assert_int_equal(n, 3);
	assert_string_equal(link[0].id, root);
	assert_null(link[0].parent);
	assert_string_equal(link[1].id, child);
	assert_string_equal(link[2].id, last);
	assert_string_equal(link[2].segments, "[]");
	assert_int_equal(link[2].stored, 7);
	assert_true(link[0].good && link[1].good && link[2].good);
	assert_int_equal(backup_work_read(&op, last, &work), OK);
	assert_true(work.parent_good);
	assert_string_equal(work.parent, child);
	assert_string_equal(work.mark, "m");
	assert_string_equal(work.datastore, "null");
	pg_fixture_sql("UPDATE backups SET state = 'FAILED' WHERE id = '%s'",
	    child);
	assert_int_equal(backup_chain(&op, last, &link, &n), OK);
	assert_false(link[1].good);
	assert_int_equal(backup_work_read(&op, last, &work), OK);
	assert_false(work.parent_good);
	assert_int_equal(backup_chain(&op, OTHER, &link, &n), OK);
	assert_int_equal(n, 0);
}

static void
a_list_is_one_statement_last_changed_first(void **state)
{
	struct backups_page page = { .tenant = "p1", .limit = 2 };
	const char *a, *b, *c, *latest;
	struct backup *list;
	unsigned calls;
	int n;

	(void)state;
	a = taken(INSTANCE, NULL);
	b = taken(INSTANCE, NULL);
	c = taken(OTHER, NULL);
	calls = store_calls();
	assert_int_equal(backups_read(&op, &page, &list, &n), OK);
	assert_int_equal(store_calls() - calls, 1);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].id, c);
	assert_string_equal(list[1].id, b);
	page.offset = 2;
	assert_int_equal(backups_read(&op, &page, &list, &n), OK);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].id, a);
	page = (struct backups_page){ .instance = OTHER, .limit = 9 };
	assert_int_equal(backups_read(&op, &page, &list, &n), OK);
	assert_int_equal(n, 1);
	page = (struct backups_page){ .tenant = "p2", .limit = 9 };
	assert_int_equal(backups_read(&op, &page, &list, &n), OK);
	assert_int_equal(n, 0);
	page = (struct backups_page){ .datastore = OTHER, .limit = 9 };
	assert_int_equal(backups_read(&op, &page, &list, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(backup_latest(&op, INSTANCE, &latest), OK);
	assert_string_equal(latest, b);
}

static void
the_nearest_strategy_names_the_container(void **state)
{
	const struct strategy ours = { "p1", "", "ours" },
	    its = { "p1", INSTANCE, "its" };
	const char *c;

	(void)state;
	assert_int_equal(backup_container(&op, "p1", INSTANCE, &c), OK);
	assert_string_equal(c, BACKUPS_CONTAINER);
	assert_int_equal(strategy_set(&op, &its), OK);
	assert_int_equal(strategy_set(&op, &ours), OK);
	assert_int_equal(backup_container(&op, "p1", INSTANCE, &c), OK);
	assert_string_equal(c, "its");
	assert_int_equal(backup_container(&op, "p1", OTHER, &c), OK);
	assert_string_equal(c, "ours");
	assert_int_equal(backup_container(&op, "p2", OTHER, &c), OK);
	assert_string_equal(c, BACKUPS_CONTAINER);
}

/* --- modules ---------------------------------------------------------------------- */

static struct module
module(const char *id, const char *tenant, const char *contents)
{
	struct module m = { .id = id, .name = "m", .type = "ping",
	    .tenant = tenant, .visible = true, .apply_order = 5 };

	module_seal(&op, &m, contents);
	return m;
}

static void
contents_are_sealed_for_their_row(void **state)
{
	struct module m = module(INSTANCE, "p1", "the secret"), read;
	const char *plain;

	(void)state;
	assert_string_equal(m.md5, "d21d7b2ecfc544c396c1a094e8455acd");
	assert_null(strstr(m.sealed, "secret"));
	assert_int_equal(module_insert(&op, &m), OK);
	assert_int_equal(module_read(&op, INSTANCE, "p1", &read), OK);
	assert_int_equal(module_contents(&op, &read, &plain), OK);
	assert_string_equal(plain, "the secret");
	read.id = OTHER;
	assert_int_equal(module_contents(&op, &read, &plain), ERR_FORGED);
	assert_int_equal(module_read(&op, INSTANCE, "p2", &read),
	    ERR_NOT_FOUND);
	m.id = OTHER;
	assert_int_equal(module_insert(&op, &m), ERR_CONFLICT);
	m.tenant = NULL;
	assert_int_equal(module_insert(&op, &m), OK);
	assert_int_equal(module_read(&op, OTHER, "p2", &read), OK);
}

static void
a_module_that_is_used_changes_only_alive(void **state)
{
	struct module m = module(INSTANCE, "p1", "x"), now;
	bool held;

	(void)state;
	assert_int_equal(module_insert(&op, &m), OK);
	assert_int_equal(module_read(&op, INSTANCE, NULL, &now), OK);
	run(modules_applied(INSTANCE, "{" INSTANCE "}", "{old}"));
	run(modules_applied(INSTANCE, "{" INSTANCE "}", "{new}"));
	assert_int_equal(module_read(&op, INSTANCE, NULL, &m), OK);
	assert_int_equal(m.instances, 1);
	assert_int_equal(module_update(&op, &now, &held), ERR_CONFLICT);
	assert_true(held);
	assert_int_equal(module_delete(&op, INSTANCE), ERR_CONFLICT);
	/* an instance that is gone does not count */
	pg_fixture_sql("UPDATE instances SET deleted_at = now()");
	now.live_update = true;
	assert_int_equal(module_update(&op, &now, &held), OK);
	assert_int_equal(module_update(&op, &now, &held), ERR_CONFLICT);
	pg_fixture_sql("UPDATE instances SET deleted_at = NULL");
	assert_int_equal(module_delete(&op, INSTANCE), OK);
	assert_int_equal(module_read(&op, INSTANCE, NULL, &m), ERR_NOT_FOUND);
}

/* --- which ones are tried --------------------------------------------------------- */

#define HIDDEN "dddddddd-0000-4000-8000-00000000000d"

static bool
is_chosen(const char *id)
{
	return pg_fixture_number("SELECT count(*) FROM backups WHERE id ="
	    " '%s' AND verify_at <= now()", id) == 1;
}

static const char *
taken_of(int n)
{
	const char *id;

	assert_int_equal(take_as("p1", INSTANCE, NULL, &id), OK);
	run(backup_begun(id, "sealed"));
	run(stored(id, "http://x/c/b", "0.5"));
	run(backup_ended(&op, id, INSTANCE, "COMPLETED", n));
	return id;
}

static void
of_so_many_good_ones_one_is_tried(void **state)
{
	const char *id;

	(void)state;
	assert_false(is_chosen(taken_of(0)));
	assert_true(is_chosen(taken_of(1)));
	assert_true(is_chosen(taken_of(1)));
	assert_false(is_chosen(taken_of(3)));
	assert_false(is_chosen(taken_of(3)));
	assert_true(is_chosen(taken_of(3)));
	/* no data, no trial; what failed is none of them */
	assert_int_equal(take_as("p1", INSTANCE, NULL, &id), OK);
	run(backup_begun(id, NULL));
	run(backup_ended(&op, id, INSTANCE, "COMPLETED", 1));
	assert_false(is_chosen(id));
	assert_int_equal(take_as("p1", INSTANCE, NULL, &id), OK);
	run(backup_begun(id, "sealed"));
	run(backup_ended(&op, id, INSTANCE, "FAILED", 1));
	assert_false(is_chosen(id));
}

static void
one_that_is_tried_has_a_slot_and_an_instance_that_nobody_sees(void **state)
{
	const char *one, *two, *task, *next, *const *also;
	struct instance in;
	struct backup b;

	(void)state;
	one = taken_of(1);
	two = taken_of(1);
	assert_int_equal(verify_begin(&op, 0, "R", &task), OK);
	assert_null(task);
	assert_int_equal(verify_begin(&op, 1, "R", &task), OK);
	assert_non_null(task);
	assert_false(is_chosen(one));
	assert_int_equal(verify_begin(&op, 1, "R", &next), OK);
	assert_null(next);		/* the only slot is taken */
	assert_true(is_chosen(two));
	pg_fixture_sql("UPDATE instances SET id = '" HIDDEN "' WHERE verifies ="
	    " '%s'", one);
	pg_fixture_sql("UPDATE tasks SET instance_id = '" HIDDEN "' WHERE id ="
	    " '%s'", task);
	assert_int_equal(instance_read(&op, HIDDEN, NULL, &in), ERR_NOT_FOUND);
	assert_int_equal(pg_fixture_number("SELECT instances FROM quotas "
	    "WHERE tenant_id = 'p1'"), 0);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM quotas "
	    "WHERE tenant_id = ''"), 0);
	run(verify_bad(one, "odd"));
	assert_int_equal(backup_read(&op, one, "p1", &b), OK);
	assert_string_equal(b.verified, "f");
	assert_string_equal(b.verify_error, "odd");
	run(verify_unknown(&op, one, "away", -1));
	assert_int_equal(backup_read(&op, one, "p1", &b), OK);
	assert_null(b.verified);
	/* who deletes it does not wait for that */
	pg_fixture_sql("UPDATE tasks SET status = 'SUCCEEDED', ended = now()"
	    " WHERE kind = 'backup'");
	assert_int_equal(backup_delete(&op, one, &also), OK);
	assert_string_equal(also[0], task);
	run(verify_good(one));
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM backups "
	    "WHERE verified"), 0);
}

static void
ask(const char *id, enum err wanted)
{
	struct backup b;

	assert_int_equal(backup_read(&op, id, NULL, &b), OK);
	assert_int_equal(verify_ask(&op, &b), wanted);
}

static int
tries_of(const char *id)
{
	return (int)pg_fixture_number("SELECT coalesce(verify_tries, -1) FROM"
	    " backups WHERE id = '%s'", id);
}

static void
one_that_is_asked_for_is_tried_unless_it_is_being_tried(void **state)
{
	const char *id, *task, *again;

	(void)state;
	id = taken_of(0);
	assert_int_equal(conf_set(&op, "compute", "driver", "null"), OK);
	ask(id, ERR_NOT_BUILT);		/* it restores nothing */
	assert_int_equal(conf_set(&op, "compute", "driver", "local"), OK);
	assert_int_equal(conf_set(&op, "backup", "verify_slots", "0"), OK);
	ask(id, ERR_NOT_BUILT);
	assert_int_equal(verify_slots(), 0);
	assert_int_equal(conf_set(&op, "backup", "verify_slots", "99"), OK);
	assert_int_equal(verify_slots(), 32);
	assert_int_equal(conf_set(&op, "backup", "verify_slots", "1"), OK);
	assert_false(is_chosen(id));
	ask(id, OK);
	ask(id, OK);
	assert_true(is_chosen(id));
	assert_int_equal(verify_begin(&op, 1, "R", &task), OK);
	assert_non_null(task);
	ask(id, OK);
	assert_false(is_chosen(id));	/* that one will tell */
	assert_int_equal(tries_of(id), 1);
	/* it has told, and is not yet removed */
	run(verify_bad(id, "odd"));
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED', ended = now()"
	    " WHERE id = '%s'", task);
	ask(id, OK);
	assert_true(is_chosen(id));
	assert_int_equal(tries_of(id), 0);
	assert_int_equal(verify_begin(&op, 2, "R", &again), OK);
	assert_non_null(again);
}

static void
one_that_holds_no_data_of_ours_is_not_tried(void **state)
{
	const char *id;

	(void)state;
	assert_int_equal(take_as("p1", INSTANCE, NULL, &id), OK);
	ask(id, ERR_UNPROCESSABLE);	/* it runs */
	run(backup_begun(id, NULL));
	run(backup_ended(&op, id, INSTANCE, "COMPLETED", 1));
	ask(id, ERR_UNPROCESSABLE);	/* a rehearsed one */
	pg_fixture_sql("UPDATE backups SET state = 'RESTORED' WHERE id = '%s'",
	    id);
	ask(id, ERR_UNPROCESSABLE);
	assert_non_null(strstr(op.why, "taken elsewhere"));
	assert_false(is_chosen(id));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, ended)
	const struct CMUnitTest tests[] = {
		T(a_backup_is_row_task_quota_and_a_mark_or_nothing),
		T(an_instance_that_is_busy_is_not_backed_up),
		T(its_states_follow_each_other_and_free_the_instance),
		T(a_reset_fails_what_runs_and_a_late_end_frees_no_other),
		T(a_family_goes_together_or_not_at_all),
		T(a_family_goes_at_once_where_that_is_asked_for),
		T(what_failed_or_was_deleted_is_swept_once_no_task_is_at_it),
		T(a_chain_begins_with_the_full_one),
		T(of_so_many_good_ones_one_is_tried),
		T(one_that_is_tried_has_a_slot_and_an_instance_that_nobody_sees),
		T(one_that_is_asked_for_is_tried_unless_it_is_being_tried),
		T(one_that_holds_no_data_of_ours_is_not_tried),
		T(a_list_is_one_statement_last_changed_first),
		T(the_nearest_strategy_names_the_container),
		T(contents_are_sealed_for_their_row),
		T(a_module_that_is_used_changes_only_alive),
	};

	return cmocka_run_group_tests_name("backups", tests, open_world,
	    close_world);
}
