/* Backups that come by themselves: of which instance, when, how many are kept. */
#include "fcgi/datastores.h"
#include "fcgi/engines.h"
#include "fcgi/handlers.h"
#include "fcgi/query.h"
#include "fcgi/views.h"
#include "lib/base/clock.h"
#include "lib/base/cron.h"
#include "lib/store/schedules.h"

#include <string.h>

#define NOBODY "00000000-0000-0000-0000-000000000000"

const struct field schedule_new_fields[] = {
	{ "backup_schedule",              MAP,  REQUIRED | CLOSED },
	{ "backup_schedule/name",         NES,  REQUIRED },
	{ "backup_schedule/description",  NES },
	{ "backup_schedule/instance",     UUID, REQUIRED },
	{ "backup_schedule/cron",         STR,  REQUIRED, 1, 255 },
	{ "backup_schedule/timezone",     STR,  0, 1, 64 },
	{ "backup_schedule/keep_last",    INT,  NULLABLE, 1, 10000 },
	{ "backup_schedule/keep_days",    INT,  NULLABLE, 1, 36500 },
	{ "backup_schedule/full_every",   INT,  0, 1, 1000 },
	{ "backup_schedule/enabled",      BOOL },
	{ 0 }
};

/* What is not there stays. */
const struct field schedule_patch_fields[] = {
	{ "backup_schedule",              MAP,  REQUIRED | CLOSED },
	{ "backup_schedule/name",         NES },
	{ "backup_schedule/description",  NES,  NULLABLE },
	{ "backup_schedule/cron",         STR,  0, 1, 255 },
	{ "backup_schedule/timezone",     STR,  0, 1, 64 },
	{ "backup_schedule/keep_last",    INT,  NULLABLE, 1, 10000 },
	{ "backup_schedule/keep_days",    INT,  NULLABLE, 1, 36500 },
	{ "backup_schedule/full_every",   INT,  0, 1, 1000 },
	{ "backup_schedule/enabled",      BOOL },
	{ 0 }
};

static const char *
owner(const struct request *r)
{
	return r->caller.admin ? NULL : r->tenant;
}

static enum err
reply_schedule(struct request *r, const struct schedule *s)
{
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "backup_schedule");
	view_schedule(r, s);
	jsonw_map_end(&r->out);
	return OK;
}

/* --- reading ---------------------------------------------------------------------- */

enum err
schedules_list(struct request *r)
{
	const char *instance = query(r, "instance_id");
	struct schedules_page page = { .tenant = r->tenant };
	const char *next = NULL;
	struct schedule *s;
	struct page p;
	int i, n;

	TRY(page_by_id(r, &p));
	page.limit = p.limit;
	page.marker = p.marker;
	if (instance != NULL && *instance != '\0')
		page.instance = text_is_uuid(instance) ? instance : NOBODY;
	TRY(schedules_read(&r->op, &page, &s, &n));
	if (n > page.limit)
		next = s[(n = page.limit) - 1].id;
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "backup_schedules");
	jsonw_list(&r->out);
	for (i = 0; i < n; i++)
		view_schedule(r, &s[i]);
	jsonw_list_end(&r->out);
	if (next != NULL)
		page_links(r, "backup_schedules", next);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
schedule_show(struct request *r)
{
	struct schedule s;

	TRY(schedule_read(&r->op, r->arg[1], owner(r), &s));
	return reply_schedule(r, &s);
}

enum err
schedule_remove(struct request *r)
{
	struct schedule s;

	TRY(schedule_read(&r->op, r->arg[1], owner(r), &s));
	TRY(schedule_delete(&r->op, s.id));
	return reply_empty(r, 202);
}

/* --- what is asked for -------------------------------------------------------------- */

static const char *
word(const struct json *ask, const char *key, const char *was)
{
	return json_has(ask, key) ? json_str(json_get(ask, key)) : was;
}

/* null is none. */
static int
number(const struct json *ask, const char *key, int was)
{
	return json_has(ask, key) ? (int)json_int(json_get(ask, key)) : was;
}

static void
ask_into(struct request *r, struct schedule *s)
{
	const struct json *ask = body(r, "backup_schedule");

	s->name = word(ask, "name", s->name);
	s->description = word(ask, "description", s->description);
	s->cron = word(ask, "cron", s->cron);
	s->zone = word(ask, "timezone", s->zone);
	s->keep_last = number(ask, "keep_last", s->keep_last);
	s->keep_days = number(ask, "keep_days", s->keep_days);
	s->full_every = number(ask, "full_every", s->full_every);
	if (json_has(ask, "enabled"))
		s->enabled = json_true(json_get(ask, "enabled"));
}

/* Also of one that is not enabled: what is stored can be run. */
static enum err
next_of(struct request *r, const struct schedule *s, int64_t *next)
{
	const struct zone *zone;
	struct cron cron;

	TRY(cron_parse(&r->op, s->cron, &cron));
	TRY(zone_load(&r->op, s->zone, &zone));
	*next = s->enabled ? cron_next(&cron, zone,
	    clock_wall_us() / 1000000) : SCHEDULE_NEVER;
	return OK;
}

static enum err
instance_check(struct request *r, const char *id)
{
	const struct version_row *v;
	const struct catalog *c;
	struct instance in;

	TRY(instance_read(&r->op, id, owner(r), &in));
	r->op.instance = in.id;
	if (in.cluster_id != NULL)
		return op_fail(&r->op, ERR_NOT_BUILT, "Operation not supported "
		    "for instances that are part of a cluster.");
	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, in.version_id, &v));
	return engine_check(&r->op, v, "create_backup");
}

enum err
schedule_create(struct request *r)
{
	char id[UUID_LEN + 1];
	struct schedule s = {
		.id = id,
		.tenant = r->tenant,
		.user = r->caller.user,
		.instance = body_str(r, "backup_schedule/instance"),
		.zone = "UTC",
		.full_every = 1,
		.enabled = true,
	};
	int64_t next;

	ask_into(r, &s);
	TRY(next_of(r, &s, &next));
	TRY(instance_check(r, s.instance));
	text_uuid(id);
	TRY(schedule_insert(&r->op, &s, next));
	TRY(schedule_read(&r->op, id, r->tenant, &s));
	return reply_schedule(r, &s);
}

/* What is due stays so, unless its times are others now. */
enum err
schedule_patch(struct request *r)
{
	struct schedule was, s;
	int64_t next;
	bool other;

	TRY(schedule_read(&r->op, r->arg[1], owner(r), &was));
	s = was;
	ask_into(r, &s);
	TRY(next_of(r, &s, &next));
	other = strcmp(s.cron, was.cron) != 0 ||
	    strcmp(s.zone, was.zone) != 0 || s.enabled != was.enabled;
	TRY(schedule_change(&r->op, &s, other ? &next : NULL));
	TRY(schedule_read(&r->op, s.id, NULL, &s));
	return reply_schedule(r, &s);
}
