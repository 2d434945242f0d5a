/*
 * Users are pairs of name and host.  Grants of a tenant are on whole databases:
 * rows of mysql.db, whose names are patterns.
 */
#include "agent/mariadb.h"
#include "agent/mariadb_dialect.h"
#include "agent/names.h"
#include "lib/base/log.h"

#include <limits.h>
#include <mysqld_error.h>
#include <string.h>

#define PATTERN_MAX 64			/* of mysql.db */

static const struct db_user root = { .name = "root", .host = "%" };

/* Collects the rows of a join: one per grant, those of a user side by side. */
struct users {
	db_found	 call;
	void		*arg;
	const char	*name, *host;	/* of the user being read; NULL: none yet */
	const char	**database;
	size_t		 n, room;
	int		 count;
};

static enum err
missing(struct op *op, const struct db_user *u)
{
	return op_fail(op, ERR_NOT_FOUND,
	    "User %s cannot be found on the instance.", u->name);
}

static enum err
exists(struct op *op, const char *name)
{
	return op_fail(op, ERR_CONFLICT,
	    "A user with the name \"%s\" already exists.", name);
}

static void
database_add(struct op *op, struct users *u, const char *name)
{
	const char **more;

	if (u->n + 1 >= u->room) {
		u->room = u->room == 0 ? 16 : 2 * u->room;
		more = op_alloc(op, u->room * sizeof(*more));
		if (u->n > 0)
			memcpy(more, u->database, u->n * sizeof(*more));
		u->database = more;
	}
	if (name != NULL)
		u->database[u->n++] = name;
	u->database[u->n] = NULL;
}

static enum err
user_end(struct op *op, struct users *u)
{
	if (u->name == NULL)
		return OK;
	u->count++;
	database_add(op, u, NULL);
	return u->call != NULL ? u->call(op, u->arg, u->name, u->host,
	    u->database) : OK;
}

static enum err
user_row(struct op *op, void *arg, char **field)
{
	struct users *u = arg;

	if (u->name == NULL || strcmp(u->name, field[0]) != 0 ||
	    strcmp(u->host, field[1]) != 0) {
		TRY(user_end(op, u));
		u->name = field[0];
		u->host = field[1];
		u->n = 0;
	}
	if (field[2] != NULL)
		database_add(op, u, mariadb_unpattern(op, field[2]));
	return OK;
}

/* Roles stand in the same table and are nobody who logs in. */
static enum err
users_read(struct op *op, struct users *u, const char *where, int limit)
{
	const char *hidden, *hidden_db;

	TRY(mariadb_values(op, names_hidden_users, &hidden));
	TRY(mariadb_values(op, names_hidden_databases, &hidden_db));
	TRY(mariadb_rows(op, op_printf(op,
	    "SELECT u.User, u.Host, d.Db FROM (SELECT User, Host "
	    "FROM %s WHERE User NOT IN %s AND %s AND %s "
	    "ORDER BY BINARY CONCAT(User, '@', Host) LIMIT %d) u "
	    "LEFT JOIN mysql.db d ON d.User = u.User AND d.Host = u.Host "
	    "AND d.Db NOT IN %s "
	    "ORDER BY BINARY CONCAT(u.User, '@', u.Host), BINARY d.Db",
	    mariadb_spoken()->accounts, hidden, mariadb_spoken()->a_user,
	    where, limit > 0 ? limit : INT_MAX, hidden_db), user_row, u));
	return user_end(op, u);
}

enum err
mariadb_user_list(struct op *op, const struct db_page *page, db_found call,
    void *arg)
{
	struct users u = { .call = call, .arg = arg };
	const char *marker;

	TRY(mariadb_value(op, page->marker != NULL ? page->marker : "",
	    &marker));
	return users_read(op, &u, op_printf(op,
	    "BINARY CONCAT(User, '@', Host) > BINARY %s", marker),
	    page->limit);
}

enum err
mariadb_user_show(struct op *op, const struct db_user *user, db_found call,
    void *arg)
{
	struct users u = { .call = call, .arg = arg };
	const char *name, *host;

	TRY(mariadb_value(op, user->name, &name));
	TRY(mariadb_value(op, user->host != NULL ? user->host : "%", &host));
	TRY(users_read(op, &u, op_printf(op, "User = %s AND Host = %s", name,
	    host), 0));
	return u.count == 0 ? missing(op, user) : OK;
}

/* One account out of one statement: "before 'u'@'h' after". */
static enum err
run_on(struct op *op, const char *before, const struct db_user *u,
    const char *after)
{
	const char *account;

	TRY(mariadb_account(op, u, &account));
	return mariadb_run(op, op_printf(op, "%s %s%s", before, account,
	    after));
}

static enum err
identified_by(struct op *op, const char *password, const char **out)
{
	TRY(mariadb_value(op, password, out));
	*out = op_printf(op, " IDENTIFIED BY %s%s", *out,
	    mariadb_tls_required(op));
	return OK;
}

/* Characters of UTF-8 that its pattern has (mariadb_pattern). */
static size_t
pattern_length(const char *name)
{
	size_t n = 0;

	for (; *name != '\0'; name++) {
		n += (*name & 0xc0) != 0x80;
		n += *name == '_' || *name == '%' || *name == '\\';
	}
	return n;
}

static enum err
too_long(struct op *op, const char *database)
{
	return op_fail(op, ERR_BAD_REQUEST, "The database name \"%s\" is too "
	    "long to be granted.", database);
}

/*
 * MySQL cuts what is too long for its table, and the rest may be another's
 * name.
 */
enum err
mariadb_grant(struct op *op, const struct db_user *u, const char *database)
{
	enum err e;

	TRY(mariadb_user_show(op, u, NULL, NULL));
	if (pattern_length(database) > PATTERN_MAX)
		return too_long(op, database);
	e = run_on(op, op_printf(op, "GRANT ALL PRIVILEGES ON %s.* TO",
	    mariadb_pattern(op, database)), u, "");
	if (e != OK && (mariadb_errno() == ER_WRONG_DB_NAME ||
	    mariadb_errno() == ER_TOO_LONG_IDENT))
		return too_long(op, database);
	return e;
}

enum err
mariadb_revoke(struct op *op, const struct db_user *u, const char *database)
{
	enum err e;

	TRY(mariadb_user_show(op, u, NULL, NULL));
	e = run_on(op, op_printf(op, "REVOKE ALL PRIVILEGES ON %s.* FROM",
	    mariadb_pattern(op, database)), u, "");
	if (e != OK && mariadb_errno() == ER_NONEXISTING_GRANT)
		return op_fail(op, ERR_NOT_FOUND, "Database %s cannot be "
		    "found on the instance.", database);
	return e;
}

/* Whole or not at all: the first failure is the one that is told. */
static enum err
undo_create(struct op *op, const struct db_user *u, enum err e)
{
	char *why = op->why;

	if (run_on(op, "DROP USER", u, "") != OK)
		log_error(op, "user %s stays: %s", u->name, op->why);
	op->why = why;
	return e;
}

enum err
mariadb_user_create(struct op *op, const struct db_user *u)
{
	const char *by;
	enum err e;

	TRY(identified_by(op, u->password, &by));
	e = run_on(op, "CREATE USER", u, by);
	if (e != OK && mariadb_errno() == ER_CANNOT_USER)
		return exists(op, u->name);
	TRY(e);
	for (const char *const *d = u->databases; d != NULL && *d != NULL; d++)
		if ((e = mariadb_grant(op, u, *d)) != OK)
			return undo_create(op, u, e);
	return OK;
}

static enum err
session_kill(struct op *op, void *arg, char **field)
{
	(void)arg;
	/* One that has ended meanwhile is as good as killed. */
	if (mariadb_run(op, op_printf(op, "KILL CONNECTION %s", field[0])) != OK)
		op->why = NULL;
	return OK;
}

/*
 * Who is logged in stays so when the account goes.  Sessions show the client's
 * address, not the account's host: a pattern is compared as one, and a mask
 * ends every session of the name.
 */
static enum err
sessions_end(struct op *op, const struct db_user *u)
{
	bool mask = u->host != NULL && strchr(u->host, '/') != NULL;
	const char *name, *host;

	TRY(mariadb_value(op, u->name, &name));
	TRY(mariadb_value(op, u->host == NULL || mask ? "%" : u->host, &host));
	return mariadb_rows(op, op_printf(op, "SELECT id FROM "
	    "information_schema.processlist WHERE user = %s AND "
	    "LEFT(host, CHAR_LENGTH(host) - LOCATE(':', REVERSE(host))) "
	    "LIKE %s", name, host),
	    session_kill, NULL);
}

/* IF EXISTS is not everywhere. */
static enum err
drop(struct op *op, const struct db_user *u)
{
	enum err e = run_on(op, "DROP USER", u, "");

	return e != OK && mariadb_errno() == ER_CANNOT_USER ? OK : e;
}

enum err
mariadb_user_delete(struct op *op, const struct db_user *u)
{
	TRY(mariadb_user_show(op, u, NULL, NULL));
	TRY(drop(op, u));
	return sessions_end(op, u);
}

/*
 * The password first: when a crash comes between, the old name is still there
 * to be renamed.
 */
enum err
mariadb_user_update(struct op *op, const struct db_user *u,
    const struct db_user *to)
{
	struct db_user now = {
		.name = to->name != NULL ? to->name : u->name,
		.host = to->host != NULL ? to->host :
		    u->host != NULL ? u->host : "%",
	};
	bool moves = strcmp(now.name, u->name) != 0 ||
	    strcmp(now.host, u->host != NULL ? u->host : "%") != 0;
	const char *const *word = mariadb_spoken()->password;
	const char *by, *account;
	enum err e;

	TRY(mariadb_user_show(op, u, NULL, NULL));
	if (moves && mariadb_user_show(op, &now, NULL, NULL) == OK)
		return exists(op, now.name);
	if (to->password != NULL) {
		TRY(mariadb_value(op, to->password, &by));
		TRY(run_on(op, word[0], u, op_printf(op, "%s%s%s", word[1],
		    by, word[2])));
	}
	if (!moves)
		return OK;
	TRY(mariadb_account(op, &now, &account));
	e = run_on(op, "RENAME USER", u, op_printf(op, " TO %s", account));
	return e != OK && mariadb_errno() == ER_CANNOT_USER ?
	    exists(op, now.name) : e;
}

enum err
mariadb_root_enable(struct op *op, const char *password)
{
	const char *by;

	TRY(identified_by(op, password, &by));
	TRY(drop(op, &root));
	TRY(run_on(op, "CREATE USER", &root, by));
	return run_on(op, "GRANT ALL PRIVILEGES ON *.* TO", &root,
	    " WITH GRANT OPTION");
}

enum err
mariadb_root_disable(struct op *op)
{
	TRY(drop(op, &root));
	return sessions_end(op, &root);
}
