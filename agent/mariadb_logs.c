/* Logs of the server that its tenant may want to read. */
#include "agent/mariadb.h"
#include "agent/db_logs.h"
#include "agent/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GENERAL	"log/general.log"
#define SLOW	"log/slow.log"
#define ERRORS	"log/mariadb.err"

/* variable NULL: always written.  flush: whose files FLUSH opens anew. */
static const struct log {
	const char *name, *file, *variable, *flush;
} logs[] = {
	{ "general",    GENERAL, "general_log",    "GENERAL" },
	{ "slow_query", SLOW,    "slow_query_log", "SLOW" },
	{ "error",      ERRORS,  NULL,             "ERROR" },
};
#define LOGS (sizeof(logs) / sizeof(logs[0]))

const struct db_log_file mariadb_log_files[] = {
	{ "general",    GENERAL, false },
	{ "slow_query", SLOW,    false },
	{ "error",      ERRORS,  true },
	{ 0 }
};

/* What says, over restarts, that a log is wanted. */
static const char *
mark(struct op *op, const struct log *l)
{
	return file_data(op, op_printf(op, "agent/%s.on", l->name));
}

void
mariadb_logs_settings(struct op *op, struct text *conf)
{
	text_add(conf, "log-output = FILE\n");
	for (size_t i = 0; i < LOGS; i++) {
		if (logs[i].variable == NULL)
			continue;
		text_printf(conf, "%s_file = %s\n%s = %d\n", logs[i].variable,
		    file_data(op, logs[i].file), logs[i].variable,
		    access(mark(op, &logs[i]), F_OK) == 0);
	}
}

static enum err
is_on(struct op *op, void *arg, char **field)
{
	bool *on = arg;

	(void)op;
	*on = field[0] != NULL && strcmp(field[0], "1") == 0;
	return OK;
}

/* As the server has it: a configuration may have changed it meanwhile. */
static enum err
log_read(struct op *op, const struct log *l, struct db_log *out)
{
	struct stat st;

	*out = (struct db_log){ .name = l->name, .system = l->variable == NULL,
	    .on = true };
	if (stat(file_data(op, l->file), &st) == 0)
		out->size = (int64_t)st.st_size;
	if (l->variable == NULL)
		return OK;
	return mariadb_rows(op, op_printf(op, "SELECT @@GLOBAL.%s",
	    l->variable), is_on, &out->on);
}

enum err
mariadb_log_list(struct op *op, const struct db_log **out)
{
	struct db_log *list = op_alloc(op, (LOGS + 1) * sizeof(*list));

	for (size_t i = 0; i < LOGS; i++)
		TRY(log_read(op, &logs[i], &list[i]));
	*out = list;
	return OK;
}

/* The mark first: a server that dies in between comes back as it was asked. */
enum err
mariadb_log_set(struct op *op, const char *name, bool on)
{
	const struct log *l = logs;

	while (l < logs + LOGS && (l->variable == NULL ||
	    strcmp(l->name, name) != 0))
		l++;
	if (l == logs + LOGS)
		return op_fail(op, ERR_BAD_REQUEST,
		    "Log '%s' cannot be switched.", name);
	if (on)
		TRY(file_put_anew(op, mark(op, l), "", 0));
	else
		unlink(mark(op, l));
	return mariadb_run(op, op_printf(op, "SET GLOBAL %s = %d",
	    l->variable, on));
}

enum err
mariadb_log_reopen(struct op *op, const char *name)
{
	for (size_t i = 0; i < LOGS; i++)
		if (strcmp(logs[i].name, name) == 0)
			return mariadb_run(op, op_printf(op,
			    "FLUSH LOCAL %s LOGS", logs[i].flush));
	return op_fail(op, ERR_INTERNAL, "no log %s", name);
}
