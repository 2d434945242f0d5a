/* Logs of the server that its tenant may want to read. */
#include "agent/mariadb.h"
#include "agent/db_logs.h"
#include "agent/file.h"

#include <string.h>

/* Variables are called like them; the system's are always written, and come last. */
const struct db_log_file mariadb_log_files[] = {
	{ "general",    "log/general.log", false },
	{ "slow_query", "log/slow.log",    false },
	{ "error",      "log/mariadb.err", true },
	{ 0 }
};

void
mariadb_logs_settings(struct op *op, struct text *conf)
{
	text_add(conf, "log-output = FILE\n");
	for (const struct db_log_file *f = mariadb_log_files; !f->system; f++)
		text_printf(conf, "%s_log_file = %s\n%s_log = %d\n", f->name,
		    file_data(op, f->file), f->name,
		    db_log_wanted(op, f->name));
}

static enum err
row_is_on(struct op *op, void *arg, char **field)
{
	bool *on = arg;

	(void)op;
	*on = field[0] != NULL && strcmp(field[0], "1") == 0;
	return OK;
}

/* As the server has it: a configuration may have changed it meanwhile. */
static enum err
is_on(struct op *op, const char *name, bool *on)
{
	return mariadb_rows(op, op_printf(op, "SELECT @@GLOBAL.%s_log",
	    name), row_is_on, on);
}

enum err
mariadb_log_list(struct op *op, const struct db_log **out)
{
	return db_logs_list(op, mariadb_log_files, is_on, out);
}

enum err
mariadb_log_set(struct op *op, const char *name, bool on)
{
	TRY(db_log_switchable(op, mariadb_log_files, name));
	TRY(db_log_want(op, name, on));
	return mariadb_run(op, op_printf(op, "SET GLOBAL %s_log = %d", name,
	    on));
}

enum err
mariadb_log_reopen(struct op *op, const char *name)
{
	return mariadb_run(op, op_printf(op, "FLUSH LOCAL %s LOGS",
	    strcmp(name, "slow_query") == 0 ? "SLOW" : name));
}
