#include "agent/server.h"
#include "agent/file.h"
#include "agent/settings.h"
#include "lib/base/log.h"

#include <string.h>

#define STOP_MS	20000			/* then it is killed, and recovers */

static struct {
	const struct server_ways *ways;	/* NULL: nothing was started yet */
	struct host_process process;
	bool		known;		/* it let the agent in since it was begun */
} server = { .process = { .watch = -1 } };

static const char *const *
paths(struct op *op, const char *const *names)
{
	const char **out;
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	out = op_alloc(op, (n + 1) * sizeof(*out));
	for (size_t i = 0; i < n; i++)
		out[i] = file_data(op, names[i]);
	return out;
}

struct host_command
server_command(struct op *op, const struct server_ways *ways)
{
	return (struct host_command){
		.argv = ways->argv(op), .ends_by = ways->ends_by,
		.reads = paths(op, ways->reads),
		.writes = paths(op, ways->writes),
		.home = ways->home != NULL ? ways->home() : NULL,
		.log = file_data(op, ways->log),
		.pid_file = file_data(op, "agent/server.pid"),
	};
}

static enum err
begin(struct op *op, const struct host_command *c)
{
	enum err e;

	host_sweep(op, c->argv[0], file_data(op, ""));
	TRY(server.ways->ready(op));
	TRY(host_start(op, c, &server.process));
	if (server.ways->begun == NULL)
		return OK;
	if ((e = server.ways->begun(op)) != OK)
		host_end(op, &server.process, STOP_MS);
	return e;
}

enum err
server_start(struct op *op, const struct server_ways *ways)
{
	struct host_command c = server_command(op, ways);

	host_forget(&server.process);
	ways->hang_up();
	server.ways = ways;
	server.known = false;
	if (!host_adopt(op, &c, &server.process))
		return begin(op, &c);
	log_info(op, "adopted %s, process %d", strrchr(c.argv[0], '/') + 1,
	    server.process.pid);
	return OK;
}

enum err
server_stop(struct op *op)
{
	if (server.ways != NULL)
		server.ways->hang_up();
	host_end(op, &server.process, STOP_MS);
	return OK;
}

enum err
server_status(struct op *op, enum db_status *out)
{
	bool let_in;

	*out = DB_CRASHED;
	if (!host_running(&server.process)) {
		*out = DB_SHUTDOWN;
		return OK;
	}
	TRY(server.ways->probe(op, &let_in));
	if (let_in && !server.known) {
		if (server.ways->greet != NULL)
			TRY(server.ways->greet(op));
		settings_started(op);
		server.known = true;
	}
	if (server.ways->look != NULL)
		TRY(server.ways->look(op, let_in));
	*out = DB_HEALTHY;
	return OK;
}

int
server_pid(void)
{
	return host_pid(&server.process);
}

int
server_watch(void)
{
	return server.process.watch;
}
