/*
 * mariadb_dump - a backup in statements: what mariadb_dump.c writes and
 * mariadb_load.c reads.  After the first line come frames, each a kind, the
 * number of its bytes and them: "Q 8\nSELECT 1".
 */
#ifndef AGENT_MARIADB_DUMP_H
#define AGENT_MARIADB_DUMP_H

#include "lib/base/op.h"

#define DUMP_BEGINS	"-- statements of coffer-agent, 1\n"
#define DUMP_FRAME_MOST	((1 << 30) - 1)	/* what a server takes at once */

enum dump_frame {
	DUMP_QUERY = 'Q',
	/* A statement about the session, a line, and one for the end of all. */
	DUMP_VIEW = 'V',		/* others may have to be there before it */
	DUMP_BROKEN_VIEW = 'W',		/* what it shows is not there at all */
	DUMP_END = 'E'			/* empty; a backup without one is none */
};

/*
 * mariadb_run() and mariadb_rows() of any bytes: with whatever it answers
 * dropped, or row by row.
 */
enum err	 mariadb_send(struct op *, const char *sql, size_t n);
typedef enum err (*mariadb_cells)(struct op *, void *arg, char **cell,
    const unsigned long *len, unsigned n);
enum err	 mariadb_stream(struct op *, const char *sql, mariadb_cells,
		    void *arg);
/* Sessions from now on: patient, for large rows, and there; NULL: the server's. */
void		 mariadb_data_session(unsigned seconds, const char *socket);

#endif
