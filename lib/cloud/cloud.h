/*
 * cloud - where instances live.  A driver is a struct of functions; flows know
 * no other thing of it.  Every call may be repeated: "ensure" looks first
 * whether its work is already there, "remove" of what is gone is OK.
 * ready = false: begun, not finished; call again later (a flow's WAIT).
 */
#ifndef LIB_CLOUD_CLOUD_H
#define LIB_CLOUD_CLOUD_H

#include "lib/base/op.h"

#include <stdbool.h>

struct place {				/* what the drivers know of one instance */
	const char	*instance;	/* its id: everything made carries it as a tag */
	const char	*tenant, *name;
	const char	*engine;	/* "mariadb": decides template and command */
	const char	*version;	/* of the datastore version */
	int		 ram_mb, vcpus, volume_gb;
	int		 slot;		/* local drivers: from the slots table; -1 none */
	const char	*server_id, *volume_id, *port_id;	/* as stored; NULL: none yet */
	const char	*address;	/* as stored; with no port yet: the one asked for, or NULL */
	const char	*public_address;	/* as stored; NULL: none */
	bool		 is_public;	/* to be reached from outside, where the driver can */
	const char	*network, *zone;	/* asked for; NULL: any */
	const char	*host;		/* of this worker, where new things are made */
	const char	*access;	/* JSON {"is_public", "allowed_cidrs"}; NULL: open to all */
	const char	*agent_conf;	/* coffer.conf of its agent, whole; set for server_ensure */
};

struct port {				/* what a network driver names; the op's */
	const char	*id, *address;
	const char	*public_address;	/* a second one, if place.is_public and the driver has such; else NULL */
};

struct network_driver {
	const char	*name;
	enum err	(*open)(struct op *);		/* probe; once per process */
	/* The port begins as zeros; also for one that is there, when is_public has changed. */
	enum err	(*ensure)(struct op *, const struct place *, bool *ready,
			    struct port *);
	/* From now on exactly what place.access says, for one that is there. */
	enum err	(*access)(struct op *, const struct place *);
	enum err	(*remove)(struct op *, const struct place *, bool *ready);
	enum err	(*list)(struct op *, const char *const **instances);	/* ends with NULL */
};

struct volume_driver {
	const char	*name;
	enum err	(*open)(struct op *);
	/* A volume with the engine's template inside; mounted where the server finds it.  Its id may be known before it is ready. */
	enum err	(*ensure)(struct op *, const struct place *, bool *ready,
			    const char **volume_id);
	/* At least volume_gb, in use or not; what is larger stays. */
	enum err	(*resize)(struct op *, const struct place *, bool *ready);
	enum err	(*remove)(struct op *, const struct place *, bool *ready);
	enum err	(*list)(struct op *, const char *const **instances);
};

struct compute_driver {
	const char	*name;
	enum err	(*open)(struct op *);
	enum err	(*ensure)(struct op *, const struct place *, bool *ready,
			    const char **server_id);
	/* ram_mb and vcpus for what runs; what does not gets them when it starts. */
	enum err	(*resize)(struct op *, const struct place *);
	enum err	(*running)(struct op *, const struct place *, bool *running);
	enum err	(*remove)(struct op *, const struct place *, bool *ready);
	enum err	(*list)(struct op *, const char *const **instances);
	/* Elsewhere; host NULL: wherever there is room.  NULL: this driver cannot. */
	enum err	(*move)(struct op *, const struct place *,
			    const char *host, bool *ready,
			    const char **new_host);
	/* Does it hold even a database superuser?  Decides whether root may be enabled. */
	bool		(*contains_root)(void);
	/* A path of the directory of guests' Redis as its servers see it; NULL: as it is here. */
	const char	*(*shown)(struct op *, const char *path);
	/* No agent runs in its servers and they need no slot: steps that want one pass. */
	bool		 guestless;
};

/* Chosen by compute.driver, volume.driver, network.driver; opened by cloud_open(). */
extern const struct compute_driver compute_local, compute_null, compute_failing,
	compute_fake;
extern const struct volume_driver volume_local, volume_null, volume_failing,
	volume_fake;
extern const struct network_driver network_local, network_null, network_failing,
	network_fake;

enum err	 cloud_open(struct op *);
const struct compute_driver *cloud_compute(void);
const struct volume_driver *cloud_volume(void);
const struct network_driver *cloud_network(void);

/*
 * The failing drivers do what the null ones do, except for what fail_next()
 * asked: the nth call from now of this name ("server.ensure", "volume.remove" ...)
 * fails with ERR_CLOUD; call NULL takes all that was asked back.  The environment variable COFFER_FAIL="server.ensure:1,..."
 * asks the same of another process.
 */
void		 cloud_fail_next(const char *call, int nth);

#endif
