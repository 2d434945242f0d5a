/* The only owner of libmariadb. */
#include "agent/mariadb.h"
#include "agent/mariadb_dialect.h"
#include "agent/mariadb_dump.h"
#include "lib/base/text.h"

#include <mysql.h>
#include <mysqld_error.h>
#include <errmsg.h>
#include <string.h>

#define PROBE_S		2		/* a probe's patience */
#define WORK_S		50		/* a statement's: less than a task's minute */
#define REPLY_MAX	(4UL * 1024 * 1024)
#define REPLY_LARGE	(1UL << 30)	/* the largest row there can be */

static MYSQL *kept;			/* the probe's session */
static struct { struct op *op; MYSQL *my; } work;	/* of the op at hand */
static unsigned last_errno, patience = WORK_S;
static struct { const char *socket; bool large; } elsewhere;

/*
 * Texts of the server stand in logs and reports, but for those that repeat a
 * piece of the statement: it may hold a password.
 */
static enum err
refused(struct op *op, MYSQL *my)
{
	last_errno = mysql_errno(my);
	if (last_errno == ER_PARSE_ERROR)
		return op_fail(op, ERR_GUEST, "%s: error %u",
		    mariadb_spoken()->name, last_errno);
	return op_fail(op, ERR_GUEST, "%s: %s (%u)", mariadb_spoken()->name,
	    mysql_error(my), last_errno);
}

/* Local files and other ways to authenticate are not for the server to ask for. */
static MYSQL *
session_new(struct op *op, unsigned seconds)
{
	MYSQL *my = mysql_init(NULL);
	unsigned off = 0;
	unsigned long reply = elsewhere.large ? REPLY_LARGE : REPLY_MAX;

	if (my == NULL)
		return NULL;
	mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
	mysql_options(my, MYSQL_OPT_READ_TIMEOUT, &seconds);
	mysql_options(my, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
	mysql_options(my, MYSQL_OPT_LOCAL_INFILE, &off);
	mysql_options(my, MYSQL_OPT_MAX_ALLOWED_PACKET, &reply);
	mysql_options(my, MARIADB_OPT_RESTRICTED_AUTH, "mysql_native_password");
	mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	/*
	 * What a tenant's root made global must not change what we say.  Of
	 * all that is said his general log has the first one only.
	 */
	mysql_options(my, MYSQL_INIT_COMMAND, "SET SESSION sql_log_off = 1");
	mysql_options(my, MYSQL_INIT_COMMAND, op_printf(op, "SET SESSION "
	    "sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', "
	    "lock_wait_timeout = 10, autocommit = 1%s",
	    mariadb_spoken()->session));
	return my;
}

static enum err
session_connect(struct op *op, MYSQL *my)
{
	const char *password;

	if (my == NULL)
		return op_fail(op, ERR_INTERNAL, "out of memory");
	TRY(mariadb_admin_password(op, &password));
	if (mysql_real_connect(my, NULL, MARIADB_ADMIN, password, NULL, 0,
	    elsewhere.socket != NULL ? elsewhere.socket : mariadb_socket(op),
	    0) == NULL)
		return refused(op, my);
	return OK;
}

void
mariadb_hang_up(void)
{
	if (kept != NULL)
		mysql_close(kept);
	kept = NULL;
	work.op = NULL;			/* closed when its op ends */
}

enum err
mariadb_probe(struct op *op, bool *let_in)
{
	enum err e;

	*let_in = kept != NULL && mysql_ping(kept) == 0;
	if (*let_in)
		return OK;
	mariadb_hang_up();
	kept = session_new(op, PROBE_S);
	e = session_connect(op, kept);
	*let_in = e == OK;
	if (*let_in)
		return OK;
	mariadb_hang_up();
	return last_errno == ER_ACCESS_DENIED_ERROR ||
	    last_errno == ER_CON_COUNT_ERROR ? OK : e;
}

static void
work_end(void *my)
{
	mysql_close(my);
	if (work.my == my)
		work.op = NULL;
}

/*
 * A session of the op's own: nothing of an earlier order is left in it, and it
 * waits longer than a probe may.  When all connections are taken, the probe's
 * is still there.
 */
static enum err
session(struct op *op, MYSQL **out)
{
	MYSQL *my;
	enum err e;

	if (work.op == op) {
		*out = work.my;
		return OK;
	}
	my = session_new(op, patience);
	if ((e = session_connect(op, my)) == OK) {
		work.op = op;
		work.my = my;
		op_defer(op, work_end, my);
		*out = my;
		return OK;
	}
	if (my != NULL)
		mysql_close(my);
	*out = kept;
	return kept != NULL && last_errno == ER_CON_COUNT_ERROR ? OK : e;
}

static void
result_free(void *result)
{
	mysql_free_result(result);
}

enum err
mariadb_rows(struct op *op, const char *sql, mariadb_row each, void *arg)
{
	MYSQL *my;
	MYSQL_RES *result;
	MYSQL_ROW row;

	TRY(session(op, &my));
	last_errno = 0;
	if (mysql_real_query(my, sql, strlen(sql)) != 0)
		return refused(op, my);
	result = mysql_store_result(my);
	if (result == NULL)
		return mysql_errno(my) != 0 ? refused(op, my) : OK;
	op_defer(op, result_free, result);
	while (each != NULL && (row = mysql_fetch_row(result)) != NULL)
		TRY(each(op, arg, row));
	return OK;
}

enum err
mariadb_run(struct op *op, const char *sql)
{
	return mariadb_rows(op, sql, NULL, NULL);
}

enum err
mariadb_send(struct op *op, const char *sql, size_t n)
{
	MYSQL *my;

	TRY(session(op, &my));
	last_errno = 0;
	if (mysql_real_query(my, sql, n) != 0)
		return refused(op, my);
	mysql_free_result(mysql_use_result(my));
	return OK;
}

/* One row at a time is in memory. */
enum err
mariadb_stream(struct op *op, const char *sql, mariadb_cells each, void *arg)
{
	MYSQL *my;
	MYSQL_RES *result;
	MYSQL_ROW row;
	enum err e = OK;

	TRY(session(op, &my));
	last_errno = 0;
	if (mysql_real_query(my, sql, strlen(sql)) != 0 ||
	    (result = mysql_use_result(my)) == NULL)
		return refused(op, my);
	while (e == OK && (row = mysql_fetch_row(result)) != NULL)
		e = each(op, arg, row, mysql_fetch_lengths(result),
		    mysql_num_fields(result));
	if (e == OK && mysql_errno(my) != 0)
		e = refused(op, my);
	mysql_free_result(result);
	return e;
}

void
mariadb_data_session(unsigned seconds, const char *socket)
{
	patience = seconds;
	elsewhere.socket = socket;
	elsewhere.large = true;
}

void
mariadb_patience(unsigned seconds)
{
	patience = seconds;
}

unsigned
mariadb_errno(void)
{
	return last_errno;
}

const char *
mariadb_name(struct op *op, const char *s)
{
	struct text t;

	text_begin(&t, op, 2 * strlen(s) + 3);
	text_addc(&t, '`');
	for (; *s != '\0'; s++) {
		if (*s == '`')
			text_addc(&t, '`');
		text_addc(&t, *s);
	}
	text_addc(&t, '`');
	return t.s;
}

/* GRANT reads _ and % in a database's name as wildcards. */
const char *
mariadb_pattern(struct op *op, const char *s)
{
	struct text t;

	text_begin(&t, op, 2 * strlen(s) + 1);
	for (; *s != '\0'; s++) {
		if (*s == '_' || *s == '%' || *s == '\\')
			text_addc(&t, '\\');
		text_addc(&t, *s);
	}
	return mariadb_name(op, t.s);
}

const char *
mariadb_unpattern(struct op *op, const char *s)
{
	struct text t;

	text_begin(&t, op, strlen(s) + 1);
	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		text_addc(&t, *s);
	}
	return t.s;
}

enum err
mariadb_value(struct op *op, const char *s, const char **out)
{
	size_t len = strlen(s);
	char *quoted = op_alloc(op, 2 * len + 3);
	MYSQL *my;
	unsigned long n;

	TRY(session(op, &my));
	quoted[0] = '\'';
	n = mysql_real_escape_string(my, quoted + 1, s, len);
	if (n == (unsigned long)-1)
		return op_fail(op, ERR_BAD_REQUEST, "a text is no UTF-8");
	quoted[n + 1] = '\'';
	*out = quoted;
	return OK;
}

enum err
mariadb_account(struct op *op, const struct db_user *u, const char **out)
{
	const char *name, *host;

	TRY(mariadb_value(op, u->name, &name));
	TRY(mariadb_value(op, u->host != NULL ? u->host : "%", &host));
	*out = op_printf(op, "%s@%s", name, host);
	return OK;
}

enum err
mariadb_values(struct op *op, const char *const *list, const char **out)
{
	const char *value, *all = "";

	for (; *list != NULL; list++) {
		TRY(mariadb_value(op, *list, &value));
		all = op_printf(op, "%s%s%s", all, *all != '\0' ? "," : "",
		    value);
	}
	*out = op_printf(op, "(%s)", all);
	return OK;
}
