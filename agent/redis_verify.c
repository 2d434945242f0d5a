/*
 * What is in the databases: numbers of keys, while nobody writes.  That a
 * snapshot is whole Redis checks by itself when it loads it.
 */
#include "agent/redis_server.h"
#include "lib/base/log.h"

#include <stdio.h>
#include <string.h>

/* "name:value" of what INFO says; NULL: it does not. */
static const char *
info_value(struct op *op, const char *info, const char *name)
{
	const char *at = strstr(info, op_printf(op, "\n%s:", name));

	if (at == NULL)
		return NULL;
	at += strlen(name) + 2;
	return op_strndup(op, at, strcspn(at, "\r\n"));
}

static enum err
info(struct op *op, const char **text)
{
	const char *const argv[] = { "INFO", "all", NULL };
	struct redis_reply r;

	TRY(redis_ask(op, &r, argv));
	*text = r.text != NULL ? r.text : "";
	return OK;
}

struct keys { long long all, mortal; };

/* "keys=12,expires=3,avg_ttl=0" */
static bool
keys_read(const char *s, struct keys *k)
{
	*k = (struct keys){ 0 };
	return s != NULL && sscanf(s, "keys=%lld,expires=%lld", &k->all,
	    &k->mortal) == 2;
}

/* What any write changes, and nothing takes back unseen. */
static const char *
state(struct op *op, const char *text)
{
	const char *run = info_value(op, text, "run_id");
	const char *dirty = info_value(op, text,
	    "rdb_changes_since_last_save");
	const char *saved = info_value(op, text, "rdb_last_save_time");

	return run == NULL || dirty == NULL || saved == NULL ? NULL :
	    op_printf(op, "%s:%s:%s", run, dirty, saved);
}

enum err
redis_look(struct op *op, struct look *l)
{
	const char *text, *mark;
	struct keys k;

	TRY(info(op, &text));
	l->version = info_value(l->op, text, "redis_version");
	mark = state(l->op, text);
	for (int i = 0; i < DIGEST_PARTS && mark != NULL; i++) {
		const char *db = op_printf(l->op, "db%d", i);
		const char *said = info_value(op, text, db);
		struct look_row row = { .part.path = { db }, .id = mark,
		    .state = mark };

		if (!keys_read(said, &k))
			continue;
		row.part.sum = op_printf(l->op, "%lld:%lld", k.all, k.mortal);
		look_add(l, &row);
	}
	return OK;
}

/* Keys with an end may have come to it. */
static enum err
compare(struct op *op, const struct digest_part *p, const char *text)
{
	struct keys was, is;
	long long lasting, lasted;

	if (sscanf(p->sum != NULL ? p->sum : "", "%lld:%lld", &was.all,
	    &was.mortal) != 2)
		return OK;
	keys_read(info_value(op, text, p->path[0]), &is);
	lasting = is.all - is.mortal;
	lasted = was.all - was.mortal;
	if (lasting == lasted && is.mortal <= was.mortal)
		return OK;
	return op_fail(op, ERR_UNPROCESSABLE, "Database %s has %lld %s, and "
	    "had %lld when the backup was taken.", p->path[0],
	    lasting != lasted ? lasting : is.mortal,
	    lasting != lasted ? "lasting keys" : "keys with an end",
	    lasting != lasted ? lasted : was.mortal);
}

enum err
redis_verify(struct op *op, const struct digest *d)
{
	const char *text;

	TRY(info(op, &text));
	for (int i = 0; d != NULL && i < d->n; i++)
		TRY(compare(op, &d->part[i], text));
	log_info(op, "%d databases are as they were", d != NULL ? d->n : 0);
	return OK;
}
