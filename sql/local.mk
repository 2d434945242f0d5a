sqldir = $(pkgdatadir)/sql
dist_sql_DATA = sql/0001_schema.sql sql/0002_roles.sql
