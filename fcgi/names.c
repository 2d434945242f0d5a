#include "fcgi/names.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Reserved for every engine; the page of engines adds to them. */
static const char *const databases_reserved[] = {
	"mysql", "information_schema", "performance_schema", "sys", NULL
}, *const databases_hidden[] = {
	"lost+found", "#mysql50#lost+found", NULL
}, *const users_reserved[] = {
	"os_admin", "root", NULL
}, *const users_hidden[] = {		/* an engine's own, and pseudo users */
	"mariadb.sys", "mysql", "mysql.sys", "mysql.session",
	"mysql.infoschema", "PUBLIC", "", NULL
};

bool
names_known(const char *manager)
{
	const struct engine *e = engine_find(manager);

	return e != NULL && e->user_max > 0 &&
	    !(e->contract->no_users && conf_bool("api.stock"));
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
reserves(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcasecmp(*names, name) == 0)
			return true;
	return false;
}

/* "['a', 'b']", as the refusal shows them. */
static const char *
listed(struct op *op, const char *const *names)
{
	const char *s = "";

	for (; *names != NULL; names++)
		if (**names != '\0')
			s = op_printf(op, "%s%s'%s'", s,
			    *s != '\0' ? ", " : "", *names);
	return op_printf(op, "[%s]", s);
}

/* The server takes those without files in any case; "MySQL" is a tenant's. */
bool
name_database_is_reserved(const char *name)
{
	bool exact = strcasecmp(name, "mysql") == 0 ||
	    strcasecmp(name, "sys") == 0;

	return reserves(databases_reserved, name) &&
	    (!exact || strcmp(name, "mysql") == 0 || strcmp(name, "sys") == 0);
}

bool
name_database_is_ours(const char *name)
{
	return name_database_is_reserved(name) ||
	    reserves(databases_hidden, name);
}

bool
name_user_is_ours(const char *name)
{
	return reserves(users_reserved, name) ||
	    reserves(users_hidden, name);
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
length(const struct engine *e, const char *name)
{
	return e->names->bytes ? (int)strlen(name) : characters(name);
}

/* Of the basic plane, two characters at the least, the last one no blank. */
static bool
is_nearly_anything(const char *s)
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

enum err
name_database(struct op *op, const char *manager, const char *before,
    const char *name)
{
	const struct engine *e = engine_find(manager);
	const char *const *list = NULL;

	TRY(names_databases_check(op, manager));
	if (name_database_is_reserved(name))
		list = databases_reserved;
	else if (reserves(e->names->databases, name))
		list = e->names->databases;
	if (list != NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%sDatabase name \"%s\" is "
		    "on the reserved list: %s.", before, name,
		    listed(op, list));
	if (length(e, name) > e->database_max)
		return op_fail(op, ERR_BAD_REQUEST, "%sSchema name '%s' is too "
		    "long. Max length = %d.", before, name, e->database_max);
	if (!(e->names->free ? is_nearly_anything(name) :
	    database_is_well_formed(name)))
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

static const char *const *
user_reserved(const struct engine *e, const char *name)
{
	const char *const *const lists[] = { e->names->users, users_reserved,
	    users_hidden };

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (reserves(lists[i], name))
			return lists[i];
	return NULL;
}

enum err
name_user(struct op *op, const char *manager, const char *before,
    const char *name)
{
	const struct engine *e = engine_find(manager);
	const char *const *list;

	if (!names_known(manager))
		return unsupported(op, manager);
	if ((list = user_reserved(e, name)) != NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%sUser name \"%s\" is on "
		    "the reserved list: %s.", before, name, listed(op, list));
	if (length(e, name) > e->user_max)
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
	const struct engine *e = engine_find(manager);
	bool bare = e != NULL && e->bare;
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
	const struct engine *e = engine_find(manager);
	bool found = charset == NULL;
	size_t i, n;

	if (e != NULL && e->names->charsets)
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
