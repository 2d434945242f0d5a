#include "lib/store/events.h"

#include "lib/base/text.h"

#include <string.h>

#define PRUNE_ROWS 10000

/* The columns of EVENT_COLUMNS. */
static void
event_read(struct op *op, const struct rows *r, int i, struct event *e)
{
	*e = (struct event){
		.id = op_printf(op, "%s.%s", row_str(r, i, 0),
		    row_str(r, i, 1)),
		.at = row_str(r, i, 2), .type = row_str(r, i, 3),
		.payload = row_str(r, i, 4), .server = row_str(r, i, 5),
	};
}

static struct event *
events_room(struct op *op, const struct rows *r, int *n)
{
	*n = rows_count(r);
	return op_alloc(op, ((size_t)*n + 1) * sizeof(struct event));
}

/* "8123.44": both are decimal numbers that fit. */
static enum err
marker_read(struct op *op, const char *marker, const char **xid,
    const char **seq)
{
	const char *dot = strchr(marker, '.');
	int64_t n;

	*xid = op_strndup(op, marker, dot != NULL ? (size_t)(dot - marker) :
	    strlen(marker));
	*seq = dot != NULL ? dot + 1 : "0";
	if (text_number(*xid, 0, INT64_MAX, &n) &&
	    text_number(*seq, 0, INT64_MAX, &n))
		return OK;
	return op_fail(op, ERR_BAD_REQUEST,
	    "The marker %.64s is not the id of an event.", marker);
}

enum err
events_page(struct op *op, const char *tenant, const char *marker, int limit,
    struct event **events, int *n)
{
	const char *xid, *seq;
	struct rows r;

	TRY(marker_read(op, marker != NULL ? marker : "0", &xid, &seq));
	TRY(STORE_READ(op, &r, EVENTS_PAGE, tenant, xid, seq,
	    store_num(op, limit)));
	*events = events_room(op, &r, n);
	for (int i = 0; i < *n; i++)
		event_read(op, &r, i, &(*events)[i]);
	return OK;
}

enum err
events_of_mine(struct op *op, struct event **events, int *n)
{
	struct rows r;

	TRY(STORE_READ(op, &r, EVENTS_OF_MINE, NULL));
	*events = events_room(op, &r, n);
	for (int i = 0; i < *n; i++)
		(*events)[i] = (struct event){ .tenant = row_str(&r, i, 0),
		    .type = row_str(&r, i, 1), .task_kind = row_str(&r, i, 2) };
	return OK;
}

enum err
events_take(struct op *op, int limit, struct event **events, int *n)
{
	struct rows at, r;
	int last;

	*n = 0;
	TRY(STORE_WRITE(op, &at, EVENTS_LOG_TAKE, NULL));
	if (rows_count(&at) == 0)
		return OK;
	TRY(STORE_READ(op, &r, EVENTS_AFTER, row_str(&at, 0, 0),
	    row_str(&at, 0, 1), store_num(op, limit)));
	*events = events_room(op, &r, n);
	for (int i = 0; i < *n; i++)
		event_read(op, &r, i, &(*events)[i]);
	last = *n - 1;
	return *n == 0 ? OK : STORE_WRITE(op, NULL, EVENTS_LOG_MARK,
	    row_str(&r, last, 0), row_str(&r, last, 1));
}

enum err
events_prune(struct op *op, int days, int *n)
{
	struct rows r;

	TRY(STORE_WRITE(op, &r, EVENTS_PRUNE, store_num(op, days),
	    store_num(op, PRUNE_ROWS)));
	*n = rows_touched(&r);
	return OK;
}

void
view_event(struct jsonw *w, const struct event *e)
{
	jsonw_map(w);
	jsonw_kstr(w, "id", e->id);
	jsonw_kstr(w, "message_id", e->id);
	jsonw_kstr(w, "publisher_id", e->server != NULL ?
	    op_printf(w->out.op, "%s.coffer", e->server) : "coffer");
	jsonw_kstr(w, "event_type", e->type);
	jsonw_kstr(w, "priority", "INFO");
	jsonw_kstr(w, "timestamp", e->at);
	jsonw_key(w, "payload");
	jsonw_raw(w, e->payload);
	jsonw_map_end(w);
}
