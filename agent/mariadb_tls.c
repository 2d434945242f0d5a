/*
 * MariaDB reads whether there is TLS, and whether it asks clients for their
 * certificates, when it starts; the certificates anew whenever it is told.
 * Who must bring one it knows by the account: those of tenants are altered,
 * with what they demanded before kept for the way back.  The agent's comes by
 * the socket.
 */
#include "agent/mariadb.h"
#include "agent/file.h"
#include "agent/tls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BEFORE	"agent/tls.accounts"	/* statements of the way back; there: accounts were altered */

enum err
mariadb_tls_settings(struct op *op, const char **lines)
{
	const char *file = file_data(op, TLS_SERVER);
	struct tls t;

	*lines = "";
	TRY(tls_start(op, &t));
	if (t.mode == TLS_OFF)
		return OK;
	*lines = op_printf(op, "ssl-cert = %s\nssl-key = %s\n"
	    "tls-version = TLSv1.2,TLSv1.3\n"
	    "require-secure-transport = %d\n", file, file,
	    t.mode >= TLS_ENFORCED);
	if (t.mode == TLS_MUTUAL)
		*lines = op_printf(op, "%sssl-ca = %s\n", *lines,
		    file_data(op, TLS_CLIENTS));
	return OK;
}

/* Of a variable: is it there and neither empty nor off? */
static enum err
is_set(struct op *op, void *arg, char **field)
{
	(void)op;
	*(bool *)arg = field[1] != NULL && *field[1] != '\0' &&
	    strcmp(field[1], "NO") != 0 && strcmp(field[1], "DISABLED") != 0;
	return OK;
}

static enum err
is_on(struct op *op, bool *on)
{
	*on = false;
	return mariadb_rows(op, "SHOW GLOBAL VARIABLES LIKE 'have_ssl'", is_set,
	    on);
}

static enum err
asks(struct op *op, bool *asks)
{
	*asks = false;
	return mariadb_rows(op, "SHOW GLOBAL VARIABLES LIKE 'ssl_ca'", is_set,
	    asks);
}

/* --- accounts ---------------------------------------------------------------------- */

static bool
are_altered(struct op *op)
{
	return access(file_data(op, BEFORE), F_OK) == 0;
}

const char *
mariadb_tls_required(struct op *op)
{
	return are_altered(op) ? " REQUIRE X509" : "";
}

struct accounts {
	bool		 first;		/* no account was altered yet */
	struct text	 before;	/* statements that put back what one demanded */
	struct text	 now;		/* statements that demand, each ended by NUL */
};

/* user, host, its demand as words of ALTER USER or "" */
static enum err
account_row(struct op *op, void *arg, char **field)
{
	const struct db_user u = { .name = field[0], .host = field[1] };
	bool has = strcmp(field[2], "REQUIRE X509") == 0;
	struct accounts *a = arg;
	const char *account;

	TRY(mariadb_account(op, &u, &account));
	if (*field[2] != '\0' && (a->first || !has))
		text_printf(&a->before, "ALTER USER %s %s\n", account,
		    field[2]);
	if (has)
		return OK;
	account = op_printf(op, "ALTER USER %s REQUIRE X509", account);
	text_addn(&a->now, account, strlen(account) + 1);
	return OK;
}

#define ACCOUNTS(what, where)						\
	"SELECT User, Host, " what " FROM mysql.user WHERE is_role = 'N'"	\
	" AND User NOT IN ('" MARIADB_ADMIN "', 'mariadb.sys') AND " where

/*
 * One that names whose certificate it wants demands more than any; a cipher
 * alone is none.
 */
#define DEMAND "CASE ssl_type WHEN 'ANY' THEN 'REQUIRE SSL' WHEN 'X509' THEN"	\
	" 'REQUIRE X509' WHEN 'SPECIFIED' THEN CONCAT('REQUIRE CIPHER ',"	\
	" QUOTE(ssl_cipher)) ELSE '' END"

static enum err
run_all(struct op *op, const char *s, const char *end)
{
	for (; s < end; s += strlen(s) + 1)
		TRY(mariadb_run(op, s));
	return OK;
}

/* What is kept is on the disk before any is altered: told again, it goes on. */
static enum err
accounts_demand(struct op *op)
{
	struct accounts a = { .first = !are_altered(op) };
	const char *kept = "";
	size_t len;

	text_begin(&a.before, op, 512);
	text_begin(&a.now, op, 512);
	if (!a.first)
		TRY(file_get(op, file_data(op, BEFORE), &kept, &len));
	text_add(&a.before, kept);
	TRY(mariadb_rows(op, ACCOUNTS(DEMAND, "x509_issuer = '' AND "
	    "x509_subject = ''"), account_row, &a));
	TRY(file_put(op, file_data(op, BEFORE), a.before.s, a.before.len));
	return run_all(op, a.now.s, a.now.s + a.now.len);
}

static enum err
account_free(struct op *op, void *arg, char **field)
{
	const struct db_user u = { .name = field[0], .host = field[1] };
	const char *account;

	(void)arg;
	TRY(mariadb_account(op, &u, &account));
	return mariadb_run(op, op_printf(op, "ALTER USER %s REQUIRE NONE",
	    account));
}

/* One that was dropped or renamed meanwhile demands nothing any more. */
static enum err
accounts_back(struct op *op)
{
	const char *kept;
	char *rest, *line;
	size_t len;

	if (!are_altered(op))
		return OK;
	TRY(file_get(op, file_data(op, BEFORE), &kept, &len));
	TRY(mariadb_rows(op, ACCOUNTS("''", "ssl_type = 'X509'"), account_free,
	    NULL));
	rest = op_strdup(op, kept);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0' && mariadb_run(op, line) != OK)
			op->why = NULL;
	return unlink(file_data(op, BEFORE)) == 0 ? OK : op_fail(op,
	    ERR_INTERNAL, BEFORE ": %s", strerror(errno));
}

/*
 * Enforced before it is there, it would be a closed door.  Where TLS is wanted
 * and the server could not have it, a door that is closed stays so.
 */
static enum err
apply(struct op *op, const struct tls *t)
{
	bool on, asked;

	TRY(is_on(op, &on));
	TRY(asks(op, &asked));
	if (on && t->mode != TLS_OFF)
		TRY(mariadb_run(op, "FLUSH SSL"));
	if (on || t->mode < TLS_ENFORCED)
		TRY(mariadb_run(op, op_printf(op,
		    "SET GLOBAL require_secure_transport = %d",
		    t->mode >= TLS_ENFORCED)));
	if (t->mode != TLS_MUTUAL)
		return accounts_back(op);
	return on && asked ? accounts_demand(op) : OK;
}

const struct tls_ways mariadb_tls_ways = {
	.apply = apply,
	.on = is_on,
	.asks = asks,
	.at_start = true,
	.mutual = true,
};
