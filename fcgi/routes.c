/*
 * The whole API on one page.  A literal stands before a {name} that would take
 * it.  Handler NULL: not built yet, 501.
 */
#include "fcgi/handlers.h"
#include "fcgi/handlers_configuration.h"
#include "fcgi/handlers_mgmt.h"
#include "fcgi/handlers_objects.h"

#define T "/v1.0/{tenant}"
#define O "/v1/{account}"

/* clang-format off */
const struct route routes[] = {
	/* method, path, pool, who, rule, body, handler, only */
	{ GET,   "/",                                                       MAIN, ANYONE, NULL, NULL, versions_list },
	{ HEAD,  "/",                                                       MAIN, ANYONE, NULL, NULL, versions_list },
	{ DELETE,"/",                                                       MAIN, ANYONE, NULL, NULL, versions_list },
	{ OPTIONS, "/",                                                     MAIN, ANYONE, NULL, NULL, versions_list },
	{ GET,   "/healthcheck",                                            MAIN, ANYONE, NULL, NULL, health_check },
	{ GET,   "/v1.0",                                                   MAIN, ANYONE, NULL, NULL, version_show },
	{ GET,   "/v1.0/",                                                  MAIN, ANYONE, NULL, NULL, version_show },
	{ GET,   "/v1.0/openapi.json",                                      MAIN, ANYONE, NULL, NULL, openapi_show },
	{ GET,   T "/extensions",                                           MAIN, ANY_TOKEN, NULL, NULL, extensions_list },
	{ GET,   T "/extensions/{alias}",                                   MAIN, ANY_TOKEN, NULL, NULL, extension_show },

	/* instances */
	{ GET,   T "/instances",                                            MAIN, OWNER, "instance:index", NULL, instances_list },
	{ GET,   T "/instances/detail",                                     MAIN, OWNER, "instance:detail", NULL, instances_detail },
	{ POST,  T "/instances",                                            MAIN, OWNER, "instance:create", instance_new_fields, instance_create },
	{ GET,   T "/instances/{id}",                                       MAIN, OWNER, "instance:show", NULL, instance_show },
	{ PUT,   T "/instances/{id}",                                       MAIN, OWNER, "instance:update", instance_put_fields, instance_update },
	{ PATCH, T "/instances/{id}",                                       MAIN, OWNER, "instance:update", instance_patch_fields, instance_update },
	{ DELETE,T "/instances/{id}",                                       MAIN, OWNER, "instance:delete", NULL, instance_delete },
	{ POST,  T "/instances/{id}/action",                                MAIN, OWNER, "instance:restart", action_fields, instance_action },
	{ GET,   T "/instances/{id}/tasks",                                 MAIN, OWNER, "instance:tasks", NULL, tasks_list },
	{ GET,   T "/instances/{id}/tasks/{task_id}",                       MAIN, OWNER, "instance:task_show", NULL, task_view },
	{ GET,   T "/instances/{id}/backups",                               MAIN, OWNER, "instance:backups", NULL, instance_backups },
	{ GET,   T "/instances/{id}/configuration",                         MAIN, OWNER, "instance:configuration", NULL, instance_defaults },
	{ GET,   T "/instances/{id}/log",                                   ASKS_GUEST, OWNER, "instance:guest_log_list", NULL, logs_list },
	{ POST,  T "/instances/{id}/log",                                   ASKS_GUEST, OWNER, "instance:guest_log", log_fields, log_act },
	{ GET,   T "/instances/{id}/ssl",                                   ASKS_GUEST, OWNER, "instance:show", NULL, ssl_show },
	{ POST,  T "/instances/{id}/ssl",                                   ASKS_GUEST, OWNER, "instance:update", ssl_fields, ssl_act },
	{ GET,   T "/instances/{id}/modules",                               ASKS_GUEST, OWNER, "instance:module_list", NULL, instance_modules_list },
	{ POST,  T "/instances/{id}/modules",                               ASKS_GUEST, OWNER, "instance:module_apply", modules_apply_fields, instance_modules_apply },
	{ DELETE,T "/instances/{id}/modules/{module_id}",                   ASKS_GUEST, OWNER, "instance:module_remove", NULL, instance_module_remove },

	/* databases, users, access, root of an instance */
	{ GET,   T "/instances/{id}/databases",                             ASKS_GUEST, OWNER, "instance:extension:database:index", NULL, databases_list },
	{ POST,  T "/instances/{id}/databases",                             ASKS_GUEST, OWNER, "instance:extension:database:create", databases_new_fields, databases_create },
	{ GET,   T "/instances/{id}/databases/{name}",                      ASKS_GUEST, OWNER, "instance:extension:database:show", NULL, database_show },
	{ DELETE,T "/instances/{id}/databases/{name}",                      ASKS_GUEST, OWNER, "instance:extension:database:delete", NULL, database_delete },
	{ GET,   T "/instances/{id}/users",                                 ASKS_GUEST, OWNER, "instance:extension:user:index", NULL, users_list },
	{ POST,  T "/instances/{id}/users",                                 ASKS_GUEST, OWNER, "instance:extension:user:create", users_new_fields, users_create },
	{ PUT,   T "/instances/{id}/users",                                 ASKS_GUEST, OWNER, "instance:extension:user:update_all", users_password_fields, users_passwords },
	{ GET,   T "/instances/{id}/users/{user}",                          ASKS_GUEST, OWNER, "instance:extension:user:show", NULL, user_show },
	{ PUT,   T "/instances/{id}/users/{user}",                          ASKS_GUEST, OWNER, "instance:extension:user:update", user_update_fields, user_update },
	{ DELETE,T "/instances/{id}/users/{user}",                          ASKS_GUEST, OWNER, "instance:extension:user:delete", NULL, user_delete },
	{ GET,   T "/instances/{id}/users/{user}/databases",                ASKS_GUEST, OWNER, "instance:extension:user_access:index", NULL, access_list },
	{ PUT,   T "/instances/{id}/users/{user}/databases",                ASKS_GUEST, OWNER, "instance:extension:user_access:update", access_grant_fields, access_grant },
	{ DELETE,T "/instances/{id}/users/{user}/databases/{name}",         ASKS_GUEST, OWNER, "instance:extension:user_access:delete", NULL, access_revoke },
	{ GET,   T "/instances/{id}/root",                                  ASKS_GUEST, OWNER, "instance:extension:root:index", NULL, root_show },
	{ POST,  T "/instances/{id}/root",                                  ASKS_GUEST, OWNER, "instance:extension:root:create", root_fields, root_enable },
	{ DELETE,T "/instances/{id}/root",                                  ASKS_GUEST, OWNER, "instance:extension:root:delete", NULL, root_disable },

	/* backups */
	{ GET,   T "/backups",                                              MAIN, OWNER, "backup:index", NULL, backups_list },
	{ POST,  T "/backups",                                              MAIN, OWNER, "backup:create", backup_new_fields, backup_create },
	{ GET,   T "/backups/{id}",                                         MAIN, OWNER, "backup:show", NULL, backup_show },
	{ DELETE,T "/backups/{id}",                                         MAIN, OWNER, "backup:delete", NULL, backup_remove },
	{ POST,  T "/backups/{id}/action",                                  MAIN, OWNER, "backup:verify", backup_action_fields, backup_action },
	{ GET,   T "/backup_strategies",                                    MAIN, OWNER, "backup_strategy:index", NULL, strategies_list },
	{ POST,  T "/backup_strategies",                                    MAIN, OWNER, "backup_strategy:create", strategy_new_fields, strategy_create },
	{ DELETE,T "/backup_strategies",                                    MAIN, OWNER, "backup_strategy:delete", NULL, strategy_remove },
	{ GET,   T "/backup_schedules",                                     MAIN, OWNER, "backup_schedule:index", NULL, schedules_list },
	{ POST,  T "/backup_schedules",                                     MAIN, OWNER, "backup_schedule:create", schedule_new_fields, schedule_create },
	{ GET,   T "/backup_schedules/{id}",                                MAIN, OWNER, "backup_schedule:show", NULL, schedule_show },
	{ PATCH, T "/backup_schedules/{id}",                                MAIN, OWNER, "backup_schedule:update", schedule_patch_fields, schedule_patch },
	{ DELETE,T "/backup_schedules/{id}",                                MAIN, OWNER, "backup_schedule:delete", NULL, schedule_remove },

	/* configuration groups */
	{ GET,   T "/configurations",                                       MAIN, OWNER, "configuration:index", NULL, configurations_list },
	{ POST,  T "/configurations",                                       MAIN, OWNER, "configuration:create", configuration_new_fields, configuration_create },
	{ GET,   T "/configurations/{id}",                                  MAIN, OWNER, "configuration:show", NULL, configuration_show },
	{ GET,   T "/configurations/{id}/instances",                        MAIN, OWNER, "configuration:instances", NULL, configuration_instances_list },
	{ PATCH, T "/configurations/{id}",                                  MAIN, OWNER, "configuration:edit", configuration_patch_fields, configuration_patch },
	{ PUT,   T "/configurations/{id}",                                  MAIN, OWNER, "configuration:update", configuration_put_fields, configuration_put },
	{ DELETE,T "/configurations/{id}",                                  MAIN, OWNER, "configuration:delete", NULL, configuration_delete },

	/* what happened */
	{ GET,   T "/events",                                               MAIN, OWNER, "event:index", NULL, events_list },

	/* what can be had */
	{ GET,   T "/datastores",                                           MAIN, ANY_TOKEN, "datastore:index", NULL, datastores_list },
	{ GET,   T "/datastores/{datastore}",                               MAIN, ANY_TOKEN, "datastore:show", NULL, datastore_show },
	{ DELETE,T "/datastores/{datastore}",                               MAIN, ADMIN, "datastore:delete", NULL, datastore_remove },
	{ GET,   T "/datastores/versions/{version}",                        MAIN, ANY_TOKEN, "datastore:version_show_by_uuid", NULL, version_by_id_show },
	{ GET,   T "/datastores/versions/{version}/parameters",             MAIN, OWNER, "configuration-parameter:index_by_version", NULL, version_parameters_list },
	{ GET,   T "/datastores/versions/{version}/parameters/{name}",      MAIN, OWNER, "configuration-parameter:show_by_version", NULL, version_parameter_show },
	{ GET,   T "/datastores/{datastore}/versions",                      MAIN, ANY_TOKEN, "datastore:version_index", NULL, datastore_versions_list },
	{ GET,   T "/datastores/{datastore}/versions/{version}",            MAIN, ANY_TOKEN, "datastore:version_show", NULL, datastore_version_show },
	/* The reference takes any method here. */
	{ DELETE,T "/datastores/{datastore}/versions/{version}",            MAIN, ANY_TOKEN, "datastore:version_show", NULL, datastore_version_show },
	{ GET,   T "/datastores/{datastore}/versions/{version}/flavors",    MAIN, ANY_TOKEN, "datastore:list_associated_flavors", NULL, version_flavors_list },
	{ GET,   T "/datastores/{datastore}/versions/{version}/volume-types", MAIN, ANY_TOKEN, NULL, NULL, version_volume_types_list },
	{ GET,   T "/datastores/{datastore}/versions/{version}/parameters", MAIN, OWNER, "configuration-parameter:index", NULL, parameters_list },
	{ GET,   T "/datastores/{datastore}/versions/{version}/parameters/{name}", MAIN, OWNER, "configuration-parameter:show", NULL, parameter_show },
	{ GET,   T "/flavors",                                              MAIN, ANY_TOKEN, "flavor:index", NULL, flavors_list },
	{ GET,   T "/flavors/{id}",                                         MAIN, ANY_TOKEN, "flavor:show", NULL, flavor_show },
	{ GET,   T "/limits",                                               MAIN, OWNER, "limits:index", NULL, limits_list },

	/* clusters */
	{ GET,   T "/clusters",                                             MAIN, OWNER, "cluster:index", NULL, clusters_list },
	{ POST,  T "/clusters",                                             MAIN, OWNER, "cluster:create", cluster_new_fields, cluster_create },
	{ GET,   T "/clusters/{id}",                                        MAIN, OWNER, "cluster:show", NULL, cluster_show },
	{ DELETE,T "/clusters/{id}",                                        MAIN, OWNER, "cluster:delete", NULL, cluster_remove },
	{ POST,  T "/clusters/{id}",                                        MAIN, OWNER, "cluster:action", cluster_action_fields, cluster_action },
	{ GET,   T "/clusters/{cluster_id}/instances/{instance_id}",        MAIN, OWNER, "cluster:show_instance", NULL, cluster_instance_show },
	{ GET,   T "/clusters/{cluster_id}/root",                           MAIN, OWNER, "cluster:extension:root:index", NULL, cluster_root_show },
	{ POST,  T "/clusters/{cluster_id}/root",                           MAIN, OWNER, "cluster:extension:root:create", root_fields, cluster_root_enable },

	/* modules */
	{ GET,   T "/modules",                                              MAIN, OWNER, "module:index", NULL, modules_list },
	{ POST,  T "/modules",                                              MAIN, OWNER, "module:create", module_new_fields, module_create },
	{ GET,   T "/modules/{id}",                                         MAIN, OWNER, "module:show", NULL, module_show },
	{ PUT,   T "/modules/{id}",                                         MAIN, OWNER, "module:update", module_put_fields, module_put },
	{ DELETE,T "/modules/{id}",                                         MAIN, OWNER, "module:delete", NULL, module_remove },
	{ GET,   T "/modules/{id}/instances",                               MAIN, OWNER, "module:instances", NULL, module_instances },
	{ PUT,   T "/modules/{id}/instances",                               MAIN, OWNER, "module:reapply", module_reapply_fields, module_reapply },

	/* the operator's */
	{ GET,   T "/mgmt/instances",                                       MAIN, MGMT, NULL, NULL, mgmt_instances_list },
	{ GET,   T "/mgmt/instances/{id}",                                  MAIN, MGMT, NULL, NULL, mgmt_instance_show },
	{ DELETE,T "/mgmt/instances/{id}",                                  MAIN, MGMT, NULL, NULL, instance_delete },
	{ POST,  T "/mgmt/instances/{id}/action",                           ASKS_GUEST, MGMT, NULL, mgmt_action_fields, mgmt_instance_action },
	{ GET,   T "/mgmt/instances/{id}/root",                             ASKS_GUEST, MGMT, NULL, NULL, mgmt_root_history },
	{ GET,   T "/mgmt/instances/{id}/hwinfo",                           ASKS_GUEST, MGMT, NULL, NULL, mgmt_hwinfo },
	{ GET,   T "/mgmt/instances/{id}/diagnostics",                      ASKS_GUEST, MGMT, NULL, NULL, mgmt_diagnostics },
	{ GET,   T "/mgmt/instances/{id}/rpc_ping",                         ASKS_GUEST, MGMT, NULL, NULL, mgmt_rpc_ping },
	{ POST,  T "/mgmt/instances/{id}/upgrade",                          MAIN, MGMT, NULL, mgmt_upgrade_fields, mgmt_upgrade },
	{ GET,   T "/mgmt/clusters",                                        MAIN, MGMT, NULL, NULL, mgmt_clusters_list },
	{ GET,   T "/mgmt/clusters/{id}",                                   MAIN, MGMT, NULL, NULL, mgmt_cluster_show },
	{ POST,  T "/mgmt/clusters/{id}/action",                            MAIN, MGMT, NULL, mgmt_cluster_fields, mgmt_cluster_action },
	{ GET,   T "/mgmt/quotas/{project}",                                MAIN, ANY_TOKEN, NULL, NULL, mgmt_quotas_show },
	{ PUT,   T "/mgmt/quotas/{project}",                                MAIN, MGMT, NULL, mgmt_quotas_fields, mgmt_quotas_set },
	{ GET,   T "/mgmt/datastores/versions/{version}/parameters",        MAIN, MGMT, NULL, NULL, mgmt_parameters_list },
	{ POST,  T "/mgmt/datastores/versions/{version}/parameters",        MAIN, MGMT, NULL, parameter_fields, mgmt_parameter_create },
	{ GET,   T "/mgmt/datastores/versions/{version}/parameters/{name}", MAIN, MGMT, NULL, NULL, mgmt_parameter_show },
	{ PUT,   T "/mgmt/datastores/versions/{version}/parameters/{name}", MAIN, MGMT, NULL, parameter_fields, mgmt_parameter_update },
	{ DELETE,T "/mgmt/datastores/versions/{version}/parameters/{name}", MAIN, MGMT, NULL, NULL, mgmt_parameter_delete },
	{ GET,   T "/mgmt/datastore-versions",                              MAIN, MGMT, NULL, NULL, mgmt_versions_list },
	{ POST,  T "/mgmt/datastore-versions",                              MAIN, MGMT, NULL, mgmt_version_new_fields, mgmt_version_create },
	{ GET,   T "/mgmt/datastore-versions/{id}",                         MAIN, MGMT, NULL, NULL, mgmt_version_show },
	{ PATCH, T "/mgmt/datastore-versions/{id}",                         MAIN, MGMT, NULL, mgmt_version_fields, mgmt_version_change },
	{ DELETE,T "/mgmt/datastore-versions/{id}",                         MAIN, MGMT, NULL, NULL, mgmt_version_delete },

	/* of older contracts */
	{ GET,   T "/volume-types",                                         MAIN, ANY_TOKEN, NULL, NULL, volume_types_list, NOT_STOCK },
	{ GET,   T "/volume-types/{id}",                                    MAIN, ANY_TOKEN, NULL, NULL, volume_type_show, NOT_STOCK },
	{ GET,   T "/security-groups",                                      MAIN, OWNER, "security_group", NULL, security_groups_list, NOT_STOCK },
	{ GET,   T "/security-groups/{id}",                                 MAIN, OWNER, "security_group", NULL, security_group_show, NOT_STOCK },
	{ POST,  T "/security-group-rules",                                 MAIN, OWNER, "security_group", rule_fields, security_rule_create, NOT_STOCK },
	{ DELETE,T "/security-group-rules/{id}",                            MAIN, OWNER, "security_group", NULL, security_rule_delete, NOT_STOCK },
	{ GET,   T "/mgmt/hosts",                                           MAIN, MGMT, NULL, NULL, mgmt_hosts_list, NOT_STOCK },
	{ GET,   T "/mgmt/hosts/{name}",                                    MAIN, MGMT, NULL, NULL, mgmt_host_show, NOT_STOCK },
	{ POST,  T "/mgmt/hosts/{name}/instances/action",                   MAIN, MGMT, NULL, mgmt_host_fields, mgmt_host_update, NOT_STOCK },
	{ GET,   T "/mgmt/storage",                                         MAIN, MGMT, NULL, NULL, mgmt_storage_list, NOT_STOCK },
	{ GET,   T "/mgmt/accounts",                                        MAIN, MGMT, NULL, NULL, mgmt_accounts_list, NOT_STOCK },
	{ GET,   T "/mgmt/accounts/{id}",                                   MAIN, MGMT, NULL, NULL, mgmt_account_show, NOT_STOCK },

	/* Keystone's, as far as the static identity serves them */
	{ GET,   "/v3",                                                     MAIN, ANYONE, NULL, NULL, identity_version, STATIC_IDENTITY },
	{ GET,   "/v3/",                                                    MAIN, ANYONE, NULL, NULL, identity_version, STATIC_IDENTITY },
	{ POST,  "/v3/auth/tokens",                                         MAIN, ANYONE, NULL, login_fields, token_issue, STATIC_IDENTITY },
	{ GET,   "/v3/auth/tokens",                                         MAIN, ANY_TOKEN, NULL, NULL, token_show, STATIC_IDENTITY },
	{ HEAD,  "/v3/auth/tokens",                                         MAIN, ANY_TOKEN, NULL, NULL, token_check, STATIC_IDENTITY },
	{ DELETE,"/v3/auth/tokens",                                         MAIN, ANY_TOKEN, NULL, NULL, token_revoke, STATIC_IDENTITY },
	{ GET,   "/v3/auth/projects",                                       MAIN, ANY_TOKEN, NULL, NULL, auth_projects, STATIC_IDENTITY },
	{ GET,   "/v3/auth/catalog",                                        MAIN, ANY_TOKEN, NULL, NULL, auth_catalog, STATIC_IDENTITY },
	{ GET,   "/v3/projects",                                            MAIN, ANY_TOKEN, NULL, NULL, projects_list, STATIC_IDENTITY },
	{ GET,   "/v3/projects/{id}",                                       MAIN, ANY_TOKEN, NULL, NULL, project_show, STATIC_IDENTITY },

	/* Swift's, as far as the storage driver "file" serves them; an object's name may hold slashes */
	{ GET,   O,                                                         STORES, ACCOUNT, "account", NULL, account_show, STORAGE_FILE },
	{ HEAD,  O,                                                         STORES, ACCOUNT, "account", NULL, account_show, STORAGE_FILE },
	{ GET,   O "/",                                                     STORES, ACCOUNT, "account", NULL, account_show, STORAGE_FILE },
	{ GET,   O "/{container}",                                          STORES, ACCOUNT, "container", NULL, container_show, STORAGE_FILE },
	{ HEAD,  O "/{container}",                                          STORES, ACCOUNT, "container", NULL, container_show, STORAGE_FILE },
	{ GET,   O "/{container}/",                                         STORES, ACCOUNT, "container", NULL, container_show, STORAGE_FILE },
	{ GET,   O "/{container}/{object}",                                 STORES, ACCOUNT, "object", NULL, object_show, STORAGE_FILE },
	{ HEAD,  O "/{container}/{object}",                                 STORES, ACCOUNT, "object", NULL, object_show, STORAGE_FILE },
	{ PUT,   O "/{container}/{object}",                                 STORES, ACCOUNT, "object", NULL, object_put, STORAGE_FILE },
	{ DELETE,O "/{container}/{object}",                                 STORES, ACCOUNT, "object", NULL, object_delete, STORAGE_FILE },
	{ 0 }
};
