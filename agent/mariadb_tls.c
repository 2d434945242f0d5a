/*
 * MariaDB reads whether there is TLS when it starts, and its certificate anew
 * whenever it is told.
 */
#include "agent/mariadb.h"
#include "agent/file.h"
#include "agent/tls.h"

#include <string.h>

enum err
mariadb_tls_settings(struct op *op, const char **lines)
{
	const char *file = file_data(op, TLS_SERVER);
	struct tls t;

	*lines = "";
	TRY(tls_start(op, &t));
	if (t.mode != TLS_OFF)
		*lines = op_printf(op, "ssl-cert = %s\nssl-key = %s\n"
		    "tls-version = TLSv1.2,TLSv1.3\n"
		    "require-secure-transport = %d\n", file, file,
		    t.mode == TLS_ENFORCED);
	return OK;
}

static enum err
is_yes(struct op *op, void *arg, char **field)
{
	(void)op;
	*(bool *)arg = field[1] != NULL && strcmp(field[1], "YES") == 0;
	return OK;
}

static enum err
is_on(struct op *op, bool *on)
{
	*on = false;
	return mariadb_rows(op, "SHOW GLOBAL VARIABLES LIKE 'have_ssl'", is_yes,
	    on);
}

/* Enforced before it is there, it would be a closed door. */
static enum err
apply(struct op *op, const struct tls *t)
{
	bool on;

	TRY(is_on(op, &on));
	if (on && t->mode != TLS_OFF)
		TRY(mariadb_run(op, "FLUSH SSL"));
	return mariadb_run(op, op_printf(op,
	    "SET GLOBAL require_secure_transport = %d",
	    on && t->mode == TLS_ENFORCED));
}

const struct tls_ways mariadb_tls_ways = {
	.apply = apply,
	.on = is_on,
	.at_start = true,
};
