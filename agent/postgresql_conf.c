#include "agent/postgresql.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/memory.h"
#include "agent/postgresql_birth.h"
#include "agent/settings.h"
#include "agent/tls.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SOCKET_MAX 107			/* bytes of a unix socket's path */
#define SEGMENT_MB 16			/* of WAL */

/*
 * What stands here no ALTER SYSTEM of a tenant's superuser can change.  Shared
 * memory of parallel queries is kept in files: /dev/shm is small, and the fence
 * lets nothing be made there.
 */
const char *const *
postgresql_argv(struct op *op)
{
	const char **argv = op_alloc(op, 24 * sizeof(*argv));
	int n = 0;

	argv[n++] = engine_find("postgresql")->server;
	argv[n++] = op_printf(op, "-D%s", file_data(op, POSTGRESQL_DATA));
#define SET(name, value) do {						\
	argv[n++] = "-c";						\
	argv[n++] = op_printf(op, name "=%s", value);			\
} while (0)
	SET("config_file", file_data(op, POSTGRESQL_CONF));
	SET("hba_file", file_data(op, POSTGRESQL_HBA));
	SET("ident_file", file_data(op, POSTGRESQL_IDENT));
	SET("listen_addresses", conf_str("agent.address"));
	SET("port", op_printf(op, "%d", conf_int("agent.port")));
	SET("unix_socket_directories", file_data(op, "run"));
	SET("dynamic_shared_memory_type", "mmap");
	SET("logging_collector", "on");
	SET("log_directory", file_data(op, "log"));
	SET("log_filename", "postgresql.log");
#undef SET
	return argv;
}

static int
clamp(int n, int lo, int hi)
{
	return n < lo ? lo : n > hi ? hi : n;
}

static int
volume_mb(void)
{
	struct statvfs v;

	if (statvfs(conf_str("agent.data"), &v) == -1)
		return 1024;
	return clamp((int)(v.f_blocks * (v.f_frsize / 1024) / 1024), 256,
	    1 << 20);
}

/*
 * Shares of memory are judgement: a quarter for pages, a quarter for all
 * sessions' sorting at once.  WAL is held to an eighth of the volume, and what a
 * slow backup holds back to a quarter.
 */
static void
sizes(struct op *op, struct text *t)
{
	int mb = memory_mb(op), sessions = clamp(mb / 8, 50, 500);
	int wal = clamp(volume_mb() / 8, 4 * SEGMENT_MB, 1024);

	text_printf(t, "shared_buffers = %dMB\n", clamp(mb / 4, 16, 65536));
	text_printf(t, "max_connections = %d\n", sessions);
	text_printf(t, "work_mem = %dkB\n",
	    clamp(mb * 256 / sessions, 512, 1 << 20));
	text_printf(t, "maintenance_work_mem = %dMB\n", clamp(mb / 16, 8, 1024));
	text_printf(t, "effective_cache_size = %dMB\n", clamp(mb / 2, 64, 1 << 20));
	text_printf(t, "max_wal_size = %dMB\nmin_wal_size = %dMB\n", wal,
	    clamp(wal / 8, 2 * SEGMENT_MB, 128));
	text_printf(t, "max_slot_wal_keep_size = %dMB\n",
	    clamp(volume_mb() / 4, 8 * SEGMENT_MB, 1 << 20));
}

enum err
postgresql_conf_write(struct op *op, const struct db_setting *s)
{
	struct text t;

	text_begin(&t, op, 2048);
	text_add(&t, "# Written by coffer-agent at every start.\n"
	    "huge_pages = off\nwal_level = replica\nmax_wal_senders = 4\n"
	    "max_replication_slots = 4\nunix_socket_permissions = 0700\n"
	    "password_encryption = scram-sha-256\n"
	    "recovery_init_sync_method = syncfs\n"
	    "timezone = 'Etc/UTC'\nlog_timezone = 'Etc/UTC'\n"
	    "lc_messages = 'C'\n");
	sizes(op, &t);
	postgresql_logs_settings(op, &t);
	TRY(postgresql_tls_settings(op, &t));
	if (s->name != NULL)
		text_add(&t, "# The tenant's.\n");
	for (; s->name != NULL; s++) {
		text_printf(&t, "%s = '", s->name);
		for (const char *c = s->value; *c != '\0'; c++) {
			if (*c == '\'' || *c == '\\')
				text_addc(&t, *c);
			text_addc(&t, *c);
		}
		text_add(&t, "'\n");
	}
	if (disk_room() != DB_ROOM)
		text_add(&t, "default_transaction_read_only = on\n");
	return file_put_anew(op, file_data(op, POSTGRESQL_CONF), t.s,
	    t.len);
}

static enum err
directories_ensure(struct op *op)
{
	static const char *const names[] = { "agent", "agent/postgresql", "run",
	    "log", POSTGRESQL_SPACES };
	const char *socket = op_printf(op, "%s/.s.PGSQL.%d",
	    file_data(op, "run"), conf_int("agent.port"));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		TRY(file_directory(op, file_data(op, names[i])));
	if (strlen(socket) > SOCKET_MAX)
		return op_fail(op, ERR_INTERNAL, "%s is too long for a socket",
		    socket);
	return OK;
}

/*
 * A server that a crash ended leaves its number behind, and after a restart of
 * the sandbox any process may have it.  One that is a PostgreSQL's stays: its
 * sessions may still be ending.
 */
static void
lock_forget(struct op *op)
{
	const char *lock = file_data(op, POSTGRESQL_DATA "/postmaster.pid");
	const char *text, *server = engine_find("postgresql")->server;
	char exe[256];
	size_t len;
	ssize_t n;
	int pid;

	if (file_get(op, lock, &text, &len) != OK ||
	    sscanf(text, "%d", &pid) != 1)
		return;
	n = readlink(op_printf(op, "/proc/%d/exe", pid), exe, sizeof(exe) - 1);
	if (n > 0 && strncmp(exe, server, strlen(server)) == 0)
		return;
	unlink(lock);
}

enum err
postgresql_conf_start(struct op *op)
{
	const struct db_setting *tenants;
	struct tls tls;
	bool first;

	TRY(directories_ensure(op));
	TRY(tls_start(op, &tls));
	TRY(postgresql_birth(op, &first));
	TRY(postgresql_hosts_ensure(op, first));
	TRY(settings_start(op, &tenants));
	lock_forget(op);
	return postgresql_conf_write(op, tenants);
}
