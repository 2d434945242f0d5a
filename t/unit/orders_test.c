/* Orders as sealed bytes, an engine without a server, no Redis at all. */
#include "t/unit/test.h"
#include "agent/duties.h"
#include "agent/journal.h"
#include "agent/orders.h"
#include "agent/report.h"
#include "agent/supervisor.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/msg/channel.h"
#include "lib/msg/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GUEST	"7f0e1111-2222-4333-8444-555566667777"
#define OTHER	"7f0e1111-2222-4333-8444-555566667778"

static struct op op;
static struct key key;
static char data[64];
static bool answers;			/* does the server? */
static struct datastore engine;

static enum err
status_as_asked(struct op *o, enum db_status *status)
{
	if (answers)
		return datastore_null.status(o, status);
	*status = DB_CRASHED;
	return op_fail(o, ERR_GUEST, "not yet");
}

static const char *
bytes_of(const char *id, enum order_kind kind, const char *body, size_t *len)
{
	return guest_write_order(&op, &key, GUEST, id, kind, body, len);
}

static void
give(const char *id, enum order_kind kind, const char *body)
{
	size_t len;
	const char *bytes = bytes_of(id, kind, body, &len);

	orders_take(bytes, len);
}

static enum err
outcome_of(const char *id)
{
	const struct journal_order *o = journal_find(id);

	if (o == NULL)
		fail_msg("order %s is unknown", id);
	if (!o->ended)
		fail_msg("order %s has not ended", id);
	return o->err;
}

static bool
has_database(const char *name)
{
	return engine.database_show(&op, name) == OK;
}

static bool
has_user(const char *name)
{
	struct db_user u = { .name = name, .host = "%" };
	bool there = engine.user_delete(&op, &u) == OK;

	if (there)
		engine.user_create(&op, &u);
	return there;
}

/* As a new agent would begin, on the volume that is there. */
static void
agent_begins(void)
{
	assert_int_equal(journal_open(&op, data), OK);
	supervisor_open(&op, &engine);
	supervisor_turn(&op);
	orders_open(GUEST, &key);
	report_open(GUEST, &key);
}

static void
clean(void)
{
	static const char *const dbs[] = { "app", "one", "two" };
	static const char *const users[] = { "ann", "eve" };
	struct db_user u = { .host = "%" };

	for (size_t i = 0; i < ROWS(dbs); i++)
		datastore_null.database_delete(&op, dbs[i]);
	for (size_t i = 0; i < ROWS(users); i++) {
		u.name = users[i];
		datastore_null.user_delete(&op, &u);
	}
}

static int
begin(void **state)
{
	(void)state;
	op_begin(&op, "req-1");
	snprintf(data, sizeof(data), "/tmp/coffer-orders.XXXXXX");
	assert_non_null(mkdtemp(data));
	seal_random(&key, sizeof(key));
	assert_int_equal(conf_set(&op, "agent", "data", data), OK);
	assert_int_equal(conf_set(&op, "redis", "socket", "/nowhere"), OK);
	assert_int_equal(conf_set(&op, "agent", "contained", "no"), OK);
	channel_open(&op, GUEST);
	answers = true;
	engine = datastore_null;
	engine.status = status_as_asked;
	agent_begins();
	return 0;
}

static int
end(void **state)
{
	char path[128];

	(void)state;
	clean();
	channel_close();
	for (const char *const *f = (const char *const[]){ "agent/journal",
	    "agent/journal.damaged", "agent", "", NULL }; *f != NULL; f++) {
		snprintf(path, sizeof(path), "%s/%s", data, *f);
		remove(path);
	}
	op_end(&op);
	return 0;
}

#define ONE "{\"databases\":[{\"name\":\"one\"}]}"
#define TWO "{\"databases\":[{\"name\":\"two\"}]}"
#define ANN "{\"users\":[{\"name\":\"ann\",\"password\":\"p4ss\","	\
	"\"databases\":[{\"name\":\"one\"}]}]}"

static void
every_order_has_a_duty(void **state)
{
	(void)state;
	for (int k = ORDER_NONE + 1; k < ORDER__MAX; k++)
		if (duties[k].run == NULL)
			fail_msg("%s has none", order_word((enum order_kind)k));
}

static void
an_order_is_carried_out_once_per_id(void **state)
{
	(void)state;
	give("t1:order", ORDER_DATABASE_CREATE, ONE);
	assert_int_equal(outcome_of("t1:order"), OK);
	give("t2:order", ORDER_DATABASE_DELETE, "{\"name\":\"one\"}");
	assert_false(has_database("one"));
	give("t1:order", ORDER_DATABASE_CREATE, ONE);
	assert_false(has_database("one"));
	assert_int_equal(outcome_of("t1:order"), OK);
}

static void
a_repeated_order_is_the_one_that_reports_name(void **state)
{
	(void)state;
	give("t1:order", ORDER_DATABASE_CREATE, ONE);
	give("t2:order", ORDER_DATABASE_CREATE, ONE);
	assert_string_equal(journal_last()->id, "t2:order");
	assert_int_equal(journal_last()->err, ERR_BAD_REQUEST);
	give("t1:order", ORDER_DATABASE_CREATE, ONE);
	assert_string_equal(journal_last()->id, "t1:order");
	assert_int_equal(journal_last()->err, OK);
}

static void
a_stale_order_is_dropped(void **state)
{
	size_t len;
	const char *old = bytes_of("t1:order", ORDER_DATABASE_CREATE, ONE, &len);

	(void)state;
	clock_shift(121 * 1000);
	orders_take(old, len);
	assert_null(journal_find("t1:order"));
	clock_shift(-2 * 121 * 1000);	/* and one from the future */
	orders_take(old, len);
	clock_shift(121 * 1000);
	assert_null(journal_find("t1:order"));
	assert_false(has_database("one"));
}

static void
a_forged_order_is_dropped(void **state)
{
	struct key other;
	size_t len, other_len;
	const char *good = bytes_of("t1:order", ORDER_DATABASE_CREATE, ONE, &len);
	const char *bad;
	char *bent = op_strndup(&op, good, len);

	(void)state;
	seal_random(&other, sizeof(other));
	bad = guest_write_order(&op, &other, GUEST, "t1:order",
	    ORDER_DATABASE_CREATE, ONE, &other_len);
	orders_take(bad, other_len);	/* another's key */
	bad = guest_write_order(&op, &key, OTHER, "t1:order",
	    ORDER_DATABASE_CREATE, ONE, &other_len);
	orders_take(bad, other_len);	/* for another guest */
	for (size_t i = 0; i < len; i++) {
		bent[i] ^= 1;
		orders_take(bent, len);
		bent[i] ^= 1;
	}
	for (size_t i = 0; i < len; i++)
		orders_take(good, i);
	assert_null(journal_find("t1:order"));
	assert_false(has_database("one"));
	orders_take(bent, len);		/* whole again: so the bending was it */
	assert_true(has_database("one"));
}

static void
a_report_turned_round_is_no_order(void **state)
{
	struct report r = { .seq = guest_seq(), .status = "healthy",
	    .version = "1" };
	size_t len;
	const char *bytes = guest_write_report(&op, &key, GUEST, &r, &len);

	(void)state;
	orders_take(bytes, len);
	assert_null(journal_last());
}

/* The crash: begun stands in the journal, the work is done, nobody knows. */
static void
a_crash_between_doing_and_remembering_is_harmless(void **state)
{
	struct db_user ann = { .name = "ann", .host = "%" };
	struct db_database one = { .name = "one" };

	(void)state;
	assert_int_equal(journal_begin(&op, "t1:order", guest_seq()), OK);
	assert_int_equal(engine.database_create(&op, &one), OK);
	assert_int_equal(journal_begin(&op, "t2:order", guest_seq()), OK);
	assert_int_equal(engine.user_create(&op, &ann), OK);	/* no grant yet */
	assert_int_equal(journal_begin(&op, "t3:order", guest_seq()), OK);
	agent_begins();
	give("t1:order", ORDER_DATABASE_CREATE, ONE);
	give("t2:order", ORDER_USER_CREATE, ANN);
	give("t3:order", ORDER_DATABASE_DELETE, "{\"name\":\"gone\"}");
	assert_int_equal(outcome_of("t1:order"), OK);
	assert_int_equal(outcome_of("t2:order"), OK);
	assert_int_equal(outcome_of("t3:order"), OK);
	assert_int_equal(engine.revoke(&op, &ann, "one"), OK);
}

static void
a_rename_cut_off_by_a_crash_is_found_done(void **state)
{
	struct db_user ann = { .name = "ann", .host = "%" };
	struct db_user to = { .name = "eve" };

	(void)state;
	assert_int_equal(engine.user_create(&op, &ann), OK);
	assert_int_equal(journal_begin(&op, "t1:order", guest_seq()), OK);
	assert_int_equal(engine.user_update(&op, &ann, &to), OK);
	agent_begins();
	give("t1:order", ORDER_USER_UPDATE, "{\"name\":\"ann\",\"host\":\"%\","
	    "\"to\":{\"name\":\"eve\"}}");
	assert_int_equal(outcome_of("t1:order"), OK);
}

/* Nothing was begun, so a retry cannot take another's database for its own. */
static void
a_clash_is_refused_before_anything_is_begun(void **state)
{
	struct db_database two = { .name = "two" };

	(void)state;
	assert_int_equal(engine.database_create(&op, &two), OK);
	give("t1:order", ORDER_DATABASE_CREATE,
	    "{\"databases\":[{\"name\":\"one\"},{\"name\":\"two\"}]}");
	assert_int_equal(outcome_of("t1:order"), ERR_BAD_REQUEST);
	assert_string_equal(journal_last()->why,
	    "A database with the name \"two\" already exists.");
	assert_false(has_database("one"));
}

static void
what_was_forgotten_is_not_done_again(void **state)
{
	size_t len;
	const char *first = bytes_of("t0:order", ORDER_DATABASE_CREATE, ONE,
	    &len);

	(void)state;
	orders_take(first, len);
	give("t0:delete", ORDER_DATABASE_DELETE, "{\"name\":\"one\"}");
	for (int i = 0; i < JOURNAL_ORDERS; i++)
		give(op_printf(&op, "n%d:order", i), ORDER_ROOT_DISABLE, NULL);
	assert_null(journal_find("t0:order"));
	orders_take(first, len);
	assert_false(has_database("one"));
	agent_begins();			/* and the floor outlives the agent */
	orders_take(first, len);
	assert_false(has_database("one"));
}

static void
the_journal_outlives_the_agent(void **state)
{
	(void)state;
	give("t1:order", ORDER_PREPARE, ONE);
	give("t2:order", ORDER_DATABASE_CREATE, ONE);
	agent_begins();
	assert_int_equal(journal_prepared(), PREPARED);
	assert_int_equal(outcome_of("t1:order"), OK);
	assert_string_equal(journal_last()->id, "t2:order");
	assert_int_equal(journal_last()->err, ERR_BAD_REQUEST);
	assert_string_equal(journal_last()->why,
	    "A database with the name \"one\" already exists.");
}

static void
a_damaged_journal_lets_the_database_run_and_nothing_happen_twice(void **state)
{
	size_t len;
	const char *first = bytes_of("t1:order", ORDER_DATABASE_CREATE, ONE,
	    &len);
	FILE *f = fopen(op_printf(&op, "%s/agent/journal", data), "w");

	(void)state;
	fputs("{\"prepared\":1,", f);
	fclose(f);
	agent_begins();
	assert_int_equal(supervisor_status(), DB_HEALTHY);
	orders_take(first, len);
	assert_false(has_database("one"));
	give("t2:order", ORDER_DATABASE_CREATE, TWO);
	assert_true(has_database("two"));
}

static void
a_stop_is_remembered(void **state)
{
	(void)state;
	give("t0:prepare", ORDER_PREPARE, "{}");
	give("t1:stop", ORDER_STOP, NULL);
	assert_int_equal(supervisor_status(), DB_SHUTDOWN);
	agent_begins();
	assert_int_equal(supervisor_status(), DB_SHUTDOWN);
	assert_int_equal(engine.pid(), 0);
	give("t2:order", ORDER_DATABASE_CREATE, ONE);
	assert_int_equal(outcome_of("t2:order"), ERR_GUEST);
	give("t3:start", ORDER_START, NULL);
	supervisor_turn(&op);
	orders_turn();
	assert_int_equal(outcome_of("t3:start"), OK);
	assert_int_equal(supervisor_status(), DB_HEALTHY);
	assert_false(journal_stopped());
}

static void
a_restart_has_ended_when_the_server_answers(void **state)
{
	(void)state;
	give("t0:prepare", ORDER_PREPARE, "{}");
	answers = false;
	give("t1:restart", ORDER_RESTART, NULL);
	supervisor_turn(&op);
	orders_turn();
	assert_false(journal_find("t1:restart")->ended);
	assert_int_equal(supervisor_status(), DB_SHUTDOWN);
	give("t1:restart", ORDER_RESTART, NULL);	/* told again meanwhile */
	answers = true;
	clock_shift(10);
	supervisor_turn(&op);
	orders_turn();
	assert_int_equal(outcome_of("t1:restart"), OK);
	assert_int_equal(supervisor_status(), DB_HEALTHY);
}

static void
a_restart_that_never_answers_fails(void **state)
{
	(void)state;
	answers = false;
	give("t1:restart", ORDER_RESTART, NULL);
	clock_shift(121 * 1000);
	orders_turn();
	assert_int_equal(outcome_of("t1:restart"), ERR_GUEST);
	clock_shift(-121 * 1000);
}

static void
an_order_waits_for_the_server_to_come_up(void **state)
{
	(void)state;
	answers = false;
	agent_begins();
	give("t1:prepare", ORDER_PREPARE, ONE);
	give("t1:prepare", ORDER_PREPARE, ONE);
	orders_turn();
	assert_null(journal_find("t1:prepare"));
	assert_int_equal(supervisor_status(), DB_BUILDING);
	answers = true;
	clock_shift(10);
	supervisor_turn(&op);
	orders_turn();
	assert_int_equal(outcome_of("t1:prepare"), OK);
	assert_true(has_database("one"));
	assert_int_equal(supervisor_status(), DB_HEALTHY);
}

#define BOTH "{\"databases\":[{\"name\":\"one\"},{\"name\":\"two\"}],"	\
	"\"users\":[{\"name\":\"ann\",\"password\":\"p4ss\","		\
	"\"databases\":[{\"name\":\"one\"}]}]}"

static void
a_second_prepare_adds_what_is_missing(void **state)
{
	(void)state;
	give("t1:prepare", ORDER_PREPARE, ONE);
	give("t2:prepare", ORDER_PREPARE, BOTH);
	assert_int_equal(outcome_of("t2:prepare"), OK);
	assert_true(has_database("one"));
	assert_true(has_database("two"));
	assert_true(has_user("ann"));
}

static void
a_prepare_that_fails_shows(void **state)
{
	(void)state;
	assert_int_equal(setenv("COFFER_FAIL", "user_create:1", 1), 0);
	engine.user_create = datastore_failing.user_create;
	give("t1:prepare", ORDER_PREPARE, BOTH);
	assert_int_equal(outcome_of("t1:prepare"), ERR_GUEST);
	assert_int_equal(supervisor_status(), DB_FAILED);
	give("t2:prepare", ORDER_PREPARE, BOTH);
	assert_int_equal(supervisor_status(), DB_HEALTHY);
}

static const struct { enum order_kind kind; const char *body; } bad[] = {
	{ ORDER_DATABASE_CREATE, NULL },
	{ ORDER_DATABASE_CREATE, "{}" },
	{ ORDER_DATABASE_CREATE, "{\"databases\":[]}" },
	{ ORDER_DATABASE_CREATE, "{\"databases\":{}}" },
	{ ORDER_DATABASE_CREATE, "{\"databases\":[{}]}" },
	{ ORDER_DATABASE_CREATE, "{\"databases\":[\"one\"]}" },
	{ ORDER_DATABASE_CREATE, "{\"databases\":[{\"name\":7}]}" },
	{ ORDER_DATABASE_CREATE, "{\"databases\":[{\"name\":\"mysql\"}]}" },
	{ ORDER_DATABASE_CREATE, "{\"databases\":[{\"name\":\"o`e\"}]}" },
	{ ORDER_DATABASE_CREATE, "{\"databases\":[{\"name\":\"one\","
	    "\"character_set\":\"utf8'\"}]}" },
	{ ORDER_DATABASE_CREATE,
	    "{\"databases\":[{\"name\":\"one\"},{\"name\":\"one\"}]}" },
	{ ORDER_DATABASE_DELETE, "{}" },
	{ ORDER_DATABASE_DELETE, "{\"name\":\"sys\"}" },
	{ ORDER_USER_CREATE, "{\"users\":[{\"name\":\"ann\"}]}" },
	{ ORDER_USER_CREATE,
	    "{\"users\":[{\"name\":\"ann\",\"password\":\"\"}]}" },
	{ ORDER_USER_CREATE,
	    "{\"users\":[{\"name\":\"ann\",\"password\":\"a'b\"}]}" },
	{ ORDER_USER_CREATE,
	    "{\"users\":[{\"name\":\"root\",\"password\":\"p4ss\"}]}" },
	{ ORDER_USER_CREATE,
	    "{\"users\":[{\"name\":\"os_admin\",\"password\":\"p4ss\"}]}" },
	{ ORDER_USER_CREATE, "{\"users\":[{\"name\":\"ann\",\"host\":\"x.y\","
	    "\"password\":\"p4ss\"}]}" },
	{ ORDER_USER_CREATE, "{\"users\":[{\"name\":\"ann\",\"password\":"
	    "\"p4ss\",\"databases\":[{\"name\":\"mysql\"}]}]}" },
	{ ORDER_USER_DELETE, "{\"name\":\"os_admin\",\"host\":\"localhost\"}" },
	{ ORDER_USER_UPDATE, "{\"name\":\"ann\"}" },
	{ ORDER_USER_UPDATE, "{\"name\":\"ann\",\"to\":{}}" },
	{ ORDER_USER_UPDATE, "{\"name\":\"ann\",\"to\":{\"name\":\"root\"}}" },
	{ ORDER_GRANT, "{\"name\":\"ann\",\"databases\":[{\"name\":\"sys\"}]}" },
	{ ORDER_REVOKE, "{\"name\":\"ann\"}" },
	{ ORDER_PREPARE, "{\"users\":\"ann\"}" },
};

static void
wrong_bodies_are_refused_and_change_nothing(void **state)
{
	struct db_user ann = { .name = "ann", .host = "%" };

	(void)state;
	give("t0:prepare", ORDER_PREPARE, "{}");
	for (size_t i = 0; i < ROWS(bad); i++) {
		const char *id = op_printf(&op, "t%zu:bad", i);

		give(id, bad[i].kind, bad[i].body);
		if (outcome_of(id) != ERR_BAD_REQUEST)
			fail_msg("row %zu: %s", i, err_name(outcome_of(id)));
	}
	assert_false(has_database("one"));
	assert_int_equal(engine.user_delete(&op, &ann), ERR_NOT_FOUND);
}

static void
root_is_enabled_only_where_it_is_contained(void **state)
{
	(void)state;
	give("t1:root", ORDER_ROOT_ENABLE, "{\"password\":\"p4ss\"}");
	assert_int_equal(outcome_of("t1:root"), ERR_FORBIDDEN);
	give("t2:root", ORDER_ROOT_ENABLE,
	    "{\"password\":\"p4ss\",\"allow\":true}");
	assert_int_equal(outcome_of("t2:root"), OK);
	assert_int_equal(conf_set(&op, "agent", "contained", "yes"), OK);
	give("t3:root", ORDER_ROOT_ENABLE, "{\"password\":\"p4ss\"}");
	assert_int_equal(outcome_of("t3:root"), OK);
}

static void
what_an_engine_cannot_is_said(void **state)
{
	(void)state;
	engine.user_create = NULL;
	give("t1:order", ORDER_USER_CREATE, ANN);
	assert_int_equal(outcome_of("t1:order"), ERR_NOT_BUILT);
	give("t2:prepare", ORDER_PREPARE, BOTH);
	assert_int_equal(outcome_of("t2:prepare"), ERR_NOT_BUILT);
}

/* --- settings ---------------------------------------------------------------------- */

static char told[200];

static enum err
configure_as_told(struct op *o, const struct db_setting *s)
{
	(void)o;
	told[0] = '\0';
	for (size_t at = 0; s->name != NULL; s++)
		at += (size_t)snprintf(told + at, sizeof(told) - at, "%s%c%s ",
		    s->name, s->number ? '=' : ':', s->value);
	return OK;
}

static void
settings_come_with_a_prepare_and_by_themselves(void **state)
{
	(void)state;
	engine.configure = configure_as_told;
	give("t1:prepare", ORDER_PREPARE, "{\"values\":{\"a\":5,\"b\":\"x\"},"
	    "\"restart\":true}");
	assert_int_equal(outcome_of("t1:prepare"), OK);
	assert_string_equal(told, "a=5 b:x ");
	give("t2:order", ORDER_CONFIGURE, "{\"values\":{\"a\":true,"
	    "\"b\":0.5,\"c\":18446744073709551615,\"d\":false}}");
	assert_int_equal(outcome_of("t2:order"), OK);
	assert_string_equal(told, "a=1 b=0.5 c=18446744073709551615 d=0 ");
	give("t3:order", ORDER_CONFIGURE, "{\"values\":{}}");
	assert_string_equal(told, "");
	give("t4:prepare", ORDER_PREPARE, "{}");	/* none: not asked for */
	engine.configure = NULL;
	give("t5:prepare", ORDER_PREPARE, "{\"values\":{\"a\":5}}");
	assert_int_equal(outcome_of("t5:prepare"), ERR_NOT_BUILT);
}

static void
wrong_settings_are_refused_before_the_engine(void **state)
{
	static const char *const wrong[] = { "[]", "{\"a b\":1}",
	    "{\"a\":null}", "{\"a\":[1]}", "{\"a\":\"x\\ny\"}",
	    "{\"a\":1,\"A\":2}", "{\"-a\":1}" };

	(void)state;
	engine.configure = configure_as_told;
	snprintf(told, sizeof(told), "nothing");
	for (size_t i = 0; i < ROWS(wrong); i++) {
		char id[16];

		snprintf(id, sizeof(id), "t%zu:order", i);
		give(id, ORDER_CONFIGURE, op_printf(&op, "{\"values\":%s}",
		    wrong[i]));
		assert_int_equal(outcome_of(id), ERR_BAD_REQUEST);
	}
	assert_string_equal(told, "nothing");
}

static const char *
complain(struct op *o)
{
	(void)o;
	return "It started without its settings.";
}

static void
a_restart_that_the_engine_complains_of_failed(void **state)
{
	(void)state;
	give("t0:prepare", ORDER_PREPARE, "{}");
	engine.complaint = complain;
	give("t1:restart", ORDER_RESTART, NULL);
	supervisor_turn(&op);
	orders_turn();
	assert_int_equal(outcome_of("t1:restart"), ERR_UNPROCESSABLE);
	assert_int_equal(supervisor_status(), DB_HEALTHY);
}

/* A file stands where the journal's directory was. */
static void
an_order_is_not_begun_when_that_cannot_be_remembered(void **state)
{
	const char *dir = op_printf(&op, "%s/agent", data);

	(void)state;
	assert_int_equal(remove(dir), 0);
	give("t1:order", ORDER_DATABASE_CREATE, ONE);
	assert_int_equal(outcome_of("t1:order"), ERR_GUEST);
	assert_false(has_database("one"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_order_has_a_duty),
		TEST(an_order_is_carried_out_once_per_id),
		TEST(a_repeated_order_is_the_one_that_reports_name),
		TEST(a_stale_order_is_dropped),
		TEST(a_forged_order_is_dropped),
		TEST(a_report_turned_round_is_no_order),
		TEST(a_crash_between_doing_and_remembering_is_harmless),
		TEST(a_rename_cut_off_by_a_crash_is_found_done),
		TEST(a_clash_is_refused_before_anything_is_begun),
		TEST(what_was_forgotten_is_not_done_again),
		TEST(the_journal_outlives_the_agent),
		TEST(a_damaged_journal_lets_the_database_run_and_nothing_happen_twice),
		TEST(a_stop_is_remembered),
		TEST(a_restart_has_ended_when_the_server_answers),
		TEST(an_order_waits_for_the_server_to_come_up),
		TEST(a_second_prepare_adds_what_is_missing),
		TEST(a_prepare_that_fails_shows),
		TEST(wrong_bodies_are_refused_and_change_nothing),
		TEST(root_is_enabled_only_where_it_is_contained),
		TEST(what_an_engine_cannot_is_said),
		TEST(settings_come_with_a_prepare_and_by_themselves),
		TEST(wrong_settings_are_refused_before_the_engine),
		TEST(a_restart_that_the_engine_complains_of_failed),
		TEST(an_order_is_not_begun_when_that_cannot_be_remembered),
		/* Last: sequence numbers do not go back with the clock. */
		TEST(a_restart_that_never_answers_fails),
	};

	log_init("orders_test", LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
