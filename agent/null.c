/*
 * null - an engine without a server: it answers at once and keeps databases,
 * users, grants and settings in memory.  For tests and benches, and as the shortest
 * statement of what an engine does.
 */
#include "agent/datastore.h"
#include "agent/db_logs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS_MAX	1024
#define NAME		324		/* bytes of 80 characters, and the NUL */

struct row { char name[NAME], host[NAME], database[NAME]; };
struct rows { struct row row[ROWS_MAX]; int n; };

/* Each in order of name, host, database. */
static struct rows databases, users, grants, settings;
static bool running;

static struct row
row_of(const char *name, const char *host, const char *database)
{
	struct row r = { 0 };

	snprintf(r.name, NAME, "%s", name);
	snprintf(r.host, NAME, "%s", host != NULL ? host : "%");
	snprintf(r.database, NAME, "%s", database);
	return r;
}

static int
row_compare(const struct row *a, const struct row *b)
{
	int c = strcmp(a->name, b->name);

	c = c != 0 ? c : strcmp(a->host, b->host);
	return c != 0 ? c : strcmp(a->database, b->database);
}

static int
row_find(const struct rows *rows, const struct row *r)
{
	for (int i = 0; i < rows->n; i++)
		if (row_compare(&rows->row[i], r) == 0)
			return i;
	return -1;
}

static enum err
row_add(struct op *op, struct rows *rows, const struct row *r)
{
	int at = 0;

	if (rows->n == ROWS_MAX)
		return op_fail(op, ERR_OVER_LIMIT, "%d rows are enough",
		    ROWS_MAX);
	while (at < rows->n && row_compare(&rows->row[at], r) < 0)
		at++;
	memmove(&rows->row[at + 1], &rows->row[at],
	    (size_t)(rows->n - at) * sizeof(*r));
	rows->row[at] = *r;
	rows->n++;
	return OK;
}

static void
row_remove(struct rows *rows, int at)
{
	rows->n--;
	memmove(&rows->row[at], &rows->row[at + 1],
	    (size_t)(rows->n - at) * sizeof(rows->row[0]));
}

static enum err
null_start(struct op *op)
{
	(void)op;
	running = true;
	return OK;
}

static enum err
null_stop(struct op *op)
{
	(void)op;
	running = false;
	return OK;
}

static enum err
null_status(struct op *op, enum db_status *status)
{
	(void)op;
	*status = running ? DB_HEALTHY : DB_SHUTDOWN;
	return OK;
}

/* As much as a small database, on a volume that tells neither. */
static void
null_usage(int64_t *used, int64_t *total)
{
	*total = (int64_t)4 << 30;
	*used = *total / 25;
}

static enum err
null_retune(struct op *op, int memory_mb)
{
	(void)op;
	(void)memory_mb;
	return OK;
}

static int
null_pid(void)
{
	return running ? (int)getpid() : 0;
}

static int
null_watch(void)
{
	return -1;
}

static enum err
null_database_show(struct op *op, const char *name)
{
	struct row r = row_of(name, "", "");

	if (row_find(&databases, &r) == -1)
		return op_fail(op, ERR_NOT_FOUND,
		    "Database %s cannot be found on the instance.", name);
	return OK;
}

static enum err
null_database_create(struct op *op, const struct db_database *d)
{
	struct row r = row_of(d->name, "", "");

	if (row_find(&databases, &r) != -1)
		return op_fail(op, ERR_CONFLICT,
		    "A database with the name \"%s\" already exists.", d->name);
	return row_add(op, &databases, &r);
}

static enum err
null_database_delete(struct op *op, const char *name)
{
	struct row r = row_of(name, "", "");

	TRY(null_database_show(op, name));
	row_remove(&databases, row_find(&databases, &r));
	return OK;
}

static enum err
null_database_list(struct op *op, const struct db_page *page, db_found found,
    void *arg)
{
	int given = 0;

	for (int i = 0; i < databases.n; i++) {
		const char *name = databases.row[i].name;

		if (page->marker != NULL && strcmp(name, page->marker) <= 0)
			continue;
		if (page->limit > 0 && given++ == page->limit)
			break;
		TRY(found(op, arg, name, NULL, NULL));
	}
	return OK;
}

static enum err
user_missing(struct op *op, const struct db_user *u)
{
	return op_fail(op, ERR_NOT_FOUND,
	    "User %s cannot be found on the instance.", u->name);
}

static bool
user_there(const struct db_user *u, int *at)
{
	struct row r = row_of(u->name, u->host, "");

	return (*at = row_find(&users, &r)) != -1;
}

static enum err
null_grant(struct op *op, const struct db_user *u, const char *database)
{
	struct row r = row_of(u->name, u->host, database);
	int at;

	if (!user_there(u, &at))
		return user_missing(op, u);
	return row_find(&grants, &r) != -1 ? OK : row_add(op, &grants, &r);
}

static enum err
null_revoke(struct op *op, const struct db_user *u, const char *database)
{
	struct row r = row_of(u->name, u->host, database);
	int at;

	if (!user_there(u, &at))
		return user_missing(op, u);
	if ((at = row_find(&grants, &r)) == -1)
		return op_fail(op, ERR_NOT_FOUND,
		    "Database %s cannot be found on the instance.", database);
	row_remove(&grants, at);
	return OK;
}

static enum err
null_user_create(struct op *op, const struct db_user *u)
{
	struct row r = row_of(u->name, u->host, "");
	int at;

	if (user_there(u, &at))
		return op_fail(op, ERR_CONFLICT,
		    "A user with the name \"%s\" already exists.", u->name);
	TRY(row_add(op, &users, &r));
	for (const char *const *d = u->databases; d != NULL && *d != NULL; d++)
		TRY(null_grant(op, u, *d));
	return OK;
}

static bool
grant_is_of(const struct row *grant, const struct row *user)
{
	return strcmp(grant->name, user->name) == 0 &&
	    strcmp(grant->host, user->host) == 0;
}

static enum err
null_user_delete(struct op *op, const struct db_user *u)
{
	int at;

	if (!user_there(u, &at))
		return user_missing(op, u);
	for (int i = grants.n - 1; i >= 0; i--)
		if (grant_is_of(&grants.row[i], &users.row[at]))
			row_remove(&grants, i);
	row_remove(&users, at);
	return OK;
}

static const char *const *
grants_of(struct op *op, const struct row *user)
{
	const char **list = op_alloc(op,
	    (size_t)(grants.n + 1) * sizeof(*list));
	int n = 0;

	for (int i = 0; i < grants.n; i++)
		if (grant_is_of(&grants.row[i], user))
			list[n++] = grants.row[i].database;
	return list;
}

static enum err
null_user_list(struct op *op, const struct db_page *page, db_found found,
    void *arg)
{
	int given = 0;

	for (int i = 0; i < users.n; i++) {
		const struct row *u = &users.row[i];

		if (page->marker != NULL && strcmp(op_printf(op, "%s@%s",
		    u->name, u->host), page->marker) <= 0)
			continue;
		if (page->limit > 0 && given++ == page->limit)
			break;
		TRY(found(op, arg, u->name, u->host, grants_of(op, u)));
	}
	return OK;
}

static enum err
null_user_show(struct op *op, const struct db_user *u, db_found found,
    void *arg)
{
	const struct row *r;
	int at;

	if (!user_there(u, &at))
		return user_missing(op, u);
	r = &users.row[at];
	return found(op, arg, r->name, r->host, grants_of(op, r));
}

static enum err
null_user_update(struct op *op, const struct db_user *u,
    const struct db_user *to)
{
	struct row was, now;
	int at, taken;

	if (!user_there(u, &at))
		return user_missing(op, u);
	was = users.row[at];
	now = row_of(to->name != NULL ? to->name : was.name,
	    to->host != NULL ? to->host : was.host, "");
	taken = row_find(&users, &now);
	if (taken != -1 && taken != at)
		return op_fail(op, ERR_CONFLICT,
		    "A user with the name \"%s\" already exists.", now.name);
	row_remove(&users, at);
	TRY(row_add(op, &users, &now));
	for (int i = 0; i < grants.n; i++) {
		if (!grant_is_of(&grants.row[i], &was))
			continue;
		memcpy(grants.row[i].name, now.name, NAME);
		memcpy(grants.row[i].host, now.host, NAME);
	}
	return OK;
}

static enum err
null_configure(struct op *op, const struct db_setting *s)
{
	settings.n = 0;
	for (; s->name != NULL; s++) {
		struct row r = row_of(s->name, "", s->value);

		TRY(row_add(op, &settings, &r));
	}
	return OK;
}

static enum err
null_root_enable(struct op *op, const char *password)
{
	(void)op;
	(void)password;
	return OK;
}

static enum err
null_root_disable(struct op *op)
{
	(void)op;
	return OK;
}

static struct db_log logs[] = {
	{ .name = "general" },
	{ .name = "slow_query" },
	{ .name = "error", .system = true, .on = true },
	{ 0 }
};

static enum err
null_log_list(struct op *op, const struct db_log **out)
{
	(void)op;
	*out = logs;
	return OK;
}

static enum err
null_log_set(struct op *op, const char *name, bool on)
{
	struct db_log *l = logs;

	while (l->name != NULL && (l->system || strcmp(l->name, name) != 0))
		l++;
	if (l->name == NULL)
		return op_fail(op, ERR_BAD_REQUEST,
		    "Log '%s' cannot be switched.", name);
	l->on = on;
	return OK;
}

/* It has no data: a line stands for them, and a number for how far it came. */
static enum err
null_backup(struct op *op, const char *since, int fd, const char **mark)
{
	int n = since != NULL ? atoi(since) + 1 : 1;

	*mark = op_printf(op, "%d", n);
	return dprintf(fd, "null %d\n", n) > 0 ? OK :
	    op_fail(op, ERR_GUEST, "nobody takes the backup");
}

static enum err
null_restore(struct op *op, int nth, int fd)
{
	char line[64];
	char rest[4096];
	ssize_t n = read(fd, line, sizeof(line) - 1);
	int is;

	line[n > 0 ? n : 0] = '\0';
	while (read(fd, rest, sizeof(rest)) > 0)
		;
	if (sscanf(line, "null %d\n", &is) != 1 || is != nth + 1)
		return op_fail(op, ERR_GUEST, "this is no backup %d of mine",
		    nth + 1);
	return OK;
}

static enum err
null_restored(struct op *op)
{
	(void)op;
	return OK;
}

const struct datastore datastore_null = {
	.name = "null",
	.start = null_start,
	.stop = null_stop,
	.retune = null_retune,
	.status = null_status,
	.pid = null_pid,
	.watch = null_watch,
	.usage = null_usage,
	.database_create = null_database_create,
	.database_delete = null_database_delete,
	.database_show = null_database_show,
	.database_list = null_database_list,
	.user_create = null_user_create,
	.user_delete = null_user_delete,
	.user_list = null_user_list,
	.user_show = null_user_show,
	.user_update = null_user_update,
	.grant = null_grant,
	.revoke = null_revoke,
	.configure = null_configure,
	.root_enable = null_root_enable,
	.root_disable = null_root_disable,
	.backup = null_backup,
	.restore = null_restore,
	.restored = null_restored,
	.log_list = null_log_list,
	.log_set = null_log_set,
};
