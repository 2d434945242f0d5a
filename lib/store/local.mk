noinst_LIBRARIES += lib/store/libstore.a
lib_store_libstore_a_SOURCES = \
	lib/store/store.c lib/store/store.h lib/store/statements.tbl.h
# One line per concern: its table of statements, its header, its code.
lib_store_libstore_a_SOURCES += lib/store/sql_task.tbl.h \
	lib/store/task_kinds.tbl.h lib/store/task_steps.tbl.h lib/store/tasks.c lib/store/tasks.h
lib_store_libstore_a_SOURCES += lib/store/leases.c lib/store/leases.h
lib_store_libstore_a_SOURCES += lib/store/sql_home.tbl.h \
	lib/store/homes.c lib/store/homes.h
lib_store_libstore_a_SOURCES += lib/store/sql_guest.tbl.h
lib_store_libstore_a_SOURCES += lib/store/sql_event.tbl.h \
	lib/store/events.c lib/store/events.h
lib_store_libstore_a_SOURCES += lib/store/sql_hold.tbl.h \
	lib/store/repeats.c lib/store/repeats.h
lib_store_libstore_a_SOURCES += lib/store/sql_admin.tbl.h
lib_store_libstore_a_SOURCES += lib/store/sql_catalog.tbl.h \
	lib/store/catalog.c lib/store/catalog.h
lib_store_libstore_a_SOURCES += lib/store/sql_identity.tbl.h \
	lib/store/identity.c lib/store/identity.h \
	lib/store/quotas.c lib/store/quotas.h
lib_store_libstore_a_SOURCES += lib/store/sql_instance.tbl.h \
	lib/store/instances.c lib/store/instances.h
lib_store_libstore_a_SOURCES += lib/store/sql_backup.tbl.h \
	lib/store/backups.c lib/store/backups.h \
	lib/store/backup_work.c lib/store/backup_work.h
lib_store_libstore_a_SOURCES += lib/store/sql_log.tbl.h \
	lib/store/log_places.c lib/store/log_places.h
lib_store_libstore_a_SOURCES += lib/store/sql_schedule.tbl.h \
	lib/store/schedules.c lib/store/schedules.h
lib_store_libstore_a_SOURCES += lib/store/sql_verify.tbl.h \
	lib/store/verify.c lib/store/verify.h
lib_store_libstore_a_SOURCES += lib/store/sql_operator.tbl.h \
	lib/store/operator.c lib/store/operator.h
lib_store_libstore_a_SOURCES += lib/store/sql_configuration.tbl.h \
	lib/store/configurations.c lib/store/configurations.h \
	lib/store/parameters.c lib/store/parameters.h
lib_store_libstore_a_SOURCES += lib/store/sql_module.tbl.h \
	lib/store/modules.c lib/store/modules.h
lib_store_libstore_a_SOURCES += lib/store/sql_cluster.tbl.h \
	lib/store/clusters.c lib/store/clusters.h
lib_store_libstore_a_SOURCES += \
	lib/store/admin.c lib/store/admin.h \
	lib/store/schema.c lib/store/schema.h

if HAVE_CMOCKA
check_PROGRAMS += t/unit/store_statements_test t/unit/store_test
endif
t_unit_store_statements_test_SOURCES = t/unit/store_statements_test.c \
	t/unit/test.h t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_store_statements_test_LDADD = $(STORE) $(CMOCKA_LIBS)
lib_store_libstore_a_SOURCES += lib/store/guests.c lib/store/guests.h
if HAVE_CMOCKA
check_PROGRAMS += t/unit/backups_test
endif
t_unit_backups_test_SOURCES = t/unit/backups_test.c t/unit/test.h \
	t/unit/key_fixture.c t/unit/key_fixture.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_backups_test_LDADD = $(STORE) $(CMOCKA_LIBS)
t_unit_store_test_SOURCES = t/unit/store_test.c t/unit/test.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_store_test_LDADD = $(STORE) $(CMOCKA_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += t/unit/hold_test
endif
t_unit_hold_test_SOURCES = t/unit/hold_test.c t/unit/test.h \
	t/unit/key_fixture.c t/unit/key_fixture.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_hold_test_LDADD = $(STORE) $(CMOCKA_LIBS)
