#include "agent/redis_server.h"
#include "agent/file.h"
#include "agent/host.h"
#include "agent/memory.h"
#include "agent/settings.h"
#include "lib/base/log.h"

#include <sys/stat.h>

#define PROGRAM	"/usr/bin/redis-server"
#define STOP_MS	20000			/* then it is killed; its log is complete */
#define LOG	"log/redis.log"

static struct host_process server = { .watch = -1 };
static bool known;			/* it let the agent in since it was begun */

/* The files that it only reads are no less the agent's own. */
static struct host_command
command(struct op *op)
{
	const char **argv = op_alloc(op, 3 * sizeof(*argv));
	const char **reads = op_alloc(op, 3 * sizeof(*reads));
	const char **writes = op_alloc(op, 4 * sizeof(*writes));

	argv[0] = PROGRAM;
	argv[1] = file_data(op, "redis.conf");
	reads[0] = file_data(op, "redis.conf");
	reads[1] = file_data(op, "agent/users.acl");
	writes[0] = file_data(op, REDIS_DATA);
	writes[1] = file_data(op, "run");
	writes[2] = file_data(op, "log");
	return (struct host_command){
		.argv = argv, .reads = reads, .writes = writes,
		.log = file_data(op, LOG),
		.pid_file = file_data(op, "agent/server.pid"),
	};
}

static enum err
start(struct op *op)
{
	struct host_command c = command(op);

	host_forget(&server);
	redis_hang_up();
	known = false;
	if (host_adopt(op, &c, &server)) {
		log_info(op, "adopted redis-server, process %d", server.pid);
		return OK;
	}
	TRY(redis_conf_write(op));
	return host_start(op, &c, &server);
}

static enum err
stop(struct op *op)
{
	redis_hang_up();
	host_end(op, &server, STOP_MS);
	return OK;
}

static enum err
status(struct op *op, enum db_status *out)
{
	bool let_in;

	*out = DB_CRASHED;
	if (!host_running(&server)) {
		*out = DB_SHUTDOWN;
		return OK;
	}
	TRY(redis_probe(op, &let_in));
	if (let_in && !known)
		settings_started(op);
	known = known || let_in;
	*out = DB_HEALTHY;
	return OK;
}

static int
pid(void)
{
	return host_pid(&server);
}

static int
watch(void)
{
	return server.watch;
}

/* Slow commands are kept in memory, where root reads them: SLOWLOG GET. */
static enum err
log_list(struct op *op, const struct db_log **out)
{
	struct db_log *list = op_alloc(op, 2 * sizeof(*list));
	struct stat st;

	list[0] = (struct db_log){ .name = "error", .system = true,
	    .on = true };
	if (stat(file_data(op, LOG), &st) == 0)
		list[0].size = (int64_t)st.st_size;
	*out = list;
	return OK;
}

static enum err
log_set(struct op *op, const char *name, bool on)
{
	(void)on;
	return op_fail(op, ERR_BAD_REQUEST, "Log '%s' cannot be switched.",
	    name);
}

const struct datastore datastore_redis = {
	.name = "redis",
	.start = start,
	.stop = stop,
	.retune = memory_retune,
	.status = status,
	.pid = pid,
	.watch = watch,
	.user_create = redis_user_create,
	.user_delete = redis_user_delete,
	.user_list = redis_user_list,
	.user_show = redis_user_show,
	.user_update = redis_user_update,
	.configure = redis_configure,
	.complaint = settings_complaint,
	.root_enable = redis_root_enable,
	.root_disable = redis_root_disable,
	.backup = redis_backup,
	.restore = redis_restore,
	.restored = redis_restored,
	.log_list = log_list,
	.log_set = log_set,
};
