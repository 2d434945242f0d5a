#include "t/unit/test.h"
#include "t/unit/api_fixture.h"
#include "t/unit/key_fixture.h"

#include "fcgi/auth.h"
#include "fcgi/shared.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/msg/bus.h"
#include "lib/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct request r;
static bool begun;

int
api_fixture_start(void **state)
{
	static struct op op;

	(void)state;
	seal_init();
	log_init("test", LOG_ERROR);
	op_begin(&op, "test");
	if (*conf_str("pg.dsn") == '\0' ||
	    strcmp(conf_str("pg.dsn"), "dbname=coffer") == 0)
		assert_int_equal(conf_set(&op, "pg", "dsn",
		    "host=/nonexistent"), OK);
	assert_int_equal(conf_set(&op, "redis", "socket", "/nonexistent"), OK);
	assert_int_equal(conf_set(&op, "api", "guest_wait", "1"), OK);
	key_fixture(&op);
	store_open("coffer_api");
	bus_open();
	assert_int_equal(auth_open(&op), OK);
	op_end(&op);
	return 0;
}

const char *
token_for(const char *project, const char *roles)
{
	static char token[64];
	unsigned char hash[SEAL_HASH];
	struct caller c = {
		.user = "u1", .user_name = "tester", .project = project,
		.project_name = project != NULL ? "demo" : NULL,
		.admin = strstr(roles, "admin") != NULL,
		.member = strstr(roles, "member") != NULL,
		.reader = strstr(roles, "reader") != NULL,
	};

	snprintf(token, sizeof(token), "%.8s:%s",
	    project != NULL ? project : "-", roles);
	seal_hash(hash, token, strlen(token));
	token_cache(hash, &c, clock_wall_us() / 1000000 + 3600, 60);
	return token;
}

struct request *
ask(enum method m, const char *uri, const char *token, const char *json)
{
	if (begun)
		op_end(&r.op);
	begun = true;
	memset(&r, 0, sizeof(r));
	op_begin(&r.op, "req-test");
	r.pool = ASKS_GUEST;
	r.method = m;
	r.uri = uri;
	r.host = "api.example:8779";
	r.token = token;
	if (json != NULL) {
		r.content_type = "application/json";
		r.raw = json;
		r.raw_len = strlen(json);
	}
	request_serve(&r);
	return &r;
}

int
ask_status(enum method m, const char *uri, const char *token,
    const char *json)
{
	return ask(m, uri, token, json)->status;
}

const char *
answer(void)
{
	return r.has_body ? r.out.out.s : "";
}

const char *
answer_header(const char *name)
{
	const char *line = strstr(r.headers.s, name);

	if (line == NULL)
		return "";
	line += strlen(name) + 2;
	return op_strndup(&r.op, line, strcspn(line, "\r"));
}

const struct json *
answer_json(void)
{
	const struct json *j;

	assert_int_equal(json_parse(&r.op, r.out.out.s, r.out.out.len, &j),
	    OK);
	return j;
}

const char *
answer_str(const char *path)
{
	return json_str(json_get(answer_json(), path));
}
