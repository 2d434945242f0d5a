/* The local drivers in one mode (MODE), with the real launcher and kernel. */
#include "t/unit/test.h"
#include "t/unit/local_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"
#include "lib/cloud/local.h"
#include "lib/cloud/local_lock.h"
#include "lib/cloud/local_tree.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOREVER "echo up; while :; do sleep 1; done"

static bool
is(const char *mode)
{
	return strcmp(MODE, mode) == 0;
}

static bool
has_view(void)
{
	return is("full") || is("userns");
}

static bool
listed(const char *const *ids, const char *id)
{
	for (; *ids != NULL; ids++)
		if (strcmp(*ids, id) == 0)
			return true;
	return false;
}

static bool
runs(struct op *op, const struct place *p)
{
	bool running;

	assert_int_equal(OK, cloud_compute()->running(op, p, &running));
	return running;
}

/* --- life and death ------------------------------------------------------------- */

static void
an_instance_comes_and_goes_without_a_trace(void **state)
{
	const char *const *ids;
	struct place p;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, FOREVER);
	make(&op, &p);
	said(&op, &p, "up");
	assert_true(runs(&op, &p));
	assert_non_null(p.address);
	assert_int_equal(OK, cloud_compute()->list(&op, &ids));
	assert_true(listed(ids, p.instance));
	assert_int_equal(OK, cloud_volume()->list(&op, &ids));
	assert_true(listed(ids, p.instance));
	assert_int_equal(OK, cloud_network()->list(&op, &ids));
	assert_int_equal(is("full"), listed(ids, p.instance));
	unmake(&op, &p);
	assert_false(runs(&op, &p));
	assert_string_equal("", traces(&op));
	unmake(&op, &p);		/* of what is gone: OK */
	op_end(&op);
}

static void
a_second_ensure_changes_nothing(void **state)
{
	struct place p;
	struct op op;
	const char *pid;
	pid_t first;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, FOREVER);
	make(&op, &p);
	pid = op_printf(&op, "%s/server.pid", place_dir(&op, &p));
	first = lock_owner(pid, LOCK_LAUNCHER);
	assert_true(first > 0);
	make(&op, &p);
	assert_int_equal(first, lock_owner(pid, LOCK_LAUNCHER));
	unmake(&op, &p);
	op_end(&op);
}

/* As an audit does, which knows no more of it than its id. */
static void
an_orphan_is_removed_by_its_id_alone(void **state)
{
	struct place p, orphan;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, FOREVER);
	make(&op, &p);
	orphan = (struct place){ .instance = p.instance, .slot = -1 };
	unmake(&op, &orphan);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

/* Nothing of what the kernel kept is there; the disk is as it was. */
static void
after_a_reboot_ensure_makes_everything_again(void **state)
{
	struct place p;
	struct op op;
	const char *pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	op_begin(&op, "test");
	p = place_in(&op, 1, "[ -e kept ] && echo again; touch kept; sync; "
	    FOREVER);
	make(&op, &p);
	said(&op, &p, "up");
	pid = op_printf(&op, "%s/server.pid", place_dir(&op, &p));
	kill(lock_owner(pid, LOCK_LAUNCHER), SIGKILL);
	assert_true(lock_wait_gone(pid, 2000));
	(void)!system(op_printf(&op, "exec 2>/dev/null; sleep 0.2; "
	    "ip link del %s; nft delete table inet coffer_%s; "
	    "find /sys/fs/cgroup -depth -type d -path '*/coffer/%s*' "
	    "-exec rmdir {} ';'", stack_bridge, stack_bridge, stack_bridge));
	make(&op, &p);
	said(&op, &p, "again");
	unmake(&op, &p);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

static void
a_killed_launcher_takes_all_with_it_and_ensure_starts_again(void **state)
{
	struct place p;
	struct op op;
	const char *pid;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, "[ -e kept ] && echo again; touch kept; "
	    "(setsid sleep 1000 &); " FOREVER);
	make(&op, &p);
	said(&op, &p, "up");
	pid = op_printf(&op, "%s/server.pid", place_dir(&op, &p));
	kill(lock_owner(pid, LOCK_LAUNCHER), SIGKILL);
	assert_true(lock_wait_gone(pid, 2000));
	assert_false(runs(&op, &p));
	make(&op, &p);
	said(&op, &p, "again");
	unmake(&op, &p);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

static void
a_dead_agent_is_started_again_and_its_server_left_alone(void **state)
{
	struct place p;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, "if [ -e kept ]; then kill -0 $(cat kept) && "
	    "echo adopted; else setsid sleep 1000 & echo $! >kept; "
	    "kill -9 $$; fi; " FOREVER);
	make(&op, &p);
	said(&op, &p, "adopted");
	unmake(&op, &p);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

static void
one_that_will_not_end_is_killed(void **state)
{
	struct place p;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, "trap '' TERM; " FOREVER);
	make(&op, &p);
	said(&op, &p, "up");
	unmake(&op, &p);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

/* In a process that dies after so many microseconds, wherever it stands. */
static void
make_and_die(struct place *p, int us)
{
	struct op op;
	pid_t pid = fork();

	if (pid == 0) {
		op_begin(&op, "test");
		_exit(try_make(&op, p) != OK);
	}
	usleep((useconds_t)us);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void
a_worker_killed_at_any_point_is_followed_by_one_that_finishes(void **state)
{
	struct place p;
	struct op op;

	(void)state;
	for (int us = 200; us < 150000; us = us * 7 / 5) {
		op_begin(&op, "test");
		p = place_in(&op, 2, FOREVER);
		make_and_die(&p, us);
		if (us / 200 % 2 == 0) {
			make(&op, &p);
			assert_true(runs(&op, &p));
		}
		unmake(&op, &p);
		op_end(&op);
	}
	op_begin(&op, "test");
	assert_string_equal("", traces(&op));
	op_end(&op);
}

static void
an_agent_that_cannot_run_is_reported(void **state)
{
	struct place p;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, FOREVER);
	conf_set(&op, "local", "agent", "/usr/share/no-such-agent");
	assert_int_equal(ERR_CLOUD, try_make(&op, &p));
	assert_non_null(strstr(op.why, "no-such-agent"));
	conf_set(&op, "local", "agent", op_printf(&op, "%s/agent", stack_dir));
	unmake(&op, &p);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

static void
a_talkative_agent_does_not_fill_the_disk(void **state)
{
	struct place p;
	struct op op;
	struct stat st;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, "yes | head -c 5000000; echo; echo finished; "
	    "sleep 1000");
	make(&op, &p);
	said(&op, &p, "finished");
	assert_int_equal(0, stat(op_printf(&op, "%s/log.1",
	    place_dir(&op, &p)), &st));
	assert_true(st.st_size <= 1 << 20);
	unmake(&op, &p);
	op_end(&op);
}

/* --- what they stand on ---------------------------------------------------------- */

static void
the_volume_and_the_way_to_redis_are_inside(void **state)
{
	struct place p;
	struct op op;
	const char *text;

	(void)state;
	op_begin(&op, "test");
	conf_set(&op, "guest", "redis_socket", op_printf(&op,
	    "%s/bus/redis.sock", stack_dir));
	mkdir(op_printf(&op, "%s/bus", stack_dir), 0755);
	chmod(op_printf(&op, "%s/bus", stack_dir), 0755);
	close(open(op_printf(&op, "%s/bus/redis.sock", stack_dir),
	    O_CREAT | O_WRONLY, 0644));
	p = place_in(&op, 1, op_printf(&op, "touch mine && echo owned; "
	    "[ $(stat -c %%u .) = $(id -u) ] && echo by me; "
	    "[ $(stat -c %%a agent.conf) = 600 ] && echo kept secret; "
	    "ls %s && echo bus; touch %s/x && echo BROKE OUT; "
	    "echo looked; sleep 1000",
	    has_view() ? "/run/coffer/redis.sock" : "/dev/null",
	    has_view() ? "/run/coffer" : "/proc"));
	make(&op, &p);
	text = said(&op, &p, "looked");
	assert_non_null(strstr(text, "owned"));
	assert_non_null(strstr(text, "by me"));
	assert_non_null(strstr(text, "kept secret"));
	assert_non_null(strstr(text, "bus"));
	assert_null(strstr(text, "BROKE OUT"));
	unmake(&op, &p);
	op_end(&op);
}

/* The template is made by the distribution's own tool, the server runs as it is. */
static void
a_real_mariadb_starts_on_a_clone_of_its_template(void **state)
{
	struct place p;
	struct op op;
	const char *text;

	(void)state;
	if (access("/usr/sbin/mariadbd", X_OK) == -1)
		skip();
	op_begin(&op, "test");
	p = place_in(&op, 1, "mariadbd --no-defaults --skip-networking "
	    "--datadir=$PWD/mysql --socket=$PWD/s.sock --pid-file=$PWD/m.pid "
	    "--innodb-buffer-pool-size=16M --performance-schema=0 "
	    "--tmpdir=$TMPDIR >server.log 2>&1 &\n"
	    "sql() { mariadb --no-defaults -S s.sock -u root -N -e \"$1\"; }\n"
	    "for i in $(seq 300); do sql 'SELECT 1' >/dev/null 2>&1 && break; "
	    "sleep 0.05; done\n"
	    "sql 'CREATE DATABASE app; CREATE TABLE app.t (n int)'\n"
	    "sql 'INSERT INTO app.t VALUES (42); SELECT n FROM app.t'\n"
	    "grep ERROR server.log; kill $(cat m.pid); wait; echo ended\n"
	    "sleep 1000");
	p.engine = "mariadb";
	p.version = "10.11";
	p.ram_mb = 256;
	make(&op, &p);
	text = said(&op, &p, "ended");
	assert_non_null(strstr(text, "42\n"));
	assert_null(strstr(text, "ERROR"));
	unmake(&op, &p);
	op_end(&op);
}

static void
a_template_is_made_once_and_anew_for_another_server(void **state)
{
	const char *stamp;
	struct stat first, again;
	struct place p;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	stamp = op_printf(&op, "%s/templates/null-1/stamp", stack_dir);
	for (int i = 0; i < 3; i++) {
		p = place_in(&op, 1, FOREVER);
		make(&op, &p);
		unmake(&op, &p);
		assert_int_equal(0, stat(stamp, i == 0 ? &first : &again));
	}
	assert_int_equal(first.st_ino, again.st_ino);
	assert_int_equal(OK, file_write(&op, stamp, "older\n", 0600));
	p = place_in(&op, 1, FOREVER);
	make(&op, &p);
	unmake(&op, &p);
	assert_int_equal(0, stat(stamp, &again));
	assert_true(again.st_size != (off_t)strlen("older\n"));
	op_end(&op);
}

static void
a_version_that_is_no_name_becomes_no_path(void **state)
{
	static const char *const bad[] = { "../x", "", "a/b", "a b", "." };
	const char *id;
	struct place p;
	struct op op;
	bool ready;

	(void)state;
	op_begin(&op, "test");
	for (size_t i = 0; i < ROWS(bad); i++) {
		p = place_in(&op, 1, "");
		p.version = bad[i];
		assert_int_equal(ERR_CLOUD,
		    cloud_volume()->ensure(&op, &p, &ready, &id));
		unmake(&op, &p);
	}
	op_end(&op);
}

static void
a_slot_gives_names_that_fit_and_differ(void **state)
{
	struct local_net a, b;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	assert_int_equal(OK, local_net(&op, 0, &a));
	assert_int_equal(OK, local_net(&op, 1, &b));
	assert_string_not_equal(a.address, b.address);
	assert_string_not_equal(a.address, a.gateway);
	assert_int_equal(ERR_CLOUD, local_net(&op, -1, &a));
	assert_int_equal(ERR_CLOUD,
	    local_net(&op, 10 + LOCAL_SPARE, &a));
	assert_true(strlen(local_link(&op, 9)) < 16);
	conf_set(&op, "local", "bridge", "averylongbridge");
	assert_true(strlen(local_link(&op, 99999)) < 16);
	assert_string_not_equal(local_link(&op, 1), local_link(&op, 2));
	conf_set(&op, "local", "bridge", stack_bridge);
	op_end(&op);
}

static void
an_instance_id_that_is_none_becomes_no_path(void **state)
{
	static const char *const bad[] = { "../../etc", "", NULL };
	struct place p;
	struct op op;
	bool ready;

	(void)state;
	op_begin(&op, "test");
	for (size_t i = 0; i < ROWS(bad); i++) {
		p = place_in(&op, 1, "");
		p.instance = bad[i];
		assert_int_equal(ERR_INTERNAL,
		    cloud_volume()->remove(&op, &p, &ready));
		assert_int_equal(ERR_INTERNAL,
		    cloud_compute()->remove(&op, &p, &ready));
	}
	op_end(&op);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_gives_names_that_fit_and_differ),
		cmocka_unit_test(an_instance_id_that_is_none_becomes_no_path),
		cmocka_unit_test(an_instance_comes_and_goes_without_a_trace),
		cmocka_unit_test(a_second_ensure_changes_nothing),
		cmocka_unit_test(an_orphan_is_removed_by_its_id_alone),
		cmocka_unit_test(after_a_reboot_ensure_makes_everything_again),
		cmocka_unit_test(
		    a_killed_launcher_takes_all_with_it_and_ensure_starts_again),
		cmocka_unit_test(
		    a_dead_agent_is_started_again_and_its_server_left_alone),
		cmocka_unit_test(one_that_will_not_end_is_killed),
		cmocka_unit_test(an_agent_that_cannot_run_is_reported),
		cmocka_unit_test(a_talkative_agent_does_not_fill_the_disk),
		cmocka_unit_test(the_volume_and_the_way_to_redis_are_inside),
		cmocka_unit_test(a_version_that_is_no_name_becomes_no_path),
		cmocka_unit_test(
		    a_template_is_made_once_and_anew_for_another_server),
		cmocka_unit_test(
		    a_real_mariadb_starts_on_a_clone_of_its_template),
		cmocka_unit_test(
		    a_worker_killed_at_any_point_is_followed_by_one_that_finishes),
	};
	int failures;

	stack_begin(MODE);
	failures = cmocka_run_group_tests_name("local " MODE, tests, NULL,
	    NULL);
	stack_end();
	return failures;
}
