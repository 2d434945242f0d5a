#include "lib/cloud/keystone.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/jsonw.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ANSWER_MOST	(1 << 20)	/* a large cloud's catalog */
#define RENEW_S		60		/* before the own token runs out */
#define TOKEN_MOST	8192
#define URL_MOST	1024
#define ENDPOINTS	64

static struct http *http;
static char mine[TOKEN_MOST];		/* the account's token; "": not logged in */
static int64_t mine_expires;
static char base[URL_MOST];		/* where /v3 begins, without the slash */
static char project[128];		/* the account's own */
/* Those of our region, as the last login gave them. */
static struct endpoint { char type[32], interface[16], url[URL_MOST]; }
    endpoints[ENDPOINTS];
static int endpoints_n;

enum err
keystone_open(struct op *op)
{
	const struct http_how how = {
		.connect_ms = conf_int("keystone.timeout") * 1000,
		.total_ms = conf_int("keystone.timeout") * 1000,
		.most = ANSWER_MOST, .ca_file = conf_str("keystone.ca_file"),
	};

	if (*conf_str("keystone.auth_url") == '\0' ||
	    strlen(conf_str("keystone.auth_url")) >= URL_MOST - 4)
		return op_fail(op, ERR_BAD_REQUEST,
		    "keystone.auth_url is not set");
	http_free(http);
	http = http_new(&how);
	seal_wipe(mine, sizeof(mine));
	return OK;
}

/* "https://host:5000", with or without /v3 and slashes at the end. */
static const char *
trimmed(struct op *op, const char *url)
{
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	if (n >= 3 && strncmp(url + n - 3, "/v3", 3) == 0)
		n -= 3;
	return op_printf(op, "%.*s/v3", (int)n, url);
}

int64_t
keystone_time(const char *s)
{
	struct tm tm = { 0 };

	if (s == NULL || strlen(s) > 40 ||
	    sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon,
	    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm);
}

/* --- logging in ------------------------------------------------------------------ */

static void
named(struct jsonw *w, const char *name, const char *domain)
{
	jsonw_kstr(w, "name", name);
	jsonw_key(w, "domain");
	jsonw_map(w);
	jsonw_kstr(w, "name", domain);
	jsonw_map_end(w);
}

static const char *
login_body(struct op *op)
{
	struct jsonw w;

	jsonw_begin(&w, op, 512);
	jsonw_map(&w);
	jsonw_key(&w, "auth");
	jsonw_map(&w);
	jsonw_key(&w, "identity");
	jsonw_map(&w);
	jsonw_key(&w, "methods");
	jsonw_raw(&w, "[\"password\"]");
	jsonw_key(&w, "password");
	jsonw_map(&w);
	jsonw_key(&w, "user");
	jsonw_map(&w);
	named(&w, conf_str("keystone.user"), conf_str("keystone.user_domain"));
	jsonw_kstr(&w, "password", conf_secret("keystone.password").never_log);
	jsonw_map_end(&w);
	jsonw_map_end(&w);
	jsonw_map_end(&w);
	jsonw_key(&w, "scope");
	jsonw_map(&w);
	jsonw_key(&w, "project");
	jsonw_map(&w);
	named(&w, conf_str("keystone.project"),
	    conf_str("keystone.project_domain"));
	jsonw_map_end(&w);
	jsonw_map_end(&w);
	jsonw_map_end(&w);
	jsonw_map_end(&w);
	return w.out.s;
}

static bool
is(const struct json *map, const char *key, const char *wanted)
{
	const char *s = json_str(json_get(map, key));

	return s != NULL && strcmp(s, wanted) == 0;
}

/* Names that are longer than any are none. */
static void
endpoint_keep(const char *type, const struct json *e)
{
	const char *interface = json_str(json_get(e, "interface"));
	const char *url = json_str(json_get(e, "url"));
	struct endpoint *to = &endpoints[endpoints_n];

	if (type == NULL || interface == NULL || url == NULL ||
	    endpoints_n == ENDPOINTS || strlen(type) >= sizeof(to->type) ||
	    strlen(interface) >= sizeof(to->interface) ||
	    strlen(url) >= sizeof(to->url) - 4 ||
	    !is(e, "region_id", conf_str("coffer.region")))
		return;
	strcpy(to->type, type);
	strcpy(to->interface, interface);
	strcpy(to->url, url);
	endpoints_n++;
}

static void
catalog_keep(const struct json *catalog)
{
	endpoints_n = 0;
	for (size_t i = 0; i < json_count(catalog); i++) {
		const struct json *service = json_at(catalog, i);
		const struct json *list = json_get(service, "endpoints");

		for (size_t k = 0; k < json_count(list); k++)
			endpoint_keep(json_str(json_get(service, "type")),
			    json_at(list, k));
	}
}

/* NULL: none in there. */
static const char *
endpoint_of(const char *type, const char *interface)
{
	for (int i = 0; i < endpoints_n; i++)
		if (strcmp(endpoints[i].type, type) == 0 &&
		    strcmp(endpoints[i].interface, interface) == 0)
			return endpoints[i].url;
	return NULL;
}

static enum err
parsed(struct op *op, const struct http_answer *a, const struct json **body)
{
	*body = NULL;
	if (a->len > 0 && json_parse(op, a->body, a->len, body) != OK)
		return op_fail(op, ERR_CLOUD, "Keystone's answer (%d) is no "
		    "JSON: %s", a->status, op->why);
	return OK;
}

static enum err
believe(struct op *op, const struct http_answer *a)
{
	const char *token = http_header(op, a, "X-Subject-Token"), *url, *id;
	const struct json *body;

	TRY(parsed(op, a, &body));
	if (token == NULL || *token == '\0' || strlen(token) >= TOKEN_MOST)
		return op_fail(op, ERR_CLOUD, "Keystone's login has no token");
	catalog_keep(json_get(body, "token/catalog"));
	id = json_str(json_get(body, "token/project/id"));
	snprintf(project, sizeof(project), "%s", id != NULL ? id : "");
	url = endpoint_of("identity", conf_str("keystone.interface"));
	if (url == NULL)
		url = conf_str("keystone.auth_url");
	snprintf(base, sizeof(base), "%s", trimmed(op, url));
	snprintf(mine, sizeof(mine), "%s", token);
	mine_expires = keystone_time(json_str(json_get(body,
	    "token/expires_at")));
	log_debug(op, "logged in at Keystone, which is at %s", base);
	return OK;
}

static enum err
login(struct op *op)
{
	const struct http_request q = {
		.method = "POST", .body = login_body(op),
		.url = op_printf(op, "%s/auth/tokens", trimmed(op,
		    conf_str("keystone.auth_url"))),
	};
	struct http_answer a;

	TRY(http_send(op, http, &q, &a));
	if (a.status == 201)
		return believe(op, &a);
	return op_fail(op, a.status == 401 || a.status == 403 ||
	    a.status == 429 || a.status >= 500 ? ERR_UNAVAILABLE : ERR_CLOUD,
	    "Keystone answers the login of %s with %d",
	    conf_str("keystone.user"), a.status);
}

/* --- asking --------------------------------------------------------------------- */

static enum err
login_if_needed(struct op *op)
{
	return *mine == '\0' || (mine_expires != 0 && mine_expires -
	    RENEW_S < clock_wall_us() / 1000000) ? login(op) : OK;
}

static enum err
send_once(struct op *op, struct http *to, const struct http_request *q,
    struct http_answer *a)
{
	const char *headers[KEYSTONE_HEADERS + 3] = { "X-Auth-Token", mine };
	struct http_request mine_too = *q;
	size_t n = 2;

	TRY(login_if_needed(op));
	for (const char *const *h = q->headers; h != NULL && *h != NULL &&
	    n < KEYSTONE_HEADERS + 2; h++)
		headers[n++] = *h;
	mine_too.headers = headers;
	return http_send(op, to, &mine_too, a);
}

enum err
keystone_send(struct op *op, struct http *to, const struct http_request *q,
    struct http_answer *a)
{
	TRY(send_once(op, to, q, a));
	if (a->status == 401) {		/* ours was revoked, or Keystone was made anew */
		seal_wipe(mine, sizeof(mine));
		TRY(send_once(op, to, q, a));
	}
	return OK;
}

enum err
keystone_endpoint(struct op *op, const char *type, const char *interface,
    const char *of, const char **url)
{
	const char *found;
	size_t n, own;

	TRY(login_if_needed(op));
	if (interface == NULL)
		interface = conf_str("keystone.interface");
	found = endpoint_of(type, interface);
	if (found == NULL)
		return op_fail(op, ERR_CLOUD, "Keystone's catalog has no %s "
		    "service with interface %s in %s", type, interface,
		    conf_str("coffer.region"));
	n = strlen(found);
	while (n > 0 && found[n - 1] == '/')
		n--;
	own = strlen(project);
	if (own == 0 || n <= own || strncmp(found + n - own, project, own) != 0)
		return op_fail(op, ERR_CLOUD, "the address of the %s service "
		    "does not end with the project: %s", type, found);
	*url = op_printf(op, "%.*s%s", (int)(n - own), found, of);
	return OK;
}

enum err
keystone_call(struct op *op, const struct keystone_ask *ask,
    struct keystone_answer *answer)
{
	struct http_request q = { .method = ask->method,
	    .headers = ask->headers };
	struct http_answer a;

	TRY(login_if_needed(op));	/* which says where it is */
	q.url = op_printf(op, "%s%s", base, ask->path);
	TRY(keystone_send(op, http, &q, &a));
	if (a.status == 401 || a.status == 403 || a.status == 429 ||
	    a.status >= 500)
		return op_fail(op, ERR_UNAVAILABLE, "Keystone answers %s %s "
		    "with %d", ask->method, ask->path, a.status);
	answer->status = a.status;
	return parsed(op, &a, &answer->body);
}
