/* Quotas of any project. */
#include "fcgi/handlers_mgmt.h"

#include "lib/store/operator.h"
#include "lib/store/quotas.h"

#include <inttypes.h>
#include <string.h>

/* --- GET ----------------------------------------------------------------------- */

static void
view_quota(struct request *r, const struct quota *q)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "resource", q->resource);
	jsonw_kint(w, "in_use", q->used);
	jsonw_kint(w, "reserved", 0);	/* charged and counted in one transaction */
	jsonw_kint(w, "limit", q->limit);
	jsonw_map_end(w);
}

/*
 * The order that clients know: what the project has used, by name, then the
 * rest; all of it by name once limits of its own were set.
 */
static int
place(const struct quota q[QUOTAS], int i)
{
	static const int by_name[QUOTAS] = { 1, 2, 3, 0 };
	static const int rest[QUOTAS] = { 0, 1, 3, 2 };
	bool own = false;

	for (int k = 0; k < QUOTAS; k++)
		own |= q[k].own;
	return own || q[i].used > 0 ? by_name[i] : QUOTAS + rest[i];
}

static void
view_quotas(struct request *r, const struct quota q[QUOTAS])
{
	jsonw_list(&r->out);
	for (int at = 0; at < 2 * QUOTAS; at++)
		for (int i = 0; i < QUOTAS; i++)
			if (place(q, i) == at)
				view_quota(r, &q[i]);
	jsonw_list_end(&r->out);
}

enum err
mgmt_quotas_show(struct request *r)
{
	struct quota q[QUOTAS];

	if (!r->caller.admin && strcmp(r->arg[1], r->tenant) != 0)
		return op_fail(&r->op, ERR_FORBIDDEN,
		    "Operation not allowed for tenant %s.", r->tenant);
	TRY(quotas_of_tenant(&r->op, r->arg[1], q));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "quotas");
	view_quotas(r, q);
	jsonw_map_end(&r->out);
	return OK;
}

/* --- PUT ------------------------------------------------------------------------ */

const struct field mgmt_quotas_fields[] = {
	{ "quotas",                         MAP,    REQUIRED },
	{ "quotas/instances",               NUMBER, NULLABLE, INT64_MIN },
	{ "quotas/ram",                     NUMBER, NULLABLE, INT64_MIN },
	{ "quotas/volumes",                 NUMBER, NULLABLE, INT64_MIN },
	{ "quotas/backups",                 NUMBER, NULLABLE, INT64_MIN },
	{ 0 }
};

static const char *const resources[QUOTAS] = {
	"instances", "ram", "volumes", "backups",
};

/* What the XML of old clients carries along is no resource. */
static int
resource_find(const char *name)
{
	int i = 0;

	if (strcmp(name, "xmlns") == 0)
		return -1;
	while (i < QUOTAS && strcmp(resources[i], name) != 0)
		i++;
	return i;
}

static enum err
limit_of(struct op *op, const char *name, const struct json *v, long *limit)
{
	double n = json_real(v);

	if (n < -1)
		return op_fail(op, ERR_BAD_REQUEST, "Quota limit '%.15g' for "
		    "'%s' is too small - must be at least '-1'.", n, name);
	if (!(n <= INT32_MAX))
		return op_fail(op, ERR_BAD_REQUEST,
		    "Quota limit '%.15g' for '%s' is too large.", n, name);
	*limit = (long)(n < 0 ? n - 0.5 : n + 0.5);
	return OK;
}

static enum err
limits_of(struct request *r, const char *limit[QUOTAS], bool *set)
{
	const struct json *v;
	const char *name;
	void *at = NULL;
	long n = 0;
	int i;

	while (json_next(body(r, "quotas"), &at, &name, &v)) {
		if ((i = resource_find(name)) == QUOTAS)
			return op_fail(&r->op, ERR_NOT_FOUND,
			    "Unknown quota resources %s.", name);
		if (i == -1 || json_kind(v) == JSON_NULL)
			continue;
		TRY(limit_of(&r->op, name, v, &n));
		limit[i] = op_printf(&r->op, "%ld", n);
		*set = true;
	}
	return OK;
}

/* Only what was set, as it was written: 1.5 is rounded, and shown as 1.5. */
enum err
mgmt_quotas_set(struct request *r)
{
	const char *limit[QUOTAS] = { NULL };
	const struct json *v;
	bool set = false;

	TRY(limits_of(r, limit, &set));
	if (set)
		TRY(quota_limits(&r->op, r->arg[1], limit));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "quotas");
	jsonw_map(&r->out);
	for (int i = 0; i < QUOTAS; i++) {
		if (limit[i] == NULL)
			continue;
		v = json_get(body(r, "quotas"), resources[i]);
		jsonw_key(&r->out, resources[i]);
		if (json_kind(v) == JSON_INT)
			jsonw_int(&r->out, json_int(v));
		else
			jsonw_real(&r->out, json_real(v), 6);
	}
	jsonw_map_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}
