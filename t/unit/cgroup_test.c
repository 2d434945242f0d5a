/*
 * cgroup - limits are written in the words of each version.  The trees are
 * plain files, so that both versions are tested on any machine.
 */
#include "t/unit/test.h"
#include "lib/base/conf.h"
#include "lib/cloud/local_cgroup.h"
#include "lib/cloud/local_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "6f1c8a52-0b52-4c53-9d3a-6a9f4f3f8a11"

static char top[64];
static const struct cgroup_limits limits = { 512, 2, 300 };

static int
tree_begin(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/coffer-cgroup.XXXXXX");
	return mkdtemp(top) == NULL;
}

static int
tree_end(void **state)
{
	struct op op;

	(void)state;
	op_begin(&op, "test");
	tree_remove(&op, top);
	op_end(&op);
	return 0;
}

/* The kernel would make these files with the directory. */
static void
put(struct op *op, const char *path, const char *text)
{
	char *dir = op_printf(op, "%s/%s", top, path);

	for (char *s = dir + 1; (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		mkdir(dir, 0755);
		*s = '/';
	}
	assert_int_equal(OK, file_write(op, dir, text, 0644));
}

static const char *
get(struct op *op, const char *path)
{
	char *text = NULL;

	assert_int_equal(OK, file_read(op, op_printf(op, "%s/%s", top, path),
	    &text));
	return text;
}

static const char *
mounts(struct op *op, const char *lines)
{
	put(op, "mounts", lines);
	return op_printf(op, "%s/mounts", top);
}

static void
version_2_limits_by_its_own_words(void **state)
{
	const char *in, *dirs;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	in = op_printf(&op, "u/coffer/%s", local_stack(&op));
	put(&op, "u/cgroup.procs", "");
	put(&op, "u/cgroup.subtree_control", "");
	put(&op, op_printf(&op, "%s/cgroup.subtree_control", in),
	    "cpuset hugetlb rdma cpu io memory pids\n");
	put(&op, op_printf(&op, "%s/" ID "/memory.max", in), "");
	put(&op, op_printf(&op, "%s/" ID "/cpu.max", in), "");
	put(&op, op_printf(&op, "%s/" ID "/pids.max", in), "");
	assert_int_equal(OK, cgroup_open(&op, mounts(&op, op_printf(&op,
	    "cgroup2 %s/u cgroup2 rw,nosuid 0 0\n", top))));
	assert_non_null(strstr(cgroup_what(&op), "memory (v2)"));
	assert_int_equal(OK, cgroup_ensure(&op, ID, &limits, &dirs));
	assert_string_equal(op_printf(&op, "%s/%s/" ID, top, in), dirs);
	assert_string_equal("536870912", get(&op, op_printf(&op,
	    "%s/" ID "/memory.max", in)));
	assert_string_equal("200000 100000", get(&op, op_printf(&op,
	    "%s/" ID "/cpu.max", in)));
	assert_string_equal("300", get(&op, op_printf(&op,
	    "%s/" ID "/pids.max", in)));
	op_end(&op);
}

static void
version_1_has_a_tree_for_each(void **state)
{
	static const struct { const char *tree, *file, *want; } rows[] = {
		{ "memory", "memory.limit_in_bytes", "536870912" },
		{ "cpu,cpuacct", "cpu.cfs_quota_us", "200000" },
		{ "pids", "pids.max", "300" },
	};
	const char *dirs, *lines = "", *files[ROWS(rows)];
	struct op op;

	(void)state;
	op_begin(&op, "test");
	for (size_t i = 0; i < ROWS(rows); i++) {
		files[i] = op_printf(&op, "v1/%s/coffer/%s/" ID "/%s",
		    rows[i].tree, local_stack(&op), rows[i].file);
		put(&op, files[i], "");
		lines = op_printf(&op, "%scgroup %s/v1/%s cgroup rw,%s 0 0\n",
		    lines, top, rows[i].tree, rows[i].tree);
	}
	assert_int_equal(OK, cgroup_open(&op, mounts(&op, lines)));
	assert_non_null(strstr(cgroup_what(&op), "memory (v1)"));
	assert_int_equal(OK, cgroup_ensure(&op, ID, &limits, &dirs));
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_string_equal(rows[i].want, get(&op, files[i]));
	op_end(&op);
}

static void
a_controller_is_not_taken_for_one_of_a_longer_name(void **state)
{
	struct op op;

	(void)state;
	op_begin(&op, "test");
	mkdir(op_printf(&op, "%s/s", top), 0755);
	assert_int_equal(OK, cgroup_open(&op, mounts(&op, op_printf(&op,
	    "cgroup %s/s cgroup rw,cpuset,cpuacct 0 0\n", top))));
	assert_string_equal("", cgroup_what(&op));
	op_end(&op);
}

static void
without_any_tree_nothing_is_limited_and_nothing_fails(void **state)
{
	const char *dirs;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	assert_int_equal(OK, cgroup_open(&op, mounts(&op,
	    "tmpfs /tmp tmpfs rw 0 0\nbroken\n\n")));
	assert_string_equal("", cgroup_what(&op));
	assert_int_equal(OK, cgroup_ensure(&op, ID, &limits, &dirs));
	assert_string_equal("", dirs);
	assert_int_equal(OK, cgroup_remove(&op, ID));
	op_end(&op);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2_limits_by_its_own_words),
		cmocka_unit_test(version_1_has_a_tree_for_each),
		cmocka_unit_test(
		    a_controller_is_not_taken_for_one_of_a_longer_name),
		cmocka_unit_test(
		    without_any_tree_nothing_is_limited_and_nothing_fails),
	};

	return cmocka_run_group_tests_name("cgroup", tests, tree_begin,
	    tree_end);
}
