#include "fcgi/accounts.h"

#include "fcgi/fields.h"
#include "fcgi/names.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define TWICE " Please correct the names or remove the duplicate entries."

static const char *
get(const struct json *item, const char *key)
{
	return json_str(json_get(item, key));
}

static const char *
host_of(const struct json *user)
{
	const char *host = get(user, "host");

	return host != NULL ? host : "%";
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, because a body may hold thousands. */
static bool
has_duplicates(const char **names, size_t n)
{
	size_t i;

	qsort(names, n, sizeof *names, by_text);
	for (i = 1; i < n; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return true;
	return false;
}

enum err
databases_check(struct op *op, const char *manager, const struct json *list)
{
	size_t i, n = items_count(list);
	const char **names = op_alloc(op, (n + 1) * sizeof *names);
	const struct json *item;

	for (i = 0; i < n; i++) {
		item = items_at(list, i);
		names[i] = get(item, "name");
		TRY(name_database(op, manager, "", names[i]));
		TRY(name_charset(op, manager, get(item, "character_set"),
		    get(item, "collate")));
	}
	if (has_duplicates(names, n))
		return op_fail(op, ERR_BAD_REQUEST, "Two or more databases "
		    "share the same name in the initial databases list." TWICE);
	return OK;
}

enum err
users_check(struct op *op, const char *manager, const char *before,
    const struct json *list)
{
	size_t i, n = items_count(list);
	const char **ids = op_alloc(op, (n + 1) * sizeof *ids);
	const struct json *item;

	for (i = 0; i < n; i++) {
		item = items_at(list, i);
		TRY(name_user(op, manager, before, get(item, "name")));
		TRY(name_password(op, before, get(item, "password")));
		TRY(name_host(op, manager, before, host_of(item)));
		ids[i] = op_printf(op, "%s@%s", get(item, "name"),
		    host_of(item));
	}
	if (has_duplicates(ids, n))
		return op_fail(op, ERR_BAD_REQUEST, "Two or more users share "
		    "the same name and host in the initial users list." TWICE);
	return OK;
}

enum err
users_databases_check(struct op *op, const char *manager, const char *before,
    const struct json *users)
{
	const struct json *list;
	size_t i, k;

	for (i = 0; i < items_count(users); i++) {
		list = json_get(items_at(users, i), "databases");
		for (k = 0; k < items_count(list); k++)
			TRY(name_database(op, manager, before,
			    get(items_at(list, k), "name")));
	}
	return OK;
}

static enum err
subset_check(struct op *op, const struct json *user, const char **names,
    size_t n)
{
	const struct json *list = json_get(user, "databases");
	const char *name;
	size_t i;

	for (i = 0; i < items_count(list); i++) {
		name = get(items_at(list, i), "name");
		if (bsearch(&name, names, n, sizeof *names, by_text) == NULL)
			return op_fail(op, ERR_BAD_REQUEST, "The request "
			    "indicates that user %s should have access to "
			    "database %s, but database %s is not included in "
			    "the initial databases list.", get(user, "name"),
			    name, name);
	}
	return OK;
}

enum err
users_subset_check(struct op *op, const struct json *users,
    const struct json *databases)
{
	size_t i, n = items_count(databases);
	const char **names = op_alloc(op, (n + 1) * sizeof *names);

	for (i = 0; i < n; i++)
		names[i] = get(items_at(databases, i), "name");
	qsort(names, n, sizeof *names, by_text);
	for (i = 0; i < items_count(users); i++)
		TRY(subset_check(op, items_at(users, i), names, n));
	return OK;
}
