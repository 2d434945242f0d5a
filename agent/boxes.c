#include "agent/boxes.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#define BOXES 2

struct boxes {
	pthread_mutex_t	 lock;
	pthread_cond_t	 changed;
	struct box	 box[BOXES];
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

size_t
boxes_room(const struct boxes *b)
{
	return b->room;
}

struct box *
boxes_empty(struct boxes *b)
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

void
boxes_filled(struct boxes *b, struct box *box)
{
	(void)box;
	add(b, &b->filled);
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
