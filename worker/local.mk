# worker

# A library of its own, so that tests can turn its crank.
noinst_LIBRARIES += worker/libconductor.a
worker_libconductor_a_SOURCES = worker/conductor.c worker/conductor.h \
	worker/conductor_admit.c worker/conductor_reports.c \
	worker/conductor_roll.c worker/conductor_shards.c \
	worker/conductor_writes.c
sbin_PROGRAMS += worker/coffer-conductor
worker_coffer_conductor_SOURCES = worker/conductor_main.c
worker_coffer_conductor_LDADD = worker/libconductor.a $(MSG) $(STORE)
