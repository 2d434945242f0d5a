/* Types of volumes: those of volume.types, or one called like the driver. */
#include "fcgi/handlers.h"
#include "fcgi/volume_types.h"

#include "lib/base/conf.h"

#include <string.h>

struct volume_type { const char *id, *name, *description; };

/* All of them; ends with a NULL id. */
static struct volume_type *
volume_types(struct op *op)
{
	const char *driver = conf_str("volume.driver");
	char **row = text_split(op, conf_str("volume.types"), ",");
	struct volume_type *t;
	int n = 0;

	while (row[n] != NULL)
		n++;
	t = op_alloc(op, ((size_t)n + 2) * sizeof(*t));
	if (n == 0)
		t[0] = (struct volume_type){ driver, driver,
		    strcmp(driver, "local") == 0 ? "a file system of its own "
		    "on the host that runs the instance" : NULL };
	for (int i = 0; i < n; i++) {
		char *s = row[i] + strspn(row[i], " "), *name, *text;

		name = strchr(s, ':');
		text = name != NULL ? strchr(name + 1, ':') : NULL;
		if (text != NULL)
			*text++ = '\0';
		if (name != NULL)
			*name++ = '\0';
		t[i] = (struct volume_type){ s, name != NULL ? name : s,
		    text != NULL && *text != '\0' ? text : NULL };
	}
	return t;
}

static bool
is_called(const struct volume_type *t, const char *name)
{
	return strcmp(t->id, name) == 0 || strcmp(t->name, name) == 0;
}

bool
volume_type_known(struct op *op, const char *name)
{
	struct volume_type *t = volume_types(op);

	while (t->id != NULL && !is_called(t, name))
		t++;
	return t->id != NULL;
}

static void
view_volume_type(struct request *r, const struct volume_type *t)
{
	jsonw_map(&r->out);
	jsonw_kstr(&r->out, "id", t->id);
	jsonw_kstr(&r->out, "name", t->name);
	jsonw_kbool(&r->out, "is_public", true);
	jsonw_kstr(&r->out, "description", t->description);
	jsonw_map_end(&r->out);
}

enum err
version_volume_types_list(struct request *r)
{
	struct volume_type *t = volume_types(&r->op);

	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "volume_types");
	jsonw_list(&r->out);
	for (; t->id != NULL; t++)
		view_volume_type(r, t);
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
volume_types_list(struct request *r)
{
	return version_volume_types_list(r);
}

enum err
volume_type_show(struct request *r)
{
	struct volume_type *t = volume_types(&r->op);

	while (t->id != NULL && !is_called(t, r->arg[1]))
		t++;
	if (t->id == NULL)
		return op_fail(&r->op, ERR_NOT_FOUND,
		    "Resource %s cannot be found.", r->arg[1]);
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "volume_type");
	view_volume_type(r, t);
	jsonw_map_end(&r->out);
	return OK;
}
