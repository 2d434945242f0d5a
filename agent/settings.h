/*
 * settings - what a tenant sets of a server, kept over its starts.  If the
 * server twice did not answer after a start with new ones, the next start is
 * made without any.
 */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "agent/datastore.h"

/* As they were written; the list ends with a NULL name. */
enum err	 settings_read(struct op *, const struct db_setting **);
/* In the place of all that were there. */
enum err	 settings_write(struct op *, const struct db_setting *);

/* Those for a start that is about to be made; none when they were taken back. */
enum err	 settings_start(struct op *, const struct db_setting **);
void		 settings_started(struct op *);	/* it answers */
/* NULL, or why they were taken back: said once. */
const char	*settings_complaint(struct op *);

/* Such a list in a file of its own, below agent.data; none is empty. */
enum err	 settings_read_from(struct op *, const char *file,
		    const struct db_setting **);
enum err	 settings_write_to(struct op *, const char *file,
		    const struct db_setting *);

/*
 * As the server spells names, and in order of them: a character set stands
 * before its collation.  ERR_BAD_REQUEST: it is one of those owned (ending with
 * NULL; "ssl*": all that begin so), the agent's whatever a catalogue says.
 */
enum err	 settings_canonical(struct op *, const struct db_setting *,
		    char (*spell)(char), const char *const *owned,
		    struct db_setting **);

/* In a list; NULL: not there. */
const struct db_setting *settings_find(const struct db_setting *,
		    const char *name);
/* By name, for qsort. */
int		 settings_compare(const void *, const void *);

#endif
