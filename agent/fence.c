#include "agent/fence.h"
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ABI_LEAST 2			/* the first in which files can be renamed */

/* By the ABI that brought them; headers of Debian 12 end at ABI 3. */
#define OF_ABI2 ((UINT64_C(1) << 14) - 1)
#define TRUNCATE (UINT64_C(1) << 14)		/* 3 */
#define IOCTL_DEV (UINT64_C(1) << 15)		/* 5 */
#define SCOPE_ALL 3u				/* 6: abstract sockets, signals */

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RUN (READ | LANDLOCK_ACCESS_FS_EXECUTE)
#define DEVICE (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | IOCTL_DEV)
#define OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | \
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | TRUNCATE | \
    IOCTL_DEV)

/* What ABI 6 takes; older ones take the beginning of it. */
struct ruleset { uint64_t files, net, scoped; };

static const struct { const char *path; uint64_t rights; } everybodys[] = {
	{ "/usr", RUN }, { "/bin", RUN }, { "/lib", RUN }, { "/lib64", RUN },
	{ "/etc", READ }, { "/proc", READ }, { "/sys", READ },
	{ "/dev", DEVICE },
	{ NULL, 0 }
};

static enum err
allow(struct op *op, int fence, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr a = { .allowed_access = rights };
	struct stat st;
	long r = -1;

	if ((a.parent_fd = open(path, O_PATH | O_CLOEXEC)) != -1) {
		if (fstat(a.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
			a.allowed_access &= OF_FILES;
		r = syscall(SYS_landlock_add_rule, fence,
		    LANDLOCK_RULE_PATH_BENEATH, &a, 0);
		close(a.parent_fd);
	}
	return r == 0 ? OK : op_fail(op, ERR_INTERNAL, "fence: %s: %s", path,
	    strerror(errno));
}

static enum err
allow_all(struct op *op, int fence, const struct fence *f, uint64_t handled)
{
	for (size_t i = 0; everybodys[i].path != NULL; i++)
		if (access(everybodys[i].path, F_OK) == 0)
			TRY(allow(op, fence, everybodys[i].path,
			    everybodys[i].rights & handled));
	if (f->home != NULL)
		TRY(allow(op, fence, f->home, RUN));
	for (const char *const *r = f->reads; *r != NULL; r++)
		TRY(allow(op, fence, *r, READ));
	for (const char *const *w = f->writes; *w != NULL; w++)
		TRY(allow(op, fence, *w, handled &
		    ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE));
	return OK;
}

enum err
fence_make(struct op *op, const struct fence *f, int *fence)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset r = { .files = OF_ABI2 };
	enum err e;

	*fence = -1;
	if (abi < ABI_LEAST) {
		log_warn(op, "no Landlock: the server can reach the agent's "
		    "own files");
		return OK;
	}
	r.files |= (abi >= 3 ? TRUNCATE : 0) | (abi >= 5 ? IOCTL_DEV : 0);
	r.scoped = abi >= 6 ? SCOPE_ALL : 0;
	*fence = (int)syscall(SYS_landlock_create_ruleset, &r,
	    abi >= 6 ? sizeof(r) : abi >= 4 ? 16 : 8, 0);
	if (*fence == -1)
		return op_fail(op, ERR_INTERNAL, "fence: %s", strerror(errno));
	e = allow_all(op, *fence, f, r.files);
	if (e != OK) {
		close(*fence);
		*fence = -1;
	}
	return e;
}

bool
fence_enter(int fence)
{
	return fence == -1 || (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, fence, 0) == 0);
}
