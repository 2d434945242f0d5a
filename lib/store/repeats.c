#include "lib/store/repeats.h"

#include "lib/base/conf.h"
#include "lib/base/seal.h"

#include <string.h>

#define CUT_OFF	60		/* seconds beyond any wait: nobody works on it */

static const char *
keep_secs(struct op *op)
{
	return store_num(op, conf_int("api.repeat_ttl"));
}

static const char *
work_secs(struct op *op)
{
	return store_num(op, conf_int("api.guest_wait") + CUT_OFF);
}

/* What an answer is bound to. */
static const char *
about(struct op *op, const struct repeat *r)
{
	return op_printf(op, "repeat %s %s %s", r->project, r->fingerprint,
	    r->key);
}

enum err
repeat_find(struct op *op, const struct repeat *wanted, struct repeat *is,
    bool *found)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, REPEAT_FIND, wanted->project, wanted->key,
	    keep_secs(op), work_secs(op)));
	*found = rows_count(&rows) > 0;
	if (!*found)
		return OK;
	*is = (struct repeat){ .project = wanted->project,
	    .key = wanted->key, .fingerprint = row_str(&rows, 0, 0),
	    .status = (int)row_int(&rows, 0, 1),
	    .answer = row_str(&rows, 0, 2) };
	return OK;
}

struct call
repeat_claim(struct op *op, const struct repeat *r)
{
	return (struct call)CALL(REPEAT_CLAIM, r->project, r->key,
	    keep_secs(op), work_secs(op), r->fingerprint);
}

struct call
repeat_answer(struct op *op, struct repeat *r, int status, const char *plain)
{
	r->status = status;
	r->answer = seal_text(op, seal_master(), about(op, r), plain);
	return (struct call)CALL(REPEAT_ANSWER, r->project, r->key,
	    r->fingerprint, store_num(op, status), r->answer);
}

struct call
repeat_probe(struct op *op, const struct repeat *r)
{
	(void)op;
	return (struct call)CALL(REPEAT_PROBE, r->project, r->key,
	    r->fingerprint, r->answer);
}

enum err
repeat_open(struct op *op, const struct repeat *r, const char **plain)
{
	return seal_untext(op, seal_master(), about(op, r), r->answer, plain);
}

enum err
repeat_forget(struct op *op, const struct repeat *r)
{
	return STORE_WRITE(op, NULL, REPEAT_FORGET, r->project, r->key,
	    r->fingerprint);
}

enum err
repeats_prune(struct op *op)
{
	return STORE_WRITE(op, NULL, REPEATS_PRUNE, keep_secs(op));
}
