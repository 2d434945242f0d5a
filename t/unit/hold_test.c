/* Transactions that stay open, answers that are kept, events that they cause. */
#include "t/unit/test.h"
#include "t/unit/key_fixture.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"
#include "lib/store/events.h"
#include "lib/store/repeats.h"
#include "lib/store/tasks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTANCE "1bcd0a5f-8f9b-4a44-8f1c-2d0a3b4c5d6e"

static struct op op;

/* Answers are sealed with a master key. */
static int
start(void **state)
{
	pg_fixture_start(state);
	seal_init();
	op_begin(&op, "test");
	key_fixture(&op);
	op_end(&op);
	return 0;
}

static int
fresh(void **state)
{
	(void)state;
	op_begin(&op, "req-1");
	pg_fixture_sql("TRUNCATE tasks, events, repeats");
	pg_fixture_sql("UPDATE event_cursors SET xid = '0', seq = 0");
	store_open("admin");
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	store_context(NULL);
	store_drop(&op);
	store_close();
	op_end(&op);
	return 0;
}

static enum err
submit(void)
{
	struct new_task t;
	struct call call;

	new_task_begin(&op, &t, TASK_RESTART, INSTANCE, "p1", "u1", NULL);
	call = new_task_call(&op, &t);
	return store_write(&op, NULL, 1, &call);
}

static long
tasks(void)
{
	return pg_fixture_number("SELECT count(*) FROM tasks");
}

static int
tasks_seen(void)
{
	struct task_row *list;
	int n = -1;

	assert_int_equal(tasks_of_instance(&op, INSTANCE, 20, &list, &n), OK);
	return n;
}

/* --- holding ---------------------------------------------------------------------- */

static void
what_is_held_is_there_for_nobody_else_until_it_is_kept(void **state)
{
	(void)state;
	store_hold(NULL);
	assert_false(store_holds());
	assert_int_equal(submit(), OK);
	assert_true(store_holds());
	assert_int_equal(submit(), OK);
	assert_int_equal(tasks_seen(), 2);
	assert_int_equal(tasks(), 0);
	assert_int_equal(store_keep(&op, NULL, NULL), OK);
	assert_false(store_holds());
	assert_int_equal(tasks(), 2);
	assert_int_equal(submit(), OK);
	assert_int_equal(tasks(), 3);
}

static void
what_is_dropped_was_never_there(void **state)
{
	(void)state;
	store_hold(NULL);
	assert_int_equal(submit(), OK);
	store_drop(&op);
	assert_int_equal(tasks(), 0);
	assert_int_equal(tasks_seen(), 0);
	store_drop(&op);
	assert_int_equal(submit(), OK);
	assert_int_equal(tasks(), 1);
}

static void
a_failure_undoes_what_stood_before_it_and_is_remembered(void **state)
{
	struct call bad = CALL(INSTANCE_HOLD, INSTANCE);	/* it is not there */

	(void)state;
	store_hold(NULL);
	assert_int_equal(submit(), OK);
	assert_int_equal(store_write(&op, NULL, 1, &bad), ERR_CONFLICT);
	assert_false(store_holds());
	assert_int_equal(submit(), OK);
	assert_int_equal(store_keep(&op, NULL, NULL), ERR_UNAVAILABLE);
	assert_int_equal(tasks(), 0);
	assert_int_equal(submit(), OK);
	assert_int_equal(tasks(), 1);
}

static void
a_failure_at_the_beginning_leaves_the_way_open(void **state)
{
	struct call bad = CALL(INSTANCE_HOLD, INSTANCE);

	(void)state;
	store_hold(NULL);
	assert_int_equal(store_write(&op, NULL, 1, &bad), ERR_CONFLICT);
	assert_int_equal(submit(), OK);
	assert_int_equal(store_keep(&op, NULL, NULL), OK);
	assert_int_equal(tasks(), 1);
}

static void
break_connection(void)
{
	pg_fixture_sql("SELECT pg_terminate_backend(pid) FROM"
	    " pg_stat_activity WHERE application_name = 'admin' AND pid <>"
	    " pg_backend_pid()");
	usleep(200000);
}

/* What was written first must not be lost while the second is kept. */
static void
a_transaction_whose_connection_breaks_is_not_gone_on_with(void **state)
{
	(void)state;
	store_hold(NULL);
	assert_int_equal(submit(), OK);
	break_connection();
	assert_int_equal(submit(), ERR_UNAVAILABLE);
	assert_int_equal(store_keep(&op, NULL, NULL), ERR_UNAVAILABLE);
	assert_int_equal(tasks(), 0);

	store_hold(NULL);
	assert_int_equal(submit(), OK);
	break_connection();
	assert_int_equal(store_keep(&op, NULL, NULL), ERR_UNAVAILABLE);
	assert_int_equal(tasks(), 0);
	assert_int_equal(submit(), OK);
	assert_int_equal(tasks(), 1);
}

/* --- answers ------------------------------------------------------------------------ */

static enum err
claim_and_answer(struct repeat *r, const char *answer)
{
	struct call claim = repeat_claim(&op, r), last, probe;
	enum err e;

	store_hold(&claim);
	if ((e = submit()) != OK) {
		store_drop(&op);
		return e;
	}
	last = repeat_answer(&op, r, 202, answer);
	probe = repeat_probe(&op, r);
	return store_keep(&op, &last, &probe);
}

static void
an_answer_is_found_by_its_key_and_opened(void **state)
{
	struct repeat r = { .project = "p1", .key = "k", .fingerprint = "f" };
	struct repeat other = { .project = "p2", .key = "k" }, is;
	const char *plain;
	bool found;

	(void)state;
	assert_int_equal(repeat_find(&op, &r, &is, &found), OK);
	assert_false(found);
	assert_int_equal(claim_and_answer(&r, "the answer"), OK);
	assert_int_equal(repeat_find(&op, &r, &is, &found), OK);
	assert_true(found);
	assert_int_equal(is.status, 202);
	assert_string_equal(is.fingerprint, "f");
	assert_int_equal(repeat_open(&op, &is, &plain), OK);
	assert_string_equal(plain, "the answer");
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM repeats WHERE"
	    " answer LIKE '%%answer%%'"), 0);
	is.project = "p2";
	assert_int_equal(repeat_open(&op, &is, &plain), ERR_FORGED);
	assert_int_equal(repeat_find(&op, &other, &is, &found), OK);
	assert_false(found);
}

static void
a_key_is_taken_once_and_with_it_the_change_is_made_once(void **state)
{
	struct repeat r = { .project = "p1", .key = "k", .fingerprint = "f" };
	struct repeat s = r;

	(void)state;
	assert_int_equal(claim_and_answer(&r, "one"), OK);
	assert_int_equal(claim_and_answer(&s, "two"), ERR_REPEATED);
	assert_int_equal(tasks(), 1);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM repeats"), 1);
}

static void
a_key_is_free_again_in_its_time(void **state)
{
	struct repeat r = { .project = "p1", .key = "k", .fingerprint = "f" };
	struct call claim;
	struct repeat is;
	bool found;

	(void)state;
	assert_int_equal(claim_and_answer(&r, "one"), OK);
	pg_fixture_sql("UPDATE repeats SET created = now() - interval '25 h'");
	assert_int_equal(repeat_find(&op, &r, &is, &found), OK);
	assert_false(found);
	r.answer = NULL;
	assert_int_equal(claim_and_answer(&r, "two"), OK);
	pg_fixture_sql("UPDATE repeats SET created = now() - interval '23 h'");
	assert_int_equal(repeats_prune(&op), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM repeats"), 1);
	pg_fixture_sql("UPDATE repeats SET answer = NULL");
	claim = repeat_claim(&op, &r);	/* its program died long ago */
	assert_int_equal(store_write(&op, NULL, 1, &claim), OK);
	assert_int_equal(repeat_forget(&op, &r), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM repeats"), 0);
}

/* --- events ------------------------------------------------------------------------- */

static void
a_change_is_told_with_who_asked_for_it(void **state)
{
	struct event *e;
	int n;

	(void)state;
	store_context("{\"client_ip\":\"192.0.2.7\"}");
	assert_int_equal(submit(), OK);
	assert_int_equal(events_page(&op, "p1", NULL, 10, &e, &n), OK);
	assert_int_equal(n, 1);
	assert_string_equal(e[0].type, "dbaas.instance_restart.start");
	assert_non_null(strstr(e[0].payload, "192.0.2.7"));
	assert_string_equal(e[0].server, "api");
	assert_int_equal(events_page(&op, "p2", NULL, 10, &e, &n), OK);
	assert_int_equal(n, 0);
}

static void
a_reader_goes_on_behind_what_it_saw(void **state)
{
	struct event *e;
	const char *last;
	int n;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(submit(), OK);
	assert_int_equal(events_page(&op, "p1", NULL, 2, &e, &n), OK);
	assert_int_equal(n, 2);
	last = e[1].id;
	assert_int_equal(events_page(&op, "p1", last, 10, &e, &n), OK);
	assert_int_equal(n, 3);
	assert_int_equal(events_page(&op, "p1", e[2].id, 10, &e, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(events_page(&op, "p1", "1.x", 10, &e, &n),
	    ERR_BAD_REQUEST);
	assert_int_equal(events_page(&op, "p1", ".", 10, &e, &n),
	    ERR_BAD_REQUEST);
}

static void
the_cursor_of_the_log_moves_only_when_it_is_kept(void **state)
{
	struct event *e;
	int n;

	(void)state;
	assert_int_equal(submit(), OK);
	assert_int_equal(submit(), OK);
	for (int i = 0; i < 2; i++) {
		store_hold(NULL);
		assert_int_equal(events_take(&op, 10, &e, &n), OK);
		assert_int_equal(n, 2);
		if (i == 1)
			assert_int_equal(store_keep(&op, NULL, NULL), OK);
		store_drop(&op);
	}
	store_hold(NULL);
	assert_int_equal(events_take(&op, 10, &e, &n), OK);
	assert_int_equal(n, 0);
}

static void
old_events_are_forgotten(void **state)
{
	int n;

	(void)state;
	assert_int_equal(submit(), OK);
	assert_int_equal(submit(), OK);
	pg_fixture_sql("UPDATE events SET at = now() - interval '31 days'"
	    " WHERE seq = (SELECT min(seq) FROM events)");
	assert_int_equal(events_prune(&op, 30, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM events"), 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, ended)
	static const struct CMUnitTest tests[] = {
		T(what_is_held_is_there_for_nobody_else_until_it_is_kept),
		T(what_is_dropped_was_never_there),
		T(a_failure_undoes_what_stood_before_it_and_is_remembered),
		T(a_failure_at_the_beginning_leaves_the_way_open),
		T(a_transaction_whose_connection_breaks_is_not_gone_on_with),
		T(an_answer_is_found_by_its_key_and_opened),
		T(a_key_is_taken_once_and_with_it_the_change_is_made_once),
		T(a_key_is_free_again_in_its_time),
		T(a_change_is_told_with_who_asked_for_it),
		T(a_reader_goes_on_behind_what_it_saw),
		T(the_cursor_of_the_log_moves_only_when_it_is_kept),
		T(old_events_are_forgotten),
	};

	return cmocka_run_group_tests_name("hold", tests, start,
	    pg_fixture_stop);
}
