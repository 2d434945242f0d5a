#include "t/unit/test.h"
#include "t/unit/http_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
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

struct request { char head[16384]; const char *path; int fd; };

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
	char more[128], document[512];

	if (strstr(body, "\"name\":\"wrong\"") != NULL) {
		say(q, 401, "", "{}");
		return;
	}
	snprintf(more, sizeof(more), "x-subject-token: mine-%d\r\n",
	    ++logins);
	snprintf(document, sizeof(document), "{\"token\":{\"expires_at\":"
	    "\"2099-01-01T00:00:00Z\",\"catalog\":[{\"type\":\"identity\","
	    "\"endpoints\":[{\"interface\":\"public\",\"region_id\":"
	    "\"RegionOne\",\"url\":\"http://127.0.0.1:1\"},{\"interface\":"
	    "\"internal\",\"region_id\":\"RegionOne\",\"url\":\"%s/v3/\"}]}]}}",
	    url);
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

static void
answer(struct request *q, const char *body)
{
	static char mebibyte[(1 << 20) + 1];

	if (strncmp(q->path, "/v3/auth/tokens", 15) == 0) {
		if (strncmp(q->head, "POST", 4) == 0)
			login(q, body);
		else
			validate(q);
	} else if (strncmp(q->path, "/echo", 5) == 0)
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

static void
serve(int listener)
{
	struct request q;

	for (;;) {
		q.fd = accept(listener, NULL, NULL);
		connections++;
		while (read_request(&q)) {
			answer(&q, strstr(q.head, "\r\n\r\n") + 4);
			if (strncmp(q.path, "/close", 6) == 0 ||
			    strncmp(q.path, "/nonsense", 9) == 0)
				break;
		}
		close(q.fd);
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
