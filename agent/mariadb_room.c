/*
 * A volume without room.  read_only holds all but those with READ_ONLY ADMIN,
 * as a tenant's root has it: that right is taken from them meanwhile, and given
 * back with the room.  What was begun before goes on under read_only: it is
 * ended.
 */
#include "agent/mariadb.h"
#include "agent/file.h"
#include "agent/settings.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADMINS	"agent/readonly.admins"	/* who had the right: name, host */

/* First words of statements that stay: what reads, and what gives room back. */
static const char *const reads[] = { "select", "with", "show", "desc",
    "describe", "explain", "drop", "truncate", "rollback", "commit", "kill",
    "set", "use", "flush", "check", "xa", NULL };
static const char *const frees[] = { "show", "drop", "truncate", "rollback",
    "commit", "kill", "set", NULL };

/* Behind blanks, comments and parentheses. */
static const char *
first_word(const char *s)
{
	for (;;) {
		s += strspn(s, " \t\r\n(");
		if (*s == '#' || strncmp(s, "--", 2) == 0)
			s += strcspn(s, "\n");
		else if (strncmp(s, "/*", 2) == 0 && strstr(s, "*/") != NULL)
			s = strstr(s, "*/") + 2;
		else
			return s;
	}
}

bool
mariadb_room_spares(const char *statement, bool last)
{
	const char *s = first_word(statement);
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	for (const char *const *w = last ? frees : reads; *w != NULL; w++)
		if (strlen(*w) == len && strncasecmp(s, *w, len) == 0)
			return true;
	return false;
}

static enum err
kill_row(struct op *op, void *how, char **field)
{
	char *why = op->why;

	/* One that has ended meanwhile is as good as killed. */
	if (mariadb_run(op, op_printf(op, "KILL %s %s", (const char *)how,
	    field[0])) != OK)
		op->why = why;
	return OK;
}

/* Id, User, Host, db, Command, Time, State, Info: as SHOW lists them. */
enum { ID, USER, COMMAND = 4, INFO = 7 };

static enum err
statement_end(struct op *op, void *last, char **field)
{
	char how[] = "QUERY";

	if (field[COMMAND] == NULL || field[INFO] == NULL ||
	    field[USER] == NULL || strcmp(field[USER], MARIADB_ADMIN) == 0 ||
	    (strcmp(field[COMMAND], "Query") != 0 &&
	    strcmp(field[COMMAND], "Execute") != 0) ||
	    mariadb_room_spares(field[INFO], *(bool *)last))
		return OK;
	return kill_row(op, how, field);
}

/* Not from information_schema: that makes a file, and there is no room for one. */
static enum err
statements_end(struct op *op, bool last)
{
	return mariadb_rows(op, "SHOW PROCESSLIST", statement_end, &last);
}

static enum err
first_field(struct op *op, void *out, char **field)
{
	*(const char **)out = op_strdup(op, field[0]);
	return OK;
}

/*
 * Waits for statements that write and lets none begin meanwhile; for a second,
 * for the agent has other things to do, and tries again.
 */
static enum err
hold(struct op *op)
{
	const char *held = "";

	TRY(mariadb_rows(op, "SELECT @@GLOBAL.read_only", first_field, &held));
	if (strcmp(held, "1") == 0)
		return OK;
	TRY(mariadb_run(op, "SET SESSION lock_wait_timeout = 1"));
	return mariadb_run(op, "SET GLOBAL read_only = 1");
}

/* --- who is above it ------------------------------------------------------------ */

struct admins { struct db_setting *s; size_t n, room; };

static void
admin_add(struct op *op, struct admins *a, const char *name, const char *host)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->s[i].name, name) == 0 &&
		    strcmp(a->s[i].value, host) == 0)
			return;
	if (a->n + 1 >= a->room) {
		struct db_setting *was = a->s;

		a->room = a->room * 2 + 8;
		a->s = op_alloc(op, a->room * sizeof(*a->s));
		if (was != NULL)
			memcpy(a->s, was, a->n * sizeof(*was));
	}
	a->s[a->n++] = (struct db_setting){ op_strdup(op, name),
	    op_strdup(op, host), false };
	a->s[a->n] = (struct db_setting){ 0 };
}

static enum err
admin_row(struct op *op, void *admins, char **field)
{
	admin_add(op, admins, field[0], field[1]);
	return OK;
}

/* What stands above read_only: MySQL has one right for many things. */
static enum err
right_find(struct op *op, const char **right)
{
	const char *version = "";

	TRY(mariadb_rows(op, "SELECT VERSION()", first_field, &version));
	*right = strstr(version, "MariaDB") != NULL ? "READ_ONLY ADMIN" : "SUPER";
	return OK;
}

/* Names with control characters would not be read back from the list. */
static enum err
admins_find(struct op *op, const char *right, struct admins *a)
{
	return mariadb_rows(op, op_printf(op, "SELECT u.User, u.Host "
	    "FROM mysql.user u JOIN information_schema.USER_PRIVILEGES p "
	    "ON p.GRANTEE = CONCAT('''', u.User, '''@''', u.Host, '''') "
	    "WHERE p.PRIVILEGE_TYPE = '%s' AND u.Host <> '' AND "
	    "u.User NOT IN ('" MARIADB_ADMIN "', 'mariadb.sys', '') AND "
	    "CONCAT(u.User, u.Host) NOT REGEXP '[[:cntrl:]]'", right),
	    admin_row, a);
}

static enum err
session_end(struct op *op, void *name, char **field)
{
	char how[] = "CONNECTION";

	return field[USER] != NULL && strcmp(field[USER], name) == 0 ?
	    kill_row(op, how, field) : OK;
}

/* A session keeps the rights that it began with. */
static enum err
admin_hold(struct op *op, const char *right, const struct db_setting *s)
{
	const struct db_user u = { .name = s->name, .host = s->value };
	const char *account;

	TRY(mariadb_account(op, &u, &account));
	TRY(mariadb_run(op, op_printf(op, "REVOKE %s ON *.* FROM %s", right,
	    account)));
	return mariadb_rows(op, "SHOW PROCESSLIST", session_end,
	    op_strdup(op, s->name));
}

/* Written down before anybody loses it. */
static enum err
admins_hold(struct op *op)
{
	struct admins found = { 0 }, all = { 0 };
	const struct db_setting *had;
	const char *right;

	TRY(right_find(op, &right));
	TRY(admins_find(op, right, &found));
	if (found.n == 0)
		return OK;
	TRY(settings_read_from(op, ADMINS, &had));
	for (; had->name != NULL; had++)
		admin_add(op, &all, had->name, had->value);
	for (size_t i = 0; i < found.n; i++)
		admin_add(op, &all, found.s[i].name, found.s[i].value);
	TRY(settings_write_to(op, ADMINS, all.s));
	for (size_t i = 0; i < found.n; i++)
		TRY(admin_hold(op, right, &found.s[i]));
	return OK;
}

/* A GRANT to nobody would make somebody: who was dropped meanwhile stays away. */
static enum err
admin_free(struct op *op, const char *right, const struct db_setting *s)
{
	const struct db_user u = { .name = s->name, .host = s->value };
	const char *account, *name, *host, *there = NULL;

	TRY(mariadb_account(op, &u, &account));
	TRY(mariadb_value(op, s->name, &name));
	TRY(mariadb_value(op, s->value, &host));
	TRY(mariadb_rows(op, op_printf(op, "SELECT 1 FROM mysql.user "
	    "WHERE User = %s AND Host = %s", name, host), first_field, &there));
	if (there == NULL)
		return OK;
	TRY(mariadb_run(op, "SET SESSION sql_mode = 'NO_AUTO_CREATE_USER'"));
	return mariadb_run(op, op_printf(op, "GRANT %s ON *.* TO %s", right,
	    account));
}

static enum err
admins_free(struct op *op)
{
	const struct db_setting *s;
	const char *right;

	TRY(settings_read_from(op, ADMINS, &s));
	TRY(right_find(op, &right));
	for (; s->name != NULL; s++)
		TRY(admin_free(op, right, s));
	unlink(file_data(op, ADMINS));
	return OK;
}

/* --- both ways ------------------------------------------------------------------- */

static enum err
release(struct op *op)
{
	const struct db_setting *s, *tenants;

	TRY(settings_read(op, &s));
	tenants = settings_find(s, "read_only");
	TRY(admins_free(op));
	return tenants != NULL ? OK :
	    mariadb_run(op, "SET GLOBAL read_only = 0");
}

enum err
mariadb_room(struct op *op, enum db_room room, bool news)
{
	if (room == DB_ROOM)
		return release(op);
	if (news || room == DB_LAST)
		TRY(statements_end(op, room == DB_LAST));
	TRY(hold(op));
	return admins_hold(op);
}

int
mariadb_room_redo(struct op *op, int mb)
{
	struct stat st;

	if (disk_fits((int64_t)mb << 20) ||
	    stat(file_data(op, "mysql/ib_logfile0"), &st) == -1)
		return mb;
	return (int)(st.st_size >> 20);
}
