/* What an agent says of its machine, of itself and of its logs, and when it reports. */
#include "t/unit/answers_test.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/journal.h"
#include "agent/log_job.h"
#include "agent/report.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"

#include <string.h>
#include <unistd.h>

/* --- figures ------------------------------------------------------------------------------- */

static const struct json *
asked(enum order_kind kind)
{
	const struct said *s = told(kind, NULL);

	assert_int_equal(s->err, OK);
	return parsed(s->body);
}

static void
figures_are_those_of_the_machine_and_of_the_agent(void **state)
{
	static const char *const some[] = { "threads", "fdSize", "vmSize",
	    "vmPeak", "vmRss", "vmHwm" };
	const struct json *j;

	(void)state;
	assert_int_equal(conf_set(&op, "agent", "memory_mb", "768"), OK);
	j = asked(ORDER_HWINFO);
	assert_int_equal(json_int(json_get(j, "mem_total")), 768 * 1024);
	assert_int_equal(json_int(json_get(j, "num_cpus")),
	    sysconf(_SC_NPROCESSORS_ONLN));
	j = asked(ORDER_DIAGNOSTICS);
	assert_string_equal(json_str(json_get(j, "version")), PACKAGE_VERSION);
	for (size_t i = 0; i < ROWS(some); i++)
		assert_true(json_int(json_get(j, some[i])) > 0);
	assert_true(json_int(json_get(j, "vmPeak")) >=
	    json_int(json_get(j, "vmRss")));
}

static void
an_engine_of_tests_has_figures_of_its_own(void **state)
{
	static const struct row rows[] = {
		{ ORDER_HWINFO, NULL, OK,
		    "{\"mem_total\":524288,\"num_cpus\":1}" },
		{ ORDER_DIAGNOSTICS, NULL, OK, "{\"version\":\"18.0.0\","
		    "\"threads\":2,\"fdSize\":64,\"vmSize\":29096,"
		    "\"vmPeak\":29160,\"vmRss\":2872,\"vmHwm\":2872}" },
	};

	(void)state;
	agent_of(&datastore_failing);
	rows_check(rows, ROWS(rows));
}

static void
a_volume_is_what_its_file_system_says_or_is_not_known(void **state)
{
	int64_t used, total;

	(void)state;
	assert_int_equal(conf_set(&op, "agent", "engine", "redis"), OK);
	report_volume(&used, &total);
	assert_true(total > 0 && used >= 0 && used <= total);
	assert_int_equal(conf_set(&op, "agent", "data", "/nowhere/at/all"), OK);
	report_volume(&used, &total);
	assert_true(used == -1 && total == -1);
	assert_int_equal(conf_set(&op, "agent", "data", data), OK);
}

/* --- reports -------------------------------------------------------------------------------- */

static void
a_report_names_the_last_order_and_how_it_ended(void **state)
{
	struct report r;

	(void)state;
	report_turn(&op);
	r = reported();
	assert_null(r.order);
	assert_int_equal(r.total_bytes, (int64_t)4 << 30);
	assert_string_equal(r.version, PACKAGE_VERSION);
	told(ORDER_DATABASE_DELETE, "{\"name\":\"nope\"}");
	report_turn(&op);
	r = reported();
	assert_string_equal(r.order, journal_last()->id);
	assert_string_equal(r.err, "NOT_FOUND");
	assert_non_null(strstr(r.why, "nope"));
}

/* What changed is told at once; what nobody heard soon again, then more and more rarely. */
static void
a_report_is_made_when_something_changed_or_nobody_heard(void **state)
{
	int before;

	(void)state;
	told(ORDER_PREPARE, "{}");
	report_turn(&op);
	assert_string_equal(reported().status, "healthy");
	before = spoken;
	report_turn(&op);
	assert_int_equal(spoken, before);
	assert_int_equal(report_wait_ms(), 1000);
	told(ORDER_STOP, NULL);
	report_turn(&op);
	assert_string_equal(reported().status, "shutdown");
	listeners = 0;
	report_due();
	assert_int_equal(report_wait_ms(), 0);
	for (int ms = 500; ms <= 2000; ms *= 2) {
		report_turn(&op);
		before = spoken;
		clock_shift(ms - 100);
		report_turn(&op);
		assert_int_equal(spoken, before);
		assert_in_range(report_wait_ms(), 0, 100);
		clock_shift(101);
	}
	report_turn(&op);
	assert_int_equal(spoken, before + 1);
	up = false;
	report_due();
	report_turn(&op);
	assert_int_equal(spoken, before + 1);
	assert_int_equal(report_wait_ms(), 1000);
}

/* --- logs ----------------------------------------------------------------------------------- */

static const struct db_log_file files[] = {
	{ "general", "general.log", false }, { "error", "error.log", true },
	{ NULL, NULL, false } };
static const char *const log_values[] = { "\"general\"", "1700000000000000",
	"3600", "{\"before\":\"http://h/v1/c/\",\"after\":\"\"}" };

static enum err
log_order(struct datastore *d, int place, const char *value,
    struct log_job *job)
{
	static const char *const members[] = { "name", "at", "expiry", "put" };
	const struct json *j;
	struct text t;

	text_begin(&t, &op, 256);
	for (int i = 0; i < 4; i++)
		text_printf(&t, "%s\"%s\":%s", i == 0 ? "{" : ",", members[i],
		    i == place ? value : log_values[i]);
	text_add(&t, "}");
	if (json_parse(&op, t.s, t.len, &j) != OK)
		return ERR_BAD_REQUEST;
	return log_job_read(&op, d, j, job);
}

static void
an_order_to_publish_a_log_names_one_and_a_place_and_a_time(void **state)
{
	static const struct { int place; const char *value; enum err err; } rows[] = {
		{ -1, NULL, OK }, { 0, "\"error\"", OK },
		{ 0, "\"general.log\"", ERR_BAD_REQUEST },
		{ 0, "\"../general\"", ERR_BAD_REQUEST },
		{ 1, "0", ERR_BAD_REQUEST }, { 1, "1", OK },
		{ 1, "253402300000000000", OK },
		{ 1, "253402300000000001", ERR_BAD_REQUEST },
		{ 2, "0", ERR_BAD_REQUEST }, { 2, "3153600000", OK },
		{ 2, "3153600001", ERR_BAD_REQUEST },
		{ 3, "{\"before\":\"file:///etc/\",\"after\":\"\"}", ERR_BAD_REQUEST },
		{ 3, "{\"before\":\"http://h/ x\"}", ERR_BAD_REQUEST },
		{ 3, "{\"before\":\"http://h/\",\"socket\":\"run/x\"}", ERR_BAD_REQUEST },
	};
	struct datastore d = datastore_null;
	struct log_job job;

	(void)state;
	assert_int_equal(log_order(&d, -1, NULL, &job), ERR_NOT_BUILT);
	d.log_files = files;
	for (size_t i = 0; i < ROWS(rows); i++)
		if (log_order(&d, rows[i].place, rows[i].value, &job) !=
		    rows[i].err)
			fail_msg("row %zu", i);
	for (int p = 0; p < 4; p++)
		for (size_t i = 0; odd[i] != NULL; i++)
			if (log_order(&d, p, odd[i], &job) == OK &&
			    (p == 0 || p == 3))
				fail_msg("place %d: %s", p, odd[i]);
}

static void
the_program_is_told_of_a_log_what_the_order_said(void **state)
{
	struct datastore d = datastore_null;
	struct log_job job, same;
	const struct json *j;

	(void)state;
	d.log_files = files;
	assert_int_equal(log_order(&d, -1, NULL, &job), OK);
	assert_ptr_equal(job.file, &files[0]);
	j = parsed(log_job_write(&op, &job));
	assert_non_null(json_get(j, "settings"));
	assert_int_equal(log_job_read(&op, &d, json_get(j, "log"), &same), OK);
	assert_string_equal(same.name, "general");
	assert_int_equal(same.at, job.at);
	assert_int_equal(same.expiry, job.expiry);
	assert_string_equal(same.leave.before, job.leave.before);
}

static void
logs_tell_what_waits_and_are_forgotten_by_name(void **state)
{
	static const struct row rows[] = {
		{ ORDER_LOGS, NULL, OK, "{\"logs\":["
		    "{\"name\":\"general\",\"system\":false,\"on\":false,\"published\":0,"
		    "\"pending\":6,\"moved\":false,\"last\":0,\"again\":null},"
		    "{\"name\":\"slow_query\",\"system\":false,\"on\":false,\"published\":0,"
		    "\"pending\":0,\"moved\":false,\"last\":0,\"again\":null},"
		    "{\"name\":\"error\",\"system\":true,\"on\":true,\"published\":0,"
		    "\"pending\":0,\"moved\":false,\"last\":0,\"again\":null}]}" },
		{ ORDER_LOG_FORGET, "{\"name\":\"general\"}", OK, NULL },
		{ ORDER_LOG_FORGET, "{\"name\":\"../general\"}",
		    ERR_BAD_REQUEST, "'../general' is not defined" },
		{ ORDER_LOG_FORGET, NULL, ERR_BAD_REQUEST, "'' is not defined" },
	};

	(void)state;
	engine.log_files = files;
	assert_int_equal(file_put(&op, file_data(&op, "general.log"),
	    "a\nb\nc\n", 6), OK);
	rows_check(rows, ROWS(rows));
}

const struct CMUnitTest of_reports[] = {
	TEST(figures_are_those_of_the_machine_and_of_the_agent),
	TEST(an_engine_of_tests_has_figures_of_its_own),
	TEST(a_volume_is_what_its_file_system_says_or_is_not_known),
	TEST(a_report_names_the_last_order_and_how_it_ended),
	TEST(a_report_is_made_when_something_changed_or_nobody_heard),
	TEST(an_order_to_publish_a_log_names_one_and_a_place_and_a_time),
	TEST(the_program_is_told_of_a_log_what_the_order_said),
	TEST(logs_tell_what_waits_and_are_forgotten_by_name),
	{ 0 }
};
