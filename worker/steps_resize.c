/*
 * The steps of resizes.  What is grown is not made smaller again, so a volume
 * is the last thing its task does; memory and processors go both ways.
 */
#include "worker/flow.h"
#include "lib/base/jsonw.h"

/* --- volume ----------------------------------------------------------------- */

enum verdict
volume_grow(struct work *w)
{
	bool ready = false;
	struct place p;
	enum err e;

	work_place(w, &p);
	p.volume_gb = w->lease.home.to_gb;
	e = lease_check(w->op, &w->lease);
	if (e == OK)
		e = cloud_volume()->resize(w->op, &p, &ready);
	return e != OK || ready ? work_verdict(w, e) : WAIT;
}

/* --- memory and processors -------------------------------------------------- */

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

static enum verdict
limits(struct work *w, int ram_mb, int vcpus)
{
	struct place p;
	enum err e;

	work_place(w, &p);
	p.ram_mb = ram_mb;
	p.vcpus = vcpus;
	e = lease_check(w->op, &w->lease);
	if (e == OK)
		e = cloud_compute()->resize(w->op, &p);
	return work_verdict(w, e);
}

/* A server is given more before it takes more, and keeps it until it took less. */
enum verdict
limits_most(struct work *w)
{
	const struct home *h = &w->lease.home;

	return limits(w, larger(h->ram_mb, h->to_ram_mb),
	    larger(h->vcpus, h->to_vcpus));
}

enum verdict
limits_new(struct work *w)
{
	return limits(w, w->lease.home.to_ram_mb, w->lease.home.to_vcpus);
}

enum verdict
limits_old(struct work *w)
{
	return limits(w, w->lease.home.ram_mb, w->lease.home.vcpus);
}

static enum verdict
retune(struct work *w, int memory_mb)
{
	struct jsonw body;

	if (cloud_compute()->guestless)
		return DONE;
	jsonw_begin(&body, w->op, 64);
	jsonw_map(&body);
	jsonw_kint(&body, "memory_mb", memory_mb);
	jsonw_map_end(&body);
	return work_order(w, ORDER_RETUNE, body.out.s);
}

enum verdict
guest_retune(struct work *w)
{
	return retune(w, w->lease.home.to_ram_mb);
}

enum verdict
guest_retune_back(struct work *w)
{
	return retune(w, w->lease.home.ram_mb);
}
