/*
 * homes - where an instance lives and what became of it, as workers write it.
 * Each function gives a call for lease_write() or lease_end().
 */
#ifndef LIB_STORE_HOMES_H
#define LIB_STORE_HOMES_H

#include "lib/store/store.h"

struct home {
	const char	*name, *engine, *version;
	int		 ram_mb, vcpus, volume_gb, key_epoch;
	int		 slot;		/* -1: none */
	int		 to_ram_mb, to_vcpus, to_gb;	/* of a resize; 0: stays */
	const char	*access;	/* JSON, or NULL */
	const char	*server_id, *volume_id, *port_id, *address;	/* NULL: none */
	const char	*public_address;	/* NULL: none */
	const char	*network, *zone;	/* asked for; NULL: any */
	const char	*verifies;	/* a backup: nobody sees this one; NULL: a tenant's */
};

struct guest_said {
	const char	*status;	/* NULL: no row */
	int64_t		 seq;		/* 0: never heard of */
	const char	*order, *err, *why;	/* the last order carried out */
	bool		 heard;		/* since the task began */
	int64_t		 used_bytes;	/* of its volume; 0: not known */
};

/* Two calls: one that waits for other workers of the host, one that takes. */
struct call	 slot_lock(const char *host);
struct call	 slot_take(struct op *, const char *host, const char *instance,
		    int first, int end);	/* gives the slot; no row: all are taken */
struct call	 slot_drop(const char *instance);

/* What the drivers named; NULL: gone. */
struct call	 home_port(const char *instance, const char *port_id,
		    const char *address, const char *public_address);
struct call	 home_volume(const char *instance, const char *volume_id);
struct call	 home_server(const char *instance, const char *server_id,
		    const char *host);

/* Ends of tasks. */
struct call	 home_built(const char *instance);
struct call	 home_not_built(const char *instance, const char *task_word,
		    const char *fault, const char *details);
struct call	 home_gone(const char *instance);
struct call	 home_guest_gone(const char *instance);
struct call	 home_not_gone(const char *instance, const char *fault,
		    const char *details);
struct call	 home_done(const char *instance, const char *task_word);
struct call	 home_restart_required(const char *instance);
/* The group it has now and the one that it had; NULL: none. */
struct call	 home_not_configured(const char *instance, const char *now,
		    const char *was);
struct call	 home_unconfigured(const char *instance, const char *fault,
		    const char *details);
struct call	 home_detached(const char *instance);
struct call	 home_promoted(const char *instance, bool good);
/* access: what was changed, or NULL; task: the word that follows UPDATING. */
struct call	 home_access(const char *instance, const char *access,
		    const char *task);
struct call	 home_resized(const char *instance, bool good);
struct call	 home_fault(const char *instance, const char *fault,
		    const char *details);
struct call	 home_root(const char *instance, const char *user);	/* NULL: disabled */

struct call	 home_root_history(const char *instance, const char *user);

/* The instances that have a server, in order of id, those after this one. */
struct home_guest { const char *instance; int key_epoch; };
enum err	 home_guests(struct op *, const char *after, int limit,
		    struct home_guest **, int *n);

#endif
