/*
 * mariadb_dump - a backup in statements: what mariadb_dump.c writes and
 * mariadb_load.c reads.  After the first line come frames, each a kind, the
 * number of its bytes and them: "Q 8\nSELECT 1".
 */
#ifndef AGENT_MARIADB_DUMP_H
#define AGENT_MARIADB_DUMP_H

#define DUMP_BEGINS	"-- statements of coffer-agent, 1\n"
#define DUMP_FRAME_MOST	((1 << 30) - 1)	/* what a server takes at once */

enum dump_frame {
	DUMP_QUERY = 'Q',
	/* A statement about the session, a line, and one for the end of all. */
	DUMP_VIEW = 'V',		/* others may have to be there before it */
	DUMP_BROKEN_VIEW = 'W',		/* what it shows is not there at all */
	DUMP_END = 'E'			/* empty; a backup without one is none */
};

#endif
