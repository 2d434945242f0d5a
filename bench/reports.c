/*
 * reports - speaks for many guests at once, and is the floor that a conductor
 * is measured against.  For bench/heartbeats.
 *
 *   reports CONF send IDS COUNT RATE CHANGED   publish COUNT sealed reports of
 *	the guests in the file IDS, RATE a second (0: as fast as they are heard), of
 *	which CHANGED in a thousand say something new.  Sealed beforehand; says
 *	"ready", whose report is the last, and what order stands in it; starts
 *	when a line comes on standard input, then prints the seconds.
 *   reports CONF floor COUNT   listen to all guests, do nothing with what is
 *	heard; prints the seconds from the first to the last, and those of CPU.
 *
 * CONF names Redis and the key; who logs in stands in REDIS_USER and
 * REDIS_PASSWORD, since no program's own account may speak for guests.
 */
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/msg/bus.h"
#include "lib/msg/guest.h"
#include "lib/wire/redis.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define AT_ONCE	100			/* reports in one write */
#define LOOK_EVERY 5000			/* reports between two looks at the backlog */
#define BACKLOG	(16 << 20)		/* bytes that wait in Redis for who listens */

struct sealed {
	char	*channel, *data;
	size_t	 len;
};

static char **ids, word[64];
static size_t guests;

static void *
must(void *p)
{
	if (p == NULL)
		err(1, "out of memory");
	return p;
}

static void
check(struct op *op, enum err e)
{
	if (e != OK)
		errx(1, "%s", op->why != NULL ? op->why : err_name(e));
}

static void
ids_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[64];

	if (f == NULL)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (guests % 65536 == 0)
			ids = must(reallocarray(ids, guests + 65536,
			    sizeof(*ids)));
		ids[guests++] = must(strdup(line));
	}
	fclose(f);
	if (guests == 0)
		errx(1, "%s: nobody", path);
}

static struct sealed
seal_one(const char *id, long n, bool changed)
{
	struct report r = { .seq = guest_seq(), .status = "healthy",
	    .used_bytes = 1000000 + n, .total_bytes = 1 << 30,
	    .version = "0.1.0", .err = "OK" };
	struct sealed s;
	struct key key;
	struct op op;
	const char *data;

	op_begin(&op, "bench");
	if (changed)
		snprintf(word, sizeof(word), "%lld:prepare", (long long)r.seq);
	r.order = changed ? word : NULL;
	guest_key(&key, seal_master(), id, 1);
	data = guest_write_report(&op, &key, id, &r, &s.len);
	s.data = memcpy(must(malloc(s.len)), data, s.len);
	s.channel = must(strdup(guest_channel_out(&op, id)));
	op_end(&op);
	return s;
}

static void
publish(const struct sealed *s, int n)
{
	struct redis_command k[AT_ONCE];
	struct op op;

	op_begin(&op, "bench");
	for (int i = 0; i < n; i++)
		k[i] = (struct redis_command){ { "PUBLISH", s[i].channel,
		    s[i].data }, { 0, 0, s[i].len }, .n = 3 };
	check(&op, redis_pipe(&op, bus_redis(), k, n, NULL));
	op_end(&op);
}

/* Bytes that Redis holds for the slowest of those who listen. */
static long
backlog(void)
{
	struct redis_reply r;
	struct op op;
	long most = 0;

	op_begin(&op, "bench");
	check(&op, redis_call(&op, bus_redis(), &r, (const char *const[]){
	    "CLIENT", "LIST", "TYPE", "pubsub", NULL }));
	for (const char *at = r.text; at != NULL &&
	    (at = strstr(at, " omem=")) != NULL; at++)
		if (atol(at + 6) > most)
			most = atol(at + 6);
	op_end(&op);
	return most;
}

static void
send_all(long count, long rate, long changed)
{
	struct sealed *s = must(calloc((size_t)count, sizeof(*s)));
	int64_t began;
	char line[8];

	for (long i = 0; i < count; i++)
		s[i] = seal_one(ids[(size_t)i % guests], i,
		    i == count - 1 || i * changed % 1000 < changed);
	printf("ready %s %s\n", ids[(size_t)(count - 1) % guests], word);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return;
	began = clock_ms();
	for (long i = 0; i < count; i += AT_ONCE) {
		if (rate > 0)
			clock_sleep_ms(began + i * 1000 / rate - clock_ms());
		else if (i % LOOK_EVERY == 0)
			while (backlog() > BACKLOG)
				clock_sleep_ms(5);
		publish(&s[i], count - i < AT_ONCE ? (int)(count - i) : AT_ONCE);
	}
	printf("%.3f\n", (double)(clock_ms() - began) / 1000);
}

static double
cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
hear_all(struct op *op, long count)
{
	int64_t began = 0;

	check(op, redis_listen(op, bus_ears(), true, "coffer:g:?:*:out"));
	puts("ready");
	fflush(stdout);
	for (long n = 0; n < count;) {
		struct redis_message m;
		bool message;

		check(op, redis_hear(op, bus_ears(), &m, &message, 1000));
		if (message && n++ == 0)
			began = clock_ms();
	}
	printf("%.3f %.3f\n", (double)(clock_ms() - began) / 1000, cpu());
}

int
main(int argc, char **argv)
{
	const char *user = getenv("REDIS_USER"), *pw = getenv("REDIS_PASSWORD");
	struct op op;

	op_begin(&op, "bench");
	if (argc < 4)
		errx(2, "usage: reports CONF send IDS COUNT RATE CHANGED | "
		    "reports CONF floor COUNT");
	check(&op, conf_load(&op, argv[1]));
	if (user != NULL && pw != NULL) {
		check(&op, conf_set(&op, "redis", "user", user));
		check(&op, conf_set(&op, "redis", "password", pw));
	}
	bus_open();
	if (strcmp(argv[2], "floor") == 0)
		hear_all(&op, atol(argv[3]));
	else if (argc == 7) {
		check(&op, seal_master_load(&op));
		ids_read(argv[3]);
		send_all(atol(argv[4]), atol(argv[5]), atol(argv[6]));
	} else
		errx(2, "%s: what is that?", argv[2]);
	bus_close();
	op_end(&op);
	return 0;
}
