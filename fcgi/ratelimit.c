#include "fcgi/ratelimit.h"

#include "fcgi/route.h"
#include "fcgi/shared.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"

#define DEPTH	60000000		/* of a bucket, in microseconds */
#define PROBES	8

/* PATCH and HEAD are not counted. */
const struct rate rates[] = {
	{ POST,   "api.post_rate" },
	{ PUT,    "api.put_rate" },
	{ DELETE, "api.delete_rate" },
	{ GET,    "api.get_rate" },
	{ 0 }
};
const struct rate rate_mgmt = { POST, "api.mgmt_post_rate" };

/* FNV-1a: projects are made by the operator, nobody can aim at another's bucket. */
static uint64_t
key_of(const char *who, enum method m)
{
	uint64_t h = 14695981039346656037u + (uint64_t)m;

	for (; *who != '\0'; who++)
		h = (h ^ (unsigned char)*who) * 1099511628211u;
	return h != 0 ? h : 1;
}

static int64_t
now_us(void)
{
	return clock_ms() * 1000;
}

/* Nothing puts more than DEPTH into a bucket: more is of an earlier boot. */
static int64_t
level(const struct bucket *b, int64_t now)
{
	int64_t left = atomic_load(&b->empty_at) - now;

	return left < 0 || left > DEPTH ? 0 : left;
}

/*
 * A project's own bucket; else a free or empty one, or the emptiest.  Two
 * processes may take one for two projects at once: then one of them is counted
 * twice for a minute at most, and nothing worse.
 */
static struct bucket *
bucket_of(uint64_t key, bool make)
{
	struct bucket *all = shared_memory()->bucket, *best = NULL;
	int64_t now = now_us();

	for (unsigned i = 0; i < PROBES; i++) {
		struct bucket *b = &all[(key + i) % BUCKETS];

		if (atomic_load(&b->key) == key)
			return b;
		if (best == NULL || level(b, now) < level(best, now))
			best = b;
	}
	if (!make)
		return NULL;
	atomic_store(&best->empty_at, now);
	atomic_store(&best->key, key);
	return best;
}

int
ratelimit_take(const char *who, enum method m, int rate)
{
	int64_t now = now_us(), was, full, price;
	struct bucket *b;

	if (rate <= 0)
		return 0;
	price = DEPTH / rate;
	b = bucket_of(key_of(who, m), true);
	was = atomic_load(&b->empty_at);
	do {
		full = (was < now || was > now + DEPTH ? now : was) + price;
		if (full > now + DEPTH)
			return (int)((full - now - DEPTH + 999999) / 1000000);
	} while (!atomic_compare_exchange_weak(&b->empty_at, &was, full));
	return 0;
}

int
ratelimit_left(const char *who, enum method m, int rate)
{
	const struct bucket *b;

	if (rate <= 0)
		return 0;
	b = bucket_of(key_of(who, m), false);
	if (b == NULL)
		return rate;
	return (int)((DEPTH - level(b, now_us())) / (DEPTH / rate));
}

enum err
ratelimit_check(struct request *r)
{
	for (const struct rate *t = rates; t->method != 0; t++) {
		int rate = conf_int(t->setting);

		if (t->method != r->method)
			continue;
		r->retry_after = ratelimit_take(r->caller.project, t->method,
		    rate);
		if (r->retry_after > 0)
			return op_fail(&r->op, ERR_RATE_LIMIT, "Only %d %s "
			    "request(s) can be made to * every minute.", rate,
			    method_word(t->method));
	}
	return OK;
}
