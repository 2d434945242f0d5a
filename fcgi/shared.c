#include "fcgi/shared.h"

#include "lib/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Changes with the layout: a file of another release is begun anew. */
#define SHARED_MADE (0xC0FFE90000000000u ^ sizeof(struct shared))
#define PROBES 8		/* places a token or bucket may stand in */

static struct shared *shared;

static struct shared *
map(int fd, int flags)
{
	void *p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
	    flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

enum err
shared_open(struct op *op, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd == -1)
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    fchmod(fd, 0600) != 0 ||
	    ftruncate(fd, sizeof(struct shared)) != 0 ||
	    (shared = map(fd, MAP_SHARED)) == NULL) {
		close(fd);
		return op_fail(op, ERR_INTERNAL, "%s: %s", path,
		    strerror(errno));
	}
	close(fd);
	if (atomic_load(&shared->made) != SHARED_MADE) {
		if (st.st_size != 0)	/* else it is zero, and in no memory */
			memset(shared, 0, sizeof(*shared));
		atomic_store(&shared->made, SHARED_MADE);
	}
	return OK;
}

struct shared *
shared_memory(void)
{
	if (shared == NULL) {
		shared = map(-1, MAP_PRIVATE | MAP_ANONYMOUS);
		if (shared == NULL)
			abort();
	}
	return shared;
}

/* --- tokens ------------------------------------------------------------------ */

static struct cached_token *
token_place(const unsigned char *hash, int probe)
{
	uint64_t h;

	memcpy(&h, hash, sizeof(h));
	return &shared_memory()->token[(h + (unsigned)probe) % TOKENS];
}

static void
token_sum(const struct cached_token *t, unsigned char sum[SEAL_HASH])
{
	seal_hash(sum, t->token,
	    sizeof(*t) - offsetof(struct cached_token, token));
}

/* Another process may be writing it: look at a copy, and only if it fits. */
static bool
token_read(const unsigned char *hash, int probe, struct cached_token *copy)
{
	const struct cached_token *t = token_place(hash, probe);
	unsigned char sum[SEAL_HASH];

	if (memcmp(t->token, hash, SEAL_HASH) != 0)
		return false;
	memcpy(copy, t, sizeof(*copy));
	token_sum(copy, sum);
	return memcmp(sum, copy->sum, SEAL_HASH) == 0 &&
	    seal_equal(copy->token, hash, SEAL_HASH);
}

bool
token_cached(struct op *op, const unsigned char hash[SEAL_HASH],
    struct caller *c)
{
	struct cached_token *t = op_alloc(op, sizeof(*t));
	int i = 0;

	while (i < PROBES && !token_read(hash, i, t))
		i++;
	if (i == PROBES || t->until <= clock_ms() ||
	    t->until > clock_ms() + 60000 ||	/* of an earlier boot */
	    t->expires <= clock_wall_us() / 1000000)
		return false;
	*c = (struct caller){
		.user = t->user, .user_name = t->user_name,
		.project = *t->project != '\0' ? t->project : NULL,
		.project_name = *t->project != '\0' ? t->project_name : NULL,
		.admin = t->admin, .member = t->member, .reader = t->reader,
		.service = t->service,
	};
	return true;
}

static bool
keep(char *to, size_t room, const char *s)
{
	size_t n = s != NULL ? strlen(s) : 0;

	if (n >= room)
		return false;
	memcpy(to, n > 0 ? s : "", n + 1);
	return true;
}

/* Its own place, else a free one, else that which is believed the shortest. */
static struct cached_token *
token_victim(const unsigned char *hash)
{
	struct cached_token *best = token_place(hash, 0);

	for (int i = 0; i < PROBES; i++) {
		struct cached_token *t = token_place(hash, i);

		if (memcmp(t->token, hash, SEAL_HASH) == 0)
			return t;
		if (t->until < best->until)
			best = t;
	}
	return best;
}

void
token_cache(const unsigned char hash[SEAL_HASH], const struct caller *c,
    int64_t expires, int secs)
{
	struct cached_token t;

	memset(&t, 0, sizeof(t));	/* what lies between members is summed too */
	memcpy(t.token, hash, SEAL_HASH);
	t.expires = expires;
	t.until = clock_ms() + (int64_t)(secs < 60 ? secs : 60) * 1000;
	t.admin = c->admin;
	t.member = c->member;
	t.reader = c->reader;
	t.service = c->service;
	if (secs <= 0 || !keep(t.user, CACHED_ID, c->user) ||
	    !keep(t.user_name, CACHED_NAME, c->user_name) ||
	    !keep(t.project, CACHED_ID, c->project) ||
	    !keep(t.project_name, CACHED_NAME, c->project_name))
		return;
	token_sum(&t, t.sum);
	memcpy(token_victim(hash), &t, sizeof(t));
}

void
token_forget(const unsigned char hash[SEAL_HASH])
{
	for (int i = 0; i < PROBES; i++) {
		struct cached_token *t = token_place(hash, i);

		if (memcmp(t->token, hash, SEAL_HASH) == 0)
			memset(t, 0, sizeof(*t));
	}
}
