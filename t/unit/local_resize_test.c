/* What changes under a running instance: the size of its volume, its limits. */
#include "t/unit/test.h"
#include "t/unit/local_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/cloud/local.h"
#include "lib/cloud/local_lock.h"
#include "lib/cloud/local_tree.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>

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
	};

	int failures;

	stack_begin("full");
	failures = cmocka_run_group_tests_name("local_resize", tests, NULL,
	    NULL);
	stack_end();
	return failures;
}
