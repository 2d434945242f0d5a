sbin_PROGRAMS += coffer/coffer
coffer_objects = \
	coffer/audit.c coffer/catalog.c coffer/command.c coffer/command.h \
	coffer/commands.tbl.h coffer/identity.c coffer/output.c \
	coffer/output.h coffer/setup.c coffer/work.c
coffer_coffer_SOURCES = coffer/main.c $(coffer_objects)
coffer_coffer_LDADD = $(STORE) $(CLOUD) $(MSG)

dist_pkglibexec_SCRIPTS = coffer/mariadb-parameters \
	coffer/postgresql-parameters coffer/redis-parameters
dist_pkgdata_DATA += coffer/mariadb-forbidden.txt \
	coffer/postgresql-forbidden.txt coffer/redis-forbidden.txt

# What it asks of the store, and how it reads a command line.
if HAVE_CMOCKA
check_PROGRAMS += t/unit/command_test t/unit/admin_test t/unit/schema_test
endif
t_unit_command_test_SOURCES = t/unit/command_test.c t/unit/test.h \
	$(coffer_objects)
t_unit_command_test_LDADD = $(coffer_coffer_LDADD) $(CMOCKA_LIBS)
t_unit_admin_test_SOURCES = t/unit/admin_test.c t/unit/test.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_admin_test_LDADD = $(STORE) $(CMOCKA_LIBS)
t_unit_schema_test_SOURCES = t/unit/schema_test.c t/unit/test.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_schema_test_LDADD = $(STORE) $(CMOCKA_LIBS)
dist_check_SCRIPTS += t/unit/coffer_tool.t
