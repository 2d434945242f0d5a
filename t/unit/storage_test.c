#include "t/unit/test_op.h"
#include "t/unit/key_fixture.h"

#include "lib/base/md5.h"
#include "lib/cloud/cloud.h"
#include "lib/cloud/objects.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define T "0123456789abcdef0123456789abcdef"
#define C "database_backups"

static char root[] = "/tmp/coffer-storage.XXXXXX";
static const struct storage_driver *storage;

/* The drivers of a machine need more than there is here. */
const struct compute_driver compute_local = { .name = "local" };
const struct volume_driver volume_local = { .name = "local" };
const struct network_driver network_local = { .name = "local" };

static enum err
lent(const char *container, const char *prefix, bool write, int seconds,
    struct leave *leave)
{
	const struct lend ask = { T, container, prefix, NULL, 0, write,
		seconds };

	return storage->lend(&op, &ask, leave);
}

static int
fresh(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s/*", root);
	assert_int_equal(system(command), 0);
	begin(state);
	set("compute", "driver", "null");
	set("volume", "driver", "null");
	set("network", "driver", "null");
	set("local", "root", root);
	set("storage", "driver", "file");
	set("storage", "spare_mb", "0");
	set("storage", "socket", "");
	set("api", "public_url", "http://api.example:8779/");
	assert_int_equal(cloud_open(&op), OK);
	storage = cloud_storage();
	return 0;
}

static int
folder_make(void **state)
{
	static struct op keys;

	(void)state;
	op_begin(&keys, "test");
	key_fixture(&keys);
	op_end(&keys);
	return mkdtemp(root) == NULL;
}

static int
folder_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* --- words ---------------------------------------------------------------------- */

static struct object_key
key(const char *name)
{
	return (struct object_key){ T, C, name };
}

static enum err
put_as(const struct object_key *k, const char *bytes, size_t n,
    struct object_is *is)
{
	struct draft *d;

	TRY(container_make(&op, k));
	TRY(object_draft(&op, k, &d));
	TRY(draft_add(d, bytes, n));
	return draft_keep(d, is);
}

static struct object
put(const char *name, const char *text)
{
	const struct object_key k = key(name);
	struct object_is is = { 0 };

	assert_int_equal(put_as(&k, text, strlen(text), &is), OK);
	return (struct object){ name, is.bytes, is.md5 };
}

static const char *
text_of(const char *name)
{
	const char *bytes;
	size_t n;

	if (storage->read(&op, T, C, name, 1 << 20, &bytes, &n) != OK)
		return NULL;
	assert_int_equal(strlen(bytes), n);
	return bytes;
}

static int
listed(const char *prefix, struct object **list)
{
	int n;

	assert_int_equal(storage->list(&op, T, C, prefix, list, &n), OK);
	return n;
}

/* All files below a directory, hidden ones too. */
static int
files_in(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);
	int n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n += e->d_type == DT_DIR ? files_in(op_printf(&op, "%s/%s",
		    path, e->d_name)) : 1;
	}
	closedir(d);
	return n;
}

/* --- objects ---------------------------------------------------------------------- */

static void
what_is_put_is_listed_and_read(void **state)
{
	char md5[MD5_HEX + 1];
	struct object *list;

	(void)state;
	assert_int_equal(listed("", &list), 0);
	put("b_00000001", "second");
	put("b_00000000", "first");
	put("a", "");
	assert_int_equal(listed("b_", &list), 2);
	assert_string_equal(list[0].name, "b_00000000");
	assert_string_equal(list[1].name, "b_00000001");
	assert_int_equal(list[1].bytes, 6);
	md5_hex(md5, "second", 6);
	assert_string_equal(list[1].md5, md5);
	assert_int_equal(listed("", &list), 3);
	assert_string_equal(text_of("b_00000000"), "first");
	assert_string_equal(text_of("a"), "");
	assert_null(text_of("c"));
}

static void
a_second_put_takes_the_place_of_the_first(void **state)
{
	struct object *list;

	(void)state;
	put("a", "old and long");
	put("a", "new");
	assert_string_equal(text_of("a"), "new");
	assert_int_equal(listed("", &list), 1);
	assert_int_equal(list[0].bytes, 3);
}

static void
what_is_not_kept_was_never_there(void **state)
{
	const struct object_key k = key("a");
	struct object *list;
	struct draft *d;

	(void)state;
	put("b", "x");
	op_end(&op);
	op_begin(&op, "test");
	assert_int_equal(object_draft(&op, &k, &d), OK);
	assert_int_equal(draft_add(d, "half", 4), OK);
	assert_int_equal(listed("", &list), 1);
	assert_null(text_of("a"));
	op_end(&op);
	op_begin(&op, "test");
	assert_int_equal(files_in(root), 1);
}

static void
reading_more_than_allowed_is_refused(void **state)
{
	const char *bytes;
	size_t n;

	(void)state;
	put("a", "four");
	assert_int_equal(storage->read(&op, T, C, "a", 3, &bytes, &n),
	    ERR_CLOUD);
	assert_int_equal(storage->read(&op, T, C, "a", 4, &bytes, &n), OK);
	assert_int_equal(storage->read(&op, T, C, "b", 4, &bytes, &n),
	    ERR_NOT_FOUND);
	assert_int_equal(storage->read(&op, T, "none", "a", 4, &bytes, &n),
	    ERR_NOT_FOUND);
}

static void
removing_twice_is_as_good_as_once(void **state)
{
	(void)state;
	put("a", "x");
	put("ab", "x");
	assert_int_equal(storage->remove(&op, T, C, "a"), OK);
	assert_int_equal(storage->remove(&op, T, C, "a"), OK);
	assert_int_equal(storage->remove(&op, T, "none", "a"), OK);
	assert_null(text_of("a"));
	assert_string_equal(text_of("ab"), "x");
}

/* More of them than files that may be open: each call closes its own. */
static void
many_objects_cost_no_handles(void **state)
{
	struct rlimit few, was;
	struct object *list;
	int i, n;

	(void)state;
	for (i = 0; i < 100; i++) {
		op_end(&op);
		op_begin(&op, "test");
		put(op_printf(&op, "n_%08d", i), "x");
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = 40;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	n = listed("n_", &list);
	assert_int_equal(n, 100);
	for (i = 0; i < n; i++)
		assert_int_equal(storage->remove(&op, T, C, list[i].name), OK);
	assert_int_equal(listed("", &list), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
}

/* --- names ------------------------------------------------------------------------ */

static void
no_name_leads_out_of_its_container(void **state)
{
	static const char *const tricks[] = { "..", ".", "../../x", "a/../b",
	    "/etc/passwd", "%2e%2e", ".hidden", "a b", "\xc3\xa4", "a//b",
	    ".new-x", "~", "-rf" };
	struct object *list;

	(void)state;
	for (size_t i = 0; i < ROWS(tricks); i++)
		put(tricks[i], tricks[i]);
	assert_int_equal(listed("", &list), ROWS(tricks));
	for (size_t i = 0; i < ROWS(tricks); i++) {
		assert_string_equal(text_of(tricks[i]), tricks[i]);
		assert_int_equal(storage->remove(&op, T, C, tricks[i]), OK);
	}
	assert_int_equal(files_in(root), 0);
	put("a", "x");
	assert_int_equal(files_in(op_printf(&op, "%s/storage/%s/%s", root, T,
	    C)), 1);
}

static void
names_that_are_none_are_refused(void **state)
{
	const char *const bad[] = { "", "a\nb", "a\x7f", "\xff", "\xc0\xaf",
	    "\xed\xa0\x80", op_printf(&op, "%0241d", 1) };
	struct object_is is = { 0 };
	struct leave leave;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		const struct object_key name = key(bad[i]),
		    container = { T, bad[i], "a" }, tenant = { bad[i], C, "a" };

		assert_int_equal(put_as(&name, "x", 1, &is), ERR_BAD_REQUEST);
		assert_int_equal(put_as(&container, "x", 1, &is),
		    ERR_BAD_REQUEST);
		assert_int_equal(put_as(&tenant, "x", 1, &is),
		    ERR_BAD_REQUEST);
		assert_int_equal(lent(bad[i], "p", true, 60, &leave),
		    ERR_BAD_REQUEST);
	}
	assert_int_equal(lent("a/b", "p", true, 60, &leave),
	    ERR_BAD_REQUEST);
	assert_int_equal(files_in(root), 0);
}

static void
a_link_in_the_way_is_not_followed(void **state)
{
	const char *dir = op_printf(&op, "%s/storage/%s/%s", root, T, C);

	(void)state;
	put("a", "x");
	assert_int_equal(symlink("a", op_printf(&op, "%s/b", dir)), 0);
	assert_null(text_of("b"));
	assert_int_equal(symlink(C, op_printf(&op, "%s/storage/%s/other",
	    root, T)), 0);
	assert_int_equal(object_draft(&op, &(struct object_key){ T, "other",
	    "a" }, &(struct draft *){ NULL }), ERR_CLOUD);
}

/* --- joining ------------------------------------------------------------------------ */

static const char *const meta[] = { "datastore", "mariadb", "lsn", "1 2",
	NULL };

static struct object three[3];

static void
put_three(void)
{
	three[0] = put("b_00000000", "one,");
	three[1] = put("b_00000001", "two,");
	three[2] = put("b_00000002", "three");
}

static void
segments_read_as_one(void **state)
{
	const struct object_key k = key("b.xbstream");
	const char *sum;
	char md5[MD5_HEX + 1], *texts;
	struct object_is is;
	struct reading *r;
	char buf[8];
	size_t n;

	(void)state;
	put_three();
	assert_int_equal(storage->join(&op, T, C, k.name, three, 3, meta,
	    &sum), OK);
	texts = op_printf(&op, "%s%s%s", three[0].md5, three[1].md5,
	    three[2].md5);
	md5_hex(md5, texts, strlen(texts));
	assert_string_equal(sum, md5);
	assert_string_equal(text_of(k.name), "one,two,three");
	assert_int_equal(object_open(&op, &k, &r, &is), OK);
	assert_int_equal(is.bytes, 13);
	assert_int_equal(is.segments, 3);
	assert_string_equal(is.md5, sum);
	assert_string_equal(is.meta[0], "datastore");
	assert_string_equal(is.meta[3], "1 2");
	assert_null(is.meta[4]);
	assert_int_equal(reading_get(r, 6, buf, sizeof(buf), &n), OK);
	assert_int_equal(n, 2);		/* no further than the segment */
	assert_memory_equal(buf, "o,", 2);
	assert_int_equal(reading_get(r, 0, buf, 2, &n), OK);
	assert_memory_equal(buf, "on", 2);
	assert_int_equal(reading_get(r, 13, buf, sizeof(buf), &n), OK);
	assert_int_equal(n, 0);
}

static void
joining_again_gives_the_same(void **state)
{
	const char *one, *two;
	struct object *list;

	(void)state;
	put_three();
	for (int n = 3; n > 0; n -= 2) {
		assert_int_equal(storage->join(&op, T, C, "j", three, n, meta,
		    &one), OK);
		assert_int_equal(storage->join(&op, T, C, "j", three, n, meta,
		    &two), OK);
		assert_string_equal(one, two);
	}
	/* The only segment was copied, and is gone. */
	assert_string_equal(one, three[0].md5);
	assert_string_equal(text_of("j"), "one,");
	assert_int_equal(listed("b_", &list), 2);
}

static void
a_segment_that_is_missing_or_another_is_not_joined(void **state)
{
	struct object wrong[3];
	const char *sum;

	(void)state;
	put_three();
	memcpy(wrong, three, sizeof(wrong));
	wrong[1].name = "b_00000009";
	assert_int_equal(storage->join(&op, T, C, "j", wrong, 3, meta, &sum),
	    ERR_CLOUD);
	memcpy(wrong, three, sizeof(wrong));
	wrong[2].md5 = three[1].md5;
	assert_int_equal(storage->join(&op, T, C, "j", wrong, 3, meta, &sum),
	    ERR_CLOUD);
	wrong[2] = three[2];
	wrong[2].bytes++;
	assert_int_equal(storage->join(&op, T, C, "j", wrong, 3, meta, &sum),
	    ERR_CLOUD);
	assert_int_equal(storage->join(&op, T, C, "j", wrong + 2, 1, meta,
	    &sum), ERR_CLOUD);
	assert_int_equal(storage->join(&op, T, C, "j", three, 0, meta, &sum),
	    ERR_CLOUD);
	assert_null(text_of("j"));
}

static void
a_manifest_whose_segment_has_changed_does_not_read(void **state)
{
	const char *sum;

	(void)state;
	put_three();
	assert_int_equal(storage->join(&op, T, C, "j", three, 3, meta, &sum),
	    OK);
	assert_int_equal(storage->remove(&op, T, C, "b_00000001"), OK);
	put("b_00000001", "TWO,");
	assert_null(text_of("j"));
	assert_non_null(strstr(op.why, "b_00000001"));
	put("b_00000001", "two,");
	assert_string_equal(text_of("j"), "one,two,three");
	assert_int_equal(storage->remove(&op, T, C, "b_00000001"), OK);
	assert_null(text_of("j"));
}

static void
a_manifest_goes_with_its_segments(void **state)
{
	const char *sum;
	struct object *list;

	(void)state;
	put_three();
	put("b_other", "x");
	assert_int_equal(storage->join(&op, T, C, "j", three, 3, meta, &sum),
	    OK);
	assert_int_equal(storage->remove(&op, T, C, "b_00000001"), OK);
	assert_int_equal(storage->remove(&op, T, C, "j"), OK);
	assert_int_equal(listed("", &list), 1);
	assert_string_equal(list[0].name, "b_other");
}

static void
metadata_that_would_not_fit_are_refused(void **state)
{
	const char *const bad[][3] = {
		{ "a", op_printf(&op, "%05000d", 1), NULL },
		{ "a b", "x", NULL }, { "a", "x\nmd5 y", NULL },
		{ "", "x", NULL }, { "a:", "x", NULL },
	};
	const struct object_key k = key("a");

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		struct object_is is = { .meta = bad[i] };

		assert_int_equal(put_as(&k, "x", 1, &is), ERR_BAD_REQUEST);
	}
	op_end(&op);
	op_begin(&op, "test");
	assert_int_equal(files_in(root), 0);
}

/* --- the disk ------------------------------------------------------------------------ */

static void
the_last_of_a_disk_is_left_alone(void **state)
{
	const struct object_key k = key("a");
	struct object_is is = { 0 };

	(void)state;
	set("storage", "spare_mb", "1000000000");
	assert_int_equal(put_as(&k, "x", 1, &is), ERR_NO_SPACE);
	assert_non_null(strstr(op.why, "storage.spare_mb"));
	set("storage", "spare_mb", "0");
	put("a", "x");
}

static void
a_damaged_file_is_an_error_and_no_object(void **state)
{
	static const char *const heads[] = { "", "hello\n",
	    "coffer object 1\nbytes -1\nmd5 x\n", "coffer object 1\nbytes 5\n",
	    "coffer object 1\nbytes 1\nmd5 x\nsegments x\n",
	    "coffer object 1\nbytes 5\nmd5 x\nsegments 9\n",
	    "coffer object 1\nbytes 5\nmd5 x\nsegments 2147483648\n",
	    "coffer object 1\nbytes 5\nmd5 x\n" };
	const char *path = op_printf(&op, "%s/storage/%s/%s/a", root, T, C);
	char block[OBJECT_HEAD];

	(void)state;
	put("a", "x");
	for (size_t i = 0; i < ROWS(heads); i++) {
		int fd = open(path, O_WRONLY | O_TRUNC);

		memset(block, 0, sizeof(block));
		memcpy(block, heads[i], strlen(heads[i]));
		assert_int_equal(write(fd, block, i == 0 ? 10 :
		    sizeof(block)), i == 0 ? 10 : (int)sizeof(block));
		close(fd);
		assert_null(text_of("a"));
	}
	assert_int_equal(storage->remove(&op, T, C, "a"), OK);
	assert_int_equal(files_in(root), 0);
}

/* --- leaves -------------------------------------------------------------------------- */

static void
a_leave_is_for_a_prefix_and_one_way(void **state)
{
	struct leave leave;
	struct stat st;

	(void)state;
	assert_int_equal(lent("new", "b_", false, 60, &leave), OK);
	assert_null(leave.socket);
	assert_string_equal(leave.before,
	    "http://api.example:8779/v1/AUTH_" T "/new/b_");
	assert_non_null(strstr(leave.after, "&temp_url_prefix=b_"));
	assert_int_not_equal(stat(op_printf(&op, "%s/storage/%s/new", root,
	    T), &st), 0);
	assert_int_equal(lent("new", "b_", true, 60, &leave), OK);
	assert_int_equal(stat(op_printf(&op, "%s/storage/%s/new", root, T),
	    &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void
a_guest_goes_through_the_socket(void **state)
{
	struct leave leave;

	(void)state;
	set("storage", "socket", "/run/x/storage.sock");
	assert_int_equal(lent(C, "b c/d_", true, 60, &leave),
	    OK);
	assert_string_equal(leave.socket, "/run/x/storage.sock");
	assert_string_equal(leave.before,
	    "http://localhost/v1/AUTH_" T "/" C "/b%20c/d_");
}

static void
a_location_is_what_users_see(void **state)
{
	(void)state;
	assert_string_equal(storage->location(&op, T, C, "b.xbstream"),
	    "http://api.example:8779/v1/AUTH_" T "/" C "/b.xbstream");
	set("storage", "url", "https://storage.example");
	assert_string_equal(storage->location(&op, T, C, "b"),
	    "https://storage.example/v1/AUTH_" T "/" C "/b");
	set("storage", "url", "");
}

static void
where_there_is_no_storage_all_say_so(void **state)
{
	struct object *list;
	struct leave leave;
	int n;

	(void)state;
	set("storage", "driver", "none");
	assert_int_equal(cloud_open(&op), OK);
	storage = cloud_storage();
	assert_int_equal(lent(C, "b", true, 60, &leave),
	    ERR_NOT_BUILT);
	assert_int_equal(storage->list(&op, T, C, "b", &list, &n),
	    ERR_NOT_BUILT);
	assert_int_equal(storage->remove(&op, T, C, "b"), OK);
	set("storage", "driver", "tape");
	assert_int_equal(cloud_open(&op), ERR_BAD_REQUEST);
	assert_string_equal(op.why, "storage.driver: no driver tape");
}

static void
the_failing_driver_does_what_it_is_told(void **state)
{
	struct object *list;
	struct leave leave;
	const char *bytes;
	size_t len;
	int n;

	(void)state;
	put("a", "x");
	set("storage", "driver", "failing");
	assert_int_equal(cloud_open(&op), OK);
	storage = cloud_storage();
	assert_true(storage_is_served());
	cloud_fail_next("storage.list", 2);
	cloud_fail_next("storage.remove", 1);
	assert_int_equal(storage->list(&op, T, C, "a", &list, &n), OK);
	assert_int_equal(storage->list(&op, T, C, "a", &list, &n), ERR_CLOUD);
	assert_int_equal(storage->list(&op, T, C, "a", &list, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(storage->remove(&op, T, C, "a"), ERR_CLOUD);
	assert_int_equal(storage->read(&op, T, C, "a", 1, &bytes, &len), OK);
	assert_int_equal(storage->remove(&op, T, C, "a"), OK);
	assert_int_equal(lent(C, "a", true, 1, &leave), OK);
	cloud_fail_next(NULL, 0);
}

/* --- containers ------------------------------------------------------------------------ */

static void
containers_say_what_they_hold(void **state)
{
	struct container_is *all;
	int n;

	(void)state;
	assert_int_equal(containers_list(&op, T, &all, &n), OK);
	assert_int_equal(n, 0);
	put("a", "12345");
	put("b", "123");
	assert_int_equal(container_make(&op, &(struct object_key){ T,
	    "another" }), OK);
	assert_int_equal(containers_list(&op, T, &all, &n), OK);
	assert_int_equal(n, 2);
	assert_string_equal(all[0].name, "another");
	assert_int_equal(all[0].objects, 0);
	assert_string_equal(all[1].name, C);
	assert_int_equal(all[1].objects, 2);
	assert_int_equal(all[1].bytes, 8);
	assert_int_equal(containers_list(&op, "other", &all, &n), OK);
	assert_int_equal(n, 0);
}

static void
a_list_goes_on_behind_its_marker(void **state)
{
	struct objects_ask ask = { "a/", "a/2", 2 };
	const struct object_key k = key(NULL);
	struct object_row *rows;
	int n;

	(void)state;
	for (int i = 1; i <= 5; i++)
		put(op_printf(&op, "a/%d", i), "x");
	put("b", "x");
	assert_int_equal(objects_list(&op, &k, &ask, &rows, &n), OK);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].name, "a/3");
	assert_string_equal(rows[1].name, "a/4");
	assert_string_equal(rows[1].is.type, OBJECT_TYPE);
	ask.marker = "a/5";
	assert_int_equal(objects_list(&op, &k, &ask, &rows, &n), OK);
	assert_int_equal(n, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, end)
	static const struct CMUnitTest tests[] = {
		TEST(what_is_put_is_listed_and_read),
		TEST(a_second_put_takes_the_place_of_the_first),
		TEST(what_is_not_kept_was_never_there),
		TEST(reading_more_than_allowed_is_refused),
		TEST(removing_twice_is_as_good_as_once),
		TEST(many_objects_cost_no_handles),
		TEST(no_name_leads_out_of_its_container),
		TEST(names_that_are_none_are_refused),
		TEST(a_link_in_the_way_is_not_followed),
		TEST(segments_read_as_one),
		TEST(joining_again_gives_the_same),
		TEST(a_segment_that_is_missing_or_another_is_not_joined),
		TEST(a_manifest_whose_segment_has_changed_does_not_read),
		TEST(a_manifest_goes_with_its_segments),
		TEST(metadata_that_would_not_fit_are_refused),
		TEST(the_last_of_a_disk_is_left_alone),
		TEST(a_damaged_file_is_an_error_and_no_object),
		TEST(a_leave_is_for_a_prefix_and_one_way),
		TEST(a_guest_goes_through_the_socket),
		TEST(a_location_is_what_users_see),
		TEST(where_there_is_no_storage_all_say_so),
		TEST(the_failing_driver_does_what_it_is_told),
		TEST(containers_say_what_they_hold),
		TEST(a_list_goes_on_behind_its_marker),
	};

	return cmocka_run_group_tests_name("storage", tests, folder_make,
	    folder_remove);
}
