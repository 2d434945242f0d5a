/* Each order an agent can be told: engines that cannot or fail, and odd bodies. */
#include "t/unit/answers_test.h"
#include "agent/duties.h"
#include "agent/file.h"
#include "agent/names.h"
#include "agent/supervisor.h"
#include "lib/base/text.h"

#include <string.h>
#include <unistd.h>

/* --- engines that cannot, or fail ------------------------------------------------------ */

/* A body that is right, with places where another value may stand. */
static const struct {
	const char	*body, *value[4];
	const char	*needs;		/* of the engine; NULL: it is not asked */
} proper[ORDER__MAX] = {
	[ORDER_PREPARE] = { "{\"databases\":[{\"name\":@,\"character_set\":@}],"
	    "\"users\":[{\"name\":@,\"password\":@}]}",
	    { "\"new\"", "\"utf8\"", "\"eve\"", "\"p4ss\"" }, "database_create" },
	[ORDER_RETUNE] = { "{\"memory_mb\":@}", { "512" }, "retune" },
	[ORDER_DATABASE_CREATE] = { "{\"databases\":[{\"name\":@,\"collate\":@}]}",
	    { "\"new\"", "\"utf8_bin\"" }, "database_create" },
	[ORDER_DATABASE_DELETE] = { "{\"name\":@}", { "\"one\"" },
	    "database_delete" },
	[ORDER_USER_CREATE] = { "{\"users\":[{\"name\":@,\"host\":@,\"password\":@,"
	    "\"databases\":[{\"name\":@}]}]}",
	    { "\"eve\"", "\"%\"", "\"p4ss\"", "\"one\"" }, "user_create" },
	[ORDER_USER_DELETE] = { "{\"name\":@,\"host\":@}",
	    { "\"ann\"", "\"%\"" }, "user_delete" },
	[ORDER_USER_UPDATE] = { "{\"name\":@,\"to\":{\"name\":@,\"host\":@,\"password\":@}}",
	    { "\"ann\"", "\"eve\"", "\"%\"", "\"p4ss\"" }, "user_update" },
	[ORDER_USER_PASSWORDS] = { "{\"users\":[{\"name\":@,\"host\":@,\"password\":@}]}",
	    { "\"ann\"", "\"%\"", "\"p4ss\"" }, "user_update" },
	[ORDER_GRANT] = { "{\"name\":@,\"host\":@,\"databases\":[@]}",
	    { "\"ann\"", "\"%\"", "\"two\"" }, "grant" },
	[ORDER_REVOKE] = { "{\"name\":@,\"host\":@,\"database\":@}",
	    { "\"ann\"", "\"%\"", "\"one\"" }, "revoke" },
	[ORDER_CONFIGURE] = { "{\"values\":{\"wait_timeout\":@,\"x\":@}}",
	    { "7", "\"y\"" }, "configure" },
	[ORDER_ROOT_ENABLE] = { "{\"password\":@}", { "\"p4ss\"" }, "root_enable" },
	[ORDER_ROOT_DISABLE] = { "{}", { NULL }, "root_disable" },
	[ORDER_LOG_SET] = { "{\"name\":@,\"on\":@}", { "\"general\"", "true" }, "logs" },
	[ORDER_LOG_FORGET] = { "{\"name\":@}", { "\"general\"" }, NULL },
	[ORDER_MODULE_APPLY] = { "{\"modules\":[{\"id\":@,\"name\":@,\"type\":@,"
	    "\"md5\":\"m\",\"contents\":@}]}",
	    { "\"aaaaaaaa-0000-4000-8000-000000000001\"", "\"a\"", "\"file\"", "\"eA==\"" }, NULL },
	[ORDER_MODULE_REMOVE] = { "{\"id\":@}",
	    { "\"aaaaaaaa-0000-4000-8000-000000000001\"" }, NULL },
	[ORDER_TLS] = { "{\"mode\":@,\"addresses\":@,\"clients\":@}",
	    { "\"basic\"", "[\"10.0.0.1\"]", "null" }, "TLS" },
	[ORDER_TLS_SHOW] = { "{}", { NULL }, "TLS" },
	[ORDER_DATABASES] = { "{\"limit\":@,\"marker\":@}", { "5", "\"a\"" }, "database_list" },
	[ORDER_USERS] = { "{\"limit\":@,\"marker\":@}", { "5", "\"a@%\"" }, "user_list" },
	[ORDER_USER] = { "{\"name\":@,\"host\":@}", { "\"ann\"", "\"%\"" }, "user_show" },
	[ORDER_ACCESS] = { "{\"name\":@,\"host\":@}", { "\"ann\"", "\"%\"" }, "user_show" },
	[ORDER_LOGS] = { "{}", { NULL }, "logs" },
	[ORDER_BACKUP] = { "{}", { NULL }, "backups" },
	[ORDER_RESTORE] = { "{}", { NULL }, "backups" },
	[ORDER_VERIFY] = { "{\"digest\":null}", { NULL }, "backups" },
	[ORDER_HWINFO] = { "{\"x\":@}", { "1" }, NULL },
	[ORDER_DIAGNOSTICS] = { "{\"x\":@}", { "1" }, NULL },
	[ORDER_VOLUME] = { "{\"x\":@}", { "1" }, NULL },
	[ORDER_PING] = { "{\"x\":@}", { "1" }, NULL },
	[ORDER_MODULES] = { "{\"x\":@}", { "1" }, NULL },
};

/* With another value in one of the places; -1: in none. */
static const char *
body_with(enum order_kind kind, int place, const char *value)
{
	struct text t;
	int nth = 0;

	text_begin(&t, &op, 256);
	for (const char *s = proper[kind].body; *s != '\0'; s++) {
		if (*s != '@') {
			text_addc(&t, *s);
			continue;
		}
		text_add(&t, nth == place ? value : proper[kind].value[nth]);
		nth++;
	}
	return t.s;
}

static enum err
start_nothing(struct op *o)
{
	(void)o;
	return OK;
}

static enum err
healthy(struct op *o, enum db_status *status)
{
	(void)o;
	*status = DB_HEALTHY;
	return OK;
}

static int
some_pid(void)
{
	return 1;
}

static int
no_watch(void)
{
	return -1;
}

static void
no_usage(int64_t *used, int64_t *total)
{
	*used = *total = 0;
}

/* Also an order whose earlier attempt died: nobody knows what was looked at then. */
static void
an_engine_that_cannot_do_a_thing_says_so(void **state)
{
	const struct datastore none = { .name = "none", .start = start_nothing,
	    .stop = start_nothing, .status = healthy, .pid = some_pid,
	    .watch = no_watch, .usage = no_usage };

	(void)state;
	agent_of(&none);
	for (int k = ORDER_NONE + 1; k < ORDER__MAX; k++) {
		enum order_kind kind = (enum order_kind)k;
		const struct said *s;
		struct jsonw w;
		const char *body;
		enum err e;

		if (proper[k].needs == NULL)
			continue;
		body = body_with(kind, -1, NULL);
		s = told(kind, body);
		if (s == NULL || s->err != ERR_NOT_BUILT ||
		    strstr(s->why, "none") == NULL ||
		    strstr(s->why, proper[k].needs) == NULL)
			fail_msg("%s: %s", order_word(kind),
			    s == NULL ? "no answer" : s->why);
		jsonw_begin(&w, &op, 64);
		e = duties[k].run(&op, parsed(body), true, &w);
		if (e != ERR_NOT_BUILT)
			fail_msg("%s again: %s", order_word(kind), err_name(e));
	}
}

#define DEAF	{ return op_fail(o, ERR_GUEST, "The engine is deaf."); }
static enum err deaf(struct op *o) DEAF
static enum err deaf_number(struct op *o, int n) { (void)n; DEAF }
static enum err deaf_name(struct op *o, const char *s) { (void)s; DEAF }
static enum err deaf_database(struct op *o, const struct db_database *d)
    { (void)d; DEAF }
static enum err deaf_user(struct op *o, const struct db_user *u)
    { (void)u; DEAF }
static enum err deaf_access(struct op *o, const struct db_user *u,
    const char *s) { (void)u; (void)s; DEAF }
static enum err deaf_update(struct op *o, const struct db_user *u,
    const struct db_user *to) { (void)u; (void)to; DEAF }
static enum err deaf_configure(struct op *o, const struct db_setting *s)
    { (void)s; DEAF }
static enum err deaf_logs(struct op *o, const struct db_log **l)
    { (void)l; DEAF }
static enum err deaf_log(struct op *o, const char *s, bool on)
    { (void)s; (void)on; DEAF }
static enum err deaf_show(struct op *o, const struct db_user *u,
    db_found found, void *arg) { (void)u; (void)found; (void)arg; DEAF }

/* In the middle of what it had begun to tell. */
static enum err
deaf_list(struct op *o, const struct db_page *page, db_found found, void *arg)
{
	(void)page;
	assert_int_equal(found(o, arg, "ann", "%", NULL), OK);
	DEAF
}

static void
what_an_engine_fails_with_is_what_is_said(void **state)
{
	struct datastore d = datastore_null;

	(void)state;
	d.prepare = d.root_disable = deaf;
	d.retune = deaf_number;
	d.database_create = deaf_database;
	d.database_delete = d.database_show = d.root_enable = deaf_name;
	d.database_list = d.user_list = deaf_list;
	d.user_create = d.user_delete = deaf_user;
	d.user_show = deaf_show;
	d.user_update = deaf_update;
	d.grant = d.revoke = deaf_access;
	d.configure = deaf_configure;
	d.log_list = deaf_logs;
	d.log_set = deaf_log;
	agent_of(&d);
	for (int k = ORDER_NONE + 1; k < ORDER__MAX; k++) {
		const struct said *s;

		if (proper[k].needs == NULL || k == ORDER_TLS ||
		    k == ORDER_TLS_SHOW || duties[k].moves)
			continue;
		s = told((enum order_kind)k, body_with((enum order_kind)k, -1,
		    NULL));
		if (s == NULL || s->err != ERR_GUEST || s->body != NULL ||
		    strcmp(s->why, "The engine is deaf.") != 0)
			fail_msg("%s: %s", order_word((enum order_kind)k),
			    s == NULL ? "no answer" : s->why);
	}
	assert_int_equal(supervisor_status(), DB_FAILED);	/* by the prepare */
}

static int made;

static enum err
count_database(struct op *o, const struct db_database *d)
{
	(void)o;
	(void)d;
	made++;
	return OK;
}

static enum err
count_user(struct op *o, const struct db_user *u)
{
	(void)o;
	(void)u;
	made++;
	return OK;
}

/* Whoever does not know whether a place is free takes none: it may be another's. */
static void
a_place_that_cannot_be_looked_at_is_not_free(void **state)
{
	(void)state;
	engine.database_show = deaf_name;
	engine.user_show = deaf_show;
	engine.database_create = count_database;
	engine.user_create = count_user;
	made = 0;
	assert_int_equal(told(ORDER_DATABASE_CREATE,
	    body_with(ORDER_DATABASE_CREATE, -1, NULL))->err, ERR_GUEST);
	assert_int_equal(told(ORDER_USER_CREATE,
	    body_with(ORDER_USER_CREATE, -1, NULL))->err, ERR_GUEST);
	assert_int_equal(made, 0);
}

/* --- bodies of a conductor that was taken over ------------------------------------------ */

const char *const odd[] = { "null", "true", "-1", "0", "1e300", "0.1",
	"18446744073709551615", "-9223372036854775808", "\"\"", "\" \"",
	"[]", "{}", "[[]]", "[null]", "[{}]", "{\"name\":\"x\"}",
	"{\"name\":{\"name\":\"x\"}}", "\"a'b\"", "\"a\\\"b\"", "\"o`e\"",
	"\"a\\\\b\"", "\"mysql\"", "\"root\"", "\"os_admin\"", "\"../../x\"",
	"\"/etc/passwd\"", "\"a\\nb\"", "\"\\u0001\"", "\"%n%s\"",
	"\"--defaults-file=x\"", "\"x y\"", "\"\\ud800\"", "\"\xc3\xbc\"",
	"\"\xff\"", "\"\\u0000\"", NULL };

static int heard;			/* calls of the engine that is spied on */

static void
is_right(enum err e, const char *what)
{
	if (e != OK)
		fail_msg("the engine was told %s", what);
	heard++;
}

static enum err
spy_name(struct op *o, const char *name)
{
	is_right(names_database(o, name), "a database that is none");
	return OK;
}

static enum err
spy_show(struct op *o, const char *name)
{
	spy_name(o, name);
	return op_fail(o, ERR_NOT_FOUND, "not there");
}

static enum err
spy_database(struct op *o, const struct db_database *d)
{
	spy_name(o, d->name);
	if (d->charset != NULL)
		is_right(names_charset(o, d->charset), "a charset that is none");
	if (d->collate != NULL)
		is_right(names_charset(o, d->collate), "a collation that is none");
	return OK;
}

static void
spy_on(struct op *o, const struct db_user *u)
{
	is_right(names_user(o, u->name), "a user that is none");
	is_right(names_host(o, u->host), "a host that is none");
}

static enum err
spy_user(struct op *o, const struct db_user *u)
{
	spy_on(o, u);
	if (u->password != NULL)
		is_right(names_password(o, u->password), "a wrong password");
	for (const char *const *d = u->databases; d != NULL && *d != NULL; d++)
		is_right(names_grant(o, *d), "a grant of what is none");
	return OK;
}

static enum err
spy_user_show(struct op *o, const struct db_user *u, db_found found, void *arg)
{
	(void)found;
	(void)arg;
	spy_on(o, u);
	return op_fail(o, ERR_NOT_FOUND, "not there");
}

static enum err
spy_update(struct op *o, const struct db_user *u, const struct db_user *to)
{
	spy_on(o, u);
	assert_true(to->name != NULL || to->host != NULL ||
	    to->password != NULL);
	if (to->name != NULL)
		is_right(names_user(o, to->name), "a new name that is none");
	if (to->host != NULL)
		is_right(names_host(o, to->host), "a new host that is none");
	if (to->password != NULL)
		is_right(names_password(o, to->password), "a wrong password");
	return OK;
}

static enum err
spy_access(struct op *o, const struct db_user *u, const char *database)
{
	spy_on(o, u);
	is_right(names_grant(o, database), "access to what is none");
	return OK;
}

static enum err
spy_configure(struct op *o, const struct db_setting *s)
{
	for (; s->name != NULL; s++) {
		is_right(names_setting(o, s->name), "a setting that is none");
		is_right(names_setting_value(o, s->value), "a wrong value");
	}
	return OK;
}

static enum err
spy_root(struct op *o, const char *password)
{
	is_right(names_password(o, password), "a wrong password");
	return OK;
}

static enum err
spy_retune(struct op *o, int mb)
{
	(void)o;
	is_right(mb > 0 ? OK : ERR_BAD_REQUEST, "to use no memory");
	return OK;
}

static void
spied_on(void)
{
	struct datastore d = datastore_null;

	d.database_create = spy_database;
	d.database_delete = spy_name;
	d.database_show = spy_show;
	d.user_create = d.user_delete = spy_user;
	d.user_show = spy_user_show;
	d.user_update = spy_update;
	d.grant = d.revoke = spy_access;
	d.configure = spy_configure;
	d.root_enable = spy_root;
	d.retune = spy_retune;
	agent_of(&d);
}

static bool
is_blame(enum err e)
{
	return e == OK || e == ERR_BAD_REQUEST || e == ERR_NOT_FOUND ||
	    e == ERR_NOT_BUILT;
}

static void
an_odd_value_never_comes_to_the_engine(void **state)
{
	int refused = 0;

	(void)state;
	spied_on();
	heard = 0;
	for (int k = ORDER_NONE + 1; k < ORDER__MAX; k++)
		for (int p = 0; p < 4 && proper[k].value[p] != NULL; p++)
			for (size_t i = 0; odd[i] != NULL; i++) {
				const struct said *s = told((enum order_kind)k,
				    body_with((enum order_kind)k, p, odd[i]));

				if (s == NULL)
					continue;	/* no JSON */
				if (!is_blame(s->err))
					fail_msg("%s, place %d, %s: %s",
					    order_word((enum order_kind)k), p,
					    odd[i], s->why);
				refused += s->err == ERR_BAD_REQUEST;
			}
	assert_true(refused > 500 && heard > 500);
	assert_int_equal(access(file_data(&op, "modules/../x"), F_OK), -1);
}

static void
a_body_that_is_no_map_has_nothing_in_it(void **state)
{
	(void)state;
	spied_on();
	for (int k = ORDER_NONE + 1; k < ORDER__MAX; k++)
		for (size_t i = 0; odd[i] != NULL; i++) {
			const struct said *s;

			if (duties[k].starts_server || k == ORDER_STOP)
				continue;
			s = told((enum order_kind)k, odd[i]);
			if (s != NULL && !is_blame(s->err))
				fail_msg("%s %s: %s",
				    order_word((enum order_kind)k), odd[i],
				    s->why);
		}
}

const struct CMUnitTest of_bodies[] = {
	TEST(an_engine_that_cannot_do_a_thing_says_so),
	TEST(what_an_engine_fails_with_is_what_is_said),
	TEST(a_place_that_cannot_be_looked_at_is_not_free),
	TEST(an_odd_value_never_comes_to_the_engine),
	TEST(a_body_that_is_no_map_has_nothing_in_it),
	{ 0 }
};
