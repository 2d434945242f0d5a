# Three libraries, so that the agent has no libpq, no SQL and no libcurl in it.
noinst_LIBRARIES += lib/wire/libwirepg.a lib/wire/libwireredis.a \
	lib/wire/libwirehttp.a
lib_wire_libwirepg_a_SOURCES = lib/wire/pg.c lib/wire/pg_array.c lib/wire/pg.h \
	lib/wire/pg_state.c lib/wire/pg_state.h
lib_wire_libwirepg_a_CPPFLAGS = $(AM_CPPFLAGS) $(PQ_CFLAGS)
lib_wire_libwireredis_a_SOURCES = lib/wire/redis.c lib/wire/redis.h
lib_wire_libwireredis_a_CPPFLAGS = $(AM_CPPFLAGS) $(HIREDIS_CFLAGS)
lib_wire_libwirehttp_a_SOURCES = lib/wire/http.c lib/wire/http.h
lib_wire_libwirehttp_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)

if HAVE_CMOCKA
check_PROGRAMS += t/unit/pg_test t/unit/http_test
endif
t_unit_pg_test_SOURCES = t/unit/pg_test.c t/unit/test.h \
	t/unit/pg_fixture.c t/unit/pg_fixture.h
t_unit_pg_test_LDADD = lib/wire/libwirepg.a $(BASE) $(PQ_LIBS) $(CMOCKA_LIBS)
t_unit_http_test_SOURCES = t/unit/http_test.c t/unit/test.h \
	t/unit/http_fixture.c t/unit/http_fixture.h
t_unit_http_test_LDADD = lib/wire/libwirehttp.a $(BASE) $(CURL_LIBS) \
	$(CMOCKA_LIBS)
EXTRA_DIST += t/unit/private_pg
clean-local: clean-fresh-pg
.PHONY: clean-fresh-pg
clean-fresh-pg:
	rm -rf t/unit/fresh_pg
