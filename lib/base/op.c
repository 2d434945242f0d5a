#include "lib/base/op.h"

#include <err.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN	16
#define CHUNK	16384			/* what a chunk holds at the least */

struct op_held {
	struct op_held	 *next;
	void		(*give_back)(void *);
	void		 *what;
};

struct op_chunk {
	struct op_chunk	 *next;
	size_t		  size;
	_Alignas(ALIGN) char bytes[];
};

void
op_begin(struct op *op, const char *id)
{
	op->id = id;
	op->instance = op->task = NULL;
	op->why = NULL;
	op->held = NULL;
	op->chunk = NULL;
	op->used = 0;
}

/* Handles first: they may still point into the op's bytes. */
void
op_end(struct op *op)
{
	struct op_held *h;
	struct op_chunk *c;

	while ((h = op->held) != NULL) {
		op->held = h->next;
		h->give_back(h->what);
	}
	while ((c = op->chunk) != NULL) {
		op->chunk = c->next;
		free(c);
	}
	op->used = 0;
	op->why = NULL;
}

/* What does not fit into the chunk at hand opens another. */
static void *
chunk_open(struct op *op, size_t size)
{
	size_t room = size > CHUNK / 4 ? size : CHUNK;
	struct op_chunk *c;

	if (size > SIZE_MAX / 2 ||
	    (c = malloc(sizeof(*c) + room)) == NULL)
		err(1, "out of memory");
	c->size = room;
	if (room == size && op->chunk != NULL) {
		/* A large one goes behind, so that the open one stays open. */
		c->next = op->chunk->next;
		op->chunk->next = c;
		return c->bytes;
	}
	c->next = op->chunk;
	op->chunk = c;
	op->used = size;
	return c->bytes;
}

static void *
bytes_take(struct op *op, size_t size)
{
	char *base = op->chunk != NULL ? op->chunk->bytes : op->first;
	size_t room = op->chunk != NULL ? op->chunk->size : sizeof(op->first);

	if (size > SIZE_MAX - ALIGN)
		err(1, "out of memory");
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (size > room - op->used)
		return chunk_open(op, size);
	op->used += size;
	return base + op->used - size;
}

void *
op_alloc(struct op *op, size_t size)
{
	void *p = bytes_take(op, size);

	return memset(p, 0, size);
}

char *
op_strndup(struct op *op, const char *s, size_t n)
{
	char *p = bytes_take(op, n + 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *
op_strdup(struct op *op, const char *s)
{
	return s == NULL ? NULL : op_strndup(op, s, strlen(s));
}

void
op_defer(struct op *op, void (*give_back)(void *), void *what)
{
	struct op_held *h = op_alloc(op, sizeof(*h));

	*h = (struct op_held){ op->held, give_back, what };
	op->held = h;
}

static char *
vprint(struct op *op, const char *fmt, va_list ap)
{
	char short_one[256], *s;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(short_one, sizeof(short_one), fmt, ap);
	if (n < 0)
		err(1, "%s", fmt);
	s = bytes_take(op, (size_t)n + 1);
	if ((size_t)n < sizeof(short_one))
		memcpy(s, short_one, (size_t)n + 1);
	else
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

char *
op_printf(struct op *op, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = vprint(op, fmt, ap);
	va_end(ap);
	return s;
}

enum err
op_fail(struct op *op, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	op->why = vprint(op, fmt, ap);
	va_end(ap);
	return e;
}
