#include "lib/store/log_places.h"

struct call
log_place_note(struct op *op, const struct log_where *w, int secs)
{
	return (struct call)CALL(LOG_PLACE_NOTE, w->tenant, w->container,
	    w->prefix, store_num(op, secs));
}

enum err
log_places_sweep(struct op *op, int most, int secs, struct log_where **out,
    int *n)
{
	struct rows r;

	TRY(STORE_WRITE(op, &r, LOG_PLACES_SWEEP, store_num(op, most),
	    store_num(op, secs)));
	*n = rows_count(&r);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct log_where){ row_str(&r, i, 0),
		    row_str(&r, i, 1), row_str(&r, i, 2) };
	return OK;
}

enum err
log_place_empty(struct op *op, const struct log_where *w)
{
	return STORE_WRITE(op, NULL, LOG_PLACE_EMPTY, w->tenant,
	    w->container, w->prefix);
}
