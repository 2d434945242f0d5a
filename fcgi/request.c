#include "fcgi/request.h"

#include "fcgi/route.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG		511
#define WAIT_MS		1000

static int listener = -1;
static FCGX_Request fcgx;

/*
 * Not FCGX_OpenSocket(): it ends the process when it fails.  The listener
 * does not block: of all processes that a connection wakes one gets it, and
 * the others must go back to watching for signals.
 */
static int
listen_on(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	if (fd == -1)
		return -1;
	unlink(a->sun_path);
	/* nginx runs as another user.  Who gets here still needs a token. */
	if (bind(fd, (const struct sockaddr *)a, sizeof(*a)) == 0 &&
	    chmod(a->sun_path, 0666) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

enum err
request_listen(struct op *op, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path))
		return op_fail(op, ERR_INTERNAL,
		    "%s: too long for a unix socket", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	listener = listen_on(&a);
	if (listener == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	return OK;
}

void
request_open(void)
{
	FCGX_Init();
	FCGX_InitRequest(&fcgx, listener, FCGI_FAIL_ACCEPT_ON_INTR);
}

/* On the connection that nginx keeps, else for a new one. */
static bool
readable(void)
{
	struct pollfd p = { .fd = fcgx.ipcFd >= 0 ? fcgx.ipcFd : listener,
	    .events = POLLIN };

	return poll(&p, 1, WAIT_MS) > 0;
}

static const char *
param(const char *name)
{
	return FCGX_GetParam(name, fcgx.envp);
}

/* nginx's 32 hex digits as a UUID; one of our own when there are none. */
static const char *
id_of(struct op *op)
{
	const char *s = param("COFFER_REQUEST_ID");
	char uuid[UUID_LEN + 1];

	if (s != NULL && strlen(s) == 32 &&
	    strspn(s, "0123456789abcdefABCDEF") == 32)
		return op_printf(op, "req-%.8s-%.4s-%.4s-%.4s-%.12s", s,
		    s + 8, s + 12, s + 16, s + 20);
	text_uuid(uuid);
	return op_printf(op, "req-%s", uuid);
}

/*
 * What is left of a body, and the empty record that ends every one, must not
 * stay on a connection that is used again.
 */
static void
drain(void)
{
	char buf[16384];

	while (FCGX_GetStr(buf, sizeof(buf), fcgx.in) > 0)
		;
}

/* False: the client went away in the middle of it. */
static bool
read_body(struct request *r)
{
	const char *len = param("CONTENT_LENGTH");
	int64_t n = 0;
	char *buf;

	if (len == NULL || *len == '\0')
		return true;
	if (!text_number(len, 0, conf_int("api.body_max"), &n)) {
		r->raw_too_large = true;
		return true;
	}
	buf = op_alloc(&r->op, (size_t)n + 1);
	r->raw = buf;
	r->raw_len = (size_t)n;
	return FCGX_GetStr(buf, (int)n, fcgx.in) == n;
}

static void
read_params(struct request *r)
{
	const char *method = param("REQUEST_METHOD");
	const char *uri = param("REQUEST_URI");

	r->method = method_find(method != NULL ? method : "");
	r->uri = uri != NULL ? uri : "";
	r->host = param("HTTP_HOST");
	r->content_type = param("CONTENT_TYPE");
	r->accept = param("HTTP_ACCEPT");
	r->token = param("HTTP_X_AUTH_TOKEN");
	r->subject_token = param("HTTP_X_SUBJECT_TOKEN");
	r->service_token = param("HTTP_X_SERVICE_TOKEN");
	r->client = param("REMOTE_ADDR");
	r->repeat_key = param("HTTP_IDEMPOTENCY_KEY");
}

static void
write_answer(struct request *r)
{
	size_t n = r->has_body ? r->out.out.len : 0;
	struct text head;

	text_begin(&head, &r->op, 512);
	text_printf(&head, "Status: %d %s\r\n", r->status,
	    reply_reason(r->status));
	if (r->status != 204 && (r->type == NULL || *r->type != '\0'))
		text_printf(&head, "Content-Type: %s\r\n", r->type != NULL ?
		    r->type : "application/json");
	if (r->status != 204)
		text_printf(&head, "Content-Length: %zu\r\n", n);
	text_printf(&head, "x-openstack-request-id: %s\r\n", r->op.id);
	text_addn(&head, r->headers.s, r->headers.len);
	text_add(&head, "\r\n");
	FCGX_PutStr(head.s, (int)head.len, fcgx.out);
	if (n > 0 && r->method != HEAD)
		FCGX_PutStr(r->out.out.s, (int)n, fcgx.out);
}

enum err
request_once(struct op *op, enum pool pool)
{
	static struct request r;	/* too large for a stack, and one at a time */

	(void)op;
	if (!readable() || FCGX_Accept_r(&fcgx) != 0)
		return OK;
	memset(&r, 0, sizeof(r));
	op_begin(&r.op, "req-");
	r.op.id = id_of(&r.op);
	r.pool = pool;
	read_params(&r);
	if (read_body(&r)) {
		drain();
		request_serve(&r);
		write_answer(&r);
	}
	FCGX_Finish_r(&fcgx);
	op_end(&r.op);
	return OK;
}
