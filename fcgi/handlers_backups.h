/*
 * handlers_backups - the part of handlers.h about backups, modules and
 * clusters; include that.
 */
#ifndef FCGI_HANDLERS_BACKUPS_H
#define FCGI_HANDLERS_BACKUPS_H

/* backups.c */
extern const struct field backup_new_fields[], backup_action_fields[];
enum err	 backups_list(struct request *);
enum err	 backup_create(struct request *);
enum err	 backup_show(struct request *);
enum err	 backup_remove(struct request *);
enum err	 backup_action(struct request *);
enum err	 instance_backups(struct request *);

/* modules.c */
extern const struct field module_new_fields[], module_put_fields[],
    module_reapply_fields[];
enum err	 modules_list(struct request *);
enum err	 module_create(struct request *);
enum err	 module_show(struct request *);
enum err	 module_put(struct request *);
enum err	 module_remove(struct request *);
enum err	 module_instances(struct request *);
enum err	 module_reapply(struct request *);

/* instance_modules.c */
extern const struct field modules_apply_fields[];
enum err	 instance_modules_list(struct request *);
enum err	 instance_modules_apply(struct request *);
enum err	 instance_module_remove(struct request *);

/* cluster_create.c, clusters.c */
extern const struct field cluster_new_fields[], cluster_action_fields[],
    mgmt_cluster_fields[];
enum err	 clusters_list(struct request *);
enum err	 cluster_create(struct request *);
enum err	 cluster_show(struct request *);
enum err	 cluster_remove(struct request *);
enum err	 cluster_action(struct request *);
enum err	 cluster_instance_show(struct request *);
enum err	 cluster_root_show(struct request *);
enum err	 cluster_root_enable(struct request *);
enum err	 mgmt_clusters_list(struct request *);
enum err	 mgmt_cluster_show(struct request *);
enum err	 mgmt_cluster_action(struct request *);

/* backup_strategies.c */
extern const struct field strategy_new_fields[];
enum err	 strategies_list(struct request *);
enum err	 strategy_create(struct request *);
enum err	 strategy_remove(struct request *);

/* backup_schedules.c */
extern const struct field schedule_new_fields[], schedule_patch_fields[];
enum err	 schedules_list(struct request *);
enum err	 schedule_create(struct request *);
enum err	 schedule_show(struct request *);
enum err	 schedule_patch(struct request *);
enum err	 schedule_remove(struct request *);

#endif
