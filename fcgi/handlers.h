/*
 * handlers - what routes.c may name, by the file that holds it: functions that
 * answer, and tables of the bodies they take (fields.h).
 */
#ifndef FCGI_HANDLERS_H
#define FCGI_HANDLERS_H

#include "fcgi/api.h"
#include "fcgi/fields.h"

/* versions.c */
enum err	 versions_list(struct request *);
enum err	 version_show(struct request *);
enum err	 health_check(struct request *);
enum err	 extensions_list(struct request *);
enum err	 extension_show(struct request *);

/* limits.c */
enum err	 limits_list(struct request *);

/* identity_v3.c: what of Keystone's API the static identity serves */
extern const struct field login_fields[];
extern const char identity_no_hash[];	/* verified for users that are not there */
enum err	 identity_version(struct request *);
enum err	 token_issue(struct request *);
enum err	 token_show(struct request *);
enum err	 token_check(struct request *);
enum err	 token_revoke(struct request *);
enum err	 auth_projects(struct request *);
enum err	 auth_catalog(struct request *);
enum err	 projects_list(struct request *);
enum err	 project_show(struct request *);

/* instances.c */
enum err	 instances_list(struct request *);
enum err	 instances_detail(struct request *);
enum err	 instance_show(struct request *);
enum err	 instance_delete(struct request *);

/* instance_update.c */
enum err	 instance_update(struct request *);	/* PUT and PATCH */

/* instance_actions.c */
enum err	 instance_action(struct request *);

/* instance_create.c */
enum err	 instance_create(struct request *);

/* logs.c */
extern const struct field log_fields[];
enum err	 logs_list(struct request *);
enum err	 log_act(struct request *);

/* tasks.c, events.c, openapi.c */
enum err	 events_list(struct request *), openapi_show(struct request *);
enum err	 tasks_list(struct request *);
enum err	 task_view(struct request *);

/* databases.c */
enum err	 databases_list(struct request *);
enum err	 databases_create(struct request *);
enum err	 database_show(struct request *);
enum err	 database_delete(struct request *);

/* users.c */
enum err	 users_list(struct request *);
enum err	 users_create(struct request *);
enum err	 users_passwords(struct request *);
enum err	 user_show(struct request *);
enum err	 user_update(struct request *);
enum err	 user_delete(struct request *);

/* access.c */
enum err	 access_list(struct request *);
enum err	 access_grant(struct request *);
enum err	 access_revoke(struct request *);

/* ssl.c */
extern const struct field ssl_fields[];
enum err	 ssl_show(struct request *);
enum err	 ssl_act(struct request *);

/* root.c */
enum err	 root_show(struct request *);
enum err	 root_enable(struct request *);
enum err	 root_disable(struct request *);

/* datastores.c */
enum err	 datastores_list(struct request *);
enum err	 datastore_show(struct request *);
enum err	 datastore_versions_list(struct request *);
enum err	 datastore_version_show(struct request *);
enum err	 version_by_id_show(struct request *);	/* .../datastores/versions/{id} */
enum err	 version_flavors_list(struct request *);
enum err	 version_volume_types_list(struct request *);

/* volume_types.c */
enum err	 volume_types_list(struct request *);
enum err	 volume_type_show(struct request *);

/* flavors.c */
enum err	 flavors_list(struct request *);
enum err	 flavor_show(struct request *);

#include "fcgi/handlers_backups.h"

/* bodies.c: the tables of bodies */
extern const struct field instance_new_fields[], instance_put_fields[],
    instance_patch_fields[], action_fields[], databases_new_fields[],
    users_new_fields[], users_password_fields[], user_update_fields[],
    access_grant_fields[], root_fields[];

#endif
