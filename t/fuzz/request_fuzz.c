/* The request line: one interpretation of it, or 404; the query: decoded, or 400. */
#include "fcgi/query.h"
#include "fcgi/route.h"
#include "t/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

static bool
plain(const char *s, size_t n)
{
	return n > 0 && !(n == 1 && *s == '.') &&
	    !(n == 2 && s[0] == '.' && s[1] == '.');
}

/* The name of an object may hold separators; nothing may hold a dot segment. */
static void
check(const struct request *r)
{
	bool object = strstr(r->route->path, "{object}") != NULL;

	for (int i = 0; i < ARGS_MAX && r->arg[i] != NULL; i++) {
		const char *s = r->arg[i];
		size_t n = strcspn(s, "/");

		if (s[n] == '/' && !(object && i == 2))
			__builtin_trap();
		for (; plain(s, n) && s[n] == '/'; n = strcspn(s, "/"))
			s += n + 1;
		if (!plain(s, n))
			__builtin_trap();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct request r = { .method = GET, .host = "127.0.0.1" };

	op_begin(&r.op, "fuzz");
	r.uri = op_strndup(&r.op, (const char *)data, n);
	if (route_request(&r) == OK)
		check(&r);
	if (r.query != NULL && query_parse(&r) == OK) {
		query(&r, "limit");
		query(&r, "marker");
	}
	op_end(&r.op);
	return 0;
}
