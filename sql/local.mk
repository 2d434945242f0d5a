sqldir = $(pkgdatadir)/sql
dist_sql_DATA = sql/0001_schema.sql sql/0002_roles.sql
dist_sql_DATA += sql/0003_configurations.sql
dist_sql_DATA += sql/0004_backups_clusters_modules.sql
dist_sql_DATA += sql/0005_operator.sql
dist_sql_DATA += sql/0006_events.sql
dist_sql_DATA += sql/0007_instances.sql
dist_sql_DATA += sql/0008_public_address.sql
