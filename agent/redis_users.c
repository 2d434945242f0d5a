/*
 * Users are names with a password and rights that are the same for all: Redis
 * has no hosts, and its databases are numbers that everybody may select.  Only
 * hashes of passwords are kept and told to the server.
 */
#include "agent/redis_server.h"
#include "agent/file.h"
#include "agent/names.h"
#include "agent/settings.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USERS	"agent/users"
#define ROOT	"agent/root"		/* one, or none */
#define RESTORED "agent/users.restored"	/* that came with a backup */
#define DIGITS	(2 * SEAL_HASH)

/* What does not reach beyond the data, and what programs use every day. */
static const char *const user_rights[] = { "~*", "&*", "+@all", "-@admin",
    "-@dangerous", "+flushall", "+flushdb", "+info", "+keys", "+sort",
    "+sort_ro", "-script|debug", NULL };

/* What does not reach beyond this server and leaves it to its agent. */
static const char *const root_rights[] = { "~*", "&*", "+@all", "-@admin",
    "+client|kill", "+client|list", "+client|unblock", "+lastsave", "+latency",
    "+monitor", "+role", "+slowlog", "-migrate", "-restore-asking",
    "-script|debug", NULL };

static enum err
missing(struct op *op, const char *name)
{
	return op_fail(op, ERR_NOT_FOUND,
	    "User %s cannot be found on the instance.", name);
}

static enum err
exists(struct op *op, const char *name)
{
	return op_fail(op, ERR_CONFLICT,
	    "A user with the name \"%s\" already exists.", name);
}

/* Blanks end a name in the ACL file. */
static enum err
user_check(struct op *op, const struct db_user *u)
{
	if (u->name != NULL && (*u->name == '\0' ||
	    strpbrk(u->name, " \t\n\v\f\r") != NULL ||
	    strcmp(u->name, "default") == 0))
		return op_fail(op, ERR_BAD_REQUEST,
		    "'%s' is not a valid user name.", u->name);
	if (u->host != NULL && strcmp(u->host, "%") != 0)
		return op_fail(op, ERR_BAD_REQUEST,
		    "'%s' is not a valid hostname.", u->host);
	if (u->databases != NULL && *u->databases != NULL)
		return op_fail(op, ERR_UNPROCESSABLE,
		    "Operation not supported for datastore redis.");
	return OK;
}

static const char *
hash_of(struct op *op, const char *password)
{
	unsigned char hash[SEAL_HASH];
	char *hex = op_alloc(op, DIGITS + 1);

	seal_sha256(hash, password, strlen(password));
	text_hex(hex, hash, sizeof(hash));
	return hex;
}

/* --- the server's part ------------------------------------------------------------ */

/* The text of a refusal repeats what was said: it goes nowhere. */
static enum err
acl_set(struct op *op, const char *name, const char *hash,
    const char *const *rights)
{
	const char *argv[32] = { "ACL", "SETUSER", name, "reset", "on",
	    op_printf(op, "#%s", hash) };
	struct redis_reply reply;
	int n = 6;

	while (*rights != NULL)
		argv[n++] = *rights++;
	if (redis_ask(op, &reply, argv) == OK)
		return OK;
	return reply.text == NULL ? ERR_GUEST : op_fail(op, ERR_GUEST,
	    "Redis did not take the user %s.", name);
}

/* Ends its sessions, too. */
static enum err
acl_delete(struct op *op, const char *name)
{
	const char *const argv[] = { "ACL", "DELUSER", name, NULL };
	struct redis_reply reply;

	return redis_ask(op, &reply, argv);
}

static void
line_add(struct text *t, const char *name, const char *hash,
    const char *const *rights)
{
	text_printf(t, "user %s on #%s", name, hash);
	for (; *rights != NULL; rights++)
		text_printf(t, " %s", *rights);
	text_addc(t, '\n');
}

enum err
redis_accounts(struct op *op, const char **lines)
{
	static const char *const all[] = { "~*", "&*", "+@all", NULL };
	const struct db_setting *users, *root;
	const char *password;
	struct text t;

	TRY(redis_admin_password(op, &password));
	TRY(settings_read_from(op, USERS, &users));
	TRY(settings_read_from(op, ROOT, &root));
	text_begin(&t, op, 1024);
	text_add(&t, "user default off resetpass -@all\n");
	line_add(&t, REDIS_ADMIN, hash_of(op, password), all);
	for (; root->name != NULL; root++)
		line_add(&t, root->name, root->value, root_rights);
	for (; users->name != NULL; users++)
		line_add(&t, users->name, users->value, user_rights);
	*lines = t.s;
	return OK;
}

/* --- the list --------------------------------------------------------------------- */

/* Without the first of these names, and with the second; either may be NULL. */
static enum err
list_change(struct op *op, const char *without, const char *name,
    const char *hash)
{
	const struct db_setting *s;
	struct db_setting *to;
	size_t n = 0;

	TRY(settings_read_from(op, USERS, &s));
	for (const struct db_setting *c = s; c->name != NULL; c++)
		n++;
	to = op_alloc(op, (n + 2) * sizeof(*to));
	for (n = 0; s->name != NULL; s++)
		if (without == NULL || strcmp(s->name, without) != 0)
			to[n++] = *s;
	if (name != NULL)
		to[n] = (struct db_setting){ name, hash, false };
	return settings_write_to(op, USERS, to);
}

static enum err
hash_find(struct op *op, const char *name, const char **hash)
{
	const struct db_setting *s;

	TRY(settings_read_from(op, USERS, &s));
	s = settings_find(s, name);
	*hash = s != NULL ? s->value : NULL;
	return OK;
}

/* The list is what counts: a user that is not in it goes. */
static enum err
taken_back(struct op *op, const char *name, enum err e)
{
	char *why = op->why;

	if (acl_delete(op, name) != OK)
		log_error(op, "user %s stays until a restart: %s", name,
		    op->why);
	op->why = why;
	return e;
}

enum err
redis_user_create(struct op *op, const struct db_user *u)
{
	const char *hash;
	enum err e;

	TRY(user_check(op, u));
	TRY(hash_find(op, u->name, &hash));
	if (hash != NULL)
		return exists(op, u->name);
	hash = hash_of(op, u->password);
	TRY(acl_set(op, u->name, hash, user_rights));
	e = list_change(op, NULL, u->name, hash);
	return e == OK ? OK : taken_back(op, u->name, e);
}

static bool
is_everywhere(const struct db_user *u)
{
	return u->host == NULL || strcmp(u->host, "%") == 0;
}

enum err
redis_user_delete(struct op *op, const struct db_user *u)
{
	const char *hash;

	TRY(hash_find(op, u->name, &hash));
	if (hash == NULL || !is_everywhere(u))
		return missing(op, u->name);
	TRY(acl_delete(op, u->name));
	return list_change(op, u->name, NULL, NULL);
}

enum err
redis_user_show(struct op *op, const struct db_user *u, db_found found,
    void *arg)
{
	static const char *const none[] = { NULL };
	const char *hash;

	TRY(hash_find(op, u->name, &hash));
	if (hash == NULL || !is_everywhere(u))
		return missing(op, u->name);
	return found(op, arg, u->name, "%", none);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In order of "name@host", as markers are. */
enum err
redis_user_list(struct op *op, const struct db_page *page, db_found found,
    void *arg)
{
	static const char *const none[] = { NULL };
	const struct db_setting *s;
	const char **ids;
	size_t n = 0;
	int given = 0;

	TRY(settings_read_from(op, USERS, &s));
	while (s[n].name != NULL)
		n++;
	ids = op_alloc(op, (n + 1) * sizeof(*ids));
	for (size_t i = 0; i < n; i++)
		ids[i] = op_printf(op, "%s@%%", s[i].name);
	qsort(ids, n, sizeof(*ids), by_text);
	for (; *ids != NULL; ids++) {
		if (page->marker != NULL && strcmp(*ids, page->marker) <= 0)
			continue;
		if (page->limit > 0 && given++ == page->limit)
			break;
		TRY(found(op, arg, op_strndup(op, *ids, strlen(*ids) - 2), "%",
		    none));
	}
	return OK;
}

/*
 * Another name is another user with the same password.  The list comes last:
 * who begins again after a crash finds the old name in it.
 */
static enum err
rename_user(struct op *op, const char *from, const char *to, const char *hash)
{
	const char *taken;
	enum err e;

	TRY(hash_find(op, to, &taken));
	if (taken != NULL)
		return exists(op, to);
	TRY(acl_set(op, to, hash, user_rights));
	if ((e = acl_delete(op, from)) != OK ||
	    (e = list_change(op, from, to, hash)) != OK)
		return taken_back(op, to, e);
	return OK;
}

enum err
redis_user_update(struct op *op, const struct db_user *u,
    const struct db_user *to)
{
	const char *hash;

	TRY(user_check(op, to));
	TRY(hash_find(op, u->name, &hash));
	if (hash == NULL || !is_everywhere(u))
		return missing(op, u->name);
	if (to->password != NULL)
		hash = hash_of(op, to->password);
	if (to->name != NULL && strcmp(to->name, u->name) != 0)
		return rename_user(op, u->name, to->name, hash);
	TRY(acl_set(op, u->name, hash, user_rights));
	return list_change(op, u->name, u->name, hash);
}

/* --- root ------------------------------------------------------------------------- */

enum err
redis_root_enable(struct op *op, const char *password)
{
	struct db_setting root[2] = { { "root", hash_of(op, password), false },
	    { 0 } };

	TRY(acl_set(op, root[0].name, root[0].value, root_rights));
	return settings_write_to(op, ROOT, root);
}

enum err
redis_root_disable(struct op *op)
{
	TRY(settings_write_to(op, ROOT, &(struct db_setting){ 0 }));
	return acl_delete(op, "root");
}

/* --- in a backup -------------------------------------------------------------------- */

enum err
redis_users_text(struct op *op, const char **text, size_t *n)
{
	enum err e = file_get(op, file_data(op, USERS), text, n);

	if (e != ERR_NOT_FOUND)
		return e;
	*text = "";
	*n = 0;
	return OK;
}

static bool
is_hash(const char *s)
{
	unsigned char hash[SEAL_HASH];

	return strlen(s) == DIGITS && text_unhex(hash, s, sizeof(hash));
}

/* A guest wrote the backup: no name is the agent's, root's or there twice. */
static enum err
restored_check(struct op *op, const struct db_setting **out)
{
	struct db_setting *list;
	size_t n = 0;

	TRY(settings_read_from(op, RESTORED, out));
	while ((*out)[n].name != NULL)
		n++;
	list = op_alloc(op, (n + 1) * sizeof(*list));
	memcpy(list, *out, (n + 1) * sizeof(*list));
	*out = list;
	qsort(list, n, sizeof(*list), settings_compare);
	for (size_t i = 0; i < n; i++) {
		struct db_user u = { .name = list[i].name };

		TRY(names_user(op, u.name));
		TRY(user_check(op, &u));
		if (!is_hash(list[i].value) || (i > 0 &&
		    strcmp(u.name, list[i - 1].name) == 0))
			return op_fail(op, ERR_BAD_REQUEST,
			    "The backup's user %s is none.", u.name);
	}
	return OK;
}

enum err
redis_users_aside(struct op *op, const char *text, size_t n)
{
	const struct db_setting *users;

	if (text == NULL) {
		unlink(file_data(op, RESTORED));
		return OK;
	}
	TRY(file_put(op, file_data(op, RESTORED), text, n));
	return restored_check(op, &users);
}

enum err
redis_users_restored(struct op *op)
{
	const struct db_setting *users;

	TRY(settings_write_to(op, ROOT, &(struct db_setting){ 0 }));
	if (access(file_data(op, RESTORED), F_OK) == -1)
		return OK;
	TRY(restored_check(op, &users));
	TRY(settings_write_to(op, USERS, users));
	unlink(file_data(op, RESTORED));
	return OK;
}
