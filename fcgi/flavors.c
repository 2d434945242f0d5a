#include "fcgi/handlers.h"
#include "fcgi/views.h"

static enum err
all_flavors(struct request *r)
{
	const struct catalog *c;
	struct jsonw *w;
	int i;

	TRY(catalog_read(&r->op, &c));
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "flavors");
	jsonw_list(w);
	for (i = 0; i < c->flavors; i++)
		view_flavor(r, &c->flavor[i]);
	jsonw_list_end(w);
	jsonw_map_end(w);
	return OK;
}

enum err
flavors_list(struct request *r)
{
	return all_flavors(r);
}

/* No version is bound to some of the flavors: all of them will do. */
enum err
version_flavors_list(struct request *r)
{
	return all_flavors(r);
}

enum err
flavor_show(struct request *r)
{
	const struct catalog *c;
	const struct flavor_row *f;
	struct jsonw *w;

	TRY(catalog_read(&r->op, &c));
	if ((f = catalog_flavor(c, r->arg[1])) == NULL) {
		TRY(catalog_reread(&r->op, &c));
		f = catalog_flavor(c, r->arg[1]);
	}
	if (f == NULL)
		return op_fail(&r->op, ERR_NOT_FOUND,
		    "Resource %s cannot be found.", r->arg[1]);
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "flavor");
	view_flavor(r, f);
	jsonw_map_end(w);
	return OK;
}
