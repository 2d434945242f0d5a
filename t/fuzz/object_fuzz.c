/*
 * The address of an object: a name that stays in its container and comes back
 * as it was, or a refusal; a temp URL that nobody has signed opens nothing.
 */
#include "fcgi/query.h"
#include "fcgi/route.h"
#include "lib/cloud/objects_file.h"
#include "lib/cloud/temp_url.h"
#include "t/fuzz/fuzz.h"

#include <string.h>

static void
check_name(struct op *op, const char *name)
{
	const char *file = object_file(op, name), *back;

	if (*file == '.' || strchr(file, '/') != NULL)
		__builtin_trap();
	back = object_name(op, file);
	if (back == NULL || strcmp(back, name) != 0)
		__builtin_trap();
}

static void
check_signature(struct request *r)
{
	const struct temp_url t = { .key = "never told", .method = "GET",
	    .account = r->arg[0], .container = r->arg[1],
	    .object = r->arg[2] };
	const struct temp_url_asked asked = {
		query(r, "temp_url_sig"), query(r, "temp_url_expires"),
		query(r, "temp_url_prefix"),
	};

	if (temp_url_check(&r->op, &t, &asked, 0) != ERR_UNAUTHORIZED)
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct request r = { .method = GET, .host = "127.0.0.1" };
	struct object_key k;

	op_begin(&r.op, "fuzz");
	r.uri = op_strndup(&r.op, (const char *)data, n);
	if (route_request(&r) == OK && r.route->pool == STORES &&
	    r.arg[2] != NULL) {
		k = (struct object_key){ r.arg[0], r.arg[1], r.arg[2] };
		if (object_check(&r.op, &k) == OK)
			check_name(&r.op, k.name);
		if (query_parse(&r) == OK)
			check_signature(&r);
	}
	op_end(&r.op);
	return 0;
}
