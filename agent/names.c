#include "agent/names.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

const char *const names_hidden_databases[] = { "mysql", "information_schema",
    "performance_schema", "sys", "lost+found", "#mysql50#lost+found", NULL };
const char *const names_hidden_users[] = { "os_admin", "root", "mariadb.sys",
    "mysql", "mysql.sys", "mysql.session", "mysql.infoschema", "PUBLIC", "",
    NULL };

/* These, and all that begin with "pg_" or "os_access_". */
const char *const names_postgresql_databases[] = { "postgres", "template0",
    "template1", "os_admin", NULL };
const char *const names_postgresql_users[] = { "os_admin", "postgres", "root",
    "public", "none", NULL };

static bool
is_listed(const char *const *list, const char *name,
    int (*compare)(const char *, const char *))
{
	while (*list != NULL && compare(*list, name) != 0)
		list++;
	return *list != NULL;
}

static bool
mysql_hides_user(const char *name)
{
	return is_listed(names_hidden_users, name, strcasecmp);
}

/* MariaDB knows those without files in any case; "MySQL" is a tenant's. */
static bool
mysql_hides_database(const char *name)
{
	return is_listed(names_hidden_databases, name, strcmp) ||
	    strcasecmp(name, "information_schema") == 0 ||
	    strcasecmp(name, "performance_schema") == 0;
}

/* Roles and databases are told apart by case. */
static bool
postgresql_hides_user(const char *name)
{
	return is_listed(names_postgresql_users, name, strcmp) ||
	    strncmp(name, "pg_", 3) == 0 ||
	    strncmp(name, "os_access_", 10) == 0;
}

static bool
postgresql_hides_database(const char *name)
{
	return is_listed(names_postgresql_databases, name, strcmp);
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Words, then blanks and ?#@, then words: two characters at the least. */
static bool
is_mysql_database(const char *s)
{
	size_t len = strlen(s), i = 0;

	while (is_word(s[i]))
		i++;
	if (i == len)
		return len >= 2;
	if (i == 0)
		return false;
	while (s[i] != '\0' && strchr(" ?#@", s[i]) != NULL)
		i++;
	if (i == len)
		return false;
	while (is_word(s[i]))
		i++;
	return i == len;
}

/* UTF-8 of the basic plane without control characters, no blank at its end. */
static bool
is_postgresql_database(const char *s)
{
	size_t len = strlen(s);

	if (len < 2 || !text_is_utf8(s, len) || s[len - 1] == ' ')
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f ||
		    (unsigned char)*s >= 0xf0)
			return false;
	return true;
}

static size_t
characters(const char *utf8)
{
	size_t n = 0;

	for (; *utf8 != '\0'; utf8++)
		n += (*utf8 & 0xc0) != 0x80;
	return n;
}

/* By engine; the one without a name is everybody else's. */
static const struct rules {
	const char	*engine;
	size_t		 database_max, user_max;	/* as measure counts */
	size_t		(*measure)(const char *);
	bool		(*is_database)(const char *);
	bool		(*hides_database)(const char *);
	bool		(*hides_user)(const char *);
} rules[] = {
	{ "postgresql", 63, 63, strlen, is_postgresql_database,
	    postgresql_hides_database, postgresql_hides_user },
	{ NULL, 64, 80, characters, is_mysql_database,
	    mysql_hides_database, mysql_hides_user },
};

static const struct rules *
rules_now(void)
{
	const struct rules *r = rules;

	while (r->engine != NULL &&
	    strcmp(r->engine, conf_str("agent.engine")) != 0)
		r++;
	return r;
}

enum err
names_database(struct op *op, const char *s)
{
	const struct rules *r = rules_now();

	if (s == NULL || r->measure(s) > r->database_max || !r->is_database(s))
		return op_fail(op, ERR_BAD_REQUEST,
		    "The database name is not valid.");
	if (r->hides_database(s))
		return op_fail(op, ERR_BAD_REQUEST,
		    "Database name \"%s\" is on the reserved list.", s);
	return OK;
}

enum err
names_grant(struct op *op, const char *s)
{
	return s != NULL && is_word(s[0]) && s[1] == '\0' ? OK :
	    names_database(op, s);
}

/* UTF-8 without control characters (C0, DEL, C1) and what could end a quoted text. */
static bool
is_quotable(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = strlen(text);

	if (len == 0 || !text_is_utf8(text, len) || s[0] == ' ' ||
	    s[len - 1] == ' ')
		return false;
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s == 0x7f || (*s == 0xc2 && s[1] < 0xa0) ||
		    strchr("'\";`,/\\", *s) != NULL)
			return false;
	return true;
}

enum err
names_user(struct op *op, const char *s)
{
	const struct rules *r = rules_now();

	if (s == NULL || !is_quotable(s) || r->measure(s) > r->user_max)
		return op_fail(op, ERR_BAD_REQUEST,
		    "The user name is not valid.");
	if (r->hides_user(s))
		return op_fail(op, ERR_BAD_REQUEST,
		    "User name \"%s\" is on the reserved list.", s);
	return OK;
}

static bool
is_mask(const char *s)
{
	struct in_addr a;
	int64_t bits;

	return text_number(s, 0, 128, &bits) || inet_pton(AF_INET, s, &a) == 1;
}

/* An address, with each % standing for any number, and a mask perhaps. */
enum err
names_host(struct op *op, const char *s)
{
	unsigned char a[sizeof(struct in6_addr)];
	char *address, *mask;

	if (s != NULL && strcmp(s, "%") == 0)
		return OK;
	if (s != NULL && *s != '\0' && strlen(s) <= 60) {
		address = op_strdup(op, s);
		for (char *c = address; *c != '\0'; c++)
			if (*c == '%')
				*c = '1';
		if ((mask = strchr(address, '/')) != NULL)
			*mask++ = '\0';
		if ((inet_aton(address, (struct in_addr *)a) == 1 ||
		    inet_pton(AF_INET6, address, a) == 1) &&
		    strpbrk(s, " \t\n") == NULL &&
		    (mask == NULL || is_mask(mask)))
			return OK;
	}
	return op_fail(op, ERR_BAD_REQUEST, "The user's host is not valid.");
}

enum err
names_password(struct op *op, const char *s)
{
	if (s == NULL || !is_quotable(s))
		return op_fail(op, ERR_BAD_REQUEST,
		    "The password is not valid.");
	return OK;
}

enum err
names_setting(struct op *op, const char *s)
{
	size_t n = s == NULL ? 0 : strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	if (n == 0 || n > NAMES_SETTING || s[n] != '\0' || *s == '-')
		return op_fail(op, ERR_BAD_REQUEST,
		    "The name of a setting is not valid.");
	return OK;
}

enum err
names_setting_value(struct op *op, const char *s)
{
	bool plain = s != NULL && text_is_utf8(s, strlen(s));

	for (; plain && *s != '\0'; s++)
		plain = (unsigned char)*s >= 0x20 && *s != 0x7f;
	return plain ? OK : op_fail(op, ERR_BAD_REQUEST,
	    "The value of a setting is not valid.");
}

enum err
names_charset(struct op *op, const char *s)
{
	size_t n = s == NULL ? 0 : strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@-");

	if (n == 0 || n > 64 || s[n] != '\0')
		return op_fail(op, ERR_BAD_REQUEST,
		    "The character set or collation is not valid.");
	return OK;
}
