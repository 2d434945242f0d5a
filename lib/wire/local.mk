# Two libraries, so that the agent has no libpq and no SQL in it.
noinst_LIBRARIES += lib/wire/libwirepg.a lib/wire/libwireredis.a
lib_wire_libwirepg_a_SOURCES = lib/wire/pg.c lib/wire/pg.h
lib_wire_libwirepg_a_CPPFLAGS = $(AM_CPPFLAGS) $(PQ_CFLAGS)
lib_wire_libwireredis_a_SOURCES = lib/wire/redis.c lib/wire/redis.h
lib_wire_libwireredis_a_CPPFLAGS = $(AM_CPPFLAGS) $(HIREDIS_CFLAGS)
