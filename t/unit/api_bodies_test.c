/*
 * Walks every table of bodies: a document made from the rows is accepted; the
 * same one with a single member left out, or of the wrong kind, is refused and
 * the text names it.
 */
#include "t/unit/test.h"
#include "fcgi/handlers.h"
#include "lib/base/jsonw.h"

#include <stdio.h>
#include <string.h>

static const struct { const char *name; const struct field *rows; }
    tables[] = {
	{ "instance_new", instance_new_fields },
	{ "instance_put", instance_put_fields },
	{ "instance_patch", instance_patch_fields },
	{ "action", action_fields },
	{ "databases_new", databases_new_fields },
	{ "users_new", users_new_fields },
	{ "users_password", users_password_fields },
	{ "user_update", user_update_fields },
	{ "access_grant", access_grant_fields },
	{ "root", root_fields },
};

enum harm { NO_HARM, LEFT_OUT, WRONG_KIND };
struct maker {
	const struct field *rows, *target;
	enum harm harm;
	struct jsonw w;
};

static void map(struct maker *, const char *path);

/* A good value of each kind; ANY and maps are shown elsewhere. */
static const char *
good(enum field_kind kind)
{
	switch (kind) {
	case STR: case NES: case FLAVOR: return "\"abc1\"";
	case UUID: return "\"6f3c0000-0000-4000-8000-00000000abcd\"";
	case INT: case SIZE: case FLAG: case NUMBER: return "1";
	case BOOL: return "true";
	case HOST: return "\"10.0.0.%\"";
	case CIDR: return "\"10.0.0.0/8\"";
	case IPV4: return "\"10.0.0.1\"";
	default: return "null";
	}
}

static void
value(struct maker *m, const struct field *f)
{
	char element[160];
	const struct field *e;

	if (f == m->target && m->harm == WRONG_KIND) {
		/* Nothing takes a real; a list of a real is no list, either. */
		jsonw_raw(&m->w, "1.5");
	} else if (f->kind == MAP || f->kind == MAP_OR_SIZE) {
		map(m, f->path);
	} else if (f->kind == LIST) {
		snprintf(element, sizeof element, "%s[]", f->path);
		jsonw_list(&m->w);
		for (e = m->rows; e->path != NULL; e++)
			if (strcmp(e->path, element) == 0)
				value(m, e);
		jsonw_list_end(&m->w);
	} else {
		jsonw_raw(&m->w, good(f->kind));
	}
}

/* The members whose path is this one and one part more. */
static void
map(struct maker *m, const char *path)
{
	const struct field *f;
	const char *rest;
	size_t n = strlen(path);

	jsonw_map(&m->w);
	for (f = m->rows; f->path != NULL; f++) {
		if (strncmp(f->path, path, n) != 0)
			continue;
		rest = f->path + n;
		if (n > 0 && *rest++ != '/')
			continue;
		if (strpbrk(rest, "/[") != NULL ||
		    (f == m->target && m->harm == LEFT_OUT))
			continue;
		jsonw_key(&m->w, rest);
		value(m, f);
	}
	jsonw_map_end(&m->w);
}

static enum err
check(struct op *op, const struct field *rows, const struct field *target,
    enum harm harm)
{
	struct maker m = { .rows = rows, .target = target, .harm = harm };
	const struct json *doc;

	jsonw_begin(&m.w, op, 256);
	map(&m, "");
	assert_int_equal(json_parse(op, m.w.out.s, m.w.out.len, &doc), OK);
	op->why = NULL;
	return fields_check(op, rows, doc);
}

/* The last part of a path, as errors quote it. */
static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static void
a_document_made_from_a_table_is_accepted(void **state)
{
	struct op op;
	size_t t;

	(void)state;
	for (t = 0; t < ROWS(tables); t++) {
		op_begin(&op, "test");
		if (check(&op, tables[t].rows, NULL, NO_HARM) != OK)
			fail_msg("%s: %s", tables[t].name, op.why);
		op_end(&op);
	}
}

static void
each_required_member_is_missed(void **state)
{
	const struct field *f;
	struct op op;
	size_t t;
	enum err e;

	(void)state;
	for (t = 0; t < ROWS(tables); t++)
		for (f = tables[t].rows; f->path != NULL; f++) {
			op_begin(&op, "test");
			e = check(&op, tables[t].rows, f, LEFT_OUT);
			if (e != ((f->flags & REQUIRED) ? ERR_BAD_REQUEST : OK))
				fail_msg("%s without %s: %s", tables[t].name,
				    f->path, e == OK ? "accepted" : op.why);
			if (e != OK)
				assert_non_null(strstr(op.why, op_printf(&op,
				    "'%s' is a required property",
				    last_part(f->path))));
			op_end(&op);
		}
}

static void
each_member_of_the_wrong_kind_is_refused(void **state)
{
	const struct field *f;
	struct op op;
	size_t t;

	(void)state;
	for (t = 0; t < ROWS(tables); t++)
		for (f = tables[t].rows; f->path != NULL; f++) {
			if (f->kind == ANY || strcmp(f->path, "") == 0)
				continue;
			op_begin(&op, "test");
			if (check(&op, tables[t].rows, f, WRONG_KIND) !=
			    ERR_BAD_REQUEST)
				fail_msg("%s takes 1.5 as %s", tables[t].name,
				    f->path);
			assert_non_null(strstr(op.why, "Validation error: "));
			op_end(&op);
		}
}

static enum err
says(struct op *op, const struct field *rows, const char *text)
{
	const struct json *doc;

	assert_int_equal(json_parse(op, text, strlen(text), &doc), OK);
	op->why = NULL;
	return fields_check(op, rows, doc);
}

static void
what_stock_clients_send_is_accepted(void **state)
{
	static const struct { const struct field *rows; const char *body; }
	    table[] = {
		/* python-troveclient */
		{ instance_new_fields, "{\"instance\":{\"name\":\"shop\","
		    "\"flavorRef\":\"2\",\"volume\":{\"size\":5,\"type\":null},"
		    "\"databases\":[],\"users\":[],\"datastore\":{\"type\":"
		    "\"mariadb\",\"version\":\"10.11\"},\"access\":"
		    "{\"is_public\":false},\"replica_count\":1}}" },
		{ instance_put_fields, "{\"instance\":{\"configuration\":null}}" },
		{ instance_patch_fields, "{\"instance\":{\"slave_of\":null}}" },
		/* gophercloud */
		{ instance_new_fields, "{\"instance\":{\"flavorRef\":1,\"name\":"
		    "\"a\",\"volume\":{\"size\":\"02\"}}}" },
		{ instance_put_fields, "{\"instance\":{}}" },
		/* openstacksdk */
		{ action_fields, "{\"restart\":null}" },
		{ action_fields, "{\"resize\":{\"volume\":3}}" },
		{ databases_new_fields, "{\"database\":{\"name\":\"shop\"}}" },
		{ users_new_fields, "{\"users\":{\"name\":\"app\",\"password\":"
		    "\"p1\"}}" },
		{ root_fields, "{}" }, { root_fields, "{\"password\":null}" },
		{ root_fields, "{\"password\":\"\"}" }, { root_fields, "[]" },
		{ root_fields, "{\"password\":5}" },
		{ databases_new_fields, "{\"databases\":[]}" },
	};
	struct op op;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(table); i++) {
		op_begin(&op, "test");
		if (says(&op, table[i].rows, table[i].body) != OK)
			fail_msg("%s: %s", table[i].body, op.why);
		op_end(&op);
	}
}

static void
what_the_contract_refuses_is_refused(void **state)
{
	static const struct { const struct field *rows; const char *body; }
	    table[] = {
		{ instance_new_fields, "{}" },
		{ instance_new_fields, "{\"instance\":null}" },
		{ instance_new_fields, "{\"instance\":{\"name\":\"---\"}}" },
		{ instance_new_fields, "{\"instance\":{\"name\":\"a\","
		    "\"flavorRef\":true}}" },
		{ instance_new_fields, "{\"instance\":{\"name\":\"a\","
		    "\"volume\":{\"size\":0}}}" },
		{ instance_new_fields, "{\"instance\":{\"name\":\"a\","
		    "\"nics\":[{\"port-id\":\"x\"}]}}" },
		{ instance_new_fields, "{\"instance\":{\"name\":\"a\","
		    "\"nics\":[{},{}]}}" },
		{ instance_new_fields, "{\"instance\":{\"name\":\"a\","
		    "\"replica_count\":4}}" },
		{ instance_new_fields, "{\"instance\":{\"name\":\"a\","
		    "\"access\":{\"allowed_cidrs\":[\"::1\"]}}}" },
		{ instance_new_fields, "{\"instance\":{\"name\":\"a\","
		    "\"access\":{\"allowed_cidrs\":[\"1.1.1.1\",\"1.1.1.1\"]}}}" },
		{ instance_put_fields, "{\"instance\":{\"slave_of\":null}}" },
		{ instance_put_fields, "{\"instance\":{\"access\":{\"x\":1}}}" },
		{ instance_patch_fields, "{\"instance\":{\"access\":{}}}" },
		{ users_new_fields, "{\"users\":[{\"name\":\"u\",\"password\":"
		    "\"!!!\"}]}" },
		{ users_new_fields, "{\"users\":[{\"name\":\"u\",\"password\":"
		    "\"p\",\"host\":\"::1\"}]}" },
		{ users_new_fields, "{\"users\":[{\"name\":\"u\",\"password\":"
		    "\"p\",\"databases\":[{\"name\":\"a\"},{\"name\":\"a\"}]}]}" },
		{ users_new_fields, "{\"user\":[]}" },
		{ user_update_fields, "{\"user\":{}}" },
		{ databases_new_fields, "{\"foo\":[]}" },
		{ databases_new_fields, "{\"databases\":null}" },
		{ access_grant_fields, "{\"databases\":[{}]}" },
	};
	struct op op;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(table); i++) {
		op_begin(&op, "test");
		if (says(&op, table[i].rows, table[i].body) != ERR_BAD_REQUEST)
			fail_msg("%s is accepted", table[i].body);
		assert_null(strstr(op.why, "!!!"));	/* a password */
		op_end(&op);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_made_from_a_table_is_accepted),
		cmocka_unit_test(each_required_member_is_missed),
		cmocka_unit_test(each_member_of_the_wrong_kind_is_refused),
		cmocka_unit_test(what_stock_clients_send_is_accepted),
		cmocka_unit_test(what_the_contract_refuses_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
