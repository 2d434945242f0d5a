#include "lib/wire/http.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AWAY_MS		1000		/* no attempt for so long after a failed one */
#define HEADERS_MOST	65536

struct http {
	CURL		*curl;
	struct http_how	 how;
	char		*ca_file, *socket;
	int64_t		 away_until;
};

/* What one answer is collected into. */
struct taking {
	const struct http_request *asked;
	CURL		*curl;
	struct text	 body, headers;
	size_t		 most;
	bool		 too_long;
};

static char *
copy(const char *s)
{
	char *mine = strdup(s != NULL ? s : "");

	if (mine == NULL)
		abort();
	return mine;
}

struct http *
http_new(const struct http_how *how)
{
	static bool begun;
	struct http *h = calloc(1, sizeof(*h));

	if (!begun && curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		abort();
	begun = true;
	if (h == NULL || (h->curl = curl_easy_init()) == NULL)
		abort();
	h->how = *how;
	h->ca_file = copy(how->ca_file);
	h->socket = copy(how->socket);
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	free(h->ca_file);
	free(h->socket);
	free(h);
}

static size_t
take(struct taking *t, struct text *to, const char *bytes, size_t n)
{
	if (n > t->most || to->len > t->most - n) {
		t->too_long = true;
		return 0;
	}
	text_addn(to, bytes, n);
	return n;
}

static size_t
take_body(char *bytes, size_t one, size_t n, void *arg)
{
	struct taking *t = arg;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (t->asked->sink == NULL || status / 100 != 2)
		return take(t, &t->body, bytes, one * n);
	t->too_long = !t->asked->sink(t->asked->arg, bytes, one * n);
	return t->too_long ? 0 : one * n;
}

/* Of several answers (100 Continue) the last one's count. */
static size_t
take_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct taking *t = arg;

	if (one * n > 5 && memcmp(bytes, "HTTP/", 5) == 0)
		text_begin(&t->headers, t->headers.op, 512);
	if (t->headers.len + one * n > HEADERS_MOST) {
		t->too_long = true;
		return 0;
	}
	text_addn(&t->headers, bytes, one * n);
	return one * n;
}

static void
list_free(void *list)
{
	curl_slist_free_all(list);
}

/* A value with a line break in it would be a header more. */
static bool
is_value(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static enum err
list_add(struct op *op, struct curl_slist **list, const char *name,
    const char *value)
{
	struct curl_slist *longer;

	if (!is_value(value))
		return op_fail(op, ERR_BAD_REQUEST,
		    "%s holds control characters", name);
	longer = curl_slist_append(*list, op_printf(op, "%s: %s", name,
	    value));
	if (longer == NULL)
		abort();
	*list = longer;
	return OK;
}

static bool
has_type(const struct http_request *q)
{
	for (const char *const *h = q->headers; h != NULL && *h != NULL;
	    h += 2)
		if (strcasecmp(*h, "Content-Type") == 0)
			return true;
	return false;
}

static enum err
headers_of(struct op *op, const struct http_request *q,
    struct curl_slist **list)
{
	const char *const *h = q->headers;

	/* "Expect: 100-continue" would cost a round trip. */
	TRY(list_add(op, list, "Expect", ""));
	TRY(list_add(op, list, "Accept", "application/json"));
	if (q->body != NULL)
		TRY(list_add(op, list, "Content-Type", "application/json"));
	else if (q->bytes != NULL && !has_type(q))
		TRY(list_add(op, list, "Content-Type",
		    "application/octet-stream"));
	for (; h != NULL && *h != NULL; h += 2)
		TRY(list_add(op, list, h[0], h[1]));
	return OK;
}

/* Neither is copied: they are there until the answer is. */
static void
body_set(CURL *c, const struct http_request *q)
{
	const void *body = q->body != NULL ? q->body : q->bytes;
	size_t n = q->body != NULL ? strlen(q->body) : q->len;

	if (body == NULL)
		return;
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
}

static void
set(struct http *h, const struct http_request *q, struct taking *t,
    struct curl_slist *list)
{
	CURL *c = h->curl;

	curl_easy_reset(c);		/* connections stay */
	curl_easy_setopt(c, CURLOPT_URL, q->url);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	curl_easy_setopt(c, CURLOPT_NOBODY,
	    strcmp(q->method, "HEAD") == 0 ? 1L : 0L);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_MAXCONNECTS, 2L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)h->how.connect_ms);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)h->how.total_ms);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	if (*h->ca_file != '\0')
		curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
	if (*h->socket != '\0')
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, h->socket);
	if (h->how.silent_s > 0) {
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME,
		    (long)h->how.silent_s);
	}
	body_set(c, q);
}

/* Without its query, which may be a leave signed for whoever holds it. */
static const char *
shown(struct op *op, const struct http_request *q)
{
	return op_strndup(op, q->url, strcspn(q->url, "?"));
}

static enum err
failed(struct op *op, struct http *h, const struct http_request *q,
    CURLcode rc)
{
	switch (rc) {
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return op_fail(op, ERR_CLOUD, "%s: %s", shown(op, q),
		    curl_easy_strerror(rc));
	default:
		h->away_until = clock_ms() + AWAY_MS;
		return op_fail(op, ERR_UNAVAILABLE, "%s: %s", shown(op, q),
		    curl_easy_strerror(rc));
	}
}

enum err
http_send(struct op *op, struct http *h, const struct http_request *q,
    struct http_answer *a)
{
	struct curl_slist *list = NULL;
	struct taking t = { .most = h->how.most, .asked = q, .curl = h->curl };
	long status = 0;
	enum err e;
	CURLcode rc;

	if (clock_ms() < h->away_until)
		return op_fail(op, ERR_UNAVAILABLE,
		    "%s did not answer a moment ago", shown(op, q));
	e = headers_of(op, q, &list);
	op_defer(op, list_free, list);
	TRY(e);
	text_begin(&t.body, op, 1024);
	text_begin(&t.headers, op, 512);
	set(h, q, &t, list);
	rc = curl_easy_perform(h->curl);
	if (t.too_long)
		return op_fail(op, ERR_CLOUD, "%s: the answer is too long",
		    shown(op, q));
	if (rc != CURLE_OK)
		return failed(op, h, q, rc);
	h->away_until = 0;
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	*a = (struct http_answer){ .status = (int)status, .body = t.body.s,
	    .len = t.body.len, .headers = t.headers.s };
	return OK;
}

const char *
http_header(struct op *op, const struct http_answer *a, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = a->headers; *s != '\0'; s++) {
		size_t line = strcspn(s, "\r\n");

		if (line > n && s[n] == ':' && strncasecmp(s, name, n) == 0) {
			size_t blank = n + 1 + strspn(s + n + 1, " \t");

			return op_strndup(op, s + blank, line > blank ?
			    line - blank : 0);
		}
		s += line;
		if (*s == '\0')
			break;
	}
	return NULL;
}
