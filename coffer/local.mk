sbin_PROGRAMS += coffer/coffer
coffer_objects = \
	coffer/audit.c coffer/catalog.c coffer/command.c coffer/command.h \
	coffer/commands.tbl.h coffer/identity.c coffer/output.c \
	coffer/output.h coffer/setup.c coffer/work.c
coffer_coffer_SOURCES = coffer/main.c $(coffer_objects)
coffer_coffer_LDADD = $(STORE) $(CLOUD) $(MSG)

dist_pkglibexec_SCRIPTS = coffer/mariadb-parameters
dist_pkgdata_DATA += coffer/mariadb-forbidden.txt
