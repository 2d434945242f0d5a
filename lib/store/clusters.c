#include "lib/store/clusters.h"

#include <string.h>

#define NO_MARKER "00000000-0000-0000-0000-000000000000"

static enum err
take(struct op *op, const struct rows *rows, int row, struct cluster *c)
{
	const char *members = row_str(rows, row, 10);

	*c = (struct cluster){
		.id = row_str(rows, row, 0),
		.tenant = row_str(rows, row, 1),
		.name = row_str(rows, row, 2),
		.version_id = row_str(rows, row, 3),
		.task = row_str(rows, row, 4),
		.configuration_id = row_str(rows, row, 5),
		.locality = row_str(rows, row, 6),
		.created = row_str(rows, row, 7),
		.updated = row_str(rows, row, 8),
		.deleted = row_str(rows, row, 9),
	};
	return members == NULL ? OK :
	    json_parse(op, members, strlen(members), &c->members);
}

enum err
clusters_read(struct op *op, const struct clusters_page *page,
    struct cluster **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, CLUSTERS_LIST, page->tenant,
	    page->marker != NULL ? page->marker : NO_MARKER,
	    page->limit == 0 ? NULL : store_num(op, page->limit + 1),
	    page->deleted));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		TRY(take(op, &rows, i, &(*out)[i]));
	return OK;
}

enum err
cluster_read(struct op *op, const char *id, const char *tenant,
    struct cluster *c)
{
	struct rows rows;

	if (text_is_uuid(id))
		TRY(STORE_READ(op, &rows, CLUSTER_SHOW, id, tenant));
	if (!text_is_uuid(id) || rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND,
		    "Cluster '%s' cannot be found.", id);
	return take(op, &rows, 0, c);
}

enum err
cluster_members(struct op *op, const char *id, struct instance **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, CLUSTER_MEMBERS, id));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		instance_take(&rows, i, &(*out)[i]);
	return OK;
}

enum err
cluster_reset(struct op *op, const char *id)
{
	return STORE_WRITE(op, NULL, CLUSTER_RESET, id);
}
