/* What is written about an instance in the transaction that ends its task. */
#include "worker/flow.h"
#include "lib/base/conf.h"
#include "lib/base/json.h"
#include "lib/store/modules.h"

#include <string.h>

static const char *
fault(const struct work *w)
{
	const char *why;

	task_error_read(w->op, w->lease.error, &why);
	return why;
}

/* Of a create, as clients know it; all that the guest said is in the details. */
static const char *
create_fault(const struct work *w, const char *blamed)
{
	static const struct { const char *blamed, *what; } made[] = {
		{ "BUILDING_ERROR_SERVER", "server" },
		{ "BUILDING_ERROR_VOLUME", "volume" },
		{ "BUILDING_ERROR_PORT", "port" },
	};
	const char *why = fault(w);

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (w->lease.failed_step != NULL &&
		    strcmp(made[i].blamed, blamed) == 0)
			return op_printf(w->op, "Failed to create %s for "
			    "instance %s\n%s", made[i].what,
			    w->lease.instance, why);
	return conf_bool("api.stock") ? "Service not active, status: failed "
	    "to spawn" : why;
}

static const char *
details(const struct work *w)
{
	return op_printf(w->op, "Server type: taskmanager\nTask %s (%s) at "
	    "step %s: %s", w->lease.id, task_kind_word(w->lease.kind),
	    w->lease.failed_step != NULL ? w->lease.failed_step : "-",
	    w->lease.error != NULL ? w->lease.error : "");
}

static const char *
blame(const struct work *w)
{
	const char *name = w->lease.failed_step;

	for (const struct step *s = w->flow->steps; s->name != NULL; s++)
		if (name != NULL && strcmp(s->name, name) == 0)
			return s->blame;
	return "BUILDING_ERROR_SERVER";
}

int
create_ended(struct work *w, bool good, struct call *call)
{
	call[0] = good ? home_built(w->lease.instance) :
	    home_not_built(w->lease.instance, blame(w),
	    create_fault(w, blame(w)), details(w));
	return 1;
}

int
delete_ended(struct work *w, bool good, struct call *call)
{
	const char *id = w->lease.instance;

	call[0] = good ? home_gone(id) :
	    home_not_gone(id, fault(w), details(w));
	call[1] = home_guest_gone(id);
	return good ? 2 : 1;
}

/* Done or not, the instance is open for the next request. */
static int
ended(struct work *w, bool good, const char *word, struct call *call)
{
	const char *id = w->lease.instance, *why;

	call[0] = home_done(id, word);
	if (good || w->lease.failed_step == NULL)
		return 1;
	/* Or the server did not start with its group's settings, but without. */
	call[1] = task_error_read(w->op, w->lease.error, &why) ==
	    ERR_UNPROCESSABLE ? home_unconfigured(id, fault(w), details(w)) :
	    home_fault(id, fault(w), details(w));
	return 2;
}

int
restart_ended(struct work *w, bool good, struct call *call)
{
	return ended(w, good, "REBOOTING", call);
}

int
rebuild_ended(struct work *w, bool good, struct call *call)
{
	return ended(w, good, "BUILDING", call);
}

int
migrate_ended(struct work *w, bool good, struct call *call)
{
	return ended(w, good, "MIGRATING", call);
}

/* Cancelled or failed, the guest has what it had before. */
int
configure_ended(struct work *w, bool good, struct call *call)
{
	const char *id = w->lease.instance, *text = NULL;
	const struct json *args = NULL;

	if (lease_args(w->op, &w->lease, &text) != OK || text == NULL ||
	    json_parse(w->op, text, strlen(text), &args) != OK)
		return 0;
	if (good) {
		call[0] = home_restart_required(id);
		return json_true(json_get(args, "restart")) ? 1 : 0;
	}
	call[0] = home_not_configured(id, json_str(json_get(args, "now")),
	    json_str(json_get(args, "was")));
	call[1] = home_fault(id, fault(w), details(w));
	return w->lease.failed_step == NULL ? 1 : 2;
}

/* A server that reads of TLS only when it starts. */
int
tls_ended(struct work *w, bool good, struct call *call)
{
	const struct json *args = NULL;
	const char *text = NULL;

	if (!good || lease_args(w->op, &w->lease, &text) != OK ||
	    text == NULL || json_parse(w->op, text, strlen(text), &args) != OK)
		return 0;
	call[0] = home_restart_required(w->lease.instance);
	return json_true(json_get(args, "restart")) ? 1 : 0;
}

/* Done or not: one call, and the fault of one that failed. */
static int
with_fault(struct work *w, bool good, struct call *call)
{
	call[1] = home_fault(w->lease.instance, fault(w), details(w));
	return good || w->lease.failed_step == NULL ? 1 : 2;
}

int
resize_ended(struct work *w, bool good, struct call *call)
{
	call[0] = home_resized(w->lease.instance, good);
	return with_fault(w, good, call);
}

int
upgrade_ended(struct work *w, bool good, struct call *call)
{
	call[0] = home_done(w->lease.instance, "UPGRADING");
	return with_fault(w, good, call);
}

int
detach_ended(struct work *w, bool good, struct call *call)
{
	call[0] = home_done(w->lease.instance, "DETACHING");
	if (!good)
		return with_fault(w, good, call);
	call[1] = home_detached(w->lease.instance);
	return 2;
}

int
promote_ended(struct work *w, bool good, struct call *call)
{
	call[0] = home_promoted(w->lease.instance, good);
	return with_fault(w, good, call);
}

/* One that failed is shown as an error: who believes it closed may be wrong. */
int
access_ended(struct work *w, bool good, struct call *call)
{
	const char *json = NULL;

	if (good && lease_args(w->op, &w->lease, &json) != OK)
		json = NULL;
	call[0] = home_access(w->lease.instance, json,
	    good || w->lease.failed_step == NULL ? "NONE" :
	    "UPDATING_ERROR_ACCESS");
	return with_fault(w, good, call);
}

int
recover_ended(struct work *w, bool good, struct call *call)
{
	if (good || w->lease.failed_step == NULL)
		return 0;
	call[0] = home_fault(w->lease.instance, fault(w), details(w));
	return 1;
}

int
root_enable_ended(struct work *w, bool good, struct call *call)
{
	call[0] = home_root(w->lease.instance, w->lease.user);
	call[1] = home_root_history(w->lease.instance, w->lease.user);
	return good ? 2 : 0;
}

int
root_disable_ended(struct work *w, bool good, struct call *call)
{
	call[0] = home_root(w->lease.instance, NULL);
	return good && !conf_bool("api.stock") ? 1 : 0;
}

static const struct json *
args(struct work *w)
{
	const struct json *j = NULL;
	const char *text;

	if (lease_args(w->op, &w->lease, &text) != OK || text == NULL ||
	    json_parse(w->op, text, strlen(text), &j) != OK)
		return NULL;
	return j;
}

/* One member of each module, as an array. */
static const char *
column(struct op *op, const struct json *list, const char *member)
{
	size_t n = json_count(list);
	const char **item = op_alloc(op, (n + 1) * sizeof(*item));

	for (size_t i = 0; i < n; i++)
		item[i] = json_str(json_get(json_at(list, i), member));
	return pg_array(op, item, (int)n);
}

int
modules_ended(struct work *w, bool good, struct call *call)
{
	const struct json *list = json_get(args(w), "modules");

	if (!good)
		return 0;
	call[0] = modules_applied(w->lease.instance,
	    column(w->op, list, "id"), column(w->op, list, "md5"));
	return 1;
}

int
module_gone(struct work *w, bool good, struct call *call)
{
	const char *id = json_str(json_get(args(w), "id"));

	if (!good || id == NULL)
		return 0;
	call[0] = modules_removed(w->lease.instance, id);
	return 1;
}
