#include "agent/memory.h"
#include "agent/file.h"
#include "lib/base/conf.h"

#include <stdio.h>
#include <string.h>

static const char *
place(struct op *op)
{
	return file_data(op, "agent/memory");
}

/*
 * "configured ordered": what an order said holds as long as the configuration
 * is the one of then.  A start with a newer one knows better.
 */
int
memory_mb(struct op *op)
{
	int configured = conf_int("agent.memory_mb"), then, ordered;
	const char *text;
	size_t len;

	if (file_get(op, place(op), &text, &len) != OK ||
	    sscanf(text, "%d %d", &then, &ordered) != 2 ||
	    then != configured || ordered < 1)
		return configured;
	return ordered;
}

enum err
memory_retune(struct op *op, int mb)
{
	const char *text = op_printf(op, "%d %d\n",
	    conf_int("agent.memory_mb"), mb);

	return file_put(op, place(op), text, strlen(text));
}
