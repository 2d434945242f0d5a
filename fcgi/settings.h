/*
 * settings - the values of a configuration group, checked against the
 * parameters of its version.  Names are compared without regard to case and
 * kept as they were given.
 */
#ifndef FCGI_SETTINGS_H
#define FCGI_SETTINGS_H

#include "lib/base/json.h"
#include "lib/store/catalog.h"
#include "lib/store/parameters.h"

#define SETTING_MAX 128			/* characters of a string */

struct setting {
	const char	*name;
	const struct parameter *of;	/* NULL: the version has none such any more */
	const struct json *value;
};

struct settings {
	struct op	*op;
	const struct version_row *version;
	struct parameter *parameter;
	int		 parameters;
	struct setting	*list;
	int		 n;
};

/* None yet; reads the parameters. */
enum err	 settings_begin(struct op *, const struct version_row *,
		    struct settings *);
/*
 * Those of a request's map, in place of those that have the same names.
 * ERR_UNPROCESSABLE with the contract's texts.
 */
enum err	 settings_add(struct settings *, const struct json *values);
/* The same map where they are texts of XML, as the parameters' types would have them. */
const struct json *settings_typed(const struct settings *,
		    const struct json *values);
/* Those of a JSON text that was checked when it was stored. */
enum err	 settings_add_stored(struct settings *, const char *text);

/* True when one of them is read by a server that starts, and by no other. */
bool		 settings_need_restart(const struct settings *);

#endif
