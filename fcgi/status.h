/*
 * status - the words that clients see of an instance: status, operating_status,
 * and what may be done with it when.  Inputs are the instance's task, the word
 * of its server, and what its guest last said and when; the rules are tables.
 */
#ifndef FCGI_STATUS_H
#define FCGI_STATUS_H

#include "lib/base/op.h"
#include "lib/store/instances.h"

#include <stdbool.h>

const char	*status_of(const struct instance *);	/* "ACTIVE"; never NULL */
const char	*status_operating(const struct instance *);	/* "HEALTHY"; may be "" */

/*
 * ERR_UNPROCESSABLE with the contract's text unless an action may be begun
 * (restart, resize ...).
 */
enum err	 status_actionable(struct op *, const struct instance *);
enum err	 status_growable(struct op *, const struct instance *);	/* a volume's growth */
/* ... unless the guest's databases, users and root may be asked for. */
enum err	 status_guest_ready(struct op *, const struct instance *);

bool		 status_is_deleting(const struct instance *);

/* What a guest's word is shown as: "HEALTHY". */
const char	*status_service(const char *guest_status);
/* "No tasks for the instance." */
const char	*status_task_text(const char *task);

#endif
