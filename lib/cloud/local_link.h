/*
 * local_link - network interfaces, by rtnetlink.  A link_socket() belongs to the
 * network namespace in which it was opened and acts there for ever, also when
 * its owner has moved on to another.
 */
#ifndef LIB_CLOUD_LOCAL_LINK_H
#define LIB_CLOUD_LOCAL_LINK_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

enum err	 link_socket(struct op *, int *fd);	/* closed by the op */

int		 link_index(int fd, const char *name);	/* 0: none */

/*
 * A bridge with the address, up; as it is when it is there.  Hardware addresses
 * follow from the addresses, here and inside.
 */
enum err	 link_bridge(struct op *, int fd, const char *name,
		    const char *address, int prefix);

/*
 * A pair: one end on the bridge, tagged with the instance and cut off from
 * the bridge's other ports; the other end is eth0 in the given network namespace.
 * One of the same name is replaced.
 */
struct link_pair { const char *name, *instance, *bridge, *address; int netns; };
enum err	 link_pair_make(struct op *, int fd, const struct link_pair *);

/* Inside: lo up; eth0 up with address and default route. */
enum err	 link_inside(struct op *, int fd, const char *address, int prefix,
		    const char *gateway);
enum err	 link_loopback(struct op *, int fd);

enum err	 link_remove(struct op *, int fd, const char *name);	/* gone: OK */

/*
 * Each port of the bridge: its name, and the instance it is tagged with ("" none).
 * The callback may not use fd.
 */
typedef enum err (*link_found)(struct op *, void *arg, const char *name,
    const char *instance);
enum err	 link_each(struct op *, int fd, const char *bridge, link_found,
		    void *arg);

#endif
