/* GET /instances/{id}/configuration: what an instance of its flavor is given. */
#include "fcgi/datastores.h"
#include "fcgi/defaults.h"
#include "fcgi/guest.h"
#include "fcgi/handlers_configuration.h"

enum err
instance_defaults(struct request *r)
{
	struct defaults_of of = { 0 };
	const struct flavor_row *f;
	const struct version_row *v;
	const struct catalog *c;
	struct instance in;
	struct jsonw w;

	TRY(instance_of(r, &in));
	if (in.server_id == NULL)
		return op_fail(&r->op, ERR_UNPROCESSABLE,
		    "Instance %s is not ready.", in.id);
	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, in.version_id, &v));
	f = catalog_flavor(c, in.flavor_id);
	if (v == NULL || f == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Resource %s cannot "
		    "be found.", v == NULL ? in.version_id : in.flavor_id);
	of = (struct defaults_of){ in.id, v->manager, v->number, f->ram_mb };
	jsonw_begin(&w, &r->op, 2048);
	if (!view_defaults(&w, &of))
		return op_fail(&r->op, ERR_BAD_REQUEST, "The configuration of "
		    "a datastore %s cannot be shown.", v->manager);
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "instance");
	jsonw_map(&r->out);
	jsonw_key(&r->out, "configuration");
	jsonw_raw(&r->out, w.out.s);
	jsonw_map_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}
