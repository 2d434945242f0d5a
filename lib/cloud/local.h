/*
 * local - what the three local drivers know together: how instances are kept
 * apart on this machine, and what belongs to which slot.
 *
 *   <local.root>/instances/<id>/	one instance
 *	vol.img | vol/			its volume (image, or a directory)
 *	sandbox				how coffer-sandbox starts it (sandbox.h)
 *	access				who is let in (door.h)
 *	agent.conf			copied into the volume at each start
 *	server.pid			locked while a process of it lives (lock.h)
 *	log, log.1			what the agent prints, 1 MiB each
 *   <local.root>/templates/<engine>-<version>/	what volumes are cloned from
 *   <local.root>/network.lock		guards bridge and firewall
 *
 * All that the kernel keeps for an instance (mounts, loop device, network
 * namespace, veth pair) is made by the sandbox itself inside its own
 * namespaces: it ends with the last process and nobody has to tidy up.
 * Only cgroups stay; they carry the instance's id in their path.
 */
#ifndef LIB_CLOUD_LOCAL_H
#define LIB_CLOUD_LOCAL_H

#include "lib/cloud/cloud.h"

#include <stdbool.h>
#include <sys/types.h>

enum local_mode { LOCAL_FULL, LOCAL_USERNS, LOCAL_LANDLOCK, LOCAL_PLAIN,
		  LOCAL__MAX };
enum local_fs { LOCAL_XFS, LOCAL_EXT4, LOCAL_DIRECTORY, LOCAL_FS__MAX };

extern const char *const local_mode_names[LOCAL__MAX];
extern const char *const local_fs_names[LOCAL_FS__MAX];

/* What was found at open. */
struct local {
	enum local_mode	 mode;
	enum local_fs	 fs;		/* of new volumes */
	bool		 own_uids;	/* each instance its own user id */
};

enum err	 local_open(struct op *);	/* probes once per process */
const struct local *local_found(void);
bool		 local_contains(void);	/* the mode holds a database superuser */

/* By instance; ERR_INTERNAL when the id is no UUID (it becomes a path). */
enum err	 local_dir(struct op *, const char *instance, const char **dir);
enum err	 local_dir_make(struct op *, const char *instance,
		    const char **dir);
/* One that others may pass through, whatever the umask; there already: OK. */
enum err	 local_passage(struct op *, const char *dir);
/* Takes the directory away once it is empty. */
void		 local_dir_drop(struct op *, const char *instance);
/* Ids of all instances that have a directory with this in it (NULL: any). */
enum err	 local_dir_list(struct op *, const char *file,
		    const char *const **instances);
bool		 local_dir_has(struct op *, const char *dir, const char *file);

/*
 * By slot.  Beyond local.slots there are some more: the first is whoever makes
 * templates, the others try backups.
 */
#define LOCAL_SPARE	33
struct local_net { const char *address, *gateway; int prefix; };
enum err	 local_net(struct op *, int slot, struct local_net *);
const char	*local_link(struct op *, int slot);	/* "coffer0-17", < 16 */
uid_t		 local_uid(int slot);	/* this process' own without own_uids */
/* Names this stack among others on the machine: bridge and a hash of the root. */
const char	*local_stack(struct op *);

/* Programs: as configured, else where they were installed. */
const char	*local_sandbox_path(struct op *);
const char	*local_agent_path(struct op *);

/* Ids without duplicates, ends with NULL. */
struct local_ids { struct op *op; const char **id; size_t n, room; };
void		 local_ids_add(struct local_ids *, const char *);
const char *const *local_ids_end(struct local_ids *);

#endif
