/* Logs: files of a volume, and what of them comes to a small storage. */
#include "t/unit/test_data.h"
#include "t/unit/object_fixture.h"
#include "agent/db_logs.h"
#include "agent/log_job.h"
#include "agent/log_pieces.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG	"log/general.log"
#define AT	((int64_t)1795730848 * 1000000)

static int64_t now;			/* of the next order */

static void
bucket_clear(void)
{
	file_remove_tree(&op, object_fixture_path("p"));
	unlink(object_fixture_path("p_metafile"));
}

static int
fresh(void **state)
{
	data_begin(state);
	assert_int_equal(file_directory(&op, file_data(&op, "log")), OK);
	bucket_clear();
	assert_int_equal(mkdir(object_fixture_path("p"), 0777), 0);
	now = AT;
	return 0;
}

static int
gone(void **state)
{
	object_fixture_behave("");
	bucket_clear();
	return data_end(state);
}

/* --- words ----------------------------------------------------------------------- */

static void
add_bytes(const char *bytes, size_t n)
{
	FILE *f = fopen(file_data(&op, LOG), "a");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
add(const char *text)
{
	add_bytes(text, strlen(text));
}

static void
add_lines(int from, int n, int length)
{
	struct text t;

	text_begin(&t, &op, 4096);
	for (int i = from; i < from + n; i++)
		text_printf(&t, "%0*d\n", length, i);
	add_bytes(t.s, t.len);
}

static enum err
ship(void)
{
	static const struct db_log_file file = { "general", LOG, false };
	const struct log_job job = { .name = "general", .file = &file,
	    .at = now += 1000, .expiry = 3600, .leave = {
	    .before = op_printf(&op, "%sp", object_fixture_url()),
	    .after = "" } };
	struct op own;
	enum err e;

	op_begin(&own, "ship");
	e = log_ship(&own, &job);
	op_end(&own);
	return e;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_object(const struct dirent *e)
{
	return strncmp(e->d_name, "log-", 4) == 0;
}

/* All objects in order, and how many there are. */
static const char *
stored(int *n)
{
	struct dirent **e;
	struct text t;

	text_begin(&t, &op, 4096);
	*n = scandir(object_fixture_path("p"), &e, is_object, by_name);
	for (int i = 0; i < *n; i++) {
		const char *bytes;
		size_t len;

		assert_int_equal(file_get(&op, op_printf(&op, "%s/%s",
		    object_fixture_path("p"), e[i]->d_name), &bytes, &len), OK);
		text_addn(&t, bytes, len);
		free(e[i]);
	}
	free(e);
	return t.s;
}

static void
holds(const char *text, int objects)
{
	int n;

	assert_string_equal(stored(&n), text);
	assert_int_equal(n, objects);
}

static struct log_place
place(void)
{
	struct log_place p;

	log_place_read(&op, "general", &p);
	return p;
}

static int64_t
pending(bool *moved)
{
	struct log_place p = place();
	int64_t n;

	assert_int_equal(log_pending(&op, LOG, &p, &n, moved), OK);
	return n;
}

/* The numbers from 0 on, each once. */
static void
holds_lines(int lines, int length)
{
	const char *s;
	int n;

	s = stored(&n);
	for (int i = 0; i < lines; i++, s += length + 1)
		assert_int_equal(atoi(s), i);
	assert_string_equal(s, "");
}

/* --- publishing ------------------------------------------------------------------ */

static void
a_log_goes_on_where_it_ended(void **state)
{
	bool moved;

	(void)state;
	add("one\ntwo\n");
	assert_int_equal(ship(), OK);
	holds("one\ntwo\n", 1);
	assert_int_equal(pending(&moved), 0);
	assert_int_equal(ship(), OK);
	holds("one\ntwo\n", 1);
	add("three\n");
	assert_int_equal(pending(&moved), 6);
	assert_false(moved);
	assert_int_equal(ship(), OK);
	holds("one\ntwo\nthree\n", 2);
	assert_int_equal(place().published, 14);
}

static void
nothing_is_nothing(void **state)
{
	bool moved;

	(void)state;
	assert_int_equal(ship(), OK);
	holds("", 0);
	add("");
	assert_int_equal(ship(), OK);
	holds("", 0);
	assert_int_equal(pending(&moved), 0);
	assert_int_not_equal(access(object_fixture_path("p_metafile"), F_OK),
	    0);
}

static void
half_a_line_waits_for_its_other_half(void **state)
{
	bool moved;

	(void)state;
	add("one\ntw");
	assert_int_equal(ship(), OK);
	holds("one\n", 1);
	assert_int_equal(pending(&moved), 2);
	add("o\n");
	assert_int_equal(ship(), OK);
	holds("one\ntwo\n", 2);
}

/* But one that was put aside gets no other half. */
static void
what_was_put_aside_ends_where_it_ends(void **state)
{
	(void)state;
	add("one\nhalf");
	assert_true(log_rotate(&op, LOG, 3));
	add("two\n");
	assert_int_equal(ship(), OK);
	holds("one\nhalftwo\n", 3);
}

static void
a_long_one_is_cut_at_lines(void **state)
{
	int n;

	(void)state;
	add_lines(0, 2500, 999);
	assert_int_equal(ship(), OK);
	holds_lines(2500, 999);
	stored(&n);
	assert_int_equal(n, 3);
}

/* "é" lies across the bound. */
static void
a_line_longer_than_an_object_is_cut_between_characters(void **state)
{
	char *line = op_alloc(&op, LOG_CHUNK + 10);
	int n;

	(void)state;
	memset(line, 'x', LOG_CHUNK + 10);
	memcpy(line + LOG_CHUNK - 1, "\303\251", 2);
	line[LOG_CHUNK + 8] = '\n';
	line[LOG_CHUNK + 9] = '\0';
	add(line);
	assert_int_equal(ship(), OK);
	assert_string_equal(stored(&n), line);
	assert_int_equal(n, 2);
}

static void
what_is_no_text_is_written_so_that_clients_can_read_it(void **state)
{
	static const char bytes[] = "a\377b\303(\300\200\n\0\342\202\254\355\240\200\n";

	(void)state;
	add_bytes(bytes, sizeof(bytes) - 1);
	assert_int_equal(ship(), OK);
	assert_int_equal(place().published, sizeof(bytes) - 1);
	{
		int n;
		const char *s = stored(&n), want[] =
		    "a\\xFFb\\xC3(\\xC0\\x80\n\0\342\202\254\\xED\\xA0\\x80\n";

		assert_memory_equal(s, want, sizeof(want));
	}
}

/* --- rotation -------------------------------------------------------------------- */

static void
two_files_are_kept_and_read_in_order(void **state)
{
	struct log_piece *p;
	int n;

	(void)state;
	add("one\n");
	assert_false(log_rotate(&op, LOG, 4));
	assert_int_equal(ship(), OK);
	add("two\n");
	assert_true(log_rotate(&op, LOG, 4));
	assert_false(log_rotate(&op, LOG, 4));
	add("three\n");
	assert_int_equal(log_pieces(&op, LOG, &p, &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(ship(), OK);
	holds("one\ntwo\nthree\n", 3);
	assert_true(log_rotate(&op, LOG, 4));
	assert_int_equal(access(file_data(&op, LOG ".1"), F_OK), -1);
	assert_int_equal(access(file_data(&op, LOG ".2"), F_OK), 0);
	assert_int_equal(ship(), OK);
	holds("one\ntwo\nthree\n", 3);
}

/* The same first line, and longer than what was published. */
static void
a_new_file_with_the_old_ones_head_is_a_new_file(void **state)
{
	(void)state;
	add("head\n1\n");
	assert_int_equal(ship(), OK);
	assert_true(log_rotate(&op, LOG, 4));
	add("head\n2\n3\n4\n");
	assert_int_equal(ship(), OK);
	holds("head\n1\nhead\n2\n3\n4\n", 2);
}

static void
what_was_lost_before_it_was_published_is_passed_over(void **state)
{
	bool moved;

	(void)state;
	for (int i = 0; i < 4; i++) {
		add_lines(i, 1, 5);
		if (i == 0)
			assert_int_equal(ship(), OK);
		if (i < 3)
			assert_true(log_rotate(&op, LOG, 4));
	}
	assert_int_equal(pending(&moved), 12);
	assert_true(moved);
	assert_int_equal(ship(), OK);
	holds("00000\n00002\n00003\n", 3);
}

/* By a server, behind our backs: told by the first line, or by the size. */
static void
a_file_that_was_replaced_is_read_from_its_beginning(void **state)
{
	bool moved;

	(void)state;
	add("first\nsecond\n");
	assert_int_equal(ship(), OK);
	assert_int_equal(unlink(file_data(&op, LOG)), 0);
	add("other\nand a longer one\n");
	assert_int_equal(pending(&moved), 23);
	assert_true(moved);
	assert_int_equal(ship(), OK);
	assert_int_equal(truncate(file_data(&op, LOG), 0), 0);
	add("other\n");
	assert_int_equal(ship(), OK);
	holds("first\nsecond\nother\nand a longer one\nother\n", 3);
}

static void
what_is_no_file_is_not_read(void **state)
{
	(void)state;
	assert_int_equal(symlink("/etc/passwd", file_data(&op, LOG)), 0);
	assert_int_equal(ship(), OK);
	holds("", 0);
	assert_false(log_rotate(&op, LOG, 4));
	assert_int_equal(unlink(file_data(&op, LOG)), 0);
	assert_int_equal(mkfifo(file_data(&op, LOG), 0600), 0);
	assert_int_equal(ship(), OK);
	holds("", 0);
}

/* --- failures -------------------------------------------------------------------- */

static void
storage_that_refuses_costs_nothing(void **state)
{
	(void)state;
	add("one\n");
	object_fixture_behave("403 1");
	assert_int_equal(ship(), ERR_CLOUD);
	holds("", 0);
	assert_int_equal(place().published, 0);
	add("two\n");
	assert_int_equal(ship(), OK);
	holds("one\ntwo\n", 2);
}

/* Its object came to be, and the place does not say so. */
static void
killed_between_storing_and_knowing_it_stores_the_same_once_more(void **state)
{
	struct log_place p;
	pid_t child;

	(void)state;
	add("one\n");
	object_fixture_behave("hold -1");
	if ((child = fork()) == 0) {
		ship();
		_exit(0);
	}
	for (p = place(); p.sending.name[0] == '\0'; p = place())
		usleep(1000);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	object_fixture_behave("");
	now += 5000;
	add("two\n");
	assert_int_equal(ship(), OK);
	holds("one\ntwo\n", 2);
	assert_int_equal(access(object_fixture_path(op_printf(&op, "p/%s",
	    p.sending.name)), F_OK), 0);
}

/* The piece that was under way is gone: what is left is published. */
static void
killed_and_put_aside_meanwhile_goes_on_with_what_is_there(void **state)
{
	(void)state;
	add("one\n");
	object_fixture_behave("403 1");
	assert_int_equal(ship(), ERR_CLOUD);
	for (int i = 0; i < 2; i++) {
		assert_true(log_rotate(&op, LOG, 3));
		add(i == 0 ? "two\n" : "three\n");
	}
	assert_int_equal(ship(), OK);
	holds("two\nthree\n", 2);
}

static void
names_grow_whatever_the_clock_does(void **state)
{
	char last[LOG_NAME + 1], name[LOG_NAME + 1];

	(void)state;
	add("one\n");
	assert_int_equal(ship(), OK);
	strcpy(last, place().last);
	log_object_name(name, AT + 1000);
	assert_string_equal(last, name);
	assert_int_equal(log_object_us(last), AT + 1000);
	now = AT - (int64_t)3600 * 1000000;
	add("two\n");
	assert_int_equal(ship(), OK);
	assert_true(strcmp(place().last, last) > 0);
	assert_int_equal(log_place_forget(&op, "general"), OK);
	assert_int_equal(ship(), OK);
	holds("one\ntwo\none\ntwo\n", 3);
	assert_int_equal(log_object_us("log-nonsense"), 0);
	assert_int_equal(log_object_us(""), 0);
}

static void
a_place_that_cannot_be_read_is_the_beginning(void **state)
{
	static const char *const places[] = { "", "{", "[]", "{}",
	    "{\"piece\":-1,\"at\":0,\"published\":0,\"head\":\"\",\"last\":\"\"}",
	    ("{\"piece\":1,\"at\":0,\"published\":0,\"head\":\"\",\"last\":"
	    "\"012345678901234567890123456789012345\"}") };

	(void)state;
	for (size_t i = 0; i < ROWS(places); i++) {
		struct log_place p;

		assert_int_equal(file_put(&op, file_data(&op,
		    "agent/general.published"), places[i], strlen(places[i])),
		    OK);
		p = place();
		assert_int_equal(p.piece + p.at + p.published, 0);
		assert_int_equal(p.last[0] + p.sending.name[0], 0);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, gone)
	static const struct CMUnitTest tests[] = {
		T(a_log_goes_on_where_it_ended),
		T(nothing_is_nothing),
		T(half_a_line_waits_for_its_other_half),
		T(what_was_put_aside_ends_where_it_ends),
		T(a_long_one_is_cut_at_lines),
		T(a_line_longer_than_an_object_is_cut_between_characters),
		T(what_is_no_text_is_written_so_that_clients_can_read_it),
		T(two_files_are_kept_and_read_in_order),
		T(a_new_file_with_the_old_ones_head_is_a_new_file),
		T(what_was_lost_before_it_was_published_is_passed_over),
		T(a_file_that_was_replaced_is_read_from_its_beginning),
		T(what_is_no_file_is_not_read),
		T(storage_that_refuses_costs_nothing),
		T(killed_between_storing_and_knowing_it_stores_the_same_once_more),
		T(killed_and_put_aside_meanwhile_goes_on_with_what_is_there),
		T(names_grow_whatever_the_clock_does),
		T(a_place_that_cannot_be_read_is_the_beginning),
	};

	log_init("log_test", LOG_ERROR);
	return cmocka_run_group_tests(tests, object_fixture_start,
	    object_fixture_stop);
}
