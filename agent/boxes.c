#include "agent/boxes.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BOXES 2

struct boxes {
	pthread_mutex_t	 lock;
	pthread_cond_t	 changed;
	struct box	 box[BOXES];
	struct box	*begun;		/* the filling side's; NULL: none */
	size_t		 room;
	uint64_t	 filled, emptied;	/* so many in all */
	bool		 last, given_up;
};

static void
boxes_free(void *arg)
{
	struct boxes *b = arg;

	for (int i = 0; i < BOXES; i++)
		free(b->box[i].bytes);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
}

struct boxes *
boxes_new(struct op *op, size_t room)
{
	struct boxes *b = op_alloc(op, sizeof(*b));

	b->room = room;
	if (pthread_mutex_init(&b->lock, NULL) != 0 ||
	    pthread_cond_init(&b->changed, NULL) != 0)
		abort();
	/* Not the op's: it would touch every page before there is a use for it. */
	for (int i = 0; i < BOXES; i++)
		if ((b->box[i].bytes = malloc(room)) == NULL)
			abort();
	op_defer(op, boxes_free, b);
	return b;
}

/* NULL: the other side gave up. */
static struct box *
empty(struct boxes *b)
{
	struct box *box = NULL;

	pthread_mutex_lock(&b->lock);
	while (b->filled - b->emptied == BOXES && !b->given_up)
		pthread_cond_wait(&b->changed, &b->lock);
	if (!b->given_up) {
		box = &b->box[b->filled % BOXES];
		box->len = 0;
	}
	pthread_mutex_unlock(&b->lock);
	return box;
}

struct box *
boxes_full(struct boxes *b)
{
	struct box *box = NULL;

	pthread_mutex_lock(&b->lock);
	while (b->filled == b->emptied && !b->last && !b->given_up)
		pthread_cond_wait(&b->changed, &b->lock);
	if (b->filled != b->emptied && !b->given_up)
		box = &b->box[b->emptied % BOXES];
	pthread_mutex_unlock(&b->lock);
	return box;
}

static void
add(struct boxes *b, uint64_t *n)
{
	pthread_mutex_lock(&b->lock);
	++*n;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->lock);
}

static void
filled(struct boxes *b)
{
	b->begun = NULL;
	add(b, &b->filled);
}

bool
boxes_put(struct boxes *b, const void *bytes, size_t n)
{
	const char *p = bytes;
	size_t some;

	for (; n > 0; p += some, n -= some) {
		if (b->begun == NULL && (b->begun = empty(b)) == NULL)
			return false;
		some = b->room - b->begun->len;
		some = some < n ? some : n;
		memcpy(b->begun->bytes + b->begun->len, p, some);
		b->begun->len += some;
		if (b->begun->len == b->room)
			filled(b);
	}
	return true;
}

void
boxes_emptied(struct boxes *b, struct box *box)
{
	(void)box;
	add(b, &b->emptied);
}

static void
set(struct boxes *b, bool *what)
{
	pthread_mutex_lock(&b->lock);
	*what = true;
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->lock);
}

void
boxes_last(struct boxes *b)
{
	if (b->begun != NULL)
		filled(b);
	set(b, &b->last);
}

void
boxes_give_up(struct boxes *b)
{
	set(b, &b->given_up);
}

bool
boxes_given_up(struct boxes *b)
{
	bool is;

	pthread_mutex_lock(&b->lock);
	is = b->given_up;
	pthread_mutex_unlock(&b->lock);
	return is;
}
