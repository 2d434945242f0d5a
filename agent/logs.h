/*
 * logs - what the server writes down: listed, switched, published, and kept
 * from filling the volume.  A file that has grown over its bound is put aside,
 * and of those only the newest stays: two files a log, published or not.
 */
#ifndef AGENT_LOGS_H
#define AGENT_LOGS_H

#include "lib/base/json.h"
#include "lib/base/jsonw.h"

#include <stdbool.h>

/* Duties. */
enum err	 logs_list(struct op *, const struct json *body, bool again,
		    struct jsonw *answer);
enum err	 logs_set(struct op *, const struct json *body, bool again,
		    struct jsonw *answer);
enum err	 logs_forget(struct op *, const struct json *body, bool again,
		    struct jsonw *answer);

/* Once a second: write down what the server only has in memory, put aside what is too long. */
void		 logs_turn(struct op *);
/* Bytes that a file may have: agent.log_kb, or a share of the volume. */
int64_t		 logs_most(void);

#endif
