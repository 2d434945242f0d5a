#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"
#include "lib/store/tasks.h"

#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A wire between the program and PostgreSQL that is cut at a word: what holds
 * CUT_AFTER is carried there, and its answer is lost; what holds CUT_BEFORE
 * does not arrive.
 */
#define CUT_AFTER	"cut-after"
#define CUT_BEFORE	"cut-before"
#define INSTANCE	"1bcd0a5f-8f9b-4a44-8f1c-2d0a3b4c5d6e"

static char folder[] = "/tmp/coffer-wire.XXXXXX", wire_dsn[128];
static pid_t wire;

static int
unix_socket(const char *dir, struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(a->sun_path, sizeof(a->sun_path), "%.80s/.s.PGSQL.5432", dir);
	return fd;
}

/* True when the connection is to be cut. */
static bool
carry(int from, int to, bool there)
{
	char b[65536];
	ssize_t n = read(from, b, sizeof(b));

	if (n <= 0 || (there && memmem(b, (size_t)n, CUT_BEFORE,
	    strlen(CUT_BEFORE)) != NULL))
		return true;
	if (write(to, b, (size_t)n) != n)
		return true;
	if (!there || memmem(b, (size_t)n, CUT_AFTER, strlen(CUT_AFTER)) == NULL)
		return false;
	return read(to, b, sizeof(b)) >= 0;	/* it answers: it is committed */
}

static void
serve(int client, const char *dir)
{
	struct sockaddr_un a;
	int server = unix_socket(dir, &a);
	bool cut = connect(server, (struct sockaddr *)&a, sizeof(a)) != 0;

	while (!cut) {
		struct pollfd p[2] = { { client, POLLIN, 0 },
		    { server, POLLIN, 0 } };

		if (poll(p, 2, -1) <= 0)
			break;
		if (p[0].revents != 0)
			cut = carry(client, server, true);
		if (!cut && p[1].revents != 0)
			cut = carry(server, client, false);
	}
	close(client);
	close(server);
}

static int
wire_start(void **state)
{
	struct sockaddr_un a;
	const char *dir;
	int fd, client;

	pg_fixture_start(state);
	dir = strchr(pg_fixture_dsn(), '=') + 1;
	if (mkdtemp(folder) == NULL)
		err(1, "%s", folder);
	snprintf(wire_dsn, sizeof(wire_dsn), "host=%s dbname=coffer user=admin",
	    folder);
	fd = unix_socket(folder, &a);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 8) != 0)
		err(1, "%s", a.sun_path);
	if ((wire = fork()) == 0) {
		char *real = strndup(dir, strcspn(dir, " "));

		while ((client = accept(fd, NULL, NULL)) != -1)
			serve(client, real);	/* one at a time is enough */
		_exit(0);
	}
	close(fd);
	seal_init();
	return 0;
}

static int
wire_stop(void **state)
{
	char path[96];

	kill(wire, SIGKILL);
	waitpid(wire, NULL, 0);
	snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", folder);
	unlink(path);
	rmdir(folder);
	return pg_fixture_stop(state);
}

static struct op op;

static int
fresh(void **state)
{
	(void)state;
	op_begin(&op, "req-1");
	assert_int_equal(conf_set(&op, "pg", "dsn", wire_dsn), OK);
	assert_int_equal(conf_set(&op, "pg", "timeout", "2"), OK);
	store_open("admin");
	pg_fixture_sql("TRUNCATE tasks");
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	store_close();
	op_end(&op);
	return 0;
}

static enum err
submit(const char *request, struct new_task *t)
{
	struct call call, probe;

	new_task_begin(&op, t, TASK_RESTART, INSTANCE, "p1", "u1", NULL);
	t->request = request;
	call = new_task_call(&op, t);
	probe = new_task_probe(&op, t);
	return store_write_sure(&op, NULL, 1, &call, &probe);
}

static long
tasks(void)
{
	return pg_fixture_number("SELECT count(*) FROM tasks");
}

static void
a_commit_whose_answer_was_lost_is_found_by_its_probe(void **state)
{
	struct new_task t;

	(void)state;
	assert_int_equal(submit("as usual", &t), OK);
	assert_int_equal(submit(CUT_AFTER, &t), OK);
	assert_int_equal(tasks(), 2);
}

static void
a_write_that_never_arrived_is_not_called_done(void **state)
{
	struct new_task t;

	(void)state;
	assert_int_equal(submit("as usual", &t), OK);
	assert_int_equal(submit(CUT_BEFORE, &t), ERR_UNAVAILABLE);
	assert_int_equal(tasks(), 1);
	assert_int_equal(submit("as usual", &t), OK);
}

static void
a_plain_write_in_doubt_is_not_repeated(void **state)
{
	struct new_task t;
	struct call call;

	(void)state;
	new_task_begin(&op, &t, TASK_RESTART, INSTANCE, "p1", "u1", NULL);
	t.request = CUT_AFTER;
	call = new_task_call(&op, &t);
	assert_int_equal(store_write(&op, NULL, 1, &call), ERR_UNAVAILABLE);
	assert_true(pg_unsure(store_pg()));
	assert_int_equal(tasks(), 1);
}

static void
statements_that_ran_are_counted(void **state)
{
	unsigned before = store_calls();
	struct task_row *list;
	int n;

	(void)state;
	assert_int_equal(tasks_of_instance(&op, INSTANCE, 20, &list, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_calls() - before, 1);
}

static void
a_submitted_task_is_shown_with_its_times(void **state)
{
	struct new_task t;
	struct task_row row, *list;
	int n;

	(void)state;
	assert_int_equal(submit("req-7", &t), OK);
	assert_int_equal(submit("req-8", &t), OK);
	assert_int_equal(task_show(&op, INSTANCE, t.id, &row), OK);
	assert_string_equal(row.kind, "restart");
	assert_string_equal(row.status, "QUEUED");
	assert_string_equal(row.request, "req-8");
	assert_int_equal(strlen(row.created), 19);
	assert_int_equal(row.created[10], 'T');
	assert_true(strcmp(row.created, row.deadline) < 0);
	assert_null(row.started);
	assert_null(row.step);
	assert_non_null(row.waits_for);	/* one at a time */
	assert_int_equal(tasks_of_instance(&op, INSTANCE, 20, &list, &n), OK);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].id, t.id);
	assert_string_equal(list[0].waits_for, list[1].id);
	assert_null(list[1].waits_for);
	assert_int_equal(tasks_of_instance(&op, INSTANCE, 1, &list, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(task_show(&op, t.id, t.id, &row), ERR_NOT_FOUND);
	assert_int_equal(task_show(&op, INSTANCE, "'; --", &row), ERR_NOT_FOUND);
}

static void
error_texts_come_apart_as_they_were_put_together(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(task_error_read(&op, task_error_text(&op, ERR_GUEST,
	    "Timeout trying."), &why), ERR_GUEST);
	assert_string_equal(why, "Timeout trying.");
	assert_int_equal(task_error_read(&op, task_error_text(&op, ERR_CLOUD,
	    NULL), &why), ERR_CLOUD);
	assert_string_equal(why, "");
	assert_int_equal(task_error_read(&op, "something else", &why),
	    ERR_INTERNAL);
	assert_string_equal(why, "something else");
	assert_int_equal(task_error_read(&op, NULL, &why), ERR_INTERNAL);
	assert_string_equal(why, "");
}

static void
every_kind_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int k = 0; k < TASK__MAX; k++) {
		assert_int_equal(task_kind_find(task_kind_word(
		    (enum task_kind)k)), k);
		assert_in_range(task_kind_secs((enum task_kind)k), 10, 86400);
	}
	assert_int_equal(task_kind_find("levitate"), TASK__MAX);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, ended)
	static const struct CMUnitTest tests[] = {
		T(a_commit_whose_answer_was_lost_is_found_by_its_probe),
		T(a_write_that_never_arrived_is_not_called_done),
		T(a_plain_write_in_doubt_is_not_repeated),
		T(statements_that_ran_are_counted),
		T(a_submitted_task_is_shown_with_its_times),
		T(error_texts_come_apart_as_they_were_put_together),
		T(every_kind_has_a_word_of_its_own),
	};

	return cmocka_run_group_tests_name("store", tests, wire_start,
	    wire_stop);
}
