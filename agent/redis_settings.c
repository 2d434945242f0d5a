/*
 * What a tenant sets: at once where the server can, else at its next start.
 * CONFIG SET takes several or none of them.  It has no word for a default, so
 * what stood there before a tenant's first value is kept.
 */
#include "agent/redis_server.h"
#include "agent/settings.h"
#include "lib/base/log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULTS	"agent/settings.defaults"

/* The agent's own, whatever a catalogue says: with them a server is lost to it. */
static const char *const owned[] = { "acl-pubsub-default", "aclfile",
    "always-show-logo", "aof-use-rdb-preamble", "appenddirname",
    "appendfilename", "appendonly", "bind", "bind-source-addr",
    "cluster-enabled", "daemonize", "dbfilename", "dir",
    "enable-debug-command", "enable-module-command",
    "enable-protected-configs", "include", "loadmodule", "logfile",
    "masterauth", "masteruser", "maxmemory", "pidfile", "port",
    "proc-title-template", "protected-mode", "rename-command",
    "replica-announced", "replica-read-only", "replicaof", "requirepass",
    "sanitize-dump-payload", "set-proc-title", "slave-read-only", "slaveof",
    "supervised", "syslog-enabled", "tls-auth-clients", "tls-ca-cert-dir",
    "tls-ca-cert-file", "tls-cert-file", "tls-key-file", "tls-key-file-pass",
    "tls-port", "unixsocket", "unixsocketperm",
    "user", NULL };

struct change {
	const char	*name, *value;	/* to have; NULL: cannot be told */
	const char	*before;	/* NULL: the server does not know it */
	bool		 number;
	bool		 fixed;		/* until a start */
};

struct changes {
	struct op	*op;
	struct change	*c;
	size_t		 n;
};

enum err
redis_settings_start(struct op *op, const char **lines)
{
	const struct db_setting *s;
	struct text t;

	*lines = "";
	TRY(settings_start(op, &s));
	if (s->name == NULL)
		return OK;
	text_begin(&t, op, 1024);
	text_add(&t, "# The tenant's.\n");
	for (; s->name != NULL; s++) {
		text_printf(&t, "%s ", s->name);
		redis_conf_quote(&t, s->value);
		text_addc(&t, '\n');
	}
	*lines = t.s;
	return OK;
}

static char
spelled(char c)
{
	return (char)tolower(c);
}

/* --- what is to change ------------------------------------------------------------ */

/* Those that are wanted, then those that were and are not any more. */
static enum err
collect(struct changes *all, const struct db_setting *to,
    const struct db_setting *was)
{
	const struct db_setting *defaults, *d;
	size_t n = 1;

	for (const struct db_setting *s = to; s->name != NULL; s++)
		n++;
	for (const struct db_setting *s = was; s->name != NULL; s++)
		n++;
	all->c = op_alloc(all->op, n * sizeof(*all->c));
	for (const struct db_setting *s = to; s->name != NULL; s++)
		all->c[all->n++] = (struct change){ .name = s->name,
		    .value = s->value, .number = s->number };
	TRY(settings_read_from(all->op, DEFAULTS, &defaults));
	for (; was->name != NULL; was++) {
		if (settings_find(to, was->name) != NULL)
			continue;
		all->c[all->n].name = was->name;
		all->c[all->n].value = redis_conf_value(all->op, was->name);
		d = settings_find(defaults, was->name);
		if (all->c[all->n].value == NULL && d != NULL)
			all->c[all->n].value = d->value;
		all->n++;
	}
	return OK;
}

static void
take_pairs(struct changes *all, const struct redis_reply *reply)
{
	for (size_t k = 0; k + 1 < reply->items; k += 2)
		for (size_t i = 0; i < all->n; i++)
			if (reply->item[k].text != NULL && strcmp(
			    all->c[i].name, reply->item[k].text) == 0)
				all->c[i].before = reply->item[k + 1].text;
}

/* Truth is yes and no here, and 1 and 0 in a group. */
static const char *
in_its_words(const struct change *c)
{
	bool is_truth = c->before != NULL && (strcmp(c->before, "yes") == 0 ||
	    strcmp(c->before, "no") == 0);

	if (!c->number || !is_truth || c->value == NULL)
		return c->value;
	return strcmp(c->value, "1") == 0 ? "yes" :
	    strcmp(c->value, "0") == 0 ? "no" : c->value;
}

/* The names hold no pattern: names_setting() saw to that. */
static enum err
look(struct changes *all)
{
	const char **argv = op_alloc(all->op, (all->n + 3) * sizeof(*argv));
	struct redis_reply reply;

	if (all->n == 0)
		return OK;
	argv[0] = "CONFIG";
	argv[1] = "GET";
	for (size_t i = 0; i < all->n; i++)
		argv[2 + i] = all->c[i].name;
	TRY(redis_ask(all->op, &reply, argv));
	take_pairs(all, &reply);
	for (size_t i = 0; i < all->n; i++)
		all->c[i].value = in_its_words(&all->c[i]);
	return OK;
}

/* --- in the server ------------------------------------------------------------------ */

static struct change *
named_in(struct changes *all, const char *text)
{
	const char *quote = strchr(text, '\'');
	size_t len = quote != NULL ? strcspn(quote + 1, "'") : 0;

	for (size_t i = 0; i < all->n && quote != NULL; i++)
		if (strlen(all->c[i].name) == len &&
		    strncmp(all->c[i].name, quote + 1, len) == 0)
			return &all->c[i];
	return NULL;
}

/* "ERR CONFIG SET failed (possibly related to argument 'x') - why" */
static enum err
refused(struct changes *all, const char *text)
{
	const struct change *c = named_in(all, text);
	const char *why = strstr(text, ") - ");

	return op_fail(all->op, ERR_BAD_REQUEST, "%s: %s",
	    c != NULL ? c->name : "Redis", why != NULL ? why + 4 : text);
}

/* All that a running server takes; before: the way back. */
static enum err
set_once(struct changes *all, bool back, struct redis_reply *reply)
{
	const char **argv = op_alloc(all->op, (2 * all->n + 3) *
	    sizeof(*argv));
	size_t k = 2;

	argv[0] = "CONFIG";
	argv[1] = "SET";
	*reply = (struct redis_reply){ .kind = REDIS_NIL };
	for (size_t i = 0; i < all->n; i++) {
		const struct change *c = &all->c[i];
		const char *value = back ? c->before : c->value;

		if (c->fixed || c->before == NULL || value == NULL)
			continue;
		argv[k++] = c->name;
		argv[k++] = value;
	}
	return k == 2 ? OK : redis_ask(all->op, reply, argv);
}

/* It names one that only a start can set at a time. */
static enum err
set_all(struct changes *all)
{
	struct redis_reply reply;
	struct change *c;

	while (set_once(all, false, &reply) != OK) {
		if (reply.text == NULL)
			return ERR_GUEST;
		c = named_in(all, reply.text);
		if (c == NULL || c->fixed ||
		    strstr(reply.text, "immutable") == NULL)
			return refused(all, reply.text);
		c->fixed = true;
	}
	return OK;
}

/* --- kept --------------------------------------------------------------------------- */

/* A crash after this leaves more than is needed, and never a tenant's value. */
static enum err
defaults_keep(struct changes *all, const struct db_setting *to)
{
	const struct db_setting *had, *d;
	struct db_setting *list;
	size_t n = 0;

	TRY(settings_read_from(all->op, DEFAULTS, &had));
	list = op_alloc(all->op, (all->n + 1) * sizeof(*list));
	for (size_t i = 0; i < all->n; i++) {
		const struct change *c = &all->c[i];

		if ((d = settings_find(had, c->name)) != NULL)
			list[n++] = *d;
		else if (settings_find(to, c->name) != NULL)
			list[n++] = (struct db_setting){ c->name, c->before,
			    false };
	}
	return settings_write_to(all->op, DEFAULTS, list);
}

static enum err
keep(struct changes *all, struct db_setting *to)
{
	struct redis_reply reply;
	enum err e;

	for (size_t i = 0; to[i].name != NULL; i++)
		to[i].value = all->c[i].value;
	if ((e = settings_write(all->op, to)) == OK)
		return OK;
	if (set_once(all, true, &reply) != OK)
		log_warn(all->op, "settings are not as before: %s",
		    all->op->why);
	return e;
}

enum err
redis_configure(struct op *op, const struct db_setting *wanted)
{
	struct changes all = { .op = op };
	const struct db_setting *was;
	struct db_setting *to;

	TRY(settings_canonical(op, wanted, spelled, owned, &to));
	TRY(settings_read(op, &was));
	TRY(collect(&all, to, was));
	TRY(look(&all));
	for (size_t i = 0; to[i].name != NULL; i++)
		if (all.c[i].before == NULL)
			return op_fail(op, ERR_BAD_REQUEST, "Redis has no "
			    "parameter %s.", to[i].name);
	TRY(defaults_keep(&all, to));
	TRY(set_all(&all));
	return keep(&all, to);
}
