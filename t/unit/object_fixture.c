#include "t/unit/object_fixture.h"
#include "lib/base/md5.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY_MOST (40 << 20)

static pid_t server;
static char dir[64], url[64], sock[96];
struct shared { int requests, status, times; bool cut; };
/* With the server's processes. */
static struct shared *shared;

const char *
object_fixture_path(const char *object)
{
	static char path[4][2048];
	static int at;

	at = (at + 1) % 4;
	snprintf(path[at], sizeof(path[at]), "%s/%s", dir, object);
	return path[at];
}

/* --- a connection ------------------------------------------------------------------- */

struct request {
	char		 method[8], name[200];
	size_t		 len;
	size_t		 from, to;	/* of a range; to 0: none was asked for */
	char		*body;
};

static bool
read_line(FILE *in, char *line, size_t room)
{
	if (fgets(line, (int)room, in) == NULL)
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

static bool
read_request(FILE *in, struct request *q)
{
	char line[8192];

	if (!read_line(in, line, sizeof(line)) ||
	    sscanf(line, "%7s /%199[^? ]", q->method, q->name) != 2)
		return false;
	q->len = q->from = q->to = 0;
	while (read_line(in, line, sizeof(line)) && *line != '\0') {
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			q->len = strtoul(line + 15, NULL, 10);
		if (strncasecmp(line, "Range:", 6) == 0)
			sscanf(line + 6, " bytes=%zu-%zu", &q->from, &q->to);
	}
	return q->len <= BODY_MOST && fread(q->body, 1, q->len, in) == q->len;
}

/* Half of it, and gone, where it was told so. */
static void
break_off(int fd, const char *body, size_t n)
{
	if (!shared->cut || shared->times == 0 || n < 2)
		return;
	shared->times--;
	if (write(fd, body, n / 2) != -1)
		shutdown(fd, SHUT_RDWR);
	_exit(0);
}

static void
say(int fd, int status, const char *etag, const void *body, size_t n)
{
	dprintf(fd, "HTTP/1.1 %d Said\r\nETag: \"%s\"\r\nContent-Length: "
	    "%zu\r\n\r\n", status, etag, n);
	break_off(fd, body, n);
	for (const char *p = body; n > 0;) {
		ssize_t some = write(fd, p, n);

		if (some <= 0)
			_exit(0);
		p += some;
		n -= (size_t)some;
	}
}

/* As it was told to. */
static bool
misbehaves(int fd)
{
	while (shared->status == -1)
		usleep(2000);
	if (shared->times == 0 || shared->cut)
		return false;
	if (shared->times > 0)
		shared->times--;
	say(fd, shared->status, "", "", 0);
	return true;
}

static void
put(int fd, struct request *q)
{
	char path[2100], md5[MD5_HEX + 1];
	FILE *f;

	snprintf(path, sizeof(path), "%s.new", object_fixture_path(q->name));
	f = fopen(path, "w");
	if (f == NULL || fwrite(q->body, 1, q->len, f) != q->len ||
	    fclose(f) != 0)
		err(1, "%s", path);
	rename(path, object_fixture_path(q->name));
	md5_hex(md5, q->body, q->len);
	say(fd, 201, md5, "", 0);
}

static void
get(int fd, struct request *q)
{
	int file = open(object_fixture_path(q->name), O_RDONLY);
	ssize_t n;

	if (file == -1) {
		say(fd, 404, "", "", 0);
		return;
	}
	n = read(file, q->body, BODY_MOST);
	close(file);
	if (q->to == 0)
		say(fd, 200, "", q->body, (size_t)n);
	else if (q->from >= (size_t)n)
		say(fd, 416, "", "", 0);
	else
		say(fd, 206, "", q->body + q->from, (q->to < (size_t)n ?
		    q->to + 1 : (size_t)n) - q->from);
}

static void
connection(int fd)
{
	FILE *in = fdopen(fd, "r");
	struct request q = { .body = malloc(BODY_MOST) };

	while (read_request(in, &q)) {
		__atomic_add_fetch(&shared->requests, 1, __ATOMIC_SEQ_CST);
		if (misbehaves(fd))
			continue;
		if (strcmp(q.method, "PUT") == 0)
			put(fd, &q);
		else
			get(fd, &q);
	}
	_exit(0);
}

/* --- the process ---------------------------------------------------------------------- */

static void
serve(int tcp, int local)
{
	struct pollfd fds[] = { { tcp, POLLIN, 0 }, { local, POLLIN, 0 } };
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		poll(fds, 2, -1);
		for (int i = 0; i < 2; i++) {
			if (fds[i].revents == 0)
				continue;
			fd = accept(fds[i].fd, NULL, NULL);
			if (fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				connection(fd);
			}
			close(fd);
		}
	}
}

static int
listen_local(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sock, sizeof(sock), "%s/.socket", dir);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", sock);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(fd, 16) == -1)
		err(1, "%s", sock);
	return fd;
}

static int
listen_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&a, n) == -1 || listen(fd, 16) == -1 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) == -1)
		err(1, "loopback");
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
	return fd;
}

int
object_fixture_start(void **state)
{
	int tcp, local;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/coffer-objects.XXXXXX");
	if (mkdtemp(dir) == NULL || (shared = mmap(NULL, sizeof(*shared),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) ==
	    MAP_FAILED)
		err(1, "%s", dir);
	tcp = listen_tcp();
	local = listen_local();
	if ((server = fork()) == 0)
		serve(tcp, local);
	close(tcp);
	close(local);
	return server == -1;
}

int
object_fixture_stop(void **state)
{
	(void)state;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	object_fixture_clear();
	unlink(sock);
	return rmdir(dir);
}

const char *
object_fixture_url(void)
{
	return url;
}

const char *
object_fixture_socket(void)
{
	return sock;
}

void
object_fixture_behave(const char *how)
{
	char word[16] = "";
	int times = 0;

	sscanf(how, "%15s %d", word, &times);
	shared->times = times;
	shared->cut = strcmp(word, "cut") == 0;
	shared->status = strcmp(word, "hold") == 0 ? -1 : atoi(word);
	if (shared->status == -1)
		shared->times = 0;
}

int
object_fixture_requests(void)
{
	return shared->requests;
}

/* Calls back for each object; the socket is none. */
static int
each(bool remove_it)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			n++;
			if (remove_it)
				unlink(object_fixture_path(e->d_name));
		}
	if (d != NULL)
		closedir(d);
	return n;
}

bool
object_fixture_empty(void)
{
	return each(false) == 0;
}

void
object_fixture_clear(void)
{
	each(true);
}
