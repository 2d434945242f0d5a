#include "lib/store/guests.h"

#include "lib/base/text.h"

#include <stddef.h>

/* --- columns: one array parameter out of one member of n structures ------------- */

static const char *
text_column(struct op *op, const void *first, int n, size_t size)
{
	const char **item = op_alloc(op, (size_t)n * sizeof(*item));

	for (int i = 0; i < n; i++) {
		item[i] = *(const char *const *)((const char *)first +
		    (size_t)i * size);
		if (item[i] == NULL)
			item[i] = "";
	}
	return pg_array(op, item, n);
}

static const char *
number_column(struct op *op, const void *first, int n, size_t size)
{
	struct text t;

	text_begin(&t, op, (size_t)n * 18 + 3);
	for (int i = 0; i < n; i++)
		text_printf(&t, "%c%lld", i == 0 ? '{' : ',',
		    (long long)*(const int64_t *)((const char *)first +
		    (size_t)i * size));
	text_addc(&t, '}');
	return t.s;
}

#define TEXTS(op, list, n, member)					\
	text_column(op, &(list)->member, n, sizeof(*(list)))
#define NUMBERS(op, list, n, member)					\
	number_column(op, &(list)->member, n, sizeof(*(list)))

/* The first column. */
static void
ids_of(struct op *op, const struct rows *rows, struct guest_ids *ids)
{
	ids->n = rows_count(rows);
	ids->id = op_alloc(op, ((size_t)ids->n + 1) * sizeof(*ids->id));
	for (int i = 0; i < ids->n; i++)
		ids->id[i] = row_str(rows, i, 0);
}

/* --- guests ---------------------------------------------------------------------- */

static void
guests_of(struct op *op, const struct rows *rows, struct guest_row **out,
    int *n)
{
	*n = rows_count(rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct guest_row){
			.id = row_str(rows, i, 0),
			.key_epoch = (int)row_int(rows, i, 1),
			.seq = row_int(rows, i, 2),
			.status = row_str(rows, i, 3),
			.version = row_str(rows, i, 4),
			.order = row_str(rows, i, 5),
			.err = row_str(rows, i, 6),
			.why = row_str(rows, i, 7),
		};
}

enum err
guests_load(struct op *op, int digit, struct guest_row **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, GUESTS_LOAD,
	    op_printf(op, "%x0000000-0000-0000-0000-000000000000", digit),
	    op_printf(op, "%xfffffff-ffff-ffff-ffff-ffffffffffff", digit)));
	guests_of(op, &rows, out, n);
	return OK;
}

enum err
guests_find(struct op *op, const char *const *ids, int n,
    struct guest_row **out, int *found)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, GUESTS_FIND, pg_array(op, ids, n)));
	guests_of(op, &rows, out, found);
	return OK;
}

enum err
guests_write(struct op *op, const struct guest_state *s, int n,
    struct guest_ids *written, struct guest_ids *waiting)
{
	const char *ids = TEXTS(op, s, n, id);
	const struct call calls[] = {
		CALL(GUESTS_WRITE, ids, NUMBERS(op, s, n, seq),
		    NUMBERS(op, s, n, used_bytes),
		    NUMBERS(op, s, n, total_bytes), TEXTS(op, s, n, status),
		    TEXTS(op, s, n, version), TEXTS(op, s, n, order),
		    TEXTS(op, s, n, err), TEXTS(op, s, n, why)),
		CALL(GUESTS_WAITED_FOR, ids),
	};
	struct rows rows[2];

	TRY(store_write(op, rows, 2, calls));
	ids_of(op, &rows[0], written);
	ids_of(op, &rows[1], waiting);
	return OK;
}

enum err
guests_seen(struct op *op, const struct guest_seen *s, int n,
    struct guest_ids *written)
{
	const struct call calls[] = {
		CALL(GUESTS_NO_WAIT, NULL),
		CALL(GUESTS_SEEN, TEXTS(op, s, n, id), NUMBERS(op, s, n, was),
		    NUMBERS(op, s, n, seq), NUMBERS(op, s, n, used_bytes),
		    NUMBERS(op, s, n, total_bytes)),
	};
	struct rows rows[2];

	TRY(store_write(op, rows, 2, calls));
	ids_of(op, &rows[1], written);
	return OK;
}

enum err
guests_silent(struct op *op, const struct guest_seen *s, int n,
    struct guest_ids *written)
{
	struct rows rows;

	TRY(STORE_WRITE(op, &rows, GUESTS_SILENT, TEXTS(op, s, n, id),
	    NUMBERS(op, s, n, was)));
	ids_of(op, &rows, written);
	return OK;
}

/* --- shards ---------------------------------------------------------------------- */

enum err
shards_renew(struct op *op, const char *owner, int secs, int n,
    bool owned[SHARDS])
{
	struct rows rows;

	TRY(STORE_WRITE(op, &rows, SHARDS_RENEW, owner, store_num(op, secs),
	    store_num(op, n)));
	for (int i = 0; i < SHARDS; i++)
		owned[i] = false;
	for (int i = 0; i < rows_count(&rows); i++) {
		int64_t shard = row_int(&rows, i, 0);

		if (shard >= 0 && shard < SHARDS)
			owned[shard] = true;
	}
	return OK;
}

enum err
shards_list(struct op *op, int n, const char *owner[SHARDS])
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, SHARDS_LIST, store_num(op, n)));
	for (int i = 0; i < SHARDS; i++)
		owner[i] = NULL;
	for (int i = 0; i < rows_count(&rows); i++) {
		int64_t shard = row_int(&rows, i, 0);

		if (shard >= 0 && shard < SHARDS)
			owner[shard] = row_str(&rows, i, 1);
	}
	return OK;
}

enum err
shards_take(struct op *op, int shard, const char *owner, int secs,
    const char *from)
{
	struct rows rows;

	TRY(STORE_WRITE(op, &rows, SHARDS_TAKE, store_num(op, shard), owner,
	    store_num(op, secs), from != NULL ? from : ""));
	if (rows_touched(&rows) != 1)
		return op_fail(op, ERR_CONFLICT, "shard %d has another owner",
		    shard);
	return OK;
}

enum err
shards_release(struct op *op, const char *owner)
{
	return STORE_WRITE(op, NULL, SHARDS_RELEASE, owner);
}
