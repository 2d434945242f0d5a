/* conductor_roll.c: the guests of one shard's digit, found by id. */
#include "worker/conductor_roll.h"
#include "lib/base/text.h"

#include <assert.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#define PAGE	1024			/* guests allocated at a time */
#define SLOTS	64			/* of the index, at first */

static void *
must(void *p)
{
	if (p == NULL)
		err(1, "out of memory");
	return p;
}

struct roll *
roll_new(int64_t now)
{
	struct roll *r = must(calloc(1, sizeof(*r)));

	r->slots = SLOTS;
	r->index = must(calloc(r->slots, sizeof(*r->index)));
	r->since = now;
	return r;
}

void
roll_free(struct roll *r)
{
	for (size_t i = 0; i < r->pages; i++) {
		seal_wipe(r->page[i], PAGE * sizeof(struct guest));
		free(r->page[i]);
	}
	free(r->page);
	free(r->index);
	free(r);
}

struct guest *
roll_at(const struct roll *r, size_t n)
{
	struct guest *g = &r->page[n / PAGE][n % PAGE];

	return g->there ? g : NULL;
}

/* Ids are random (UUID version 4), so their own bytes are the hash. */
static size_t
slot_of(const struct roll *r, const unsigned char id[16])
{
	uint64_t h;

	memcpy(&h, id + 8, sizeof(h));
	h ^= (uint64_t)id[1] << 16 | (uint64_t)id[2] << 8 | id[3];
	return (size_t)(h * 0x9e3779b97f4a7c15ULL >> 20) & (r->slots - 1);
}

/* The slot that holds id, or the empty one where it belongs. */
static size_t
slot_find(const struct roll *r, const unsigned char id[16])
{
	size_t s = slot_of(r, id);

	while (r->index[s] != 0 && memcmp(
	    r->page[(r->index[s] - 1) / PAGE][(r->index[s] - 1) % PAGE].id,
	    id, 16) != 0)
		s = (s + 1) & (r->slots - 1);
	return s;
}

struct guest *
roll_find(const struct roll *r, const unsigned char id[16])
{
	uint32_t place = r->index[slot_find(r, id)];

	return place == 0 ? NULL : roll_at(r, place - 1);
}

static void
index_grow(struct roll *r)
{
	free(r->index);
	r->slots *= 2;
	r->index = must(calloc(r->slots, sizeof(*r->index)));
	for (size_t i = 0; i < r->places; i++) {
		const struct guest *g = roll_at(r, i);

		if (g != NULL)
			r->index[slot_find(r, g->id)] = (uint32_t)i + 1;
	}
}

static void
page_add(struct roll *r)
{
	r->page = must(reallocarray(r->page, r->pages + 1, sizeof(*r->page)));
	r->page[r->pages++] = must(calloc(PAGE, sizeof(struct guest)));
}

/* Which place a guest has, from where it lies. */
static size_t
place_of(const struct roll *r, const struct guest *g)
{
	uint32_t place = r->index[slot_find(r, g->id)];

	assert(place != 0);
	return place - 1;
}

struct guest *
roll_add(struct roll *r, const unsigned char id[16])
{
	size_t place = r->places;
	struct guest *g;

	if (r->free_places > 0) {
		for (place = r->free_from; roll_at(r, place) != NULL; place++)
			;
		r->free_from = place + 1;
		r->free_places--;
	} else {
		if (r->places == r->pages * PAGE)
			page_add(r);
		r->places++;
	}
	if ((r->guests + 1) * 2 > r->slots)
		index_grow(r);
	g = &r->page[place / PAGE][place % PAGE];
	memset(g, 0, sizeof(*g));
	memcpy(g->id, id, 16);
	g->there = true;
	r->index[slot_find(r, id)] = (uint32_t)place + 1;
	r->guests++;
	return g;
}

/* Closes the gap in the index, so that what stands behind it is still found. */
static void
index_close(struct roll *r, size_t gap)
{
	size_t s = gap;

	r->index[gap] = 0;
	for (;;) {
		size_t home;

		s = (s + 1) & (r->slots - 1);
		if (r->index[s] == 0)
			return;
		home = slot_of(r, roll_at(r, r->index[s] - 1)->id);
		if (((s - home) & (r->slots - 1)) <
		    ((s - gap) & (r->slots - 1)))
			continue;	/* it may not stand before its home */
		r->index[gap] = r->index[s];
		r->index[s] = 0;
		gap = s;
	}
}

void
roll_forget(struct roll *r, struct guest *g)
{
	size_t place = place_of(r, g);

	index_close(r, slot_find(r, g->id));
	seal_wipe(g, sizeof(*g));
	if (r->free_places++ == 0 || place < r->free_from)
		r->free_from = place;
	r->guests--;
}

bool
guest_id_read(unsigned char id[16], const char *uuid)
{
	static const unsigned char at[] = { 0, 9, 14, 19, 24 },
	    bytes[] = { 4, 2, 2, 2, 6 };

	for (int i = 0; i < 5; i++) {
		if (i > 0 && uuid[at[i] - 1] != '-')
			return false;
		if (!text_unhex(id, uuid + at[i], bytes[i]))
			return false;
		id += bytes[i];
	}
	return true;
}

void
guest_id_write(char uuid[37], const unsigned char id[16])
{
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*uuid++ = '-';
		text_hex(uuid, id + i, 1);
		uuid += 2;
	}
}
