#include "agent/log_pieces.h"
#include "agent/file.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECES_MOST	16		/* more than there ever should be */
#define SENDING		"sending"

/* --- pieces ---------------------------------------------------------------------- */

static int
by_number(const void *a, const void *b)
{
	int64_t x = ((const struct log_piece *)a)->number;
	int64_t y = ((const struct log_piece *)b)->number;

	return (x > y) - (x < y);
}

/* Of "general.log.7" 7; of all else 0. */
static int64_t
number_of(const char *base, const char *name)
{
	size_t n = strlen(base);
	int64_t number = 0;

	if (strncmp(name, base, n) != 0 || name[n] != '.' ||
	    !text_number(name + n + 1, 1, INT64_MAX - 1, &number))
		return 0;
	return number;
}

static int
numbered(struct op *op, const char *path, struct log_piece *p)
{
	const char *base = strrchr(path, '/') + 1;
	DIR *d = opendir(op_strndup(op, path, (size_t)(base - path)));
	struct dirent *e;
	int n = 0;

	while (d != NULL && n < PIECES_MOST && (e = readdir(d)) != NULL) {
		int64_t number = number_of(base, e->d_name);

		if (number > 0)
			p[n++] = (struct log_piece){ .number = number,
			    .path = op_printf(op, "%s.%lld", path,
			    (long long)number) };
	}
	if (d != NULL)
		closedir(d);
	qsort(p, (size_t)n, sizeof(*p), by_number);
	return n;
}

/* A server of another hand may have made it anything: only files are read. */
static bool
look(struct log_piece *p)
{
	int fd = open(p->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char head[LOG_HEAD];
	struct stat st;
	const char *end;
	ssize_t n = 0;
	bool good;

	if (fd == -1)
		return false;
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (good)
		n = pread(fd, head, sizeof(head), 0);
	close(fd);
	if (!good || n < 0)
		return false;
	end = memchr(head, '\n', (size_t)n);
	md5_hex(p->head, head, end != NULL ? (size_t)(end - head) : (size_t)n);
	p->size = (int64_t)st.st_size;
	return true;
}

enum err
log_pieces(struct op *op, const char *file, struct log_piece **out, int *n)
{
	const char *path = file_data(op, file);
	struct log_piece *p = op_alloc(op, (PIECES_MOST + 1) * sizeof(*p));
	int all = numbered(op, path, p);

	p[all] = (struct log_piece){ .path = path, .newest = true,
	    .number = all > 0 ? p[all - 1].number + 1 : 1 };
	*n = 0;
	for (int i = 0; i <= all; i++)
		if (look(&p[i]))
			p[(*n)++] = p[i];
	*out = p;
	return OK;
}

/* --- places ---------------------------------------------------------------------- */

static const char *
place_file(struct op *op, const char *log)
{
	return file_data(op, op_printf(op, "agent/%s.published", log));
}

static bool
number(const struct json *j, const char *name, int64_t *out)
{
	*out = json_int(json_get(j, name));
	return *out >= 0;
}

static bool
word(const struct json *j, const char *name, char *out, size_t most)
{
	const char *s = json_str(json_get(j, name));

	if (s == NULL || strlen(s) > most)
		return false;
	strcpy(out, s);
	return true;
}

static bool
place_parse(const struct json *j, struct log_place *p)
{
	const struct json *s = json_get(j, SENDING);

	return number(j, "piece", &p->piece) && number(j, "at", &p->at) &&
	    number(j, "published", &p->published) &&
	    word(j, "head", p->head, MD5_HEX) &&
	    word(j, "last", p->last, LOG_NAME) &&
	    (s == NULL || (word(s, "name", p->sending.name, LOG_NAME) &&
	    number(s, "piece", &p->sending.piece) &&
	    number(s, "from", &p->sending.from) &&
	    number(s, "to", &p->sending.to)));
}

void
log_place_read(struct op *op, const char *log, struct log_place *p)
{
	const struct json *j;
	const char *text;
	size_t n;
	enum err e;

	*p = (struct log_place){ 0 };
	e = file_get(op, place_file(op, log), &text, &n);
	if (e == ERR_NOT_FOUND)
		return;
	if (e == OK && json_parse(op, text, n, &j) == OK && place_parse(j, p))
		return;
	log_warn(op, "where log %s was published to is not known any more",
	    log);
	*p = (struct log_place){ 0 };
}

enum err
log_place_write(struct op *op, const char *log, const struct log_place *p)
{
	const struct log_sending *s = &p->sending;
	struct jsonw w;

	jsonw_begin(&w, op, 512);
	jsonw_map(&w);
	jsonw_kint(&w, "piece", p->piece);
	jsonw_kint(&w, "at", p->at);
	jsonw_kstr(&w, "head", p->head);
	jsonw_kint(&w, "published", p->published);
	jsonw_kstr(&w, "last", p->last);
	if (s->name[0] != '\0') {
		jsonw_key(&w, SENDING);
		jsonw_map(&w);
		jsonw_kstr(&w, "name", s->name);
		jsonw_kint(&w, "piece", s->piece);
		jsonw_kint(&w, "from", s->from);
		jsonw_kint(&w, "to", s->to);
		jsonw_map_end(&w);
	}
	jsonw_map_end(&w);
	return file_put(op, place_file(op, log), w.out.s, w.out.len);
}

/* What comes next is younger than all that was: names of objects never come again. */
enum err
log_place_forget(struct op *op, const char *log)
{
	struct log_place was, none = { 0 };

	log_place_read(op, log, &was);
	memcpy(none.last, was.sending.name[0] != '\0' ? was.sending.name :
	    was.last, sizeof(none.last));
	return log_place_write(op, log, &none);
}

bool
log_place_find(const struct log_place *p, const struct log_piece *all, int n,
    int *piece, int64_t *at)
{
	*piece = 0;
	*at = 0;
	for (int i = 0; p->piece > 0 && i < n; i++) {
		if (all[i].number != p->piece)
			continue;
		*piece = i;
		if (p->at == 0)
			return false;
		if (p->at > all[i].size || strcmp(p->head, all[i].head) != 0)
			return true;
		*at = p->at;
		return false;
	}
	return p->piece > 0 && n > 0;
}

enum err
log_pending(struct op *op, const char *file, const struct log_place *place,
    int64_t *pending, bool *moved)
{
	struct log_piece *p;
	int64_t at;
	int n, i;

	TRY(log_pieces(op, file, &p, &n));
	*moved = log_place_find(place, p, n, &i, &at);
	*pending = -at;
	for (; i < n; i++)
		*pending += p[i].size;
	return OK;
}

void
log_object_name(char out[LOG_NAME + 1], int64_t wall_us)
{
	char s[CLOCK_TEXT];

	clock_text(s, wall_us / 1000000);
	snprintf(out, LOG_NAME + 1, "log-%.19s.%06d", s,
	    (int)(wall_us % 1000000));
}

int64_t
log_object_us(const char *name)
{
	struct tm tm = { 0 };
	int64_t us;
	const char *end;

	if (strncmp(name, "log-", 4) != 0)
		return 0;
	end = strptime(name + 4, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end == NULL || *end != '.' || strlen(end) != 7 ||
	    !text_number(end + 1, 0, 999999, &us))
		return 0;
	return (int64_t)timegm(&tm) * 1000000 + us;
}

/* --- rotation -------------------------------------------------------------------- */

bool
log_rotate(struct op *op, const char *file, int64_t most)
{
	const char *path = file_data(op, file);
	struct log_piece *p;
	struct stat st;
	int n;

	if (lstat(path, &st) == -1 || st.st_size <= most)
		return false;
	if (log_pieces(op, file, &p, &n) != OK || n == 0 || !p[n - 1].newest)
		return false;
	if (rename(path, op_printf(op, "%s.%lld", path,
	    (long long)p[n - 1].number)) == -1) {
		log_error(op, "%s: %s", path, strerror(errno));
		return false;
	}
	for (int i = 0; i < n - 1; i++)
		unlink(p[i].path);
	return true;
}
