/* PUT and PATCH of an instance. */
#include "fcgi/configurations.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/views.h"

/* What is not the name: at most one of it, and not all of it is built. */
static enum err
change_check(struct request *r, const struct instance *in)
{
	const struct json *wish = body(r, "instance");
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
	return OK;
}

/* An empty map detaches, too: so gophercloud, Terraform and the dashboard do it. */
enum err
instance_update(struct request *r)
{
	const struct json *wish = body(r, "instance");
	const char *group = body_str(r, "instance/configuration");
	const struct json *access = body(r, "instance/access");
	const char *name = body_str(r, "instance/name");
	struct instance in;
	struct jsonw w;

	TRY(instance_of(r, &in));
	TRY(change_check(r, &in));
	if (group != NULL)
		TRY(instance_attach(r, &in, group, name));
	else if (json_has(wish, "configuration") || json_count(wish) == 0)
		TRY(instance_detach(r, &in, name));
	if (access != NULL) {
		jsonw_begin(&w, &r->op, 128);
		store_access(&w, access);
	}
	if (access != NULL || (name != NULL &&
	    !json_has(wish, "configuration")))
		TRY(instance_change(&r->op, in.id, name,
		    access != NULL ? w.out.s : NULL));
	return reply_empty(r, 202);
}
