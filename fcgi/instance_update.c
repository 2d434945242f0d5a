/* PUT and PATCH of an instance. */
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/views.h"

/* What is not the name: at most one of it, and not all of it is built. */
static enum err
change_check(struct request *r, const struct instance *in)
{
	const struct json *wish = body(r, "instance"), *v;
	size_t others = json_count(wish) - json_has(wish, "name");

	if (others > 1)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Only one attribute (except 'name') is allowed to update.");
	if (json_has(wish, "replica_of") || json_has(wish, "slave_of"))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Instance %s is not a replica.", in->id);
	if (json_has(wish, "datastore_version"))
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Upgrading an instance is not implemented yet.");
	v = json_get(wish, "configuration");
	if (json_kind(v) != JSON_NULL)
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Configuration groups are not implemented yet.");
	return OK;
}

/* An empty map, or a configuration of null, detaches what is not attached: nothing to do. */
enum err
instance_update(struct request *r)
{
	const struct json *access = body(r, "instance/access");
	const char *name = body_str(r, "instance/name");
	struct instance in;
	struct jsonw w;

	TRY(instance_of(r, &in));
	TRY(change_check(r, &in));
	if (access != NULL) {
		jsonw_begin(&w, &r->op, 128);
		store_access(&w, access);
	}
	if (name != NULL || access != NULL)
		TRY(instance_change(&r->op, in.id, name,
		    access != NULL ? w.out.s : NULL));
	return reply_empty(r, 202);
}
