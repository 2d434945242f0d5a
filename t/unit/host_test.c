#include "t/unit/test_data.h"
#include "agent/fence.h"
#include "agent/host.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct host_process process;

static struct host_command
command(const char *const *argv)
{
	return (struct host_command){ .argv = argv,
	    .log = op_printf(&op, "%s/log", data),
	    .pid_file = op_printf(&op, "%s/pid", data) };
}

static int
fresh(void **state)
{
	process = (struct host_process){ .watch = -1 };
	return data_begin(state);
}

static int
gone(void **state)
{
	host_end(&op, &process, 100);
	return data_end(state);
}

static const char *
said(void)
{
	const char *s = "";
	size_t len;

	for (int i = 0; i < 400 && host_running(&process); i++)
		usleep(5000);
	file_get(&op, op_printf(&op, "%s/log", data), &s, &len);
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
	const char *own = op_printf(&op, "%s/own", data);
	const char *key = op_printf(&op, "%s/key", data);
	const char *script = op_printf(&op, "cd %s; cat conf; "
	    "cat key; echo x >>key; echo x >new; rm -f key; mv key own/key; "
	    "ln key own/key; echo mine >own/a && mv own/a own/b && cat own/b; "
	    "cp /bin/true own/true; own/true; kill -9 %d; echo end", data,
	    (int)getpid());
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const reads[] = { op_printf(&op, "%s/conf", data), NULL };
	const char *const writes[] = { own, NULL };
	struct host_command c = command(argv);
	const char *s;
	int fence;

	(void)state;
	assert_int_equal(mkdir(own, 0700), 0);
	assert_int_equal(file_put(&op, reads[0], "read me\n", 8), OK);
	assert_int_equal(file_put(&op, key, "secret\n", 7), OK);
	assert_int_equal(fence_make(&op, &(struct fence){ NULL, reads,
	    writes }, &fence), OK);
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
	assert_int_equal(access(op_printf(&op, "%s/new", data), F_OK), -1);
	assert_int_equal(access(op_printf(&op, "%s/own/key", data), F_OK), -1);
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

static pid_t
sleeper(const char *directory)
{
	int ready[2], n;
	char c;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	if ((pid = fork()) == 0) {
		if (chdir(directory) == 0)
			execl(sleeps[0], sleeps[0], sleeps[1], (char *)NULL);
		_exit(1);
	}
	close(ready[1]);		/* the other one goes as the program begins */
	n = (int)read(ready[0], &c, 1);
	close(ready[0]);
	assert_int_equal(n, 0);
	return pid;
}

static void
what_a_killed_server_left_is_ended_and_nothing_else(void **state)
{
	const char *below = op_printf(&op, "%s/below", data);
	const char *beside = op_printf(&op, "%s-beside", data);
	pid_t left, other;

	(void)state;
	assert_int_equal(mkdir(below, 0700) | mkdir(beside, 0700), 0);
	left = sleeper(below);
	other = sleeper(beside);
	host_sweep(&op, "/bin/cat", data);
	assert_int_equal(waitpid(left, NULL, WNOHANG), 0);
	host_sweep(&op, sleeps[0], op_printf(&op, "%s/", data));
	assert_int_equal(waitpid(left, NULL, WNOHANG), -1);	/* ended, and reaped */
	assert_int_equal(waitpid(other, NULL, WNOHANG), 0);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	rmdir(below);
	rmdir(beside);
}

static void
a_file_is_replaced_whole_and_for_its_owner_only(void **state)
{
	const char *path = op_printf(&op, "%s/pid", data), *s;
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

static enum err
tool(const char *script, int in, int out, const char **text)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const struct host_tool t = { .argv = argv, .in = in, .out = out };

	return host_tool_run(&op, &t, text);
}

static void
a_tool_tells_how_it_ended_and_why(void **state)
{
	static const char *const none[] = { "/nowhere/tool", NULL };
	const struct host_tool away = { .argv = none, .in = -1, .out = -1 };
	const char *text;

	(void)state;
	assert_int_equal(tool("echo fine >&2", -1, -1, &text), OK);
	assert_string_equal(text, "fine\n");
	assert_int_equal(tool("echo a >&2; echo why >&2; exit 3", -1, -1,
	    &text), ERR_GUEST);
	assert_string_equal(op.why, "sh ended with status 3: why");
	assert_int_equal(tool("echo b >&2; kill -9 $$", -1, -1, &text),
	    ERR_GUEST);
	assert_string_equal(op.why, "sh ended with signal 9: b");
	assert_int_equal(host_tool_run(&op, &away, &text), ERR_INTERNAL);
	assert_non_null(strstr(op.why, "/nowhere/tool: No such file"));
	/* However much it says, the end is kept. */
	assert_int_equal(tool("seq 1 100000 >&2", -1, -1, &text), OK);
	assert_in_range(strlen(text), 1000, 10000);
	assert_string_equal(text + strlen(text) - 14, "\n99999\n100000\n");
}

static void
a_tool_reads_and_writes_what_it_is_given_and_nothing_else(void **state)
{
	const char *text;
	char got[64] = "";
	int in[2], out[2], secret = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(write(in[1], "hello\n", 6), 6);
	close(in[1]);
	assert_int_equal(tool("cat; ls /proc/self/fd | wc -l", in[0], out[1],
	    &text), OK);
	assert_true(read(out[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "hello\n4\n");	/* 0, 1, 2, and ls's own */
	close(secret);
	close(in[0]);
	close(out[0]);
	close(out[1]);
}

/* Whoever started it is killed, and cannot end it. */
static void
a_tool_dies_with_whoever_started_it(void **state)
{
	const char *const argv[] = { "/bin/sleep", "300", NULL };
	const struct host_tool t = { .argv = argv, .in = -1, .out = -1,
	    .err = -1, .apart = true };
	struct pollfd fd = { .events = POLLIN };
	int told[2], pid = 0;
	pid_t starter;

	(void)state;
	assert_int_equal(pipe(told), 0);
	if ((starter = fork()) == 0) {
		if (host_tool_start(&op, &t, &process) != OK ||
		    write(told[1], &process.pid, sizeof(int)) == -1)
			_exit(1);
		pause();
	}
	assert_int_equal(read(told[0], &pid, sizeof(pid)), sizeof(pid));
	fd.fd = pidfd_open(pid, 0);
	assert_true(fd.fd != -1);
	assert_int_equal(poll(&fd, 1, 0), 0);
	kill(starter, SIGKILL);
	waitpid(starter, NULL, 0);
	assert_int_equal(poll(&fd, 1, 5000), 1);
	close(fd.fd);
	close(told[0]);
	close(told[1]);
}

static void
a_tool_is_killed_with_all_that_it_started(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c",
	    "sleep 300 & echo $!; wait", NULL };
	struct host_tool t = { .argv = argv, .in = -1, .err = -1,
	    .apart = true };
	struct pollfd fd = { .events = POLLIN };
	char line[32] = "";
	int out[2];

	(void)state;
	assert_int_equal(pipe(out), 0);
	t.out = out[1];
	assert_int_equal(host_tool_start(&op, &t, &process), OK);
	assert_true(read(out[0], line, sizeof(line) - 1) > 0);
	fd.fd = pidfd_open(atoi(line), 0);
	assert_true(fd.fd != -1);
	host_tool_kill(&process);
	assert_int_equal(process.pid, 0);
	assert_int_equal(poll(&fd, 1, 5000), 1);
	close(fd.fd);
	close(out[0]);
	close(out[1]);
}

static void
a_tree_is_removed_and_what_its_links_name_is_not(void **state)
{
	const char *tree = op_printf(&op, "%s/tree", data);

	(void)state;
	assert_int_equal(file_directory(&op, tree), OK);
	assert_int_equal(file_directory(&op, op_printf(&op, "%s/a", tree)), OK);
	assert_int_equal(file_put(&op, op_printf(&op, "%s/a/f", tree), "x", 1),
	    OK);
	assert_int_equal(file_put(&op, op_printf(&op, "%s/log", data), "x", 1),
	    OK);
	assert_int_equal(symlink("../../log", op_printf(&op, "%s/a/l", tree)),
	    0);
	assert_int_equal(symlink("..", op_printf(&op, "%s/up", tree)), 0);
	assert_int_equal(file_remove_tree(&op, tree), OK);
	assert_int_equal(access(tree, F_OK), -1);
	assert_int_equal(access(op_printf(&op, "%s/log", data), F_OK), 0);
	assert_int_equal(file_remove_tree(&op, tree), OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_started_program_runs_and_is_ended),
		TEST(what_does_not_end_is_killed),
		TEST(what_a_killed_server_left_is_ended_and_nothing_else),
		TEST(a_program_that_is_not_there_says_why),
		TEST(nothing_of_the_agent_goes_on_into_the_server),
		TEST(what_is_behind_a_fence_can_only_touch_its_own),
		TEST(a_living_process_is_adopted),
		TEST(another_program_is_not_adopted),
		TEST(a_file_is_replaced_whole_and_for_its_owner_only),
		TEST(a_tool_tells_how_it_ended_and_why),
		TEST(a_tool_reads_and_writes_what_it_is_given_and_nothing_else),
		TEST(a_tool_dies_with_whoever_started_it),
		TEST(a_tool_is_killed_with_all_that_it_started),
		TEST(a_tree_is_removed_and_what_its_links_name_is_not),
	};

	log_init("host_test", LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
