#include "fcgi/request.h"

#include "fcgi/route.h"
#include "fcgi/stream.h"
#include "lib/base/clock.h"
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
/* Who streams for longer than this has to be as fast as that, on average. */
#define PATIENCE_MS	20000
#define SLOWEST		16		/* bytes a millisecond */

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

/* --- streams ----------------------------------------------------------------------- */

static struct stream stream;
static int64_t stream_began, stream_moved;

static enum err
pace(struct request *r, size_t n)
{
	int64_t ms = clock_ms() - stream_began;

	stream_moved += (int64_t)n;
	return ms < PATIENCE_MS || stream_moved / SLOWEST >= ms ? OK :
	    op_fail(&r->op, ERR_TOO_SLOW, "This goes too slowly.");
}

/* What has come, and no waiting for more: libfcgi would until all fits. */
static size_t
take_some(void *buf, size_t n)
{
	int first = FCGX_GetChar(fcgx.in);
	size_t more = (size_t)(fcgx.in->stop - fcgx.in->rdNext);

	if (first == EOF)
		return 0;
	*(unsigned char *)buf = (unsigned char)first;
	if (more > n - 1)
		more = n - 1;
	return 1 + (size_t)FCGX_GetStr((char *)buf + 1, (int)more, fcgx.in);
}

static enum err
stream_take(struct request *r, void *buf, size_t n, size_t *got)
{
	size_t some = 1;

	for (*got = 0; *got < n && some > 0; *got += some) {
		some = take_some((char *)buf + *got, n - *got);
		TRY(pace(r, some));
	}
	return FCGX_GetError(fcgx.in) == 0 ? OK : op_fail(&r->op,
	    ERR_TOO_SLOW, "The body broke off.");
}

static enum err
stream_give(struct request *r, const void *buf, size_t n)
{
	if (FCGX_PutStr(buf, (int)n, fcgx.out) != (int)n)
		return op_fail(&r->op, ERR_TOO_SLOW, "the reader went away");
	return pace(r, n);
}

static void
stream_begin(struct request *r)
{
	const char *len = param("CONTENT_LENGTH");

	stream = (struct stream){ .params = (const char *const *)fcgx.envp,
	    .length = -1, .take = stream_take, .answer = -1,
	    .give = stream_give };
	stream_began = clock_ms();
	stream_moved = 0;
	if (len != NULL)
		text_number(len, 0, INT64_MAX, &stream.length);
	r->stream = &stream;
}

/*
 * A refused body is not read to its end, which may be far: the connection is
 * given up, and libfcgi waits until nginx has taken the answer.  Without a body
 * there still is the record that ends it.
 */
static void
stream_end(void)
{
	const char *chunked = param("HTTP_TRANSFER_ENCODING");

	if (fcgx.in->isClosed)
		return;
	if (stream.length > stream_moved ||
	    (chunked != NULL && *chunked != '\0'))
		fcgx.keepConnection = 0;
	else
		drain();
}

/* --- answers ------------------------------------------------------------------------ */

/* How long it is; of streams the head alone is written here. */
static size_t
length_of(const struct request *r)
{
	if (r->stream != NULL && r->stream->answer >= 0)
		return (size_t)r->stream->answer;
	return r->has_body ? r->out.out.len : 0;
}

static void
write_body(struct request *r, size_t n)
{
	if (n == 0 || r->method == HEAD)
		return;
	if (r->stream == NULL || r->stream->answer < 0) {
		FCGX_PutStr(r->out.out.s, (int)n, fcgx.out);
		return;
	}
	/* Less than was said: nginx closes, and the reader knows. */
	if (r->stream->pour(r) != OK) {
		log_warn(&r->op, "%s", r->op.why);
		fcgx.keepConnection = 0;
	}
}

static void
write_answer(struct request *r)
{
	size_t n = length_of(r);
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
	write_body(r, n);
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
	if (pool == STORES) {
		stream_begin(&r);
		request_serve(&r);
		stream_end();
		write_answer(&r);
	} else if (read_body(&r)) {
		drain();
		request_serve(&r);
		write_answer(&r);
	}
	FCGX_Finish_r(&fcgx);
	op_end(&r.op);
	return OK;
}
