/* Orders that move data: an engine without any, a real process, a small storage. */
#include "t/unit/test_data.h"
#include "t/unit/object_fixture.h"
#include "t/unit/transfer_fixture.h"
#include "agent/supervisor.h"
#include "agent/transfer.h"
#include "lib/base/log.h"
#include "lib/base/md5.h"
#include "lib/msg/channel.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ONE	"11111111-2222-4333-8444-555566660001"
#define TWO	"11111111-2222-4333-8444-555566660002"
#define give	transfer_fixture_give
#define await	transfer_fixture_await
#define done	transfer_fixture_do

static int
fresh(void **state)
{
	data_begin(state);
	set("agent", "fail", "");
	transfer_fixture_begin(&op, &datastore_null);
	return 0;
}

static int
gone(void **state)
{
	object_fixture_behave("");
	transfer_kill();
	channel_close();
	object_fixture_clear();
	return data_end(state);
}

static const char *
backup_of(const char *id, const char *since)
{
	return transfer_fixture_backup(&op, id, 1 << 20, since);
}

static const char *
chain(const char *first, const char *second)
{
	const char *const backups[] = { first, second, NULL };

	return transfer_fixture_restore(&op, backups);
}

static bool
is_stored(const char *backup, const char *name)
{
	return access(object_fixture_path(op_printf(&op, "%s_%s", backup,
	    name)), F_OK) == 0;
}

static void
a_backup_is_stored_and_told_of(void **state)
{
	const struct json *r, *s;

	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	r = transfer_fixture_result(&op, ONE);
	assert_non_null(r);
	assert_int_equal(json_count(json_get(r, "segments")), 1);
	s = json_at(json_get(r, "segments"), 0);
	assert_string_equal(json_str(json_get(s, "name")), ONE "_00000000");
	assert_true(json_int(json_get(s, "bytes")) ==
	    json_int(json_get(r, "bytes")));
	assert_int_equal(strlen(json_str(json_get(s, "md5"))), 32);
	assert_int_equal(json_int(json_get(r, "plain_bytes")), 7);
	assert_string_equal(json_str(json_get(r, "mark")), "1");
	assert_true(is_stored(ONE, "00000000"));
	assert_false(is_stored(ONE, "00000001"));
}

static void
a_chain_is_taken_back_in_its_order_only(void **state)
{
	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	assert_int_equal(done("t2:backup", ORDER_BACKUP, backup_of(TWO, "1")),
	    OK);
	assert_int_equal(done("t3:restore", ORDER_RESTORE, chain(ONE, TWO)),
	    OK);
	assert_true(supervisor_ready());
	assert_false(journal_stopped());
	assert_int_equal(done("t4:restore", ORDER_RESTORE, chain(TWO, ONE)),
	    ERR_GUEST);
	assert_false(supervisor_ready());
}

static void
what_the_key_and_the_leave_say_stands_nowhere(void **state)
{
	const char *body = backup_of(ONE, NULL), *key = strstr(body, "key\":\"");
	const char *line;
	size_t n;

	(void)state;
	object_fixture_behave("hold -1");
	give("t1:backup", ORDER_BACKUP, body);
	for (int i = 0; i < 2000 && object_fixture_requests() == 0; i++)
		usleep(2000);
	assert_int_equal(system(op_printf(&op, "cat /proc/[0-9]*/cmdline "
	    "2>/dev/null | tr '\\0' ' ' >%s/lines", data)), 0);
	assert_int_equal(file_get(&op, op_printf(&op, "%s/lines", data), &line,
	    &n), OK);
	assert_non_null(memmem(line, n, "coffer-transfer", 15));
	assert_null(memmem(line, n, op_strndup(&op, key + 6, 64), 64));
	assert_null(memmem(line, n, "signed=", 7));
	object_fixture_behave("");
	assert_int_equal(await("t1:backup")->err, OK);
	assert_int_equal(file_get(&op, op_printf(&op, "%s/agent/journal",
	    data), &line, &n), OK);
	assert_null(memmem(line, n, op_strndup(&op, key + 6, 64), 64));
}

static void
one_goes_at_a_time_and_a_repeated_order_is_the_same_one(void **state)
{
	int before = object_fixture_requests();

	(void)state;
	object_fixture_behave("hold -1");
	give("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL));
	give("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL));
	assert_int_equal(done("t2:backup", ORDER_BACKUP, backup_of(TWO, NULL)),
	    ERR_BAD_REQUEST);
	assert_string_equal(journal_find("t2:backup")->why,
	    "A backup is under way.");
	assert_false(journal_find("t1:backup")->ended);
	object_fixture_behave("");
	assert_int_equal(await("t1:backup")->err, OK);
	assert_int_equal(object_fixture_requests() - before, 2);
	give("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL));
	assert_int_equal(transfer_watch(), -1);
}

static void
a_long_one_is_known_after_its_order_was_forgotten(void **state)
{
	(void)state;
	object_fixture_behave("hold -1");
	give("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL));
	for (int i = 0; i < JOURNAL_ORDERS; i++)
		give(op_printf(&op, "n%d:order", i), ORDER_ROOT_DISABLE, NULL);
	assert_null(journal_find("t1:backup"));
	give("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL));
	assert_null(journal_find("t1:backup"));
	object_fixture_behave("");
	assert_int_equal(await("t1:backup")->err, OK);
}

static void
a_cancelled_one_ends_at_once_and_leaves_no_result(void **state)
{
	(void)state;
	object_fixture_behave("hold -1");
	give("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL));
	assert_int_equal(done("t2:cancel", ORDER_CANCEL, NULL), OK);
	assert_int_equal(await("t1:backup")->err, ERR_GUEST);
	assert_string_equal(journal_find("t1:backup")->why,
	    "The backup was cancelled.");
	object_fixture_behave("");
	assert_false(is_stored(ONE, "result"));
	assert_int_equal(done("t3:cancel", ORDER_CANCEL, NULL), OK);
	assert_int_equal(done("t4:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	assert_true(supervisor_ready());
}

static enum err
down(struct op *o, enum db_status *status)
{
	*status = DB_CRASHED;
	return op_fail(o, ERR_GUEST, "not yet");
}

/* One that is starting may not hear that it is to end. */
static void
a_restore_waits_for_a_server_that_is_starting(void **state)
{
	static struct datastore engine;
	const char *body;

	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	body = chain(ONE, NULL);
	engine = datastore_null;
	engine.status = down;
	supervisor_open(&op, &engine);
	give("t2:restore", ORDER_RESTORE, body);
	assert_null(journal_find("t2:restore"));
	assert_int_equal(transfer_watch(), -1);
	engine.status = datastore_null.status;
	assert_int_equal(await("t2:restore")->err, OK);
	assert_true(supervisor_ready());
}

static void
one_that_waits_for_the_server_is_cancelled_too(void **state)
{
	static struct datastore engine;

	(void)state;
	engine = datastore_null;
	engine.status = down;
	supervisor_open(&op, &engine);
	give("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL));
	assert_null(journal_find("t1:backup"));
	assert_int_equal(done("t2:cancel", ORDER_CANCEL, NULL), OK);
	engine.status = datastore_null.status;
	supervisor_open(&op, &engine);
	transfer_fixture_turn();
	assert_true(supervisor_ready());
	transfer_fixture_turn();
	assert_null(journal_find("t1:backup"));
}

static void
a_killed_process_fails_the_order_and_the_next_one_works(void **state)
{
	(void)state;
	object_fixture_behave("hold -1");
	give("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL));
	assert_int_equal(kill(transfer_fixture_child(getpid(),
	    "coffer-transfer"), SIGKILL), 0);
	assert_int_equal(await("t1:backup")->err, ERR_GUEST);
	assert_string_equal(journal_find("t1:backup")->why,
	    "The backup was killed.");
	object_fixture_behave("");
	assert_int_equal(done("t2:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
}

static void
storage_that_is_away_for_a_moment_is_waited_for(void **state)
{
	(void)state;
	object_fixture_behave("503 2");
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	assert_int_equal(done("t2:restore", ORDER_RESTORE, chain(ONE, NULL)),
	    OK);
}

static void
storage_that_refuses_is_named_as_the_cause(void **state)
{
	(void)state;
	object_fixture_behave("403 -1");
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    ERR_UNAVAILABLE);
	assert_string_equal(journal_find("t1:backup")->why,
	    "Storage answers 403 to a PUT of object 00000000.");
	assert_true(object_fixture_empty());
}

/* All of its data are in storage, and nobody will take them for a backup. */
static void
an_engine_that_fails_at_the_end_leaves_no_result(void **state)
{
	(void)state;
	assert_int_equal(conf_set(&op, "agent", "fail", "backup:1"), OK);
	assert_int_equal(conf_set(&op, "agent", "engine", "failing"), OK);
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    ERR_GUEST);
	assert_string_equal(journal_find("t1:backup")->why,
	    "backup fails, as it was asked to");
	assert_false(is_stored(ONE, "result"));
}

static void
a_restore_whose_engine_fails_leaves_the_server_down(void **state)
{
	static const char *const calls[] = { "restore:1", "restored:1" };

	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	assert_int_equal(conf_set(&op, "agent", "engine", "failing"), OK);
	for (size_t i = 0; i < ROWS(calls); i++) {
		const char *id = op_printf(&op, "t%zu:restore", i + 2);

		assert_int_equal(conf_set(&op, "agent", "fail", calls[i]), OK);
		assert_int_equal(done(id, ORDER_RESTORE, chain(ONE, NULL)),
		    ERR_GUEST);
		assert_non_null(strstr(journal_find(id)->why, "fails, as"));
		assert_false(supervisor_ready());
	}
	assert_true(journal_stopped());
}

/* What it left unread was not looked at either. */
static void
an_engine_that_does_not_read_to_the_end_has_restored_nothing(void **state)
{
	(void)state;
	assert_int_equal(conf_set(&op, "agent", "engine", "failing"), OK);
	assert_int_equal(conf_set(&op, "agent", "fail", "restore_early:1"), OK);
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	assert_int_equal(done("t2:restore", ORDER_RESTORE, chain(ONE, NULL)),
	    ERR_GUEST);
	assert_non_null(strstr(journal_find("t2:restore")->why,
	    "stopped reading"));
	assert_true(journal_stopped());
}

/* One object as it lies there, and what is said of its parts. */
static const char *
old_order(const char *name, const char *first, const char *second)
{
	char md5[2][MD5_HEX + 1];
	FILE *f = fopen(object_fixture_path(name), "w");

	assert_true(fprintf(f, "%s%s", first, second) > 0);
	fclose(f);
	md5_hex(md5[0], first, strlen(first));
	md5_hex(md5[1], second, strlen(second));
	return op_printf(&op, "{\"chain\":[{\"backup\":\"" ONE "\",\"old\":"
	    "{\"gzip\":false,\"opens\":null},\"segments\":[{\"bytes\":%zu,"
	    "\"md5\":\"%s\"},{\"bytes\":%zu,\"md5\":\"%s\"}],\"bytes\":%zu,"
	    "\"get\":{\"socket\":\"%s\",\"before\":\"http://storage/%s\"}}]}",
	    strlen(first), md5[0], strlen(second), md5[1],
	    strlen(first) + strlen(second), object_fixture_socket(), name);
}

static void
what_an_older_trove_stored_is_taken_back_when_its_digests_fit(void **state)
{
	const char *body = old_order("old", "null 1\n", "abc");

	(void)state;
	assert_int_equal(done("t1:restore", ORDER_RESTORE, body), OK);
	assert_true(supervisor_ready());
	(void)old_order("old", "null 1\n", "abd");
	assert_int_equal(done("t2:restore", ORDER_RESTORE, body),
	    ERR_UNPROCESSABLE);
	assert_non_null(strstr(journal_find("t2:restore")->why,
	    "is damaged: the MD5 of 3 bytes from 7"));
	assert_false(supervisor_ready());
	(void)old_order("old", "null 1\n", "ab");
	assert_int_equal(done("t3:restore", ORDER_RESTORE, body),
	    ERR_UNPROCESSABLE);
	assert_false(supervisor_ready());
}

/* --- what is not what was stored ------------------------------------------------------ */

static void
object_write(const char *backup, const char *bytes, size_t n)
{
	FILE *f = fopen(object_fixture_path(op_printf(&op, "%s_00000000",
	    backup)), "w");

	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void
objects_that_changed_are_refused_before_the_server_runs(void **state)
{
	const char *one, *two, *body;
	char *bent;
	size_t n, m;

	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	assert_int_equal(done("t2:backup", ORDER_BACKUP, backup_of(TWO, NULL)),
	    OK);
	file_get(&op, object_fixture_path(ONE "_00000000"), &one, &n);
	file_get(&op, object_fixture_path(TWO "_00000000"), &two, &m);
	body = chain(ONE, NULL);
	bent = op_strndup(&op, one, n);
	bent[n / 2] ^= 1;
	object_write(ONE, bent, n);
	assert_int_equal(done("t3:restore", ORDER_RESTORE, body), ERR_UNPROCESSABLE);
	object_write(ONE, one, n - 1);
	assert_int_equal(done("t4:restore", ORDER_RESTORE, body), ERR_UNPROCESSABLE);
	object_write(ONE, op_printf(&op, "%s longer", one), n + 1);
	assert_int_equal(done("t5:restore", ORDER_RESTORE, body), ERR_UNPROCESSABLE);
	object_write(ONE, two, m);
	assert_int_equal(done("t6:restore", ORDER_RESTORE, body), ERR_UNPROCESSABLE);
	unlink(object_fixture_path(ONE "_00000000"));
	assert_int_equal(done("t7:restore", ORDER_RESTORE, body),
	    ERR_NOT_FOUND);
	assert_string_equal(journal_find("t7:restore")->why,
	    "Object 00000000 is not in storage.");
	assert_false(supervisor_ready());
	object_write(ONE, one, n);
	assert_int_equal(done("t8:restore", ORDER_RESTORE, body), OK);
	assert_true(supervisor_ready());
}

/* Storage, a proxy, a network: what was read already is not asked for again. */
static void
an_object_that_breaks_off_goes_on_where_it_was(void **state)
{
	const char *body;
	int before;

	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	body = chain(ONE, NULL);
	before = object_fixture_requests();
	object_fixture_behave("cut 2");
	assert_int_equal(done("t2:restore", ORDER_RESTORE, body), OK);
	assert_int_equal(object_fixture_requests() - before, 3);
	assert_true(supervisor_ready());
}

/* Its length and MD5 are those of the order: the seal alone knows better. */
static void
another_backup_s_object_is_refused_though_the_order_names_it(void **state)
{
	const char *two, *body, *wrong;
	size_t m;

	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(TWO, NULL)),
	    OK);
	file_get(&op, object_fixture_path(TWO "_00000000"), &two, &m);
	object_write(ONE, two, m);
	body = chain(TWO, NULL);
	wrong = op_strdup(&op, body);
	for (char *at; (at = strstr(wrong, TWO)) != NULL;)
		memcpy(at, ONE, strlen(ONE));
	assert_int_equal(done("t2:restore", ORDER_RESTORE, wrong), ERR_UNPROCESSABLE);
	assert_int_equal(done("t3:restore", ORDER_RESTORE, body), OK);
}

/* --- while one goes ---------------------------------------------------------------------- */

static void
nobody_starts_the_server_during_a_restore(void **state)
{
	const char *body;

	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	body = chain(ONE, NULL);
	object_fixture_behave("hold -1");
	give("t2:restore", ORDER_RESTORE, body);
	assert_false(supervisor_ready());
	assert_int_equal(done("t3:start", ORDER_START, NULL), ERR_BAD_REQUEST);
	assert_int_equal(done("t4:restart", ORDER_RESTART, NULL),
	    ERR_BAD_REQUEST);
	assert_string_equal(journal_find("t4:restart")->why,
	    "A restore is under way.");
	assert_false(supervisor_ready());
	object_fixture_behave("");
	assert_int_equal(await("t2:restore")->err, OK);
	assert_true(supervisor_ready());
}

/* The agent's successor knows that the server has to stay down. */
static void
a_restore_cut_off_by_a_crash_is_done_again(void **state)
{
	const char *body;

	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	body = chain(ONE, NULL);
	object_fixture_behave("hold -1");
	give("t2:restore", ORDER_RESTORE, body);
	transfer_kill();
	transfer_fixture_begin(&op, &datastore_null);
	assert_false(supervisor_ready());
	assert_true(journal_stopped());
	object_fixture_behave("");
	assert_int_equal(done("t2:restore", ORDER_RESTORE, body), OK);
	assert_true(supervisor_ready());
}

static const struct { enum order_kind kind; const char *from, *to; } wrong[] = {
	{ ORDER_BACKUP, ONE, "../../etc" },
	{ ORDER_BACKUP, "\"key\":\"", "\"key\":\"0" },
	{ ORDER_BACKUP, "http://storage", "file:///etc/passwd" },
	{ ORDER_BACKUP, "?signed=canary", "\\r\\nX: y" },
	{ ORDER_BACKUP, "1048576", "0" },
	{ ORDER_BACKUP, "\"since\":null", "\"since\":\"a b\"" },
	{ ORDER_RESTORE, "\"chain\"", "\"train\"" },
	{ ORDER_RESTORE, "_00000000", "_../../0" },
	{ ORDER_RESTORE, "\"segments\"", "\"pieces\"" },
	{ ORDER_RESTORE, "\"bytes\":", "\"bytes\":9" },
	{ ORDER_RESTORE, "\"md5\":\"", "\"md5\":\"z" },
	{ ORDER_RESTORE, "http://", "gopher://" },
	{ ORDER_RESTORE, "\"key\":", "\"old\":1,\"key\":" },
	{ ORDER_RESTORE, "\"key\":", "\"old\":{\"opens\":\"12\"},\"key\":" },
	{ ORDER_BACKUP, "\"key\":", "\"old\":{},\"lock\":" },
	{ ORDER_RESTORE, "\"after\":", "\"signed\":[],\"after\":" },
	{ ORDER_BACKUP, "\"after\":", "\"signed\":{\"a\":5},\"after\":" },
	{ ORDER_BACKUP, "\"after\":", "\"signed\":{\"a\":\"b c\"},\"after\":" },
};

static void
wrong_orders_are_refused_before_anything_stops(void **state)
{
	const char *bodies[ORDER__MAX] = { NULL };

	(void)state;
	assert_int_equal(done("t1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	bodies[ORDER_BACKUP] = backup_of(ONE, NULL);
	bodies[ORDER_RESTORE] = chain(ONE, NULL);
	for (size_t i = 0; i < ROWS(wrong); i++) {
		const char *body = bodies[wrong[i].kind];
		const char *at = strstr(body, wrong[i].from);
		const char *id = op_printf(&op, "w%zu:order", i);

		if (at == NULL)
			fail_msg("row %zu: no %s", i, wrong[i].from);
		if (done(id, wrong[i].kind, op_printf(&op, "%.*s%s%s",
		    (int)(at - body), body, wrong[i].to,
		    at + strlen(wrong[i].from))) != ERR_BAD_REQUEST)
			fail_msg("row %zu: %s", i, journal_find(id)->why);
		assert_true(supervisor_ready());
	}
}

/* As storage lends that signs each name by itself. */
static const char *
signed_for(const char *map)
{
	const char *body = backup_of(ONE, NULL);
	const char *at = strstr(body, "\"after\":");

	assert_non_null(at);
	return op_printf(&op, "%.*s\"signed\":{%s},%s", (int)(at - body), body,
	    map, at);
}

static void
a_name_without_a_signature_of_its_own_is_not_written(void **state)
{
	(void)state;
	assert_int_not_equal(done("s0:backup", ORDER_BACKUP, signed_for("")),
	    OK);
	assert_non_null(strstr(journal_find("s0:backup")->why,
	    "no leave for object 00000000"));
	assert_true(object_fixture_empty());
	assert_int_not_equal(done("s1:backup", ORDER_BACKUP, signed_for(
	    "\"00000000\":\"&a\"")), OK);
	assert_non_null(strstr(journal_find("s1:backup")->why,
	    "no leave for object result"));
	assert_int_equal(done("s2:backup", ORDER_BACKUP, signed_for(
	    "\"00000000\":\"&a\",\"result\":\"&b\"")), OK);
}

/* As storage lends that signs each name, and has to sign many. */
static const char *
book_for(const char *plain, size_t n)
{
	const char *body = backup_of(ONE, NULL);
	const char *at = strstr(body, "\"after\":");
	unsigned char *sealed = op_alloc(&op, n + SEAL_MORE);
	struct key own, key;
	FILE *f;

	assert_non_null(at);
	seal_hash(own.b, ONE, strlen(ONE));
	seal_derive(&key, &own, "leave", ONE, 0);
	seal_close(sealed, &key, "leave", 5, plain, n);
	f = fopen(object_fixture_path(ONE "_leave"), "w");
	assert_int_equal(fwrite(sealed, 1, n + SEAL_MORE, f), n + SEAL_MORE);
	fclose(f);
	return op_printf(&op, "%.*s\"book\":{\"after\":\"?get=1\",\"bytes\":"
	    "%zu},%s", (int)(at - body), body, n + SEAL_MORE, at);
}

static void
signatures_that_are_too_many_to_be_told_are_read_from_storage(void **state)
{
	char book[7 + 2 * SEAL_HASH] = "?sig=x\n";
	const char *body;

	(void)state;
	memset(book + 7, 'a', 2 * SEAL_HASH);
	assert_int_equal(done("b1:backup", ORDER_BACKUP, book_for(book,
	    sizeof(book))), OK);
	assert_true(is_stored(ONE, "00000000"));
	assert_true(is_stored(ONE, "result"));
	object_fixture_clear();
	assert_int_not_equal(done("b2:backup", ORDER_BACKUP, book_for(book,
	    sizeof(book) - SEAL_HASH)), OK);
	assert_non_null(strstr(journal_find("b2:backup")->why,
	    "no leave for object 00000000"));
	assert_false(is_stored(ONE, "00000000"));
	body = book_for(book, sizeof(book));
	assert_int_equal(truncate(object_fixture_path(ONE "_leave"), 9), 0);
	assert_int_not_equal(done("b3:backup", ORDER_BACKUP, body), OK);
	assert_non_null(strstr(journal_find("b3:backup")->why, "leave"));
	(void)book_for(book, sizeof(book) - 1);
	assert_int_not_equal(done("b4:backup", ORDER_BACKUP, body), OK);
	body = book_for("nothing", 7);
	assert_int_not_equal(done("b5:backup", ORDER_BACKUP, body), OK);
	assert_non_null(strstr(journal_find("b5:backup")->why, "empty"));
	assert_false(is_stored(ONE, "00000000"));
}

/* Of how many, and how large each is, is all that an order can say then. */
static void
segments_that_are_too_many_to_be_listed_are_counted(void **state)
{
	const char *body, *list, *end;
	const struct json *r;

	(void)state;
	assert_int_equal(done("n1:backup", ORDER_BACKUP, backup_of(ONE, NULL)),
	    OK);
	r = transfer_fixture_result(&op, ONE);
	body = chain(ONE, NULL);
	list = strstr(body, "\"segments\":[");
	end = strchr(list, ']') + 1;
	assert_int_equal(done("n2:restore", ORDER_RESTORE, op_printf(&op,
	    "%.*s\"segments\":{\"each\":4096}%s", (int)(list - body), body,
	    end)), OK);
	assert_true(supervisor_ready());
	/* one more, which is not there */
	list = strstr(body, "\"bytes\":");
	end = strstr(body, "]");
	body = op_printf(&op, "%.*s\"bytes\":%lld,\"segments\":{\"each\":4096}"
	    "%s", (int)(list - body), body, (long long)json_int(json_get(r,
	    "bytes")) + 4096, end + 1);
	assert_int_not_equal(done("n3:restore", ORDER_RESTORE, body), OK);
	assert_false(supervisor_ready());
	for (int i = 0; i < 3; i++) {
		static const char *const bad[] = { "4095", "-1", "null" };
		char *odd = op_strdup(&op, body);

		odd[strstr(odd, "4096") - odd] = '\0';
		assert_int_equal(done(op_printf(&op, "n4%d:restore", i),
		    ORDER_RESTORE, op_printf(&op, "%s%s%s", odd, bad[i],
		    strstr(body, "4096") + 4)), ERR_BAD_REQUEST);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_backup_is_stored_and_told_of),
		TEST(signatures_that_are_too_many_to_be_told_are_read_from_storage),
		TEST(segments_that_are_too_many_to_be_listed_are_counted),
		TEST(a_chain_is_taken_back_in_its_order_only),
		TEST(what_the_key_and_the_leave_say_stands_nowhere),
		TEST(one_goes_at_a_time_and_a_repeated_order_is_the_same_one),
		TEST(a_long_one_is_known_after_its_order_was_forgotten),
		TEST(a_cancelled_one_ends_at_once_and_leaves_no_result),
		TEST(a_restore_waits_for_a_server_that_is_starting),
		TEST(one_that_waits_for_the_server_is_cancelled_too),
		TEST(a_killed_process_fails_the_order_and_the_next_one_works),
		TEST(storage_that_is_away_for_a_moment_is_waited_for),
		TEST(storage_that_refuses_is_named_as_the_cause),
		TEST(an_engine_that_fails_at_the_end_leaves_no_result),
		TEST(a_restore_whose_engine_fails_leaves_the_server_down),
		TEST(
		    an_engine_that_does_not_read_to_the_end_has_restored_nothing),
		TEST(objects_that_changed_are_refused_before_the_server_runs),
		TEST(an_object_that_breaks_off_goes_on_where_it_was),
		TEST(another_backup_s_object_is_refused_though_the_order_names_it),
		TEST(nobody_starts_the_server_during_a_restore),
		TEST(a_restore_cut_off_by_a_crash_is_done_again),
		TEST(what_an_older_trove_stored_is_taken_back_when_its_digests_fit),
		TEST(wrong_orders_are_refused_before_anything_stops),
		TEST(a_name_without_a_signature_of_its_own_is_not_written),
	};

	log_init("transfer_test", LOG_ERROR);
	transfer_fixture_program();
	return cmocka_run_group_tests_name("transfer", tests,
	    object_fixture_start, object_fixture_stop);
}
