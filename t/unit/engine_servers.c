/* What every engine does with settings, logs, room and a server that ends. */
#include "t/unit/engine_test.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/log_pieces.h"
#include "lib/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- logs, room ---------------------------------------------------------------- */

static struct db_log
log_named(const char *name)
{
	const struct db_log *l;

	ok(db->log_list(&op, &l));
	while (l->name != NULL && strcmp(l->name, name) != 0)
		l++;
	if (l->name == NULL)
		fail_msg("no log %s", name);
	return *l;
}

/* Said as often as one likes; the agent itself is never held. */
static void
room_is_taken_away_and_given_back(void **state)
{
	struct db_user u = user("ann", "%");

	(void)state;
	if (db->room == NULL)
		skip();
	ok(db->room(&op, DB_SHORT, true));
	ok(db->room(&op, DB_SHORT, false));
	ok(db->user_create(&op, &u));
	ok(db->room(&op, DB_LAST, true));
	ok(db->user_delete(&op, &u));
	ok(db->room(&op, DB_LAST, false));
	ok(db->room(&op, DB_ROOM, true));
	ok(db->room(&op, DB_ROOM, true));
	ok(db->user_create(&op, &u));
}

static int64_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

/* A server opens it when it likes. */
static bool
is_opened(const char *path)
{
	for (int i = 0; i < 1000 && size_of(path) < 0; i++)
		clock_sleep_ms(10);
	return size_of(path) >= 0;
}

/* Those that are switched: what system's logs say nobody can ask for. */
static void
a_log_that_was_put_aside_is_begun_anew(void **state)
{
	const struct db_log_file *f;

	(void)state;
	if (db->log_files == NULL)
		skip();
	for (f = db->log_files; f->name != NULL; f++) {
		const char *path = file_data(&op, f->file);
		const char *aside = op_printf(&op, "%s.1", path);

		if (f->system || strcmp(f->name, "general") != 0)
			continue;
		/* Whoever reloads says so, at first perhaps to the old file. */
		for (int i = 0; i == 0 || (i < 100 && size_of(path) < 1); i++) {
			ok(db->log_set(&op, f->name, true));
			clock_sleep_ms(20);
		}
		assert_true(size_of(path) >= 1);
		assert_true(log_rotate(&op, f->file, 0));
		assert_int_equal(size_of(path), -1);
		ok(db->log_reopen(&op, f->name));
		assert_true(is_opened(path));
		assert_true(size_of(aside) > 0);
		unlink(aside);
		ok(db->log_set(&op, f->name, false));
	}
	for (f = db->log_files; f->name != NULL; f++) {
		ok(log_rotate(&op, f->file, 0) && db->log_reopen != NULL ?
		    db->log_reopen(&op, f->name) : OK);
		unlink(op_printf(&op, "%s.1", file_data(&op, f->file)));
	}
}

static void
logs_are_switched_on_and_off_but_not_the_system_s(void **state)
{
	const char *const *names = at->logs;

	(void)state;
	for (size_t i = 0; names[i] != NULL; i++) {
		assert_false(log_named(names[i]).system);
		ok(db->log_set(&op, names[i], true));
		ok(db->log_set(&op, names[i], true));
		assert_true(log_named(names[i]).on);
		ok(db->log_set(&op, names[i], false));
		assert_false(log_named(names[i]).on);
	}
	assert_true(log_named("error").system && log_named("error").on);
	assert_int_equal(db->log_set(&op, "error", false), ERR_BAD_REQUEST);
	assert_int_equal(db->log_set(&op, "nope", true), ERR_BAD_REQUEST);
	assert_int_equal(db->log_set(&op, "", true), ERR_BAD_REQUEST);
	assert_true(log_named("error").on);
}

/* --- settings ------------------------------------------------------------------ */

static const struct db_setting none[] = { { 0 } };

static void
settings_are_taken_and_taken_back(void **state)
{
	struct db_setting some[2] = { { at->setting, at->value, true } };

	(void)state;
	ok(db->configure(&op, some));
	ok(db->configure(&op, &some[1]));
}

#define MOST	8			/* settings of a row */
static char usual[MOST][64];		/* what they are when nobody sets them */

static const char *
now(const char *name)
{
	return at->settings->parameter(name);
}

static void
usual_read(const char *name, int nth)
{
	assert_true(nth < MOST);
	snprintf(usual[nth], sizeof(usual[nth]), "%s", now(name));
}

static void
is_now(const char *name, const char *value)
{
	if (strcmp(now(name), value) != 0)
		fail_msg("%s is '%s' and not '%s'", name, now(name), value);
}

/* late: those that a start brings. */
static void
all_are(const struct engine_setting *s, bool late, bool set)
{
	for (int i = 0; s[i].name != NULL; i++)
		if (s[i].late == late && s[i].shown != NULL)
			is_now(s[i].name, set ? s[i].shown : usual[i]);
}

static void
settings_are_there_at_once_or_after_a_start_and_go_to_defaults(void **state)
{
	const struct engine_setting *s = at->settings->some;
	struct db_setting set[MOST + 1] = { { 0 } };

	(void)state;
	for (int i = 0; s[i].name != NULL; i++) {
		set[i] = s[i].set;
		usual_read(s[i].name, i);
		if (s[i].usual != NULL)
			is_now(s[i].name, s[i].usual);
	}
	for (int on = 1; on >= 0; on--) {
		ok(db->configure(&op, on ? set : none));
		ok(db->configure(&op, on ? set : none));
		all_are(s, false, on);
		all_are(s, true, !on);
		if (at->settings->waiting != NULL)
			assert_string_equal(at->settings->waiting(),
			    at->settings->late);
		start_again();
		all_are(s, false, on);
		all_are(s, true, on);
	}
}

/* Each as it was given, and none of them a line of the server's file. */
static void
odd_value_stays(const char *value)
{
	const struct engine_settings *s = at->settings;
	const struct db_setting set[] = { { s->text, value, false }, { 0 } };

	ok(db->configure(&op, set));
	if (s->odd_at_once)
		is_now(s->text, value);
	if (s->odd_over_starts) {
		start_again();
		is_now(s->text, value);
	}
}

static void
odd_values_stay_values(void **state)
{
	static const char *const odd[] = { "a#b", " a ", "it's", "say \"x\"",
	    "back\\slash\\", "a;b", "x = y", "\\n", "" };

	(void)state;
	for (size_t i = 0; i < ROWS(odd); i++)
		odd_value_stays(odd[i]);
	for (size_t i = 0; at->settings->odd[i] != NULL; i++)
		odd_value_stays(at->settings->odd[i]);
	ok(db->configure(&op, none));
}

static void
what_the_server_refuses_leaves_all_as_it_was(void **state)
{
	const struct engine_settings *s = at->settings;
	struct db_setting set[4] = { s->good[0], s->good[1] };
	int n = s->good[1].name != NULL ? 2 : 1;

	(void)state;
	for (int i = 0; i < n; i++)
		usual_read(s->good[i].name, i);
	for (const struct engine_wrong *w = s->wrong; w->why != NULL; w++) {
		set[n] = w->set;
		if (db->configure(&op, set) != ERR_BAD_REQUEST)
			fail_msg("%s = %s is taken", w->set.name, w->set.value);
		if (strstr(op.why, w->why) == NULL)
			fail_msg("%s: %s", w->set.name, op.why);
		for (int i = 0; i < n; i++)
			is_now(s->good[i].name, usual[i]);
	}
	start_again();
	for (int i = 0; i < n; i++)
		is_now(s->good[i].name, usual[i]);
}

/* It takes as many starts as the supervisor makes by itself. */
static void
a_server_that_does_not_start_gets_no_settings(void **state)
{
	const struct engine_settings *s = at->settings;
	const struct db_setting set[] = { s->deadly, s->good[0], { 0 } };
	const char *why;

	(void)state;
	usual_read(s->good[0].name, 0);
	ok(db->configure(&op, set));
	assert_null(db->complaint(&op));
	ok(db->stop(&op));
	op_end(&op);
	op_begin(&op, "test");
	for (int i = 0; i < 2; i++) {
		ok(db->start(&op));
		until_it_ended();
	}
	ok(db->start(&op));
	wait_until_it_answers();
	is_now(s->good[0].name, usual[0]);
	why = db->complaint(&op);
	assert_non_null(why);
	assert_non_null(strstr(why, "did not start"));
	assert_null(db->complaint(&op));
}

/* --- a server that ends -------------------------------------------------------- */

static void
the_next_agent_adopts_the_server(void **state)
{
	int pid = db->pid();

	(void)state;
	assert_true(pid > 0);
	ok(db->start(&op));
	assert_int_equal(db->pid(), pid);
	wait_until_it_answers();
}

static void
a_killed_server_is_seen_and_comes_back_with_its_data(void **state)
{
	enum db_status status = DB_HEALTHY;
	struct db_user ann = user("ann", "%");

	(void)state;
	if (db->database_create != NULL)
		create("app");
	ok(db->user_create(&op, &ann));
	if (at->before_kill != NULL)
		at->before_kill();
	kill_it();
	db->status(&op, &status);
	assert_int_not_equal(status, DB_HEALTHY);
	op_end(&op);
	op_begin(&op, "test");
	ok(db->start(&op));
	wait_until_it_answers();
	if (db->database_create != NULL)
		ok(db->database_show(&op, "app"));
	assert_string_equal(users(0, NULL), "ann@%");
	if (at->after_kill != NULL)
		at->after_kill();
}

/* --- lists --------------------------------------------------------------------- */

const struct CMUnitTest of_all_servers[] = {
	TEST(settings_are_taken_and_taken_back),
	TEST(room_is_taken_away_and_given_back),
	TEST(logs_are_switched_on_and_off_but_not_the_system_s),
	TEST(a_log_that_was_put_aside_is_begun_anew),
	{ 0 }
};

const struct CMUnitTest of_processes[] = {
	TEST(the_next_agent_adopts_the_server),
	TEST(a_killed_server_is_seen_and_comes_back_with_its_data),
	{ 0 }
};

const struct CMUnitTest of_settings[] = {
	TEST(settings_are_there_at_once_or_after_a_start_and_go_to_defaults),
	TEST(odd_values_stay_values),
	TEST(what_the_server_refuses_leaves_all_as_it_was),
	TEST(a_server_that_does_not_start_gets_no_settings),
	{ 0 }
};
