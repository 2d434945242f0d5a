#include "agent/duties.h"
#include "agent/bodies.h"
#include "agent/figures.h"
#include "agent/journal.h"
#include "agent/logs.h"
#include "agent/modules.h"
#include "agent/names.h"
#include "agent/report.h"
#include "agent/supervisor.h"
#include "agent/tls.h"
#include "agent/transfer.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#include <limits.h>
#include <string.h>

#define HAVE(engine, member)						\
	((engine)->member != NULL ? OK :				\
	    op_fail(op, ERR_NOT_BUILT, "%s has no %s", (engine)->name, #member))

static const struct datastore *
db(void)
{
	return supervisor_engine();
}

/* A crash came between doing a thing and remembering it. */
static enum err
tolerate(enum err e, enum err expected, bool again)
{
	return again && e == expected ? OK : e;
}

/* Of a look at a place: what cannot be looked at is not free, it may be another's. */
static enum err
is_free(struct op *op, enum err shown, const char *what, const char *name)
{
	if (shown == OK)
		return op_fail(op, ERR_CONFLICT,
		    "A %s with the name \"%s\" already exists.", what, name);
	return shown == ERR_NOT_FOUND ? OK : shown;
}

/* --- databases ---------------------------------------------------------------- */

static enum err
databases_check(struct op *op, const struct json *body)
{
	const struct db_database *d;

	TRY(HAVE(db(), database_create));
	TRY(body_databases(op, json_get(body, "databases"), &d));
	if (d->name == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "No database is named.");
	for (; d->name != NULL; d++)
		TRY(is_free(op, db()->database_show(op, d->name), "database",
		    d->name));
	return OK;
}

static enum err
database_create(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const struct db_database *d;

	(void)answer;
	TRY(HAVE(db(), database_create));
	TRY(body_databases(op, json_get(body, "databases"), &d));
	for (; d->name != NULL; d++)
		TRY(tolerate(db()->database_create(op, d), ERR_CONFLICT,
		    again));
	return OK;
}

static enum err
database_delete(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const char *name = json_str(json_get(body, "name"));

	(void)answer;
	TRY(HAVE(db(), database_delete));
	TRY(names_database(op, name));
	return tolerate(db()->database_delete(op, name), ERR_NOT_FOUND, again);
}

/* --- users -------------------------------------------------------------------- */

static enum err
users_check(struct op *op, const struct json *body)
{
	const struct db_user *u;

	TRY(HAVE(db(), user_create));
	TRY(body_users(op, json_get(body, "users"), &u));
	if (u->name == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "No user is named.");
	for (; u->name != NULL; u++)
		TRY(is_free(op, db()->user_show(op, u, body_ignore_row, NULL),
		    "user", u->name));
	return OK;
}

/* One that is there has its password; grants may be what is missing. */
static enum err
user_ensure(struct op *op, const struct db_user *u, bool may_exist)
{
	enum err e = db()->user_create(op, u);

	if (e != ERR_CONFLICT || !may_exist)
		return e;
	for (const char *const *d = u->databases; *d != NULL; d++)
		TRY(db()->grant(op, u, *d));
	return OK;
}

static enum err
user_create(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const struct db_user *u;

	(void)answer;
	TRY(HAVE(db(), user_create));
	TRY(body_users(op, json_get(body, "users"), &u));
	for (; u->name != NULL; u++)
		TRY(user_ensure(op, u, again));
	return OK;
}

static enum err
user_delete(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	struct db_user u;

	(void)answer;
	TRY(HAVE(db(), user_delete));
	TRY(body_user(op, body, &u));
	return tolerate(db()->user_delete(op, &u), ERR_NOT_FOUND, again);
}

/* Again: when the old name is gone and the new one there, it was renamed. */
static enum err
user_update(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	struct db_user u, to, now;
	enum err e;

	(void)answer;
	TRY(HAVE(db(), user_update));
	TRY(body_user(op, body, &u));
	TRY(body_user_change(op, json_get(body, "to"), &to));
	if ((e = db()->user_update(op, &u, &to)) != ERR_NOT_FOUND || !again)
		return e;
	now = (struct db_user){
		.name = to.name != NULL ? to.name : u.name,
		.host = to.host != NULL ? to.host : u.host,
	};
	return db()->user_show(op, &now, body_ignore_row, NULL);
}

static enum err
user_passwords_check(struct op *op, const struct json *body)
{
	const struct db_user *u;

	TRY(HAVE(db(), user_update));
	TRY(body_users(op, json_get(body, "users"), &u));
	for (; u->name != NULL; u++)
		TRY(db()->user_show(op, u, body_ignore_row, NULL));
	return OK;
}

static enum err
user_passwords(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const struct db_user *u;

	(void)again;
	(void)answer;
	TRY(HAVE(db(), user_update));
	TRY(body_users(op, json_get(body, "users"), &u));
	for (; u->name != NULL; u++) {
		struct db_user to = { .password = u->password };

		TRY(db()->user_update(op, u, &to));
	}
	return OK;
}

static enum err
grant(struct op *op, const struct json *body, bool again, struct jsonw *answer)
{
	struct db_user u;

	(void)again;
	(void)answer;
	TRY(HAVE(db(), grant));
	TRY(body_user(op, body, &u));
	TRY(body_granted(op, json_get(body, "databases"), &u));
	for (const char *const *d = u.databases; *d != NULL; d++)
		TRY(db()->grant(op, &u, *d));
	return OK;
}

static enum err
revoke(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const char *name = json_str(json_get(body, "database"));
	struct db_user u;

	(void)answer;
	TRY(HAVE(db(), revoke));
	TRY(body_user(op, body, &u));
	TRY(names_grant(op, name));
	return tolerate(db()->revoke(op, &u, name), ERR_NOT_FOUND, again);
}

/* --- settings ----------------------------------------------------------------- */

/* In the place of all that were there. */
static enum err
configure(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const struct db_setting *s;

	(void)again;
	(void)answer;
	TRY(HAVE(db(), configure));
	TRY(body_settings(op, json_get(body, "values"), &s));
	return db()->configure(op, s);
}

/* --- root --------------------------------------------------------------------- */

/* A superuser of the database can do to its host whatever the sandbox lets him. */
static enum err
root_enable(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	const char *password = json_str(json_get(body, "password"));

	(void)again;
	(void)answer;
	TRY(HAVE(db(), root_enable));
	if (!conf_bool("agent.contained") && !json_true(json_get(body, "allow")))
		return op_fail(op, ERR_FORBIDDEN, "Root cannot be enabled: "
		    "this instance's sandbox would not hold it.");
	TRY(names_password(op, password));
	return db()->root_enable(op, password);
}

static enum err
root_disable(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)body;
	(void)again;
	(void)answer;
	TRY(HAVE(db(), root_disable));
	return db()->root_disable(op);
}

/* --- modules ------------------------------------------------------------------ */

static enum err
module_apply_check(struct op *op, const struct json *body)
{
	return modules_check(op, json_get(body, "modules"));
}

static enum err
module_apply(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)again;
	(void)answer;
	return modules_apply(op, json_get(body, "modules"));
}

static enum err
module_remove(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)answer;
	return tolerate(modules_remove(op, json_str(json_get(body, "id"))),
	    ERR_NOT_FOUND, again);
}

static enum err
modules(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)body;
	(void)again;
	return modules_list(op, answer);
}

/* --- the agent itself ---------------------------------------------------------- */

static bool leaving;

static enum err
agent_renew(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)op;
	(void)body;
	(void)again;
	(void)answer;
	leaving = true;
	return OK;
}

bool
duties_leaving(void)
{
	return leaving;
}

/* --- the server --------------------------------------------------------------- */

static enum err
prepare_check(struct op *op, const struct json *body)
{
	const struct db_database *d;
	const struct db_setting *s;
	const struct db_user *u;

	TRY(body_settings(op, json_get(body, "values"), &s));
	if (s->name != NULL)
		TRY(HAVE(db(), configure));
	TRY(body_databases(op, json_get(body, "databases"), &d));
	if (d->name != NULL)
		TRY(HAVE(db(), database_create));
	TRY(body_users(op, json_get(body, "users"), &u));
	return u->name != NULL ? HAVE(db(), user_create) : OK;
}

/* What is there already stays: a second prepare adds what is missing. */
static enum err
prepare_all(struct op *op, const struct json *body)
{
	const struct db_database *d;
	const struct db_setting *s;
	const struct db_user *u;

	TRY(prepare_check(op, body));
	if (db()->prepare != NULL)
		TRY(db()->prepare(op));
	TRY(body_databases(op, json_get(body, "databases"), &d));
	for (; d->name != NULL; d++)
		TRY(tolerate(db()->database_create(op, d), ERR_CONFLICT, true));
	TRY(body_users(op, json_get(body, "users"), &u));
	for (; u->name != NULL; u++)
		TRY(user_ensure(op, u, true));
	TRY(body_settings(op, json_get(body, "values"), &s));
	return s->name != NULL ? db()->configure(op, s) : OK;
}

static enum err
prepare(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	enum err e = prepare_all(op, body);

	(void)again;
	(void)answer;
	/* The database is there and works without them. */
	if (e == OK && modules_apply(op, json_get(body, "modules")) != OK)
		log_warn(op, "modules: %s", op->why);
	if (e == OK)
		journal_set_prepared(PREPARED);
	else if (journal_prepared() != PREPARED)
		journal_set_prepared(PREPARE_FAILED);
	return e;
}

static enum err
restart(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)body;
	(void)again;
	(void)answer;
	return supervisor_restart(op);
}

/* Several of its buffers can be sized at a start only. */
static enum err
retune(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	int64_t mb = json_int(json_get(body, "memory_mb"));

	(void)again;
	(void)answer;
	TRY(HAVE(db(), retune));
	if (mb < 1 || mb > INT_MAX)
		return op_fail(op, ERR_BAD_REQUEST, "No memory is named.");
	TRY(db()->retune(op, (int)mb));
	return supervisor_restart(op);
}

static enum err
stop(struct op *op, const struct json *body, bool again, struct jsonw *answer)
{
	(void)body;
	(void)again;
	(void)answer;
	return supervisor_stop(op);
}

static enum err
start(struct op *op, const struct json *body, bool again, struct jsonw *answer)
{
	(void)body;
	(void)again;
	(void)answer;
	return supervisor_start(op);
}

/* --- questions ---------------------------------------------------------------- */

static enum err
databases(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	struct listing l = { .answer = answer };

	(void)again;
	TRY(HAVE(db(), database_list));
	TRY(body_page(op, body, &l));
	jsonw_key(answer, "databases");
	jsonw_list(answer);
	TRY(db()->database_list(op, &l.page, body_database_row, &l));
	jsonw_list_end(answer);
	jsonw_kstr(answer, "next", l.more ? l.last : NULL);
	return OK;
}

static enum err
users(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	struct listing l = { .answer = answer };

	(void)again;
	TRY(HAVE(db(), user_list));
	TRY(body_page(op, body, &l));
	jsonw_key(answer, "users");
	jsonw_list(answer);
	TRY(db()->user_list(op, &l.page, body_user_row, &l));
	jsonw_list_end(answer);
	jsonw_kstr(answer, "next", l.more ? l.last : NULL);
	return OK;
}

static enum err
user(struct op *op, const struct json *body, bool again, struct jsonw *answer)
{
	struct db_user u;

	(void)again;
	TRY(HAVE(db(), user_show));
	TRY(body_user(op, body, &u));
	return db()->user_show(op, &u, body_user_members, answer);
}

static enum err
access(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	struct db_user u;

	(void)again;
	TRY(HAVE(db(), user_show));
	TRY(body_user(op, body, &u));
	return db()->user_show(op, &u, body_access_members, answer);
}

static enum err
volume(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	int64_t used, total;

	(void)op;
	(void)body;
	(void)again;
	report_volume(&used, &total);
	jsonw_kint(answer, "used_bytes", used);
	jsonw_kint(answer, "total_bytes", total);
	return OK;
}

static enum err
hwinfo(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)op;
	(void)body;
	(void)again;
	figures_machine(db()->figures, answer);
	return OK;
}

static enum err
diagnostics(struct op *op, const struct json *body, bool again,
    struct jsonw *answer)
{
	(void)body;
	(void)again;
	return figures_process(op, db()->figures, answer);
}

static enum err
ping(struct op *op, const struct json *body, bool again, struct jsonw *answer)
{
	(void)op;
	(void)body;
	(void)again;
	jsonw_kstr(answer, "version", PACKAGE_VERSION);
	return OK;
}

const struct duty duties[] = {
	/*                         check                  run           server: needed, started */
	[ORDER_PREPARE]        = { prepare_check,         prepare,         true,  false },
	[ORDER_RESTART]        = { NULL,                  restart,         false, true },
	[ORDER_STOP]           = { NULL,                  stop,            false, false },
	[ORDER_START]          = { NULL,                  start,           false, true },
	[ORDER_RETUNE]         = { NULL,                  retune,          false, true },
	[ORDER_DATABASE_CREATE] = { databases_check,      database_create, true,  false },
	[ORDER_DATABASE_DELETE] = { NULL,                 database_delete, true,  false },
	[ORDER_USER_CREATE]    = { users_check,           user_create,     true,  false },
	[ORDER_USER_DELETE]    = { NULL,                  user_delete,     true,  false },
	[ORDER_USER_UPDATE]    = { NULL,                  user_update,     true,  false },
	[ORDER_USER_PASSWORDS] = { user_passwords_check,  user_passwords,  true,  false },
	[ORDER_GRANT]          = { NULL,                  grant,           true,  false },
	[ORDER_REVOKE]         = { NULL,                  revoke,          true,  false },
	[ORDER_CONFIGURE]      = { NULL,                  configure,       true,  false },
	[ORDER_ROOT_ENABLE]    = { NULL,                  root_enable,     true,  false },
	[ORDER_ROOT_DISABLE]   = { NULL,                  root_disable,    true,  false },
	[ORDER_LOG_SET]        = { NULL,                  logs_set,        true,  false },
	[ORDER_BACKUP]         = { NULL,                  transfer_backup, true,  false, .moves = true },
	[ORDER_RESTORE]        = { NULL,                  transfer_restore, false, false, .moves = true },
	[ORDER_VERIFY]         = { NULL,                  transfer_verify, true,  false, .moves = true },
	[ORDER_CANCEL]         = { NULL,                  transfer_cancel, false, false },
	[ORDER_AGENT_RENEW]    = { NULL,                  agent_renew,     false, false },
	[ORDER_LOG_FORGET]     = { NULL,                  logs_forget,     false, false },
	[ORDER_LOG_PUBLISH]    = { NULL,                  transfer_log,    false, false, .moves = true },
	[ORDER_LOGS]           = { NULL,                  logs_list,       true,  false },
	[ORDER_TLS]            = { tls_check,             tls_switch,      true,  false },
	[ORDER_TLS_SHOW]       = { NULL,                  tls_show,        true,  false },
	[ORDER_MODULE_APPLY]   = { module_apply_check,    module_apply,    false, false },
	[ORDER_MODULE_REMOVE]  = { NULL,                  module_remove,   false, false },
	[ORDER_DATABASES]      = { NULL,                  databases,       true,  false },
	[ORDER_USERS]          = { NULL,                  users,           true,  false },
	[ORDER_USER]           = { NULL,                  user,            true,  false },
	[ORDER_ACCESS]         = { NULL,                  access,          true,  false },
	[ORDER_MODULES]        = { NULL,                  modules,         false, false },
	[ORDER_VOLUME]         = { NULL,                  volume,          false, false },
	[ORDER_HWINFO]         = { NULL,                  hwinfo,          false, false },
	[ORDER_DIAGNOSTICS]    = { NULL,                  diagnostics,     false, false },
	[ORDER_PING]           = { NULL,                  ping,            false, false },
};
_Static_assert(sizeof(duties) / sizeof(duties[0]) == ORDER__MAX,
    "every order has a duty");
