#include "t/unit/test.h"
#include "t/unit/http_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t server;
static char url[64];
static int logins, connections;

/* --- what it says --------------------------------------------------------------- */

#define TOKEN(user, project, roles) "{\"token\":{\"user\":{\"id\":\"" user	\
    "\",\"name\":\"tester\"}," project "\"roles\":[" roles "],"		\
    "\"expires_at\":\"2099-01-01T00:00:00.000000Z\"}}"
#define IN "\"project\":{\"id\":\"p1\",\"name\":\"demo\"},"
#define ROLE(name) "{\"id\":\"r\",\"name\":\"" name "\"}"

/* What Keystone says of a token; status 401: our own was revoked. */
static const struct { const char *token; int status; const char *body; }
    tokens[] = {
	{ "member", 200, TOKEN("u1", IN, ROLE("member")) },
	{ "admin", 200, TOKEN("u1", IN, ROLE("x") "," ROLE("admin")) },
	{ "reader", 200, TOKEN("u1", IN, ROLE("reader")) },
	{ "service", 200, TOKEN("u2", IN, ROLE("service")) },
	{ "none", 200, TOKEN("u1", IN, "") },
	{ "unscoped", 200, TOKEN("u1", "", "") },
	{ "trust", 200, "{\"token\":{\"OS-TRUST:trust\":{\"id\":\"t\"},"
	    "\"user\":{\"id\":\"u1\",\"name\":\"tester\"}," IN "\"roles\":["
	    ROLE("member") "],\"expires_at\":\"2099-01-01T00:00:00Z\"}}" },
	{ "path", 200, TOKEN("../u1", IN, ROLE("admin")) },
	{ "forever", 200, "{\"token\":{\"user\":{\"id\":\"u1\"}," IN
	    "\"roles\":[]}}" },
	{ "list", 200, "[]" },
	{ "text", 200, "hello" },
	{ "numbers", 200, "{\"token\":{\"user\":{\"id\":5},\"roles\":7}}" },
	{ "down", 503, "" },
	{ "refused", 403, "{}" },
	{ "revoking", 401, "{}" },
	{ NULL, 404, "{}" }
};

struct request { char head[262144]; const char *path; int fd; };

static const char *
header(struct request *q, const char *name)
{
	static char value[4][8192];
	static int at;
	char *line = strcasestr(q->head, name);

	at = (at + 1) % 4;
	value[at][0] = '\0';
	if (line != NULL)
		sscanf(line + strlen(name), ": %8191[^\r\n]", value[at]);
	return value[at];
}

static void
say(struct request *q, int status, const char *more, const char *body)
{
	dprintf(q->fd, "HTTP/1.1 %d Said\r\nX-Connection: %d\r\n%s"
	    "Content-Length: %zu\r\n\r\n%s", status, connections, more,
	    strlen(body), body);
}

static void
login(struct request *q, const char *body)
{
	char more[128], document[1024];

	if (strstr(body, "\"name\":\"wrong\"") != NULL) {
		say(q, 401, "", "{}");
		return;
	}
	snprintf(more, sizeof(more), "x-subject-token: mine-%d\r\n",
	    ++logins);
	snprintf(document, sizeof(document), "{\"token\":{\"expires_at\":"
	    "\"2099-01-01T00:00:00Z\",\"project\":{\"id\":\"svc\"},"
	    "\"catalog\":[{\"type\":\"object-store\",\"endpoints\":["
	    "{\"interface\":\"internal\",\"region_id\":\"RegionOne\",\"url\":"
	    "\"%s/v1/AUTH_svc\"},{\"interface\":\"public\",\"region_id\":"
	    "\"RegionOne\",\"url\":\"http://public.example/v1/AUTH_svc/\"},"
	    "{\"interface\":\"public\",\"region_id\":\"RegionTwo\",\"url\":"
	    "\"http://elsewhere/\"}]},{\"type\":\"identity\","
	    "\"endpoints\":[{\"interface\":\"public\",\"region_id\":"
	    "\"RegionOne\",\"url\":\"http://127.0.0.1:1\"},{\"interface\":"
	    "\"internal\",\"region_id\":\"RegionOne\",\"url\":\"%s/v3/\"}]}]}}",
	    url, url);
	say(q, 201, more, document);
}

static void
validate(struct request *q)
{
	const char *subject = header(q, "X-Subject-Token");
	char mine[32];
	size_t i = 0;

	snprintf(mine, sizeof(mine), "mine-%d", logins);
	if (strcmp(header(q, "X-Auth-Token"), mine) != 0) {
		say(q, 401, "", "{}");
		return;
	}
	/* What ran out is told of only to who asks for it. */
	if (strcmp(subject, "expired") == 0 &&
	    strstr(q->path, "allow_expired=1") != NULL)
		subject = "member";
	while (tokens[i].token != NULL &&
	    strcmp(tokens[i].token, subject) != 0)
		i++;
	if (tokens[i].status == 401)
		logins += 100;		/* ours is none any more */
	say(q, tokens[i].status, "", tokens[i].body);
}

/* --- as Swift --------------------------------------------------------------------- */

static int manifests, paths;

/* Container "many": 1005 rows, 1000 of them a page. */
static void
page_of_many(struct request *q)
{
	static char list[200000];
	int from = strstr(q->path, "&marker=o") != NULL ? 1000 : 0;
	int to = from == 0 ? 1000 : 1005;
	char *at = list + sprintf(list, "[");

	for (int i = from; i < to; i++)
		at += sprintf(at, "%s{\"name\":\"o%05d\",\"bytes\":%d,"
		    "\"hash\":\"d41d8cd98f00b204e9800998ecf8427e\"}",
		    i > from ? "," : "", i, i);
	sprintf(at, "]");
	say(q, 200, "", list);
}

static void
manifest(struct request *q, const char *body)
{
	int n = 0;

	while ((body = strstr(body, "\"path\":")) != NULL) {
		body++;
		n++;
	}
	manifests++;
	paths += n;
	say(q, n <= 1000 ? 201 : 413, "", "");
}

/* The container says what happens. */
static void
swift(struct request *q, const char *body)
{
	const char *container = strchr(q->path + strlen("/v1/AUTH_"), '/') + 1;
	char mine[32], count[64];

	snprintf(mine, sizeof(mine), "mine-%d", logins);
	if (strcmp(header(q, "X-Auth-Token"), mine) != 0)
		say(q, 401, "", "");
	else if (strncmp(container, "status-", 7) == 0)
		say(q, atoi(container + 7), "", "");
	else if (strncmp(container, "many", 4) == 0)
		page_of_many(q);
	else if (strncmp(container, "nonsense", 8) == 0)
		say(q, 200, "", "[{\"name\":5}]");
	else if (strncmp(container, "text", 4) == 0)
		say(q, 200, "X-Static-Large-Object: True\r\n", "hello");
	else if (strncmp(container, "stuck", 5) == 0)
		say(q, 200, "X-Static-Large-Object: True\r\n", strncmp(
		    q->head, "DELETE", 6) != 0 ? "" : "{\"Response Status\":"
		    "\"400 Bad Request\",\"Errors\":[[\"/c/s\",\"409\"]]}");
	else if (strstr(container, "multipart-manifest=put") != NULL)
		manifest(q, body);
	else if (strncmp(container, "counts", 6) == 0) {
		snprintf(count, sizeof(count), "%d %d", manifests, paths);
		say(q, 200, "", count);
	} else
		say(q, 201, "ETag: \"0123456789abcdef0123456789abcdef\"\r\n",
		    "");
}

/* --- as S3 ------------------------------------------------------------------------ */

/* Bucket "s3-pages": 3 rows, 2 of them on the first page. */
static void
s3_page(struct request *q)
{
	bool second = strstr(q->path, "&continuation-token=") != NULL ||
	    strstr(q->path, "?continuation-token=") != NULL;

	if (strstr(q->path, "prefix=up%2Fp%2Fc%2Fo") == NULL)
		say(q, 400, "", "");
	else if (second && strstr(q->path, "continuation-token=a%2Bb%3D") ==
	    NULL)
		say(q, 400, "", "");
	else
		say(q, 200, "", second ? "<ListBucketResult><Contents><Key>"
		    "up/p/c/o3</Key><Size>3</Size><ETag>&quot;33-2&quot;"
		    "</ETag></Contents></ListBucketResult>" :
		    "<ListBucketResult><NextContinuationToken>a+b=</Next"
		    "ContinuationToken><Contents><ETag>\"11\"</ETag><Key>"
		    "up/p/c/o1&amp;</Key><Size>1</Size></Contents><Contents>"
		    "<Key>up/p/c/o2</Key><ETag>22</ETag><Size>2</Size>"
		    "</Contents></ListBucketResult>");
}

/* Bucket "s3-old-<etag>": objects that hold "hello" and have that ETag. */
static void
s3_old(struct request *q, const char *etag)
{
	char more[200];

	snprintf(more, sizeof(more), "ETag: \"%.*s\"\r\n"
	    "x-amz-meta-parent-location: there\r\n"
	    "x-amz-meta-parent-checksum: sum\r\n",
	    (int)strcspn(etag, "/"), etag);
	if (strncmp(q->head, "HEAD", 4) == 0)
		dprintf(q->fd, "HTTP/1.1 200 OK\r\n%sContent-Length: 5\r\n\r\n",
		    more);
	else
		say(q, 206, more, "hello");
}

/* The bucket says what happens: "s3-<status>-<code>", "s3-late", ... */
static void
s3(struct request *q)
{
	const char *bucket = q->path + strlen("/s3-");
	char text[300];

	if (strncmp(bucket, "pages", 5) == 0)
		s3_page(q);
	else if (strncmp(bucket, "text", 4) == 0)
		say(q, 200, "", "hello <Error>");
	else if (strncmp(bucket, "late", 4) == 0)
		say(q, 200, "", "  <Error><Code>InternalError</Code></Error>");
	else if (strncmp(bucket, "old-", 4) == 0)
		s3_old(q, bucket + 4);
	else if (strncmp(bucket, "damage", 6) == 0)
		say(q, 200, "", "<x><UploadId>u</UploadId><ETag>&quot;00000000"
		    "000000000000000000000000&quot;</ETag></x>");
	else {
		snprintf(text, sizeof(text), "<Error><Code>%.*s</Code>"
		    "<Message>because</Message></Error>",
		    (int)strcspn(bucket + 4, "/?"), bucket + 4);
		say(q, atoi(bucket), "", text);
	}
}

static void
answer(struct request *q, const char *body)
{
	static char mebibyte[(1 << 20) + 1];

	if (strncmp(q->path, "/v3/auth/tokens", 15) == 0) {
		if (strncmp(q->head, "POST", 4) == 0)
			login(q, body);
		else
			validate(q);
	} else if (strncmp(q->path, "/v1/AUTH_", 9) == 0)
		swift(q, body);
	else if (strncmp(q->path, "/s3-", 4) == 0)
		s3(q);
	else if (strncmp(q->path, "/echo", 5) == 0)
		say(q, 200, "", q->head);
	else if (strncmp(q->path, "/long", 5) == 0)
		say(q, 200, "", memset(mebibyte, 'x', sizeof(mebibyte) - 1));
	else if (strncmp(q->path, "/moved", 6) == 0)
		say(q, 302, "Location: /echo\r\n", "");
	else if (strncmp(q->path, "/slow", 5) == 0)
		sleep(60);
	else if (strncmp(q->path, "/nonsense", 9) == 0)
		dprintf(q->fd, "good day\n\n");
	else if (strncmp(q->path, "/close", 6) != 0)
		say(q, 404, "", "{}");
}

/* --- the process ------------------------------------------------------------------ */

static bool
read_request(struct request *q)
{
	size_t n = 0;
	ssize_t got;
	char *end;

	memset(q->head, 0, sizeof(q->head));
	while ((end = strstr(q->head, "\r\n\r\n")) == NULL ||
	    strlen(end + 4) < (size_t)atoi(header(q, "Content-Length"))) {
		got = read(q->fd, q->head + n, sizeof(q->head) - 1 - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	q->path = strchr(q->head, ' ') + 1;
	return true;
}

#define CLIENTS 8

/* One request; false: the connection is at its end. */
static bool
serve_one(struct request *q)
{
	if (!read_request(q))
		return false;
	answer(q, strstr(q->head, "\r\n\r\n") + 4);
	return strncmp(q->path, "/close", 6) != 0 &&
	    strncmp(q->path, "/nonsense", 9) != 0;
}

/* Several clients keep a connection each. */
static void
serve(int listener)
{
	static struct request q;
	struct pollfd p[CLIENTS + 1] = { { .fd = listener } };
	int number[CLIENTS + 1], opened = 0, n = 1;

	for (;;) {
		for (int i = 0; i < n; i++)
			p[i].events = POLLIN;
		poll(p, (nfds_t)n, -1);
		for (int i = n - 1; i > 0; i--) {
			if (p[i].revents == 0)
				continue;
			q.fd = p[i].fd;
			connections = number[i];
			if (serve_one(&q))
				continue;
			close(q.fd);
			p[i] = p[--n];
			number[i] = number[n];
		}
		if (p[0].revents != 0 && n <= CLIENTS) {
			number[n] = ++opened;
			p[n++] = (struct pollfd){ .fd = accept(listener, NULL,
			    NULL) };
		}
	}
}

int
http_fixture_start(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d",
	    ntohs(a.sin_port));
	if ((server = fork()) == 0) {
		alarm(120);
		signal(SIGPIPE, SIG_IGN);
		serve(fd);
	}
	close(fd);
	return server == -1;
}

int
http_fixture_stop(void **state)
{
	(void)state;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}

const char *
http_fixture_url(void)
{
	return url;
}
