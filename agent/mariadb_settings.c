/* What a tenant sets: at once where the server can, else at its next start. */
#include "agent/mariadb.h"
#include "agent/mariadb_dialect.h"
#include "agent/settings.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <ctype.h>
#include <math.h>
#include <mysqld_error.h>
#include <stdlib.h>
#include <string.h>

/* The agent's own, whatever a catalogue says: with them a server is lost to it. */
static const char *const owned[] = { "bind_address", "datadir", "init_file",
    "basedir", "lc_messages_dir", "log_bin", "log_error", "pid_file", "plugin_dir", "plugin_load",
    "plugin_load_add", "port", "require_secure_transport",
    "secure_file_priv", "skip_grant_tables", "skip_log_bin", "skip_name_resolve",
    "skip_networking", "socket", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_cipher",
    "ssl_crl", "ssl_crlpath", "ssl_key", "tmpdir", "user", NULL };

struct variable {
	const char	*name, *wanted;	/* NULL: its default again */
	bool		 number;	/* wanted is one */

	/* as the server has it; type NULL: it does not */
	const char	*type, *now, *min, *max, *block;
	bool		 fixed, in_file;
	bool		 changed;	/* by us, so that it can be taken back */
};

struct variables {
	struct op	*op;
	struct variable	*v;
	int		 n;
};

/* --- my.cnf ---------------------------------------------------------------------- */

/*
 * Quotes keep '#' and blanks, and the one that is not in the value keeps the
 * other; a backslash would begin an escape.
 */
static void
line_add(struct text *t, const struct db_setting *s)
{
	char quote = strchr(s->value, '\'') != NULL ? '"' : '\'';

	text_printf(t, "%s = ", s->name);
	if (s->number) {
		text_printf(t, "%s\n", s->value);
		return;
	}
	text_addc(t, quote);
	for (const char *c = s->value; *c != '\0'; c++) {
		if (*c == '\\')
			text_addc(t, '\\');
		text_addc(t, *c);
	}
	text_addc(t, quote);
	text_addc(t, '\n');
}

static const char *
lines_of(struct op *op, const struct db_setting *s)
{
	struct text t;

	text_begin(&t, op, 1024);
	for (; s->name != NULL; s++)
		line_add(&t, s);
	return t.s;
}

enum err
mariadb_settings_start(struct op *op, const char **lines)
{
	const struct db_setting *s;

	*lines = "";
	TRY(settings_start(op, &s));
	if (s->name != NULL)
		*lines = op_printf(op, "# The tenant's.\n%s", lines_of(op, s));
	return OK;
}

/* --- one variable --------------------------------------------------------------- */

static bool
is_whole(const struct variable *v)
{
	return strncmp(v->type, "INT", 3) == 0 ||
	    strncmp(v->type, "BIGINT", 6) == 0;
}

static bool
is_numeric(const struct variable *v)
{
	return is_whole(v) || strcmp(v->type, "DOUBLE") == 0;
}

static long double
number(const char *s)
{
	if (s == NULL || strcmp(s, "OFF") == 0)
		return 0;
	return strcmp(s, "ON") == 0 ? 1 : strtold(s, NULL);
}

/* Kept, but for the rounding that the server does with sizes. */
static bool
is_kept(const struct variable *v)
{
	long double off = fabsl(number(v->now) - number(v->wanted));

	if (!v->number)			/* it took a word, or it said why not */
		return true;
	if (strcmp(v->type, "BOOLEAN") == 0)
		return (number(v->wanted) != 0) == (number(v->now) != 0);
	if (is_whole(v) && mariadb_spoken()->rounds_down &&
	    number(v->now) > number(v->wanted))
		return false;
	if (is_whole(v))
		return off == 0 || off < number(v->block);
	return strcmp(v->type, "DOUBLE") != 0 ||
	    off <= 1e-6L * fmaxl(1, fabsl(number(v->wanted)));
}

static enum err
variable_check(struct op *op, const struct variable *v)
{
	if (v->type == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%s has no variable "
		    "%s.", mariadb_spoken()->name, v->name);
	if (!v->in_file)
		return op_fail(op, ERR_BAD_REQUEST, "%s cannot be set for a "
		    "whole server.", v->name);
	if (v->number && is_numeric(v) && v->min != NULL && v->max != NULL &&
	    (number(v->wanted) < number(v->min) ||
	    number(v->wanted) > number(v->max)))
		return op_fail(op, ERR_BAD_REQUEST, "%s takes values from "
		    "%s to %s for %s.", mariadb_spoken()->name, v->min, v->max,
		    v->name);
	return OK;
}

/* What a variable held, as a value of SET. */
static enum err
literal(struct op *op, const struct variable *v, const char *value,
    const char **out)
{
	*out = value != NULL ? value : "DEFAULT";
	return value == NULL || is_numeric(v) ? OK :
	    mariadb_value(op, value, out);
}

/* "102M", as my.cnf has it, is no number to SET. */
static enum err
literal_default(struct op *op, const struct variable *v, const char **out)
{
	const char *value = mariadb_conf_value(op, v->name);
	size_t len = value == NULL ? 0 : strlen(value);

	if (len > 1 && value[len - 1] == 'M' && is_numeric(v))
		value = op_printf(op, "%.*s * 1048576", (int)len - 1, value);
	return literal(op, v, value, out);
}

static enum err
variable_set(struct op *op, const struct variable *v, const char *value)
{
	return mariadb_run(op, op_printf(op, "SET GLOBAL %s = %s",
	    mariadb_name(op, v->name), value));
}

/* --- all of them ---------------------------------------------------------------- */

static enum err
take_row(struct op *op, void *arg, char **field)
{
	struct variables *all = arg;

	for (int i = 0; i < all->n; i++) {
		struct variable *v = &all->v[i];

		if (strcmp(v->name, field[0]) != 0)
			continue;
		v->fixed = *field[1] == 'Y';
		v->type = op_strdup(op, field[2]);
		v->now = op_strdup(op, field[3]);
		v->min = op_strdup(op, field[4]);
		v->max = op_strdup(op, field[5]);
		v->block = op_strdup(op, field[6]);
		v->in_file = *field[7] == '1';
	}
	return OK;
}

/* The pool grows by whole chunks. */
static enum err
look(struct variables *all, const struct variable *first, int n)
{
	const char **names = op_alloc(all->op,
	    ((size_t)n + 1) * sizeof(*names));
	const char *list;

	if (n == 0)
		return OK;
	for (int i = 0; i < n; i++)
		names[i] = first[i].name;
	TRY(mariadb_values(all->op, names, &list));
	return mariadb_rows(all->op, op_printf(all->op,
	    "%s WHERE VARIABLE_NAME IN %s", mariadb_spoken()->variables, list),
	    take_row, all);
}

static enum err
apply(struct variables *all, struct variable *v)
{
	const char *value;

	if (v->number)
		value = v->wanted;
	else
		TRY(mariadb_value(all->op, v->wanted, &value));
	if (variable_set(all->op, v, value) != OK) {
		/* MySQL does not say it before. */
		v->fixed = mariadb_errno() == ER_INCORRECT_GLOBAL_LOCAL_VAR;
		return v->fixed ? OK : op_fail(all->op, ERR_BAD_REQUEST, "%s: %s", v->name,
		    all->op->why);
	}
	v->changed = true;
	TRY(look(all, v, 1));
	if (!is_kept(v))
		return op_fail(all->op, ERR_BAD_REQUEST, "%s set %s to "
		    "%s instead of %s.", mariadb_spoken()->name, v->name,
		    v->now, v->wanted);
	return OK;
}

/* A variable without a default keeps what it has until the next start. */
static void
reset(struct op *op, struct variable *v)
{
	const char *value;

	if (literal_default(op, v, &value) == OK &&
	    variable_set(op, v, value) == OK)
		v->changed = true;
	else
		log_warn(op, "%s stays until a restart: %s", v->name, op->why);
}

static void
undo(struct variables *all, const char *const *before)
{
	const char *value;

	for (int i = 0; i < all->n; i++)
		if (all->v[i].changed && (literal(all->op, &all->v[i],
		    before[i], &value) != OK ||
		    variable_set(all->op, &all->v[i], value) != OK))
			log_warn(all->op, "%s is not as before: %s",
			    all->v[i].name, all->op->why);
}

static enum err
apply_all(struct variables *all, const struct db_setting *to)
{
	for (int i = 0; i < all->n; i++) {
		struct variable *v = &all->v[i];

		if (v->fixed || v->type == NULL)
			continue;
		if (v->wanted == NULL)
			reset(all->op, v);
		else
			TRY(apply(all, v));
	}
	return settings_write(all->op, to);
}

/* Those that are wanted, then those that were and are not any more. */
static void
collect(struct variables *all, const struct db_setting *to,
    const struct db_setting *was)
{
	size_t n = 1;

	for (const struct db_setting *s = to; s->name != NULL; s++)
		n++;
	for (const struct db_setting *s = was; s->name != NULL; s++)
		n++;
	all->v = op_alloc(all->op, n * sizeof(*all->v));
	for (; to->name != NULL; to++)
		all->v[all->n++] = (struct variable){ .name = to->name,
		    .wanted = to->value, .number = to->number };
	for (; was->name != NULL; was++) {
		int i = 0;

		while (i < all->n && strcmp(all->v[i].name, was->name) != 0)
			i++;
		if (i == all->n)
			all->v[all->n++] = (struct variable){
			    .name = was->name };
	}
}

static char
spelled(char c)
{
	return c == '-' ? '_' : (char)tolower(c);
}

static enum err
canonical(struct op *op, const struct db_setting *s, struct db_setting **out)
{
	TRY(settings_canonical(op, s, spelled, owned, out));
	for (s = *out; s->name != NULL; s++)
		if (strchr(s->value, '"') != NULL &&
		    strchr(s->value, '\'') != NULL)
			return op_fail(op, ERR_BAD_REQUEST, "%s: a value "
			    "holds one kind of quotes only.", s->name);
	return OK;
}

enum err
mariadb_configure(struct op *op, const struct db_setting *wanted)
{
	struct variables all = { .op = op };
	const struct db_setting *was;
	struct db_setting *to;
	const char **before;
	enum err e;

	TRY(canonical(op, wanted, &to));
	TRY(settings_read(op, &was));
	collect(&all, to, was);
	TRY(look(&all, all.v, all.n));
	before = op_alloc(op, ((size_t)all.n + 1) * sizeof(*before));
	for (int i = 0; i < all.n; i++) {
		if (all.v[i].wanted != NULL)
			TRY(variable_check(op, &all.v[i]));
		before[i] = all.v[i].now;
	}
	if (mariadb_spoken()->checks_aside)
		TRY(mysql_check(op, lines_of(op, to)));
	if ((e = apply_all(&all, to)) != OK) {
		const char *why = op->why;

		undo(&all, before);
		return op_fail(op, e, "%s", why);
	}
	return OK;
}
