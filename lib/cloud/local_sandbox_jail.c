/* What a sandbox gives up before the instance's first own instruction. */
#include "lib/cloud/local_sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#define X32_BIT 0x40000000u
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "name this machine's AUDIT_ARCH here"
#endif

#define FILES_MAX 65536
#define CAPABILITIES 64			/* more than there are; others answer EINVAL */
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |	\
    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* Refused with EPERM: doors out of a sandbox, or ones that lead only there. */
static const int denied[] = {
	/* the view of the file system */
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount,
	SYS_open_tree, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
	SYS_mount_setattr, SYS_open_by_handle_at, SYS_name_to_handle_at,
	SYS_swapon, SYS_swapoff, SYS_quotactl, SYS_quotactl_fd,
	/* namespaces; see also what is done about clone below */
	SYS_unshare, SYS_setns,
	/* other processes' memory */
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp,
	SYS_pidfd_getfd, SYS_process_madvise,
	/* much kernel for little use: where exploits come from */
	SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup,
	SYS_io_uring_enter, SYS_io_uring_register, SYS_add_key, SYS_keyctl,
	SYS_request_key, SYS_fanotify_init, SYS_lookup_dcookie,
	/* the machine */
	SYS_kexec_load, SYS_kexec_file_load, SYS_init_module,
	SYS_finit_module, SYS_delete_module, SYS_reboot, SYS_syslog,
	SYS_acct, SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime,
	SYS_adjtimex, SYS_sethostname, SYS_setdomainname, SYS_vhangup,
#if defined(__x86_64__)
	SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib, SYS_ustat,
	SYS__sysctl,
#endif
};
enum { DENIED = sizeof(denied) / sizeof(denied[0]) };

/* The program grows downwards; refusals jump to its last instruction but n. */
struct filter { struct sock_filter code[DENIED * 2 + 24]; unsigned short n; };

static void
add(struct filter *f, struct sock_filter i)
{
	f->code[f->n++] = i;
}

static void
load(struct filter *f, size_t offset)
{
	add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)offset));
}

/* When the loaded value passes the test against k, that is the answer. */
static void
answer_if(struct filter *f, uint16_t test, uint32_t k, uint32_t answer)
{
	add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, k, 0, 1));
	add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

enum err
sandbox_seccomp(struct op *op)
{
	struct filter f = { .n = 0 };
	struct sock_fprog p = { .filter = f.code };

	load(&f, offsetof(struct seccomp_data, arch));
	add(&f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
	    OUR_ARCH, 1, 0));
	add(&f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
	    SECCOMP_RET_KILL_PROCESS));
	load(&f, offsetof(struct seccomp_data, nr));
#ifdef X32_BIT
	answer_if(&f, BPF_JGE, X32_BIT, SECCOMP_RET_ERRNO | ENOSYS);
#endif
	for (size_t i = 0; i < DENIED; i++)
		answer_if(&f, BPF_JEQ, (uint32_t)denied[i],
		    SECCOMP_RET_ERRNO | EPERM);
	/* clone3 hides its flags from us; the C library falls back to clone. */
	answer_if(&f, BPF_JEQ, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
	add(&f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
	    SYS_clone, 0, 3));
	load(&f, offsetof(struct seccomp_data, args[0]));
	answer_if(&f, BPF_JSET, NAMESPACES, SECCOMP_RET_ERRNO | EPERM);
	add(&f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
	    SECCOMP_RET_ALLOW));
	p.len = f.n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0) == -1)
		return op_fail(op, ERR_CLOUD, "seccomp: %s", strerror(errno));
	return OK;
}

static void
limits_set(void)
{
	struct rlimit core = { 0, 0 }, files;

	setrlimit(RLIMIT_CORE, &core);
	if (getrlimit(RLIMIT_NOFILE, &files) == -1)
		return;
	if (files.rlim_max > FILES_MAX)
		files.rlim_max = FILES_MAX;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static enum err
become(struct op *op, uid_t uid)
{
	if (geteuid() != 0 || uid == 0)
		return OK;		/* the user namespace did it, or cannot be done */
	if (setgroups(0, NULL) == -1 || setresgid(uid, uid, uid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return op_fail(op, ERR_CLOUD, "become %u: %s", uid,
		    strerror(errno));
	return OK;
}

static enum err
capabilities_drop(struct op *op)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &h, none) == -1)
		return op_fail(op, ERR_CLOUD, "capset: %s", strerror(errno));
	return OK;
}

/* The bounding set needs a capability to shrink, so it goes first. */
enum err
sandbox_jail(struct op *op, const struct sandbox *s)
{
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	limits_set();
	for (int c = 0; c < CAPABILITIES; c++)
		prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	TRY(become(op, sandbox_uid(s)));
	TRY(capabilities_drop(op));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return op_fail(op, ERR_CLOUD, "prctl: %s", strerror(errno));
	if (sandbox_mode(s) == LOCAL_LANDLOCK)
		TRY(sandbox_landlock(op, s));
	return sandbox_seccomp(op);
}
