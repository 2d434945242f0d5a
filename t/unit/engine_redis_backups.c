/* Backups of Redis: a snapshot, and the users beside it. */
#include "t/unit/engine_redis.h"
#include "agent/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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
	assert_string_equal(users(0, NULL), "ann@% eve@%");
	ok(db->restored(&op));
	assert_string_equal(users(0, NULL), "ann@% bea@%");
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
	assert_string_equal(users(0, NULL), "ann@% eve@%");
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
	assert_string_equal(users(0, NULL), "ann@%");
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
		{ "rdbcompression", "0", true }, { 0 } }, none[] = { { 0 } };
	struct db_user ann = user("ann", "%");
	int fds[2], got = 0;
	char buf[4096], last = 0;
	ssize_t n;
	pid_t pid;

	(void)state;
	ok(db->user_create(&op, &ann));
	ok(db->configure(&op, large));
	says(client("ann", ann.password), ARGV("EVAL", "for i = 1, 100 do "
	    "redis.call('SET', i, string.rep('x', 100000)) end", "0"));
	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		const char *mark, *word;

		close(fds[0]);
		word = db->backup(&op, NULL, fds[1], &mark) == OK ? "Y" : "N";
		_exit(write(fds[1], word, 1) != 1);
	}
	close(fds[1]);
	/* More than its users: what a server that is started anew would not go on with. */
	while (got < 65536 && (n = read(fds[0], buf, sizeof(buf))) > 0)
		got += (int)n;
	kill_and_start();
	while ((n = read(fds[0], buf, sizeof(buf))) > 0)
		last = buf[n - 1];
	close(fds[0]);
	waitpid(pid, NULL, 0);		/* unless the agent did */
	assert_true(got >= 65536);
	assert_int_equal(last, 'N');
	ok(db->configure(&op, none));
}

const struct CMUnitTest redis_backups[] = {
	MINE(what_was_backed_up_is_what_is_restored),
	MINE(a_backup_brings_its_users_and_no_root),
	MINE(a_backup_without_users_leaves_those_that_are_there),
	MINE(only_users_are_taken_for_users),
	MINE(only_whole_snapshots_are_taken_and_given),
	MINE(a_backup_that_the_server_cuts_short_fails),
	{ 0 }
};
