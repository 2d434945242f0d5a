#include "lib/store/parameters.h"

#include "lib/store/store.h"

static void
take(const struct rows *rows, int row, struct parameter *p)
{
	*p = (struct parameter){
		.name = row_str(rows, row, 0),
		.type = row_str(rows, row, 1),
		.restart = row_bool(rows, row, 2) ? "t" : "f",
		.min = row_str(rows, row, 3),
		.max = row_str(rows, row, 4),
	};
}

static enum err
missing(struct op *op, const char *name)
{
	return op_fail(op, ERR_NOT_FOUND, "Resource %s cannot be found.",
	    name);
}

/* "" is how files and lists say it. */
static const char *
or_null(const char *s)
{
	return s != NULL && *s != '\0' ? s : NULL;
}

enum err
parameters_read(struct op *op, const char *version_id, struct parameter **out,
    int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, PARAMETERS, version_id));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		take(&rows, i, &(*out)[i]);
	return OK;
}

enum err
parameter_read(struct op *op, const char *version_id, const char *name,
    struct parameter *p)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, PARAMETER_SHOW, version_id, name));
	if (rows_count(&rows) == 0)
		return missing(op, name);
	take(&rows, 0, p);
	return OK;
}

enum err
parameter_insert(struct op *op, const char *version_id,
    const struct parameter *p)
{
	return STORE_WRITE(op, NULL, PARAMETER_INSERT, version_id, p->name,
	    p->type, p->restart, or_null(p->min), or_null(p->max));
}

enum err
parameter_change(struct op *op, const char *version_id, const char *name,
    const struct parameter *p)
{
	struct rows rows;

	TRY(STORE_WRITE(op, &rows, PARAMETER_CHANGE, version_id, name,
	    p->name, p->type, p->restart, or_null(p->min), or_null(p->max)));
	return rows_touched(&rows) > 0 ? OK : missing(op, name);
}

enum err
parameter_remove(struct op *op, const char *version_id, const char *name)
{
	struct rows rows;

	TRY(STORE_WRITE(op, &rows, PARAMETER_DELETE, version_id, name));
	return rows_touched(&rows) > 0 ? OK : missing(op, name);
}
