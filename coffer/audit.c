/*
 * Compares what is written with what is there.  Nothing stands still while it
 * looks, so a difference counts only when it was seen before and after the
 * rows were read, and not on an instance that a task is busy with.
 */
#include "coffer/command.h"
#include "coffer/output.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/jsonw.h"
#include "lib/base/text.h"
#include "lib/cloud/cloud.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REMOVE_MS	30000		/* patience with one resource */

/* The three kinds of resources, and the column of LIST_AUDIT_LIVE of each. */
enum kind { SERVER, VOLUME, PORT, KIND__MAX };
enum { LIVE_ID, LIVE_HERE, LIVE_FIRST_KIND, LIVE_BUSY = 5 };
static const char *const kind_names[KIND__MAX] = { "server", "volume",
	"port" };
_Static_assert(LIVE_FIRST_KIND + KIND__MAX == LIVE_BUSY, "columns in between");

struct audit {
	struct ask	*ask;
	bool		 remove, fix;
	struct jsonw	 out;		/* with --json */
	struct listing	 live, slots;
	const char *const *before[KIND__MAX], *const *after[KIND__MAX];
	int		 found, mended;
};

/* One difference.  done: what was done about it, or NULL. */
static void
report(struct audit *au, const char *what, const char *id, const char *why,
    const char *done)
{
	au->found++;
	au->mended += done != NULL;
	if (!au->ask->json) {
		printf("%-8s  %s  %s%s%s\n", what, id, why,
		    done != NULL ? ": " : "", done != NULL ? done : "");
		return;
	}
	jsonw_map(&au->out);
	jsonw_kstr(&au->out, "what", what);
	jsonw_kstr(&au->out, "id", id);
	jsonw_kstr(&au->out, "why", why);
	jsonw_kstr(&au->out, "done", done);
	jsonw_map_end(&au->out);
}

/* Report it, and mend it where that was asked for. */
static void
report_row(struct audit *au, const char *what, const char *id,
    const char *why, enum err (*forget)(struct op *, const char *))
{
	struct op *op = &au->ask->op;

	if (forget == NULL)
		report(au, what, id, why, NULL);
	else if (forget(op, id) == OK)
		report(au, what, id, why, "mended");
	else
		report(au, what, id, op_printf(op, "%s, and cannot be mended: "
		    "%s", why, op->why), NULL);
}

/* --- resources ------------------------------------------------------------------ */

static enum err
resources_list(struct audit *au, const char *const *list[KIND__MAX])
{
	struct op *op = &au->ask->op;

	TRY(cloud_compute()->list(op, &list[SERVER]));
	TRY(cloud_volume()->list(op, &list[VOLUME]));
	return cloud_network()->list(op, &list[PORT]);
}

static bool
is_in(const char *const *list, const char *id)
{
	while (*list != NULL && strcmp(*list, id) != 0)
		list++;
	return *list != NULL;
}

static bool
is_live(const struct audit *au, const char *id)
{
	for (int r = 0; r < rows_count(&au->live.rows); r++)
		if (strcmp(row_str(&au->live.rows, r, LIVE_ID), id) == 0)
			return true;
	return false;
}

static enum err
remove_once(struct op *op, enum kind kind, const struct place *p, bool *ready)
{
	switch (kind) {
	case SERVER:
		return cloud_compute()->remove(op, p, ready);
	case VOLUME:
		return cloud_volume()->remove(op, p, ready);
	default:
		return cloud_network()->remove(op, p, ready);
	}
}

static const char *
resource_remove(struct audit *au, enum kind kind, const char *id)
{
	struct op *op = &au->ask->op;
	struct place p = { .instance = id, .slot = -1 };
	int64_t until = clock_ms() + REMOVE_MS;
	bool ready = false;

	for (int r = 0; r < rows_count(&au->slots.rows); r++)
		if (strcmp(row_str(&au->slots.rows, r, 0), id) == 0)
			p.slot = (int)row_int(&au->slots.rows, r, 1);
	while (clock_ms() < until) {
		if (remove_once(op, kind, &p, &ready) != OK)
			return op_printf(op, "not removed: %s", op->why);
		if (ready)
			return "removed";
		clock_sleep_ms(100);
	}
	return "not removed: it takes too long";
}

/* Resources without a row. */
static void
audit_orphans(struct audit *au, enum kind kind)
{
	for (const char *const *id = au->before[kind]; *id != NULL; id++)
		if (!is_live(au, *id) && is_in(au->after[kind], *id))
			report(au, kind_names[kind], *id, "no instance has it",
			    au->remove ? resource_remove(au, kind, *id) : NULL);
}

/* The local driver's ports are there only while their server runs. */
static bool
comes_and_goes(enum kind kind)
{
	return kind == PORT && strcmp(cloud_network()->name, "local") == 0;
}

/* Rows without a resource: a tenant's instance, so only a person may decide. */
static void
audit_missing(struct audit *au, enum kind kind)
{
	const struct rows *live = &au->live.rows;

	if (comes_and_goes(kind))
		return;
	for (int r = 0; r < rows_count(live); r++) {
		const char *id = row_str(live, r, LIVE_ID);

		if (row_bool(live, r, LIVE_HERE) &&
		    !row_bool(live, r, LIVE_BUSY) &&
		    row_bool(live, r, LIVE_FIRST_KIND + (int)kind) &&
		    !is_in(au->before[kind], id) && !is_in(au->after[kind], id))
			report(au, "instance", id, op_printf(&au->ask->op,
			    "its %s is gone", kind_names[kind]), NULL);
	}
}

static const char *
host_name(struct op *op)
{
	char *name = op_alloc(op, 256);

	if (*conf_str("local.host") != '\0')
		return conf_str("local.host");
	gethostname(name, 255);
	return name;
}

static enum err
audit_resources(struct audit *au)
{
	struct op *op = &au->ask->op;
	const char *host = host_name(op);

	TRY(cloud_open(op));
	TRY(resources_list(au, au->before));
	TRY(admin_list(op, LIST_AUDIT_LIVE, &host, &au->live));
	TRY(admin_list(op, LIST_AUDIT_SLOTS, &host, &au->slots));
	TRY(resources_list(au, au->after));
	for (enum kind k = 0; k < KIND__MAX; k++) {
		audit_missing(au, k);
		audit_orphans(au, k);
	}
	for (int r = 0; r < rows_count(&au->slots.rows); r++)
		report_row(au, "slot", row_str(&au->slots.rows, r, 0),
		    "no instance has it",
		    au->remove ? admin_audit_forget_slot : NULL);
	return OK;
}

/* --- rows ----------------------------------------------------------------------- */

static enum err
audit_guests(struct audit *au)
{
	struct op *op = &au->ask->op;
	struct listing l;

	TRY(admin_list(op, LIST_AUDIT_GUESTLESS, NULL, &l));
	for (int r = 0; r < rows_count(&l.rows); r++)
		report(au, "instance", row_str(&l.rows, r, 0),
		    "it has no row of its guest", NULL);
	TRY(admin_list(op, LIST_AUDIT_GUESTS, NULL, &l));
	for (int r = 0; r < rows_count(&l.rows); r++)
		report_row(au, "guest", row_str(&l.rows, r, 0),
		    "its instance is gone",
		    au->remove ? admin_audit_forget_guest : NULL);
	return OK;
}

static enum err
audit_quotas(struct audit *au)
{
	struct op *op = &au->ask->op;
	struct listing l;

	TRY(admin_list(op, LIST_AUDIT_QUOTAS, NULL, &l));
	for (int r = 0; r < rows_count(&l.rows); r++)
		report_row(au, "quota", row_str(&l.rows, r, 0), op_printf(op,
		    "instances %s, ram %s, volumes %s are charged; "
		    "%s, %s, %s are used", row_str(&l.rows, r, 1),
		    row_str(&l.rows, r, 2), row_str(&l.rows, r, 3),
		    row_str(&l.rows, r, 4), row_str(&l.rows, r, 5),
		    row_str(&l.rows, r, 6)),
		    au->fix ? admin_audit_fix_quota : NULL);
	return OK;
}

static enum err
audit_tasks(struct audit *au)
{
	struct op *op = &au->ask->op;
	struct listing l;

	TRY(admin_list(op, LIST_AUDIT_STUCK, NULL, &l));
	for (int r = 0; r < rows_count(&l.rows); r++)
		report(au, "task", row_str(&l.rows, r, 0), op_printf(op,
		    "%s of %s is %s and %s", row_str(&l.rows, r, 1),
		    row_str(&l.rows, r, 2), row_str(&l.rows, r, 3),
		    row_str(&l.rows, r, 4)), NULL);
	return OK;
}

enum err
do_audit(struct ask *a)
{
	struct audit *au = op_alloc(&a->op, sizeof(*au));

	*au = (struct audit){ .ask = a,
	    .remove = ask_option(a, "--remove") != NULL,
	    .fix = ask_option(a, "--fix-quotas") != NULL };
	jsonw_begin(&au->out, &a->op, 1024);
	jsonw_list(&au->out);
	TRY(audit_resources(au));
	TRY(audit_guests(au));
	TRY(audit_quotas(au));
	TRY(audit_tasks(au));
	jsonw_list_end(&au->out);
	if (a->json)
		puts(au->out.out.s);
	output_say(a, "%d instances, %d differences",
	    rows_count(&au->live.rows), au->found);
	a->differs = au->found > 0;
	return OK;
}
