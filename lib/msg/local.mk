noinst_LIBRARIES += lib/msg/libmsg.a
lib_msg_libmsg_a_SOURCES = \
	lib/msg/admission.c lib/msg/admission.h \
	lib/msg/bus.c lib/msg/bus.h \
	lib/msg/digest.c lib/msg/digest.h \
	lib/msg/segments.h \
	lib/msg/ears.c lib/msg/ears.h \
	lib/msg/guest.c lib/msg/guest_ask.c lib/msg/guest.h \
	lib/msg/guest_words.c lib/msg/guest_words.h \
	lib/msg/orders.tbl.h

if HAVE_CMOCKA
check_PROGRAMS += t/unit/guest_test t/unit/bus_test t/unit/redis_test
endif
t_unit_guest_test_SOURCES = t/unit/guest_test.c t/unit/test.h
t_unit_guest_test_LDADD = $(MSG) $(CMOCKA_LIBS)
BUS_FIXTURE = t/unit/test.h t/unit/bus_fixture.c t/unit/bus_fixture.h \
	t/unit/redis_fixture.c t/unit/redis_fixture.h
t_unit_bus_test_SOURCES = t/unit/bus_test.c $(BUS_FIXTURE)
t_unit_bus_test_LDADD = $(MSG) $(CMOCKA_LIBS)
t_unit_redis_test_SOURCES = t/unit/redis_test.c $(BUS_FIXTURE)
t_unit_redis_test_LDADD = $(MSG) $(CMOCKA_LIBS)
