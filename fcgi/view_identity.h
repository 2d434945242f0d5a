/* view_identity - tokens, projects and the catalog as Keystone's v3 API shows them. */
#ifndef FCGI_VIEW_IDENTITY_H
#define FCGI_VIEW_IDENTITY_H

#include "fcgi/api.h"
#include "lib/store/identity.h"

/* {"version": ...} of /v3 is identity_version() in view_identity.c. */
void	 view_token(struct request *, int status, const char *method,
	    const struct token_row *);
void	 view_projects(struct request *, const char *path,
	    const struct project_row *, int n);
void	 view_project(struct request *, const struct project_row *);
/* The member "catalog" of the map that is open. */
void	 view_catalog(struct request *, const char *project);

#endif
