/* Bodies: whatever bytes come, the parser says yes or no and leaks nothing. */
#include "lib/base/json.h"
#include "lib/base/jsonw.h"
#include "t/fuzz/fuzz.h"

/* What was taken must be walkable to its leaves without surprise. */
static size_t
walk(const struct json *j)
{
	const struct json *value;
	const char *key;
	void *at = NULL;
	size_t n = 1;

	for (size_t i = 0; json_kind(j) == JSON_LIST && i < json_count(j); i++)
		n += walk(json_at(j, i));
	while (json_next(j, &at, &key, &value))
		n += walk(value) + (key == NULL);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct json *j;
	struct op op;

	op_begin(&op, "fuzz");
	if (json_parse(&op, (const char *)data, n, &j) == OK &&
	    walk(j) > JSON_MEMBERS)
		__builtin_trap();
	op_end(&op);
	return 0;
}
