#include "agent/redis_server.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/memory.h"
#include "agent/server.h"
#include "agent/settings.h"
#include "agent/tls.h"
#include "lib/base/log.h"

#define PROGRAM	"/usr/bin/redis-server"
#define LOG	"log/redis.log"

static const char *const *
argv(struct op *op)
{
	const char **a = op_alloc(op, 3 * sizeof(*a));

	a[0] = PROGRAM;
	a[1] = file_data(op, "redis.conf");
	return a;
}

static enum err
ready(struct op *op)
{
	TRY(redis_conf_write(op));
	return redis_mend(op);
}

/* The files that it only reads are no less the agent's own. */
static const struct server_ways ways = {
	.argv = argv,
	.reads = (const char *const[]){ "redis.conf", "agent/users.acl",
	    TLS_DIRECTORY, NULL },
	.writes = (const char *const[]){ REDIS_DATA, "run", "log", NULL },
	.log = LOG,
	.ready = ready,
	.probe = redis_probe,
	.greet = redis_mended,
	.hang_up = redis_hang_up,
};

static enum err
start(struct op *op)
{
	redis_log_forget();
	return server_start(op, &ways);
}

/* What is slow and in its memory would go with it. */
static enum err
stop(struct op *op)
{
	if (server_pid() != 0 && redis_log_write(op) != OK)
		log_warn(op, "slow commands may be lost: %s", op->why);
	return server_stop(op);
}

const struct datastore datastore_redis = {
	.name = "redis",
	.start = start,
	.stop = stop,
	.retune = memory_retune,
	.status = server_status,
	.pid = server_pid,
	.watch = server_watch,
	.room = redis_room,
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
	.look = redis_look,
	.verify = redis_verify,
	.log_list = redis_log_list,
	.log_set = redis_log_set,
	.log_files = redis_log_files,	/* opened for each line */
	.log_write = redis_log_write,
	.tls = &redis_tls_ways,
};
