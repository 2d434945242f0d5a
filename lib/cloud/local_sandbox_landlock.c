/* Mode landlock: no namespaces, but only these paths.  Needs no privilege. */
#include "lib/cloud/local_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights by the ABI that brought them; headers of Debian 12 end at ABI 3. */
#define RIGHTS_ABI1 ((UINT64_C(1) << 13) - 1)
#define RIGHT_REFER (UINT64_C(1) << 13)		/* 2 */
#define RIGHT_TRUNCATE (UINT64_C(1) << 14)	/* 3 */
#define RIGHT_IOCTL_DEV (UINT64_C(1) << 15)	/* 5 */
#define SCOPE_ALL 3u				/* 6: abstract sockets, signals */
#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RUN (READ | LANDLOCK_ACCESS_FS_EXECUTE)
#define DEVICE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | \
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | \
    RIGHT_TRUNCATE | RIGHT_IOCTL_DEV)

/* What ABI 6 takes; older ones take the beginning of it. */
struct ruleset { uint64_t files, net, scoped; };

static const struct { const char *path; uint64_t rights; } allowed[] = {
	{ "/usr", RUN },
	{ "/etc/ld.so.cache", READ }, { "/etc/ssl", READ },
	{ "/etc/passwd", READ }, { "/etc/group", READ },
	{ "/etc/hosts", READ }, { "/etc/nsswitch.conf", READ },
	{ "/etc/localtime", READ }, { "/etc/services", READ },
	{ "/proc", READ }, { "/sys/devices/system", READ },
	{ "/dev/null", DEVICE }, { "/dev/zero", DEVICE },
	{ "/dev/full", DEVICE },
	{ "/dev/random", READ }, { "/dev/urandom", READ },
	{ NULL, 0 }
};

int
sandbox_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

/* What is not there cannot be reached: no rule, no error. */
static enum err
allow(struct op *op, int rules, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr a = { .allowed_access = rights };
	struct stat st;
	long r;

	if ((a.parent_fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return OK;
	if (fstat(a.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		a.allowed_access &= OF_FILES;
	r = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
	    &a, 0);
	close(a.parent_fd);
	if (r == -1)
		return op_fail(op, ERR_CLOUD, "landlock %s: %s", path,
		    strerror(errno));
	return OK;
}

static enum err
allow_all(struct op *op, int rules, const struct sandbox *s, uint64_t handled)
{
	for (size_t i = 0; allowed[i].path != NULL; i++)
		TRY(allow(op, rules, allowed[i].path, allowed[i].rights));
	if (*s->agent != '\0')
		TRY(allow(op, rules, s->agent, RUN));
	if (*sandbox_mover(op, s) != '\0')
		TRY(allow(op, rules, sandbox_mover(op, s), RUN));
	if (*s->bus != '\0')
		TRY(allow(op, rules, s->bus, READ));
	if (*s->home != '\0')
		TRY(allow(op, rules, s->home, RUN));
	return allow(op, rules, s->volume,
	    handled & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE);
}

enum err
sandbox_landlock(struct op *op, const struct sandbox *s)
{
	int abi = sandbox_landlock_abi(), rules;
	struct ruleset r = { .files = RIGHTS_ABI1 };
	size_t size = abi >= 6 ? sizeof(r) : abi >= 4 ? 16 : 8;
	enum err e;

	r.files |= (abi >= 2 ? RIGHT_REFER : 0) |
	    (abi >= 3 ? RIGHT_TRUNCATE : 0) |
	    (abi >= 5 ? RIGHT_IOCTL_DEV : 0);
	r.scoped = abi >= 6 ? SCOPE_ALL : 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (rules == -1)
		return op_fail(op, ERR_CLOUD, "landlock: %s", strerror(errno));
	e = allow_all(op, rules, s, r.files);
	if (e == OK && syscall(SYS_landlock_restrict_self, rules, 0) == -1)
		e = op_fail(op, ERR_CLOUD, "landlock: %s", strerror(errno));
	close(rules);
	return e;
}
