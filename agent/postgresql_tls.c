/*
 * PostgreSQL reads certificates with all else that it reads anew.  It does not
 * say whether it took them, but whoever asks for TLS hears of it.
 */
#include "agent/postgresql.h"
#include "agent/file.h"
#include "agent/settings.h"
#include "agent/tls.h"
#include "lib/base/conf.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_S 2

enum err
postgresql_tls_settings(struct op *op, struct text *t)
{
	const char *file = file_data(op, TLS_SERVER);
	struct tls tls;

	TRY(tls_read(op, &tls));
	if (tls.mode == TLS_OFF || access(file, R_OK) == -1)
		return OK;
	text_printf(t, "ssl = on\nssl_cert_file = '%s'\n"
	    "ssl_key_file = '%s'\n", file, file);
	if (tls.mode == TLS_MUTUAL)
		text_printf(t, "ssl_ca_file = '%s'\n",
		    file_data(op, TLS_CLIENTS));
	return OK;
}

enum err
postgresql_tls_hosts(struct op *op, const char **host, const char **more)
{
	struct tls t;

	TRY(tls_read(op, &t));
	*host = t.mode > TLS_BASIC ? "hostssl" : "host";
	*more = t.mode == TLS_MUTUAL ? " clientcert=verify-ca" : "";
	return OK;
}

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

static enum err
door(struct op *op, int *fd)
{
	const char *address = conf_str("agent.address"),
	    *port = op_printf(op, "%d", conf_int("agent.port"));
	struct addrinfo want = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *a;
	struct timeval patience = { .tv_sec = ANSWER_S };
	bool there;

	if (getaddrinfo(address, port, &want, &a) != 0)
		return op_fail(op, ERR_INTERNAL, "%s is no address", address);
	*fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	op_defer(op, close_fd, (void *)(intptr_t)*fd);
	there = setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience)) == 0 && setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO,
	    &patience, sizeof(patience)) == 0 &&
	    connect(*fd, a->ai_addr, a->ai_addrlen) == 0;
	freeaddrinfo(a);
	return there ? OK : op_fail(op, ERR_GUEST, "PostgreSQL: %s: %s",
	    address, strerror(errno));
}

static enum err
is_on(struct op *op, bool *on)
{
	static const unsigned char ask[8] = { 0, 0, 0, 8, 4, 210, 22, 47 };
	char answer = '?';
	int fd = -1;

	TRY(door(op, &fd));
	if (send(fd, ask, sizeof(ask), MSG_NOSIGNAL) != sizeof(ask) ||
	    recv(fd, &answer, 1, 0) != 1)
		return op_fail(op, ERR_GUEST, "PostgreSQL does not say whether "
		    "it has TLS.");
	*on = answer == 'S';
	return OK;
}

static enum err
files_write(struct op *op)
{
	const struct db_setting *s;

	TRY(settings_read(op, &s));
	TRY(postgresql_conf_write(op, s));
	TRY(postgresql_reload(op));
	return postgresql_hosts(op, NULL);
}

/* Who may come is said last: nobody is sent away for want of what is not there yet. */
static enum err
apply(struct op *op, const struct tls *t)
{
	bool on;

	TRY(files_write(op));
	TRY(is_on(op, &on));
	if (on == (t->mode != TLS_OFF))
		return OK;
	return op_fail(op, ERR_UNPROCESSABLE, "PostgreSQL %s TLS as it runs: "
	    "it needs a restart first.", on ? "keeps" : "does not take");
}

const struct tls_ways postgresql_tls_ways = {
	.apply = apply,
	.on = is_on,
	.mutual = true,
};
