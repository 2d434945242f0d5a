/*
 * The step of a create that fills a new instance with a backup.  What the
 * guest is told to read was looked at just before: nothing that is missing or
 * changed gets as far as its engine.
 */
#include "worker/restore_old.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"
#include "lib/msg/segments.h"

#include <string.h>

#define LEAVE_SECS	86400		/* a create that restores may take no longer */
#define GB		((int64_t)1 << 30)
#define MANY_MS		30000
#define ORDER_ROOM	2048		/* for an order's other words, and its seal */

struct chain {
	struct backup_link *link;
	int		 n;
	int64_t		 plain;		/* bytes of data, in all */
	struct object	**segment;	/* of each link */
	int		*many;		/* so many */
	int		 all;		/* of all links */
};

/* Of what backup?  *id NULL: of none. */
static enum err
wanted(struct work *w, const char **id)
{
	const struct json *args;
	const char *body;

	*id = w->lease.home.verifies;
	TRY(lease_args(w->op, &w->lease, &body));
	if (body == NULL)
		return OK;
	TRY(json_parse(w->op, body, strlen(body), &args));
	*id = json_str(json_get(args, "restore"));
	return OK;
}

/* --- before anything is touched ----------------------------------------------------- */

static enum err
link_check(struct work *w, const struct backup_link *l,
    struct backup_result *r)
{
	struct object *there;
	enum err e;
	int n;

	if (!l->good || l->key == NULL)
		return op_fail(w->op, ERR_CONFLICT,
		    "Backup %s is gone, or its data are not here.", l->id);
	TRY(backup_segments_read(w->op, l->segments, &r->segment, &r->n));
	r->checksum = l->checksum;
	TRY(cloud_storage()->list(w->op, l->tenant, l->container, l->id,
	    &there, &n));
	e = backup_result_check(w->op, r, there, n);
	return e == ERR_GUEST ? op_fail(w->op, ERR_CONFLICT, "%s",
	    w->op->why) : e;
}

/* Room for the full one with the largest that comes upon it. */
static enum err
room_check(struct work *w, const struct chain *c)
{
	int64_t more = 0, need;

	for (int i = 1; i < c->n; i++)
		if (c->link[i].plain > more)
			more = c->link[i].plain;
	need = c->link[0].plain + more;
	if (need <= (int64_t)w->lease.home.volume_gb * GB)
		return OK;
	return op_fail(w->op, ERR_FORBIDDEN, "Backup is too large for given "
	    "flavor or volume. Backup size: %.2f GBs. Available size: %d GBs.",
	    (double)need / (double)GB, w->lease.home.volume_gb);
}

static enum err
chain_check(struct work *w, struct chain *c)
{
	size_t n = (size_t)c->n;

	c->segment = op_alloc(w->op, n * sizeof(*c->segment));
	c->many = op_alloc(w->op, n * sizeof(*c->many));
	for (int i = 0; i < c->n; i++) {
		struct backup_result r = { 0 };

		TRY(link_check(w, &c->link[i], &r));
		c->segment[i] = r.segment;
		c->many[i] = r.n;
		c->all += r.n;
	}
	if (c->link[0].parent != NULL)
		return op_fail(w->op, ERR_CONFLICT, "Backup %s stands upon "
		    "one that is gone.", c->link[0].id);
	return room_check(w, c);
}

/* --- the order ------------------------------------------------------------------------ */

/* Names without the backup's id, so that an order holds many. */
static void
segments_write(struct jsonw *out, const struct backup_link *l,
    const struct object *o, int n)
{
	jsonw_key(out, "segments");
	jsonw_list(out);
	for (int i = 0; i < n; i++) {
		jsonw_map(out);
		jsonw_kstr(out, "name", o[i].name + strlen(l->id) + 1);
		jsonw_kint(out, "bytes", o[i].bytes);
		jsonw_kstr(out, "md5", o[i].md5);
		jsonw_map_end(out);
	}
	jsonw_list_end(out);
}

static bool
in_one(const struct object *o, int n)
{
	return strcmp(o[0].name, o[n - 1].name) == 0;
}

/* More than an order can list. */
static enum err
segments_pack(struct work *w, struct jsonw *out, const struct backup_link *l,
    const struct object *o, int n)
{
	const struct object whole = { o->name, l->stored, NULL };
	int64_t each = backup_segments_each(o, n);

	if (in_one(o, n)) {
		segments_write(out, l, &whole, 1);
		return OK;
	}
	if (each == 0)
		return op_fail(w->op, ERR_NOT_BUILT, "The backup has too many "
		    "segments to be restored.");
	jsonw_key(out, "segments");
	jsonw_map(out);
	jsonw_kint(out, "each", each);
	jsonw_map_end(out);
	return OK;
}

/* Each once: segments that were absorbed all have the whole's. */
static void
names_give(struct work *w, const struct object *o, int n, struct lend *ask)
{
	const char **names = op_alloc(w->op, (size_t)(n + 1) * sizeof(*names));

	ask->names = names;
	for (int i = 0; i < n; i++)
		if (i == 0 || strcmp(o[i].name, o[i - 1].name) != 0)
			names[ask->n++] = o[i].name + strlen(ask->prefix);
}

/* "<id>_" of segments; "<id>." of the only one, which has become the whole. */
static enum err
link_write(struct work *w, struct jsonw *out, const struct chain *c, int nth)
{
	const struct backup_link *l = &c->link[nth];
	const struct object *o = c->segment[nth];
	struct lend ask = { l->tenant, l->container,
		.seconds = LEAVE_SECS };
	struct leave leave;
	const char *key;
	int n = c->many[nth];

	TRY(backup_key_open(w->op, l->id, l->key, &key));
	TRY(lease_check(w->op, &w->lease));
	ask.prefix = op_strndup(w->op, o->name, strlen(l->id) + 1);
	if (c->all <= SEGMENTS_LISTED || in_one(o, n))
		names_give(w, o, n, &ask);
	TRY(cloud_storage()->lend(w->op, &ask, &leave));
	jsonw_map(out);
	jsonw_kstr(out, "backup", l->id);
	jsonw_kstr(out, "key", key);
	jsonw_kint(out, "bytes", l->stored);
	if (c->all <= SEGMENTS_LISTED)
		segments_write(out, l, o, n);
	else
		TRY(segments_pack(w, out, l, o, n));
	jsonw_key(out, "get");
	leave_write(out, &ask, &leave);
	jsonw_map_end(out);
	return OK;
}

static enum err
order_body(struct work *w, const struct chain *c, const char **body)
{
	struct jsonw out;

	jsonw_begin(&out, w->op, 4096);
	jsonw_map(&out);
	jsonw_key(&out, "chain");
	jsonw_list(&out);
	for (int i = 0; i < c->n; i++)
		TRY(link_write(w, &out, c, i));
	jsonw_list_end(&out);
	jsonw_map_end(&out);
	*body = out.out.s;
	return out.out.len < GUEST_MAX - ORDER_ROOM ? OK :
	    op_fail(w->op, ERR_NOT_BUILT, "The backup stands upon too many "
	    "others to be restored.");
}

/* How much it filled its volume says how far it is. */
static enum err
goes_on(struct work *w, struct chain *c, const char **body)
{
	int64_t used = w->lease.guest.used_bytes;

	c->plain = 0;
	for (int i = 0; i < c->n; i++)
		c->plain += c->link[i].plain;
	TRY(backup_moved(w, used > 0 ? used : -1, c->plain));
	if (c->n == 1 && restore_is_old(c->link))
		return restore_old(w, c->link, body);
	TRY(chain_check(w, c));
	return order_body(w, c, body);
}

enum verdict
guest_restore(struct work *w)
{
	const char *id = NULL, *body = NULL;
	struct chain c = { 0 };
	enum verdict v;
	enum err e;

	if (cloud_compute()->guestless)
		return DONE;
	if (work_verdict(w, wanted(w, &id)) != DONE)
		return FAIL;
	if (id == NULL)
		return DONE;
	if (work_verdict(w, backup_chain(w->op, id, &c.link, &c.n)) != DONE)
		return FAIL;
	if (c.n == 0)
		return work_fail(w, ERR_NOT_FOUND, "Backup %s is gone.", id);
	if (c.link[c.n - 1].key == NULL && backup_rehearsed(w))
		return DONE;
	v = work_order(w, ORDER_RESTORE, NULL);
	if (v != WAIT)
		return v;
	e = goes_on(w, &c, &body);
	v = backup_goes_on(w, e, body);
	if (c.all > SEGMENTS_LISTED)
		w->wait_ms = MANY_MS;	/* to look at all of them takes a while */
	w->more_ms = w->wait_ms;
	return v;
}
