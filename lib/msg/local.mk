noinst_LIBRARIES += lib/msg/libmsg.a
lib_msg_libmsg_a_SOURCES = \
	lib/msg/bus.c lib/msg/bus.h \
	lib/msg/guest.c lib/msg/guest_ask.c lib/msg/guest_words.c \
	lib/msg/guest.h lib/msg/orders.tbl.h
