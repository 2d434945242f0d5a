/* What changes under a running instance: its volume, its limits, its door. */
#include "t/unit/test.h"
#include "t/unit/local_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/cloud/local.h"
#include "lib/cloud/local_lock.h"
#include "lib/cloud/local_tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FOREVER "echo up; while :; do sleep 1; done"
#define MIB (1 << 20)

/* What a statfs inside says, in MiB; a file system keeps some for itself. */
static int
size_inside(struct op *op, const struct place *p)
{
	const char *pid = op_printf(op, "%s/server.pid", place_dir(op, p));
	struct statfs fs;

	assert_int_equal(0, statfs(op_printf(op, "/proc/%d/root/data",
	    lock_owner(pid, LOCK_INIT)), &fs));
	return (int)(fs.f_blocks * (uint64_t)fs.f_bsize / MIB);
}

static void
resize(struct op *op, struct place *p, int gb)
{
	bool ready = false;

	p->volume_gb = gb;
	for (int i = 0; i < 500 && !ready; i++) {
		if (cloud_volume()->resize(op, p, &ready) != OK)
			fail_msg("%s", op->why);
		if (!ready)
			clock_sleep_ms(10);
	}
	assert_true(ready);
}

static void
needs_images(void)
{
	if (local_found()->fs == LOCAL_DIRECTORY)
		skip();
}

static void
a_volume_grows_while_it_is_in_use_and_never_shrinks(void **state)
{
	struct place p;
	struct op op;

	(void)state;
	needs_images();
	op_begin(&op, "test");
	p = place_in(&op, 1, "echo kept >file; sync; " FOREVER);
	make(&op, &p);
	said(&op, &p, "up");
	assert_in_range(size_inside(&op, &p), 900, 1024);
	resize(&op, &p, 3);
	assert_in_range(size_inside(&op, &p), 2900, 3072);
	resize(&op, &p, 3);		/* done already */
	resize(&op, &p, 2);
	assert_in_range(size_inside(&op, &p), 2900, 3072);
	unmake(&op, &p);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

/* The worker died in between, and the instance with it. */
static void
a_volume_whose_file_has_grown_grows_when_it_is_asked_again(void **state)
{
	struct place p;
	struct op op;
	const char *pid, *image;

	(void)state;
	needs_images();
	op_begin(&op, "test");
	p = place_in(&op, 1, "[ -e file ] && echo again; echo kept >file; "
	    "sync; " FOREVER);
	make(&op, &p);
	said(&op, &p, "up");
	pid = op_printf(&op, "%s/server.pid", place_dir(&op, &p));
	image = op_printf(&op, "%s/vol.img", place_dir(&op, &p));
	assert_int_equal(0, truncate(image, (off_t)2 << 30));
	kill(lock_owner(pid, LOCK_LAUNCHER), SIGKILL);
	assert_true(lock_wait_gone(pid, 2000));
	resize(&op, &p, 2);
	make(&op, &p);
	said(&op, &p, "again");
	assert_in_range(size_inside(&op, &p), 1900, 2048);
	unmake(&op, &p);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

/* --- limits -------------------------------------------------------------------- */

static long
limit(struct op *op, const struct place *p)
{
	FILE *f = popen(op_printf(op, "cat $(find /sys/fs/cgroup -path "
	    "'*/%s/memory.limit_in_bytes' -o -path '*/%s/memory.max') "
	    "2>/dev/null", p->instance, p->instance), "r");
	long n = 0;

	assert_non_null(f);
	if (fscanf(f, "%ld", &n) != 1)
		n = 0;
	pclose(f);
	return n / MIB;
}

static void
limits_follow_the_flavor_both_ways_while_it_runs(void **state)
{
	static const int sizes[] = { 64, 256, 128 };
	struct place p;
	struct op op;
	long spare;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, FOREVER);
	make(&op, &p);
	said(&op, &p, "up");
	if ((spare = limit(&op, &p) - p.ram_mb) < 0) {
		unmake(&op, &p);
		skip();			/* nothing limits memory here */
	}
	for (size_t i = 0; i < ROWS(sizes); i++) {
		p.ram_mb = sizes[i];
		assert_int_equal(OK, cloud_compute()->resize(&op, &p));
		assert_int_equal(sizes[i] + spare, limit(&op, &p));
	}
	unmake(&op, &p);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

static void
limits_of_what_does_not_run_leave_no_trace(void **state)
{
	struct place p;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, FOREVER);
	make(&op, &p);
	unmake(&op, &p);
	assert_int_equal(OK, cloud_compute()->resize(&op, &p));
	assert_string_equal("", traces(&op));
	op_end(&op);
}

/* --- the door ------------------------------------------------------------------ */

/* Nobody listens there: who is let in is refused at once, who is not waits. */
static bool
let_in(const struct place *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons(3306) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	bool answered;

	assert_int_equal(1, inet_pton(AF_INET, p->address, &to.sin_addr));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		assert_true(errno == EINPROGRESS || errno == ECONNREFUSED);
	answered = poll(&wait, 1, 400) == 1;
	close(fd);
	return answered;
}

static void
door(struct op *op, struct place *p, const char *access, bool opens)
{
	p->access = access;
	if (cloud_network()->access(op, p) != OK)
		fail_msg("%s", op->why);
	if (let_in(p) != opens)
		fail_msg("%s: %s", access, opens ? "shut" : "open");
}

static void
only_those_whom_the_access_names_are_let_in(void **state)
{
	struct local_net net;
	struct place p, other;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, FOREVER);
	other = place_in(&op, 2, FOREVER);
	p.access = "{\"allowed_cidrs\":[\"192.0.2.0/24\"]}";
	make(&op, &p);
	make(&op, &other);
	said(&op, &p, "up");
	said(&op, &other, "up");
	assert_int_equal(OK, local_net(&op, 1, &net));
	assert_false(let_in(&p));
	assert_true(let_in(&other));
	door(&op, &p, op_printf(&op, "{\"allowed_cidrs\":[\"192.0.2.0/24\","
	    "\"%s/32\"]}", net.gateway), true);
	door(&op, &p, "{\"allowed_cidrs\":[]}", false);
	door(&op, &p, "{\"allowed_cidrs\":[\"0.0.0.0/0\"]}", true);
	door(&op, &p, "{\"is_public\":true}", true);
	assert_false(local_dir_has(&op, place_dir(&op, &p), "access"));
	door(&op, &p, "{\"allowed_cidrs\":[]}", false);
	unmake(&op, &p);
	unmake(&op, &other);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

/* Somebody flushed the rules of this machine; the next start builds them. */
static void
a_door_is_shut_again_when_the_firewall_is_built_anew(void **state)
{
	struct place p, other;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, FOREVER);
	other = place_in(&op, 2, FOREVER);
	make(&op, &p);
	said(&op, &p, "up");
	door(&op, &p, "{\"allowed_cidrs\":[\"192.0.2.0/24\"]}", false);
	(void)!system(op_printf(&op, "nft delete table inet coffer_%s",
	    stack_bridge));
	assert_true(let_in(&p));
	make(&op, &other);
	assert_false(let_in(&p));
	unmake(&op, &p);
	unmake(&op, &other);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

static void
what_is_no_network_never_reaches_the_firewall(void **state)
{
	static const char *const bad[] = { "999.0.0.0/8", "10.0.0.0/33",
	    "10.0.0.0/8 accept; flush ruleset", "::1", "" };
	struct place p;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	p = place_in(&op, 1, FOREVER);
	make(&op, &p);
	said(&op, &p, "up");
	for (size_t i = 0; i < ROWS(bad); i++) {
		p.access = op_printf(&op, "{\"allowed_cidrs\":[\"%s\"]}",
		    bad[i]);
		assert_int_equal(ERR_CLOUD, cloud_network()->access(&op, &p));
	}
	assert_true(let_in(&p));
	unmake(&op, &p);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_volume_grows_while_it_is_in_use_and_never_shrinks),
		cmocka_unit_test(
		    a_volume_whose_file_has_grown_grows_when_it_is_asked_again),
		cmocka_unit_test(
		    limits_follow_the_flavor_both_ways_while_it_runs),
		cmocka_unit_test(limits_of_what_does_not_run_leave_no_trace),
		cmocka_unit_test(only_those_whom_the_access_names_are_let_in),
		cmocka_unit_test(
		    a_door_is_shut_again_when_the_firewall_is_built_anew),
		cmocka_unit_test(what_is_no_network_never_reaches_the_firewall),
	};

	int failures;

	stack_begin("full");
	failures = cmocka_run_group_tests_name("local_change", tests, NULL,
	    NULL);
	stack_end();
	return failures;
}
