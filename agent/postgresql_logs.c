/*
 * The server's messages go to one file, always; all statements besides to
 * another, as long as a tenant wants them.
 */
#include "agent/postgresql.h"
#include "agent/db_logs.h"
#include "agent/settings.h"

#include <string.h>

void
postgresql_logs_settings(struct op *op, struct text *conf)
{
	bool on = db_log_wanted(op, "general");

	text_printf(conf, "log_destination = '%s'\nlog_statement = '%s'\n",
	    on ? "stderr,csvlog" : "stderr", on ? "all" : "none");
	text_add(conf, "log_rotation_age = 0\nlog_rotation_size = 0\n"
	    "log_file_mode = 0600\nlog_line_prefix = '%m [%p] %q%u@%d '\n");
}

const struct db_log_file postgresql_log_files[] = {
	{ "general", "log/postgresql.csv", false },
	{ "error",   "log/postgresql.log", true },
	{ 0 }
};

/* One collector writes both: it opens both anew. */
enum err
postgresql_log_reopen(struct op *op, const char *name)
{
	const char *done;

	(void)name;
	return postgresql_ask(op, "SELECT pg_catalog.pg_rotate_logfile()",
	    NULL, &done);
}

static enum err
is_on(struct op *op, const char *name, bool *on)
{
	const char *where;

	(void)name;
	TRY(postgresql_ask(op, "SHOW log_destination", NULL, &where));
	*on = where != NULL && strstr(where, "csvlog") != NULL;
	return OK;
}

enum err
postgresql_log_list(struct op *op, const struct db_log **out)
{
	return db_logs_list(op, postgresql_log_files, is_on, out);
}

enum err
postgresql_log_set(struct op *op, const char *name, bool on)
{
	const struct db_setting *s;

	TRY(db_log_switchable(op, postgresql_log_files, name));
	TRY(db_log_want(op, name, on));
	TRY(settings_read(op, &s));
	TRY(postgresql_conf_write(op, s));
	return postgresql_reload(op);
}
