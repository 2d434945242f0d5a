/*
 * A backup is its users, and what a replica is sent at first: a snapshot that
 * the server's child writes into the connection, with no copy on the disk.  A
 * restored one becomes the base of the append-only log, from which the server
 * starts.  Before the users there was only the snapshot, as in what Trove made.
 */
#include "agent/redis_server.h"
#include "agent/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SILENCE_S	120		/* while another child ends it says something every 10 s */
#define MARK		40		/* bytes that end a stream whose length nobody knew */
#define CHUNK		65536
#define MAGIC		"REDIS"		/* of a snapshot, which is longer than HEAD */
#define USERS		"COFFER1 "	/* and how many bytes of users follow */
#define HEAD		17
#define USERS_MOST	(1 << 20)

#define RESTORED	REDIS_DATA "/restored.rdb"
#define BASE		REDIS_AOF_NAME ".1.base.rdb"

static void
close_fd(void *fd)
{
	close((int)(intptr_t)fd);
}

static enum err
failed(struct op *op, const char *what)
{
	return op_fail(op, ERR_GUEST, "%s: %s", what, strerror(errno));
}

/* --- the wire ----------------------------------------------------------------------- */

static enum err
dial(struct op *op, int *fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct timeval silence = { .tv_sec = SILENCE_S };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", redis_socket(op));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd == -1)
		return failed(op, "socket");
	op_defer(op, close_fd, (void *)(intptr_t)*fd);
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &silence,
	    sizeof(silence)) == -1 ||
	    connect(*fd, (struct sockaddr *)&a, sizeof(a)) == -1)
		return failed(op, a.sun_path);
	return OK;
}

static enum err
take(struct op *op, int fd, char *to, size_t room, size_t *n)
{
	ssize_t got;

	while ((got = read(fd, to, room)) == -1 && errno == EINTR)
		;
	if (got == -1)
		return failed(op, "Redis");
	if (got == 0)
		return op_fail(op, ERR_GUEST, "Redis ended the stream.");
	*n = (size_t)got;
	return OK;
}

static enum err
give(struct op *op, int fd, const char *from, size_t n)
{
	return file_write(fd, from, n) ? OK : failed(op, "the backup's stream");
}

/* Without its end, and without the empty ones that say only "wait". */
static enum err
line(struct op *op, int fd, char *to, size_t room)
{
	size_t len = 0, n;

	while (len < room - 1) {
		TRY(take(op, fd, to + len, 1, &n));
		if (to[len] != '\n') {
			len++;
			continue;
		}
		while (len > 0 && to[len - 1] == '\r')
			len--;
		to[len] = '\0';
		if (len > 0)
			return OK;
	}
	return op_fail(op, ERR_GUEST, "Redis said something else.");
}

/* Its refusal may repeat what was said, a password too. */
static enum err
say(struct op *op, int fd, const char *words, const char *what)
{
	char answer[256];

	TRY(give(op, fd, words, strlen(words)));
	TRY(line(op, fd, answer, sizeof(answer)));
	return strcmp(answer, "+OK") == 0 ? OK :
	    op_fail(op, ERR_GUEST, "Redis refused: %s.", what);
}

/* --- backup ------------------------------------------------------------------------- */

/* What might be the mark is held back until more is known. */
static enum err
copy_until(struct op *op, int from, int to, const char *mark)
{
	char *buf = op_alloc(op, CHUNK + MARK);
	size_t held = 0, n;

	for (;;) {
		TRY(take(op, from, buf + held, CHUNK, &n));
		n += held;
		if (n < MARK) {
			held = n;
			continue;
		}
		TRY(give(op, to, buf, n - MARK));
		if (memcmp(buf + n - MARK, mark, MARK) == 0)
			return OK;
		memmove(buf, buf + n - MARK, MARK);
		held = MARK;
	}
}

static enum err
copy_bytes(struct op *op, int from, int to, int64_t left)
{
	char *buf = op_alloc(op, CHUNK);
	size_t n;

	for (; left > 0; left -= (int64_t)n) {
		TRY(take(op, from, buf, left < CHUNK ? (size_t)left : CHUNK,
		    &n));
		TRY(give(op, to, buf, n));
	}
	return OK;
}

static enum err
users_give(struct op *op, int to)
{
	const char *users, *head;
	size_t n;

	TRY(redis_users_text(op, &users, &n));
	head = op_printf(op, USERS "%08zu\n", n);
	TRY(give(op, to, head, HEAD));
	return give(op, to, users, n);
}

enum err
redis_backup(struct op *op, const char *since, int to, const char **mark)
{
	const char *password;
	char head[256];
	int64_t len;
	int fd;

	*mark = NULL;
	if (since != NULL)
		return op_fail(op, ERR_NOT_BUILT,
		    "Redis takes backups in full only.");
	TRY(redis_admin_password(op, &password));
	TRY(dial(op, &fd));
	TRY(say(op, fd, op_printf(op, "AUTH " REDIS_ADMIN " %s\r\n", password),
	    "the agent"));
	TRY(say(op, fd, "REPLCONF rdb-only 1\r\n", "a snapshot"));
	TRY(say(op, fd, "REPLCONF capa eof\r\n", "a stream"));
	TRY(give(op, fd, "SYNC\r\n", 6));
	TRY(line(op, fd, head, sizeof(head)));
	TRY(users_give(op, to));
	if (strncmp(head, "$EOF:", 5) == 0 && strlen(head) == 5 + MARK)
		return copy_until(op, fd, to, head + 5);
	if (*head == '$' && text_number(head + 1, 1, INT64_MAX, &len))
		return copy_bytes(op, fd, to, len);
	return op_fail(op, ERR_GUEST, "Redis: %.100s", head);
}

/* --- restore ------------------------------------------------------------------------ */

/* All n bytes, if there are as many. */
static enum err
take_all(struct op *op, int from, char *to, size_t n)
{
	size_t has = 0;
	ssize_t got;

	while (has < n && (got = read(from, to + has, n - has)) != 0) {
		if (got == -1 && errno != EINTR)
			return failed(op, "the backup's stream");
		if (got > 0)
			has += (size_t)got;
	}
	return has == n ? OK : op_fail(op, ERR_BAD_REQUEST,
	    "This is no snapshot of Redis.");
}

static enum err
users_take(struct op *op, int from, const char *size)
{
	int64_t n;
	char *text;

	if (!text_number(size, 0, USERS_MOST, &n))
		return op_fail(op, ERR_BAD_REQUEST,
		    "This is no backup of Redis.");
	text = op_alloc(op, (size_t)n + 1);
	TRY(take_all(op, from, text, (size_t)n));
	return redis_users_aside(op, text, (size_t)n);
}

/* To where the snapshot begins, of which the first bytes are written. */
static enum err
head_take(struct op *op, int from, int to)
{
	char head[HEAD + 1] = "";

	TRY(take_all(op, from, head, HEAD));
	if (strncmp(head, USERS, strlen(USERS)) == 0) {
		head[HEAD - 1] = '\0';
		TRY(users_take(op, from, head + strlen(USERS)));
		TRY(take_all(op, from, head, HEAD));
	} else
		TRY(redis_users_aside(op, NULL, 0));
	if (strncmp(head, MAGIC, strlen(MAGIC)) != 0)
		return op_fail(op, ERR_BAD_REQUEST,
		    "This is no snapshot of Redis.");
	return give(op, to, head, HEAD);
}

enum err
redis_restore(struct op *op, int nth, int from)
{
	const char *path = file_data(op, RESTORED);
	char *buf = op_alloc(op, CHUNK);
	struct file_early early = { 0 };
	ssize_t n;
	int fd;

	if (nth > 0)
		return op_fail(op, ERR_BAD_REQUEST,
		    "A backup of Redis stands by itself.");
	TRY(file_directory(op, file_data(op, REDIS_DATA)));
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return failed(op, path);
	op_defer(op, close_fd, (void *)(intptr_t)fd);
	TRY(head_take(op, from, fd));
	early.fd = fd;
	while ((n = read(from, buf, CHUNK)) > 0 || (n == -1 && errno == EINTR))
		if (n > 0) {
			TRY(give(op, fd, buf, (size_t)n));
			file_early(&early, (size_t)n);
		}
	if (n == -1)
		return failed(op, "the backup's stream");
	return fsync(fd) == 0 ? OK : failed(op, path);
}

/* The log that is there, if any: flat, and all of it is replaced. */
static enum err
log_remove(struct op *op, const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (d == NULL)
		return errno == ENOENT ? OK : failed(op, path);
	while ((e = readdir(d)) != NULL)
		if (*e->d_name != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	return OK;
}

/* The manifest last: without one the server starts with nothing. */
enum err
redis_restored(struct op *op)
{
	static const char manifest[] = "file " BASE " seq 1 type b\n";
	const char *dir = file_data(op, REDIS_DATA "/" REDIS_AOF);
	const char *base = op_printf(op, "%s/" BASE, dir);

	if (access(file_data(op, RESTORED), F_OK) == -1)
		return failed(op, RESTORED);
	TRY(log_remove(op, dir));
	unlink(file_data(op, REDIS_DATA "/dump.rdb"));
	TRY(file_directory(op, dir));
	TRY(redis_users_restored(op));
	if (rename(file_data(op, RESTORED), base) == -1)
		return failed(op, base);
	return file_put(op, op_printf(op, "%s/" REDIS_AOF_NAME ".manifest",
	    dir), manifest, sizeof(manifest) - 1);
}
