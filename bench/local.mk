# bench

# Speaks for many guests (bench/heartbeats).
EXTRA_PROGRAMS += bench/reports
bench_reports_SOURCES = bench/reports.c
bench_reports_LDADD = $(MSG)
EXTRA_DIST += bench/api bench/backup bench/create bench/heartbeats bench/meter.py bench/rounds bench/tasks
