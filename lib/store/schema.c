#include "lib/store/schema.h"
#include "lib/base/text.h"
#include "lib/store/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX	9999		/* four digits */
#define SCRIPT_MAX	(8 << 20)	/* bytes of one file */
#define PATIENCE	3600		/* s: a migration may rewrite large tables */

/* "0012_words.sql" is 12; anything else is none of ours: 0. */
static int
file_version(const char *name)
{
	size_t n = strlen(name);

	for (int i = 0; i < 4; i++)
		if (!isdigit((unsigned char)name[i]))
			return 0;
	if (name[4] != '_' || n < 9 || strcmp(name + n - 4, ".sql") != 0)
		return 0;
	return atoi(name);
}

static void
close_dir(void *d)
{
	closedir(d);
}

static void
close_file(void *f)
{
	fclose(f);
}

static void
forget_pg(void *pg)
{
	pg_free(pg);
}

/* path[version] of every file; *last is the highest. */
static enum err
dir_read(struct op *op, const char *dir, const char **path, int *last)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int v, found = 0;

	if (d == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%s: %s", dir,
		    strerror(errno));
	op_defer(op, close_dir, d);
	for (*last = 0; (e = readdir(d)) != NULL;) {
		if ((v = file_version(e->d_name)) == 0)
			continue;
		if (path[v] != NULL)
			return op_fail(op, ERR_BAD_REQUEST,
			    "%s: two files with number %04d", dir, v);
		path[v] = op_printf(op, "%s/%s", dir, e->d_name);
		found++;
		if (v > *last)
			*last = v;
	}
	if (found == 0)
		return op_fail(op, ERR_BAD_REQUEST,
		    "%s: no files named NNNN_words.sql", dir);
	if (found != *last)
		return op_fail(op, ERR_BAD_REQUEST,
		    "%s: numbers do not go from 0001 to %04d without a gap",
		    dir, *last);
	return OK;
}

static enum err
run_one(struct op *op, struct pg *pg, enum stmt stmt, struct pg_rows *rows)
{
	struct pg_call call = { .stmt = store_stmt(stmt) };

	return pg_run(op, pg, &call, 1, false, false, rows);
}

/* applied[version] of every version in the database; none before the first. */
static enum err
versions_read(struct op *op, struct pg *pg, const char **applied, int *last)
{
	struct pg_rows rows;
	int v;

	TRY(run_one(op, pg, STMT_SCHEMA_IS_THERE, &rows));
	if (*pg_text(&rows, 0, 0) != 't')
		return OK;
	TRY(run_one(op, pg, STMT_SCHEMA_VERSIONS, &rows));
	for (int i = 0; i < rows.count; i++) {
		v = atoi(pg_text(&rows, i, 0));
		if (v < 1 || v > FILES_MAX)
			return op_fail(op, ERR_CONFLICT, "schema_version "
			    "holds %s: not a schema of Coffer's",
			    pg_text(&rows, i, 0));
		applied[v] = pg_text(&rows, i, 1);
		if (v > *last)
			*last = v;
	}
	return OK;
}

static enum err
status_read(struct op *op, struct pg *pg, const char *dir,
    struct schema_file **out, int *n)
{
	const char **path = op_alloc(op, (FILES_MAX + 1) * sizeof(*path));
	const char **applied = op_alloc(op, (FILES_MAX + 1) * sizeof(*path));
	int last;

	TRY(dir_read(op, dir, path, &last));
	TRY(versions_read(op, pg, applied, &last));
	*out = op_alloc(op, (size_t)(last + 1) * sizeof(**out));
	*n = 0;
	for (int v = 1; v <= last; v++)
		if (path[v] != NULL || applied[v] != NULL)
			(*out)[(*n)++] = (struct schema_file){ v, path[v],
			    applied[v] };
	return OK;
}

static struct pg *
admin_connection(struct op *op, const char *dsn)
{
	struct pg *pg = pg_new(dsn, "", PATIENCE);

	op_defer(op, forget_pg, pg);
	return pg;
}

enum err
schema_status(struct op *op, const char *dsn, const char *dir,
    struct schema_file **out, int *n)
{
	return status_read(op, admin_connection(op, dsn), dir, out, n);
}

static enum err
script_read(struct op *op, const char *path, const char **sql)
{
	FILE *f = fopen(path, "re");
	char block[8192];
	struct text t;
	size_t n;

	if (f == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%s: %s", path,
		    strerror(errno));
	op_defer(op, close_file, f);
	text_begin(&t, op, 32768);
	while ((n = fread(block, 1, sizeof(block), f)) > 0) {
		text_addn(&t, block, n);
		if (t.len > SCRIPT_MAX)
			return op_fail(op, ERR_BAD_REQUEST, "%s: too large",
			    path);
	}
	if (ferror(f) || memchr(t.s, '\0', t.len) != NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%s: cannot be read",
		    path);
	*sql = t.s;
	return OK;
}

/* The file says in its own transaction that it ran: otherwise it ran for nothing. */
static enum err
file_run(struct op *op, struct pg *pg, const struct schema_file *f)
{
	const char **applied = op_alloc(op,
	    (FILES_MAX + 1) * sizeof(*applied));
	const char *sql;
	int last = 0;
	enum err e;

	TRY(script_read(op, f->path, &sql));
	if ((e = pg_script(op, pg, sql)) != OK)
		return op_fail(op, e, "%s: %s", f->path, op->why);
	TRY(versions_read(op, pg, applied, &last));
	if (applied[f->version] == NULL)
		return op_fail(op, ERR_INTERNAL, "%s does not write %d into "
		    "schema_version", f->path, f->version);
	return OK;
}

static enum err
pending_run(struct op *op, struct pg *pg, const char *dir,
    void (*told)(const struct schema_file *))
{
	struct schema_file *file;
	int n, last = 0;

	TRY(status_read(op, pg, dir, &file, &n));
	for (int i = 0; i < n; i++)
		if (file[i].applied != NULL)
			last = file[i].version;
	for (int i = 0; i < n; i++) {
		if (file[i].applied != NULL)
			continue;
		if (file[i].version < last)
			return op_fail(op, ERR_CONFLICT, "%s was never run, "
			    "but %04d was: the schema goes forward only",
			    file[i].path, last);
		TRY(file_run(op, pg, &file[i]));
		if (told != NULL)
			told(&file[i]);
	}
	return OK;
}

/*
 * The lock belongs to a session of its own, since a script gets a fresh one
 * each; a tool that dies gives it back.
 */
enum err
schema_migrate(struct op *op, const char *dsn, const char *dir,
    void (*told)(const struct schema_file *))
{
	struct pg *lock = admin_connection(op, dsn);
	enum err e;

	TRY(run_one(op, lock, STMT_SCHEMA_LOCK, NULL));
	e = pending_run(op, admin_connection(op, dsn), dir, told);
	if (e == OK)
		TRY(run_one(op, lock, STMT_SCHEMA_UNLOCK, NULL));
	return e;		/* else the end of the op unlocks */
}
