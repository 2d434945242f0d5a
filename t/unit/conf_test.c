#include "t/unit/test_op.h"
#include "lib/base/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum err
load(const char *text)
{
	char path[] = "/tmp/coffer-conf-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	enum err e;

	fputs(text, f);
	fclose(f);
	e = conf_load(&op, path);
	unlink(path);
	return e;
}

static void
every_row_is_complete_unique_and_its_preset_fits(void **state)
{
	(void)state;
	for (const struct conf_key *k = conf_keys; k->section != NULL; k++) {
		assert_non_null(k->preset);
		assert_true(strlen(k->help) > 5);
		assert_int_equal(conf_set(&op, k->section, k->name, k->preset),
		    OK);
		for (const struct conf_key *l = k + 1; l->section != NULL; l++)
			assert_false(strcmp(k->section, l->section) == 0 &&
			    strcmp(k->name, l->name) == 0);
	}
}

static void
a_file_overrides_the_presets(void **state)
{
	(void)state;
	assert_int_equal(conf_int("api.page_size"), 20);
	assert_int_equal(load("# a comment\n\n[api]\n page_size = 7 \n"
	    "[redis]\npassword = s=cret # not a comment\n"
	    "[local]\nallow_root = yes\n"), OK);
	assert_int_equal(conf_int("api.page_size"), 7);
	assert_string_equal(conf_secret("redis.password").never_log,
	    "s=cret # not a comment");
	assert_true(conf_bool("local.allow_root"));
}

static const struct { const char *text, *why; } bad[] = {
	{ "[api]\npage_size = many\n", ":2: api.page_size wants a number" },
	{ "[api]\nno_such = 1\n", ":2: no setting no_such in [api]" },
	{ "[nowhere]\nx = 1\n", ":2: no setting x in [nowhere]" },
	{ "page_size = 1\n", ":1: no setting page_size in []" },
	{ "[api\n", ":1: bad section" },
	{ "[api]\npage_size\n", ":2: neither" },
	{ "[task]\nlease = -1\n", ":2: task.lease wants seconds" },
	{ "[local]\nallow_root = maybe\n", ":2: local.allow_root wants yes" },
};

static void
mistakes_are_named_with_their_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		assert_int_equal(load(bad[i].text), ERR_BAD_REQUEST);
		if (strstr(op.why, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].text, op.why);
	}
	assert_int_equal(conf_load(&op, "/nonexistent/coffer.conf"),
	    ERR_BAD_REQUEST);
	assert_int_equal(conf_load(&op, "/tmp"), ERR_BAD_REQUEST);
}

static void
the_sample_names_every_setting_and_loads(void **state)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	conf_write_sample(f);
	fclose(f);
	for (const struct conf_key *k = conf_keys; k->section != NULL; k++)
		assert_non_null(strstr(text, k->help));
	assert_int_equal(load(text), OK);
	for (char *s = text; (s = strstr(s, "\n#")) != NULL; s++)
		if (s[2] != ' ')
			s[1] = ' ';	/* uncommented it loads as well */
	assert_int_equal(load(text), OK);
	free(text);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		T(every_row_is_complete_unique_and_its_preset_fits),
		T(a_file_overrides_the_presets),
		T(mistakes_are_named_with_their_line),
		T(the_sample_names_every_setting_and_loads),
	};
	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
