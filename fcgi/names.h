/*
 * names - what databases and their users may be called, per engine, and which
 * names are the service's own.  Every refusal is ERR_BAD_REQUEST with the
 * contract's text, in front of it whatever before says ("User create error: ").
 */
#ifndef FCGI_NAMES_H
#define FCGI_NAMES_H

#include "lib/base/op.h"

#include <stdbool.h>

/* Does the API serve users of this engine?  And its databases? */
bool		 names_known(const char *manager);
bool		 names_databases(const char *manager);
/* ERR_UNPROCESSABLE when not. */
enum err	 names_databases_check(struct op *, const char *manager);

enum err	 name_database(struct op *, const char *manager,
		    const char *before, const char *name);
/* One that need not be there: of one letter, too. */
enum err	 name_grant(struct op *, const char *manager,
		    const char *before, const char *name);
enum err	 name_user(struct op *, const char *manager,
		    const char *before, const char *name);
enum err	 name_host(struct op *, const char *manager,
		    const char *before, const char *host);
enum err	 name_password(struct op *, const char *before,
		    const char *password);
/* Either may be NULL: not given. */
enum err	 name_charset(struct op *, const char *manager,
		    const char *charset, const char *collate);

/* Reserved by the contract; and names that listings leave out. */
bool		 name_database_is_reserved(const char *name);
bool		 name_database_is_ours(const char *name);
bool		 name_user_is_ours(const char *name);

#endif
