/* Databases: what the SQL standard and MariaDB call schemas. */
#include "agent/mariadb.h"
#include "agent/names.h"

#include <limits.h>
#include <mysqld_error.h>
#include <string.h>

struct found { db_found call; void *arg; int rows; };

enum err
mariadb_database_create(struct op *op, const struct db_database *d)
{
	const char *sql = op_printf(op, "CREATE DATABASE %s",
	    mariadb_name(op, d->name)), *value;
	enum err e;

	if (d->charset != NULL) {
		TRY(mariadb_value(op, d->charset, &value));
		sql = op_printf(op, "%s CHARACTER SET %s", sql, value);
	}
	if (d->collate != NULL) {
		TRY(mariadb_value(op, d->collate, &value));
		sql = op_printf(op, "%s COLLATE %s", sql, value);
	}
	if ((e = mariadb_run(op, sql)) == OK)
		return OK;
	switch (mariadb_errno()) {
	case ER_DB_CREATE_EXISTS:
		return op_fail(op, ERR_CONFLICT,
		    "A database with the name \"%s\" already exists.", d->name);
	case ER_UNKNOWN_CHARACTER_SET:
	case ER_UNKNOWN_COLLATION:
	case ER_COLLATION_CHARSET_MISMATCH:
	case ER_WRONG_DB_NAME:
	case ER_TOO_LONG_IDENT:
		return ERR_BAD_REQUEST;
	default:
		return e;
	}
}

static enum err
missing(struct op *op, const char *name)
{
	return op_fail(op, ERR_NOT_FOUND,
	    "Database %s cannot be found on the instance.", name);
}

enum err
mariadb_database_delete(struct op *op, const char *name)
{
	enum err e = mariadb_run(op, op_printf(op, "DROP DATABASE %s",
	    mariadb_name(op, name)));

	return e != OK && mariadb_errno() == ER_DB_DROP_EXISTS ?
	    missing(op, name) : e;
}

static enum err
database_row(struct op *op, void *arg, char **field)
{
	struct found *f = arg;

	f->rows++;
	return f->call != NULL ? f->call(op, f->arg, field[0], NULL, NULL) :
	    OK;
}

enum err
mariadb_database_show(struct op *op, const char *name)
{
	struct found f = { 0 };
	const char *value;

	TRY(mariadb_value(op, name, &value));
	TRY(mariadb_rows(op, op_printf(op, "SELECT schema_name "
	    "FROM information_schema.schemata WHERE schema_name = %s", value),
	    database_row, &f));
	return f.rows == 0 ? missing(op, name) : OK;
}

enum err
mariadb_database_list(struct op *op, const struct db_page *page,
    db_found call, void *arg)
{
	struct found f = { .call = call, .arg = arg };
	const char *hidden, *marker;

	TRY(mariadb_values(op, names_hidden_databases, &hidden));
	TRY(mariadb_value(op, page->marker != NULL ? page->marker : "",
	    &marker));
	return mariadb_rows(op, op_printf(op, "SELECT schema_name "
	    "FROM information_schema.schemata "
	    "WHERE schema_name NOT IN %s AND schema_name NOT LIKE '#mysql50#%%' "
	    "AND BINARY schema_name > BINARY %s "
	    "ORDER BY BINARY schema_name LIMIT %d", hidden, marker,
	    page->limit > 0 ? page->limit : INT_MAX), database_row, &f);
}
