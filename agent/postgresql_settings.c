/*
 * What a tenant sets: written into postgresql.conf, tried by the server before
 * it reads them, and kept when it did.  What only a start reads waits for one.
 */
#include "agent/postgresql.h"
#include "agent/file.h"
#include "agent/settings.h"
#include "lib/base/log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The agent's own, whatever a catalogue says: programs to run, files, ways in, what backups need. */
static const char *const owned[] = { "allow_system_table_mods",
    "archive_cleanup_command", "archive_command", "archive_library",
    "archive_mode", "config_file", "data_directory",
    "dynamic_library_path", "dynamic_shared_memory_type",
    "external_pid_file", "hba_file", "ident_file", "jit_provider",
    "krb_server_keyfile", "listen_addresses", "local_preload_libraries",
    "log_destination", "log_directory", "log_file_mode", "log_filename",
    "logging_collector", "max_replication_slots", "max_wal_senders", "port",
    "primary_conninfo", "primary_slot_name", "promote_trigger_file",
    "recovery_end_command", "restore_command", "role",
    "session_preload_libraries", "shared_preload_libraries",
    "unix_socket_directories", "unix_socket_group",
    "unix_socket_permissions", "wal_level", "ssl*", "recovery_*",
    "krb_*", NULL };

struct variable {
	const char	*context, *type, *min, *max, *unit, *words;
	bool		 there;
};

static enum err
take_variable(struct op *op, void *arg, char **field)
{
	struct variable *v = arg;

	(void)op;
	*v = (struct variable){ field[0], field[1], field[2], field[3],
	    field[4], field[5], true };
	return OK;
}

/* Bytes or microseconds in one; 0: no unit. */
static double
unit_size(const char *unit)
{
	static const struct { const char *name; double size; } units[] = {
		{ "B", 1 }, { "kB", 1024 }, { "8kB", 8192 },
		{ "MB", 1048576 }, { "16MB", 16 * 1048576 },
		{ "GB", 1073741824 }, { "TB", 1099511627776 }, { "us", 1 },
		{ "ms", 1e3 }, { "s", 1e6 }, { "min", 6e7 }, { "h", 3.6e9 },
		{ "d", 8.64e10 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, unit) == 0)
			return units[i].size;
	return 0;
}

/* In the variable's own unit; false: it is no number, or of no such unit. */
static bool
number(const struct variable *v, const char *s, double *out)
{
	char *end;

	*out = strtod(s, &end);
	if (end == s)
		return false;
	while (*end == ' ')
		end++;
	if (*end == '\0')
		return true;
	if (v->unit == NULL || unit_size(end) == 0 || unit_size(v->unit) == 0)
		return false;
	*out *= unit_size(end) / unit_size(v->unit);
	return true;
}

static bool
is_bool(const char *s)
{
	static const char *const words[] = { "on", "off", "true", "false",
	    "yes", "no", "1", "0", NULL };

	for (const char *const *w = words; *w != NULL; w++)
		if (strcasecmp(*w, s) == 0)
			return true;
	return false;
}

/* What the server itself would say only at its start. */
static enum err
value_check(struct op *op, const struct variable *v,
    const struct db_setting *s)
{
	bool counts = strcmp(v->type, "integer") == 0 ||
	    strcmp(v->type, "real") == 0;
	double n = 0;

	if (strcmp(v->type, "bool") == 0 && !is_bool(s->value))
		return op_fail(op, ERR_BAD_REQUEST, "%s is on or off.",
		    s->name);
	if (counts && !number(v, s->value, &n))
		return op_fail(op, ERR_BAD_REQUEST, "%s is a number%s%s.",
		    s->name, v->unit != NULL ? " of " : "",
		    v->unit != NULL ? v->unit : "");
	if (counts && v->min != NULL && v->max != NULL &&
	    (n < strtod(v->min, NULL) || n > strtod(v->max, NULL)))
		return op_fail(op, ERR_BAD_REQUEST, "PostgreSQL takes values "
		    "from %s to %s for %s.", v->min, v->max, s->name);
	return OK;
}

static enum err
setting_check(struct op *op, const struct db_setting *s)
{
	struct variable v = { 0 };

	TRY(postgresql_rows(op, "SELECT context, vartype, min_val, max_val, "
	    "unit, enumvals::text FROM pg_settings WHERE name = $1",
	    (const char *[]){ s->name, NULL }, take_variable, &v));
	if (!v.there)
		return op_fail(op, ERR_BAD_REQUEST, "PostgreSQL has no "
		    "variable %s.", s->name);
	if (strcmp(v.context, "internal") == 0)
		return op_fail(op, ERR_BAD_REQUEST, "%s cannot be set.",
		    s->name);
	return value_check(op, &v, s);
}

static char
spelled(char c)
{
	return (char)tolower((unsigned char)c);
}

/* PostgreSQL's own that have capitals. */
static const char *const capitals[] = { "DateStyle", "IntervalStyle",
    "TimeZone", NULL };

/* In the server's spelling, each checked, in order. */
static enum err
canonical(struct op *op, const struct db_setting *s,
    const struct db_setting **out)
{
	struct db_setting *list;
	size_t n;

	TRY(settings_canonical(op, s, spelled, owned, &list));
	for (n = 0; list[n].name != NULL; n++) {
		for (const char *const *c = capitals; *c != NULL; c++)
			if (strcasecmp(list[n].name, *c) == 0)
				list[n].name = *c;
		TRY(setting_check(op, &list[n]));
	}
	qsort(list, n, sizeof(*list), settings_compare);
	*out = list;
	return OK;
}

static enum err
complain(struct op *op, void *arg, char **field)
{
	const char **first = arg;

	if (*first == NULL)
		*first = op_printf(op, "PostgreSQL does not take '%s' for %s.",
		    field[1], field[0]);
	return OK;
}

/* For those that wait for a start the server says the same, and means well. */
static enum err
file_check(struct op *op)
{
	const char *why = NULL;

	TRY(postgresql_rows(op, "SELECT f.name, f.setting "
	    "FROM pg_file_settings f LEFT JOIN pg_settings s "
	    "ON lower(s.name) = lower(f.name) "
	    "WHERE f.error IS NOT NULL AND f.sourcefile = $1 AND "
	    "COALESCE(s.context, '') <> 'postmaster' ORDER BY f.seqno",
	    (const char *[]){ file_data(op, POSTGRESQL_CONF), NULL },
	    complain, &why));
	return why == NULL ? OK : op_fail(op, ERR_BAD_REQUEST, "%s", why);
}

static enum err
say_pending(struct op *op, void *arg, char **field)
{
	(void)arg;
	log_info(op, "%s waits for a restart", field[0]);
	return OK;
}

static enum err
apply(struct op *op, const struct db_setting *to)
{
	TRY(postgresql_conf_write(op, to));
	TRY(file_check(op));
	TRY(postgresql_reload(op));
	TRY(postgresql_rows(op, "SELECT name FROM pg_settings "
	    "WHERE pending_restart ORDER BY name", NULL, say_pending, NULL));
	return settings_write(op, to);
}

enum err
postgresql_configure(struct op *op, const struct db_setting *wanted)
{
	const struct db_setting *to, *was;
	const char *why;
	enum err e;

	TRY(canonical(op, wanted, &to));
	TRY(settings_read(op, &was));
	if ((e = apply(op, to)) == OK)
		return OK;
	why = op->why;
	if (postgresql_conf_write(op, was) != OK)
		log_error(op, "postgresql.conf is not as before: %s", op->why);
	return op_fail(op, e, "%s", why);
}
