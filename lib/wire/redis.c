#include "lib/wire/redis.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PAUSE_FIRST	50		/* ms after a connection that never answered */
#define PAUSE_MOST	2000

/* A message that came while something else was waited for. */
struct waiting {
	struct waiting	*next;
	redisReply	*reply;
};

struct redis {
	char		*socket, *host, *user, *password;
	int		 port, timeout_ms;
	redisContext	*c;		/* NULL while away */
	unsigned	 epoch;
	bool		 listening;	/* subscribed: carries nothing else */
	int		 pause_ms;	/* before the next attempt but one */
	int64_t		 again_at;	/* no attempt before this */
	redisReply	*said;		/* the message that the caller is looking at */
	struct waiting	*first, **last;
};

/* What is being sent, how far it got, until when the answers must be there. */
struct exchange {
	struct text	 out;
	size_t		 sent;
	int64_t		 deadline;
};

static char *
copy(const char *s)
{
	char *c = strdup(s == NULL ? "" : s);

	if (c == NULL)
		err(1, "out of memory");
	return c;
}

struct redis *
redis_new(const struct redis_where *w)
{
	struct redis *r = calloc(1, sizeof(*r));

	if (r == NULL)
		err(1, "out of memory");
	r->socket = copy(w->socket);
	r->host = copy(w->host);
	r->user = copy(w->user);
	r->password = copy(w->password);
	r->port = w->port;
	r->timeout_ms = w->timeout_ms > 0 ? w->timeout_ms : 1;
	r->last = &r->first;
	return r;
}

static void
messages_drop(struct redis *r)
{
	struct waiting *w;

	if (r->said != NULL)
		freeReplyObject(r->said);
	r->said = NULL;
	while ((w = r->first) != NULL) {
		r->first = w->next;
		freeReplyObject(w->reply);
		free(w);
	}
	r->last = &r->first;
}

static void
hang_up(struct redis *r)
{
	if (r->c != NULL)
		redisFree(r->c);
	r->c = NULL;
	r->listening = false;
	messages_drop(r);
}

void
redis_free(struct redis *r)
{
	if (r == NULL)
		return;
	hang_up(r);
	free(r->socket);
	free(r->host);
	free(r->user);
	explicit_bzero(r->password, strlen(r->password));
	free(r->password);
	free(r);
}

bool
redis_up(const struct redis *r)
{
	return r->c != NULL;
}

int
redis_fd(struct redis *r)
{
	return r->c != NULL ? r->c->fd : -1;
}

unsigned
redis_epoch(const struct redis *r)
{
	return r->epoch;
}

/*
 * Hang up, and put off the next attempt.  A connection that has answered may
 * be made again at once; one that never did is tried ever more seldom, so that
 * a Redis that takes connections and closes them is not hammered either.
 */
static enum err
lost(struct op *op, struct redis *r, const char *why)
{
	enum err e = op_fail(op, ERR_UNAVAILABLE, "Redis: %s", why);

	hang_up(r);
	r->again_at = clock_ms() + r->pause_ms / 2 +
	    (r->pause_ms > 0 ? clock_wall_us() % (r->pause_ms / 2) : 0);
	r->pause_ms = r->pause_ms == 0 ? PAUSE_FIRST : r->pause_ms * 2;
	if (r->pause_ms > PAUSE_MOST)
		r->pause_ms = PAUSE_MOST;
	return e;
}

/* --- bytes ------------------------------------------------------------------ */

/* Wait until the socket is ready for one of these; false at the deadline. */
static bool
socket_ready(struct redis *r, short events, int64_t deadline, short *got)
{
	struct pollfd p = { .fd = r->c->fd, .events = events };
	int64_t left = deadline - clock_ms();
	int n = poll(&p, 1, left < 0 ? 0 : (int)left);

	*got = n > 0 ? p.revents : 0;
	return n > 0 || (n == -1 && errno == EINTR && left > 0);
}

/*
 * Sent directly: hiredis writes without MSG_NOSIGNAL, and as long as it takes.
 * A server that hung up may have said why: that is still to be read.
 */
static enum err
send_some(struct op *op, struct redis *r, struct exchange *x)
{
	ssize_t n = send(r->c->fd, x->out.s + x->sent, x->out.len - x->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n == -1 && errno == EPIPE)
		x->sent = x->out.len;
	else if (n == -1 && errno != EAGAIN && errno != EINTR)
		return lost(op, r, strerror(errno));
	if (n > 0)
		x->sent += (size_t)n;
	return OK;
}

static enum err
take_reply(struct op *op, struct redis *r, redisReply **reply)
{
	void *got = NULL;

	if (redisGetReplyFromReader(r->c, &got) != REDIS_OK)
		return lost(op, r, r->c->errstr);
	*reply = got;
	return OK;
}

static enum err
read_some(struct op *op, struct redis *r)
{
	if (redisBufferRead(r->c) != REDIS_OK)
		return lost(op, r, r->c->errstr);
	return OK;
}

/*
 * Send the rest, if any, and give the next reply.  Reads while it writes:
 * otherwise a long pipeline and its replies would wait for each other.
 */
static enum err
next_reply(struct op *op, struct redis *r, struct exchange *x,
    redisReply **reply)
{
	for (;;) {
		short want, got;

		TRY(take_reply(op, r, reply));
		if (*reply != NULL)
			return OK;
		if (x->sent < x->out.len)
			TRY(send_some(op, r, x));
		want = x->sent < x->out.len ? POLLIN | POLLOUT : POLLIN;
		if (!socket_ready(r, want, x->deadline, &got))
			return lost(op, r, "no answer in time");
		if (got & (POLLIN | POLLHUP | POLLERR))
			TRY(read_some(op, r));
	}
}

static void
write_argument(struct text *out, const char *arg, size_t n)
{
	text_printf(out, "$%zu\r\n", n);
	text_addn(out, arg, n);
	text_addn(out, "\r\n", 2);
}

static void
write_command(struct text *out, const struct redis_command *k)
{
	text_printf(out, "*%d\r\n", k->n);
	for (int i = 0; i < k->n; i++)
		write_argument(out, k->arg[i], k->len[i] != 0 ? k->len[i] :
		    strlen(k->arg[i]));
}

static void
write_argv(struct text *out, const char *const *argv)
{
	int n = 0;

	while (argv[n] != NULL)
		n++;
	text_printf(out, "*%d\r\n", n);
	for (int i = 0; i < n; i++)
		write_argument(out, argv[i], strlen(argv[i]));
}

/* --- connecting --------------------------------------------------------------- */

static enum err
log_in(struct op *op, struct redis *r)
{
	struct redis_command k = { { "AUTH", r->user, r->password }, .n = 3 };
	struct exchange x = { .deadline = clock_ms() + r->timeout_ms };
	redisReply *reply;
	char why[128];

	text_begin(&x.out, op, 256);
	write_command(&x.out, &k);
	TRY(next_reply(op, r, &x, &reply));
	explicit_bzero(x.out.s, x.out.len);
	if (reply->type != REDIS_REPLY_ERROR) {
		freeReplyObject(reply);
		return OK;
	}
	snprintf(why, sizeof(why), "user %.60s: %.50s", r->user, reply->str);
	freeReplyObject(reply);
	return lost(op, r, why);
}

static enum err
connect_now(struct op *op, struct redis *r)
{
	struct timeval tv = { r->timeout_ms / 1000, r->timeout_ms % 1000 * 1000 };

	r->c = *r->socket != '\0' ?
	    redisConnectUnixWithTimeout(r->socket, tv) :
	    redisConnectWithTimeout(r->host, r->port, tv);
	if (r->c == NULL)
		err(1, "out of memory");
	if (r->c->err != 0)
		return lost(op, r, r->c->errstr);
	if (*r->socket == '\0')
		redisEnableKeepAlive(r->c);	/* a dead peer shows after 30 s */
	if (fcntl(r->c->fd, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(r->c->fd, F_SETFD, FD_CLOEXEC) == -1)
		return lost(op, r, strerror(errno));
	r->c->flags &= ~REDIS_BLOCK;
	if (*r->password != '\0')
		TRY(log_in(op, r));
	r->epoch++;
	return OK;
}

/* An idle connection that the server closed tells so by being readable. */
static bool
gone(struct redis *r)
{
	char c;
	ssize_t n = recv(r->c->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR);
}

/* Connected, or at least tried when it is time for it; waits for that time. */
static enum err
be_connected(struct op *op, struct redis *r, int wait_ms)
{
	int64_t now;

	if (r->c != NULL && gone(r))
		lost(op, r, "the server closed the connection");
	if (r->c != NULL)
		return OK;
	now = clock_ms();	/* not before it was lost: "at once" is due */
	if (r->again_at > now + wait_ms) {
		clock_sleep_ms(wait_ms);
		return op_fail(op, ERR_UNAVAILABLE,
		    "Redis: away, not tried again yet");
	}
	clock_sleep_ms(r->again_at - now);
	return connect_now(op, r);
}

/* --- commands ------------------------------------------------------------------ */

static void
copy_reply(struct op *op, struct redis_reply *to, const redisReply *from)
{
	*to = (struct redis_reply){ .kind = REDIS_NIL };
	switch (from->type) {
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
		to->kind = REDIS_TEXT;
		to->text = op_strndup(op, from->str, from->len);
		to->len = from->len;
		return;
	case REDIS_REPLY_ERROR:
		to->text = op_strndup(op, from->str, from->len);
		to->len = from->len;
		return;
	case REDIS_REPLY_INTEGER:
		to->kind = REDIS_NUMBER;
		to->number = from->integer;
		return;
	case REDIS_REPLY_ARRAY:
		to->kind = REDIS_LIST;
		to->items = from->elements;
		to->item = op_alloc(op, (to->items + 1) * sizeof(*to->item));
		for (size_t i = 0; i < to->items; i++)
			copy_reply(op, &to->item[i], from->element[i]);
		return;
	default:
		return;
	}
}

/* What will pass by itself or by an operator's hand, not by another request. */
static enum err
refusal(struct op *op, const redisReply *reply)
{
	static const char *const passing[] = { "LOADING", "BUSY", "MASTERDOWN",
	    "READONLY", "OOM", "MISCONF", "TRYAGAIN", "NOREPLICAS", NULL };

	for (const char *const *p = passing; *p != NULL; p++)
		if (strncmp(reply->str, *p, strlen(*p)) == 0)
			return op_fail(op, ERR_UNAVAILABLE, "Redis: %.200s",
			    reply->str);
	return op_fail(op, ERR_INTERNAL, "Redis: %.200s", reply->str);
}

/* What stands in x->out is n commands. */
static enum err
exchange(struct op *op, struct redis *r, struct exchange *x, int n,
    struct redis_reply *replies, int wait_ms)
{
	enum err first = OK;
	redisReply *reply;

	assert(!r->listening);
	TRY(be_connected(op, r, wait_ms));
	x->deadline = clock_ms() + r->timeout_ms + wait_ms;
	for (int i = 0; i < n; i++) {
		TRY(next_reply(op, r, x, &reply));
		if (reply->type != REDIS_REPLY_ERROR)
			r->pause_ms = 0;	/* it serves us */
		else if (first == OK)
			first = refusal(op, reply);
		if (replies != NULL)
			copy_reply(op, &replies[i], reply);
		freeReplyObject(reply);
	}
	return first;
}

enum err
redis_pipe_wait(struct op *op, struct redis *r, const struct redis_command *k,
    int n, struct redis_reply *replies, int wait_ms)
{
	struct exchange x = { .sent = 0 };

	text_begin(&x.out, op, 256);
	for (int i = 0; i < n; i++)
		write_command(&x.out, &k[i]);
	return exchange(op, r, &x, n, replies, wait_ms);
}

enum err
redis_pipe(struct op *op, struct redis *r, const struct redis_command *k,
    int n, struct redis_reply *replies)
{
	return redis_pipe_wait(op, r, k, n, replies, 0);
}

enum err
redis_call_wait(struct op *op, struct redis *r, struct redis_reply *reply,
    const char *const *argv, int wait_ms)
{
	struct exchange x = { .sent = 0 };

	text_begin(&x.out, op, 256);
	write_argv(&x.out, argv);
	return exchange(op, r, &x, 1, reply, wait_ms);
}

enum err
redis_call(struct op *op, struct redis *r, struct redis_reply *reply,
    const char *const *argv)
{
	return redis_call_wait(op, r, reply, argv, 0);
}

/* --- channels ------------------------------------------------------------------ */

static bool
is_text(const redisReply *reply, size_t i)
{
	return i < reply->elements &&
	    reply->element[i]->type == REDIS_REPLY_STRING;
}

/* "message" channel data, or "pmessage" pattern channel data. */
static bool
is_message(const redisReply *reply, struct redis_message *m)
{
	size_t at;

	if (reply->type != REDIS_REPLY_ARRAY || !is_text(reply, 0))
		return false;
	if (strcmp(reply->element[0]->str, "message") == 0)
		at = 1;
	else if (strcmp(reply->element[0]->str, "pmessage") == 0)
		at = 2;
	else
		return false;
	if (!is_text(reply, at) || !is_text(reply, at + 1))
		return false;
	m->channel = reply->element[at]->str;
	m->data = reply->element[at + 1]->str;
	m->len = reply->element[at + 1]->len;
	return true;
}

static bool
is_confirmation(const redisReply *reply, const char *verb, const char *channel)
{
	return reply->type == REDIS_REPLY_ARRAY && is_text(reply, 0) &&
	    strcasecmp(reply->element[0]->str, verb) == 0 &&
	    is_text(reply, 1) && strcmp(reply->element[1]->str, channel) == 0;
}

static void
message_keep(struct redis *r, redisReply *reply)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (w == NULL)
		err(1, "out of memory");
	w->reply = reply;
	*r->last = w;
	r->last = &w->next;
}

/* Messages that arrive before the confirmation are kept for redis_hear(). */
static enum err
subscribe(struct op *op, struct redis *r, const char *verb, const char *channel)
{
	const struct redis_command k = { { verb, channel }, .n = 2 };
	struct exchange x = { .deadline = clock_ms() + r->timeout_ms };
	struct redis_message m;
	redisReply *reply;

	text_begin(&x.out, op, 256);
	write_command(&x.out, &k);
	r->listening = true;
	for (;;) {
		bool done;

		TRY(next_reply(op, r, &x, &reply));
		if (is_message(reply, &m)) {
			message_keep(r, reply);
			continue;
		}
		done = is_confirmation(reply, verb, channel);
		if (reply->type == REDIS_REPLY_ERROR) {
			enum err e = refusal(op, reply);

			freeReplyObject(reply);
			return e;
		}
		freeReplyObject(reply);
		if (done) {
			r->pause_ms = 0;
			return OK;
		}
	}
}

enum err
redis_listen(struct op *op, struct redis *r, bool pattern, const char *channel)
{
	TRY(be_connected(op, r, 0));
	return subscribe(op, r, pattern ? "psubscribe" : "subscribe", channel);
}

enum err
redis_unlisten(struct op *op, struct redis *r, bool pattern,
    const char *channel)
{
	if (r->c == NULL)
		return OK;		/* what ended with the connection */
	return subscribe(op, r, pattern ? "punsubscribe" : "unsubscribe",
	    channel);
}

/* The next message that is here already, or NULL. */
static enum err
heard(struct op *op, struct redis *r, struct redis_message *m)
{
	struct waiting *w = r->first;

	if (r->said != NULL)
		freeReplyObject(r->said);
	r->said = NULL;
	if (w != NULL) {
		r->said = w->reply;
		if ((r->first = w->next) == NULL)
			r->last = &r->first;
		free(w);
		is_message(r->said, m);
		return OK;
	}
	for (;;) {
		TRY(take_reply(op, r, &r->said));
		if (r->said == NULL || is_message(r->said, m))
			return OK;
		freeReplyObject(r->said);	/* a confirmation */
		r->said = NULL;
	}
}

enum err
redis_hear(struct op *op, struct redis *r, struct redis_message *m,
    bool *message, int wait_ms)
{
	int64_t deadline = clock_ms() + wait_ms;
	short got;

	*message = false;
	if (r->c == NULL)
		return be_connected(op, r, wait_ms);
	for (;;) {
		TRY(heard(op, r, m));
		*message = r->said != NULL;
		if (*message)
			return OK;
		if (!socket_ready(r, POLLIN, deadline, &got))
			return OK;
		if (got != 0)
			TRY(read_some(op, r));
	}
}
