#include "t/unit/test.h"
#include "agent/fence.h"
#include "agent/file.h"
#include "agent/host.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct op op;
static char dir[64];
static struct host_process process;

static struct host_command
command(const char *const *argv)
{
	return (struct host_command){ .argv = argv,
	    .log = op_printf(&op, "%s/log", dir),
	    .pid_file = op_printf(&op, "%s/pid", dir) };
}

static int
begin(void **state)
{
	(void)state;
	op_begin(&op, "test");
	snprintf(dir, sizeof(dir), "/tmp/coffer-host.XXXXXX");
	assert_non_null(mkdtemp(dir));
	process = (struct host_process){ .watch = -1 };
	return 0;
}

static int
end(void **state)
{
	(void)state;
	host_end(&op, &process, 100);
	unlink(op_printf(&op, "%s/log", dir));
	unlink(op_printf(&op, "%s/pid", dir));
	rmdir(dir);
	op_end(&op);
	return 0;
}

static const char *
said(void)
{
	const char *s = "";
	size_t len;

	for (int i = 0; i < 400 && host_running(&process); i++)
		usleep(5000);
	file_get(&op, op_printf(&op, "%s/log", dir), &s, &len);
	return s;
}

static const char *const sleeps[] = { "/bin/sleep", "300", NULL };

static void
a_started_program_runs_and_is_ended(void **state)
{
	struct host_command c = command(sleeps);
	int pid;

	(void)state;
	assert_int_equal(host_start(&op, &c, &process), OK);
	assert_true(host_running(&process));
	pid = process.pid;
	assert_int_equal(getpgid(pid), pid);
	host_end(&op, &process, 1000);
	assert_false(host_running(&process));
	assert_int_equal(process.pid, 0);
	assert_int_equal(kill(pid, 0), -1);
}

static void
what_does_not_end_is_killed(void **state)
{
	static const char *const stubborn[] = { "/bin/sh", "-c",
	    "trap '' TERM; echo up; while :; do sleep 0.05; done", NULL };
	struct host_command c = command(stubborn);
	int64_t since;

	(void)state;
	assert_int_equal(host_start(&op, &c, &process), OK);
	for (int i = 0; i < 400; i++) {
		const char *s = "";
		size_t len;

		usleep(5000);
		if (file_get(&op, c.log, &s, &len) == OK && len > 0)
			break;
	}
	since = clock_ms();
	host_end(&op, &process, 200);
	assert_in_range(clock_ms() - since, 200, 3000);
	assert_int_equal(process.pid, 0);
}

static void
a_program_that_is_not_there_says_why(void **state)
{
	static const char *const none[] = { "/nowhere/mariadbd", NULL };
	struct host_command c = command(none);

	(void)state;
	assert_int_equal(host_start(&op, &c, &process), ERR_INTERNAL);
	assert_non_null(strstr(op.why, "/nowhere/mariadbd: No such file"));
	assert_int_equal(process.pid, 0);
	assert_int_equal(access(c.pid_file, F_OK), -1);
}

static void
nothing_of_the_agent_goes_on_into_the_server(void **state)
{
	static const char *const looks[] = { "/bin/sh", "-c",
	    "env; ls /proc/self/fd | tr '\\n' ' '; ulimit -c; "
	    "grep SigIgn /proc/self/status", NULL };
	struct host_command c = command(looks);
	const char *ignored;
	int leaked = dup(1);

	(void)state;
	setenv("SECRET_CANARY", "x", 1);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(host_start(&op, &c, &process), OK);
	assert_null(strstr(said(), "CANARY"));
	assert_non_null(strstr(said(), "0 1 2 3 0\n"));	/* 3: ls itself */
	/* Bits 31 and 32 are glibc's own signals: a test harness ignores them. */
	assert_non_null(ignored = strstr(said(), "SigIgn:\t"));
	assert_int_equal(strtoull(ignored + 8, NULL, 16) & ~0x180000000ULL, 0);
	close(leaked);
}

/* The agent that started it is gone: another process did. */
static void
what_is_behind_a_fence_can_only_touch_its_own(void **state)
{
	const char *own = op_printf(&op, "%s/own", dir);
	const char *key = op_printf(&op, "%s/key", dir);
	const char *script = op_printf(&op, "cd %s; cat conf; "
	    "cat key; echo x >>key; echo x >new; rm -f key; mv key own/key; "
	    "ln key own/key; echo mine >own/a && mv own/a own/b && cat own/b; "
	    "cp /bin/true own/true; own/true; kill -9 %d; echo end", dir,
	    (int)getpid());
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const reads[] = { op_printf(&op, "%s/conf", dir), NULL };
	const char *const writes[] = { own, NULL };
	struct host_command c = command(argv);
	const char *s;
	int fence;

	(void)state;
	assert_int_equal(mkdir(own, 0700), 0);
	assert_int_equal(file_put(&op, reads[0], "read me\n", 8), OK);
	assert_int_equal(file_put(&op, key, "secret\n", 7), OK);
	assert_int_equal(fence_make(&op, reads, writes, &fence), OK);
	if (fence == -1)
		skip();
	close(fence);
	c.reads = reads;
	c.writes = writes;
	assert_int_equal(host_start(&op, &c, &process), OK);
	s = said();
	assert_non_null(strstr(s, "read me\n"));
	assert_null(strstr(s, "secret"));
	assert_non_null(strstr(s, "mine\n"));
	assert_non_null(strstr(s, "own/true: Permission denied"));
	assert_non_null(strstr(s, "end\n"));
	assert_int_equal(access(op_printf(&op, "%s/new", dir), F_OK), -1);
	assert_int_equal(access(op_printf(&op, "%s/own/key", dir), F_OK), -1);
	assert_int_equal(file_get(&op, key, &s, &(size_t){ 0 }), OK);
	assert_string_equal(s, "secret\n");
	unlink(key);
	unlink(reads[0]);
	unlink(op_printf(&op, "%s/b", own));
	unlink(op_printf(&op, "%s/true", own));
	rmdir(own);
}

static void
a_living_process_is_adopted(void **state)
{
	struct host_command c = command(sleeps);
	struct host_process other;
	int status;
	pid_t agent = fork();

	(void)state;
	if (agent == 0) {
		host_start(&op, &c, &process);
		_exit(0);
	}
	waitpid(agent, &status, 0);
	assert_true(host_adopt(&op, &c, &process));
	assert_true(host_running(&process));
	assert_true(host_adopt(&op, &c, &other));
	assert_int_equal(other.pid, process.pid);
	host_end(&op, &process, 1000);
	assert_false(host_running(&other));	/* its end is seen by a stranger */
	host_forget(&other);
	assert_false(host_adopt(&op, &c, &other));
}

static void
another_program_is_not_adopted(void **state)
{
	static const char *const longer[] = { "/bin/sleep", "301", NULL };
	static const char *const cat[] = { "/bin/cat", "300", NULL };
	struct host_command c = command(sleeps), other;
	struct host_process adopted;

	(void)state;
	assert_int_equal(host_start(&op, &c, &process), OK);
	other = command(longer);
	assert_false(host_adopt(&op, &other, &adopted));
	other = command(cat);
	assert_false(host_adopt(&op, &other, &adopted));
	file_put(&op, c.pid_file, "garbage\n", 8);
	assert_false(host_adopt(&op, &c, &adopted));
	file_put(&op, c.pid_file, "", 0);
	assert_false(host_adopt(&op, &c, &adopted));
}

static void
a_file_is_replaced_whole_and_for_its_owner_only(void **state)
{
	const char *path = op_printf(&op, "%s/pid", dir), *s;
	struct stat st;
	size_t len;

	(void)state;
	assert_int_equal(file_get(&op, path, &s, &len), ERR_NOT_FOUND);
	assert_int_equal(file_put(&op, path, "first", 5), OK);
	assert_int_equal(file_put(&op, path, "2nd", 3), OK);
	assert_int_equal(file_get(&op, path, &s, &len), OK);
	assert_string_equal(s, "2nd");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_put(&op, "/nowhere/x", "x", 1), ERR_NOT_FOUND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_started_program_runs_and_is_ended),
		TEST(what_does_not_end_is_killed),
		TEST(a_program_that_is_not_there_says_why),
		TEST(nothing_of_the_agent_goes_on_into_the_server),
		TEST(what_is_behind_a_fence_can_only_touch_its_own),
		TEST(a_living_process_is_adopted),
		TEST(another_program_is_not_adopted),
		TEST(a_file_is_replaced_whole_and_for_its_owner_only),
	};

	log_init("host_test", LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
