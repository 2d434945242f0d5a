#include "fcgi/elsewhere.h"
#include "fcgi/engines.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"
#include "lib/cloud/origin.h"

#include <string.h>

/* Storage of another cloud than the one that made the token would not know it. */
static const char *
token_for_storage(const struct request *r)
{
	return strcmp(conf_str("identity.driver"), "keystone") == 0 ?
	    r->token : NULL;
}

static enum err
refused(struct request *r, const struct backup *b, const char *why)
{
	return op_fail(&r->op, ERR_BAD_REQUEST,
	    "Failed to restore backup from %s%s%s", b->location,
	    why != NULL ? ": " : "", why != NULL ? why : "");
}

/* The null engine's store has all but what is called so. */
static enum err
rehearsed(struct request *r, const struct backup *b)
{
	return strstr(b->location, "missing") == NULL ? OK :
	    refused(r, b, NULL);
}

static enum err
look(struct request *r, const struct backup *b, struct origin *o)
{
	TRY(origin_place(&r->op, b->tenant, b->location, o));
	return origin_look(&r->op, b->tenant, token_for_storage(r), o);
}

enum err
elsewhere_find(struct request *r, const struct version_row *v,
    struct backup *b)
{
	struct old_name form;
	struct origin o;
	enum err e;

	if (engine_rehearses(v))
		return rehearsed(r, b);
	e = look(r, b, &o);
	if (e == ERR_NOT_BUILT || e == ERR_UNAVAILABLE)
		return e;
	if (e != OK)
		return refused(r, b, e == ERR_CLOUD ? r->op.why : NULL);
	if (!engine_old_name(engine_find(v->manager), o.name, &form))
		return refused(r, b, op_printf(&r->op, "its name is not that "
		    "of a backup of %s", v->manager));
	b->checksum = o.etag;
	return OK;
}

enum err
elsewhere_check(struct request *r, const struct version_row *v,
    const struct backup *b)
{
	struct origin o;
	enum err e;

	if (b->ours || engine_rehearses(v))
		return OK;
	if (b->location == NULL || b->checksum == NULL)
		return op_fail(&r->op, ERR_CONFLICT, "Backup %s was recorded "
		    "without being looked at: record it again.", b->id);
	e = look(r, b, &o);
	if (e == ERR_NOT_FOUND || e == ERR_FORBIDDEN)
		return op_fail(&r->op, ERR_NOT_FOUND, "Backup file in %s was "
		    "not found in the object storage.", b->location);
	TRY(e);
	return strcmp(o.etag, b->checksum) == 0 ? OK : op_fail(&r->op,
	    ERR_CONFLICT, "Current Swift object checksum does not match "
	    "original checksum for backup %s.", b->id);
}
