/* Users are roles that may log in; access is being a member of a database's owner. */
#include "agent/postgresql.h"
#include "agent/names.h"
#include "lib/base/log.h"

#include <limits.h>
#include <string.h>

#define MOST_DATABASES 1000		/* a user's, so that no listing is endless */

/* Collects the rows of a join: one per grant, those of a user side by side. */
struct users {
	db_found	 call;
	void		*arg;
	const char	*name, *host;	/* of the user being read; NULL: none yet */
	const char	*database[MOST_DATABASES + 1];
	int		 n, count;
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

static const char *
host_of(const struct db_user *u)
{
	return u->host != NULL ? u->host : "%";
}

static enum err
user_end(struct op *op, struct users *u)
{
	if (u->name == NULL)
		return OK;
	u->count++;
	u->database[u->n] = NULL;
	return u->call != NULL ? u->call(op, u->arg, u->name, u->host,
	    u->database) : OK;
}

static enum err
user_row(struct op *op, void *arg, char **field)
{
	struct users *u = arg;

	if (u->name == NULL || strcmp(u->name, field[0]) != 0) {
		TRY(user_end(op, u));
		u->name = field[0];
		u->host = field[1];
		u->n = 0;
	}
	if (field[2] != NULL && u->n < MOST_DATABASES)
		u->database[u->n++] = field[2];
	return OK;
}

#define LOGINS "SELECT r.oid, r.rolname::text AS name, "			\
    "COALESCE(substring(shobj_description(r.oid, 'pg_authid') "		\
    "FROM '^host (.*)$'), '%') AS host FROM pg_roles r "			\
    "WHERE r.rolcanlogin AND r.rolname !~ '^pg_' AND "			\
    "r.rolname <> ALL ($1::name[])"
#define WITH_DATABASES(users) "SELECT u.name, u.host, d.datname FROM ("	\
    users ") u LEFT JOIN pg_database d ON NOT d.datistemplate AND "		\
    "d.datname <> ALL ($2::name[]) AND (d.datdba = u.oid OR "		\
    "EXISTS (SELECT FROM pg_auth_members m "				\
    "WHERE m.member = u.oid AND m.roleid = d.datdba)) "			\
    "ORDER BY (u.name || '@' || u.host) COLLATE \"C\", "			\
    "d.datname::text COLLATE \"C\""

static enum err
users_read(struct op *op, struct users *u, const char *sql,
    const char *third, const char *fourth)
{
	const char *const values[] = {
		postgresql_list(op, names_postgresql_users),
		postgresql_list(op, names_postgresql_databases),
		third, fourth, NULL };

	TRY(postgresql_rows(op, sql, values, user_row, u));
	return user_end(op, u);
}

enum err
postgresql_user_list(struct op *op, const struct db_page *page, db_found call,
    void *arg)
{
	struct users u = { .call = call, .arg = arg };

	return users_read(op, &u, WITH_DATABASES("SELECT * FROM (" LOGINS
	    ") l WHERE (name || '@' || host) COLLATE \"C\" > $3 COLLATE \"C\" "
	    "ORDER BY (name || '@' || host) COLLATE \"C\" LIMIT $4::int"),
	    page->marker != NULL ? page->marker : "",
	    op_printf(op, "%d", page->limit > 0 ? page->limit : INT_MAX));
}

enum err
postgresql_user_show(struct op *op, const struct db_user *user,
    db_found call, void *arg)
{
	struct users u = { .call = call, .arg = arg };

	TRY(users_read(op, &u, WITH_DATABASES("SELECT * FROM (" LOGINS
	    ") l WHERE name = $3 AND host = $4"), user->name, host_of(user)));
	return u.count == 0 ? missing(op, user) : OK;
}

/* Of any kind: a name is a role's only once. */
static enum err
role_oid(struct op *op, const char *name, const char **oid)
{
	return postgresql_ask(op, "SELECT oid::text FROM pg_roles "
	    "WHERE rolname = $1", (const char *[]){ name, NULL }, oid);
}

/* In one database, or in all (NULL).  By number: the name may be gone. */
static enum err
sessions_end(struct op *op, const char *oid, const char *database)
{
	return postgresql_rows(op, "SELECT pg_terminate_backend(pid) "
	    "FROM pg_stat_activity WHERE usesysid = $1::oid AND "
	    "pid <> pg_backend_pid() AND ($2 = '' OR datname = $2)",
	    (const char *[]){ oid, database != NULL ? database : "", NULL },
	    NULL, NULL);
}

enum err
postgresql_grant(struct op *op, const struct db_user *u, const char *database)
{
	const char *group, *role, *name;

	TRY(postgresql_user_show(op, u, NULL, NULL));
	TRY(postgresql_database_group(op, database, &group));
	TRY(postgresql_name(op, u->name, &role));
	TRY(postgresql_name(op, database, &name));
	return postgresql_run(op, op_printf(op, "GRANT %s TO %s;"
	    "ALTER ROLE %s IN DATABASE %s SET role TO %s", group, role, role,
	    name, group));
}

enum err
postgresql_revoke(struct op *op, const struct db_user *u,
    const char *database)
{
	const char *group, *oid, *role, *name;

	TRY(postgresql_user_show(op, u, NULL, NULL));
	TRY(postgresql_ask(op, "SELECT g.rolname FROM pg_database d "
	    "JOIN pg_roles g ON g.oid = d.datdba "
	    "JOIN pg_auth_members m ON m.roleid = g.oid "
	    "JOIN pg_roles u ON u.oid = m.member "
	    "WHERE d.datname = $1 AND u.rolname = $2",
	    (const char *[]){ database, u->name, NULL }, &group));
	if (group == NULL)
		return op_fail(op, ERR_NOT_FOUND, "Database %s cannot be "
		    "found on the instance.", database);
	TRY(role_oid(op, u->name, &oid));
	TRY(postgresql_name(op, group, &group));
	TRY(postgresql_name(op, u->name, &role));
	TRY(postgresql_name(op, database, &name));
	TRY(postgresql_run(op, op_printf(op, "REVOKE %s FROM %s;"
	    "ALTER ROLE %s IN DATABASE %s RESET role", group, role, role,
	    name)));
	return sessions_end(op, oid, database);
}

/* --- what a user owns ------------------------------------------------------------- */

struct owned { const char *role; const char *database[64]; int n; };

static enum err
owned_row(struct op *op, void *arg, char **field)
{
	struct owned *o = arg;

	(void)op;
	if (o->n < 64)
		o->database[o->n++] = field[0];
	return OK;
}

/*
 * What a user made as himself, not as a database's owner, stays with the
 * database.  Of shared things, those of a template stay with the server.
 */
static enum err
belongings_leave(struct op *op, const char *oid, const char *role)
{
	struct owned o = { .role = role };
	const char *group;

	TRY(postgresql_rows(op, "SELECT DISTINCT d.datname FROM pg_shdepend s "
	    "JOIN pg_database d ON d.oid = s.dbid WHERE d.datallowconn AND "
	    "s.refclassid = 'pg_authid'::regclass AND s.refobjid = $1::oid",
	    (const char *[]){ oid, NULL }, owned_row, &o));
	for (int i = 0; i < o.n; i++) {
		TRY(postgresql_ask(op, "SELECT quote_ident(pg_get_userbyid("
		    "datdba)) FROM pg_database WHERE datname = $1",
		    (const char *[]){ o.database[i], NULL }, &group));
		TRY(postgresql_run_in(op, o.database[i], op_printf(op,
		    "REASSIGN OWNED BY %s TO %s; DROP OWNED BY %s", role,
		    group, role)));
	}
	return postgresql_run(op, op_printf(op, "REASSIGN OWNED BY %s TO "
	    POSTGRESQL_ADMIN "; DROP OWNED BY %s", role, role));
}

/* Until nothing belongs to it the role stays. */
static enum err
role_drop(struct op *op, const char *oid, const char *name)
{
	const char *role, *sql;
	enum err e;

	TRY(postgresql_name(op, name, &role));
	sql = op_printf(op, "DROP ROLE %s", role);
	e = postgresql_run(op, sql);
	if (e == OK || !postgresql_failed("2BP01"))
		return e;
	TRY(belongings_leave(op, oid, role));
	return postgresql_run(op, sql);
}

/* --- one user --------------------------------------------------------------------- */

static const char *
comment(struct op *op, const char *role, const char *host)
{
	const char *value;

	if (strcmp(host, "%") == 0 || postgresql_value(op, host, &value) != OK)
		return op_printf(op, "COMMENT ON ROLE %s IS NULL", role);
	return op_printf(op, "COMMENT ON ROLE %s IS 'host %s", role,
	    value + 1);
}

/* Whole or not at all: the first failure is the one that is told. */
static enum err
undo_create(struct op *op, const struct db_user *u, enum err e)
{
	char *why = op->why;

	if (postgresql_user_delete(op, u) != OK)
		log_error(op, "user %s stays: %s", u->name, op->why);
	op->why = why;
	return e;
}

/* Where he may come from is settled before he may come at all. */
enum err
postgresql_user_create(struct op *op, const struct db_user *u)
{
	const char *there, *role, *verifier;
	enum err e;

	TRY(postgresql_hosts_check(op, u->host));
	TRY(role_oid(op, u->name, &there));
	if (there != NULL)
		return exists(op, u->name);
	TRY(postgresql_verifier(op, u->name, u->password, &verifier));
	TRY(postgresql_name(op, u->name, &role));
	TRY(postgresql_hosts(op, u));
	TRY(postgresql_run(op, op_printf(op, "CREATE ROLE %s LOGIN PASSWORD "
	    "%s; %s", role, verifier, comment(op, role, host_of(u)))));
	for (const char *const *d = u->databases; d != NULL && *d != NULL; d++)
		if ((e = postgresql_grant(op, u, *d)) != OK)
			return undo_create(op, u, e);
	return OK;
}

enum err
postgresql_user_delete(struct op *op, const struct db_user *u)
{
	const char *oid;

	TRY(postgresql_user_show(op, u, NULL, NULL));
	TRY(role_oid(op, u->name, &oid));
	TRY(role_drop(op, oid, u->name));
	TRY(sessions_end(op, oid, NULL));
	return postgresql_hosts(op, NULL);
}

static enum err
password_change(struct op *op, const char *name, const char *password)
{
	const char *role, *verifier;

	if (password == NULL)
		return OK;
	TRY(postgresql_name(op, name, &role));
	TRY(postgresql_verifier(op, name, password, &verifier));
	return postgresql_run(op, op_printf(op, "ALTER ROLE %s PASSWORD %s",
	    role, verifier));
}

/*
 * Lines of the new name and place are there before they are needed; the old
 * ones go when they are not.
 */
static enum err
user_move(struct op *op, const struct db_user *u, const struct db_user *now)
{
	const char *role, *to, *rename = "";

	TRY(postgresql_name(op, u->name, &role));
	TRY(postgresql_name(op, now->name, &to));
	if (strcmp(u->name, now->name) != 0)
		rename = op_printf(op, "ALTER ROLE %s RENAME TO %s; ", role,
		    to);
	TRY(postgresql_hosts(op, now));
	TRY(postgresql_run(op, op_printf(op, "%s%s", rename,
	    comment(op, to, now->host))));
	return postgresql_hosts(op, NULL);
}

enum err
postgresql_user_update(struct op *op, const struct db_user *u,
    const struct db_user *to)
{
	struct db_user now = {
		.name = to->name != NULL ? to->name : u->name,
		.host = to->host != NULL ? to->host : host_of(u),
	};
	bool renamed = strcmp(now.name, u->name) != 0;
	const char *there = NULL;

	TRY(postgresql_user_show(op, u, NULL, NULL));
	TRY(postgresql_hosts_check(op, now.host));
	if (renamed)
		TRY(role_oid(op, now.name, &there));
	if (there != NULL)
		return exists(op, now.name);
	TRY(password_change(op, u->name, to->password));
	if (!renamed && strcmp(now.host, host_of(u)) == 0)
		return OK;
	return user_move(op, u, &now);
}

/* --- root ------------------------------------------------------------------------- */

enum err
postgresql_root_enable(struct op *op, const char *password)
{
	const char *oid, *verifier;

	TRY(postgresql_verifier(op, POSTGRESQL_ROOT, password, &verifier));
	TRY(role_oid(op, POSTGRESQL_ROOT, &oid));
	return postgresql_run(op, op_printf(op, "%s ROLE " POSTGRESQL_ROOT
	    " LOGIN SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS "
	    "PASSWORD %s", oid == NULL ? "CREATE" : "ALTER", verifier));
}

/* The role stays, for what it owns: nobody can be it. */
enum err
postgresql_root_disable(struct op *op)
{
	const char *oid;

	TRY(role_oid(op, POSTGRESQL_ROOT, &oid));
	if (oid == NULL)
		return OK;
	TRY(postgresql_run(op, "ALTER ROLE " POSTGRESQL_ROOT " NOLOGIN "
	    "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS "
	    "PASSWORD NULL"));
	return sessions_end(op, oid, NULL);
}
