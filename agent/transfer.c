#include "agent/transfer.h"
#include "agent/supervisor.h"

static enum err
none(struct op *op)
{
	return op_fail(op, ERR_NOT_BUILT, "%s takes no backups.",
	    supervisor_engine()->name);
}

enum err
transfer_backup(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)body;
	(void)again;
	(void)answer;
	return none(op);
}

enum err
transfer_restore(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)body;
	(void)again;
	(void)answer;
	return none(op);
}

enum err
transfer_cancel(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)body;
	(void)again;
	(void)answer;
	return none(op);
}
