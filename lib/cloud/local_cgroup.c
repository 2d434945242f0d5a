#include "lib/cloud/local_cgroup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERIOD_US 100000		/* of the processor quota */
#define GONE_MS 500			/* a killed process lingers in its cgroup */

enum controller { CG_MEMORY, CG_CPU, CG_PIDS, CG_KILL, CG__MAX };

/* Where each controller is.  Hierarchies shared by two appear twice. */
static struct hierarchy {
	char		 base[PATH_MAX];	/* "" : none */
	int		 version;
} found[CG__MAX];
static const char *mounts_file;

static const char *const controller_names[CG__MAX] = {
	[CG_MEMORY] = "memory", [CG_CPU] = "cpu", [CG_PIDS] = "pids",
	[CG_KILL] = "kill",		/* version 2 has cgroup.kill everywhere */
};

/* file of each limit, by version; NULL ends */
static const struct limit {
	enum controller	 controller;
	int		 version;
	const char	*file;
} limits[] = {
	{ CG_MEMORY, 1, "memory.limit_in_bytes" },
	{ CG_MEMORY, 2, "memory.max" },
	{ CG_CPU,    1, "cpu.cfs_quota_us" },
	{ CG_CPU,    2, "cpu.max" },
	{ CG_PIDS,   1, "pids.max" },
	{ CG_PIDS,   2, "pids.max" },
	{ CG__MAX,   0, NULL },
};

static bool
put(struct op *op, const char *dir, const char *file, const char *text)
{
	int fd = open(op_printf(op, "%s/%s", dir, file), O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd == -1)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static bool
word_in(const char *words, const char *word, const char *seps)
{
	size_t n = strlen(word);

	for (const char *s = words; (s = strstr(s, word)) != NULL; s += n)
		if ((s == words || strchr(seps, s[-1]) != NULL) &&
		    (s[n] == '\0' || strchr(seps, s[n]) != NULL))
			return true;
	return false;
}

/* This process' own place in the version 2 hierarchy: "/" as a rule for root. */
static const char *
own_path(struct op *op)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];
	const char *path = "";

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "0::/", 4) == 0)
			path = op_strndup(op, line + 3,
			    strcspn(line + 3, "\n"));
	if (f != NULL)
		fclose(f);
	return strcmp(path, "/") == 0 ? "" : path;
}

static bool
may_write(struct op *op, const char *dir)
{
	return access(op_printf(op, "%s/cgroup.procs", dir), W_OK) == 0 &&
	    access(dir, W_OK) == 0;
}

/* The topmost directory above our own that we may write to; NULL: none. */
static const char *
delegated(struct op *op, const char *mountpoint)
{
	char *at = op_printf(op, "%s%s", mountpoint, own_path(op));
	const char *best = NULL;
	size_t top = strlen(mountpoint);

	if (may_write(op, mountpoint))
		return mountpoint;
	for (; strlen(at) > top; *strrchr(at, '/') = '\0') {
		if (!may_write(op, at))
			break;
		best = op_strdup(op, at);
	}
	return best;
}

/*
 * Version 2 gives controllers to children only of a cgroup that has no
 * processes itself: in a delegated unit we step aside into a leaf first.
 */
static void
enable_v2(struct op *op, const char *base)
{
	const char *leaf = op_printf(op, "%s/coffer-self", base);
	char own[32];

	for (int c = 0; c < CG_KILL; c++) {
		const char *plus = op_printf(op, "+%s", controller_names[c]);

		if (put(op, base, "cgroup.subtree_control", plus) ||
		    errno != EBUSY || geteuid() == 0)
			continue;
		snprintf(own, sizeof(own), "%d", (int)getpid());
		mkdir(leaf, 0755);
		if (put(op, leaf, "cgroup.procs", own))
			put(op, base, "cgroup.subtree_control", plus);
	}
}

static void
found_set(enum controller c, int version, const char *base)
{
	if (*found[c].base != '\0' || strlen(base) >= PATH_MAX)
		return;
	found[c].version = version;
	strcpy(found[c].base, base);
}

static void
found_v2(struct op *op, const char *mountpoint)
{
	const char *base = delegated(op, mountpoint), *stack;
	char enabled[256] = "";
	FILE *f;

	if (base == NULL)
		return;
	enable_v2(op, base);
	stack = op_printf(op, "%s/coffer", base);
	if (mkdir(stack, 0755) == -1 && errno != EEXIST)
		return;
	enable_v2(op, stack);
	stack = op_printf(op, "%s/%s", stack, local_stack(op));
	if (mkdir(stack, 0755) == -1 && errno != EEXIST)
		return;
	enable_v2(op, stack);
	f = fopen(op_printf(op, "%s/cgroup.subtree_control", stack), "re");
	if (f != NULL && fgets(enabled, sizeof(enabled), f) == NULL)
		*enabled = '\0';
	if (f != NULL)
		fclose(f);
	for (int c = 0; c < CG_KILL; c++)
		if (word_in(enabled, controller_names[c], " \n"))
			found_set((enum controller)c, 2, stack);
	found_set(CG_KILL, 2, stack);
}

static void
found_v1(struct op *op, const char *mountpoint, const char *options)
{
	const char *top = op_printf(op, "%s/coffer", mountpoint);
	const char *stack = op_printf(op, "%s/%s", top, local_stack(op));

	for (int c = 0; c < CG_KILL; c++)
		if (word_in(options, controller_names[c], ",") &&
		    access(mountpoint, W_OK) == 0 &&
		    (mkdir(top, 0755) == 0 || errno == EEXIST) &&
		    (mkdir(stack, 0755) == 0 || errno == EEXIST))
			found_set((enum controller)c, 1, stack);
}

enum err
cgroup_open(struct op *op, const char *mounts)
{
	char line[PATH_MAX], *at, *where, *type, *options;
	FILE *f = fopen(mounts, "re");

	mounts_file = mounts;
	memset(found, 0, sizeof(found));
	if (f == NULL)
		return op_fail(op, ERR_CLOUD, "%s: %s", mounts,
		    strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL) {
		at = line;
		strsep(&at, " ");
		where = strsep(&at, " ");
		type = strsep(&at, " ");
		options = strsep(&at, " ");
		if (options == NULL)
			continue;
		if (strcmp(type, "cgroup") == 0)
			found_v1(op, where, options);
		else if (strcmp(type, "cgroup2") == 0)
			found_v2(op, where);
	}
	fclose(f);
	return OK;
}

const char *
cgroup_what(struct op *op)
{
	struct text t;

	text_begin(&t, op, 64);
	for (int c = 0; c < CG_KILL; c++)
		if (found[c].version != 0)
			text_printf(&t, "%s%s (v%d)", t.len > 0 ? ", " : "",
			    controller_names[c], found[c].version);
	return t.s;
}

static const char *
value_of(struct op *op, const struct limit *l, const struct cgroup_limits *n)
{
	switch (l->controller) {
	case CG_MEMORY:
		return op_printf(op, "%lld", (long long)n->memory_mb << 20);
	case CG_CPU:
		return l->version == 1 ?
		    op_printf(op, "%d", n->vcpus * PERIOD_US) :
		    op_printf(op, "%d %d", n->vcpus * PERIOD_US, PERIOD_US);
	default:
		return op_printf(op, "%d", n->pids);
	}
}

/* Hierarchies may be shared: true for the first controller of each. */
static bool
first_of_its_own(int c)
{
	for (int i = 0; i < c; i++)
		if (strcmp(found[i].base, found[c].base) == 0)
			return false;
	return *found[c].base != '\0';
}

/* The last instance's removal took the directories above it away, too. */
static enum err
make(struct op *op, int c, const char *dir)
{
	if (mkdir(dir, 0755) == 0 || errno == EEXIST)
		return OK;
	if (errno == ENOENT) {
		TRY(cgroup_open(op, mounts_file));
		if (*found[c].base != '\0' &&
		    (mkdir(dir, 0755) == 0 || errno == EEXIST))
			return OK;
	}
	return op_fail(op, ERR_CLOUD, "%s: %s", dir, strerror(errno));
}

enum err
cgroup_ensure(struct op *op, const char *instance,
    const struct cgroup_limits *n, const char **dirs)
{
	struct text t;

	text_begin(&t, op, 256);
	for (int c = 0; c < CG__MAX; c++) {
		const char *dir = op_printf(op, "%s/%s", found[c].base,
		    instance);

		if (!first_of_its_own(c))
			continue;
		TRY(make(op, c, dir));
		text_printf(&t, "%s%s", t.len > 0 ? " " : "", dir);
	}
	for (const struct limit *l = limits; l->file != NULL; l++) {
		const struct hierarchy *h = &found[l->controller];
		const char *dir = op_printf(op, "%s/%s", h->base, instance);

		if (h->version == l->version &&
		    !put(op, dir, l->file, value_of(op, l, n)))
			return op_fail(op, ERR_CLOUD, "%s/%s: %s", dir,
			    l->file, strerror(errno));
	}
	*dirs = t.s;
	return OK;
}

/* Version 1 has no kill: each process by its number, until none is left. */
static bool
kill_members(struct op *op, const char *dir)
{
	FILE *f = fopen(op_printf(op, "%s/cgroup.procs", dir), "re");
	bool any = false;
	char line[32];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (atoi(line) > 1 && kill(atoi(line), SIGKILL) == 0)
			any = true;
	if (f != NULL)
		fclose(f);
	return any;
}

void
cgroup_kill(struct op *op, const char *instance)
{
	int64_t until = clock_ms() + GONE_MS;

	for (int c = CG__MAX - 1; c >= 0; c--) {
		const char *dir = op_printf(op, "%s/%s", found[c].base,
		    instance);

		if (*found[c].base == '\0' || (found[c].version == 2 &&
		    put(op, dir, "cgroup.kill", "1")))
			continue;
		while (kill_members(op, dir) && clock_ms() < until)
			clock_sleep_ms(2);
	}
}

/* The directories above, once no instance is in them. */
static void
drop_parents(struct op *op)
{
	for (int c = 0; c < CG__MAX; c++)
		if (*found[c].base != '\0' && rmdir(found[c].base) == 0)
			rmdir(op_printf(op, "%s/..", found[c].base));
}

enum err
cgroup_remove(struct op *op, const char *instance)
{
	int64_t until = clock_ms() + GONE_MS;

	for (int c = 0; c < CG__MAX; c++) {
		const char *dir = op_printf(op, "%s/%s", found[c].base,
		    instance);

		while (first_of_its_own(c) && rmdir(dir) == -1 &&
		    errno != ENOENT) {
			if (clock_ms() >= until)
				return op_fail(op, ERR_UNAVAILABLE, "%s: %s",
				    dir, strerror(errno));
			clock_sleep_ms(2);
		}
	}
	drop_parents(op);
	return OK;
}

void
cgroup_list(struct local_ids *ids)
{
	struct dirent *e;
	DIR *d;

	for (int c = 0; c < CG__MAX; c++) {
		if (!first_of_its_own(c) ||
		    (d = opendir(found[c].base)) == NULL)
			continue;
		while ((e = readdir(d)) != NULL)
			if (text_is_uuid(e->d_name))
				local_ids_add(ids, e->d_name);
		closedir(d);
	}
}
