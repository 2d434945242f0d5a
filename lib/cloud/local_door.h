/*
 * local_door - who is let in to an instance.  The addresses stand in
 * <dir>/access, the instance's own on the first line; the rules are made from
 * that file, so that a firewall that is built anew has them too.
 */
#ifndef LIB_CLOUD_LOCAL_DOOR_H
#define LIB_CLOUD_LOCAL_DOOR_H

#include "lib/cloud/local.h"

/*
 * From now on, also for what is connected already.  cidrs ends with NULL; it
 * may be empty: nobody.  The firewall is held (network_hold).
 */
enum err	 door_close(struct op *, const struct place *,
		    const char *const *cidrs);
/* Everybody is let in, and nothing is remembered; open already: OK. */
enum err	 door_open(struct op *, const char *instance);

/* The rules of all instances that have a door, to be loaded with a new table. */
enum err	 doors_rules(struct op *, const char **rules);

#endif
