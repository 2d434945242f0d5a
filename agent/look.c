#include "agent/look.h"
#include "lib/base/clock.h"

#include <string.h>

void
look_begin(struct look *l, struct op *op, const struct look *before, int ms)
{
	*l = (struct look){ .op = op, .before = before,
	    .until = clock_ms() + ms };
}

int
look_left(const struct look *l)
{
	int64_t left = l->until - clock_ms();

	return left < 0 ? 0 : (int)left;
}

bool
look_add(struct look *l, const struct look_row *row)
{
	struct look_row *more;

	if (l->n == DIGEST_PARTS) {
		l->more = true;
		return false;
	}
	if (l->n == l->room) {
		l->room = l->room == 0 ? 16 : l->room * 2;
		more = op_alloc(l->op, (size_t)l->room * sizeof(*more));
		if (l->n > 0)
			memcpy(more, l->row, (size_t)l->n * sizeof(*more));
		l->row = more;
	}
	l->row[l->n++] = *row;
	return true;
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool
same_path(const struct digest_part *a, const struct digest_part *b)
{
	for (int i = 0; i < DIGEST_DEPTH; i++)
		if (a->path[i] != b->path[i] && !same(a->path[i], b->path[i]))
			return false;
	return true;
}

/* Of the same thing under the same name; NULL: there was none. */
static const struct look_row *
find(const struct look *l, const struct look_row *row)
{
	for (int i = 0; i < l->n; i++)
		if (same(l->row[i].id, row->id) &&
		    same_path(&l->row[i].part, &row->part))
			return &l->row[i];
	return NULL;
}

bool
look_worth(const struct look *l, const struct look_row *row)
{
	const struct look_row *was;

	if (row->id == NULL || row->state == NULL)
		return false;
	if (l->before == NULL)
		return true;
	was = find(l->before, row);
	return was != NULL && was->part.sum != NULL &&
	    same(was->state, row->state);
}

void
look_between(struct op *op, const struct look *before,
    const struct look *after, struct digest *d)
{
	*d = (struct digest){ .version = after->version,
	    .more = before->more || after->more,
	    .part = op_alloc(op, ((size_t)after->n + 1) * sizeof(*d->part)) };
	for (int i = 0; i < after->n; i++) {
		const struct look_row *now = &after->row[i];
		const struct look_row *was = find(before, now);
		struct digest_part *p = &d->part[d->n];

		if (was == NULL)
			continue;
		*p = now->part;
		if (!same(was->state, now->state) ||
		    !same(was->part.sum, now->part.sum))
			p->sum = NULL;
		d->n++;
	}
}
