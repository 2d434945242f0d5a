/*
 * mgmt - what handlers of the operator's routes share, and how they write
 * what only operators see.
 */
#ifndef FCGI_MGMT_H
#define FCGI_MGMT_H

#include "fcgi/api.h"
#include "fcgi/guest.h"
#include "lib/store/catalog.h"
#include "lib/store/operator.h"

/* The instance of arg[1], anybody's; one that is deleted with ?deleted=true. */
enum err	 mgmt_instance_of(struct request *, struct managed *);
/* The same with a server, whatever its guest says; else ERR_UNPROCESSABLE. */
enum err	 mgmt_guest_of(struct request *, struct guest *);

enum managed_form { MANAGED_LIST, MANAGED_SHOW };
/* version NULL: of a deleted instance */
void		 view_managed(struct request *, const struct version_row *,
		    const struct managed *, enum managed_form);
void		 view_root_history(struct request *, const struct managed *);
void		 view_hwinfo(struct request *, const struct json *answer);
void		 view_diagnostics(struct request *, const struct json *answer);

void		 view_host(struct request *, const struct host *);
/* with its instances, n of them */
void		 view_host_whole(struct request *, const struct host *,
		    const struct managed *, int n);
void		 view_device(struct request *, const struct host *);
void		 view_account(struct request *, const struct account *);
void		 view_account_whole(struct request *, const char *tenant,
		    const struct managed *, int n);
void		 view_managed_version(struct request *,
		    const struct version_row *);

#endif
