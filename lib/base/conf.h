/*
 * conf - every setting, from one table (conf_keys.c): the parser, the sample
 * coffer.conf and the manual page are made from it.
 */
#ifndef LIB_BASE_CONF_H
#define LIB_BASE_CONF_H

#include "lib/base/op.h"
#include "lib/base/text.h"

#include <stdbool.h>
#include <stdio.h>

enum conf_kind { CONF_STR, CONF_INT, CONF_SECS, CONF_BOOL, CONF_SECRET,
		 CONF__MAX };

struct conf_key {
	const char	*section, *name;
	enum conf_kind	 kind;
	const char	*preset;	/* NULL: none; asking for it fails */
	const char	*help;		/* one line */
};
extern const struct conf_key conf_keys[];	/* ends with a NULL section */

/* Read a file over the presets.  Unknown keys, bad values: ERR_BAD_REQUEST, with file and line. */
enum err	 conf_load(struct op *, const char *path);
/* Set one as if it stood in the file (options, tests). */
enum err	 conf_set(struct op *, const char *section, const char *name,
		    const char *value);

/* "pg.dsn".  An unknown name is a bug and ends the process. */
const char	*conf_str(const char *key);	/* "" when not set */
int		 conf_int(const char *key);	/* INT, SECS */
bool		 conf_bool(const char *key);
struct secret	 conf_secret(const char *key);
const char	*conf_text(const char *key);	/* of any kind but SECRET, as it was given */

void		 conf_write_sample(FILE *);	/* coffer.conf with every key, commented */
void		 conf_write_man(FILE *);	/* the mdoc list of coffer.conf(5) */

#endif
