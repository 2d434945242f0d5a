/*
 * The server's messages go to one file, always; all statements besides to
 * another, as long as a tenant wants them.
 */
#include "agent/postgresql.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/settings.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WANTED	"agent/general.on"
#define GENERAL	"log/postgresql.csv"
#define ERRORS	"log/postgresql.log"

void
postgresql_logs_settings(struct op *op, struct text *conf)
{
	bool on = access(file_data(op, WANTED), F_OK) == 0;

	text_printf(conf, "log_destination = '%s'\nlog_statement = '%s'\n",
	    on ? "stderr,csvlog" : "stderr", on ? "all" : "none");
	text_add(conf, "log_rotation_age = 0\nlog_rotation_size = 0\n"
	    "log_file_mode = 0600\nlog_line_prefix = '%m [%p] %q%u@%d '\n");
}

const struct db_log_file postgresql_log_files[] = {
	{ "general", GENERAL, false },
	{ "error",   ERRORS,  true },
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

static int64_t
size_of(struct op *op, const char *file)
{
	struct stat st;

	return stat(file_data(op, file), &st) == 0 ?
	    (int64_t)st.st_size : 0;
}

enum err
postgresql_log_list(struct op *op, const struct db_log **out)
{
	struct db_log *list = op_alloc(op, 3 * sizeof(*list));
	const char *where;

	TRY(postgresql_ask(op, "SHOW log_destination", NULL, &where));
	list[0] = (struct db_log){ .name = "general",
	    .on = where != NULL && strstr(where, "csvlog") != NULL,
	    .size = size_of(op, GENERAL) };
	list[1] = (struct db_log){ .name = "error", .system = true,
	    .on = true, .size = size_of(op, ERRORS) };
	*out = list;
	return OK;
}

/* The mark first: a server that dies in between comes back as it was asked. */
enum err
postgresql_log_set(struct op *op, const char *name, bool on)
{
	const char *mark = file_data(op, WANTED);
	const struct db_setting *s;

	if (strcmp(name, "general") != 0)
		return op_fail(op, ERR_BAD_REQUEST,
		    "Log '%s' cannot be switched.", name);
	if (on)
		TRY(file_put_anew(op, mark, "", 0));
	else
		unlink(mark);
	TRY(settings_read(op, &s));
	TRY(postgresql_conf_write(op, s));
	return postgresql_reload(op);
}
