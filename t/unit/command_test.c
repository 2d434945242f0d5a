#include "t/unit/test.h"
#include "coffer/command.h"

#include <stdio.h>
#include <string.h>

static struct ask a;

static void
ask_begin(const struct command *c)
{
	a = (struct ask){ .command = c };
	op_begin(&a.op, "test");
}

static const struct command *
command_find(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	fail_msg("no command %s", name);
	return NULL;
}

/* Reads these words, ends with NULL, against the usage of a command. */
static enum err
read_words(const char *name, const char *const *words)
{
	int n = 0;

	ask_begin(command_find(name));
	while (words[n] != NULL)
		n++;
	return ask_read(&a, (char **)words, n);
}
#define READ(name, ...) read_words(name, (const char *const[]){ __VA_ARGS__ })

/* The words that a usage asks for; with all, also those that may be left out. */
static int
words_of_usage(struct op *op, const char *usage, bool all, char **words)
{
	int n = 0;
	bool may = false;

	while (*usage != '\0') {
		size_t len = strcspn(usage, " ]");

		may = may || *usage == '[';
		if (*usage == '[') {
			usage++;
			continue;
		}
		if ((all || !may) && strncmp(usage, "...", 3) != 0)
			words[n++] = op_strndup(op, usage, len);
		usage += len;
		if (*usage == ']') {
			may = false;
			usage++;
		}
		usage += *usage == ' ';
	}
	words[n] = NULL;
	return n;
}

static void
every_command_is_found_by_its_words_and_by_no_others(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->name != NULL; c++) {
		char *words[4] = { NULL }, *at;
		int n = 0, best = 0;
		const struct command *found = NULL;

		ask_begin(c);
		at = op_strdup(&a.op, command_words(&a.op, c));
		while (at != NULL && n < 3)
			words[n++] = strsep(&at, " ");
		for (const struct command *d = commands; d->name != NULL; d++)
			if (command_match(d, words, n) > best) {
				best = command_match(d, words, n);
				found = d;
			}
		assert_ptr_equal(found, c);
		assert_int_equal(best, n);
		words[n - 1] = (char *)"nonsense";
		assert_int_equal(command_match(c, words, n), 0);
		op_end(&a.op);
	}
}

static void
every_command_takes_what_its_usage_says(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->name != NULL; c++)
		for (int all = 0; all <= 1; all++) {
			char *words[32];
			int n;

			ask_begin(c);
			n = words_of_usage(&a.op, c->usage, all, words);
			if (ask_read(&a, words, n) != OK)
				fail_msg("%s: %s", c->name, a.op.why);
			op_end(&a.op);
		}
}

static void
every_command_refuses_to_run_with_a_word_missing(void **state)
{
	int tried = 0;

	(void)state;
	for (const struct command *c = commands; c->name != NULL; c++) {
		char *words[32];
		int n;

		ask_begin(c);
		n = words_of_usage(&a.op, c->usage, false, words);
		if (n > 0) {
			words[n - 1] = NULL;
			assert_int_equal(ask_read(&a, words, n - 1),
			    ERR_BAD_REQUEST);
			assert_non_null(a.op.why);
			tried++;
		}
		op_end(&a.op);
	}
	assert_true(tried > 15);
}

static void
every_command_refuses_a_word_too_many_and_an_unknown_option(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->name != NULL; c++) {
		char *words[32];
		int n;

		ask_begin(c);
		n = words_of_usage(&a.op, c->usage, true, words);
		words[n] = (char *)"--frobnicate";
		words[n + 1] = NULL;
		assert_int_equal(ask_read(&a, words, n + 1), ERR_BAD_REQUEST);
		assert_non_null(strstr(a.op.why, "--frobnicate"));
		op_end(&a.op);
		if (strstr(c->usage, "...") != NULL)
			continue;
		ask_begin(c);
		n = words_of_usage(&a.op, c->usage, true, words);
		words[n] = (char *)"more";
		assert_int_equal(ask_read(&a, words, n + 1), ERR_BAD_REQUEST);
		op_end(&a.op);
	}
}

static void
every_command_has_a_help_of_one_line(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->name != NULL; c++) {
		assert_true(strlen(c->help) > 10);
		assert_null(strchr(c->help, '\n'));
		assert_non_null(c->run);
	}
}

static void
options_stand_anywhere_and_words_keep_their_order(void **state)
{
	(void)state;
	assert_int_equal(READ("version_add", "--default", "mariadb",
	    "--manager", "null", "10.11", NULL), OK);
	assert_string_equal(ask_arg(&a, 0), "mariadb");
	assert_string_equal(ask_arg(&a, 1), "10.11");
	assert_null(ask_arg(&a, 2));
	assert_string_equal(ask_option(&a, "--manager"), "null");
	assert_string_equal(ask_option(&a, "--default"), "");
	assert_null(ask_option(&a, "--inactive"));
	op_end(&a.op);
}

static void
an_option_without_its_value_is_refused_by_name(void **state)
{
	(void)state;
	assert_int_equal(READ("user_add", "joe", "--password-file", NULL),
	    ERR_BAD_REQUEST);
	assert_string_equal(a.op.why, "--password-file wants FILE");
	op_end(&a.op);
	assert_int_equal(READ("version_add", "mariadb", "10.11", NULL),
	    ERR_BAD_REQUEST);
	assert_string_equal(a.op.why, "--manager ENGINE is missing");
	op_end(&a.op);
}

static void
a_dash_alone_is_a_word(void **state)
{
	(void)state;
	assert_int_equal(READ("parameters_load", "v", "-", NULL), OK);
	assert_string_equal(ask_arg(&a, 1), "-");
	op_end(&a.op);
}

static void
a_password_is_no_argument_of_any_command(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->name != NULL; c++) {
		const char *p = strstr(c->usage, "PASSWORD");

		assert_null(p);
		p = strstr(c->usage, "--password");
		assert_true(p == NULL || strncmp(p, "--password-file",
		    15) == 0);
	}
}

static void
numbers_outside_of_their_limits_are_refused(void **state)
{
	int n;

	(void)state;
	assert_int_equal(READ("task_list", "--limit", "0", NULL), OK);
	assert_int_equal(ask_number(&a, "--limit", 1, 10, 5, &n),
	    ERR_BAD_REQUEST);
	op_end(&a.op);
	assert_int_equal(READ("task_list", "--limit", "7", NULL), OK);
	assert_int_equal(ask_number(&a, "--limit", 1, 10, 5, &n), OK);
	assert_int_equal(n, 7);
	op_end(&a.op);
	assert_int_equal(READ("task_list", NULL), OK);
	assert_int_equal(ask_number(&a, "--limit", 1, 10, 5, &n), OK);
	assert_int_equal(n, 5);
	op_end(&a.op);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_is_found_by_its_words_and_by_no_others),
		cmocka_unit_test(every_command_takes_what_its_usage_says),
		cmocka_unit_test(every_command_refuses_to_run_with_a_word_missing),
		cmocka_unit_test(every_command_refuses_a_word_too_many_and_an_unknown_option),
		cmocka_unit_test(every_command_has_a_help_of_one_line),
		cmocka_unit_test(options_stand_anywhere_and_words_keep_their_order),
		cmocka_unit_test(an_option_without_its_value_is_refused_by_name),
		cmocka_unit_test(a_dash_alone_is_a_word),
		cmocka_unit_test(a_password_is_no_argument_of_any_command),
		cmocka_unit_test(numbers_outside_of_their_limits_are_refused),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
