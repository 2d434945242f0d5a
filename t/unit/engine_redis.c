/* What only Redis can get wrong. */
#include "t/unit/engine_redis.h"
#include "t/unit/engine_verify.h"
#include "t/unit/server_fixture.h"
#include "agent/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct server_fixture fixture = { .engine = "redis", .port = "33996" };

static bool
make(void)
{
	return server_fixture_make(&fixture);
}

/* With what a first start that a power cut ended left: a password's file, empty. */
static void
use(void)
{
	server_fixture_use(&fixture);
	server_fixture_set("agent", "memory_mb", "100");
	ok(file_directory(&op, file_data(&op, "agent")));
	ok(file_put(&op, file_data(&op, "agent/admin.pw"), "", 0));
}

/* What a test holds of the op stays. */
void
restart(void)
{
	ok(db->stop(&op));
	assert_int_equal(db->pid(), 0);
	ok(db->start(&op));
	wait_until_it_answers();
}

void
kill_and_start(void)
{
	kill_it();
	ok(db->start(&op));
	wait_until_it_answers();
}

/* --- clients ------------------------------------------------------------------ */

static void
client_free(void *r)
{
	redis_free(r);
}

struct redis *
client(const char *name, const char *password)
{
	struct redis_where where = { .host = fixture.address,
	    .port = atoi(fixture.port),
	    .user = name, .password = password, .timeout_ms = 5000 };
	struct redis *r = redis_new(&where);

	op_defer(&op, client_free, r);
	return r;
}

/* What the server says, as text; the refusal where it refuses. */
const char *
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

bool
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

const char *
file_text(const char *name)
{
	const char *s;
	size_t len;

	ok(file_get(&op, file_data(&op, name), &s, &len));
	return s;
}

int
redis_end(void **state)
{
	struct redis_reply reply;

	ok(db->root_disable(&op));
	ok(redis_ask(&op, &reply, ARGV("FLUSHALL")));
	return engine_end(state);
}

/* --- users -------------------------------------------------------------------- */

static bool
lets_in(const char *name, const char *password)
{
	const char *said = says(client(name, password), ARGV("PING"));

	assert_true(strcmp(said, "PONG") == 0 ||
	    strstr(said, "WRONGPASS") != NULL);
	return *said == 'P';
}

/* Waits for what nobody ever gives it. */
static pid_t
stays(const char *name, const char *password)
{
	struct redis_reply r = { 0 };
	pid_t pid = fork();

	if (pid == 0)
		_exit(*says(client(name, password),
		    ARGV("BLPOP", "never", "0")) == 'n' ? 0 : 1);
	while (r.text == NULL || strstr(r.text, "cmd=blpop") == NULL)
		ok(redis_ask(&op, &r, ARGV("CLIENT", "LIST")));
	return pid;
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
users_outlive_a_server_that_is_killed(void **state)
{
	struct db_user ann = user("ann", "%");

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->root_enable(&op, "root-Secret1"));
	kill_and_start();
	assert_string_equal(users(0, NULL), "ann@%");
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
		assert_string_equal(users(0, NULL), op_printf(&op,
		    "%s@%%", odd_names[i]));
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
	assert_string_equal(users(0, NULL), "ann@%");
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

/* --- settings ----------------------------------------------------------------- */

static const struct db_setting none[] = { { 0 } };

static const struct engine_setting some[] = {
	{ { "Timeout", "77", true }, "timeout", "77", "0", false },
	{ { "activerehashing", "0", true }, "activerehashing", "no", "yes", false },
	{ { "maxmemory-policy", "allkeys-lru", false }, "maxmemory-policy", "allkeys-lru", "noeviction", false },
	{ { "databases", "3", true }, "databases", "3", "16", true },
	{ { "save", "900 1 300 10", false }, "save", "900 1 300 10", "", false },
	{ { "maxclients", "300", true }, "maxclients", "300", "400", false },
	{ { 0 } }
};

static const char *const odd[] = { "include /etc/passwd", "\\x41", "д", NULL };

static const struct engine_wrong wrong[] = {
	{ { "nope", "1", true }, "no parameter nope" },
	{ { "hz", "x", false }, "hz: " },
	{ { "maxclients", "0", true }, "maxclients: argument must be between" },
	{ { "maxmemory-policy", "sometimes", false }, "must be one of" },
	{ { "activerehashing", "7", true }, "must be 'yes' or 'no'" },
	{ { "save", "often", false }, "save: " },
	{ { "dir", "/tmp", false }, "not a tenant's" },
	{ { "RequirePass", "x", false }, "not a tenant's" },
	{ { "maxmemory", "1", true }, "not a tenant's" },
	{ { 0 }, NULL }
};

static const struct engine_settings settings = {
	.parameter = parameter, .some = some,
	.text = "replica-announce-ip", .odd = odd,
	.odd_at_once = true, .odd_over_starts = true,
	.wrong = wrong, .good = { { "timeout", "1234", true },
	    { "databases", "5", true } },
	.deadly = { "databases", "-1", true },
};

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
a_word_is_kept(void)
{
	assert_string_equal(says(client("ann", user("ann", "%").password),
	    ARGV("SET", "k", "kept")), "OK");
}

static void
the_word_is_there(void)
{
	assert_string_equal(says(client("ann", user("ann", "%").password),
	    ARGV("GET", "k")), "kept");
}

/* As a server that wrote its log anew, and then found the disk full, leaves it. */
static void
holes_into_the_log(const size_t *sizes)
{
	const char *name = file_text(REDIS_DATA "/" REDIS_AOF "/"
	    REDIS_AOF_NAME ".manifest"), *path, *s, *next;
	static const char zeros[8192];
	struct text t;
	size_t len;

	while ((next = strstr(name + 1, "file ")) != NULL)
		name = next;
	path = file_data(&op, op_printf(&op, REDIS_DATA "/" REDIS_AOF "/%.*s",
	    (int)strcspn(name + 5, " "), name + 5));
	ok(file_get(&op, path, &s, &len));
	text_begin(&t, &op, len + 65536);
	for (; (next = strstr(s + 1, "*3\r\n$3\r\nSET")) != NULL; s = next) {
		text_addn(&t, s, (size_t)(next - s));
		text_addn(&t, zeros, *sizes);
		sizes += *sizes != 0;
	}
	assert_int_equal(*sizes, 0);
	text_add(&t, s);
	text_addn(&t, zeros, 7);
	ok(file_put(&op, path, t.s, t.len));
}

static void
a_log_that_a_full_disk_left_with_holes_is_read_to_its_end(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 999, 1000, 1001, 1002, 5000, 0 };
	const char *large = op_printf(&op, "%20000d*3", 7);
	const char *pipe = file_data(&op, REDIS_DATA "/" REDIS_AOF "/"
	    REDIS_AOF_NAME ".9.incr.aof");
	struct db_user ann = user("ann", "%");
	struct redis *r;

	(void)state;
	ok(db->user_create(&op, &ann));
	r = client("ann", ann.password);
	assert_string_equal(says(r, ARGV("SET", "large", large)), "OK");
	for (int i = 0; i < 8; i++)
		assert_string_equal(says(r, ARGV("SET", op_printf(&op, "k%d",
		    i), "*1")), "OK");
	assert_int_equal(kill(db->pid(), SIGKILL), 0);
	for (int n = 0; n < 1000 && db->pid() != 0; n++)
		usleep(5000);
	holes_into_the_log(sizes);
	ok(db->start(&op));
	for (int n = 0; n < 1000 && db->pid() != 0; n++)
		usleep(5000);
	assert_int_equal(db->pid(), 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);	/* of a server that was taken over */
	assert_int_equal(db->start(&op), ERR_INTERNAL);
	assert_int_equal(unlink(pipe), 0);
	ok(db->start(&op));
	wait_until_it_answers();
	r = client("ann", ann.password);
	assert_string_equal(says(r, ARGV("GET", "large")), large);
	for (int i = 0; i < 8; i++)
		assert_string_equal(says(r, ARGV("GET", op_printf(&op, "k%d",
		    i))), "*1");
	assert_int_equal(access(file_data(&op, "agent/redis.starting"), F_OK),
	    -1);
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

static const struct CMUnitTest redis_only[] = {
	MINE(a_user_has_the_data_and_not_the_server),
	MINE(nobody_gets_in_without_a_name_and_a_password),
	MINE(users_outlive_a_server_that_is_killed),
	MINE(passwords_are_nowhere_to_be_read),
	MINE(odd_names_stay_names),
	MINE(what_redis_has_no_word_for_is_refused),
	MINE(root_has_all_but_what_is_the_agent_s),
	MINE(many_settings_are_set_at_once),
	MINE(memory_follows_the_flavor),
	MINE(a_log_that_a_full_disk_left_with_holes_is_read_to_its_end),
	MINE(a_server_without_free_connections_still_obeys),
	MINE(a_server_busy_with_a_script_is_alive),
	MINE(its_error_log_is_the_operators),
	{ 0 }
};

static const char *const logs[] = { "slow_query", NULL };
const struct engine_case case_redis = {
	.engine = &datastore_redis,
	.make = make, .use = use,
	.setting = "timeout", .value = "77",
	.logs = logs,
	.lets_in = lets_in, .stays = stays, .root = "root",
	.before_kill = a_word_is_kept, .after_kill = the_word_is_there,
	.settings = &settings,
	.verify = &verify_redis,
	.own = { redis_only, redis_slow_log, redis_backups },
};
