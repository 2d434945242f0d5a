/* A backup that was tried: whose fault is it that this failed? */
#include "t/unit/test_op.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/worker_fixture.h"
#include "lib/base/conf.h"
#include "lib/store/verify.h"
#include "worker/backup.h"
#include "worker/flow.h"

#include <stdio.h>
#include <string.h>

#define BACKUP	"bbbbbbbb-0000-4000-8000-000000000001"
#define VERSION	"aaaaaaaa-0000-4000-8000-000000000001"	/* the fixture's */

static int
fresh(void **state)
{
	worker_fixture_fresh(state);
	pg_fixture_sql("TRUNCATE backups; INSERT INTO backups (id, tenant_id,"
	    " instance_id, name, state, version_id, container) VALUES ('" BACKUP
	    "', 'p1', '" INSTANCE "', 'b', 'COMPLETED', '" VERSION "', 'c')");
	return begin(state);
}

enum blame { BACKUPS, OURS, GOOD };

struct came { enum blame whose; const char *why, *again; };

/* What is found when the task ends in this step with this error. */
static struct came
ended(const char *step, const char *error, int tries, bool good)
{
	struct work w = { .op = &op };
	struct call call[4];

	pg_fixture_sql("UPDATE backups SET verify_tries = %d", tries);
	w.lease.instance = INSTANCE;
	w.lease.home.verifies = BACKUP;
	w.lease.failed_step = step;
	w.lease.error = error;
	assert_int_equal(verify_ended(&w, good, call), 2);
	assert_int_equal(call[0].stmt, STMT_VERIFY_DONE);
	assert_string_equal(call[0].arg[0], BACKUP);
	assert_int_equal(call[1].stmt, STMT_VERIFY_REMOVE);
	assert_non_null(w.rings);
	return (struct came){ call[0].arg[1] == NULL ? OURS :
	    *call[0].arg[1] == 't' ? GOOD : BACKUPS, call[0].arg[2],
	    call[0].arg[3] };
}

static const char *
error_of(enum err e)
{
	return op_printf(&op, "%s because", err_name(e));
}

/* Of errors after the backup was touched: from which try on it is the backup's. */
static const struct { enum err e; int from; } its_own[] = {
	{ ERR_UNPROCESSABLE, 1 },	/* too big, of another version */
	{ ERR_CONFLICT,      1 },	/* other data than were there */
	{ ERR_FORGED,        1 },	/* a seal does not open */
	{ ERR_NOT_FOUND,     1 },	/* a segment is gone */
	{ ERR_GUEST,         3 },	/* a guest may fail of itself */
	{ ERR_BAD_REQUEST,   3 },
};

static int
own_from(enum err e)
{
	for (size_t i = 0; i < ROWS(its_own); i++)
		if (its_own[i].e == e)
			return its_own[i].from;
	return 1000;
}

/* Steps that touch it: the others make or remove what is ours. */
static bool
touches(const char *step)
{
	return strcmp(step, "restore") == 0 || strcmp(step, "prepare") == 0 ||
	    strcmp(step, "check") == 0;
}

static void
each_error_of_each_step_has_somebody_to_blame(void **state)
{
	int times = 0;

	(void)state;
	for (const struct step *s = flows[TASK_VERIFY].steps; s->name != NULL; s++)
		for (int e = OK + 1; e < ERR__MAX; e++)
			for (int tries = 1; tries <= 5; tries += 2) {
				bool its = touches(s->name) &&
				    tries >= own_from((enum err)e);

				struct came c = ended(s->name,
				    error_of((enum err)e), tries, false);

				if (c.whose != (its ? BACKUPS : OURS))
					fail_msg("%s, %s, try %d", s->name,
					    err_name((enum err)e), tries);
				times += its;
			}
	assert_int_equal(times, 3 * (4 * 3 + 2 * 2));
}

static void
what_is_blamed_is_told_in_the_errors_words(void **state)
{
	struct came c = ended("check", "CONFLICT app.t has 3 rows, not 4", 1, false);

	(void)state;
	assert_int_equal(c.whose, BACKUPS);
	assert_string_equal(c.why, "app.t has 3 rows, not 4");
	assert_null(c.again);
}

/* One minute, and four times as long each time; the fifth was the last. */
static void
what_is_ours_is_tried_again_later_each_time(void **state)
{
	static const char *const after[] = { "60", "240", "960", "3840", NULL };

	(void)state;
	for (int tries = 1; tries <= 5; tries++) {
		struct came c = ended("server", "CLOUD no room", tries, false);

		assert_int_equal(c.whose, OURS);
		if (after[tries - 1] == NULL)
			assert_null(c.again);
		else
			assert_string_equal(c.again, after[tries - 1]);
	}
}

static enum blame
blamed(const char *step, const char *error)
{
	struct came c = ended(step, error, 5, false);

	return c.whose;
}

/* A task that was cut off, or whose error nobody wrote. */
static void
without_a_step_or_an_error_nobody_blames_the_backup(void **state)
{
	static const char *const errors[] = { NULL, "", "CONFLICT", "nonsense" };

	(void)state;
	assert_int_equal(blamed(NULL, error_of(ERR_CONFLICT)), OURS);
	assert_int_equal(blamed("", error_of(ERR_CONFLICT)), OURS);
	for (size_t i = 0; i < ROWS(errors); i++)
		assert_int_equal(blamed("check", errors[i]), OURS);
}

static void
one_that_is_good_is_good_whatever_happened_before(void **state)
{
	(void)state;
	assert_int_equal(ended(NULL, NULL, 1, true).whose, GOOD);
	assert_int_equal(ended("check", error_of(ERR_CONFLICT), 5, true).whose,
	    GOOD);
}

static void
other_tasks_find_nothing(void **state)
{
	struct work w = { .op = &op };
	struct call call[4];

	(void)state;
	assert_int_equal(verify_ended(&w, true, call), 0);
	assert_int_equal(verify_ended(&w, false, call), 0);
}

static void
the_policy_says_how_many_are_tried(void **state)
{
	static const struct { const char *policy, *sample, *slots, *driver; int of; } rows[] = {
		{ "always",  "10", "1", "local", 1 },
		{ "sampled", "10", "1", "local", 10 },
		{ "sampled", "1",  "1", "local", 1 },
		{ "sampled", "0",  "1", "local", 1 },
		{ "never",   "10", "1", "local", 0 },
		{ "always",  "10", "0", "local", 0 },
		{ "always",  "10", "1", "null",  0 },	/* its servers hold no data */
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(conf_set(&op, "backup", "verify",
		    rows[i].policy), OK);
		assert_int_equal(conf_set(&op, "backup", "verify_sample",
		    rows[i].sample), OK);
		assert_int_equal(conf_set(&op, "backup", "verify_slots",
		    rows[i].slots), OK);
		assert_int_equal(conf_set(&op, "compute", "driver",
		    rows[i].driver), OK);
		if (verify_of() != rows[i].of)
			fail_msg("row %zu: one of %d", i, verify_of());
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_error_of_each_step_has_somebody_to_blame),
		TEST(what_is_blamed_is_told_in_the_errors_words),
		TEST(what_is_ours_is_tried_again_later_each_time),
		TEST(without_a_step_or_an_error_nobody_blames_the_backup),
		TEST(one_that_is_good_is_good_whatever_happened_before),
		TEST(other_tasks_find_nothing),
		TEST(the_policy_says_how_many_are_tried),
	};

	return cmocka_run_group_tests_name("verify", tests,
	    worker_fixture_start, worker_fixture_stop);
}
