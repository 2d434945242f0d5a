/* Quotas, tasks, instances: what tenants own and what is being done to it. */
#include "coffer/command.h"
#include "coffer/output.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/msg/bus.h"
#include "lib/store/verify.h"

#include <stdint.h>
#include <string.h>

/* --- quotas ------------------------------------------------------------------------ */

/* With an identity service elsewhere, a project without instances has no row here. */
static enum err
tenant_of(struct ask *a, const char *which, const char **id)
{
	enum err e = admin_tenant_find(&a->op, which, id);

	if (e != ERR_NOT_FOUND || strlen(which) != 32 ||
	    strspn(which, "0123456789abcdef") != 32)
		return e;
	*id = which;
	return OK;
}

enum err
do_quota_show(struct ask *a)
{
	const char *args[1 + QUOTA_RESOURCES];
	struct listing l;

	TRY(tenant_of(a, ask_arg(a, 0), &args[0]));
	for (int i = 0; i < QUOTA_RESOURCES; i++)
		args[1 + i] = op_printf(&a->op, "%d", conf_int(
		    op_printf(&a->op, "quota.%s", quota_resources[i])));
	TRY(admin_list(&a->op, LIST_QUOTA, args, &l));
	output_list(a, &l);
	return OK;
}

/* "ram=4096" into its place. */
static enum err
limit_read(struct ask *a, const char *word, const char **limit)
{
	const char *eq = strchr(word, '=');
	size_t n = eq == NULL ? 0 : (size_t)(eq - word);
	int64_t number;

	for (int i = 0; i < QUOTA_RESOURCES && eq != NULL; i++) {
		if (strlen(quota_resources[i]) != n ||
		    memcmp(quota_resources[i], word, n) != 0)
			continue;
		if (strcmp(eq + 1, "default") != 0 &&
		    !text_number(eq + 1, -1, INT32_MAX, &number))
			return op_fail(&a->op, ERR_BAD_REQUEST,
			    "%s: neither a number from -1 nor default", word);
		if (limit[i] != NULL)
			return op_fail(&a->op, ERR_BAD_REQUEST,
			    "%s is given twice", quota_resources[i]);
		limit[i] = eq + 1;
		return OK;
	}
	return op_fail(&a->op, ERR_BAD_REQUEST, "%s: wants RESOURCE=LIMIT, of "
	    "instances, ram, volumes, backups", word);
}

enum err
do_quota_set(struct ask *a)
{
	const char *limit[QUOTA_RESOURCES] = { NULL }, *tenant;

	for (int i = 1; i < a->args; i++)
		TRY(limit_read(a, ask_arg(a, i), limit));
	TRY(tenant_of(a, ask_arg(a, 0), &tenant));
	return admin_quota_set(&a->op, tenant, limit);
}

/* --- tasks --------------------------------------------------------------------------- */

enum err
do_task_list(struct ask *a)
{
	const char *args[4] = {
		ask_option(a, "--active") != NULL ? "t" : "f",
		ask_option(a, "--failed") != NULL ? "t" : "f",
		ask_option(a, "--instance"),
	};
	struct listing l;
	int limit;

	if (*args[0] == 't' && *args[1] == 't')
		return op_fail(&a->op, ERR_BAD_REQUEST,
		    "--active and --failed leave nothing: give one of them");
	if (args[2] != NULL && !text_is_uuid(args[2]))
		return op_fail(&a->op, ERR_BAD_REQUEST, "--instance wants an "
		    "instance's id (see coffer instance list)");
	TRY(ask_number(a, "--limit", 1, 100000, 50, &limit));
	args[3] = op_printf(&a->op, "%d", limit);
	TRY(admin_list(&a->op, LIST_TASKS, args, &l));
	output_list(a, &l);
	return OK;
}

enum err
do_task_show(struct ask *a)
{
	struct listing l;

	TRY(admin_list(&a->op, LIST_TASK,
	    (const char *const[]){ ask_arg(a, 0) }, &l));
	if (rows_count(&l.rows) == 0)
		return op_fail(&a->op, ERR_NOT_FOUND, "no task %s",
		    ask_arg(a, 0));
	output_one(a, &l);
	return OK;
}

/* The bell only saves waiting for the next sweep. */
static void
ring(struct ask *a, const char *id)
{
	bus_open();
	if (bus_ring(&a->op, (const char *const[]){ id, NULL }, 1) != OK)
		log_warn(&a->op, "a worker will find the task later: %s",
		    a->op.why);
}

enum err
do_task_retry(struct ask *a)
{
	const char *id;

	TRY(admin_task_retry(&a->op, ask_arg(a, 0), &id));
	ring(a, id);
	output_made(a, (const char *const[]){ "id", id, NULL });
	return OK;
}

/* --- instances ------------------------------------------------------------------------ */

static enum err
list_of_project(struct ask *a, enum admin_list which)
{
	const char *tenant = ask_option(a, "--project");
	struct listing l;

	if (tenant != NULL)
		TRY(tenant_of(a, tenant, &tenant));
	TRY(admin_list(&a->op, which, (const char *const[]){ tenant }, &l));
	output_list(a, &l);
	return OK;
}

enum err
do_instance_list(struct ask *a)
{
	return list_of_project(a, LIST_INSTANCES);
}

/* A worker finds it by itself. */
enum err
do_backup_verify(struct ask *a)
{
	const char *id = ask_arg(a, 0);
	struct backup b;

	if (!text_is_uuid(id))
		return op_fail(&a->op, ERR_BAD_REQUEST, "no backup has the id "
		    "%s: names are not looked for", id);
	TRY(backup_read(&a->op, id, NULL, &b));
	return verify_ask(&a->op, &b);
}

enum err
do_schedule_list(struct ask *a)
{
	return list_of_project(a, LIST_SCHEDULES);
}
