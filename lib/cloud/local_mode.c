/*
 * How instances are kept apart on this machine: found out once, by trying.
 * Each mode gives up something that the one above it has.
 */
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/cloud/local.h"
#include "lib/cloud/local_cgroup.h"
#include "lib/cloud/local_firewall.h"
#include "lib/cloud/local_image.h"
#include "lib/cloud/local_network.h"
#include "lib/cloud/local_sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const local_mode_names[LOCAL__MAX] = {
	[LOCAL_FULL] = "full", [LOCAL_USERNS] = "userns",
	[LOCAL_LANDLOCK] = "landlock", [LOCAL_PLAIN] = "plain",
};
const char *const local_fs_names[LOCAL_FS__MAX] = {
	[LOCAL_XFS] = "xfs", [LOCAL_EXT4] = "ext4",
	[LOCAL_DIRECTORY] = "directory",
};

static struct local found = { .mode = LOCAL__MAX };

const struct local *
local_found(void)
{
	return &found;
}

/* Namespaces, and in them the two mounts that are refused most often. */
static const char *
namespaces_unfit(struct op *op, enum local_mode mode)
{
	int status;
	pid_t pid;

	if (sandbox_clone(op, mode, local_uid(0), &pid) != OK)
		return op->why;
	if (pid == 0)
		_exit(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
		    mount("tmpfs", "/tmp", "tmpfs", 0, "size=64k") == -1 ||
		    mount("proc", "/proc", "proc", 0, "hidepid=2") == -1);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return status == 0 ? NULL : "no mounts in namespaces";
}

static const char *
full_unfit(struct op *op)
{
	const char *why;

	if (geteuid() != 0)
		return "not root";
	if ((why = namespaces_unfit(op, LOCAL_FULL)) != NULL)
		return why;
	return network_hold(op) == OK ? NULL : op->why;
}

static const char *
userns_unfit(struct op *op)
{
	return namespaces_unfit(op, LOCAL_USERNS);
}

static const char *
landlock_unfit(struct op *op)
{
	(void)op;
	return sandbox_landlock_abi() > 0 ? NULL : "no Landlock";
}

static const char *
plain_unfit(struct op *op)
{
	(void)op;
	return NULL;
}

static const struct {
	const char	*(*unfit)(struct op *);	/* why not; NULL: it works */
	bool		 contains;		/* a database superuser */
	const char	*lacks;
} modes[] = {
	[LOCAL_FULL] = { full_unfit, true, "" },
	[LOCAL_USERNS] = { userns_unfit, true, "network isolation" },
	[LOCAL_LANDLOCK] = { landlock_unfit, false,
	    "network, process and ipc isolation" },
	[LOCAL_PLAIN] = { plain_unfit, false,
	    "network, process, ipc and file isolation" },
};
_Static_assert(sizeof(modes) / sizeof(modes[0]) == LOCAL__MAX, "a row per mode");

bool
local_contains(void)
{
	return modes[found.mode].contains;
}

/* The probes ask local_found(), so it says what is being tried. */
static enum err
mode_find(struct op *op, const char **better)
{
	const char *want = conf_str("local.mode"), *why;
	bool any = strcmp(want, "auto") == 0;

	*better = "";
	for (int m = 0; m < LOCAL__MAX; m++) {
		if (!any && strcmp(want, local_mode_names[m]) != 0)
			continue;
		found.mode = (enum local_mode)m;
		if ((why = modes[m].unfit(op)) == NULL)
			return OK;
		*better = op_printf(op, "%s; not %s: %s", *better,
		    local_mode_names[m], why);
	}
	found.mode = LOCAL__MAX;
	return op_fail(op, ERR_BAD_REQUEST, "local.mode = %s cannot be had%s",
	    want, *better);
}

static enum err
filesystem_find(struct op *op)
{
	const char *want = conf_str("local.filesystem"), *why = NULL;
	bool any = strcmp(want, "auto") == 0;

	for (int f = 0; f < LOCAL_FS__MAX; f++) {
		if (!any && strcmp(want, local_fs_names[f]) != 0)
			continue;
		found.fs = (enum local_fs)f;
		why = found.mode != LOCAL_FULL && f != LOCAL_DIRECTORY ?
		    "needs mode full" : image_unfit(op, found.fs);
		if (why == NULL)
			return OK;
	}
	return op_fail(op, ERR_BAD_REQUEST,
	    "local.filesystem = %s cannot be had: %s", want,
	    why == NULL ? "no such thing" : why);
}

static void
lack(struct op *op, const char **list, bool missing, const char *what)
{
	if (missing && *what != '\0')
		*list = op_printf(op, "%s%s%s", *list,
		    **list == '\0' ? "" : ", ", what);
}

static void
tell(struct op *op, const char *better)
{
	const char *limits = cgroup_what(op), *lacks = "";

	lack(op, &lacks, true, modes[found.mode].lacks);
	lack(op, &lacks, !found.own_uids, "own user ids");
	lack(op, &lacks, found.fs == LOCAL_DIRECTORY, "volume size limits");
	lack(op, &lacks, strstr(limits, "memory") == NULL, "memory limits");
	lack(op, &lacks, strstr(limits, "cpu") == NULL, "processor limits");
	lack(op, &lacks, strstr(limits, "pids") == NULL, "process limits");
	log_info(op, "local: mode %s, volumes %s, limits %s; lacks %s%s",
	    local_mode_names[found.mode], local_fs_names[found.fs],
	    *limits == '\0' ? "none" : limits,
	    *lacks == '\0' ? "nothing" : lacks, better);
}

static enum err
probe(struct op *op)
{
	const char *better;

	found.own_uids = geteuid() == 0;
	TRY(mode_find(op, &better));
	TRY(filesystem_find(op));
	TRY(cgroup_open(op, "/proc/self/mounts"));
	tell(op, better);
	return OK;
}

/* An op of its own: what the probes held is given back at once. */
enum err
local_open(struct op *op)
{
	static bool done;
	struct op inner;
	enum err e;

	if (done)
		return OK;
	op_begin(&inner, op->id);
	if ((e = probe(&inner)) != OK)
		(void)op_fail(op, e, "%s", inner.why);
	op_end(&inner);
	done = e == OK;
	return e;
}
