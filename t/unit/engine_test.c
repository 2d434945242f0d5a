/* What every engine does: the engines, and what their stories share. */
#include "t/unit/engine_test.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const struct datastore *db;
struct op op;
const struct engine_case *at;

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
engine_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
engine_backup(const char *path, const char *since)
{
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		const char *mark = "x";

		_exit(db->backup(&op, since, fd, &mark) == OK && mark == NULL &&
		    close(fd) == 0 ? 0 : 1);
	}
	return engine_wait(pid);
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

void
until_it_ended(void)
{
	for (int i = 0; i < 1000 && db->pid() != 0; i++)
		usleep(5000);
	assert_int_equal(db->pid(), 0);
}

void
kill_it(void)
{
	assert_true(db->pid() > 0);	/* 0 would be this group of processes */
	kill(db->pid(), SIGKILL);
	until_it_ended();
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
add(const struct engine_case *c, const struct CMUnitTest *tests)
{
	for (; tests != NULL && tests->name != NULL; tests++) {
		assert_true(count < ROWS(all));
		all[count] = *tests;
		all[count++].initial_state = (void *)(uintptr_t)c;
	}
}

static void
add_all(const struct engine_case *c)
{
	add(c, of_all_users);
	add(c, of_all_servers);
	if (c->engine->database_create != NULL)
		add(c, of_databases);
	if (c->lets_in != NULL) {
		add(c, of_clients);
		add(c, of_processes);
		add(c, of_tls);
	}
	if (c->settings != NULL)
		add(c, of_settings);
	add(c, c->verify != NULL ? of_checks : of_no_checks);
	for (size_t i = 0; i < ROWS(c->own); i++)
		add(c, c->own[i]);
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
		{ 0 }
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
		add_all(c);
	}
	add(NULL, whole);
	return _cmocka_run_group_tests("engine", all, count, NULL,
	    server_down);
}
