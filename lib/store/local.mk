noinst_LIBRARIES += lib/store/libstore.a
lib_store_libstore_a_SOURCES = \
	lib/store/store.c lib/store/store.h lib/store/statements.tbl.h
# One line per concern: its table of statements, its header, its code.
lib_store_libstore_a_SOURCES += lib/store/sql_task.tbl.h
lib_store_libstore_a_SOURCES += lib/store/sql_guest.tbl.h
lib_store_libstore_a_SOURCES += lib/store/sql_admin.tbl.h
lib_store_libstore_a_SOURCES += lib/store/sql_catalog.tbl.h
lib_store_libstore_a_SOURCES += lib/store/sql_identity.tbl.h
lib_store_libstore_a_SOURCES += lib/store/sql_instance.tbl.h
lib_store_libstore_a_SOURCES += \
	lib/store/admin.c lib/store/admin.h \
	lib/store/schema.c lib/store/schema.h
