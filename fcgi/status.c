#include "fcgi/status.h"

#include "lib/base/conf.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Tasks: the word in instances.task, the action it counts as, what operators read, is it an error. */
static const struct task_word {
	const char *name, *action, *text;
	bool error;
} task_words[] = {
	{ "NONE",                      "NONE",             "No tasks for the instance." },
	{ "DELETING",                  "DELETING",         "Deleting the instance." },
	{ "REBOOTING",                 "REBOOTING",        "Rebooting the instance." },
	{ "RESIZING",                  "RESIZING",         "Resizing the instance." },
	{ "BUILDING",                  "BUILDING",         "The instance is building." },
	{ "MIGRATING",                 "MIGRATING",        "Migrating the instance." },
	{ "RESTART_REQUIRED",          "RESTART_REQUIRED", "Instance requires a restart." },
	{ "PROMOTING",                 "PROMOTING",        "Promoting the instance to replica source." },
	{ "EJECTING",                  "EJECTING",         "Ejecting the replica source." },
	{ "LOGGING",                   "LOGGING",          "Transferring guest logs." },
	{ "DETACHING",                 "DETACHING",        "Detaching the instance from replica source." },
	{ "UPDATING",                  "UPDATING",         "Updating the instance." },
	{ "UPGRADING",                 "UPGRADING",        "Upgrading the instance." },
	{ "BUILDING_ERROR_DNS",        "BUILDING",         "Build error: DNS.", true },
	{ "BUILDING_ERROR_SERVER",     "BUILDING",         "Build error: Server.", true },
	{ "BUILDING_ERROR_VOLUME",     "BUILDING",         "Build error: Volume.", true },
	{ "BUILDING_ERROR_SEC_GROUP",  "BUILDING",         "Build error: Secgroup or rule.", true },
	{ "BUILDING_ERROR_REPLICA",    "BUILDING",         "Build error: Replica.", true },
	{ "BUILDING_ERROR_PORT",       "BUILDING",         "Build error: Port.", true },
	{ "BUILDING_ERROR_TIMEOUT_GA", "ERROR",            "Build error: guestagent timeout.", true },
	{ "PROMOTION_ERROR",           "PROMOTING",        "Replica Promotion Error.", true },
	{ "EJECTION_ERROR",            "EJECTING",         "Replica Source Ejection Error.", true },
	{ "GROWING_ERROR",             "GROWING",          "Growing Cluster Error.", true },
	{ "SHRINKING_ERROR",           "SHRINKING",        "Shrinking Cluster Error.", true },
	{ "UPGRADING_ERROR",           "UPGRADING",        "Upgrading Cluster Error.", true },
	{ "UPDATING_ERROR_ACCESS",     "UPDATING",         "Update error: Access.", true },
	{ NULL }
};

/*
 * status: the first row that fits wins.  NULL fits everything; a server is one
 * of the words given; SERVER shows the server's own word.
 */
#define SERVER NULL
static const struct status_rule {
	const char *action;		/* of the task; "!" any error; "+" a backup runs */
	const char *servers;
	const char *status;
	const char *why;
} status_rules[] = {
	{ "!",                NULL,    "ERROR",   "the last task failed for good" },
	{ "BUILDING",         "ERROR", "ERROR",   "the server could not be made" },
	{ "BUILDING",         NULL,    "BUILD",   "nothing else is shown during create" },
	{ "REBOOTING",        NULL,    "REBOOT",  "restart" },
	{ "RESIZING",         NULL,    "RESIZE",  "flavor or volume" },
	{ "UPGRADING",        NULL,    "UPGRADE", "to another version" },
	{ "RESTART_REQUIRED", NULL,    "RESTART_REQUIRED", "a value that needs one was set" },
	{ "PROMOTING",        NULL,    "PROMOTE", "a replica becomes the source" },
	{ "EJECTING",         NULL,    "EJECT",   "the source is put aside" },
	{ "LOGGING",          NULL,    "LOGGING", "logs are published" },
	{ "DETACHING",        NULL,    "DETACH",  "a replica leaves its source" },
	{ "DELETING", "ACTIVE SHUTDOWN DELETED", "SHUTDOWN", "until it is gone" },
	{ "DELETING",         NULL,    "ERROR",   "the delete failed: ask again" },
	{ "+",                NULL,    "BACKUP",  "whatever the server says" },
	{ NULL, "BUILD ERROR REBOOT RESIZE ACTIVE SHUTDOWN", SERVER, "no task: what the server says" },
	{ NULL, "VERIFY_RESIZE",       "RESIZE",  "resized, not confirmed yet" },
	{ NULL, NULL,                  "UNKNOWN", "a word that clients do not know" },
};

/* What a guest says, how it is shown, may it be asked, may it be acted on. */
static const struct guest_word {
	const char *name, *shown;
	bool ready, actionable;
} guest_words[] = {
	{ "new",               "NEW" },
	{ "building",          "BUILD" },
	{ "instance ready",    "BUILD" },
	{ "running",           "ACTIVE",   true, true },
	{ "healthy",           "HEALTHY",  true, true },
	{ "blocked",           "BLOCKED",  true, true },	/* no room: what is there may go */
	{ "full",              "SHUTDOWN", false, true },	/* and the server is down */
	{ "paused",            "SHUTDOWN" },
	{ "shutdown",          "SHUTDOWN", false, true },
	{ "crashed",           "SHUTDOWN", false, true },
	{ "restart required",  "RESTART_REQUIRED", false, true },
	{ "promoting replica", "PROMOTE" },
	{ "ejecting replica source", "EJECT" },
	{ "transferring guest logs", "LOGGING" },
	{ "restarting",        "RESTARTING" },
	{ "upgrading",         "UPGRADING" },
	{ "deleted",           "DELETED" },
	{ "failed",            "FAILED" },
	{ "failed to spawn",   "FAILED" },
	{ "guestagent error",  "ERROR" },
	{ "unknown",           "ERROR" },
	{ "silent",            "UNKNOWN" },	/* the conductor says so */
	{ NULL,                "ERROR" }
};

static const struct task_word *
task_word(const char *name)
{
	const struct task_word *t;

	for (t = task_words; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

static const struct guest_word *
guest_word(const char *name)
{
	const struct guest_word *g;

	for (g = guest_words; g->name != NULL; g++)
		if (name != NULL && strcmp(g->name, name) == 0)
			break;
	return g;
}

/* Is word one of those in a list separated by blanks? */
static bool
among(const char *list, const char *word)
{
	size_t n = strlen(word);
	const char *at;

	for (at = list; n > 0 && (at = strstr(at, word)) != NULL; at += n)
		if ((at == list || at[-1] == ' ') &&
		    (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

static bool
rule_fits(const struct status_rule *rule, const struct task_word *task,
    const struct instance *in)
{
	if (rule->action != NULL && strcmp(rule->action, "+") == 0)
		return in->backing_up;
	if (rule->action != NULL && strcmp(rule->action, "!") == 0)
		return task != NULL && task->error;
	if (rule->action != NULL &&
	    (task == NULL || strcmp(rule->action, task->action) != 0))
		return false;
	return rule->servers == NULL ||
	    among(rule->servers, in->server_status);
}

const char *
status_of(const struct instance *in)
{
	const struct task_word *task = task_word(in->task);
	const struct status_rule *rule = status_rules;

	while (!rule_fits(rule, task, in))
		rule++;		/* the last one fits everything */
	return rule->status == SERVER ? in->server_status : rule->status;
}

/*
 * A guest that was not heard of for two reports is not called healthy any
 * more; what it said last may still be true, so it is not an error yet.
 */
const char *
status_operating(const struct instance *in)
{
	const struct guest_word *g = guest_word(in->guest_status);
	int64_t fresh = 2 * conf_int("guest.report") +
	    conf_int("conductor.seen");

	if (strcmp(in->task, "NONE") != 0 ||
	    strcmp(in->server_status, "ACTIVE") != 0)
		return "";
	if (strcmp(g->shown, "RESTART_REQUIRED") == 0)
		return g->shown;
	if (in->guest_age >= conf_int("guest.expiry") ||
	    (in->guest_age < 0 && conf_bool("api.stock")))
		return "ERROR";
	if (in->guest_age < 0 || in->guest_age > fresh)
		return "UNKNOWN";
	return g->shown;
}

static enum err
not_available(struct op *op, const struct instance *in, const char *what,
    const char *word)
{
	return op_fail(op, ERR_UNPROCESSABLE, "Instance %s is not currently "
	    "available for an action to be performed (%s status was %s).",
	    in->id, what, word);
}

enum err
status_actionable(struct op *op, const struct instance *in)
{
	const struct task_word *task = task_word(in->task);

	/* While it builds, the task says more than the server. */
	if (strcmp(in->task, "BUILDING") != 0 &&
	    strcmp(in->server_status, "ACTIVE") != 0)
		return not_available(op, in, "instance", in->server_status);
	if (!among("NONE RESTART_REQUIRED", in->task))
		return not_available(op, in, "task",
		    task != NULL ? task->action : in->task);
	if (!guest_word(in->guest_status)->actionable)
		return not_available(op, in, "instance", status_of(in));
	if (in->backing_up)
		return not_available(op, in, "instance", "BACKUP");
	return OK;
}

/* Its volume grows without the guest, whatever became of that. */
enum err
status_growable(struct op *op, const struct instance *in)
{
	struct instance at = *in;

	if (in->guest_status != NULL && strcmp(in->guest_status, "silent") == 0)
		at.guest_status = "crashed";
	return status_actionable(op, &at);
}

enum err
status_guest_ready(struct op *op, const struct instance *in)
{
	if (guest_word(in->guest_status)->ready)
		return OK;
	return op_fail(op, ERR_UNPROCESSABLE,
	    "Instance %s is not ready, status: %s.", in->id,
	    in->guest_status != NULL ? in->guest_status : "unknown");
}

bool
status_is_deleting(const struct instance *in)
{
	return strcmp(in->task, "DELETING") == 0;
}

const char *
status_service(const char *guest_status)
{
	return guest_word(guest_status)->shown;
}

const char *
status_task_text(const char *task)
{
	const struct task_word *t = task_word(task);

	return t != NULL ? t->text : task;
}
