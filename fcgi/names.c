#include "fcgi/names.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Reserved names, and the list that the refusal shows. */
static const struct reserved {
	const char *const names[8];
	const char *list;
} databases_reserved = {
	{ "mysql", "information_schema", "performance_schema", "sys" },
	"['mysql', 'information_schema', 'performance_schema', 'sys']",
}, databases_hidden = {
	{ "lost+found", "#mysql50#lost+found" }, "",
}, users_reserved = {
	{ "os_admin", "root" }, "['os_admin', 'root']",
}, users_hidden = {		/* the engine's own, and pseudo users */
	{ "mariadb.sys", "mysql", "mysql.sys", "mysql.session",
	  "mysql.infoschema", "PUBLIC", "" },
	"['mariadb.sys', 'mysql', 'mysql.sys', 'mysql.session', "
	"'mysql.infoschema', 'PUBLIC']",
}, postgresql_databases = {
	{ "os_admin", "postgres", "template0", "template1" },
	"['os_admin', 'postgres', 'template0', 'template1']",
}, postgresql_users = {
	{ "os_admin", "postgres" }, "['os_admin', 'postgres']",
};

/* The reference has routes for users of these engines, and they refuse all. */
static bool
only_ours(const char *manager)
{
	return strcmp(manager, "postgresql") == 0 ||
	    strcmp(manager, "redis") == 0;
}

bool
names_known(const char *manager)
{
	const struct engine *e = engine_find(manager);

	return e != NULL && e->user_max > 0 &&
	    !(only_ours(manager) && conf_bool("api.stock"));
}

bool
names_databases(const char *manager)
{
	return names_known(manager) && engine_find(manager)->database_max > 0;
}

static enum err
unsupported(struct op *op, const char *manager)
{
	return op_fail(op, ERR_UNPROCESSABLE,
	    "Operation not supported for datastore %s.", manager);
}

enum err
names_databases_check(struct op *op, const char *manager)
{
	return names_databases(manager) ? OK : unsupported(op, manager);
}

static bool
reserves(const struct reserved *r, const char *name)
{
	const size_t room = sizeof r->names / sizeof r->names[0];
	size_t i;

	for (i = 0; i < room && r->names[i] != NULL; i++)
		if (strcasecmp(r->names[i], name) == 0)
			return true;
	return false;
}

/* The server takes those without files in any case; "MySQL" is a tenant's. */
bool
name_database_is_reserved(const char *name)
{
	bool exact = strcasecmp(name, "mysql") == 0 ||
	    strcasecmp(name, "sys") == 0;

	return reserves(&databases_reserved, name) &&
	    (!exact || strcmp(name, "mysql") == 0 || strcmp(name, "sys") == 0);
}

bool
name_database_is_ours(const char *name)
{
	return name_database_is_reserved(name) ||
	    reserves(&databases_hidden, name);
}

bool
name_user_is_ours(const char *name)
{
	return reserves(&users_reserved, name) ||
	    reserves(&users_hidden, name);
}

static int
characters(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		if ((*s & 0xc0) != 0x80)
			n++;
	return n;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* ^[A-Za-z0-9_-]+[\s?#@]*[A-Za-z0-9_-]+$ on a name without control bytes */
static bool
database_is_well_formed(const char *s)
{
	const char *p = s;

	while (is_word(*p))
		p++;
	if (*p == '\0')
		return p - s >= 2;
	if (p == s)
		return false;
	while (*p != '\0' && strchr(" ?#@", *p) != NULL)
		p++;
	if (*p == '\0')
		return false;
	while (is_word(*p))
		p++;
	return *p == '\0';
}

/* No control characters (C0, DEL, C1), none of those that need quoting. */
static bool
is_plain(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = strlen(s);

	if (n == 0 || isspace(p[0]) || isspace(p[n - 1]))
		return false;
	for (; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f || strchr("'\";`,/\\", *p) != NULL ||
		    (*p == 0xc2 && p[1] < 0xa0))
			return false;
	return true;
}

static int
bytes(const char *s)
{
	return (int)strlen(s);
}

/* Of the basic plane, two characters at the least, the last one no blank. */
static bool
is_postgresql_database(const char *s)
{
	size_t n = strlen(s);

	if (n < 2 || isspace((unsigned char)s[n - 1]))
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f ||
		    (unsigned char)*s >= 0xf0)
			return false;
	return true;
}

/*
 * What engines add to the names that are reserved everywhere, how they measure
 * names, and what a database may be called; the last row is for all others.
 */
static const struct rule {
	const char	*manager;
	const struct reserved *databases, *users;
	int		(*length)(const char *);
	bool		(*is_database)(const char *);
} rules[] = {
	{ "postgresql", &postgresql_databases, &postgresql_users, bytes,
	    is_postgresql_database },
	{ NULL, NULL, NULL, characters, database_is_well_formed },
};

static const struct rule *
rule_of(const char *manager)
{
	const struct rule *r = rules;

	while (r->manager != NULL && strcmp(r->manager, manager) != 0)
		r++;
	return r;
}

enum err
name_database(struct op *op, const char *manager, const char *before,
    const char *name)
{
	const struct engine *e = engine_find(manager);
	const struct rule *rule;
	const char *list = NULL;

	TRY(names_databases_check(op, manager));
	rule = rule_of(manager);
	if (name_database_is_reserved(name))
		list = databases_reserved.list;
	else if (rule->databases != NULL && reserves(rule->databases, name))
		list = rule->databases->list;
	if (list != NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%sDatabase name \"%s\" is "
		    "on the reserved list: %s.", before, name, list);
	if (rule->length(name) > e->database_max)
		return op_fail(op, ERR_BAD_REQUEST, "%sSchema name '%s' is too "
		    "long. Max length = %d.", before, name, e->database_max);
	if (!rule->is_database(name))
		return op_fail(op, ERR_BAD_REQUEST,
		    "%s'%s' is not a valid schema name.", before, name);
	return OK;
}

enum err
name_grant(struct op *op, const char *manager, const char *before,
    const char *name)
{
	return names_databases(manager) && is_word(name[0]) &&
	    name[1] == '\0' ? OK : name_database(op, manager, before, name);
}

static const struct reserved *
user_reserved(const struct rule *rule, const char *name)
{
	const struct reserved *const lists[] = { rule->users, &users_reserved,
	    &users_hidden };

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (lists[i] != NULL && reserves(lists[i], name))
			return lists[i];
	return NULL;
}

enum err
name_user(struct op *op, const char *manager, const char *before,
    const char *name)
{
	const struct engine *e = engine_find(manager);
	const struct reserved *list;
	const struct rule *rule;

	if (!names_known(manager))
		return unsupported(op, manager);
	rule = rule_of(manager);
	if ((list = user_reserved(rule, name)) != NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%sUser name \"%s\" is on "
		    "the reserved list: %s.", before, name, list->list);
	if (rule->length(name) > e->user_max)
		return op_fail(op, ERR_BAD_REQUEST, "%sUser name '%s' is too "
		    "long. Max length = %d.", before, name, e->user_max);
	if (!is_plain(name) || (e->bare && (strchr(name, ' ') != NULL ||
	    strcmp(name, "default") == 0)))
		return op_fail(op, ERR_BAD_REQUEST,
		    "%s'%s' is not a valid user name.", before, name);
	return OK;
}

/* One to four numbers up to 255; a % stands for a digit. */
static bool
is_address(const char *s)
{
	int parts, digits, value;

	for (parts = 1; ; parts++) {
		for (digits = value = 0; *s == '%' ||
		    isdigit((unsigned char)*s); s++, digits++)
			if (digits < 4)
				value = value * 10 +
				    (*s == '%' ? 1 : *s - '0');
		if (digits < 1 || digits > 3 || value > 255 || parts > 4)
			return false;
		if (*s == '\0')
			return true;
		if (*s++ != '.')
			return false;
	}
}

/* "10.0.0.%", "10.0.0.0/255.255.255.0", "10.0.0.0/24" */
enum err
name_host(struct op *op, const char *manager, const char *before,
    const char *host)
{
	const struct engine *rule = engine_find(manager);
	bool bare = rule != NULL && rule->bare;
	const char *slash = strchr(host, '/');
	const char *address = slash == NULL ? host :
	    op_strndup(op, host, slash - host);

	if (strcmp(host, "%") == 0 || (!bare && is_address(address) &&
	    (slash == NULL || is_address(slash + 1))))
		return OK;
	return op_fail(op, ERR_BAD_REQUEST,
	    "%s'%s' is not a valid hostname.", before, host);
}

/* The contract's text repeats the password; ours is shown and logged. */
enum err
name_password(struct op *op, const char *before, const char *password)
{
	if (is_plain(password))
		return OK;
	return op_fail(op, ERR_BAD_REQUEST,
	    "%s'***' is not a valid password.", before);
}

static const struct { const char *names, *ends; } charsets[] = {
#define CHARSETS(names, ends) { names, ends },
#include "fcgi/charsets.tbl.h"
#undef CHARSETS
};

/* Is the n bytes of word one of those in a list separated by blanks? */
static bool
lists(const char *list, const char *word, size_t n)
{
	const char *end;

	for (; *list != '\0'; list = *end == ' ' ? end + 1 : end) {
		end = list + strcspn(list, " ");
		if ((size_t)(end - list) == n && memcmp(list, word, n) == 0)
			return n > 0;
	}
	return false;
}

/* Where the collation's character set ends, when there is such a collation. */
static size_t
collation_splits(const char *collate)
{
	size_t i, n = strcspn(collate, "_");

	if (strcmp(collate, "binary") == 0)
		return n;
	for (i = 0; i < sizeof charsets / sizeof charsets[0]; i++)
		if (collate[n] == '_' && lists(charsets[i].names, collate, n) &&
		    lists(charsets[i].ends, collate + n + 1,
		    strlen(collate + n + 1)))
			return n;
	return 0;
}

/* A server's own words: it knows which of them it has. */
static enum err
charset_is_a_word(struct op *op, const char *charset, const char *collate)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@-";

	if (charset != NULL && charset[strspn(charset, word)] != '\0')
		return op_fail(op, ERR_BAD_REQUEST,
		    "'%s' not a valid character set.", charset);
	if (collate != NULL && collate[strspn(collate, word)] != '\0')
		return op_fail(op, ERR_BAD_REQUEST,
		    "'%s' not a valid collation.", collate);
	return OK;
}

enum err
name_charset(struct op *op, const char *manager, const char *charset,
    const char *collate)
{
	bool found = charset == NULL;
	size_t i, n;

	if (strcmp(manager, "postgresql") == 0)
		return charset_is_a_word(op, charset, collate);
	for (i = 0; !found && i < sizeof charsets / sizeof charsets[0]; i++)
		found = lists(charsets[i].names, charset, strlen(charset));
	if (!found)
		return op_fail(op, ERR_BAD_REQUEST,
		    "'%s' not a valid character set.", charset);
	if (collate == NULL)
		return OK;
	if ((n = collation_splits(collate)) == 0)
		return op_fail(op, ERR_BAD_REQUEST,
		    "'%s' not a valid collation.", collate);
	if (charset != NULL && (strlen(charset) != n ||
	    memcmp(charset, collate, n) != 0))
		return op_fail(op, ERR_BAD_REQUEST,
		    "%s not a valid collation for charset %s.", collate,
		    charset);
	return OK;
}
