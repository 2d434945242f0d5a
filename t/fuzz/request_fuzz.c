/* The request line: one interpretation of it, or 404; the query: decoded, or 400. */
#include "fcgi/query.h"
#include "fcgi/route.h"
#include "t/fuzz/fuzz.h"

#include <string.h>

/* What came through may hold no separator and no dot segment. */
static void
check(const struct request *r)
{
	for (int i = 0; i < ARGS_MAX && r->arg[i] != NULL; i++)
		if (*r->arg[i] == '\0' || strchr(r->arg[i], '/') != NULL ||
		    strcmp(r->arg[i], ".") == 0 || strcmp(r->arg[i], "..") == 0)
			__builtin_trap();
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
