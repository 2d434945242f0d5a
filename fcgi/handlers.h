/*
 * handlers - what routes.c may name, by the file that holds it: functions that
 * answer, and tables of the bodies they take (fields.h).
 */
#ifndef FCGI_HANDLERS_H
#define FCGI_HANDLERS_H

#include "fcgi/api.h"
#include "fcgi/fields.h"

/* versions.c */
enum err	 versions_list(struct request *);
enum err	 version_show(struct request *);
enum err	 health_check(struct request *);
enum err	 extensions_list(struct request *);
enum err	 extension_show(struct request *);

/* limits.c */
enum err	 limits_list(struct request *);

/* identity_v3.c: what of Keystone's API the static identity serves */
extern const struct field login_fields[];
enum err	 identity_version(struct request *);
enum err	 token_issue(struct request *);
enum err	 token_show(struct request *);
enum err	 token_check(struct request *);
enum err	 token_revoke(struct request *);
enum err	 auth_projects(struct request *);
enum err	 auth_catalog(struct request *);
enum err	 projects_list(struct request *);
enum err	 project_show(struct request *);

#endif
