/*
 * null - drivers without a cloud, instant.  What they made is a file named by
 * the instance below <local.root>/null/{server,volume,port}, so that every
 * process sees the same inventory, also after one was killed.
 */
#ifndef LIB_CLOUD_NULL_H
#define LIB_CLOUD_NULL_H

#include "lib/cloud/cloud.h"

enum null_kind { NULL_SERVER, NULL_VOLUME, NULL_PORT, NULL__MAX };

enum err	 null_open(struct op *);
enum err	 null_ensure(struct op *, enum null_kind, const char *instance,
		    const char **id);
/* Writes into the file of one that is there; ERR_CLOUD. */
enum err	 null_note(struct op *, enum null_kind, const char *instance,
		    const char *text);
enum err	 null_remove(struct op *, enum null_kind, const char *instance);
bool		 null_has(struct op *, enum null_kind, const char *instance);
enum err	 null_list(struct op *, enum null_kind,
		    const char *const **instances);

/* Members of the null drivers that others for tests take as they are. */
enum err	 null_server_move(struct op *, const struct place *,
		    const char *host, bool *ready, const char **new_host);
bool		 null_contains_root(void);
enum err	 null_port_remove(struct op *, const struct place *,
		    bool *ready);
enum err	 null_port_list(struct op *, const char *const **instances);

#endif
