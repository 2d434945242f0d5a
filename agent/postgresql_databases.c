/*
 * A database belongs to a role of its own, nobody's login: who has access is
 * its member, and what any of them makes there belongs to all of them.
 */
#include "agent/postgresql.h"
#include "agent/names.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"

#include <limits.h>
#include <string.h>

#define GROUP	"os_access_"		/* and a number at random */

/* SQLSTATEs of what a tenant may get wrong. */
static const char *const wrong[] = { "22023", "42704", "42602", "42P17",
    "42622", "42809", "0A000", NULL };

static enum err
missing(struct op *op, const char *name)
{
	return op_fail(op, ERR_NOT_FOUND,
	    "Database %s cannot be found on the instance.", name);
}

static enum err
exists(struct op *op, const char *name)
{
	return op_fail(op, ERR_CONFLICT,
	    "A database with the name \"%s\" already exists.", name);
}

static const char *
group_name(struct op *op)
{
	unsigned char random[8];
	char hex[2 * sizeof(random) + 1];

	seal_random(random, sizeof(random));
	text_hex(hex, random, sizeof(random));
	return op_printf(op, GROUP "%s", hex);
}

static bool
is_group(const char *role)
{
	return strncmp(role, GROUP, strlen(GROUP)) == 0;
}

/*
 * A locale that is not UTF-8's own goes with its character set only, so that a
 * set without one gets the one that goes with all.
 */
static enum err
options_of(struct op *op, const struct db_database *d, const char **out)
{
	const char *value;

	*out = "";
	if (d->charset != NULL) {
		TRY(postgresql_value(op, d->charset, &value));
		*out = op_printf(op, " ENCODING %s", value);
	}
	if (d->charset != NULL && d->collate == NULL &&
	    strcasecmp(d->charset, "utf8") != 0)
		*out = op_printf(op, "%s LC_COLLATE 'C' LC_CTYPE 'C'", *out);
	if (d->collate != NULL) {
		TRY(postgresql_value(op, d->collate, &value));
		*out = op_printf(op, "%s LC_COLLATE %s LC_CTYPE %s", *out,
		    value, value);
	}
	return OK;
}

/* Everybody may connect to a new database: none is let in before that is taken back. */
static enum err
opened(struct op *op, const char *quoted)
{
	return postgresql_run(op, op_printf(op,
	    "REVOKE ALL ON DATABASE %s FROM PUBLIC;"
	    "ALTER DATABASE %s ALLOW_CONNECTIONS true", quoted, quoted));
}

/* An attempt that was cut off left it closed. */
static enum err
finished(struct op *op, const char *name, const char *quoted)
{
	const char *closed;

	TRY(postgresql_ask(op, "SELECT 1 FROM pg_database WHERE datname = $1 "
	    "AND NOT datallowconn AND NOT datistemplate",
	    (const char *[]){ name, NULL }, &closed));
	if (closed != NULL)
		TRY(opened(op, quoted));
	return exists(op, name);
}

/* From template0, which nobody can be connected to. */
enum err
postgresql_database_create(struct op *op, const struct db_database *d)
{
	const char *name, *options, *group = group_name(op), *why;
	enum err e;

	TRY(postgresql_name(op, d->name, &name));
	TRY(options_of(op, d, &options));
	TRY(postgresql_run(op, op_printf(op, "CREATE ROLE %s NOLOGIN", group)));
	e = postgresql_run(op, op_printf(op, "CREATE DATABASE %s OWNER %s "
	    "TEMPLATE template0 ALLOW_CONNECTIONS false%s", name, group,
	    options));
	if (e == OK)
		return opened(op, name);
	why = op->why;
	for (const char *const *w = wrong; *w != NULL; w++)
		if (postgresql_failed(*w))
			e = ERR_BAD_REQUEST;
	if (postgresql_failed("42P04"))
		e = ERR_CONFLICT;
	if (postgresql_run(op, op_printf(op, "DROP ROLE %s", group)) != OK)
		log_warn(op, "role %s stays: %s", group, op->why);
	return e == ERR_CONFLICT ? finished(op, d->name, name) :
	    op_fail(op, e, "%s", why);
}

/* NULL: there is no such database. */
static enum err
owner_of(struct op *op, const char *name, const char **owner)
{
	return postgresql_ask(op, "SELECT pg_get_userbyid(datdba) "
	    "FROM pg_database WHERE datname = $1",
	    (const char *[]){ name, NULL }, owner);
}

enum err
postgresql_database_delete(struct op *op, const char *name)
{
	const char *owner, *quoted;

	TRY(owner_of(op, name, &owner));
	if (owner == NULL)
		return missing(op, name);
	TRY(postgresql_name(op, name, &quoted));
	TRY(postgresql_run(op, op_printf(op, "DROP DATABASE %s WITH (FORCE)",
	    quoted)));
	if (is_group(owner) &&
	    postgresql_run(op, op_printf(op, "DROP ROLE %s", owner)) != OK)
		log_warn(op, "role %s stays: %s", owner, op->why);
	return OK;
}

enum err
postgresql_database_show(struct op *op, const char *name)
{
	const char *owner;

	TRY(owner_of(op, name, &owner));
	return owner == NULL ? missing(op, name) : OK;
}

struct found { db_found call; void *arg; };

static enum err
database_row(struct op *op, void *arg, char **field)
{
	struct found *f = arg;

	return f->call(op, f->arg, field[0], NULL, NULL);
}

enum err
postgresql_database_list(struct op *op, const struct db_page *page,
    db_found call, void *arg)
{
	struct found f = { .call = call, .arg = arg };
	const char *const values[] = {
		postgresql_list(op, names_postgresql_databases),
		page->marker != NULL ? page->marker : "",
		op_printf(op, "%d", page->limit > 0 ? page->limit : INT_MAX),
		NULL };

	return postgresql_rows(op, "SELECT datname FROM pg_database WHERE "
	    "NOT datistemplate AND datallowconn AND "
	    "datname <> ALL ($1::name[]) AND "
	    "datname::text COLLATE \"C\" > $2 COLLATE \"C\" "
	    "ORDER BY datname::text COLLATE \"C\" LIMIT $3::int", values,
	    database_row, &f);
}

/* One that a tenant's root made is taken over when somebody is granted it. */
static enum err
adopt(struct op *op, const char *name, const char *owner, const char **group)
{
	const char *database, *was;

	*group = group_name(op);
	TRY(postgresql_name(op, name, &database));
	TRY(postgresql_name(op, owner, &was));
	return postgresql_run(op, op_printf(op, "CREATE ROLE %s NOLOGIN;"
	    "GRANT %s TO %s; ALTER DATABASE %s OWNER TO %s;"
	    "REVOKE CONNECT, TEMPORARY ON DATABASE %s FROM PUBLIC", *group,
	    *group, was, database, *group, database));
}

enum err
postgresql_database_group(struct op *op, const char *name, const char **group)
{
	TRY(owner_of(op, name, group));
	if (*group == NULL)
		return missing(op, name);
	return is_group(*group) ? OK : adopt(op, name, *group, group);
}
