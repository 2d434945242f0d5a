/* What only Redis can get wrong. */
#include "t/unit/engine_test.h"
#include "agent/db_logs.h"
#include "agent/file.h"
#include "agent/log_pieces.h"
#include "agent/redis_server.h"
#include "lib/base/conf.h"

#include <errno.h>
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	65534
#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static char dir[64], address[32];
static pid_t owner;

/* --- the place ---------------------------------------------------------------- */

static void
set(const char *name, const char *value)
{
	if (conf_set(&op, "agent", name, value) != OK)
		errx(1, "%s", op.why);
}

/* What a failed test left running goes with the directory. */
static void
at_exit(void)
{
	char command[128];
	FILE *f;
	int pid;

	if (owner != getpid())
		return;
	snprintf(command, sizeof(command), "%s/agent/server.pid", dir);
	if ((f = fopen(command, "r")) != NULL) {
		if (fscanf(f, "%d", &pid) == 1 && pid > 1)
			kill(pid, SIGKILL);
		fclose(f);
	}
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		warnx("%s stays", dir);
}

static bool
make(void)
{
	if (access("/usr/bin/redis-server", X_OK) == -1)
		return false;
	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
	    setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
		err(1, "cannot become nobody");
	snprintf(dir, sizeof(dir), "/tmp/coffer-redis.XXXXXX");
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	owner = getpid();
	atexit(at_exit);
	/* Of this process alone: another may run the same test. */
	snprintf(address, sizeof(address), "127.78.%d.%d",
	    (int)(owner >> 8 & 255), (int)(owner & 255));
	return true;
}

/* With what a first start that a power cut ended left: a password's file, empty. */
static void
use(void)
{
	set("data", dir);
	set("address", address);
	set("port", "33998");
	set("memory_mb", "100");
	ok(file_directory(&op, file_data(&op, "agent")));
	ok(file_put(&op, file_data(&op, "agent/admin.pw"), "", 0));
}

/* What a test holds of the op stays. */
static void
restart(void)
{
	ok(db->stop(&op));
	assert_int_equal(db->pid(), 0);
	ok(db->start(&op));
	wait_until_it_answers();
}

static void
kill_and_start(void)
{
	assert_true(db->pid() > 0);	/* 0 would be this group of processes */
	kill(db->pid(), SIGKILL);
	for (int i = 0; i < 400 && db->pid() != 0; i++)
		usleep(5000);
	assert_int_equal(db->pid(), 0);
	ok(db->start(&op));
	wait_until_it_answers();
}

/* --- clients ------------------------------------------------------------------ */

static void
client_free(void *r)
{
	redis_free(r);
}

static struct redis *
client(const char *name, const char *password)
{
	struct redis_where where = { .host = address, .port = 33998,
	    .user = name, .password = password, .timeout_ms = 5000 };
	struct redis *r = redis_new(&where);

	op_defer(&op, client_free, r);
	return r;
}

/* What the server says, as text; the refusal where it refuses. */
static const char *
says(struct redis *r, const char *const *argv)
{
	struct redis_reply reply = { 0 };
	enum err e = redis_call(&op, r, &reply, argv);

	if (reply.kind == REDIS_NUMBER)
		return op_printf(&op, "%lld", reply.number);
	if (reply.kind == REDIS_LIST)
		return reply.items == 2 ? reply.item[1].text : "a list";
	return reply.text != NULL ? reply.text : e == OK ? "nothing" : op.why;
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* DEBUG and MODULE LOAD are nobody's, before anybody's rights are looked at. */
static bool
is_refused(const char *s)
{
	return begins(s, "NOPERM") || strstr(s, " command not allowed") != NULL;
}

static const char *
parameter(const char *name)
{
	struct redis_reply reply;

	ok(redis_ask(&op, &reply, ARGV("CONFIG", "GET", name)));
	assert_int_equal(reply.items, 2);
	return reply.item[1].text;
}

static enum err
row_collect(struct op *o, void *arg, const char *name, const char *host,
    const char *const *databases)
{
	struct text *t = arg;

	(void)o;
	assert_string_equal(host, "%");
	assert_null(*databases);
	text_printf(t, "%s%s", t->len > 0 ? " " : "", name);
	return OK;
}

/* All are everywhere, and have no databases. */
static const char *
listed(int limit, const char *marker)
{
	struct db_page page = { limit, marker };
	struct text t;

	text_begin(&t, &op, 256);
	ok(db->user_list(&op, &page, row_collect, &t));
	return t.s;
}

static const char *
file_text(const char *name)
{
	const char *s;
	size_t len;

	ok(file_get(&op, file_data(&op, name), &s, &len));
	return s;
}

static int
end(void **state)
{
	struct redis_reply reply;

	ok(db->root_disable(&op));
	ok(redis_ask(&op, &reply, ARGV("FLUSHALL")));
	return engine_end(state);
}

/* --- users -------------------------------------------------------------------- */

static void
users_come_and_go_and_are_listed_page_by_page(void **state)
{
	struct db_user ann = user("ann", "%"), bea = user("b@home", "%"), c = user("C1", "%");

	(void)state;
	ok(db->user_create(&op, &bea));
	ok(db->user_create(&op, &ann));
	ok(db->user_create(&op, &c));
	assert_int_equal(db->user_create(&op, &ann), ERR_CONFLICT);
	assert_string_equal(op.why,
	    "A user with the name \"ann\" already exists.");
	assert_string_equal(listed(0, NULL), "C1 ann b@home");
	assert_string_equal(listed(2, NULL), "C1 ann");
	assert_string_equal(listed(2, "ann@%"), "b@home");
	ok(db->user_delete(&op, &ann));
	assert_string_equal(listed(0, NULL), "C1 b@home");
	assert_int_equal(db->user_delete(&op, &ann), ERR_NOT_FOUND);
	assert_string_equal(op.why,
	    "User ann cannot be found on the instance.");
	assert_int_equal(db->user_show(&op, &ann, row_collect, NULL),
	    ERR_NOT_FOUND);
	assert_int_equal(db->user_update(&op, &ann, &bea), ERR_NOT_FOUND);
}

static void
a_user_has_the_data_and_not_the_server(void **state)
{
	static const char *const refused[][3] = { { "CONFIG", "GET", "dir" },
	    { "ACL", "LIST" }, { "SHUTDOWN" }, { "DEBUG", "JMAP" },
	    { "MONITOR" }, { "SYNC" }, { "SAVE" }, { "CLIENT", "LIST" },
	    { "SLOWLOG", "GET" }, { "MODULE", "LIST" } };
	struct db_user ann = user("ann", "%");
	struct redis *r;

	(void)state;
	ok(db->user_create(&op, &ann));
	r = client("ann", ann.password);
	assert_string_equal(says(r, ARGV("SET", "k", "v")), "OK");
	assert_string_equal(says(r, ARGV("EVAL",
	    "return redis.call('GET', KEYS[1])", "1", "k")), "v");
	assert_string_equal(says(r, ARGV("SELECT", "3")), "OK");
	assert_true(begins(says(r, ARGV("INFO", "server")), "# Server"));
	for (size_t i = 0; i < ROWS(refused); i++)
		if (!is_refused(says(r, ARGV(refused[i][0], refused[i][1],
		    refused[i][2]))))
			fail_msg("%s is not refused", refused[i][0]);
	assert_string_equal(says(r, ARGV("FLUSHDB")), "OK");
}

static void
nobody_gets_in_without_a_name_and_a_password(void **state)
{
	struct db_user ann = user("ann", "%");

	(void)state;
	ok(db->user_create(&op, &ann));
	assert_true(begins(says(client("default", ""), ARGV("PING")),
	    "NOAUTH"));
	assert_non_null(strstr(says(client("default", "x"), ARGV("PING")),
	    "WRONGPASS"));
	assert_non_null(strstr(says(client("ann", "x"), ARGV("PING")),
	    "WRONGPASS"));
	assert_string_equal(says(client("ann", ann.password), ARGV("PING")),
	    "PONG");
}

static void
a_changed_password_is_the_one_that_counts(void **state)
{
	struct db_user ann = user("ann", "%"), to = { .password = "other-Secret2" };

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->user_update(&op, &ann, &to));
	for (int i = 0; i < 2; i++) {
		assert_non_null(strstr(says(client("ann", ann.password),
		    ARGV("PING")), "WRONGPASS"));
		assert_string_equal(says(client("ann", to.password),
		    ARGV("PING")), "PONG");
		restart();
	}
}

static void
a_renamed_user_keeps_the_password_and_leaves_nobody(void **state)
{
	struct db_user ann = user("ann", "%"), eve = user("eve", "%");
	struct db_user to = { .name = "bea" }, taken = { .name = "eve" };

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->user_create(&op, &eve));
	assert_int_equal(db->user_update(&op, &ann, &taken), ERR_CONFLICT);
	ok(db->user_update(&op, &ann, &to));
	assert_string_equal(listed(0, NULL), "bea eve");
	assert_string_equal(says(client("bea", ann.password), ARGV("PING")),
	    "PONG");
	assert_non_null(strstr(says(client("ann", ann.password),
	    ARGV("PING")), "WRONGPASS"));
}

static void
a_deleted_user_s_sessions_end(void **state)
{
	struct db_user ann = user("ann", "%");
	struct redis *r;
	unsigned before;

	(void)state;
	ok(db->user_create(&op, &ann));
	r = client("ann", ann.password);
	assert_string_equal(says(r, ARGV("PING")), "PONG");
	before = redis_epoch(r);
	ok(db->user_delete(&op, &ann));
	assert_string_not_equal(says(r, ARGV("PING")), "PONG");
	assert_false(redis_up(r));
	assert_int_equal(redis_epoch(r), before);
}

static void
users_outlive_a_server_that_is_killed(void **state)
{
	struct db_user ann = user("ann", "%");

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->root_enable(&op, "root-Secret1"));
	kill_and_start();
	assert_string_equal(listed(0, NULL), "ann");
	assert_string_equal(says(client("ann", ann.password), ARGV("PING")),
	    "PONG");
	assert_string_equal(says(client("root", "root-Secret1"),
	    ARGV("PING")), "PONG");
}

static void
passwords_are_nowhere_to_be_read(void **state)
{
	static const char *const names[] = { "agent/users", "agent/root",
	    "agent/users.acl", "redis.conf", "log/redis.log" };
	struct db_user ann = user("ann", "%");

	(void)state;
	ann.password = "canary-Secret7";
	ok(db->user_create(&op, &ann));
	ok(db->root_enable(&op, "canary-Secret8"));
	restart();
	for (size_t i = 0; i < ROWS(names); i++)
		assert_null(strstr(file_text(names[i]), "canary"));
	assert_non_null(strstr(file_text("agent/users.acl"), "user ann on #"));
	assert_int_equal(strlen(file_text("agent/admin.pw")), 32);
	assert_null(strstr(file_text("agent/users.acl"),
	    file_text("agent/admin.pw")));
}

static const char *const odd_names[] = { "back`tick", "quote'quote",
	"double\"quote", "semi;colon", "per%cent", "b\\slash", "naïve", "имя",
	"~*", "+@all", "#hash", ">x", "(x)", "on", "*", "--" };

static void
odd_names_stay_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(odd_names); i++) {
		struct db_user u = user(odd_names[i], "%");

		ok(db->user_create(&op, &u));
		restart();
		assert_string_equal(listed(0, NULL), odd_names[i]);
		assert_string_equal(says(client(u.name, u.password),
		    ARGV("ACL", "WHOAMI")), odd_names[i]);
		ok(db->user_delete(&op, &u));
	}
}

static void
what_redis_has_no_word_for_is_refused(void **state)
{
	static const char *const names[] = { "a b", "default", "", "a\tb",
	    "a\nuser eve on nopass +@all" };
	struct db_user ann = user("ann", "%"), u = user("ann", "%");
	struct db_user to = { .name = "a b" };

	(void)state;
	for (size_t i = 0; i < ROWS(names); i++) {
		u.name = names[i];
		assert_int_equal(db->user_create(&op, &u), ERR_BAD_REQUEST);
	}
	u = ann;
	u.host = "10.0.0.1";
	assert_int_equal(db->user_create(&op, &u), ERR_BAD_REQUEST);
	assert_string_equal(op.why, "'10.0.0.1' is not a valid hostname.");
	u = ann;
	u.databases = ARGV("app");
	assert_int_equal(db->user_create(&op, &u), ERR_UNPROCESSABLE);
	assert_string_equal(op.why,
	    "Operation not supported for datastore redis.");
	ok(db->user_create(&op, &ann));
	assert_int_equal(db->user_update(&op, &ann, &to), ERR_BAD_REQUEST);
	ann.host = "10.0.0.1";
	assert_int_equal(db->user_delete(&op, &ann), ERR_NOT_FOUND);
	assert_string_equal(listed(0, NULL), "ann");
	assert_null(db->database_create);
	assert_null(db->grant);
}

/* --- root --------------------------------------------------------------------- */

static void
root_has_all_but_what_is_the_agent_s(void **state)
{
	static const char *const refused[][4] = { { "CONFIG", "GET", "dir" },
	    { "CONFIG", "SET", "dir", "/tmp" }, { "CONFIG", "REWRITE" },
	    { "DEBUG", "SLEEP", "0" }, { "MODULE", "LOAD", "/tmp/x.so" },
	    { "MODULE", "LIST" }, { "REPLICAOF", "127.0.0.1", "1" },
	    { "SLAVEOF", "NO", "ONE" }, { "SHUTDOWN" }, { "ACL", "LIST" },
	    { "ACL", "SETUSER", "x" }, { "ACL", "DELUSER", "os_admin" },
	    { "ACL", "LOAD" }, { "ACL", "SAVE" }, { "SAVE" }, { "BGSAVE" },
	    { "BGREWRITEAOF" }, { "SYNC" }, { "PSYNC", "?", "-1" },
	    { "FAILOVER" }, { "CLIENT", "PAUSE", "1" },
	    { "CLUSTER", "RESET" }, { "REPLCONF", "capa", "eof" },
	    { "SCRIPT", "DEBUG", "SYNC" } };
	struct redis *r;

	(void)state;
	ok(db->root_enable(&op, "root-Secret1"));
	r = client("root", "root-Secret1");
	for (size_t i = 0; i < ROWS(refused); i++)
		if (!is_refused(says(r, ARGV(refused[i][0], refused[i][1],
		    refused[i][2], refused[i][3]))))
			fail_msg("%s %s is not refused", refused[i][0],
			    refused[i][1] != NULL ? refused[i][1] : "");
	assert_true(begins(says(r, ARGV("MIGRATE", "127.0.0.1", "1", "k", "0",
	    "9")), "NOPERM"));
	assert_string_equal(says(r, ARGV("SWAPDB", "0", "1")), "OK");
	assert_string_equal(says(r, ARGV("FLUSHALL")), "OK");
	assert_true(begins(says(r, ARGV("CLIENT", "LIST")), "id="));
	assert_string_equal(says(r, ARGV("SLOWLOG", "RESET")), "OK");
	assert_string_equal(says(r, ARGV("LASTSAVE", "x")), op_printf(&op,
	    "ERR wrong number of arguments for 'lastsave' command"));
}

static void
root_is_enabled_and_disabled_and_never_listed(void **state)
{
	(void)state;
	ok(db->root_enable(&op, "root-Secret1"));
	ok(db->root_enable(&op, "root-Secret2"));
	assert_string_equal(listed(0, NULL), "");
	assert_string_equal(says(client("root", "root-Secret2"),
	    ARGV("PING")), "PONG");
	assert_non_null(strstr(says(client("root", "root-Secret1"),
	    ARGV("PING")), "WRONGPASS"));
	ok(db->root_disable(&op));
	ok(db->root_disable(&op));
	restart();
	assert_non_null(strstr(says(client("root", "root-Secret2"),
	    ARGV("PING")), "WRONGPASS"));
}

/* --- settings ----------------------------------------------------------------- */

static const struct db_setting none[] = { { 0 } };

static void
settings_are_there_at_once_and_after_a_start_and_go_to_defaults(void **state)
{
	static const struct db_setting some[] = {
		{ "Timeout", "77", true }, { "activerehashing", "0", true },
		{ "maxmemory-policy", "allkeys-lru", false },
		{ "databases", "3", true }, { "save", "900 1 300 10", false },
		{ "maxclients", "300", true }, { 0 } };

	(void)state;
	ok(db->configure(&op, some));
	ok(db->configure(&op, some));
	for (int i = 0; i < 2; i++) {
		assert_string_equal(parameter("timeout"), "77");
		assert_string_equal(parameter("activerehashing"), "no");
		assert_string_equal(parameter("maxmemory-policy"),
		    "allkeys-lru");
		assert_string_equal(parameter("save"), "900 1 300 10");
		assert_string_equal(parameter("databases"), i ? "3" : "16");
		restart();
	}
	ok(db->configure(&op, none));
	for (int i = 0; i < 2; i++) {
		assert_string_equal(parameter("timeout"), "0");
		assert_string_equal(parameter("activerehashing"), "yes");
		assert_string_equal(parameter("maxmemory-policy"),
		    "noeviction");
		assert_string_equal(parameter("save"), "");
		assert_string_equal(parameter("maxclients"), "400");
		assert_string_equal(parameter("databases"), i ? "16" : "3");
		restart();
	}
}

/* More than one command of the bus could hold. */
static void
many_settings_are_set_at_once(void **state)
{
	static const char *const names[] = { "hz", "timeout", "lfu-log-factor",
	    "lfu-decay-time", "slowlog-max-len", "acllog-max-len",
	    "maxmemory-samples", "tcp-keepalive", "maxclients",
	    "active-defrag-cycle-max", "active-defrag-max-scan-fields",
	    "auto-aof-rewrite-percentage", "latency-monitor-threshold",
	    "hll-sparse-max-bytes", "stream-node-max-entries",
	    "stream-node-max-bytes", "set-max-intset-entries",
	    "hash-max-listpack-value", "hash-max-listpack-entries",
	    "zset-max-listpack-value", "zset-max-listpack-entries",
	    "list-max-listpack-size", "list-compress-depth",
	    "tracking-table-max-keys", "busy-reply-threshold",
	    "active-expire-effort", "maxmemory-eviction-tenacity",
	    "tls-session-cache-size", "tls-session-cache-timeout",
	    "cluster-node-timeout", "cluster-migration-barrier",
	    "repl-backlog-ttl", "active-defrag-threshold-lower" };
	struct db_setting s[ROWS(names) + 1] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(names); i++)
		s[i] = (struct db_setting){ names[i], "9", true };
	s[8].value = "299";		/* clients */
	ok(db->configure(&op, s));
	assert_string_equal(parameter("hz"), "9");
	assert_string_equal(parameter("repl-backlog-ttl"), "9");
	ok(db->configure(&op, none));
	assert_string_equal(parameter("hz"), "10");
}

static void
odd_values_stay_values(void **state)
{
	static const char *const odd[] = { "a#b", " a ", "it's", "say \"x\"",
	    "back\\slash\\", "a;b", "x = y", "include /etc/passwd", "\\n",
	    "\\x41", "д", "" };
	struct db_setting s[2] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(odd); i++) {
		s[0] = (struct db_setting){ "replica-announce-ip", odd[i],
		    false };
		ok(db->configure(&op, s));
		assert_string_equal(parameter("replica-announce-ip"), odd[i]);
		restart();
		assert_string_equal(parameter("replica-announce-ip"), odd[i]);
	}
	ok(db->configure(&op, none));
}

static const struct { struct db_setting s; const char *why; } wrong[] = {
	{ { "nope", "1", true }, "no parameter nope" },
	{ { "hz", "x", false }, "hz: " },
	{ { "maxclients", "0", true }, "maxclients: argument must be between" },
	{ { "maxmemory-policy", "sometimes", false }, "must be one of" },
	{ { "activerehashing", "7", true }, "must be 'yes' or 'no'" },
	{ { "save", "often", false }, "save: " },
	{ { "dir", "/tmp", false }, "not a tenant's" },
	{ { "RequirePass", "x", false }, "not a tenant's" },
	{ { "maxmemory", "1", true }, "not a tenant's" },
};

static void
what_the_server_refuses_leaves_all_as_it_was(void **state)
{
	static const struct db_setting good = { "timeout", "1234", true },
	    fixed = { "databases", "5", true };

	(void)state;
	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct db_setting s[] = { good, fixed, wrong[i].s, { 0 } };

		if (db->configure(&op, s) != ERR_BAD_REQUEST)
			fail_msg("%s is taken", wrong[i].s.name);
		if (strstr(op.why, wrong[i].why) == NULL)
			fail_msg("%s: %s", wrong[i].s.name, op.why);
		assert_string_equal(parameter("timeout"), "0");
	}
	restart();
	assert_string_equal(parameter("timeout"), "0");
	assert_string_equal(parameter("databases"), "16");
}

static void
a_server_that_does_not_start_gets_no_settings(void **state)
{
	static const struct db_setting deadly[] = {
		{ "databases", "-1", true }, { "timeout", "77", true },
		{ 0 } };
	const char *why;

	(void)state;
	ok(db->configure(&op, deadly));
	assert_null(db->complaint(&op));
	ok(db->stop(&op));
	for (int i = 0; i < 2; i++) {
		ok(db->start(&op));
		for (int n = 0; n < 1000 && db->pid() != 0; n++)
			usleep(5000);
		assert_int_equal(db->pid(), 0);
	}
	ok(db->start(&op));
	wait_until_it_answers();
	assert_string_equal(parameter("timeout"), "0");
	why = db->complaint(&op);
	assert_non_null(why);
	assert_non_null(strstr(why, "did not start"));
	assert_null(db->complaint(&op));
}

static void
memory_follows_the_flavor(void **state)
{
	(void)state;
	assert_string_equal(parameter("maxmemory"), "62914560");
	ok(db->retune(&op, 200));
	restart();
	assert_string_equal(parameter("maxmemory"), "125829120");
	ok(db->retune(&op, 100));
	restart();
	assert_string_equal(parameter("maxmemory"), "62914560");
}

/* --- the server --------------------------------------------------------------- */

static void
the_next_agent_adopts_the_server(void **state)
{
	int pid = db->pid();

	(void)state;
	ok(db->start(&op));
	assert_int_equal(db->pid(), pid);
	wait_until_it_answers();
}

static void
a_killed_server_is_seen_and_comes_back_with_its_data(void **state)
{
	struct db_user ann = user("ann", "%");
	struct redis *r;

	(void)state;
	ok(db->user_create(&op, &ann));
	r = client("ann", ann.password);
	assert_string_equal(says(r, ARGV("SET", "k", "kept")), "OK");
	kill_and_start();
	assert_string_equal(says(client("ann", ann.password),
	    ARGV("GET", "k")), "kept");
}

static void
a_server_without_free_connections_still_obeys(void **state)
{
	static const struct db_setting few[] = {
		{ "maxclients", "8", true }, { 0 } };
	struct db_user ann = user("ann", "%");
	struct redis *r[16];
	enum db_status status;
	int let_in = 0;

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->configure(&op, few));
	for (size_t i = 0; i < ROWS(r); i++) {
		r[i] = client("ann", ann.password);
		let_in += strcmp(says(r[i], ARGV("PING")), "PONG") == 0;
	}
	assert_in_range(let_in, 1, 7);
	ok(db->status(&op, &status));
	assert_int_equal(status, DB_HEALTHY);
	redis_hang_up();		/* and the place is taken at once */
	says(client("ann", ann.password), ARGV("PING"));
	says(r[15], ARGV("PING"));
	ok(db->status(&op, &status));
	assert_int_equal(status, DB_HEALTHY);
	for (size_t i = 0; i < ROWS(r) - 1; i++)
		if (redis_up(r[i]))
			says(r[i], ARGV("QUIT"));
	ok(db->configure(&op, none));
}

/* A script that never ends, as its tenant may write one. */
static void
a_server_busy_with_a_script_is_alive(void **state)
{
	static const struct db_setting soon[] = {
		{ "busy-reply-threshold", "1", true }, { 0 } };
	struct db_user ann = user("ann", "%");
	struct redis *killer;
	enum db_status status = DB_CRASHED;
	pid_t pid;

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->configure(&op, soon));
	killer = client("ann", ann.password);
	assert_string_equal(says(killer, ARGV("PING")), "PONG");
	if ((pid = fork()) == 0) {
		says(client("ann", ann.password),
		    ARGV("EVAL", "while true do end", "0"));
		_exit(0);
	}
	while (!begins(says(killer, ARGV("GET", "k")), "BUSY"))
		usleep(1000);
	ok(db->status(&op, &status));
	assert_int_equal(status, DB_HEALTHY);
	assert_string_equal(says(killer, ARGV("SCRIPT", "KILL")), "OK");
	waitpid(pid, NULL, 0);
	ok(db->configure(&op, none));
}

static void
its_error_log_is_the_operators(void **state)
{
	const struct db_log *l;

	(void)state;
	ok(db->log_list(&op, &l));
	assert_string_equal(l[1].name, "error");
	assert_true(l[1].system && l[1].on && l[1].size > 0);
	assert_null(l[2].name);
}

/* --- slow commands -------------------------------------------------------------- */

#define SLOW	"agent/slow_query.log"
#define SLOWLY_SAID	"SET", "word", "slow\nand \"odd\" \xff"
#define AS_TEXT	"\"SET\" \"word\" \"slow\\x0aand \\\"odd\\\" \\xff\""

static int
times(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* All are slow, of a server that keeps so many. */
static struct redis *
slow(const char *kept)
{
	const struct db_setting s[] = {
		{ "slowlog-log-slower-than", "0", true },
		{ "slowlog-max-len", kept, true }, { 0 } };
	struct db_user ann = user("ann", "%");

	unlink(file_data(&op, SLOW));
	db->start(&op);			/* the next agent's: it adopts */
	ok(db->user_create(&op, &ann));
	ok(db->configure(&op, s));
	return client("ann", ann.password);
}

static int
quick(void **state)
{
	ok(db->log_set(&op, "slow_query", false));
	ok(db->configure(&op, none));
	unlink(file_data(&op, SLOW ".1"));
	return end(state);
}

static void
say(struct redis *r, int n)
{
	for (int i = 0; i < n; i++)
		assert_string_equal(says(r, ARGV(SLOWLY_SAID)), "OK");
}

static void
slow_commands_are_lines_of_a_file_and_the_agent_s_are_not(void **state)
{
	struct redis *r = slow("128");
	const char *all;

	(void)state;
	say(r, 1);
	ok(db->log_write(&op));
	assert_int_equal(access(file_data(&op, SLOW), F_OK), -1);
	ok(db->log_set(&op, "slow_query", true));
	says(r, ARGV("CLIENT", "SETNAME", "hers"));
	say(r, 3);
	says(client("ann", "no-Secret"), ARGV("PING"));
	for (int i = 0; i < 2; i++) {
		ok(db->log_write(&op));
		all = file_text(SLOW);
		assert_int_equal(times(all, AS_TEXT "\n"), 3);
		assert_int_equal(times(all, " client=127."), times(all, "\n"));
		assert_int_equal(times(all, " name=\"hers\" "), 4);
		for (size_t k = 0; k < 4; k++)
			assert_null(strstr(all, ARGV("lost=", "INFO", "DBSIZE",
			    "Secret")[k]));
	}
	ok(db->log_set(&op, "slow_query", false));
	say(r, 2);
	ok(db->log_write(&op));
	ok(db->log_set(&op, "slow_query", true));
	say(r, 1);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT "\n"), 4);
}

/* Whatever it had written when it was killed, and wherever the file is now. */
static void
the_next_agent_writes_no_slow_command_twice(void **state)
{
	struct redis *r = slow("128");
	const char *all, *aside = file_data(&op, SLOW ".1");

	(void)state;
	ok(db->log_set(&op, "slow_query", true));
	say(r, 3);
	ok(db->log_write(&op));
	all = file_text(SLOW);
	assert_int_equal(truncate(file_data(&op, SLOW),
	    (off_t)strlen(all) - 5), 0);
	ok(db->start(&op));
	ok(db->log_write(&op));
	assert_string_equal(file_text(SLOW), all);
	say(r, 1);
	ok(db->log_write(&op));
	assert_true(log_rotate(&op, SLOW, 0));
	ok(db->start(&op));
	ok(db->log_write(&op));
	assert_int_equal(access(file_data(&op, SLOW), F_OK), -1);
	say(r, 2);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT "\n"), 2);
	assert_int_equal(times(file_text(SLOW ".1"), AS_TEXT "\n"), 4);
	unlink(aside);
}

static void
slow_commands_outlive_their_server(void **state)
{
	struct redis *r = slow("128");

	(void)state;
	ok(db->log_set(&op, "slow_query", true));
	say(r, 3);
	restart();
	say(client("ann", user("ann", "%").password), 2);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT "\n"), 5);
	kill_and_start();
	say(client("ann", user("ann", "%").password), 1);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT "\n"), 6);
}

static void
what_the_server_forgot_of_them_is_told(void **state)
{
	struct redis *r = slow("4");
	struct redis_reply reply;

	(void)state;
	ok(db->log_set(&op, "slow_query", true));
	say(r, 10);
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), " lost="), 1);
	assert_in_range(times(file_text(SLOW), AS_TEXT), 2, 4);
	ok(redis_ask(&op, &reply, ARGV("SLOWLOG", "RESET")));
	ok(db->log_write(&op));
	say(r, 1);
	ok(db->log_write(&op));
	assert_in_range(times(file_text(SLOW), AS_TEXT), 3, 5);
}

/* Its file may be anything: of another hand, or of a disk that is full. */
static void
a_slow_log_that_cannot_be_written_holds_nothing_up(void **state)
{
	struct redis *r = slow("128");
	const struct db_log *l;

	(void)state;
	ok(db->log_set(&op, "slow_query", true));
	assert_int_equal(symlink(file_data(&op, "redis.conf"),
	    file_data(&op, SLOW)), 0);
	say(r, 1);
	assert_int_equal(db->log_write(&op), ERR_INTERNAL);
	assert_null(strstr(file_text("redis.conf"), "SET"));
	ok(db->log_list(&op, &l));
	unlink(file_data(&op, SLOW));
	ok(db->log_write(&op));
	assert_int_equal(times(file_text(SLOW), AS_TEXT), 1);
}

/* --- backups ------------------------------------------------------------------ */

static enum err
restore_from(const char *path)
{
	int fd = open(path, O_RDONLY);
	enum err e = db->restore(&op, 0, fd);

	close(fd);
	return e;
}

static const char *
filled(struct redis *r, const char *with)
{
	assert_string_equal(says(r, ARGV("SET", "word", with)), "OK");
	for (int i = 0; i < 2000; i++)
		assert_string_equal(says(r, ARGV("SET",
		    op_printf(&op, "k%d", i), op_printf(&op, "%s-%*d", with,
		    i % 300, i))), "OK");
	return "OK";
}

static void
what_was_backed_up_is_what_is_restored(void **state)
{
	const char *path = file_data(&op, "backup.rdb");
	struct db_user ann = user("ann", "%");
	struct redis *r;

	(void)state;
	ok(db->user_create(&op, &ann));
	r = client("ann", ann.password);
	filled(r, "before");
	assert_int_equal(engine_backup(path, NULL), 0);
	assert_true(begins(file_text("backup.rdb"), "COFFER1 "));
	assert_string_equal(says(r, ARGV("FLUSHALL")), "OK");
	assert_string_equal(says(r, ARGV("SET", "later", "x")), "OK");
	ok(db->stop(&op));
	ok(restore_from(path));
	ok(db->restored(&op));
	ok(db->start(&op));
	wait_until_it_answers();
	for (int i = 0; i < 2; i++) {
		r = client("ann", ann.password);
		assert_string_equal(says(r, ARGV("DBSIZE")), "2001");
		assert_string_equal(says(r, ARGV("GET", "word")), "before");
		assert_string_equal(says(r, ARGV("GET", "k299")), op_printf(
		    &op, "before-%*d", 299, 299));
		kill_and_start();
	}
}

/* Those that were there then, as they were; a superuser is enabled anew. */
static void
a_backup_brings_its_users_and_no_root(void **state)
{
	const char *path = file_data(&op, "backup.rdb"), *was;
	struct db_user ann = user("ann", "%"), bea = user("bea", "%");
	struct db_user eve = user("eve", "%");
	struct db_user to = { .password = "other-Secret2" };

	(void)state;
	bea.password = "her-Secret3";
	ok(db->user_create(&op, &ann));
	ok(db->user_create(&op, &bea));
	ok(db->root_enable(&op, "root-Secret1"));
	assert_int_equal(engine_backup(path, NULL), 0);
	was = file_text("backup.rdb");
	assert_null(strstr(was, "Secret"));
	assert_null(strstr(was, "os_admin"));
	ok(db->user_delete(&op, &bea));
	ok(db->user_update(&op, &ann, &to));
	ok(db->user_create(&op, &eve));
	ok(db->stop(&op));
	ok(restore_from(path));
	assert_string_equal(listed(0, NULL), "ann eve");
	ok(db->restored(&op));
	assert_string_equal(listed(0, NULL), "ann bea");
	ok(db->start(&op));
	wait_until_it_answers();
	assert_string_equal(says(client("ann", ann.password), ARGV("PING")),
	    "PONG");
	assert_string_equal(says(client("bea", bea.password), ARGV("PING")),
	    "PONG");
	assert_non_null(strstr(says(client("root", "root-Secret1"),
	    ARGV("PING")), "WRONGPASS"));
	assert_non_null(strstr(says(client("eve", eve.password),
	    ARGV("PING")), "WRONGPASS"));
}

/* One from before there were users in it, or from Trove. */
static void
a_backup_without_users_leaves_those_that_are_there(void **state)
{
	const char *path = file_data(&op, "backup.rdb"), *s;
	struct db_user ann = user("ann", "%"), eve = user("eve", "%");
	size_t n, head;

	(void)state;
	ok(db->user_create(&op, &ann));
	filled(client("ann", ann.password), "before");
	assert_int_equal(engine_backup(path, NULL), 0);
	ok(db->user_create(&op, &eve));
	ok(db->stop(&op));
	ok(restore_from(path));		/* and nobody finds its users */
	ok(file_get(&op, path, &s, &n));
	head = 17 + (size_t)atol(s + strlen("COFFER1 "));
	assert_int_equal(memcmp(s + head, "REDIS", 5), 0);
	ok(file_put(&op, path, s + head, n - head));
	ok(restore_from(path));
	ok(db->restored(&op));
	ok(db->start(&op));
	wait_until_it_answers();
	assert_string_equal(listed(0, NULL), "ann eve");
	assert_string_equal(says(client("eve", eve.password),
	    ARGV("DBSIZE")), "2001");
}

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static const char *const no_users[] = {
	"os_admin\ts\t" HASH "\n", "root\ts\t" HASH "\n",
	"default\ts\t" HASH "\n", "a b\ts\t" HASH "\n",
	"ann\ts\t" HASH "\neve\ts\t" HASH "\nann\ts\t" HASH "\n",
	"ann\ts\t" HASH " +@all\n", "ann\ts\t0123\n", "ann\ts\t\n",
	"ann\ts\n", "ann\n", "\ts\t" HASH "\n",
};

static void
only_users_are_taken_for_users(void **state)
{
	const char *path = file_data(&op, "backup.rdb"), *s;
	struct db_user ann = user("ann", "%");
	static const char *const heads[] = { "COFFER1 00000001", "COFFER1 -",
	    "COFFER1 99999999\n", "COFFER1 00000009\nann\ts", "COFFER2 00000000",
	    "COFFER1 00000000\nREDI", "COFFER1 00000000\nCOFFER1 00000000\n" };

	(void)state;
	ok(db->user_create(&op, &ann));
	for (size_t i = 0; i < ROWS(no_users); i++) {
		s = op_printf(&op, "COFFER1 %08zu\n%sREDIS0011-and-so-on",
		    strlen(no_users[i]), no_users[i]);
		ok(file_put(&op, path, s, strlen(s)));
		assert_int_not_equal(restore_from(path), OK);
		assert_null(strstr(op.why, HASH));
	}
	for (size_t i = 0; i < ROWS(heads); i++) {
		ok(file_put(&op, path, heads[i], strlen(heads[i])));
		assert_int_equal(restore_from(path), ERR_BAD_REQUEST);
	}
	assert_string_equal(listed(0, NULL), "ann");
}

static void
only_whole_snapshots_are_taken_and_given(void **state)
{
	const char *path = file_data(&op, "backup.rdb"), *mark;

	(void)state;
	assert_int_equal(engine_backup(path, "12345"), 1);
	assert_int_equal(db->backup(&op, "12345", -1, &mark), ERR_NOT_BUILT);
	assert_int_equal(db->restore(&op, 1, -1), ERR_BAD_REQUEST);
	ok(file_put(&op, path, "xbstream", 8));
	assert_int_equal(restore_from(path), ERR_BAD_REQUEST);
	ok(file_put(&op, path, "", 0));
	assert_int_equal(restore_from(path), ERR_BAD_REQUEST);
}

static void
a_backup_that_the_server_cuts_short_fails(void **state)
{
	static const struct db_setting large[] = {
		{ "rdbcompression", "0", true }, { 0 } };
	struct db_user ann = user("ann", "%");
	int fds[2], status, got = 0;
	char buf[4096];
	pid_t pid;

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->configure(&op, large));
	says(client("ann", ann.password), ARGV("EVAL", "for i = 1, 100 do "
	    "redis.call('SET', i, string.rep('x', 100000)) end", "0"));
	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		const char *mark;

		close(fds[0]);
		_exit(db->backup(&op, NULL, fds[1], &mark) == OK ? 0 : 1);
	}
	close(fds[1]);
	got += (int)read(fds[0], buf, sizeof(buf));
	kill_and_start();
	while (read(fds[0], buf, sizeof(buf)) > 0)
		;
	close(fds[0]);
	waitpid(pid, &status, 0);
	assert_true(got > 0);
	assert_int_equal(WEXITSTATUS(status), 1);
	ok(db->configure(&op, none));
}

#define MINE(f) cmocka_unit_test_setup_teardown(f, engine_begin, end)
#define SLOWLY(f) cmocka_unit_test_setup_teardown(f, engine_begin, quick)

static const struct CMUnitTest own[] = {
	MINE(users_come_and_go_and_are_listed_page_by_page),
	MINE(a_user_has_the_data_and_not_the_server),
	MINE(nobody_gets_in_without_a_name_and_a_password),
	MINE(a_changed_password_is_the_one_that_counts),
	MINE(a_renamed_user_keeps_the_password_and_leaves_nobody),
	MINE(a_deleted_user_s_sessions_end),
	MINE(users_outlive_a_server_that_is_killed),
	MINE(passwords_are_nowhere_to_be_read),
	MINE(odd_names_stay_names),
	MINE(what_redis_has_no_word_for_is_refused),
	MINE(root_has_all_but_what_is_the_agent_s),
	MINE(root_is_enabled_and_disabled_and_never_listed),
	MINE(settings_are_there_at_once_and_after_a_start_and_go_to_defaults),
	MINE(many_settings_are_set_at_once),
	MINE(odd_values_stay_values),
	MINE(what_the_server_refuses_leaves_all_as_it_was),
	MINE(a_server_that_does_not_start_gets_no_settings),
	MINE(memory_follows_the_flavor),
	MINE(the_next_agent_adopts_the_server),
	MINE(a_killed_server_is_seen_and_comes_back_with_its_data),
	MINE(a_server_without_free_connections_still_obeys),
	MINE(a_server_busy_with_a_script_is_alive),
	MINE(its_error_log_is_the_operators),
	SLOWLY(slow_commands_are_lines_of_a_file_and_the_agent_s_are_not),
	SLOWLY(the_next_agent_writes_no_slow_command_twice),
	SLOWLY(slow_commands_outlive_their_server),
	SLOWLY(what_the_server_forgot_of_them_is_told),
	SLOWLY(a_slow_log_that_cannot_be_written_holds_nothing_up),
	MINE(what_was_backed_up_is_what_is_restored),
	MINE(a_backup_brings_its_users_and_no_root),
	MINE(a_backup_without_users_leaves_those_that_are_there),
	MINE(only_users_are_taken_for_users),
	MINE(only_whole_snapshots_are_taken_and_given),
	MINE(a_backup_that_the_server_cuts_short_fails),
};

static const char *const logs[] = { "slow_query", NULL };
const struct engine_case case_redis = {
	.engine = &datastore_redis,
	.make = make, .use = use,
	.setting = "timeout", .value = "77",
	.logs = logs,
	.own = own, .own_count = ROWS(own),
};
