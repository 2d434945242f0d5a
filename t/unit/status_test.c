#include "t/unit/test.h"
#include "fcgi/status.h"
#include "lib/base/conf.h"
#include "lib/msg/guest.h"

#include <string.h>

/*
 * status for each task under each word of a server; "=" is that word.  Written
 * out from the contract, states section 1, not from the rules.
 */
static const char *const servers[] = { "BUILD", "ACTIVE", "ERROR", "REBOOT",
    "RESIZE", "SHUTDOWN", "VERIFY_RESIZE", "SHUTOFF", "PAUSED", "DELETED",
    "CTIVE", "" };
static const struct { const char *task, *status[ROWS(servers)]; } expected[] = {
	{ "NONE", { "=", "=", "=", "=", "=", "=", "RESIZE", "UNKNOWN",
	    "UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN" } },
	{ "MIGRATING", { "=", "=", "=", "=", "=", "=", "RESIZE", "UNKNOWN",
	    "UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN" } },
	{ "UPDATING", { "=", "=", "=", "=", "=", "=", "RESIZE", "UNKNOWN",
	    "UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN" } },
	{ "a task of tomorrow", { "=", "=", "=", "=", "=", "=", "RESIZE",
	    "UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN" } },
	{ "BUILDING", { "BUILD", "BUILD", "ERROR", "BUILD", "BUILD", "BUILD",
	    "BUILD", "BUILD", "BUILD", "BUILD", "BUILD", "BUILD" } },
	{ "DELETING", { "ERROR", "SHUTDOWN", "ERROR", "ERROR", "ERROR",
	    "SHUTDOWN", "ERROR", "ERROR", "ERROR", "SHUTDOWN", "ERROR",
	    "ERROR" } },
};
static const struct { const char *task, *status; } whatever_the_server[] = {
	{ "REBOOTING", "REBOOT" }, { "RESIZING", "RESIZE" },
	{ "UPGRADING", "UPGRADE" }, { "RESTART_REQUIRED", "RESTART_REQUIRED" },
	{ "PROMOTING", "PROMOTE" }, { "EJECTING", "EJECT" },
	{ "LOGGING", "LOGGING" }, { "DETACHING", "DETACH" },
	{ "BUILDING_ERROR_DNS", "ERROR" }, { "BUILDING_ERROR_SERVER", "ERROR" },
	{ "BUILDING_ERROR_VOLUME", "ERROR" },
	{ "BUILDING_ERROR_SEC_GROUP", "ERROR" },
	{ "BUILDING_ERROR_REPLICA", "ERROR" },
	{ "BUILDING_ERROR_TIMEOUT_GA", "ERROR" },
	{ "BUILDING_ERROR_PORT", "ERROR" }, { "PROMOTION_ERROR", "ERROR" },
	{ "EJECTION_ERROR", "ERROR" }, { "GROWING_ERROR", "ERROR" },
	{ "SHRINKING_ERROR", "ERROR" }, { "UPGRADING_ERROR", "ERROR" },
	{ "UPDATING_ERROR_ACCESS", "ERROR" },
};

/* What guests say: shown, may be asked, may be acted on (contract, section 4). */
static const struct { const char *word, *shown; bool ready, actionable; }
    guests[] = {
	{ "running", "ACTIVE", true, true },
	{ "blocked", "BLOCKED", true, true },	/* by the contract false; nobody could make room then */
	{ "full", "SHUTDOWN", false, true },
	{ "paused", "SHUTDOWN", false, false },
	{ "shutdown", "SHUTDOWN", false, true },
	{ "deleted", "DELETED", false, false },
	{ "crashed", "SHUTDOWN", false, true },
	{ "failed to spawn", "FAILED", false, false },
	{ "building", "BUILD", false, false },
	{ "promoting replica", "PROMOTE", false, false },
	{ "ejecting replica source", "EJECT", false, false },
	{ "transferring guest logs", "LOGGING", false, false },
	{ "unknown", "ERROR", false, false },
	{ "new", "NEW", false, false },
	{ "guestagent error", "ERROR", false, false },
	{ "instance ready", "BUILD", false, false },
	{ "restart required", "RESTART_REQUIRED", false, true },
	{ "healthy", "HEALTHY", true, true },
	{ "restarting", "RESTARTING", false, false },
	{ "upgrading", "UPGRADING", false, false },
	{ "failed", "FAILED", false, false },
	{ "silent", "UNKNOWN", false, false },
	{ "gibberish", "ERROR", false, false },
};

static struct instance
instance(const char *task, const char *server, const char *guest, int64_t age)
{
	return (struct instance){ .id = "i", .task = task,
	    .server_status = server, .guest_status = guest, .guest_age = age };
}

static void
status_is_what_the_contract_says_for_every_task_and_server(void **state)
{
	struct instance in;
	const char *want;
	size_t t, s, g;

	(void)state;
	for (t = 0; t < ROWS(expected); t++)
		for (s = 0; s < ROWS(servers); s++)
			for (g = 0; g < ROWS(guests); g++) {
				in = instance(expected[t].task, servers[s],
				    guests[g].word, 1);
				want = expected[t].status[s];
				assert_string_equal(status_of(&in),
				    *want == '=' ? servers[s] : want);
			}
	for (t = 0; t < ROWS(whatever_the_server); t++)
		for (s = 0; s < ROWS(servers); s++) {
			in = instance(whatever_the_server[t].task, servers[s],
			    "healthy", 1);
			assert_string_equal(status_of(&in),
			    whatever_the_server[t].status);
		}
}

static void
operating_status_is_shown_only_of_an_idle_active_instance(void **state)
{
	const char *tasks[] = { "NONE", "BUILDING", "REBOOTING", "DELETING",
	    "RESTART_REQUIRED", "UPDATING", "BUILDING_ERROR_SERVER" };
	struct instance in;
	size_t t, s, g;
	bool idle;

	(void)state;
	for (t = 0; t < ROWS(tasks); t++)
		for (s = 0; s < ROWS(servers); s++)
			for (g = 0; g < ROWS(guests); g++) {
				in = instance(tasks[t], servers[s],
				    guests[g].word, 1);
				idle = t == 0 && s == 1;
				assert_string_equal(status_operating(&in),
				    idle ? guests[g].shown : "");
			}
}

static void
a_guest_that_was_not_heard_of_is_not_called_healthy(void **state)
{
	int late = 2 * conf_int("guest.report") + conf_int("conductor.seen");
	struct { int64_t age; const char *shown; } table[] = {
		{ -1, "UNKNOWN" }, { 0, "HEALTHY" }, { late, "HEALTHY" },
		{ late + 1, "UNKNOWN" },
		{ conf_int("guest.expiry") - 1, "UNKNOWN" },
		{ conf_int("guest.expiry"), "ERROR" }, { 1000000, "ERROR" },
	};
	struct instance in;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(table); i++) {
		in = instance("NONE", "ACTIVE", "healthy", table[i].age);
		assert_string_equal(status_operating(&in), table[i].shown);
	}
	in = instance("NONE", "ACTIVE", "restart required", 1000000);
	assert_string_equal(status_operating(&in), "RESTART_REQUIRED");
	in = instance("NONE", "ACTIVE", NULL, -1);
	assert_string_equal(status_operating(&in), "UNKNOWN");
}

static void
every_word_that_a_guest_may_say_is_known(void **state)
{
	const char *const *word;
	struct instance in;

	(void)state;
	for (word = guest_statuses; *word != NULL; word++) {
		in = instance("NONE", "ACTIVE", *word, 1);
		if (strcmp(*word, "unknown") != 0)
			assert_string_not_equal(status_operating(&in), "ERROR");
	}
}

#define NOT_AVAILABLE "Instance i is not currently available for an action "	\
	"to be performed "

static void
actions_are_refused_in_the_contracts_words(void **state)
{
	static const struct { const char *task, *server, *guest, *text; }
	    table[] = {
		{ "NONE", "ACTIVE", "healthy", NULL },
		{ "RESTART_REQUIRED", "ACTIVE", "healthy", NULL },
		{ "BUILDING", "BUILD", "building",
		    NOT_AVAILABLE "(task status was BUILDING)." },
		{ "REBOOTING", "ACTIVE", "healthy",
		    NOT_AVAILABLE "(task status was REBOOTING)." },
		{ "DELETING", "ACTIVE", "healthy",
		    NOT_AVAILABLE "(task status was DELETING)." },
		{ "NONE", "SHUTDOWN", "healthy",
		    NOT_AVAILABLE "(instance status was SHUTDOWN)." },
		{ "BUILDING_ERROR_SERVER", "ERROR", "new",
		    NOT_AVAILABLE "(instance status was ERROR)." },
		{ "NONE", "ACTIVE", "paused",
		    NOT_AVAILABLE "(instance status was ACTIVE)." },
	};
	struct instance in;
	struct op op;
	size_t i;
	enum err e;

	(void)state;
	op_begin(&op, "test");
	for (i = 0; i < ROWS(table); i++) {
		in = instance(table[i].task, table[i].server, table[i].guest, 1);
		e = status_actionable(&op, &in);
		assert_int_equal(e, table[i].text == NULL ? OK :
		    ERR_UNPROCESSABLE);
		if (e != OK)
			assert_string_equal(op.why, table[i].text);
	}
	for (i = 0; i < ROWS(guests); i++) {
		in = instance("NONE", "ACTIVE", guests[i].word, 1);
		assert_int_equal(status_actionable(&op, &in),
		    guests[i].actionable ? OK : ERR_UNPROCESSABLE);
		e = status_guest_ready(&op, &in);
		assert_int_equal(e, guests[i].ready ? OK : ERR_UNPROCESSABLE);
		if (e != OK)
			assert_string_equal(op.why, op_printf(&op, "Instance i "
			    "is not ready, status: %s.", guests[i].word));
	}
	op_end(&op);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_is_what_the_contract_says_for_every_task_and_server),
		cmocka_unit_test(operating_status_is_shown_only_of_an_idle_active_instance),
		cmocka_unit_test(a_guest_that_was_not_heard_of_is_not_called_healthy),
		cmocka_unit_test(every_word_that_a_guest_may_say_is_known),
		cmocka_unit_test(actions_are_refused_in_the_contracts_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
