/*
 * Backups of a real MySQL, which has no tool that copies its pages: statements
 * that make its databases anew, as of one moment, and the rows of its accounts.
 * Bytes of data are what the server has, whatever character set they are in.
 */
#include "agent/file.h"
#include "agent/mariadb.h"
#include "agent/mariadb_dialect.h"
#include "agent/mariadb_dump.h"
#include "agent/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAY	86400
#define ENOUGH	(256 * 1024)		/* bytes of one INSERT: about a packet */

/* How a restore begins, and goes on after something that set it otherwise. */
#define AS_EVER	"SET time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO', " \
	"foreign_key_checks = 0, unique_checks = 0"

struct list { const char **name; size_t n, room; };

/* --- frames -------------------------------------------------------------------------- */

static enum err
write_all(struct op *op, int fd, const char *s, size_t n)
{
	return file_write(fd, s, n) ? OK : op_fail(op, ERR_GUEST,
	    "the backup's stream: %s", strerror(errno));
}

static enum err
frame(struct op *op, int fd, enum dump_frame kind, const char *s, size_t n)
{
	char head[32];

	if (n > DUMP_FRAME_MOST)
		return op_fail(op, ERR_GUEST,
		    "A row is too large to be backed up.");
	snprintf(head, sizeof(head), "%c %zu\n", (char)kind, n);
	TRY(write_all(op, fd, head, strlen(head)));
	return write_all(op, fd, s, n);
}

static enum err
query(struct op *op, int fd, const char *sql)
{
	return frame(op, fd, DUMP_QUERY, sql, strlen(sql));
}

/* --- values -------------------------------------------------------------------------- */

/* What stands for it behind a backslash; 0: it stands for itself. */
static char
escape(char c)
{
	switch (c) {
	case '\0':
		return '0';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case 0x1a:
		return 'Z';
	case '\'':
	case '\\':
		return c;
	}
	return 0;
}

/* Numbers, too: MySQL reads them back from a text as they were. */
static void
value_add(struct text *t, const char *s, size_t n)
{
	char *out = text_room(t, 2 * n + 2), as;

	*out++ = '\'';
	for (; n > 0; s++, n--) {
		as = escape(*s);
		if (as != 0)
			*out++ = '\\';
		*out++ = as != 0 ? as : *s;
	}
	*out++ = '\'';
	text_end(t, out);
}

struct rows { int fd; const char *begin; struct text t; };

static enum err
rows_flush(struct op *op, struct rows *r)
{
	enum err e = r->t.len == 0 ? OK :
	    frame(op, r->fd, DUMP_QUERY, r->t.s, r->t.len);

	text_end(&r->t, r->t.s);
	return e;
}

static enum err
row_add(struct op *op, void *arg, char **cell, const unsigned long *len,
    unsigned n)
{
	struct rows *r = arg;

	text_add(&r->t, r->t.len == 0 ? r->begin : ",");
	for (unsigned i = 0; i < n; i++) {
		text_addc(&r->t, i == 0 ? '(' : ',');
		if (cell[i] == NULL)
			text_add(&r->t, "NULL");
		else
			value_add(&r->t, cell[i], len[i]);
	}
	text_addc(&r->t, ')');
	return r->t.len < ENOUGH ? OK : rows_flush(op, r);
}

struct columns { struct text names, values; };

/* A float is printed rounded, and the double that it makes is not. */
static enum err
column_add(struct op *op, void *arg, char **cell, const unsigned long *len,
    unsigned n)
{
	struct columns *c = arg;
	const char *comma = c->names.len == 0 ? "" : ", ";
	const char *name = mariadb_name(op, cell[0]);

	(void)len;
	(void)n;
	text_printf(&c->names, "%s%s", comma, name);
	text_printf(&c->values, "%s%s%s", comma, name,
	    strncasecmp(cell[1], "float", 5) == 0 ? " + 0e0" : "");
	return OK;
}

/* The rows of a table, where such of it are wanted, for INSERT or REPLACE. */
static enum err
rows_dump(struct op *op, int fd, const char *table, const char *verb,
    const char *where)
{
	struct rows r = { .fd = fd };
	struct columns c;

	text_begin(&c.names, op, 256);
	text_begin(&c.values, op, 256);
	text_begin(&r.t, op, ENOUGH);
	TRY(mariadb_stream(op, op_printf(op, "SHOW COLUMNS FROM %s", table),
	    column_add, &c));
	r.begin = op_printf(op, "%s INTO %s (%s) VALUES ", verb, table,
	    c.names.s);
	TRY(query(op, fd, "SET NAMES binary"));
	TRY(mariadb_stream(op, op_printf(op, "SELECT %s FROM %s%s",
	    c.values.s, table, where), row_add, &r));
	return rows_flush(op, &r);
}

/* --- what is there ------------------------------------------------------------------- */

static enum err
name_add(struct op *op, void *arg, char **cell, const unsigned long *len,
    unsigned n)
{
	struct list *l = arg;
	const char **more;

	(void)len;
	(void)n;
	if (l->n == l->room) {
		l->room = l->room == 0 ? 16 : 2 * l->room;
		more = op_alloc(op, l->room * sizeof(*more));
		if (l->n > 0)
			memcpy(more, l->name, l->n * sizeof(*more));
		l->name = more;
	}
	l->name[l->n++] = op_strdup(op, cell[0]);
	return OK;
}

/* Names that a statement about a database gives, whose name stands behind it. */
static enum err
names(struct op *op, const char *sql, const char *database, struct list *l)
{
	const char *value = "";

	*l = (struct list){ 0 };
	if (database != NULL)
		TRY(mariadb_value(op, database, &value));
	return mariadb_stream(op, op_printf(op, "%s%s", sql, value), name_add,
	    l);
}

#define CELLS 8
struct made { const char *cell[CELLS]; };

static enum err
made_take(struct op *op, void *arg, char **cell, const unsigned long *len,
    unsigned n)
{
	struct made *m = arg;

	for (unsigned i = 0; i < n && i < CELLS; i++)
		m->cell[i] = cell[i] == NULL ? NULL :
		    op_strndup(op, cell[i], len[i]);
	return OK;
}

/* SHOW CREATE of a kind; the statement is the cell at this place. */
static enum err
show(struct op *op, const char *kind, const char *name, int at,
    struct made *m)
{
	*m = (struct made){ { NULL } };
	TRY(mariadb_stream(op, op_printf(op, "SHOW CREATE %s %s", kind, name),
	    made_take, m));
	return m->cell[at] != NULL ? OK : op_fail(op, ERR_GUEST,
	    "MySQL does not show the %s %s.", kind, name);
}

static const char *
inside(struct op *op, const char *database, const char *name)
{
	return op_printf(op, "%s.%s", mariadb_name(op, database),
	    mariadb_name(op, name));
}

/* --- databases ------------------------------------------------------------------------- */

/* What another table's rows are seen through has none of its own. */
static enum err
table_dump(struct op *op, int fd, const char *table)
{
	struct made m;

	TRY(show(op, "TABLE", table, 1, &m));
	TRY(query(op, fd, "SET NAMES utf8"));
	TRY(query(op, fd, m.cell[1]));
	if (strstr(m.cell[1], "\n) ENGINE=MRG_MyISAM ") == NULL &&
	    strstr(m.cell[1], "\n) ENGINE=FEDERATED ") == NULL)
		TRY(rows_dump(op, fd, table, "INSERT", ""));
	/* Nobody waits for the whole backup to alter it. */
	return mariadb_run(op, "ROLLBACK TO SAVEPOINT coffer");
}

static const char *
session_of(struct op *op, const char *mode, const char *set,
    const char *collation)
{
	return op_printf(op, "SET %s%s%scharacter_set_client = %s, "
	    "collation_connection = %s", mode == NULL ? "" : "sql_mode = '",
	    mode == NULL ? "" : mode, mode == NULL ? "" : "', ", set,
	    collation);
}

/* Where each kind's SHOW CREATE has what; its character set and collation follow. */
static const struct code {
	const char	*kind, *list;
	int		 statement;
	bool		 zone;		/* stands between mode and statement */
} codes[] = {
	{ "FUNCTION",  "SELECT routine_name FROM information_schema.routines "
	    "WHERE routine_type = 'FUNCTION' AND routine_schema = ", 2, false },
	{ "PROCEDURE", "SELECT routine_name FROM information_schema.routines "
	    "WHERE routine_type = 'PROCEDURE' AND routine_schema = ", 2, false },
	{ "TRIGGER",   "SELECT trigger_name FROM information_schema.triggers "
	    "WHERE trigger_schema = ", 2, false },
	{ "EVENT",     "SELECT event_name FROM information_schema.events "
	    "WHERE event_schema = ", 3, true },
};

static enum err
code_dump(struct op *op, int fd, const struct code *c, const char *database)
{
	struct list l;
	struct made m;

	TRY(names(op, c->list, database, &l));
	for (size_t i = 0; i < l.n; i++) {
		int at = c->statement;

		TRY(show(op, c->kind, inside(op, database, l.name[i]), at,
		    &m));
		if (c->zone)
			TRY(query(op, fd, op_printf(op,
			    "SET time_zone = '%s'", m.cell[2])));
		TRY(query(op, fd, session_of(op, m.cell[1], m.cell[at + 1],
		    m.cell[at + 2])));
		TRY(query(op, fd, m.cell[at]));
	}
	return OK;
}

/* One that shows what is gone is there all the same, and shows it if it comes back. */
static enum err
view_dump(struct op *op, int fd, const char *view)
{
	static const struct made none;
	struct made m = none;
	bool whole = mariadb_stream(op, op_printf(op, "SHOW COLUMNS FROM %s",
	    view), made_take, &m) == OK;
	const char *sql;

	TRY(show(op, "VIEW", view, 1, &m));
	sql = op_printf(op, "%s\n%s", session_of(op, NULL, m.cell[2],
	    m.cell[3]), m.cell[1]);
	return frame(op, fd, whole ? DUMP_VIEW : DUMP_BROKEN_VIEW, sql,
	    strlen(sql));
}

static enum err
database_dump(struct op *op, int fd, const char *database)
{
	const char *name = mariadb_name(op, database);
	struct made m;
	struct list l;

	TRY(show(op, "DATABASE", name, 1, &m));
	TRY(query(op, fd, AS_EVER));
	TRY(query(op, fd, "SET NAMES utf8"));
	TRY(query(op, fd, op_printf(op, "DROP DATABASE IF EXISTS %s", name)));
	TRY(query(op, fd, m.cell[1]));
	TRY(query(op, fd, op_printf(op, "USE %s", name)));
	TRY(names(op, "SELECT table_name FROM information_schema.tables WHERE "
	    "table_type = 'BASE TABLE' AND table_schema = ", database, &l));
	for (size_t i = 0; i < l.n; i++)
		TRY(table_dump(op, fd, inside(op, database, l.name[i])));
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		TRY(code_dump(op, fd, &codes[i], database));
	TRY(names(op, "SELECT table_name FROM information_schema.tables WHERE "
	    "table_type = 'VIEW' AND table_schema = ", database, &l));
	for (size_t i = 0; i < l.n; i++)
		TRY(view_dump(op, fd, inside(op, database, l.name[i])));
	return OK;
}

static bool
is_hidden(const char *database)
{
	const char *const *h = names_hidden_databases;

	while (*h != NULL && strcmp(*h, database) != 0)
		h++;
	return *h != NULL;
}

/* What this instance's agent, and its root, have is no other's. */
static enum err
accounts_dump(struct op *op, int fd)
{
	static const char *const tables[] = { "user", "db", "tables_priv",
	    "columns_priv", "procs_priv", "proxies_priv", NULL };

	TRY(query(op, fd, AS_EVER));
	for (const char *const *t = tables; *t != NULL; t++)
		TRY(rows_dump(op, fd, inside(op, "mysql", *t), "REPLACE",
		    " WHERE User NOT IN ('root', '" MARIADB_ADMIN "')"));
	return OK;
}

/* --- all ----------------------------------------------------------------------------- */

/* A slow storage is not a client that is gone. */
static const char *const begins[] = {
	"SET SESSION time_zone = '+00:00', sql_mode = '', "
	    "net_write_timeout = 86400, lock_wait_timeout = 600, "
	    "sql_quote_show_create = 1, character_set_results = NULL",
	"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
	"START TRANSACTION WITH CONSISTENT SNAPSHOT",
	"SAVEPOINT coffer",
};

enum err
mysql_backup(struct op *op, const char *since, int fd, const char **mark)
{
	struct list l;

	*mark = NULL;
	if (since != NULL)
		return op_fail(op, ERR_NOT_BUILT,
		    "MySQL takes backups in full only.");
	mariadb_data_session(DAY, NULL);
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		TRY(mariadb_run(op, begins[i]));
	TRY(write_all(op, fd, DUMP_BEGINS, strlen(DUMP_BEGINS)));
	TRY(names(op, "SHOW DATABASES", NULL, &l));
	for (size_t i = 0; i < l.n; i++)
		if (!is_hidden(l.name[i]))
			TRY(database_dump(op, fd, l.name[i]));
	TRY(accounts_dump(op, fd));
	return frame(op, fd, DUMP_END, "", 0);
}
