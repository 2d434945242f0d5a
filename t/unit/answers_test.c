/* Each order an agent can be told: questions, tasks, and what the others share. */
#include "t/unit/answers_test.h"
#include "agent/duties.h"
#include "agent/file.h"
#include "agent/journal.h"
#include "agent/orders.h"
#include "agent/report.h"
#include "agent/supervisor.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/msg/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUEST	"7f0e1111-2222-4333-8444-555566667777"

struct op op;
static struct key key;
char data[64];
struct datastore engine;

/* --- a channel that keeps what was said last ---------------------------------------- */

static char said[GUEST_MAX];
static size_t said_len;
int listeners, spoken;
bool up;

bool
channel_up(void)
{
	return up;
}

bool
channel_say(struct op *o, const char *bytes, size_t len, int *heard)
{
	(void)o;
	assert_true(len <= sizeof(said));
	memcpy(said, bytes, len);
	said_len = len;
	spoken++;
	*heard = listeners;
	return up;
}

/* --- an agent ------------------------------------------------------------------------ */

void
agent_of(const struct datastore *d)
{
	engine = *d;
	assert_int_equal(journal_open(&op, data), OK);
	supervisor_open(&op, &engine);
	supervisor_turn(&op);
	orders_open(GUEST, &key);
	report_open(GUEST, &key);
}

static void
seed(void)
{
	static const char *const one[] = { "one", NULL };

	for (const char *const *n = (const char *const[]){ "one", "two",
	    NULL }; *n != NULL; n++)
		datastore_null.database_create(&op,
		    &(struct db_database){ .name = *n });
	datastore_null.user_create(&op, &(struct db_user){ .name = "ann",
	    .host = "%", .databases = one });
	datastore_null.user_create(&op, &(struct db_user){ .name = "bob",
	    .host = "10.0.0.1" });
}

static enum err
user_drop(struct op *o, void *arg, const char *name, const char *host,
    const char *const *list)
{
	struct db_user u = { .name = op_strdup(o, name),
	    .host = op_strdup(o, host) };

	(void)arg;
	(void)list;
	return datastore_null.user_delete(o, &u);
}

static enum err
database_drop(struct op *o, void *arg, const char *name, const char *host,
    const char *const *list)
{
	(void)arg;
	(void)host;
	(void)list;
	return datastore_null.database_delete(o, op_strdup(o, name));
}

/* Each listing goes on behind what it dropped. */
void
clean(void)
{
	struct db_page page = { 1, NULL };

	for (int i = 0; i < 1024; i++) {
		datastore_null.user_list(&op, &page, user_drop, NULL);
		datastore_null.database_list(&op, &page, database_drop, NULL);
	}
}

int
begin(void **state)
{
	(void)state;
	op_begin(&op, "req-1");
	snprintf(data, sizeof(data), "/tmp/coffer-answers.XXXXXX");
	assert_non_null(mkdtemp(data));
	seal_random(&key, sizeof(key));
	assert_int_equal(conf_set(&op, "agent", "data", data), OK);
	assert_int_equal(conf_set(&op, "agent", "contained", "yes"), OK);
	assert_int_equal(conf_set(&op, "agent", "engine", "null"), OK);
	assert_int_equal(file_directory(&op, file_data(&op, "agent")), OK);
	listeners = 1;
	up = true;
	agent_of(&datastore_null);
	seed();
	return 0;
}

int
end(void **state)
{
	(void)state;
	clean();
	assert_int_equal(file_remove_tree(&op, data), OK);
	op_end(&op);
	return 0;
}

const struct said *
told(enum order_kind kind, const char *body)
{
	static int nth;
	static struct said s;
	const char *id = op_printf(&op, "t%d:order", nth++), *bytes;
	struct answer a;
	size_t len;
	int before = spoken;

	bytes = guest_write_order(&op, &key, GUEST, id, kind, body, &len);
	if (bytes == NULL)
		return NULL;
	orders_take(bytes, len);
	if (duties[kind].starts_server) {
		supervisor_turn(&op);
		orders_turn();
	}
	if (spoken == before)
		return NULL;
	assert_int_equal(guest_read_answer(&op, &key, GUEST, said, said_len,
	    &a), OK);
	assert_string_equal(a.id, id);
	s = (struct said){ a.err, a.why, a.body != NULL ?
	    json_text(&op, a.body) : NULL };
	return &s;
}

struct report
reported(void)
{
	struct report r;

	assert_int_equal(guest_read_report(&op, &key, GUEST, said, said_len,
	    &r), OK);
	return r;
}

const struct json *
parsed(const char *text)
{
	const struct json *j;

	assert_int_equal(json_parse(&op, text, strlen(text), &j), OK);
	return j;
}

/* --- what is asked and told ----------------------------------------------------------- */

void
rows_check(const struct row *r, size_t n)
{
	for (size_t i = 0; i < n; i++, r++) {
		const struct said *s = told(r->kind, r->body);

		if (s == NULL || s->err != r->err)
			fail_msg("row %zu, %s: %s %s", i, order_word(r->kind),
			    s == NULL ? "no answer" : err_name(s->err),
			    s != NULL && s->why != NULL ? s->why : "");
		if (r->said == NULL)
			continue;
		if (r->err == OK)
			assert_string_equal(s->body, r->said);
		else if (s->why == NULL || strstr(s->why, r->said) == NULL)
			fail_msg("row %zu: %s", i, s->why);
		if (r->err != OK)
			assert_null(s->body);
	}
}

static const struct row questions[] = {
	{ ORDER_PING, NULL, OK, "{\"version\":\"" PACKAGE_VERSION "\"}" },
	{ ORDER_VOLUME, NULL, OK,
	    "{\"used_bytes\":171798691,\"total_bytes\":4294967296}" },
	{ ORDER_MODULES, NULL, OK, "{\"modules\":[]}" },
	{ ORDER_TLS_SHOW, NULL, ERR_NOT_BUILT, "null has no TLS" },
	{ ORDER_DATABASES, NULL, OK,
	    "{\"databases\":[{\"name\":\"one\"},{\"name\":\"two\"}],\"next\":null}" },
	{ ORDER_DATABASES, "{\"limit\":1}", OK,
	    "{\"databases\":[{\"name\":\"one\"}],\"next\":\"one\"}" },
	{ ORDER_DATABASES, "{\"limit\":1,\"marker\":\"one\"}", OK,
	    "{\"databases\":[{\"name\":\"two\"}],\"next\":null}" },
	{ ORDER_DATABASES, "{\"limit\":2}", OK,
	    "{\"databases\":[{\"name\":\"one\"},{\"name\":\"two\"}],\"next\":null}" },
	{ ORDER_DATABASES, "{\"marker\":\"two\"}", OK,
	    "{\"databases\":[],\"next\":null}" },
	{ ORDER_DATABASES, "{\"limit\":0,\"marker\":\"one\"}", OK,
	    "{\"databases\":[{\"name\":\"two\"}],\"next\":null}" },
	{ ORDER_DATABASES, "{\"limit\":9223372036854775807,\"marker\":\"one\"}",
	    OK, "{\"databases\":[{\"name\":\"two\"}],\"next\":null}" },
	{ ORDER_DATABASES, "{\"limit\":-1}", ERR_BAD_REQUEST, "limit" },
	{ ORDER_DATABASES, "{\"limit\":\"1\"}", ERR_BAD_REQUEST, "limit" },
	{ ORDER_DATABASES, "{\"limit\":1.5}", ERR_BAD_REQUEST, "limit" },
	{ ORDER_DATABASES, "{\"limit\":[1]}", ERR_BAD_REQUEST, "limit" },
	{ ORDER_USERS, NULL, OK,
	    "{\"users\":[{\"name\":\"ann\",\"host\":\"%\",\"databases\":[{\"name\":\"one\"}]},"
	    "{\"name\":\"bob\",\"host\":\"10.0.0.1\",\"databases\":[]}],\"next\":null}" },
	{ ORDER_USERS, "{\"limit\":1}", OK,
	    "{\"users\":[{\"name\":\"ann\",\"host\":\"%\",\"databases\":[{\"name\":\"one\"}]}],"
	    "\"next\":\"ann@%\"}" },
	{ ORDER_USERS, "{\"limit\":1,\"marker\":\"ann@%\"}", OK,
	    "{\"users\":[{\"name\":\"bob\",\"host\":\"10.0.0.1\",\"databases\":[]}],"
	    "\"next\":null}" },
	{ ORDER_USERS, "{\"limit\":-5}", ERR_BAD_REQUEST, "limit" },
	{ ORDER_USER, "{\"name\":\"ann\"}", OK,
	    "{\"name\":\"ann\",\"host\":\"%\",\"databases\":[{\"name\":\"one\"}]}" },
	{ ORDER_USER, "{\"name\":\"ann\",\"host\":\"10.0.0.1\"}",
	    ERR_NOT_FOUND, "ann" },
	{ ORDER_USER, "{\"name\":\"bob\"}", ERR_NOT_FOUND, "bob" },
	{ ORDER_USER, "{\"name\":\"root\"}", ERR_BAD_REQUEST, "root" },
	{ ORDER_USER, NULL, ERR_BAD_REQUEST, "user name" },
	{ ORDER_ACCESS, "{\"name\":\"ann\",\"host\":\"\"}", OK,
	    "{\"databases\":[{\"name\":\"one\"}]}" },
	{ ORDER_ACCESS, "{\"name\":\"bob\",\"host\":\"10.0.0.1\"}", OK,
	    "{\"databases\":[]}" },
	{ ORDER_ACCESS, "{\"name\":\"eve\"}", ERR_NOT_FOUND, "eve" },
	{ ORDER_ACCESS, "{\"name\":\"ann\",\"host\":\"a b\"}",
	    ERR_BAD_REQUEST, "host" },
};

static void
questions_are_answered(void **state)
{
	(void)state;
	rows_check(questions, ROWS(questions));
}

/* One after the other, each on what those before it left. */
static const struct row tasks[] = {
	{ ORDER_DATABASE_CREATE, "{\"databases\":[{\"name\":\"three\"}]}", OK, NULL },
	{ ORDER_DATABASE_CREATE, "{\"databases\":[{\"name\":\"three\"}]}",
	    ERR_BAD_REQUEST, "\"three\" already exists" },
	{ ORDER_USER_CREATE, "{\"users\":[{\"name\":\"ann\",\"password\":\"p4ss\"}]}",
	    ERR_BAD_REQUEST, "\"ann\" already exists" },
	{ ORDER_USER_CREATE, "{\"users\":[]}", ERR_BAD_REQUEST, "No user" },
	{ ORDER_GRANT, "{\"name\":\"ann\",\"databases\":[\"two\",{\"name\":\"three\"}]}",
	    OK, NULL },
	{ ORDER_GRANT, "{\"name\":\"eve\",\"databases\":[\"two\"]}",
	    ERR_NOT_FOUND, "eve" },
	{ ORDER_REVOKE, "{\"name\":\"ann\",\"database\":\"one\"}", OK, NULL },
	{ ORDER_REVOKE, "{\"name\":\"ann\",\"database\":\"one\"}",
	    ERR_NOT_FOUND, "one" },
	{ ORDER_ACCESS, "{\"name\":\"ann\"}", OK,
	    "{\"databases\":[{\"name\":\"three\"},{\"name\":\"two\"}]}" },
	{ ORDER_USER_UPDATE, "{\"name\":\"ann\",\"to\":{\"name\":\"eve\",\"host\":\"10.%\"}}",
	    OK, NULL },
	{ ORDER_USER_UPDATE, "{\"name\":\"ann\",\"to\":{\"name\":\"eve\"}}",
	    ERR_NOT_FOUND, "ann" },
	{ ORDER_USER_UPDATE, "{\"name\":\"eve\",\"host\":\"10.%\",\"to\":"
	    "{\"name\":\"bob\",\"host\":\"10.0.0.1\"}}", ERR_BAD_REQUEST,
	    "\"bob\" already exists" },
	{ ORDER_USER_UPDATE, "{\"name\":\"eve\",\"to\":{\"host\":\"\"}}",
	    ERR_BAD_REQUEST, "host" },
	{ ORDER_USER_PASSWORDS, "{\"users\":[{\"name\":\"eve\",\"host\":\"10.%\","
	    "\"password\":\"n3w\"}]}", OK, NULL },
	{ ORDER_USER_PASSWORDS, "{\"users\":[{\"name\":\"ann\",\"password\":\"n3w\"}]}",
	    ERR_NOT_FOUND, "ann" },
	{ ORDER_USER_DELETE, "{\"name\":\"eve\",\"host\":\"10.%\"}", OK, NULL },
	{ ORDER_USER_DELETE, "{\"name\":\"eve\",\"host\":\"10.%\"}",
	    ERR_NOT_FOUND, "eve" },
	{ ORDER_DATABASE_DELETE, "{\"name\":\"three\"}", OK, NULL },
	{ ORDER_DATABASE_DELETE, "{\"name\":\"three\"}", ERR_NOT_FOUND, "three" },
	{ ORDER_ROOT_ENABLE, "{\"password\":\"p4ss\"}", OK, NULL },
	{ ORDER_ROOT_ENABLE, "{}", ERR_BAD_REQUEST, "assword" },
	{ ORDER_ROOT_ENABLE, "{\"password\":7}", ERR_BAD_REQUEST, "assword" },
	{ ORDER_ROOT_DISABLE, NULL, OK, NULL },
	{ ORDER_RETUNE, "{\"memory_mb\":512}", OK, NULL },
	{ ORDER_RETUNE, "{\"memory_mb\":0}", ERR_BAD_REQUEST, "memory" },
	{ ORDER_RETUNE, "{\"memory_mb\":2147483648}", ERR_BAD_REQUEST, "memory" },
	{ ORDER_RETUNE, "{\"memory_mb\":\"512\"}", ERR_BAD_REQUEST, "memory" },
	{ ORDER_RETUNE, NULL, ERR_BAD_REQUEST, "memory" },
	{ ORDER_LOG_SET, "{\"name\":\"general\",\"on\":true}", OK, NULL },
	{ ORDER_LOG_SET, "{\"name\":\"general\"}", OK, NULL },
	{ ORDER_LOG_SET, "{\"on\":true}", ERR_BAD_REQUEST, "No log" },
	{ ORDER_LOG_SET, "{\"name\":\"nope\",\"on\":true}", ERR_BAD_REQUEST, "nope" },
	{ ORDER_LOG_FORGET, "{\"name\":\"general\"}", OK, NULL },
	{ ORDER_LOG_PUBLISH, "{\"name\":\"general\"}", ERR_NOT_BUILT, "not supported" },
	{ ORDER_TLS, "{\"mode\":\"basic\"}", ERR_NOT_BUILT, "null has no TLS" },
	{ ORDER_MODULE_APPLY, "{\"modules\":[{\"id\":\"aaaaaaaa-0000-4000-8000-000000000001\","
	    "\"name\":\"a\",\"type\":\"ping\",\"md5\":\"m\",\"contents\":\"x\"}]}", OK, NULL },
	{ ORDER_MODULE_APPLY, "{\"modules\":{}}", ERR_BAD_REQUEST, NULL },
	{ ORDER_MODULE_REMOVE, "{\"id\":\"aaaaaaaa-0000-4000-8000-000000000001\"}", OK, NULL },
	{ ORDER_MODULE_REMOVE, "{\"id\":\"aaaaaaaa-0000-4000-8000-000000000001\"}",
	    ERR_NOT_FOUND, NULL },
	{ ORDER_MODULE_REMOVE, NULL, ERR_BAD_REQUEST, NULL },
	{ ORDER_VERIFY, "{\"digest\":null}", ERR_NOT_BUILT, "null cannot check" },
	{ ORDER_BACKUP, "{}", ERR_BAD_REQUEST, NULL },
	{ ORDER_RESTORE, "{\"chain\":[]}", ERR_BAD_REQUEST, NULL },
	{ ORDER_CANCEL, NULL, OK, NULL },
	{ ORDER_RESTART, NULL, OK, NULL },
	{ ORDER_STOP, NULL, OK, NULL },
	{ ORDER_USERS, NULL, ERR_GUEST, "not running" },
	{ ORDER_ROOT_DISABLE, NULL, ERR_GUEST, "stopped" },
	{ ORDER_VOLUME, NULL, OK, NULL },
	{ ORDER_START, NULL, OK, NULL },
	{ ORDER_USERS, NULL, OK, NULL },
	{ ORDER_PREPARE, "{\"databases\":[{\"name\":\"one\"}]}", OK, NULL },
	{ ORDER_AGENT_RENEW, NULL, OK, NULL },
};

static void
tasks_are_done_or_say_why_not(void **state)
{
	(void)state;
	assert_false(duties_leaving());
	rows_check(tasks, ROWS(tasks));
	assert_true(duties_leaving());
}

/* --- long lists --------------------------------------------------------------------------- */

/* Names of the answer's list, which has to go on behind the last of them. */
static int
page_count(const struct json *answer, const char *list, const char **next)
{
	const struct json *l = json_get(answer, list);

	*next = json_str(json_get(answer, "next"));
	return (int)json_count(l);
}

static int
pages_count(enum order_kind kind, const char *list, int most, int *pages)
{
	const char *marker = "";
	int n = 0;

	for (*pages = 0; marker != NULL && *pages < 50; (*pages)++) {
		const struct said *s = told(kind, op_printf(&op,
		    "{\"limit\":%d,\"marker\":\"%s\"}", most, marker));

		assert_int_equal(s->err, OK);
		n += page_count(parsed(s->body), list, &marker);
	}
	return n;
}

static void
a_long_list_comes_in_pages_that_fit_into_messages(void **state)
{
	int pages;

	(void)state;
	clean();
	for (int i = 0; i < 1000; i++) {
		const char *name = op_printf(&op, "%064d", i);
		struct db_user u = { .name = name, .host = "%" };

		assert_int_equal(engine.database_create(&op,
		    &(struct db_database){ .name = name }), OK);
		assert_int_equal(engine.user_create(&op, &u), OK);
	}
	assert_int_equal(pages_count(ORDER_DATABASES, "databases", 1000,
	    &pages), 1000);
	assert_in_range(pages, 2, 4);
	assert_int_equal(pages_count(ORDER_USERS, "users", 0, &pages), 1000);
	assert_in_range(pages, 2, 6);
	assert_int_equal(pages_count(ORDER_USERS, "users", 333, &pages), 1000);
}

/* Each of them fits, and two do not. */
static void
users_with_much_access_come_one_at_a_time(void **state)
{
	const char *names[501] = { NULL };
	int pages;

	(void)state;
	clean();
	for (int i = 0; i < 500; i++)
		names[i] = op_printf(&op, "%064d", i);
	for (const char *const *n = (const char *const[]){ "u1", "u2", NULL };
	    *n != NULL; n++)
		assert_int_equal(engine.user_create(&op, &(struct db_user){
		    .name = *n, .host = "%", .databases = names }), OK);
	assert_int_equal(pages_count(ORDER_USERS, "users", 0, &pages), 2);
	assert_int_equal(pages, 2);
}

static const struct CMUnitTest of_orders[] = {
	TEST(questions_are_answered),
	TEST(tasks_are_done_or_say_why_not),
	TEST(a_long_list_comes_in_pages_that_fit_into_messages),
	TEST(users_with_much_access_come_one_at_a_time),
	{ 0 }
};

int
main(void)
{
	static const struct CMUnitTest *const lists[] = { of_orders, of_bodies,
	    of_reports };
	static struct CMUnitTest tests[64];
	size_t n = 0;

	log_init("answers_test", LOG_ERROR);
	for (size_t i = 0; i < ROWS(lists); i++)
		for (const struct CMUnitTest *t = lists[i]; t->name != NULL; t++)
			tests[n++] = *t;
	return _cmocka_run_group_tests("answers", tests, n, NULL, NULL);
}
