/* What every engine does. */
#include "t/unit/engine_test.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/log_pieces.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const struct datastore *db;
struct op op;
static const struct engine_case *at;

/* A listing as one text: "name@host(db,db) name ..." */
static enum err
row_collect(struct op *o, void *arg, const char *name, const char *host,
    const char *const *databases)
{
	struct text *t = arg;

	(void)o;
	text_printf(t, "%s%s", t->len > 0 ? " " : "", name);
	if (host != NULL)
		text_printf(t, "@%s", host);
	if (databases != NULL && *databases != NULL) {
		for (const char *c = "("; *databases != NULL; c = ",")
			text_printf(t, "%s%s", c, *databases++);
		text_add(t, ")");
	}
	return OK;
}

const char *
databases(int limit, const char *marker)
{
	struct db_page page = { limit, marker };
	struct text t;

	text_begin(&t, &op, 256);
	assert_int_equal(db->database_list(&op, &page, row_collect, &t), OK);
	return t.s;
}

const char *
users(int limit, const char *marker)
{
	struct db_page page = { limit, marker };
	struct text t;

	text_begin(&t, &op, 256);
	assert_int_equal(db->user_list(&op, &page, row_collect, &t), OK);
	return t.s;
}

void
ok(enum err e)
{
	if (e != OK)
		fail_msg("%s: %s", err_name(e), op.why);
}

void
create(const char *name)
{
	ok(db->database_create(&op, &(struct db_database){ .name = name }));
}

struct db_user
user(const char *name, const char *host)
{
	return (struct db_user){ .name = name, .host = host,
	    .password = "first-Secret1" };
}

int
engine_backup(const char *path, const char *since)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		const char *mark = "x";

		_exit(db->backup(&op, since, fd, &mark) == OK && mark == NULL &&
		    close(fd) == 0 ? 0 : 1);
	}
	while (waitpid(pid, &status, 0) == -1)
		assert_int_equal(errno, EINTR);
	return WEXITSTATUS(status);
}

void
wait_until_it_answers(void)
{
	enum db_status status = DB_CRASHED;

	for (int i = 0; i < 2000 && status != DB_HEALTHY; i++) {
		db->status(&op, &status);
		usleep(5000);
	}
	assert_int_equal(status, DB_HEALTHY);
}

void
start_again(void)
{
	ok(db->stop(&op));
	op_end(&op);			/* and the session with it */
	op_begin(&op, "test");
	ok(db->start(&op));
	wait_until_it_answers();
}

/* The first test of an engine starts it. */
int
engine_begin(void **state)
{
	const struct engine_case *c = at = *state;

	op_begin(&op, "test");
	if (db == c->engine)
		return 0;
	if (db != NULL)
		db->stop(&op);
	db = c->engine;
	ok(conf_set(&op, "agent", "engine", db->name));
	if (c->use != NULL)
		c->use();
	ok(db->start(&op));
	wait_until_it_answers();
	if (db->prepare != NULL)
		ok(db->prepare(&op));
	return 0;
}

/* Nothing of one test is there for the next. */
int
engine_end(void **state)
{
	struct text all;
	struct db_page page = { 0 };
	char *name, *rest;

	(void)state;
	text_begin(&all, &op, 256);
	db->user_list(&op, &page, row_collect, &all);
	for (rest = all.s; (name = strsep(&rest, " ")) != NULL && *name;) {
		char *host = strrchr(name, '@');
		struct db_user u = { .name = name };

		if (host == NULL)
			continue;
		*host++ = '\0';
		host[strcspn(host, "(")] = '\0';
		u.host = host;
		db->user_delete(&op, &u);
	}
	text_begin(&all, &op, 256);
	if (db->database_list != NULL)
		db->database_list(&op, &page, row_collect, &all);
	for (rest = all.s; (name = strsep(&rest, " ")) != NULL && *name;)
		db->database_delete(&op, name);
	op_end(&op);
	return 0;
}

static void
a_database_is_there_between_its_creation_and_its_deletion(void **state)
{
	(void)state;
	assert_int_equal(db->database_show(&op, "app"), ERR_NOT_FOUND);
	create("app");
	ok(db->database_show(&op, "app"));
	assert_string_equal(databases(0, NULL), "app");
	ok(db->database_delete(&op, "app"));
	assert_int_equal(db->database_show(&op, "app"), ERR_NOT_FOUND);
	assert_string_equal(databases(0, NULL), "");
}

static void
a_second_database_of_a_name_is_a_conflict(void **state)
{
	struct db_database d = { .name = "app" };

	(void)state;
	create("app");
	assert_int_equal(db->database_create(&op, &d), ERR_CONFLICT);
	assert_string_equal(op.why,
	    "A database with the name \"app\" already exists.");
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct db_user u = user("nobody", "%"), to = { .name = "other" };

	(void)state;
	assert_int_equal(db->database_delete(&op, "none"), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "Database none cannot be found on the instance.");
	assert_int_equal(db->user_delete(&op, &u), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "User nobody cannot be found on the instance.");
	assert_int_equal(db->user_update(&op, &u, &to), ERR_NOT_FOUND);
	assert_int_equal(db->grant(&op, &u, "app"), ERR_NOT_FOUND);
	assert_int_equal(db->revoke(&op, &u, "app"), ERR_NOT_FOUND);
}

static void
listings_come_page_by_page_in_order_of_name(void **state)
{
	struct db_user u;

	(void)state;
	create("b1");
	create("a1");
	create("C1");
	assert_string_equal(databases(0, NULL), "C1 a1 b1");
	assert_string_equal(databases(2, NULL), "C1 a1");
	assert_string_equal(databases(2, "a1"), "b1");
	assert_string_equal(databases(2, "b1"), "");
	for (int i = 0; i < 3; i++) {
		u = at->hosts ? user("ann", (const char *[]){ "10.0.0.2", "%",
		    "10.0.0.%" }[i]) : user((const char *[]){ "cid", "ann",
		    "bob" }[i], "%");
		ok(db->user_create(&op, &u));
	}
	assert_string_equal(users(2, NULL), at->hosts ?
	    "ann@% ann@10.0.0.%" : "ann@% bob@%");
	assert_string_equal(users(2, at->hosts ? "ann@10.0.0.%" : "bob@%"),
	    at->hosts ? "ann@10.0.0.2" : "cid@%");
}

static void
users_are_pairs_of_name_and_host_or_have_one_host_each(void **state)
{
	struct db_user everywhere = user("ann", "%"),
	    there = user("ann", "10.0.0.1");

	(void)state;
	ok(db->user_create(&op, &everywhere));
	assert_int_equal(db->user_create(&op, &there),
	    at->hosts ? OK : ERR_CONFLICT);
	assert_int_equal(db->user_create(&op, &there), ERR_CONFLICT);
	ok(db->user_delete(&op, &everywhere));
	assert_int_equal(db->user_delete(&op, &everywhere), ERR_NOT_FOUND);
	if (!at->hosts)
		ok(db->user_create(&op, &there));
	assert_string_equal(users(0, NULL), "ann@10.0.0.1");
}

static void
grants_are_listed_given_and_taken_back(void **state)
{
	struct db_user u = user("ann", "%");

	(void)state;
	create("app");
	create("logs");
	u.databases = (const char *const[]){ "app", NULL };
	ok(db->user_create(&op, &u));
	ok(db->grant(&op, &u, "logs"));
	ok(db->grant(&op, &u, "logs"));
	assert_string_equal(users(0, NULL), "ann@%(app,logs)");
	ok(db->revoke(&op, &u, "app"));
	assert_string_equal(users(0, NULL), "ann@%(logs)");
	assert_int_equal(db->revoke(&op, &u, "app"), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "Database app cannot be found on the instance.");
}

static void
a_renamed_user_keeps_its_grants(void **state)
{
	struct db_user u = user("ann", "%"), to = { .name = "eve" };
	struct db_user eve = user("eve", "%"), moved = { .host = "10.0.0.1" };

	(void)state;
	create("app");
	u.databases = (const char *const[]){ "app", NULL };
	ok(db->user_create(&op, &u));
	ok(db->user_update(&op, &u, &to));
	assert_string_equal(users(0, NULL), "eve@%(app)");
	ok(db->user_update(&op, &eve, &moved));
	assert_string_equal(users(0, NULL), "eve@10.0.0.1(app)");
}

static void
a_name_that_is_taken_is_not_taken_over(void **state)
{
	struct db_user ann = user("ann", "%"), eve = user("eve", "%");
	struct db_user to = { .name = "eve" };

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->user_create(&op, &eve));
	assert_int_equal(db->user_update(&op, &ann, &to), ERR_CONFLICT);
	assert_string_equal(users(0, NULL), "ann@% eve@%");
}

static const char *const odd_names[] = {
	"back`tick", "quote'quote", "double\"quote", "semi;colon", "per%cent",
	"under_score", "b\\slash", "naïve", "имя", "a'; DROP DATABASE keep; -- x",
	"x` ; DROP DATABASE keep ; -- x", "*", "a.b", "%", "_", "--", "/**/",
};

/* Names the API would refuse: the engine must not read them as anything else. */
static void
odd_names_stay_data(void **state)
{
	(void)state;
	create("keep");
	for (size_t i = 0; i < ROWS(odd_names); i++) {
		const char *name = odd_names[i];
		size_t most = at->user_most != 0 ? at->user_most : 80;
		struct db_user u = user(op_strndup(&op, name,
		    strnlen(name, most)), "%");
		const char *listed[] = { name, NULL };

		u.databases = listed;
		create(name);
		ok(db->user_create(&op, &u));
		ok(db->database_show(&op, name));
		assert_string_equal(users(0, NULL), op_printf(&op, "%s@%%(%s)",
		    u.name, name));
		ok(db->revoke(&op, &u, name));
		ok(db->user_delete(&op, &u));
		ok(db->database_delete(&op, name));
		assert_string_equal(databases(0, NULL), "keep");
	}
}

static void
root_is_enabled_and_disabled_and_never_listed(void **state)
{
	(void)state;
	ok(db->root_enable(&op, "root-Secret1"));
	ok(db->root_enable(&op, "root-Secret2"));
	assert_string_equal(users(0, NULL), "");
	ok(db->root_disable(&op));
	ok(db->root_disable(&op));
}

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

/* A server opens and writes when it likes; the agent's statements may be left out. */
static bool
has(const char *path, int64_t least)
{
	for (int i = 0; i < 1000 && size_of(path) < least; i++)
		clock_sleep_ms(10);
	return size_of(path) >= least;
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
		ok(db->log_set(&op, f->name, true));
		assert_true(has(path, 1));
		assert_true(log_rotate(&op, f->file, 0));
		assert_int_equal(size_of(path), -1);
		ok(db->log_reopen(&op, f->name));
		assert_true(has(path, 0));
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

static void
settings_are_taken_and_taken_back(void **state)
{
	struct db_setting some[2] = { { at->setting, at->value, true } };

	(void)state;
	ok(db->configure(&op, some));
	ok(db->configure(&op, &some[1]));
}

static const struct CMUnitTest contract[] = {
	TEST(a_name_that_is_taken_is_not_taken_over),
	TEST(root_is_enabled_and_disabled_and_never_listed),
	TEST(settings_are_taken_and_taken_back),
	TEST(room_is_taken_away_and_given_back),
	TEST(logs_are_switched_on_and_off_but_not_the_system_s),
	TEST(a_log_that_was_put_aside_is_begun_anew),
};

/* Where users have databases. */
static const struct CMUnitTest of_databases[] = {
	TEST(a_database_is_there_between_its_creation_and_its_deletion),
	TEST(a_second_database_of_a_name_is_a_conflict),
	TEST(what_is_not_there_is_not_found),
	TEST(listings_come_page_by_page_in_order_of_name),
	TEST(users_are_pairs_of_name_and_host_or_have_one_host_each),
	TEST(grants_are_listed_given_and_taken_back),
	TEST(a_renamed_user_keeps_its_grants),
	TEST(odd_names_stay_data),
};

/* --- the engines ------------------------------------------------------------------ */

static const char *const null_logs[] = { "general", "slow_query", NULL };
static const struct engine_case case_null = {
	.engine = &datastore_null,
	.setting = "wait_timeout", .value = "77",
	.logs = null_logs, .hosts = true,
}, case_failing = {
	.engine = &datastore_failing,
	.setting = "wait_timeout", .value = "77",
	.logs = null_logs, .hosts = true,
};
static const struct engine_case *const engine_cases[] = {
	&case_null, &case_failing, &case_mariadb, &case_mysql,
	&case_postgresql, &case_redis,
};

static struct CMUnitTest all[256];
static size_t count;

static void
add(const struct engine_case *c, const struct CMUnitTest *tests, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(count < ROWS(all));
		all[count] = tests[i];
		all[count++].initial_state = (void *)(uintptr_t)c;
	}
}

static int
server_down(void **state)
{
	(void)state;
	op_begin(&op, "test");
	db->stop(&op);
	op_end(&op);
	return 0;
}

/* Every engine that agents know is one of them, or stands for another. */
static void
every_engine_is_held_to_the_contract(void **state)
{
	(void)state;
	for (const struct datastore *const *d = datastores; *d != NULL; d++) {
		size_t i = 0;

		while (i < ROWS(engine_cases) && engine_cases[i]->engine != *d)
			i++;
		if (i == ROWS(engine_cases))
			fail_msg("%s is not tested", (*d)->name);
	}
}

/* All or, by its name, one. */
int
main(int argc, char **argv)
{
	static const struct CMUnitTest whole[] = {
		cmocka_unit_test(every_engine_is_held_to_the_contract),
	};

	log_init("engine_test", LOG_ERROR);
	for (size_t i = 0; i < ROWS(engine_cases); i++) {
		const struct engine_case *c = engine_cases[i];

		if (argc > 1 && strcmp(argv[1], c->engine->name) != 0)
			continue;
		if (c->make != NULL && !c->make()) {
			printf("# %s is not installed: not tested\n",
			    c->engine->name);
			continue;
		}
		add(c, contract, ROWS(contract));
		if (c->engine->database_create != NULL)
			add(c, of_databases, ROWS(of_databases));
		for (size_t n = 0; c->family != NULL &&
		    c->family[n].name != NULL; n++)
			add(c, &c->family[n], 1);
		add(c, c->own, c->own_count);
	}
	add(NULL, whole, 1);
	return _cmocka_run_group_tests("engine", all, count, NULL,
	    server_down);
}
