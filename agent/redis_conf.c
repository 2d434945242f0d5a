#include "agent/redis_server.h"
#include "agent/file.h"
#include "agent/memory.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"

#include <ctype.h>
#include <string.h>

#define PASSWORD 32			/* letters and digits */
#define SOCKET_MAX 107			/* bytes of a unix socket's path */

const char *
redis_socket(struct op *op)
{
	return file_data(op, "run/redis.sock");
}

/* What it reads back is what was given, whatever it is. */
void
redis_conf_quote(struct text *t, const char *value)
{
	text_addc(t, '"');
	for (const char *c = value; *c != '\0'; c++)
		if (*c == '"' || *c == '\\')
			text_printf(t, "\\%c", *c);
		else if (isprint((unsigned char)*c))
			text_addc(t, *c);
		else
			text_printf(t, "\\x%02x", (unsigned char)*c);
	text_addc(t, '"');
}

static void
path_line(struct text *t, const char *name, const char *path)
{
	text_printf(t, "%s ", name);
	redis_conf_quote(t, path);
	text_addc(t, '\n');
}

static int
clamp(int n, int lo, int hi)
{
	return n < lo ? lo : n > hi ? hi : n;
}

/*
 * A copy of the data is made by a child that shares the memory; what is written
 * meanwhile is held twice: hence 60 %.  The program's name stays on its command
 * line, where the next agent looks for it.
 */
static const char *
defaults(struct op *op)
{
	int mb = memory_mb(op);
	struct text t;

	text_begin(&t, op, 2048);
	text_add(&t, "# Written by coffer-agent at every start.\n");
	if (*conf_str("agent.address") == '\0')
		text_add(&t, "port 0\n");
	else
		text_printf(&t, "bind %s\nport %d\n",
		    conf_str("agent.address"), conf_int("agent.port"));
	path_line(&t, "unixsocket", redis_socket(op));
	path_line(&t, "dir", file_data(op, REDIS_DATA));
	path_line(&t, "logfile", file_data(op, "log/redis.log"));
	path_line(&t, "aclfile", file_data(op, "agent/users.acl"));
	text_add(&t, "unixsocketperm 700\nprotected-mode no\ndaemonize no\n"
	    "set-proc-title no\nalways-show-logo no\n"
	    "acl-pubsub-default resetchannels\nsanitize-dump-payload clients\n"
	    "repl-diskless-sync yes\nrepl-diskless-sync-delay 0\n"
	    "repl-timeout 300\n"
	    "appendonly yes\nappendfsync everysec\naof-use-rdb-preamble yes\n"
	    "appenddirname " REDIS_AOF "\nappendfilename " REDIS_AOF_NAME "\n"
	    "save \"\"\n");
	text_printf(&t, "maxmemory %dmb\nmaxclients %d\n",
	    mb * 60 / 100 < 1 ? 1 : mb * 60 / 100, clamp(mb * 4, 256, 10000));
	return t.s;
}

const char *
redis_conf_value(struct op *op, const char *name)
{
	size_t len = strlen(name), n;

	for (const char *s = defaults(op); *s != '\0';
	    s += strcspn(s, "\n") + 1) {
		if (strncmp(s, name, len) != 0 || s[len] != ' ')
			continue;
		s += len + 1;
		n = strcspn(s, "\n");
		return *s == '"' ? op_strndup(op, s + 1, n - 2) :
		    op_strndup(op, s, n);
	}
	return NULL;
}

/* The server learns only its hash, at each start anew: a lost one is replaced. */
static enum err
password_ensure(struct op *op)
{
	const char *path = file_data(op, "agent/admin.pw"), *made;
	size_t len;

	if (file_get(op, path, &made, &len) == OK && len == PASSWORD)
		return OK;
	made = seal_password(op, PASSWORD);
	return file_put(op, path, made, strlen(made));
}

enum err
redis_admin_password(struct op *op, const char **out)
{
	size_t len;
	enum err e = file_get(op, file_data(op, "agent/admin.pw"), out, &len);

	return e == ERR_NOT_FOUND ? ERR_INTERNAL : e;
}

static enum err
directories_ensure(struct op *op)
{
	static const char *const names[] = { "agent", "run", "log",
	    REDIS_DATA };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		TRY(file_directory(op, file_data(op, names[i])));
	if (strlen(redis_socket(op)) > SOCKET_MAX)
		return op_fail(op, ERR_INTERNAL, "%s is too long for a socket",
		    redis_socket(op));
	return OK;
}

enum err
redis_conf_write(struct op *op)
{
	const char *conf, *tenants, *accounts, *tls;

	TRY(directories_ensure(op));
	TRY(password_ensure(op));
	TRY(redis_accounts(op, &accounts));
	TRY(file_put_anew(op, file_data(op, "agent/users.acl"), accounts,
	    strlen(accounts)));
	TRY(redis_tls_settings(op, &tls));
	TRY(redis_settings_start(op, &tenants));
	conf = op_printf(op, "%s%s%s", defaults(op), tls, tenants);
	return file_put_anew(op, file_data(op, "redis.conf"), conf,
	    strlen(conf));
}
