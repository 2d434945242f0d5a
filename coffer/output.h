/*
 * output - answers of the tool: a table for people, JSON with --json.
 */
#ifndef COFFER_OUTPUT_H
#define COFFER_OUTPUT_H

#include "coffer/command.h"
#include "lib/store/admin.h"

/* Many rows: one line each, or a JSON list of maps. */
void	 output_list(struct ask *, const struct listing *);
/* The first row: one line per column, or a JSON map. */
void	 output_one(struct ask *, const struct listing *);

/*
 * Names and values of something made, ends with NULL: the value alone when
 * there is one, so that scripts can take it; "id 42" lines; or a JSON map.
 */
void	 output_made(struct ask *, const char *const *names_and_values);

/* "3 flavors", or {"flavors": 3}. */
void	 output_count(struct ask *, int n, const char *what);

/* One word for people: nothing with --json. */
void	 output_say(struct ask *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

#endif
