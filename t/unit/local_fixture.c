#include "t/unit/test.h"
#include "t/unit/local_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/cloud/local_tree.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GONE_MS 10000
#define READY_MS	40000		/* of a machine that does much else, too */

char stack_dir[64];
char stack_bridge[16];

static void
set(struct op *op, const char *key, const char *value)
{
	if (conf_set(op, "local", key, value) != OK)
		errx(1, "%s", op->why);
}

/* Numbers of its own, so that several run side by side. */
static void
configure(struct op *op, const char *mode)
{
	const char *built = getenv("top_builddir");
	int n = (int)getpid();

	snprintf(stack_bridge, sizeof(stack_bridge), "ct%d", n % 1000000);
	set(op, "root", stack_dir);
	set(op, "mode", mode);
	set(op, "bridge", stack_bridge);
	set(op, "subnet", op_printf(op, "10.%d.%d.0/24", 180 + n % 40,
	    n / 40 % 256));
	set(op, "loopback", op_printf(op, "127.%d.%d.0/24", 80 + n % 100,
	    n / 100 % 256));
	set(op, "uid_base", op_printf(op, "%d", 500000 + n % 10000 * 20));
	set(op, "slots", "10");
	set(op, "agent", op_printf(op, "%s/agent", stack_dir));
	set(op, "sandbox", op_printf(op, "%s/coffer-sandbox",
	    built != NULL ? built : "."));
}

/* The agent's stand-in: agent.conf is its program. */
static void
agent_write(struct op *op)
{
	const char *path = op_printf(op, "%s/agent", stack_dir);

	if (file_write(op, path, "#!/bin/sh\n. \"$2\"\n", 0755) != OK)
		errx(1, "%s", op->why);
}

void
stack_begin(const char *mode)
{
	struct op op;

	snprintf(stack_dir, sizeof(stack_dir), "/tmp/coffer-local.XXXXXX");
	if (mkdtemp(stack_dir) == NULL)
		err(1, "%s", stack_dir);
	chmod(stack_dir, 0711);
	umask(077);			/* as in our systemd units */
	log_init("local_test", LOG_WARN);
	op_begin(&op, "test");
	configure(&op, mode);
	agent_write(&op);
	if (cloud_open(&op) != OK) {
		printf("1..0 # SKIP %s\n", op.why);
		tree_remove(&op, stack_dir);
		exit(0);
	}
	op_end(&op);
}

/* Also what failed tests left behind. */
void
stack_end(void)
{
	struct op op;

	op_begin(&op, "test");
	(void)!system(op_printf(&op, "exec 2>/dev/null; d=%s b=%s\n"
	    "kill -9 $(grep -ls $d/inst /proc/[0-9]*/cmdline | "
	    "cut -d/ -f3 | grep -vx $$) && sleep 0.5\n"
	    "find /sys/fs/cgroup -depth -type d -path \"*/coffer/$b-*\" "
	    "-exec rmdir {} ';'\n"
	    "ip link del $b; nft delete table inet coffer_$b", stack_dir,
	    stack_bridge));
	if (tree_remove(&op, stack_dir) != OK)
		warnx("%s", op.why);
	op_end(&op);
}

struct place
place_in(struct op *op, int slot, const char *script)
{
	char id[UUID_LEN + 1];

	text_uuid(id);
	return (struct place){
		.instance = op_strdup(op, id), .tenant = "t", .name = "n",
		.engine = "null", .version = "1", .ram_mb = 64, .vcpus = 1,
		.volume_gb = 1, .slot = slot,
		.agent_conf = op_printf(op, "%s\nexit 0\n", script),
	};
}

const char *
place_dir(struct op *op, const struct place *p)
{
	return op_printf(op, "%s/instances/%s", stack_dir, p->instance);
}

enum err
try_make(struct op *op, struct place *p)
{
	int64_t until = clock_ms() + READY_MS;
	struct port port = { 0 };
	bool ready = false;

	while (!ready && clock_ms() < until) {
		TRY(cloud_network()->ensure(op, p, &ready, &port));
		p->port_id = port.id;
		p->address = port.address;
		TRY(cloud_volume()->ensure(op, p, &ready, &p->volume_id));
		TRY(cloud_compute()->ensure(op, p, &ready, &p->server_id));
		if (!ready)
			clock_sleep_ms(20);
	}
	return ready ? OK : op_fail(op, ERR_CLOUD, "never ready");
}

void
make(struct op *op, struct place *p)
{
	if (try_make(op, p) != OK) {
		warnx("%s", op->why);	/* TAP would not show it */
		fail();
	}
}

typedef enum err (*remover)(struct op *, const struct place *, bool *);

void
unmake(struct op *op, struct place *p)
{
	const remover all[] = { cloud_compute()->remove,
	    cloud_volume()->remove, cloud_network()->remove };
	int64_t until = clock_ms() + GONE_MS;

	for (size_t i = 0; i < ROWS(all); i++)
		for (bool gone = false; !gone; ) {
			if (all[i](op, p, &gone) != OK)
				fail_msg("%s", op->why);
			if (clock_ms() > until)
				fail_msg("not gone after 10 s");
		}
}

const char *
said(struct op *op, const struct place *p, const char *wanted)
{
	const char *log = op_printf(op, "%s/log", place_dir(op, p));
	int64_t until = clock_ms() + GONE_MS;
	char *text = op_strdup(op, "");

	do {
		if (file_read(op, log, &text) == OK &&
		    strstr(text, wanted) != NULL)
			return text;
		clock_sleep_ms(10);
	} while (clock_ms() < until);
	fail_msg("never said \"%s\": %s", wanted, text);
	return text;
}

/* The machine is shared: only what carries this stack's names is looked at. */
const char *
traces(struct op *op)
{
	const char *ask = op_printf(op,
	    "exec 2>/dev/null; d=%s b=%s\n"
	    "grep -F $d /proc/mounts /proc/[0-9]*/mountinfo\n"
	    "grep -F $d /sys/block/loop*/loop/backing_file\n"
	    "ls -d /sys/class/net/$b* /run/netns/$b*\n"
	    "find /sys/fs/cgroup -type d -path \"*/coffer/$b*\"\n"
	    "nft list tables | grep $b\n"
	    "grep -l $d/inst /proc/[0-9]*/cmdline\n"
	    "for u in $(seq 0 10); do "
	    "ps -o stat=,pid=,args= -u $((%d + u)) | grep -v ^Z; done\n"
	    "getent passwd | grep coffer-local\n"
	    "find $d/instances -mindepth 1\n", stack_dir, stack_bridge,
	    geteuid() == 0 ? conf_int("local.uid_base") : 999999999);
	FILE *f = popen(ask, "r");
	struct text t;
	char line[1024];

	text_begin(&t, op, 256);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		text_add(&t, line);
	if (f != NULL)
		pclose(f);
	return t.s;
}
