/*
 * log_pieces - the files of one log, and how far they were published.  What a
 * server writes is in the newest; one that grew too long has a number behind
 * its name and grows no more ("general.log.7"), and only the newest of those is
 * kept.  Where publishing goes on stands in a file of the agent's: which piece,
 * the digest of its first line, and how many bytes of it.
 */
#ifndef AGENT_LOG_PIECES_H
#define AGENT_LOG_PIECES_H

#include "lib/base/md5.h"
#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

#define LOG_NAME	32		/* of a log, "slow_query", and of an object of it */
#define LOG_HEAD	4096		/* bytes of a first line that count */

struct log_piece {
	int64_t		 number;	/* of the newest: one more than any other's */
	const char	*path;
	bool		 newest;	/* the server may be writing it */
	int64_t		 size;
	char		 head[MD5_HEX + 1];	/* digest of the first line */
};
/* In order; none when nothing was written.  file: below agent.data. */
enum err	 log_pieces(struct op *, const char *file,
		    struct log_piece **, int *n);

/* An object that was about to be stored: from and to are bytes of a piece. */
struct log_sending { char name[LOG_NAME + 1]; int64_t piece, from, to; };

struct log_place {
	int64_t		 piece, at;	/* 0: from the beginning */
	char		 head[MD5_HEX + 1];
	int64_t		 published;	/* bytes in all */
	char		 last[LOG_NAME + 1];	/* name of the newest object; "" none */
	struct log_sending sending;	/* name "": none */
};
/* A place that cannot be read is the beginning. */
void		 log_place_read(struct op *, const char *log,
		    struct log_place *);
enum err	 log_place_write(struct op *, const char *log,
		    const struct log_place *);
enum err	 log_place_forget(struct op *, const char *log);

/*
 * Where it goes on among these pieces: index of a piece and bytes of it that
 * are done.  True: not where it was left, which is gone or another file now.
 */
bool		 log_place_find(const struct log_place *,
		    const struct log_piece *, int n, int *piece, int64_t *at);
/* Bytes that are there and not published; *moved as above. */
enum err	 log_pending(struct op *, const char *file,
		    const struct log_place *, int64_t *pending, bool *moved);

/* "log-2026-11-26T21:18:34.000001" */
void		 log_object_name(char out[LOG_NAME + 1], int64_t wall_us);
int64_t		 log_object_us(const char *name);	/* 0: no such name */

/* One that has grown over most bytes gets its number; true: the server has to open a new one. */
bool		 log_rotate(struct op *, const char *file, int64_t most);

#endif
