/* fields_kinds - is this value of that kind, and if not, what is wrong with it. */
#ifndef FCGI_FIELDS_KINDS_H
#define FCGI_FIELDS_KINDS_H

#include "fcgi/fields.h"

/* NULL: nothing.  Else the end of an error's sentence, the op's. */
const char	*value_problem(struct op *, const struct field *,
		    const struct json *);
/* A value as errors repeat it: short, and *** when the row says HIDDEN. */
const char	*value_show(struct op *, const struct field *,
		    const struct json *);

#endif
