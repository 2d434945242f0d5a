#include "fcgi/attempt.h"

#include "fcgi/guest.h"
#include "fcgi/route.h"
#include "fcgi/view_attempt.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/store/repeats.h"

#include <string.h>
#include <strings.h>

#define KEY_MAX 255

/* --- trying ------------------------------------------------------------------- */

/* What is neither yes nor no must not be done for real. */
static enum err
wants_dry(struct request *r, bool *dry)
{
	const char *said = query(r, "dry_run");

	*dry = said != NULL && strcasecmp(said, "true") == 0;
	if (said != NULL && !*dry && strcasecmp(said, "false") != 0)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "The value of dry_run must be true or false.");
	if (*dry && r->tenant == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "%s %s cannot be "
		    "tried with dry_run.", method_word(r->method),
		    r->route->path);
	return OK;
}

/* Whose quota it is: an admin may work on what others own. */
static const char *
payer(const struct request *r, const struct event *did, int n)
{
	return n > 0 ? did[0].tenant : r->tenant;
}

static enum err
effect(struct request *r, struct dry *d)
{
	struct op *op = &r->op;

	d->status = r->status;
	d->restart = r->attempt->restart;
	if (store_holds())
		TRY(events_of_mine(op, &d->event, &d->events));
	TRY(quotas_of_tenant(op, payer(r, d->event, d->events), d->after));
	store_drop(op);
	return quotas_of_tenant(op, payer(r, d->event, d->events), d->before);
}

static enum err
try_only(struct request *r)
{
	struct attempt a = { .dry = true };
	struct dry d = { 0 };
	enum err e;

	r->attempt = &a;
	store_hold(NULL);
	e = r->route->handler(r);
	if (e == OK)
		e = effect(r, &d);
	store_drop(&r->op);
	tasks_ring_held(&r->op, false);
	r->attempt = NULL;
	TRY(e);
	r->type = NULL;
	text_begin(&r->headers, &r->op, 256);
	view_dry(r, &d);
	return OK;
}

/* --- the first answer again ------------------------------------------------------ */

static enum err
key_check(struct request *r)
{
	const char *p = r->repeat_key;

	while (*p > ' ' && *p < 0x7f)
		p++;
	if (*p == '\0' && p - r->repeat_key <= KEY_MAX)
		return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST, "The Idempotency-Key must be "
	    "1 to %d visible ASCII characters.", KEY_MAX);
}

/* Keyed: a body may hold a password that could be guessed. */
static const char *
fingerprint(struct request *r)
{
	unsigned char hash[SEAL_HASH];
	char hex[2 * SEAL_HASH + 1];
	struct key key;
	struct text t;

	seal_derive(&key, seal_master(), "repeat", r->tenant, 0);
	text_begin(&t, &r->op, r->raw_len + 512);
	text_addn(&t, (const char *)key.b, sizeof(key.b));
	text_printf(&t, "%s %s\n", method_word(r->method), r->uri);
	text_addn(&t, r->raw != NULL ? r->raw : "", r->raw_len);
	seal_hash(hash, t.s, t.len);
	seal_wipe(t.s, sizeof(key.b));
	seal_wipe(&key, sizeof(key));
	text_hex(hex, hash, sizeof(hash));
	return op_strdup(&r->op, hex);
}

static enum err
answer_again(struct request *r, const struct repeat *first)
{
	const struct json *was;
	const char *plain, *text;

	TRY(repeat_open(&r->op, first, &plain));
	TRY(json_parse(&r->op, plain, strlen(plain), &was));
	r->type = json_str(json_get(was, "type"));
	text_add(&r->headers, json_str(json_get(was, "headers")));
	reply_header(r, "Idempotency-Replayed", "true");
	text = json_str(json_get(was, "body"));
	if (text == NULL)
		return reply_empty(r, first->status);
	text_add(&reply_json(r, first->status)->out, text);
	return OK;
}

/* *done false: nobody has the key. */
static enum err
look(struct request *r, const struct repeat *me, bool *done)
{
	struct repeat first;

	TRY(repeat_find(&r->op, me, &first, done));
	if (!*done)
		return OK;
	if (strcmp(first.fingerprint, me->fingerprint) != 0)
		return op_fail(&r->op, ERR_CONFLICT, "This Idempotency-Key "
		    "was used for another request.");
	if (first.answer == NULL)
		return op_fail(&r->op, ERR_CONFLICT, "The first request with "
		    "this Idempotency-Key is still at work.");
	return answer_again(r, &first);
}

enum err
attempt_settle(struct request *r)
{
	struct attempt *a = r->attempt;
	struct call probe;

	if (a == NULL || a->repeat == NULL || !store_holds())
		return OK;
	probe = repeat_probe(&r->op, a->repeat);
	TRY(store_keep(&r->op, NULL, &probe));
	a->settled = true;
	tasks_ring_held(&r->op, true);
	return OK;
}

/* After a failure somebody may try again with the same key. */
static enum err
give_up(struct request *r, const struct attempt *a, enum err e)
{
	char *why = r->op.why;

	store_drop(&r->op);
	tasks_ring_held(&r->op, false);
	if (a->settled && repeat_forget(&r->op, a->repeat) != OK)
		log_warn(&r->op, "%s", r->op.why);
	r->op.why = why;
	return e;
}

static enum err
keep(struct request *r, const struct attempt *a)
{
	struct op *op = &r->op;
	struct call answer = repeat_answer(op, a->repeat, r->status,
	    view_kept(r));
	struct call probe = repeat_probe(op, a->repeat);

	if (a->settled)
		return store_write_sure(op, NULL, 1, &answer, &probe);
	TRY(store_keep(op, &answer, &probe));
	tasks_ring_held(op, true);
	return OK;
}

static enum err
do_once(struct request *r)
{
	struct repeat me = { .project = r->tenant, .key = r->repeat_key };
	struct attempt a = { .repeat = &me };
	struct call claim;
	bool done;
	enum err e;

	TRY(key_check(r));
	me.fingerprint = fingerprint(r);
	TRY(look(r, &me, &done));
	if (done)
		return OK;
	claim = repeat_claim(&r->op, &me);
	store_hold(&claim);
	r->attempt = &a;
	e = r->route->handler(r);
	if (e == OK)
		e = keep(r, &a);
	if (e != OK)
		e = give_up(r, &a, e);
	r->attempt = NULL;
	if (e == ERR_REPEATED) {	/* a twin was faster, and is done */
		TRY(look(r, &me, &done));
		e = done ? OK : e;
	}
	return e;
}

/* --- either way ------------------------------------------------------------------- */

static enum err
go(struct request *r)
{
	bool dry;

	TRY(wants_dry(r, &dry));
	if (dry)
		return try_only(r);
	if (r->method == POST && r->tenant != NULL && r->repeat_key != NULL &&
	    *r->repeat_key != '\0')
		return do_once(r);
	return r->route->handler(r);
}

void
attempt_restart(struct request *r, bool restart)
{
	if (r->attempt != NULL)
		r->attempt->restart = restart;
}

bool
attempt_is_dry(const struct request *r)
{
	return r->attempt != NULL && r->attempt->dry;
}

enum err
attempt(struct request *r)
{
	enum err e;

	if (r->method == GET || r->method == HEAD)
		return r->route->handler(r);
	store_context(view_context(r));
	e = go(r);
	store_context(NULL);
	return e;
}
