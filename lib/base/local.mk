noinst_LIBRARIES += lib/base/libbase.a
lib_base_libbase_a_SOURCES = \
	lib/base/clock.c lib/base/clock.h \
	lib/base/conf.c lib/base/conf.h lib/base/conf_keys.c \
	lib/base/err.c lib/base/err.tbl.h \
	lib/base/json.c lib/base/json.h lib/base/json_scan.c lib/base/json_scan.h \
	lib/base/jsonw.c lib/base/jsonw.h \
	lib/base/log.c lib/base/log.h \
	lib/base/op.c lib/base/op.h \
	lib/base/seal.c lib/base/seal.h \
	lib/base/service.c lib/base/service.h \
	lib/base/text.c lib/base/text.h
lib_base_libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS)
