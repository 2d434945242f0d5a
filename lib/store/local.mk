noinst_LIBRARIES += lib/store/libstore.a
lib_store_libstore_a_SOURCES = \
	lib/store/store.c lib/store/store.h lib/store/statements.tbl.h \
	lib/store/sql_catalog.tbl.h lib/store/sql_identity.tbl.h \
	lib/store/sql_instance.tbl.h lib/store/sql_task.tbl.h \
	lib/store/sql_guest.tbl.h lib/store/sql_admin.tbl.h
