/* handlers_mgmt - those of the operator's and of old routes; see handlers.h. */
#ifndef FCGI_HANDLERS_MGMT_H
#define FCGI_HANDLERS_MGMT_H

#include "fcgi/api.h"
#include "fcgi/fields.h"

/* security.c: of older contracts */
extern const struct field rule_fields[];
enum err	 security_groups_list(struct request *);
enum err	 security_group_show(struct request *);
enum err	 security_rule_create(struct request *);
enum err	 security_rule_delete(struct request *);

/* mgmt_instances.c */
extern const struct field mgmt_upgrade_fields[];
enum err	 mgmt_instances_list(struct request *);
enum err	 mgmt_instance_show(struct request *);
enum err	 mgmt_root_history(struct request *);
enum err	 mgmt_hwinfo(struct request *);
enum err	 mgmt_diagnostics(struct request *);
enum err	 mgmt_rpc_ping(struct request *);
enum err	 mgmt_upgrade(struct request *);

/* mgmt_actions.c */
extern const struct field mgmt_action_fields[];
enum err	 mgmt_instance_action(struct request *);

/* mgmt_quotas.c */
extern const struct field mgmt_quotas_fields[];
enum err	 mgmt_quotas_show(struct request *);
enum err	 mgmt_quotas_set(struct request *);

/* mgmt_versions.c */
extern const struct field mgmt_version_new_fields[], mgmt_version_fields[];
enum err	 mgmt_versions_list(struct request *);
enum err	 mgmt_version_create(struct request *);
enum err	 mgmt_version_show(struct request *);
enum err	 mgmt_version_change(struct request *);
enum err	 mgmt_version_delete(struct request *);
enum err	 datastore_remove(struct request *);

/* mgmt_hosts.c */
enum err	 mgmt_hosts_list(struct request *);
enum err	 mgmt_host_show(struct request *);
extern const struct field mgmt_host_fields[];
enum err	 mgmt_host_update(struct request *);
enum err	 mgmt_storage_list(struct request *);
enum err	 mgmt_accounts_list(struct request *);
enum err	 mgmt_account_show(struct request *);

#endif
