/*
 * After a restore: each database's tables and indexes are checked by amcheck,
 * which reads every page with its checksum, and what is known of the tables is
 * compared.
 */
#include "agent/postgresql.h"
#include "agent/postgresql_look.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#include <string.h>

#define CHECK_MS	((int64_t)86400 * 1000)
#define ROOM		"coffer_verify"	/* a schema of this copy's only */

struct names { const char **name; size_t n, room; };

static enum err
name_add(struct op *op, void *arg, char **field)
{
	struct names *l = arg;
	const char **more;

	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		more = op_alloc(op, l->room * sizeof(*more));
		if (l->n > 0)
			memcpy(more, l->name, l->n * sizeof(*more));
		l->name = more;
	}
	l->name[l->n++] = op_strdup(op, field[0] != NULL ? field[0] : "");
	return OK;
}

/* Where it is, if it is: it comes with the server's own packages. */
static enum err
amcheck(struct op *op, const char **schema)
{
	const char *there;

	*schema = NULL;
	TRY(postgresql_ask(op, "SELECT name FROM pg_available_extensions "
	    "WHERE name = 'amcheck'", NULL, &there));
	if (there == NULL)
		return OK;
	TRY(postgresql_run(op, "CREATE SCHEMA IF NOT EXISTS " ROOM "; "
	    "CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA " ROOM));
	TRY(postgresql_ask(op, "SELECT n.nspname FROM pg_extension e JOIN "
	    "pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = "
	    "'amcheck'", NULL, schema));
	return *schema == NULL ? OK : postgresql_name(op, *schema, schema);
}

/* Class XX is what the server says of pages that are not what they should be. */
static enum err
damaged(struct op *op, enum err e, const char *what)
{
	if (e == OK || !postgresql_failed_class("XX"))
		return e;
	return op_fail(op, ERR_UNPROCESSABLE, "%s is damaged: %s", what,
	    op->why);
}

/* Without amcheck every page is read all the same: an index would spare them. */
static enum err
heaps(struct op *op, const char *schema)
{
	struct names l = { 0 };
	const char *why;

	TRY(postgresql_rows(op, "SELECT oid::regclass::text FROM pg_class WHERE "
	    "relkind IN ('r', 't', 'm') AND relpersistence = 'p' ORDER BY oid",
	    NULL, name_add, &l));
	for (size_t i = 0; i < l.n; i++) {
		const char *const value[] = { l.name[i], NULL };

		TRY(damaged(op, postgresql_ask(op, schema != NULL ?
		    op_printf(op, "SELECT msg FROM %s.verify_heapam("
		    "$1::text::regclass, on_error_stop := true)", schema) :
		    op_printf(op, "SELECT NULLIF(count(x.ctid), "
		    "count(x.ctid))::text FROM ONLY %s x", l.name[i]),
		    schema != NULL ? value : NULL, &why), l.name[i]));
		if (why != NULL)
			return op_fail(op, ERR_UNPROCESSABLE,
			    "%s is damaged: %s", l.name[i], why);
	}
	return OK;
}

static enum err
indexes(struct op *op, const char *schema)
{
	struct names l = { 0 };
	const char *none;

	TRY(postgresql_rows(op, "SELECT i.indexrelid::regclass::text FROM "
	    "pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON "
	    "a.oid = c.relam WHERE a.amname = 'btree' AND c.relkind = 'i' AND "
	    "c.relpersistence = 'p' AND i.indisvalid ORDER BY 1", NULL,
	    name_add, &l));
	for (size_t i = 0; i < l.n; i++) {
		const char *const value[] = { l.name[i], NULL };

		TRY(damaged(op, postgresql_ask(op, op_printf(op, "SELECT "
		    "%s.bt_index_check($1::text::regclass, true)::text",
		    schema), value, &none), l.name[i]));
	}
	return OK;
}

/* --- what is known --------------------------------------------------------------------- */

static enum err
part_compare(struct op *op, const struct digest_part *p, bool sums)
{
	const char *const value[] = { p->path[1], p->path[2], NULL };
	const char *there, *sum;

	TRY(postgresql_ask(op, "SELECT c.oid::text FROM pg_class c JOIN "
	    "pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
	    "$1::text AND c.relname = $2::text AND c.relkind = 'r'", value,
	    &there));
	if (there == NULL)
		return op_fail(op, ERR_UNPROCESSABLE, "Table %s is missing.",
		    digest_name(op, p));
	if (p->sum == NULL || !sums)
		return OK;
	TRY(damaged(op, postgresql_sum(op, p, &sum), digest_name(op, p)));
	if (sum != NULL && strcmp(sum, p->sum) == 0)
		return OK;
	return op_fail(op, ERR_UNPROCESSABLE, "Table %s is not what it was "
	    "when the backup was taken.", digest_name(op, p));
}

static enum err
compare(struct op *op, const char *database, const struct digest *d)
{
	const char *version;
	bool same;
	int n = 0, sums = 0;

	TRY(postgresql_ask(op, "SHOW server_version", NULL, &version));
	same = version != NULL && strcmp(version, d->version) == 0;
	for (int i = 0; i < d->n; i++) {
		const struct digest_part *p = &d->part[i];

		if (p->path[1] == NULL || p->path[2] == NULL ||
		    strcmp(p->path[0], database) != 0)
			continue;
		TRY(part_compare(op, p, same));
		n++;
		sums += same && p->sum != NULL;
	}
	log_info(op, "%s is sound, %d tables are there, %d as they were",
	    database, n, sums);
	return OK;
}

static enum err
database(struct op *op, const char *name, const struct digest *d)
{
	const char *schema;

	TRY(postgresql_enter(op, name, CHECK_MS));
	TRY(postgresql_run(op, POSTGRESQL_PLAIN));
	TRY(postgresql_run(op, "SET statement_timeout = 0"));
	TRY(amcheck(op, &schema));
	TRY(heaps(op, schema));
	if (schema != NULL)
		TRY(indexes(op, schema));
	return d != NULL ? compare(op, name, d) : OK;
}

static enum err
missing(struct op *op, const struct digest *d, const struct names *there)
{
	for (int i = 0; d != NULL && i < d->n; i++) {
		size_t k = 0;

		while (k < there->n && strcmp(there->name[k],
		    d->part[i].path[0]) != 0)
			k++;
		if (k == there->n)
			return op_fail(op, ERR_UNPROCESSABLE, "Database %s is "
			    "missing.", d->part[i].path[0]);
	}
	return OK;
}

enum err
postgresql_verify(struct op *op, const struct digest *d)
{
	struct names l = { 0 };
	struct op inner;
	enum err e = OK;

	TRY(postgresql_rows(op, "SELECT datname FROM pg_database WHERE "
	    "datallowconn ORDER BY oid", NULL, name_add, &l));
	TRY(missing(op, d, &l));
	for (size_t i = 0; i < l.n && e == OK; i++) {
		op_begin(&inner, op->id);
		inner.instance = op->instance;
		e = database(&inner, l.name[i], d);
		if (e != OK)
			(void)op_fail(op, e, "%s", inner.why);
		op_end(&inner);
	}
	return e;
}
