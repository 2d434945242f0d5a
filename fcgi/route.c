#include "fcgi/route.h"

#include "fcgi/media.h"
#include "lib/base/text.h"

#include <string.h>

static const char *const method_words[] = {
	[GET] = "GET", [HEAD] = "HEAD", [POST] = "POST", [PUT] = "PUT",
	[PATCH] = "PATCH", [DELETE] = "DELETE", [OPTIONS] = "OPTIONS",
	[METHOD_OTHER] = "OTHER",
};
_Static_assert(sizeof(method_words) / sizeof(*method_words) ==
    METHOD_OTHER + 1, "a word for each method");

enum method
method_find(const char *word)
{
	for (enum method m = GET; m < METHOD_OTHER; m++)
		if (strcmp(method_words[m], word) == 0)
			return m;
	return METHOD_OTHER;
}

const char *
method_word(enum method m)
{
	return method_words[m];
}

/* "/a/b" has two segments; "/" and "/a/" end with an empty one. */
struct segments { const char *s[SEGMENTS_MAX]; int n; };

static const char *
decode(struct op *op, const char *s, size_t n)
{
	const char *d = text_unescape(op, s, n);

	if (d == NULL || strchr(d, '/') != NULL ||
	    strcmp(d, ".") == 0 || strcmp(d, "..") == 0)
		return NULL;
	return d;
}

/*
 * Only the last segment may be empty: then the pattern has to end so too.  A
 * slash too many after the version comes from endpoints that end with one.
 */
static bool
split(struct op *op, const char *path, struct segments *out)
{
	out->n = 0;
	if (*path != '/')
		return false;
	while (*path == '/') {
		size_t n = strcspn(++path, "/");

		if (n == 0 && path[n] == '/' && out->n == 1 &&
		    path[1] != '/' && path[1] != '\0' && strcmp(out->s[0], "v1.0") == 0)
			continue;
		if (out->n == SEGMENTS_MAX || (n == 0 && path[n] == '/'))
			return false;
		out->s[out->n] = decode(op, path, n);
		if (out->s[out->n++] == NULL)
			return false;
		path += n;
	}
	return true;
}

/* An object's name is all that is left; it is the last of its pattern. */
#define OBJECT	"{object}"

static const char *
joined(struct op *op, const struct segments *is, int i)
{
	const char *name = is->s[i];

	while (++i < is->n)
		name = op_printf(op, "%s/%s", name, is->s[i]);
	return name;
}

static bool
matches(struct op *op, const char *pattern, const struct segments *is,
    const char **arg)
{
	int args = 0;

	for (int i = 0; i < is->n; i++) {
		size_t n;

		if (*pattern++ != '/')
			return false;
		n = strcspn(pattern, "/");
		if (strcmp(pattern, OBJECT) == 0) {
			arg[args] = joined(op, is, i);
			return *is->s[is->n - 1] != '\0';
		}
		if (*pattern == '{') {
			if (*is->s[i] == '\0' || args == ARGS_MAX)
				return false;
			arg[args++] = is->s[i];
		} else if (strncmp(pattern, is->s[i], n) != 0 ||
		    is->s[i][n] != '\0')
			return false;
		pattern += n;
	}
	return *pattern == '\0';
}

/* Whose it would be, even when there is no such route: who may know that? */
static const char *
tenant_of(struct op *op, const char *path)
{
	size_t n;

	if (strncmp(path, "/v1.0/", 6) != 0)
		return NULL;
	path += path[6] == '/' ? 7 : 6;
	n = strcspn(path, "/");
	return n > 0 && path[n] == '/' ? decode(op, path, n) : NULL;
}

#define T	"/v1.0/{tenant}"
#define OPERATORS T "/mgmt/"

/* Below these ".xml" and ".json" are no part of a name. */
static bool
takes_suffix(const struct route *t)
{
	static const char *const paths[] = {
		T "/datastores", T "/datastores/{datastore}",
		T "/instances/{id}/databases",
		T "/instances/{id}/databases/{name}",
		T "/instances/{id}/users", T "/instances/{id}/users/{user}",
		T "/instances/{id}/users/{user}/databases",
		T "/instances/{id}/users/{user}/databases/{name}",
		T "/instances/{id}/root",
		T "/security-groups", T "/security-groups/{id}",
		T "/security-group-rules", T "/security-group-rules/{id}",
	};

	if (strncmp(t->path, OPERATORS, sizeof(OPERATORS) - 1) == 0)
		return true;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (strcmp(t->path, paths[i]) == 0)
			return true;
	return false;
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/*
 * By the path without its suffix, if it has one.  Names that tenants choose keep it when
 * something is changed: to delete "shop" when "shop.json" was meant cannot be
 * made good.
 */
static bool
matches_short(struct op *op, const struct route *t,
    const struct segments *is, const char **arg)
{
	bool chosen = ends_with(t->path, "/{name}") ||
	    ends_with(t->path, "/{user}");

	return is->n > 0 && takes_suffix(t) && (t->method == GET || !chosen) &&
	    matches(op, t->path, is, arg);
}

enum err
route_request(struct request *r)
{
	struct op *op = &r->op;
	struct segments is, cut = { .n = 0 };
	size_t n = strcspn(r->uri, "?"), suffix = media_suffix(r->uri, n);

	r->path = op_strndup(op, r->uri, n);
	r->query = r->uri[n] == '?' ? r->uri + n + 1 : "";
	r->tenant = tenant_of(op, r->path);
	if (!split(op, r->path, &is))
		return op_fail(op, ERR_NOT_FOUND,
		    "The resource could not be found.");
	if (suffix > 0 &&
	    !split(op, op_strndup(op, r->uri, n - suffix), &cut))
		cut.n = 0;
	for (const struct route *t = routes; t->method != 0; t++) {
		if (t->method != r->method ||
		    (!matches_short(op, t, &cut, r->arg) &&
		    !matches(op, t->path, &is, r->arg)))
			continue;
		r->route = t;
		return OK;
	}
	memset(r->arg, 0, sizeof(r->arg));
	return op_fail(op, ERR_NOT_FOUND, "The resource could not be found.");
}
