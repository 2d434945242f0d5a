/* Projects, users, roles and tokens of the static identity. */
#include "coffer/command.h"
#include "coffer/output.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ID_BYTES	16		/* 32 hex digits, as Keystone's */
#define PASSWORD_LEN	24
#define PASSWORD_MAX	1024

static bool
is_id(const char *s)
{
	return strlen(s) == 2 * ID_BYTES &&
	    strspn(s, "0123456789abcdef") == 2 * ID_BYTES;
}

static enum err
id_of(struct ask *a, const char **id)
{
	unsigned char bytes[ID_BYTES];
	char *fresh = op_alloc(&a->op, 2 * ID_BYTES + 1);

	if ((*id = ask_option(a, "--id")) == NULL) {
		seal_random(bytes, sizeof(bytes));
		text_hex(fresh, bytes, sizeof(bytes));
		*id = fresh;
	} else if (!is_id(*id))
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "--id wants 32 hex digits");
	return OK;
}

/* An id and a name are told apart by their look, so no name may look like an id. */
static enum err
name_check(struct ask *a, const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 64 || is_id(name) || !text_is_utf8(name, n))
		return op_fail(&a->op, ERR_BAD_REQUEST, "a name has 1 to 64 "
		    "bytes of UTF-8 and does not look like an id");
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)name[i]))
			return op_fail(&a->op, ERR_BAD_REQUEST,
			    "a name has no control characters");
	return OK;
}

static enum err
list(struct ask *a, enum admin_list which)
{
	struct listing l;

	TRY(admin_list(&a->op, which,
	    (const char *const[]){ ask_arg(a, 0) }, &l));
	output_list(a, &l);
	return OK;
}

/* --- projects ---------------------------------------------------------------------- */

enum err
do_project_list(struct ask *a)
{
	return list(a, LIST_PROJECTS);
}

enum err
do_project_add(struct ask *a)
{
	const char *id;

	TRY(id_of(a, &id));
	TRY(name_check(a, ask_arg(a, 0)));
	TRY(admin_project_add(&a->op, id, ask_arg(a, 0)));
	output_made(a, (const char *const[]){ "id", id, NULL });
	return OK;
}

enum err
do_project_disable(struct ask *a)
{
	return admin_project_enable(&a->op, ask_arg(a, 0), false);
}

enum err
do_project_enable(struct ask *a)
{
	return admin_project_enable(&a->op, ask_arg(a, 0), true);
}

/* --- users ------------------------------------------------------------------------------ */

static void
close_file(void *f)
{
	fclose(f);
}

/* The first line of the file.  Arguments are seen by everyone: no password there. */
static enum err
password_read(struct ask *a, const char *path, const char **password)
{
	char *line = op_alloc(&a->op, PASSWORD_MAX + 2);
	FILE *f = stdin;

	if (strcmp(path, "-") != 0) {
		if ((f = fopen(path, "re")) == NULL)
			return op_fail(&a->op, ERR_BAD_REQUEST, "%s: %s",
			    path, strerror(errno));
		op_defer(&a->op, close_file, f);
	}
	if (fgets(line, PASSWORD_MAX + 2, f) == NULL || *line == '\n')
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "%s: no password in it", path);
	line[strcspn(line, "\n")] = '\0';
	if (strlen(line) > PASSWORD_MAX)
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "%s: the password is too long", path);
	*password = line;
	return OK;
}

/* made says that it was made up here, and has to be printed. */
static enum err
password_of(struct ask *a, const char **password, bool *made)
{
	const char *path = ask_option(a, "--password-file");

	*made = path == NULL;
	if (path != NULL)
		return password_read(a, path, password);
	*password = seal_password(&a->op, PASSWORD_LEN);
	return OK;
}

enum err
do_user_list(struct ask *a)
{
	return list(a, LIST_USERS);
}

enum err
do_user_add(struct ask *a)
{
	const char *id, *password;
	bool made;

	TRY(id_of(a, &id));
	TRY(name_check(a, ask_arg(a, 0)));
	TRY(password_of(a, &password, &made));
	TRY(admin_user_add(&a->op, id, ask_arg(a, 0),
	    seal_password_hash(&a->op, password)));
	output_made(a, (const char *const[]){ "id", id,
	    made ? "password" : NULL, password, NULL });
	return OK;
}

enum err
do_user_passwd(struct ask *a)
{
	const char *password;
	bool made;

	TRY(password_of(a, &password, &made));
	TRY(admin_user_password(&a->op, ask_arg(a, 0),
	    seal_password_hash(&a->op, password)));
	if (made)
		output_made(a, (const char *const[]){ "password", password,
		    NULL });
	return OK;
}

enum err
do_user_disable(struct ask *a)
{
	return admin_user_enable(&a->op, ask_arg(a, 0), false);
}

enum err
do_user_enable(struct ask *a)
{
	return admin_user_enable(&a->op, ask_arg(a, 0), true);
}

/* --- roles and tokens ---------------------------------------------------------------------- */

static enum err
role_check(struct ask *a)
{
	static const char *const roles[] = { "admin", "member", "reader" };
	const char *role = ask_arg(a, 2);

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(role, roles[i]) == 0)
			return OK;
	return op_fail(&a->op, ERR_BAD_REQUEST, "no role %s: there are admin, "
	    "member and reader", role);
}

/* An empty list means something only when the user is there. */
static enum err
list_of_user(struct ask *a, enum admin_list which)
{
	if (ask_arg(a, 0) != NULL)
		TRY(admin_user_is_there(&a->op, ask_arg(a, 0)));
	return list(a, which);
}

enum err
do_role_list(struct ask *a)
{
	return list_of_user(a, LIST_ROLES);
}

enum err
do_role_grant(struct ask *a)
{
	TRY(role_check(a));
	return admin_role_grant(&a->op, ask_arg(a, 0), ask_arg(a, 1),
	    ask_arg(a, 2));
}

enum err
do_role_revoke(struct ask *a)
{
	TRY(role_check(a));
	return admin_role_revoke(&a->op, ask_arg(a, 0), ask_arg(a, 1),
	    ask_arg(a, 2));
}

enum err
do_token_list(struct ask *a)
{
	return list_of_user(a, LIST_TOKENS);
}

enum err
do_token_revoke(struct ask *a)
{
	int n;

	TRY(admin_tokens_revoke(&a->op, ask_arg(a, 0), &n));
	if (a->json)
		output_count(a, n, "tokens_ended");
	else
		output_say(a, "%d tokens ended", n);
	return OK;
}
