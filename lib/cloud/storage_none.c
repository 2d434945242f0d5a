/* No storage at all: whoever needs some is told so. */
#include "lib/cloud/storage.h"

static enum err
none(struct op *op)
{
	return op_fail(op, ERR_NOT_BUILT, "There is no storage here "
	    "(storage.driver).");
}

static enum err
none_open(struct op *op)
{
	(void)op;
	return OK;
}

static enum err
none_lend(struct op *op, const struct lend *ask, struct leave *leave)
{
	(void)ask, (void)leave;
	return none(op);
}

static enum err
none_list(struct op *op, const char *tenant, const char *container,
    const char *prefix, struct object **list, int *n)
{
	(void)tenant, (void)container, (void)prefix, (void)list, (void)n;
	return none(op);
}

static enum err
none_read(struct op *op, const char *tenant, const char *container,
    const char *name, size_t most, const char **bytes, size_t *len)
{
	(void)tenant, (void)container, (void)name, (void)most;
	(void)bytes, (void)len;
	return none(op);
}

static enum err
none_join(struct op *op, const char *tenant, const char *container,
    const char *name, const struct object *segment, int n,
    const char *const *meta, const char **checksum)
{
	(void)tenant, (void)container, (void)name, (void)segment, (void)n;
	(void)meta, (void)checksum;
	return none(op);
}

/* Nothing can be there. */
static enum err
none_remove(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	(void)op, (void)tenant, (void)container, (void)name;
	return OK;
}

static const char *
none_location(struct op *op, const char *tenant, const char *container,
    const char *name)
{
	(void)op, (void)tenant, (void)container, (void)name;
	return "";
}

const struct storage_driver storage_none = {
	.name = "none", .open = none_open, .lend = none_lend,
	.list = none_list, .read = none_read, .join = none_join,
	.remove = none_remove, .location = none_location,
};
