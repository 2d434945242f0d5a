noinst_LIBRARIES += lib/base/libbase.a
lib_base_libbase_a_SOURCES = \
	lib/base/clock.c lib/base/clock.h \
	lib/base/conf.c lib/base/conf.h lib/base/conf_keys.c \
	lib/base/cron.c lib/base/cron.h \
	lib/base/engines.c lib/base/engines.h \
	lib/base/err.c lib/base/err.tbl.h \
	lib/base/json.c lib/base/json.h lib/base/json_scan.c lib/base/json_scan.h \
	lib/base/jsonw.c lib/base/jsonw.h \
	lib/base/log.c lib/base/log.h \
	lib/base/md5.c lib/base/md5.h \
	lib/base/op.c lib/base/op.h \
	lib/base/salted.c lib/base/salted.h \
	lib/base/seal.c lib/base/seal.h \
	lib/base/service.c lib/base/service.h \
	lib/base/text.c lib/base/text.h \
	lib/base/xml.c lib/base/xml.h \
	lib/base/zone.c lib/base/zone.h
lib_base_libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) \
	$(XML_CFLAGS) $(CRYPTO_CFLAGS)

if HAVE_CMOCKA
check_PROGRAMS += t/unit/op_test t/unit/text_test t/unit/json_test \
	t/unit/xml_test t/unit/seal_test t/unit/conf_test
endif
dist_check_SCRIPTS += t/unit/daemon_options.t
if HAVE_CMOCKA
check_PROGRAMS += t/unit/md5_test t/unit/cron_test t/unit/engines_test
endif
t_unit_md5_test_SOURCES = t/unit/md5_test.c t/unit/test.h
t_unit_md5_test_LDADD = $(BASE) $(CMOCKA_LIBS)
t_unit_cron_test_SOURCES = t/unit/cron_test.c t/unit/test_op.h
t_unit_cron_test_LDADD = $(BASE) $(CMOCKA_LIBS)
t_unit_engines_test_SOURCES = t/unit/engines_test.c t/unit/test_op.h
t_unit_engines_test_LDADD = $(BASE) $(CMOCKA_LIBS)
t_unit_op_test_SOURCES = t/unit/op_test.c t/unit/test.h
t_unit_op_test_LDADD = $(BASE) $(CMOCKA_LIBS)
t_unit_text_test_SOURCES = t/unit/text_test.c t/unit/test_op.h
t_unit_text_test_LDADD = $(BASE) $(CMOCKA_LIBS)
t_unit_json_test_SOURCES = t/unit/json_test.c t/unit/test_op.h
t_unit_json_test_LDADD = $(BASE) $(CMOCKA_LIBS)
t_unit_xml_test_SOURCES = t/unit/xml_test.c t/unit/test_op.h
t_unit_xml_test_LDADD = $(BASE) $(XML_LIBS) $(CMOCKA_LIBS)
t_unit_seal_test_SOURCES = t/unit/seal_test.c t/unit/test.h
t_unit_seal_test_LDADD = $(BASE) $(CMOCKA_LIBS)
t_unit_conf_test_SOURCES = t/unit/conf_test.c t/unit/test_op.h
t_unit_conf_test_LDADD = $(BASE) $(CMOCKA_LIBS)
